"""One fit and what it predicts, as a task that can run in another process and survive an interruption.

A finished task is a Parquet file whose name is the SHA-256 of all that its content depends on: the data, the lines
and assays trained on, the lines predicted, the seed, the blocks, and the code. A re-run reads what is there; where
anything has changed the name is another one. The folder may be deleted at any time.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cache
from importlib.metadata import version
from pathlib import Path

import pandas as pd
from joblib import Parallel, delayed
from pamrx.errors import PamrxError
from pamrx.features import BLOCKS, FeatureBuilder
from pamrx.model.sensitivity import BLOCK_WEIGHTS, SensitivityModel
from pamrx.profiles import Profiles
from pamrx.tables import whole_file

from pamrx_training.datasets import cache_folder
from pamrx_training.fitting.cohort import Cohort
from pamrx_training.progress import track

FOLDER = "evaluations"
"""Inside the data cache."""

SCORES = ("tme", "programme")
"""Blocks that are sums of transcripts."""

# What a prediction depends on; tables and commands may change without making it stale.
_CODE = ("cohort.py", "fits.py", "general.py", "splits.py")
_PREDICTOR = ("features", "profiles", "knowledge", "boosted.py", "linear.py", "model.py", "responses.py")
_JUDGED_BY = "relations.csv"


@dataclass(frozen=True)
class Fit:
    """What to fit and whom to predict.

    Attributes
    ----------
    train : lines learned from.
    test : lines predicted, of the cohort or of the profiles given beside it.
    seed : of inner folds, masks and trees.
    blocks : the feature blocks that are built.
    assays : the assays learned from; None for all.
    """

    train: tuple[str, ...]
    test: tuple[str, ...]
    seed: int = 0
    blocks: tuple[str, ...] = BLOCKS
    assays: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Fitted:
    """A feature builder and a model, both learned on the training lines alone."""

    builder: FeatureBuilder
    model: SensitivityModel

    def predict(self, profiles: Profiles) -> pd.DataFrame:
        """(n_samples, n_assays) ln IC50."""
        return self.model.predict(self.builder.transform(profiles))


@dataclass(frozen=True)
class Store:
    """Finished tasks in a folder, and the fingerprint of the data that they were run on."""

    folder: Path
    data: str

    def path(self, fit: Fit, extra: str = "") -> Path:
        """Where the predictions of `fit` belong; `extra` names what else they depend on."""
        told = json.dumps([asdict(fit), self.data, extra, code_digest()], sort_keys=True)
        return self.folder / f"{hashlib.sha256(told.encode()).hexdigest()[:32]}.parquet"


def open_store(cache: str | os.PathLike[str] | None, data: str) -> Store:
    """The store in the data cache (see `cache_folder`), made where it is not there.

    Raises
    ------
    PamrxError
        If the folder cannot be made.
    """
    path = cache_folder(cache, make=True) / FOLDER
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise PamrxError(f"{path}: cannot be made ({error.strerror}); name another folder with --cache") from None
    return Store(path, data)


def fit_lines(cohort: Cohort, fit: Fit) -> Fitted:
    """Learn features, response alignment and model on `fit.train` and `fit.assays` only.

    Raises
    ------
    PamrxError
        If the training lines give no feature of the blocks.
    """
    train = list(fit.train)
    profiles = cohort.profiles.subset(train)
    builder = FeatureBuilder(blocks=fit.blocks).fit(profiles)
    if not builder.feature_names_:
        raise PamrxError(f"training data: no feature of the block {' or '.join(fit.blocks)}; leave it out")
    responses = chosen_responses(cohort, fit.assays).response_matrix(train).loc[train]
    donors = cohort.cell_lines.loc[train, "donor"].to_numpy(dtype=str)
    model = SensitivityModel(block_weights=block_weights(fit.blocks), seed=fit.seed)
    return Fitted(builder, model.fit(builder.transform(profiles), responses, donors))


def chosen_responses(cohort: Cohort, assays: Sequence[str] | None) -> Cohort:
    """The cohort with the measurements of these assays only."""
    if assays is None:
        return cohort
    kept = cohort.responses[cohort.responses["assay"].isin(assays)].reset_index(drop=True)
    return replace(cohort, responses=kept)


def block_weights(blocks: Sequence[str]) -> dict[str, float]:
    """Prior variances of the linear part over `blocks`.

    Those of the model as released. Without the transcripts their sums share the transcripts' weight, so that expression
    as a whole keeps its weight against the other blocks; else a model without transcripts would look worse than it
    needs to.
    """
    weights = {block: weight for block, weight in BLOCK_WEIGHTS.items() if block in blocks}
    sums = [block for block in SCORES if block in blocks]
    if "transcriptome" not in blocks:
        for block in sums:
            weights[block] = weights.get(block, 0.0) + BLOCK_WEIGHTS.get("transcriptome", 0.0) / len(sums)
    return weights


def run_fits(
    cohort: Cohort,
    fits: Mapping[str, Fit],
    store: Store | None = None,
    jobs: int = 2,
    report: Callable[[str], None] = print,
    profiles: Mapping[str, Profiles] | None = None,
    extra: str = "",
    what: str = "fit",
) -> Iterator[tuple[str, pd.DataFrame]]:
    """Name and predictions of each fit, in order; finished ones are read from `store`.

    Parameters
    ----------
    profiles : name -> profiles to predict in place of the cohort's; predictions then carry that name as a first index
        level, and the samples are those of `fit.test` that the profiles hold.
    extra : fingerprint of `profiles`.

    Returns
    -------
    Iterator of (name, (n_test, n_assays) ln IC50).
    """
    names = list(fits)
    paths = {name: None if store is None else store.path(fits[name], extra) for name in names}
    there = sum(path is not None and path.exists() for path in paths.values())
    if there:
        report(f"{there} of {len(names)} {what}s were run before and are read again")
    # Drugs outside the axis are many rows, and no fit here looks at them.
    sent = replace(cohort, outside=None)
    runs = Parallel(n_jobs=min(jobs, max(len(names), 1)), return_as="generator")(
        delayed(_run)(sent, fits[name], paths[name], profiles) for name in names
    )
    yield from zip(names, track(runs, len(names), what, report), strict=True)


def _run(cohort: Cohort, fit: Fit, path: Path | None, profiles: Mapping[str, Profiles] | None) -> pd.DataFrame:
    if path is not None and path.exists():
        return _plain_labels(pd.read_parquet(path))
    fitted = fit_lines(cohort, fit)
    wanted = list(fit.test)
    if profiles is None:
        out = fitted.predict(cohort.profiles.subset(wanted))
    else:
        held = {name: part.subset([s for s in wanted if s in part.samples.index]) for name, part in profiles.items()}
        out = pd.concat({name: fitted.predict(part) for name, part in held.items() if part.n}, names=["profile"])
    if path is not None:
        with whole_file(path) as temporary:
            out.to_parquet(temporary)
    return _plain_labels(out)


def _plain_labels(table: pd.DataFrame) -> pd.DataFrame:
    """Labels of dtype object, as the cohort has them; a file gives them back as strings."""
    levels = [table.index.get_level_values(n).astype(object) for n in range(table.index.nlevels)]
    index = levels[0] if len(levels) == 1 else pd.MultiIndex.from_arrays(levels)
    return table.set_axis(index.set_names(table.index.names)).set_axis(table.columns.astype(object), axis=1)


@cache
def code_digest() -> str:
    """SHA-256 over the files that predictions depend on: features and model, their tables, the making of the cohort."""
    here = Path(__file__).parent
    parts = [here.parent / "predictor" / name for name in _PREDICTOR]
    inside = [path for part in parts for ending in ("*.py", "*.csv") for path in part.rglob(ending)]
    files = sorted(path for path in [*inside, *filter(Path.is_file, parts)] if path.name != _JUDGED_BY)
    digest = hashlib.sha256(f"lightgbm {version('lightgbm')}, numpy {version('numpy')}".encode())
    for path in [*files, *sorted((here / "datasets").rglob("*.py")), *(here / name for name in _CODE)]:
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()
