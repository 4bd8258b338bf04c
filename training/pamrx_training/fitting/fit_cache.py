"""One fit and its predictions, as a task that can run in another process and survive an interruption.

A finished task is a Parquet file whose name is the SHA-256 of all that its content depends on: the data, the lines
and assays trained on, the lines predicted, the seed, the blocks, and the code (`pamrx_training.fitting.run_context`).
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import pandas as pd
from joblib import Parallel, delayed
from pamrx.display import short_repr
from pamrx.errors import InputError
from pamrx.features import BLOCKS, FeatureBuilder
from pamrx.knowledge import NEWEST
from pamrx.model.sensitivity import BLOCK_WEIGHTS, SensitivityModel
from pamrx.outputs import whole_file
from pamrx.profiles import Profiles

from pamrx_training.fitting.cohort import Cohort
from pamrx_training.fitting.run_context import RunContext, Store
from pamrx_training.progress import track

log = logging.getLogger(__name__)

CODE = (
    __name__,
    "pamrx_training.fitting.loading",
    "pamrx_training.datasets.gcsi",
    "pamrx_training.datasets.nci60",
)
"""The modules whose code makes the predictions of a fit: the fit itself, the cohort and the profiles given to it."""

SCORES = ("tme", "programme")
"""Blocks that are sums of transcripts."""


@short_repr
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
    knowledge_version : of the knowledge tables that features are made by.
    """

    train: tuple[str, ...]
    test: tuple[str, ...]
    seed: int = 0
    blocks: tuple[str, ...] = BLOCKS
    assays: tuple[str, ...] | None = None
    knowledge_version: int = NEWEST


@short_repr
@dataclass(frozen=True)
class Fitted:
    """A feature builder and a model, both learned on the training lines alone."""

    builder: FeatureBuilder
    model: SensitivityModel

    def predict(self, profiles: Profiles) -> pd.DataFrame:
        """(n_samples, n_assays) ln IC50."""
        return self.model.predict(self.builder.transform(profiles))


def fit_lines(cohort: Cohort, fit: Fit) -> Fitted:
    """Learn features, response alignment and model on `fit.train` and `fit.assays` only.

    Raises
    ------
    InputError
        If the training lines give no feature of the blocks.
    """
    train = list(fit.train)
    profiles = cohort.profiles.subset(train)
    builder = FeatureBuilder(blocks=fit.blocks, knowledge_version=fit.knowledge_version).fit(profiles)
    if not builder.feature_names_:
        raise InputError(f"training data: no feature of the block {' or '.join(fit.blocks)}; leave it out")
    responses = chosen_responses(cohort, fit.assays).response_matrix(train).loc[train]
    model = SensitivityModel(block_weights=block_weights(fit.blocks), seed=fit.seed)
    return Fitted(builder, model.fit(builder.transform(profiles), responses))


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
    context: RunContext = RunContext(),
    profiles: Mapping[str, Profiles] | None = None,
    extra: str = "",
    what: str = "fit",
) -> Iterator[tuple[str, pd.DataFrame]]:
    """Name and predictions of each fit, in order; finished ones are read from the store of `context`.

    Parameters
    ----------
    profiles : name -> profiles to predict in place of the cohort's; predictions then carry that name as a first index
        level, and the samples are those of `fit.test` that the profiles contain.
    extra : fingerprint of `profiles`.
    what : word for a fit in lines of progress.

    Returns
    -------
    Iterator of (name, (n_test, n_assays) ln IC50).
    """
    names = list(fits)
    paths = {name: fit_path(context.store, fits[name], extra) for name in names}
    finished = sum(path is not None and path.exists() for path in paths.values())
    if finished:
        log.info("%d of %d %ss were run before and are read again", finished, len(names), what)
    # Drugs outside the axis are many rows, and no fit here looks at them.
    sent = replace(cohort, outside=None)
    runs = Parallel(n_jobs=min(context.jobs, max(len(names), 1)), return_as="generator")(
        delayed(kept_table)(paths[name], _predictions, sent, fits[name], profiles) for name in names
    )
    yield from zip(names, track(runs, len(names), what), strict=True)


def fit_path(store: Store | None, fit: Fit, extra: str = "") -> Path | None:
    """Where the predictions of `fit` are kept; `extra` names what else they depend on. None without a store."""
    return None if store is None else store.path([asdict(fit), extra], *CODE)


def kept_table(path: Path | None, make: Callable[..., pd.DataFrame], *given: object) -> pd.DataFrame:
    """The table at `path`; what `make` gives, written there, where it is absent. None keeps nothing."""
    if path is not None and path.exists():
        return _plain_labels(pd.read_parquet(path))
    table = make(*given)
    if path is not None:
        with whole_file(path) as temporary:
            table.to_parquet(temporary)
    return _plain_labels(table)


def _predictions(cohort: Cohort, fit: Fit, profiles: Mapping[str, Profiles] | None) -> pd.DataFrame:
    fitted = fit_lines(cohort, fit)
    wanted = list(fit.test)
    if profiles is None:
        return fitted.predict(cohort.profiles.subset(wanted))
    held = {name: part.subset([s for s in wanted if s in part.samples.index]) for name, part in profiles.items()}
    return pd.concat({name: fitted.predict(part) for name, part in held.items() if part.n}, names=["profile"])


def _plain_labels(table: pd.DataFrame) -> pd.DataFrame:
    """Labels of dtype object, as the cohort has them; a file gives them back as strings."""
    levels = [table.index.get_level_values(n).astype(object) for n in range(table.index.nlevels)]
    index = levels[0] if len(levels) == 1 else pd.MultiIndex.from_arrays(levels)
    return table.set_axis(index.set_names(table.index.names)).set_axis(table.columns.astype(object), axis=1)
