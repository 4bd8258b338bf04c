"""The model card: what a bundle is, where it may be trusted and where not, written from its own evaluation."""

from __future__ import annotations

import math
from collections.abc import Sequence
from importlib.resources import files

import pandas as pd
from pamrx.bundle.bundle import Bundle
from pamrx.features import BLOCKS
from pamrx.identifiers.assay import AssayId
from pamrx.identifiers.feature_name import blocks_of

from pamrx_training.evaluation.applicability import errors_by_score, flagged_share
from pamrx_training.evaluation.dossier import Section, markdown
from pamrx_training.evaluation.evaluate import Evaluation
from pamrx_training.evaluation.evidence_tables import number
from pamrx_training.evaluation.extrapolation import extrapolation
from pamrx_training.evaluation.ranked import Ranked
from pamrx_training.evaluation.ranking_card import ranking_markdown
from pamrx_training.evaluation.tables import shares_told, top_told, within_told
from pamrx_training.fitting.masked_predictions import MaskedPredictions

NO_SECTIONS = (
    "Other protocols, ablation and other laboratories were not run for this bundle (`pamrx train --evidence`)."
)

NO_RANKING = "Too few drugs to be ordered."


def model_card(
    bundle: Bundle,
    features: Sequence[str],
    evaluation: Evaluation,
    coverage: pd.DataFrame,
    sections: Sequence[Section] = (),
    ranking: Ranked | None = None,
) -> str:
    """The card as Markdown; every number comes from the arguments, the text from `model_card.md`.

    Parameters
    ----------
    features : names of the features that the bundle was fitted on.
    evaluation, coverage : of its cross-validation, and of its intervals there.
    sections : see `dossier`.
    ranking : of the same cross-validation; None for a bundle of too few drugs.
    """
    manifest, summary, table = bundle.manifest, evaluation.summary, evaluation.per_assay
    template = (files(__package__) / "model_card.md").read_text(encoding="utf-8")
    return template.format(
        name=manifest["name"],
        n_lines=len(manifest["trained_lines"]),
        n_assays=len(bundle.model.assays_),
        n_drugs=len({AssayId.parse(assay).drug for assay in bundle.model.assays_}),
        held_out=", ".join(manifest["held_out_lines"]) or "none",
        optional=" and ".join(
            f"{manifest[key]} of the lines have {what}" if manifest[key] else f"trained without {what}"
            for key, what in (("lines_with_mirna", "CCLE miRNA"), ("lines_with_calls", "calls per gene"))
        ),
        data_fingerprint=manifest["data_fingerprint"],
        seed=manifest["seed"],
        blocks=_blocks(features),
        headline=headline(summary),
        screens_agree=number(summary["screens_agree"]),
        assays=_assays(table),
        tested=_tested(evaluation.oof),
        coverage=_coverage(coverage),
        ranking=NO_RANKING if ranking is None else ranking_markdown(ranking),
        flags=_flags(bundle, evaluation.predictions.masked),
        sections="\n\n".join(section.text() for section in sections) or NO_SECTIONS,
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
        f"(drug mean {summary['lco_rmse_drug_mean']:.3f}), mean Pearson {within_told(summary)}. "
        f"{top_told(summary)} {shares_told(summary)}" + _specific(summary)
    )
    return "\n".join(lines)


def _blocks(features: Sequence[str]) -> str:
    counts = pd.Series(blocks_of(features)).value_counts()
    return "\n".join(
        ["| block | features |", "| --- | --- |", *[f"| {name} | {counts.get(name, 0)} |" for name in BLOCKS]]
    )


