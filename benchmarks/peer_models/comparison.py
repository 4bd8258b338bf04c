"""The table: how well each model predicts the same held-out lines, and what it costs."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from pamrx.errors import PamrxError
from pamrx_training.evaluation.metrics import bootstrap_mean_pearson, interval, mean_pearson, per_assay, within_tissue

from benchmarks.peer_models.jobs import Result


def matrices(results: Sequence[Result], measured: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """(n_lines, n_assays) out-of-fold predictions by model, labelled as `measured`.

    Raises
    ------
    PamrxError
        If a model gave no number for a measured value: it would be judged on other rows than the rest.
    """
    parts: dict[str, list[pd.DataFrame]] = {}
    for result in results:
        table = result.predictions.pivot(index="cell_line", columns="assay", values="predicted")
        parts.setdefault(result.model, []).append(table)
    frames = {}
    for model, tables in parts.items():
        frame = pd.concat(tables).reindex(index=measured.index, columns=measured.columns)
        missing = (frame.isna() & measured.notna()).to_numpy()
        if missing.any():
            row, column = np.argwhere(missing)[0]
            raise PamrxError(
                f"{model}: no prediction for {missing.sum()} measured values, e.g. {measured.index[row]}, "
                f"{measured.columns[column]}"
            )
        frames[model] = frame
    return frames


def compare(
    frames: dict[str, pd.DataFrame],
    measured: pd.DataFrame,
    tissue: pd.Series,
    reference: str,
    draws: int = 1000,
) -> pd.DataFrame:
    """Accuracy by model, with 95 % intervals over lines and the paired difference `reference` minus the model.

    Columns: pearson(_low, _high), difference(_low, _high), within_tissue, within_difference(_low, _high), spearman,
    rmse. For the intervals within tissue the tissue means stay those of all lines.
    """
    names = list(frames)
    ours = names.index(reference)
    known = {name: frames[name].where(measured.notna()) for name in names}
    centred = {name: _centred(frame, tissue) for name, frame in known.items()}
    plain = bootstrap_mean_pearson(measured, [_filled(known[name]) for name in names], draws)
    inside = bootstrap_mean_pearson(_centred(measured, tissue), [_filled(centred[name]) for name in names], draws)
    rows: dict[str, dict[str, float]] = {}
    for place, name in enumerate(names):
        table = per_assay(measured, frames[name])
        row = {"pearson": mean_pearson(table)}
        row["pearson_low"], row["pearson_high"] = interval(plain[:, place])
        row["within_tissue"] = float(within_tissue(measured, frames[name], tissue).mean())
        row["spearman"], row["rmse"] = float(table["spearman"].mean()), float(table["rmse"].mean())
        row["difference_low"], row["difference_high"] = interval(plain[:, ours] - plain[:, place])
        row["within_difference_low"], row["within_difference_high"] = interval(inside[:, ours] - inside[:, place])
        rows[name] = row
    for row in rows.values():
        row["difference"] = rows[reference]["pearson"] - row["pearson"]
        row["within_difference"] = rows[reference]["within_tissue"] - row["within_tissue"]
    return pd.DataFrame(rows).T.rename_axis(index="model")


def costs(results: Sequence[Result]) -> pd.DataFrame:
    """By model: seconds, cpu_seconds and fit_seconds over all folds, peak_gb and imported_gb of the largest."""
    rows = [{"model": result.model, **result.cost} for result in results]
    table = pd.DataFrame(rows).groupby("model", sort=False)
    total = table[["seconds", "cpu_seconds", "fit_seconds"]].sum()
    return total.join(table[["peak_gb", "imported_gb"]].max()).join(table.size().rename("folds"))


def text(table: pd.DataFrame, labels: dict[str, str], reference: str) -> str:
    """The table as Markdown, best first."""
    head = [
        "model",
        "Pearson (95 %)",
        f"{reference} minus it (95 %)",
        "within tissue",
        f"{reference} minus it (95 %)",
        "Spearman",
        "RMSE",
        "CPU seconds",
        "of them last fit",
        "peak GB",
        "of them imports",
    ]
    lines = ["| " + " | ".join(head) + " |", "| " + " | ".join(["---"] + ["---:"] * (len(head) - 1)) + " |"]
    for name, row in table.sort_values("pearson", ascending=False).iterrows():
        own = name == reference
        cells = [
            labels.get(str(name), str(name)),
            f"{row['pearson']:.3f} ({row['pearson_low']:.3f} to {row['pearson_high']:.3f})",
            "" if own else _signed(row, "difference"),
            f"{row['within_tissue']:.3f}",
            "" if own else _signed(row, "within_difference"),
            f"{row['spearman']:.3f}",
            f"{row['rmse']:.3f}",
            f"{row['cpu_seconds']:.0f}",
            f"{row['fit_seconds']:.0f}",
            f"{row['peak_gb']:.2f}",
            f"{row['imported_gb']:.2f}",
        ]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _signed(row: pd.Series, name: str) -> str:
    return f"{row[name]:+.3f} ({row[name + '_low']:+.3f} to {row[name + '_high']:+.3f})"


def _centred(matrix: pd.DataFrame, tissue: pd.Series) -> pd.DataFrame:
    return matrix - matrix.groupby(tissue.reindex(matrix.index)).transform("mean")


def _filled(matrix: pd.DataFrame) -> pd.DataFrame:
    """A number everywhere: what was not measured is left out of the correlation, but may not be NaN on the way."""
    return matrix.fillna(matrix.mean()).fillna(0.0)
