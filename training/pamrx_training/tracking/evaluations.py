"""Evaluations as runs: a plain one, an ablation, repeated splits, and a study of candidates."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from pamrx.display import short_repr
from pamrx.features import BLOCKS
from pamrx.tables import write_csv

from pamrx_training.evaluation.ablation import Ablation, variants
from pamrx_training.evaluation.biology import Biology
from pamrx_training.evaluation.candidates import CANDIDATES
from pamrx_training.evaluation.coverage import coverage_metrics, coverage_table, cross_coverage
from pamrx_training.evaluation.evaluate import Evaluation
from pamrx_training.evaluation.laboratories import Elsewhere
from pamrx_training.evaluation.protocols import LINE, Options, Result
from pamrx_training.evaluation.ranked import Ranked
from pamrx_training.evaluation.repeats import Repeated
from pamrx_training.evaluation.screens import Transfer
from pamrx_training.evaluation.study import PROTOCOL, Study
from pamrx_training.tracking.names import PREFIX, against, assay_metrics, evaluation_metrics, renamed
from pamrx_training.tracking.records import DataSet, Run
from pamrx_training.tracking.runs import log_run
from pamrx_training.tracking.summaries import biology_metrics, laboratory_metrics, ranking_metrics, transfer_metrics
from pamrx_training.tracking.trainings import write_evaluation


@short_repr
@dataclass(frozen=True)
class Settings:
    """Parameters (`seed` among them) and data of every run of one evaluation."""

    parameters: Mapping[str, object]
    data: DataSet


def log_evaluation(evaluation: Evaluation, tissue: pd.Series, options: Options, settings: Settings) -> str | None:
    """One run for a plain evaluation, with coverage and width of intervals on its lines; gives its id, as `log_run`.

    Parameters
    ----------
    tissue : tissue by line.
    """
    prefix, masked = PREFIX[options.protocol], evaluation.predictions.masked
    intervals = coverage_metrics(coverage_table(cross_coverage(masked, seed=options.seed), tissue))
    run = Run(
        name=f"{options.protocol}, seed {settings.parameters['seed']}",
        data=settings.data,
        metrics=evaluation_metrics(evaluation, prefix) | intervals,
        parameters={"protocol": options.protocol, **settings.parameters},
        tags={"kind": "evaluation"},
        files=lambda folder: write_evaluation(folder, evaluation.oof, evaluation.per_assay),
    )
    return log_run(run)


def log_result(found: Result, options: Options, settings: Settings, seconds: float) -> str | None:
    """One run for the result of `pamrx_training.evaluation.protocols.run_protocol`; `seconds` is how long it took."""
    protocol = options.protocol
    match found:
        case Ablation():
            kind = str(options.ablate)
            return log_ablation(found, kind, variants(kind), settings, seconds, protocol)
        case Repeated():
            return log_repeats(found, protocol, settings)
        case Biology():
            name, metrics = f"known biology, {protocol}", biology_metrics(found)
        case Ranked():
            name, metrics = f"ranking of drugs, {protocol}", ranking_metrics(found)
        case Transfer():
            name, metrics = protocol, transfer_metrics(found)
        case Elsewhere():
            name, metrics = f"another laboratory: {protocol}", laboratory_metrics(found, protocol)
    metrics = metrics | {"seconds": seconds}
    return log_table(f"{name}, seed {options.seed}", found.table, metrics, protocol, settings)


def log_repeats(found: Repeated, protocol: str, settings: Settings) -> str | None:
    """A run for the splits together, and one under it for each."""
    prefix, children = PREFIX[protocol], []
    for seed, summary in found.summaries.iterrows():
        table = found.per_assay[found.per_assay["repeat"] == seed].set_index("assay").drop(columns="repeat")
        metrics = {renamed(str(name), prefix): float(value) for name, value in summary.items()}
        children.append(
            Run(
                name=f"{protocol}, seed {seed}",
                data=settings.data,
                metrics=metrics | assay_metrics(table, prefix),
                parameters={"protocol": protocol, **settings.parameters, "seed": seed},
                tags={"kind": "evaluation"},
                files=_writer(per_assay=table),
            )
        )
    run = Run(
        name=f"{len(children)} splits of {protocol}",
        data=settings.data,
        metrics={renamed(str(name), prefix): float(mean) for name, mean in found.summaries.mean().items()},
        parameters={"protocol": protocol, **settings.parameters},
        tags={"kind": "study"},
        files=lambda folder: write_csv(found.summaries, folder / "splits.csv", index=True),
        children=children,
    )
    return log_run(run)


def log_ablation(
    found: Ablation,
    kind: str,
    blocks: Mapping[str, Sequence[str]],
    settings: Settings,
    seconds: float,
    protocol: str = LINE,
) -> str | None:
    """A run for the ablation, and one under it for each variant; `blocks` of each variant by its name."""
    children = [variant_run(found, name, protocol, settings, _blocks(kept)) for name, kept in blocks.items()]
    run = Run(
        name=f"ablation ({kind}), {protocol}",
        data=settings.data,
        metrics={"seconds": seconds},
        parameters={"protocol": protocol, "ablate": kind, **settings.parameters},
        tags={"kind": "study"},
        files=lambda folder: write_csv(found.table, folder / "variants.csv", index=True),
        children=children,
        started=time.time() - seconds,
    )
    return log_run(run)


def log_study(done: Study, settings: Settings, seconds: float) -> str | None:
    """A run for the study, and one under it for each candidate."""
    children = []
    for candidate in CANDIDATES:
        # MLflow's axes show ten letters of a value: what differs comes first.
        label = candidate.name.removeprefix("hybrid ") if "without" in candidate.name else candidate.name
        told = {"candidate": label, "family": candidate.family, **_blocks(candidate.blocks)}
        extra = {"seconds": done.seconds[candidate.name]} if candidate.name in done.seconds else {}
        folder = done.explained.get(candidate.name)
        children.append(variant_run(done.found, candidate.name, PROTOCOL, settings, told, extra, folder))
    run = Run(
        name=f"study of {len(children)} candidates, seed {settings.parameters['seed']}",
        data=settings.data,
        metrics={"seconds": seconds},
        parameters={"protocol": PROTOCOL, **settings.parameters},
        tags={"kind": "study"},
        files=lambda folder: write_csv(done.found.table, folder / "variants.csv", index=True),
        children=children,
        started=time.time() - seconds,
    )
    return log_run(run)


def log_table(
    name: str,
    table: pd.DataFrame,
    metrics: Mapping[str, float],
    protocol: str,
    settings: Settings,
) -> str | None:
    """A run for an evaluation that is one tidy table: another screen, another laboratory, known biology."""
    run = Run(
        name=name,
        data=settings.data,
        metrics=metrics,
        parameters={"protocol": protocol, **settings.parameters},
        tags={"kind": "evaluation"},
        files=lambda folder: write_csv(table, folder / "table.csv"),
    )
    return log_run(run)


def variant_run(
    found: Ablation,
    name: str,
    protocol: str,
    settings: Settings,
    parameters: Mapping[str, object],
    metrics: Mapping[str, float] | None = None,
    explained: Path | None = None,
) -> Run:
    """The run of one variant: its metrics, and its differences from the first variant.

    Parameters
    ----------
    parameters, metrics : what only this variant says, beside the settings and the numbers in `found`.
    explained : a folder whose content is logged too.
    """
    prefix = PREFIX[protocol]
    rows = found.per_assay[found.per_assay["variant"] == name]
    table = rows.drop(columns=["variant", "repeat"]).groupby("assay", sort=False).mean()
    first, summed = str(found.table.index[0]), found.table.T[name].to_dict()
    oof = found.oof[found.oof["variant"] == name].drop(columns="variant")
    if oof["repeat"].nunique() == 1:
        oof = oof.drop(columns="repeat")
    means = {
        f"{prefix}_pearson": float(summed["pearson"]),
        f"{prefix}_within_tissue_pearson": float(summed["within_tissue"]),
        f"{prefix}_spearman": float(table["spearman"].mean()),
        f"{prefix}_rmse": float(table["rmse"].mean()),
        "n_lines": float(oof["cell_line"].nunique()),
        "n_assays": float(len(table)),
    }
    if name != first:
        for column, metric in (("difference", "pearson"), ("within_difference", "within_tissue_pearson")):
            for end in ("", "_low", "_high"):
                means[f"{prefix}_{metric}_{against(first)}{end}"] = float(summed[f"{column}{end}"])
    return Run(
        name=name,
        data=settings.data,
        metrics=means | assay_metrics(table, prefix) | dict(metrics or {}),
        parameters={"protocol": protocol, "candidate": name, **settings.parameters, **parameters},
        tags={"kind": "candidate"},
        files=_writer(oof, table, explained),
        # The UI's column of durations then shows the time of the fits, not that of logging.
        started=time.time() - metrics["seconds"] if metrics and "seconds" in metrics else None,
    )


def _writer(
    oof: pd.DataFrame | None = None, per_assay: pd.DataFrame | None = None, explained: Path | None = None
) -> Callable[[Path], None]:
    def files(folder: Path) -> None:
        write_evaluation(folder, oof, per_assay)
        if explained is not None:
            shutil.copytree(explained, folder, dirs_exist_ok=True)

    return files


def _blocks(kept: Sequence[str]) -> dict[str, str]:
    """`with.ncrna: no`, ... for each block: what parallel coordinates tell candidates apart by.

    MLflow's page of marked runs begins with the parameters that come first by the alphabet: the name is to lead them.
    """
    return {f"with.{block}": "yes" if block in kept else "no" for block in BLOCKS}
