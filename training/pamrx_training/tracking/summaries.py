"""Metrics of those evaluations that are a table of their own: the other screen, another laboratory, known biology,
the order of drugs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pamrx_training.evaluation.labels import plain

if TYPE_CHECKING:
    from pamrx_training.evaluation.biology import Biology
    from pamrx_training.evaluation.laboratories import Elsewhere
    from pamrx_training.evaluation.ranked import Ranked
    from pamrx_training.evaluation.screens import Transfer


def transfer_metrics(found: Transfer) -> dict[str, float]:
    """`lso_pearson.GDSC1_to_GDSC2` and the like: means over drugs and repeats."""
    metrics: dict[str, float] = {}
    columns = ("pearson", "spearman", "within_tissue_pearson", "own_screen_pearson", "screens_agree")
    for (trained_on, tested_on), (low, high) in found.intervals.items():
        way = f"{trained_on}_to_{tested_on}"
        rows = found.table[(found.table["trained_on"] == trained_on) & (found.table["tested_on"] == tested_on)]
        metrics |= {f"lso_{column}.{way}": float(rows[column].mean()) for column in columns}
        metrics |= {f"lso_pearson_low.{way}": low, f"lso_pearson_high.{way}": high}
    return metrics


def laboratory_metrics(found: Elsewhere, laboratory: str) -> dict[str, float]:
    """`nci60_pearson.held_out.nci60_profile.<measure>` and the like: means over drugs and repeats."""
    metrics: dict[str, float] = {}
    for row in found.means.reset_index().to_dict("records"):
        words = (plain(str(row[key])).replace(" ", "_") for key in ("lines", "profile", "measure"))
        place = ".".join(words)
        for column, end in (("pearson", ""), ("low", "_low"), ("high", "_high")):
            metrics[f"{laboratory}_pearson{end}.{place}"] = float(row[column])
        metrics[f"{laboratory}_spearman.{place}"] = float(row["spearman"])
    return metrics


def biology_metrics(found: Biology) -> dict[str, float]:
    """How many relations came out how, `biology_shown`, and the effects of each, `biology_measured.<relation>`."""
    relations = found.relations
    metrics = {"biology_relations": float(len(relations))}
    for verdict, count in relations["agreement"].value_counts().items():
        words = "".join(letter if letter.isalnum() else " " for letter in str(verdict)).split()
        metrics[f"biology_{'_'.join(words)}"] = float(count)
    for side in ("measured", "predicted"):
        for name, value in zip(relations["relation"], relations[side], strict=True):
            metrics[f"biology_{side}.{plain(str(name))}"] = float(value)
    return metrics


def ranking_metrics(found: Ranked) -> dict[str, float]:
    """`ranking_top_three.clinical.plain.chance`, its ends, and `ranking_top_three_minus_percentile...`; `ranking_gate`.

    Of the differences only those among clinical drugs: the whole table is a file of the run.
    """
    metrics: dict[str, float] = {}
    for row in found.table.to_dict("records"):
        minus = f"_minus_{row['against']}" if row["against"] else ""
        if minus and row["drugs"] != "clinical":
            continue
        place = f"{row['drugs']}.{row['truth']}.{row['score']}"
        for column, end in (("value", ""), ("low", "_low"), ("high", "_high")):
            metrics[f"ranking_{row['measure']}{minus}{end}.{place}"] = float(row[column])
    return metrics | {f"ranking_gate.{score}": float(ok) for score, ok in found.verdicts["passes"].items()}
