"""pamrx beside drevalpy 1.6.0's own models, ridge and LightGBM, on the same lines, folds and measured values.

    python -m benchmarks.peers                         all assays, five folds (from a checkout; about an hour)
    python -m benchmarks.peers --assays 6 --folds 2    a quick look

Leave-cell-line-out by donor. Each model predicts each fold in a process of its own on one core; results are kept under
`--work` until something they depend on changes, so an interrupted run goes on where it was. The peers run in an
environment of their own under the same folder (`pip install drevalpy==1.6.0`, versions pinned in
`benchmarks/peer_models/constraints.txt`); nothing is fetched from a portal. GDSC comes from the cache of
`pamrx data fetch`, structures from the archive that GDSC came in.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
from pamrx.errors import PamrxError
from pamrx_training.datasets import fingerprint
from pamrx_training.datasets.cache import cache_folder
from pamrx_training.evaluation.dossier import PEERS_FOLDER, PEERS_TEXT
from pamrx_training.fitting.cohort import Cohort
from pamrx_training.fitting.splits import leave_cell_line_out

from benchmarks.peer_models import comparison
from benchmarks.peer_models.environment import CONSTRAINTS, peer_python
from benchmarks.peer_models.export import DRUG, LANDMARKS, LINE, RESPONSE, export, read_smiles
from benchmarks.peer_models.jobs import Job, Result, digest, run_all, source_digest

WORKER = Path(__file__).with_name("peer_models") / "drevalpy_worker.py"
REFERENCE = "pamrx"
N_FOLDS = 5
REPORTED_SEED = 2026
SEED_OF_MODELS = 0


@dataclass(frozen=True)
class Peer:
    """A model of drevalpy's and how it is run.

    Attributes
    ----------
    centred : whether each assay's training mean is taken off the response (drevalpy's `drug_mean`). Off, as it is by
        default there: on a fold of another split it left the boosted model as good and the forest of all assays worse.
    max_settings : hyper-parameter settings tried, drawn from the model's own grid; 0 for all.
    while_tuning : what is changed while a setting is judged, but not in the last fit.
    always : what is changed in every fit.
    """

    label: str
    note: str
    centred: bool = False
    max_settings: int = 0
    while_tuning: dict[str, Any] = field(default_factory=dict)
    always: dict[str, Any] = field(default_factory=dict)


WIDER = {"gene_list": "landmark_and_variable_genes"}
"""On a fold of another split the elastic net gained from more genes; the models of all assays did not."""

PEERS = {
    "NaiveMeanEffectsPredictor": Peer("drevalpy naive mean effects", "as released"),
    "NaiveTissueDrugMeanPredictor": Peer("drevalpy tissue-drug mean", "as released"),
    "SingleDrugElasticNet": Peer(
        "drevalpy single-drug elastic net", "its whole grid of 21 settings per assay, 1,000 genes", always=WIDER
    ),
    "SingleDrugRandomForest": Peer(
        "drevalpy single-drug random forest",
        "its whole grid of 3 settings per assay, 1,000 genes; judged with 25 trees, the last fit has its 100",
        while_tuning={"n_estimators": 25},
        always=WIDER,
    ),
    "RandomForest": Peer(
        "drevalpy random forest (all assays)",
        "its whole grid of 3 settings, landmark genes; judged with 10 trees, the last fit has its 100",
        while_tuning={"n_estimators": 10},
    ),
    "MultiViewLightGBM": Peer(
        "drevalpy MultiViewLightGBM (all assays)",
        "8 settings drawn from its grid of 72, landmark genes; 63 and 127 leaves hardly differ at its depth of 6",
        max_settings=8,
    ),
}
OWN = {
    "pamrx": ("pamrx", "penalties chosen on inner folds, by donor; all else as released"),
    "ridge": ("ridge per assay, our features", "penalty chosen on inner folds"),
    "lightgbm": (
        "LightGBM per assay, our features",
        "15 leaves, rate 0.1, a tenth of the features per tree; rounds chosen on the validation lines, at most 300",
    ),
}
NOTES = """\
Pearson: mean over assays of the correlation between out-of-fold prediction and measured ln IC50; intervals from the
same {draws} draws of lines for all models. Within tissue: both sides less their tissue means; a naive model is below
zero there, since a tissue's training mean is low in the very fold that tests its high lines. CPU seconds: all folds
together, one core each, reading of files and tuning included. Memory: the process's peak.
drevalpy's models get the same lines' expression: the L1000 landmark genes of its own list that our table measures
({landmarks} of {listed}); the models per assay get 1,000 genes, filled up with the most variable in the training fold.
Mutations: drivers in all assessed genes, in place of its list of drug targets. Drugs: the assay is its drug; RDKit
Morgan fingerprints of 128 bits and one bit per screen, random bits (its own way out) for {unknown} assays whose
structure is not in the archive. Response: ln IC50 as it is, drevalpy's default. Tuned by RMSE on a tenth of the
training donors, then fitted on all, as its own experiment does. Four of its look-ups run vectorised, with the same
numbers."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run what is missing and print the table."""
    options = parse(arguments)
    try:
        table, notes = run(options)
    except PamrxError as error:
        sys.exit(f"peers: {error}")
    told = f"{comparison.text(table, labels(), reference_of(table.index))}\n\n{notes}"
    (work_folder(options) / PEERS_TEXT).write_text(f"{told}\n", encoding="utf-8")
    print(f"\n{told}")


