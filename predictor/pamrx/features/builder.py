"""`FeatureBuilder`: profiles in, one named column per feature out, seven blocks side by side.

A profile's features depend on that profile and the fitted state only. What a profile lacks stays NaN.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from pamrx.errors import UsageError
from pamrx.features.brakes import BrakeBlock
from pamrx.features.copy_number import CopyNumberBlock
from pamrx.features.lines import lines_altered
from pamrx.features.mutation import MutationBlock
from pamrx.features.mutation_calls import MutationCalls
from pamrx.features.ncrna import NcrnaBlock, long_noncoding
from pamrx.features.scores import scores_in, transcripts, universe_of
from pamrx.features.signatures import SignatureBlock
from pamrx.features.tissue import TissueBlock
from pamrx.identifiers.feature_name import feature_labels
from pamrx.knowledge import FIRST, NEWEST
from pamrx.profiles import Profiles

BLOCKS = ("mutation", "copy_number", "ncrna", "tme", "programme", "transcriptome", "tissue")
"""The blocks, in the order of the columns."""


class FeatureBuilder(TransformerMixin, BaseEstimator):
    """Encode `Profiles` as a table of features, named `block.feature`.

    Parameters
    ----------
    blocks : the blocks to build, of `BLOCKS`.
    min_altered : a gene's flag is a feature if at least this many training samples carry the alteration.
    knowledge_version : of the knowledge tables (`pamrx.knowledge`) by which all features are made.

    Attributes
    ----------
    universe_ : the transcripts (genes and lncRNAs) within which every rank and signature is computed.
    lines_ : training lines with each alteration, by feature (`pamrx.features.lines`); None where a bundle holds none.
    offsets_ : (len(universe_),) what is taken off the normal scores of every sample, or None (`with_offsets`).

    Examples
    --------
    >>> features = FeatureBuilder().fit(training_profiles).transform(profiles)  # doctest: +SKIP
    """

    offsets_: np.ndarray | None = None

    def __init__(self, blocks: tuple[str, ...] = BLOCKS, min_altered: int = 5, knowledge_version: int = NEWEST) -> None:
        self.blocks = blocks
        self.min_altered = min_altered
        self.knowledge_version = knowledge_version

    def fit(self, X: Profiles, y: object = None) -> FeatureBuilder:  # noqa: ARG002
        """Learn gene universes, frequent alterations, measurable signatures and tissues from training profiles."""
        for block in self.blocks:
            if block not in BLOCKS:
                raise UsageError(f"FeatureBuilder: unknown block '{block}'; expected some of {', '.join(BLOCKS)}")
        version = self.knowledge_version
        matrix = transcripts(X, long_noncoding(version))
        self.universe_ = [] if matrix is None else list(universe_of(matrix))
        scores = scores_in(matrix, self.universe_, X.samples.index)
        self.mutation_ = MutationBlock.fit(X, self.min_altered, version)
        self.brakes_ = BrakeBlock.fit(X, self.min_altered, version)
        self.copy_number_ = CopyNumberBlock.fit(X, self.min_altered, version)
        self.ncrna_ = NcrnaBlock.fit(X, scores, version)
        self.tme_ = SignatureBlock.fit("tme", scores, version)
        self.programme_ = SignatureBlock.fit("programme", scores, version)
        self.tissue_ = TissueBlock.fit(X)
        mutations, copies = self._mutations(X, scores), self.copy_number_.transform(X)
        self.lines_: dict[str, int] | None = lines_altered(X, mutations, copies, self.mutation_.genes, version)
        first = X.subset(X.samples.index[:1])
        self.feature_names_ = list(self._assemble(first).columns)
        return self

    def transform(self, X: Profiles) -> pd.DataFrame:
        """(n_samples, n_features) float64, NaN where the profile lacks what the feature needs."""
        check_is_fitted(self, "feature_names_")
        return self._assemble(X)

    def with_offsets(self, offsets: Mapping[str, float]) -> FeatureBuilder:
        """The same builder, but taking the offset of each gene off its normal score, in place of earlier offsets.

        The offsets belong to a laboratory (`pamrx.prediction.laboratory`), not to what was learned: `state` has none.
        """
        check_is_fitted(self, "feature_names_")
        twin = copy(self)
        twin.offsets_ = np.array([offsets.get(gene, 0.0) for gene in self.universe_]) if offsets else None
        return twin

    def get_feature_names_out(self, input_features: object = None) -> np.ndarray:  # noqa: ARG002
        """The column names of `transform`, `block.feature`."""
        check_is_fitted(self, "feature_names_")
        return np.asarray(self.feature_names_, dtype=object)

    def genes_read(self) -> dict[str, frozenset[str]]:
        """Of expression, copy_number and segments the genes whose levels it takes: no other changes any feature.

        Of ncRNAs it may take any, as their names are only settled sample by sample.
        """
        check_is_fitted(self, "feature_names_")
        broad = self.copy_number_.segment_genes | frozenset(self.brakes_.two_hit)
        return {
            "expression": frozenset(self.universe_),
            "copy_number": broad | self.copy_number_.event_genes,
            "segments": broad,
        }

    def state(self) -> dict[str, Any]:
        """All that was learned, as plain JSON; the first version of the knowledge tables goes without saying."""
        check_is_fitted(self, "feature_names_")
        staged = {} if self.knowledge_version == FIRST else {"knowledge_version": self.knowledge_version}
        return {
            "blocks": list(self.blocks),
            "min_altered": self.min_altered,
            **staged,
            "universe": self.universe_,
            **{name: getattr(self, f"{name}_").state() for name in _FITTED},
            **({} if self.lines_ is None else {"lines": self.lines_}),
        }

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> FeatureBuilder:
        """The builder that `state` was taken from; one that names no version of the knowledge tables had the first."""
        version = state.get("knowledge_version", FIRST)
        builder = cls(tuple(state["blocks"]), state["min_altered"], version)
        builder.universe_ = list(state["universe"])
        builder.lines_ = dict(state["lines"]) if "lines" in state else None
        for name, block in _FITTED.items():
            staged = (version,) if name in _STAGED else ()
            setattr(builder, f"{name}_", block.from_state(state[name], *staged))
        nobody = Profiles(
            samples=pd.DataFrame(
                None, index=pd.Index(["none"], name="sample_id"), columns=["tissue", "sample_type", "msi"]
            ),
            sequenced=pd.Series([False], index=pd.Index(["none"], name="sample_id")),
        )
        builder.feature_names_ = list(builder._assemble(nobody).columns)
        return builder

    def _assemble(self, profiles: Profiles) -> pd.DataFrame:
        scores = scores_in(
            transcripts(profiles, long_noncoding(self.knowledge_version)), self.universe_, profiles.samples.index
        )
        if self.offsets_ is not None:
            scores = pd.DataFrame(
                scores.to_numpy() - self.offsets_, index=scores.index, columns=scores.columns, copy=False
            )
        parts = {
            "mutation": lambda: self._mutations(profiles, scores),
            "copy_number": lambda: self.copy_number_.transform(profiles),
            "ncrna": lambda: self.ncrna_.transform(profiles, scores),
            "tme": lambda: self.tme_.transform(scores),
            "programme": lambda: self.programme_.transform(scores),
            "transcriptome": lambda: scores,
            "tissue": lambda: self.tissue_.transform(profiles),
        }
        chosen = {block: parts[block]() for block in BLOCKS if block in self.blocks}
        return _side_by_side(chosen, profiles.samples.index, {"transcriptome": frozenset(self.ncrna_.lncrnas)})

    def _mutations(self, profiles: Profiles, scores: pd.DataFrame) -> pd.DataFrame:
        genes = {*self.mutation_.genes, *self.mutation_.listed, *self.brakes_.two_hit}
        calls = MutationCalls.of(profiles, genes, self.knowledge_version)
        return self.mutation_.transform(profiles, calls).join(self.brakes_.transform(profiles, scores, calls))


_FITTED: dict[str, Any] = {
    "mutation": MutationBlock,
    "brakes": BrakeBlock,
    "copy_number": CopyNumberBlock,
    "ncrna": NcrnaBlock,
    "tme": SignatureBlock,
    "programme": SignatureBlock,
    "tissue": TissueBlock,
}

_STAGED = ("mutation", "brakes", "ncrna")
"""The blocks that read a staged table whenever they transform, not only when they are fitted."""


def _side_by_side(
    parts: Mapping[str, pd.DataFrame], samples: pd.Index, without: Mapping[str, frozenset[str]]
) -> pd.DataFrame:
    """The blocks, each but for its columns in `without`, as one array, row after row: what follows reads it several
    times as fast as single columns."""
    names: list[str] = []
    runs: list[tuple[int, np.ndarray]] = []
    for block, part in parts.items():
        values, left_out = part.to_numpy(dtype=float), without.get(block, frozenset())
        own = part.columns.tolist()
        kept = np.array([name not in left_out for name in own], dtype=bool)
        # Columns that stand side by side are copied together.
        bounds = np.flatnonzero(np.diff(kept, prepend=False, append=False))
        for first, end in bounds.reshape(-1, 2).tolist():
            runs.append((len(names), values[:, first:end]))
            names += feature_labels(block, own[first:end])
    table = np.empty((len(samples), len(names)))
    for start, values in runs:
        table[:, start : start + values.shape[1]] = values
    return pd.DataFrame(table, index=samples, columns=names, copy=False)
