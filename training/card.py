"""The model card: what a bundle is, where it may be trusted and where not, written from the run itself."""

from __future__ import annotations

from importlib.resources import files

import pandas as pd

from predictor.features import BLOCKS, block_of
from training.fit import Trained


def model_card(trained: Trained) -> str:
    """The card as Markdown. Every number comes from `trained`; the prose from `card.md` beside this module."""
    manifest, summary, table = trained.bundle.manifest, trained.evaluation.summary, trained.evaluation.per_assay
    template = (files(__package__) / "card.md").read_text(encoding="utf-8")
    return template.format(
        name=manifest["name"],
        n_lines=len(manifest["trained_lines"]),
        n_assays=len(trained.bundle.model.assays_),
        n_drugs=len({assay.partition(":")[2] for assay in trained.bundle.model.assays_}),
        held_out=", ".join(manifest["held_out_lines"]) or "none",
        optional=" and ".join(
            f"{manifest[key]} of the lines have {what}" if manifest[key] else f"trained without {what}"
            for key, what in (("lines_with_mirna", "CCLE miRNA"), ("lines_with_calls", "calls per gene"))
        ),
        data_fingerprint=manifest["data_fingerprint"],
        seed=manifest["seed"],
        blocks=_blocks(trained.features),
        headline=headline(summary),
        assays=_assays(table),
    )


def headline(summary: dict[str, float]) -> str:
    """The mean Pearson of the model and each baseline, with intervals, as a Markdown table."""
    rows = [("pamrx", "lco_pearson"), ("ridge per assay", "lco_pearson_ridge")]
    rows += [("tissue-drug mean", "lco_pearson_tissue_drug_mean"), ("drug mean", "lco_pearson_drug_mean")]
    lines = ["| model | mean Pearson | 95 % interval over lines |", "| --- | --- | --- |"]
    for name, key in rows:
        lines.append(f"| {name} | {summary[key]:.3f} | {summary[f'{key}_low']:.3f} to {summary[f'{key}_high']:.3f} |")
    lines.append(
        f"\nAgainst the ridge: {summary['lco_pearson_minus_ridge']:+.3f} "
        f"({summary['lco_pearson_minus_ridge_low']:+.3f} to {summary['lco_pearson_minus_ridge_high']:+.3f}, paired). "
        f"Mean Spearman {summary['lco_spearman']:.3f}, mean RMSE {summary['lco_rmse']:.3f} ln units "
        f"(drug mean {summary['lco_rmse_drug_mean']:.3f}), mean Pearson within tissue "
        f"{summary['lco_within_tissue_pearson']:.3f} (ridge {summary['lco_ridge_within_tissue_pearson']:.3f})."
    )
    return "\n".join(lines)


def _blocks(features: pd.DataFrame) -> str:
    counts = pd.Series([block_of(name) for name in features.columns]).value_counts()
    return "\n".join(
        ["| block | features |", "| --- | --- |", *[f"| {name} | {counts.get(name, 0)} |" for name in BLOCKS]]
    )


def _assays(table: pd.DataFrame) -> str:
    lines = ["| assay | lines | Pearson | Spearman | RMSE | within tissue | ridge Pearson |", "| --- " * 7 + "|"]
    for assay, row in table.sort_values("pearson", ascending=False).iterrows():
        lines.append(
            f"| {assay} | {row['n']:.0f} | {row['pearson']:.2f} | {row['spearman']:.2f} | {row['rmse']:.2f} "
            f"| {row['within_tissue_pearson']:.2f} | {row['ridge_pearson']:.2f} |"
        )
    return "\n".join(lines)