def run(options: argparse.Namespace) -> tuple[pd.DataFrame, str]:
    """The table by model, also written to `<work>/peers.csv`, and the notes under it."""
    from benchmarks.peer_models.own_worker import load_cohort

    started = time.perf_counter()
    work = work_folder(options)
    work.mkdir(parents=True, exist_ok=True)
    cohort = load_cohort(options.cache, None)
    assays = spread(sorted(cohort.responses["assay"].unique()), options.assays)
    cohort = load_cohort(options.cache, assays)
    folds = leave_cell_line_out(cohort, N_FOLDS, options.seed)
    names = sorted(folds.unique())[: options.folds]
    root = work / f"splits-{options.seed}-{len(assays)}"
    smiles = read_smiles(cohort, options.cache)
    folders = export(cohort, folds, names, root, smiles)
    folds.rename_axis("cell_line").to_csv(root / "folds.csv")
    chosen = options.models or [*OWN, *PEERS]
    jobs = own_jobs(chosen, assays, names, root, options)
    if any(name in PEERS for name in chosen):
        python = peer_python(work)
        fingerprints(python, root)
        jobs += peer_jobs(chosen, names, folders, python)
    results = run_all(heaviest_first(jobs), work / "results", options.jobs, lambda line: print(line, flush=True))
    table = tabulate(results, folders, cohort, options.draws)
    table.to_csv(work / "peers.csv")
    what = (
        f"{len(assays)} assays, {len(measured_in(folders))} lines in {len(names)} of {N_FOLDS} folds, split seed "
        f"{options.seed}; {table['cpu_seconds'].sum():.0f} CPU seconds of work in all; this run took "
        f"{time.perf_counter() - started:.0f} s."
    )
    return table, footnotes(table, cohort, options.draws, len(assays) - len(smiles)) + "\n" + what


def work_folder(options: argparse.Namespace) -> Path:
    """Where splits, results and the table are kept; in the data cache, model cards find the table."""
    return Path(options.work) if options.work else cache_folder(options.cache, make=True) / PEERS_FOLDER


def own_jobs(
    chosen: Sequence[str], assays: list[str], names: list[object], root: Path, options: argparse.Namespace
) -> list[Job]:
    """Jobs of our models: they read the cohort from the cache and the folds from the exported file."""
    sources = ["gdsc", "ccle-mirna"] if (cache_folder(options.cache) / "ccle-mirna.json").is_file() else ["gdsc"]
    inputs = digest([root / "folds.csv"], source_digest(), fingerprint(options.cache, sources))
    command = (sys.executable, "-m", "benchmarks.peer_models.own_worker")
    places = {"cache": str(Path(options.cache).resolve()) if options.cache else None, "folds": str(root / "folds.csv")}
    settings = {"assays": assays, "seed": SEED_OF_MODELS}
    return [
        Job(name, _plain(fold), command, settings, inputs, places) for fold in names for name in OWN if name in chosen
    ]


def peer_jobs(chosen: Sequence[str], names: list[object], folders: list[Path], python: Path) -> list[Job]:
    """Jobs of drevalpy's models: they read the exported folders only."""
    jobs = []
    for fold, folder in zip(names, folders, strict=True):
        files = [path for place in (folder, folder.parent / "dataset") for path in place.rglob("*.csv")]
        inputs = digest([*files, WORKER, CONSTRAINTS])
        for name, peer in PEERS.items():
            if name in chosen:
                settings = {
                    "centred": peer.centred,
                    "max_settings": peer.max_settings,
                    "while_tuning": peer.while_tuning,
                    "always": peer.always,
                }
                places: dict[str, str | None] = {"folder": str(folder.resolve())}
                jobs.append(Job(name, _plain(fold), (str(python), str(WORKER)), settings, inputs, places))
    return jobs