def _assays(table: pd.DataFrame) -> str:
    rows = []
    for assay, row in table.sort_values("pearson", ascending=False).iterrows():
        columns = ["pearson", "within_tissue_fold_pearson", "within_tissue_pearson", "specific_pearson", "spearman"]
        columns += ["rmse", "ridge_pearson"]
        told = [number(row.get(column, math.nan)) for column in columns]
        rows.append((assay, f"{row['n']:.0f}", *told, _ceiling(row), _source(row), number(row["share_of_ceiling"])))
    heads = ["assay", "lines", "Pearson", "within tissue and fold", "within tissue", "specific", "Spearman", "RMSE"]
    heads += ["ridge Pearson", "noise ceiling (95 %)", "from", "share of it"]
    return markdown(pd.DataFrame(rows, columns=heads))


def _tested(oof: pd.DataFrame) -> str:
    """Share of the measurements that are extrapolated, by screen and by assay."""
    table = extrapolation(oof)
    known = table.dropna()
    means = known.groupby([AssayId.parse(str(assay)).screen for assay in known.index])["extrapolated"].mean()
    told = ", ".join(f"{screen} {share:.0%}" for screen, share in means.items())
    rows = [
        (str(assay), *(("-",) * 3 if math.isnan(row["max_um"]) else _tested_cells(row)))
        for assay, row in table.sort_values("extrapolated", ascending=False).iterrows()
    ]
    heads = ["assay", "highest tested, micromolar", "extrapolated", "most sensitive fifth inside"]
    return f"Mean share over assays: {told or 'not known'}.\n\n{markdown(pd.DataFrame(rows, columns=heads))}"


def _tested_cells(row: pd.Series) -> tuple[str, str, str]:
    return f"{row['max_um']:g}", f"{row['extrapolated']:.0%}", f"{row['sensitive_inside']:.0%}"


def _ceiling(row: pd.Series) -> str:
    if math.isnan(row["ceiling"]):
        return "-"
    return f"{row['ceiling']:.2f} ({row['ceiling_low']:.2f} to {row['ceiling_high']:.2f})"


def _source(row: pd.Series) -> str:
    """Where the ceiling comes from: repeated series (high) or the other screen (low)."""
    return "-" if math.isnan(row["ceiling"]) else "series" if row["ceiling_within_screen"] == 1 else "screen"


def _specific(summary: dict[str, float]) -> str:
    if "lco_specific_pearson" not in summary:
        return ""
    low, high = summary["lco_specific_pearson_low"], summary["lco_specific_pearson_high"]
    return (
        f" Of the response without the line's general sensitivity (`specific_percentile`): mean Pearson "
        f"{summary['lco_specific_pearson']:.3f} ({low:.3f} to {high:.3f}), within tissue and fold "
        f"{summary['lco_specific_within_tissue_fold_pearson']:.3f}; the plain prediction has "
        f"{summary['lco_specific_plain_pearson']:.3f} there."
    )


def _coverage(coverage: pd.DataFrame) -> str:
    columns = [
        "coverage",
        "coverage_top",
        "assay_coverage_top",
        "lowest_drug",
        "lowest_tissue",
        "width",
        "against_assay",
        "against_constant",
    ]
    rows = [(kind, *(f"{row[name]:.3f}" for name in columns)) for kind, row in coverage.iterrows()]
    heads = ["evidence", "coverage", "of top predictions", "constant widths there", "lowest drug", "lowest tissue"]
    heads += ["mean width", "against constant per assay", "against one constant"]
    return markdown(pd.DataFrame(rows, columns=heads))


def _flags(bundle: Bundle, masked: MaskedPredictions) -> str:
    """Share of held-out lines flagged, and error by fifths of the score."""
    limits = bundle.applicability
    assert limits is not None
    table = errors_by_score(masked, limits)
    rows = [(kind, *part["error"].map("{:.2f}".format)) for kind, part in table.groupby("profiles", sort=False)]
    heads = ["mean squared error, by fifths of the distance", *map(str, range(1, 6))]
    return (
        f"{flagged_share(masked):.1%} of held-out lines are flagged, by limits from other folds. Errors in units of "
        f"each assay's variance:\n\n{markdown(pd.DataFrame(rows, columns=heads))}"
    )