def heaviest_first(jobs: list[Job]) -> list[Job]:
    """Long jobs first, so that no core waits for one at the end."""
    weight = ["RandomForest", "MultiViewLightGBM", "SingleDrugRandomForest", "SingleDrugElasticNet", "lightgbm"]
    return sorted(jobs, key=lambda job: weight.index(job.model) if job.model in weight else len(weight))


def tabulate(results: Sequence[Result], folders: list[Path], cohort: Cohort, draws: int) -> pd.DataFrame:
    """Accuracy and cost by model over the exported test rows."""
    measured = measured_in(folders)
    frames = comparison.matrices(results, measured)
    table = comparison.compare(frames, measured, cohort.cell_lines["tissue"], reference_of(frames), draws)
    return table.join(comparison.costs(results))


def measured_in(folders: list[Path]) -> pd.DataFrame:
    """(n_lines, n_assays) measured ln IC50 of the exported test rows."""
    rows = pd.concat([pd.read_csv(folder / "test.csv", dtype={LINE: str}) for folder in folders])
    return rows.pivot(index=LINE, columns=DRUG, values=RESPONSE).rename_axis(index=None, columns=None)


def fingerprints(python: Path, root: Path) -> None:
    """Have RDKit, which lives in the peers' environment, make the fingerprints of the exported structures."""
    job = root / "fingerprints.json"
    job.write_text(f'{{"model": "fingerprints", "folder": "{(root / "dataset").resolve().as_posix()}"}}')
    done = subprocess.run([str(python), str(WORKER), str(job)], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise PamrxError(f"fingerprints: {(done.stderr.strip().splitlines() or ['no message'])[-1]}")


def spread(assays: list[str], wanted: int | None) -> list[str]:
    """All assays, or so many of them at even distances."""
    if not wanted or wanted >= len(assays):
        return assays
    return [assays[place * len(assays) // wanted] for place in range(wanted)]


def reference_of(models: Iterable[object]) -> str:
    """What the others are compared with: pamrx, or the first by name where it does not take part."""
    names = sorted(str(name) for name in models)
    return REFERENCE if REFERENCE in names else names[0]


def labels() -> dict[str, str]:
    return {name: label for name, (label, _) in OWN.items()} | {name: peer.label for name, peer in PEERS.items()}


def footnotes(table: pd.DataFrame, cohort: Cohort, draws: int, unknown: int) -> str:
    """How it was done, and what is cut down, model by model; `unknown` assays have no structure."""
    how = {name: note for name, (_, note) in OWN.items()} | {name: peer.note for name, peer in PEERS.items()}
    listed = set(pd.read_csv(LANDMARKS)["Symbol"])
    expression = cohort.profiles.expression
    measured = listed & set([] if expression is None else expression.columns)
    lines = [NOTES.format(draws=draws, landmarks=len(measured), listed=len(listed), unknown=unknown)]
    return "\n".join([*lines, *(f"- {labels()[name]}: {how[name]}" for name in table.index)])


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    options = argparse.ArgumentParser(prog="python -m benchmarks.peers", description=(__doc__ or "").splitlines()[0])
    options.add_argument("--work", default=None, help="where splits, results and the peers' environment are kept")
    options.add_argument("--cache", default=None, help="data cache of `pamrx data fetch`")
    options.add_argument("--seed", type=int, default=REPORTED_SEED, help="of the folds")
    options.add_argument("--folds", type=int, default=N_FOLDS, help=f"run the first so many of the {N_FOLDS} folds")
    options.add_argument("--assays", type=int, default=None, help="so many assays instead of all")
    options.add_argument("--jobs", type=int, default=2, help="processes at once, one core each")
    options.add_argument("--draws", type=int, default=1000, help="bootstrap draws over lines")
    options.add_argument("--models", nargs="+", choices=[*OWN, *PEERS], metavar="MODEL", help="these models only")
    return options.parse_args(arguments)


def _plain(fold: object) -> object:
    """A fold's name as JSON can hold it."""
    return fold.item() if hasattr(fold, "item") else fold


if __name__ == "__main__":
    main()
