"""Block `ncrna`: miRNAs, scored among the miRNAs of the same sample, and lncRNAs, scored in the transcriptome.

miRNA totals differ up to thirty-fold between samples (CCLE NanoString), so the level of one miRNA means little
before it is set against the others of its sample. lncRNAs share the scale of expression and are ranked with it.
Beside single miRNAs stand the loads of the miRNAs on their targets, and host transcripts as marked proxies
(`regulation`). The training data hold no circRNA: columns of circRNAs are read and reported, but are not features.

Assays of miRNA agree poorly: against NanoString, single miRNAs of TCGA's sequencing are off by 2.6 standard deviations
(adrenocortical carcinoma), so that a prediction from them would read the assay. A sample whose miRNA levels are less
like the mean of training than nearly all of training's own are counts as not measured.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from pamrx.features.presence import distinct_presence
from pamrx.features.regulation import centre_of, load_scores, loads_of, proxies_of, proxy_scores
from pamrx.features.scores import scores_in, universe_of
from pamrx.identifiers.mirna_ids import sum_of_levels
from pamrx.knowledge import NEWEST, table
from pamrx.profiles import Profiles

MIN_DETECTED = 0.2
"""A miRNA above its sample's background in fewer training samples than this share is no feature."""

UNLIKE_SHARE = 0.005
"""Share of the training samples that are as unlike their mean as to be set aside. They correlate with it at 0.74 to
0.93; TCGA's sequenced adrenocortical carcinomas at 0.43 to 0.54."""

MIN_COMPARED = 50
"""Over fewer miRNAs a correlation with the mean of training says nothing of the assay."""


class NcrnaBlock:
    """miRNA scores inside the stored miRNA universe, lncRNA scores, regulatory loads and host proxies.

    Parameters
    ----------
    mirna_universe : the miRNAs within which miRNAs are ranked.
    mirnas : those of them that are features.
    lncrnas : the lncRNAs of the axis that training measured.
    loads : of `regulation.loads_of`. centre : of `regulation.centre_of`. proxies : of `regulation.proxies_of`.
    usual : training mean of the score of each miRNA of the universe; empty where there are too few to compare.
    least_like : Pearson's r with `usual` under which a sample's miRNAs count as not measured.
    version : of the knowledge tables.
    """

    name = "ncrna"

    def __init__(
        self,
        mirna_universe: list[str],
        mirnas: list[str],
        lncrnas: list[str],
        loads: Mapping[str, Mapping[str, float]] | None = None,
        centre: Mapping[str, float] | None = None,
        proxies: Mapping[str, Mapping[str, float]] | None = None,
        usual: Mapping[str, float] | None = None,
        least_like: float = -1.0,
        version: int = NEWEST,
    ) -> None:
        self.version = version
        self.mirna_universe = mirna_universe
        self.mirnas = mirnas
        self.lncrnas = lncrnas
        self.loads = loads or {}
        self.centre = centre or {}
        self.proxies = proxies or {}
        self.usual = usual or {}
        self.least_like = least_like

    @classmethod
    def fit(cls, profiles: Profiles, scores: pd.DataFrame, version: int = NEWEST) -> NcrnaBlock:
        """Learn the miRNA universe, the miRNAs that vary, which lncRNAs there are, the loads and the proxies."""
        lncrnas = sorted(long_noncoding(version) & set(scores.columns))
        if profiles.ncrna is None:
            return cls([], [], lncrnas, version=version)
        levels = profiles.ncrna[[name for name in profiles.ncrna.columns if is_mirna(name)]]
        universe = list(universe_of(levels))
        levels = levels[universe].dropna(how="all")
        # CCLE's background differs by sample; the median of its samples' medians is a robust floor for all.
        detected = (levels.gt(levels.median(axis=1), axis=0)).mean(axis=0) if len(levels) else pd.Series(dtype=float)
        mirnas = [name for name in universe if detected[name] >= MIN_DETECTED]
        block = cls(universe, mirnas, lncrnas, version=version)
        if len(universe) >= MIN_COMPARED:
            usual = block._scored(profiles).mean(axis=0)
            block.usual = {name: float(usual[name]) for name in universe}
            block.least_like = float(block.likeness(profiles).quantile(UNLIKE_SHARE))
        mirna = block._mirna_scores(profiles)[mirnas]
        block.loads = loads_of(mirnas, version)
        block.centre = centre_of(mirna, block.loads)
        block.proxies = proxies_of(mirna, scores, version)
        return block

    def transform(self, profiles: Profiles, scores: pd.DataFrame) -> pd.DataFrame:
        """(n_samples, miRNAs + lncRNAs + loads + proxies) normal scores and means of them; NaN where not measured."""
        mirna = self._mirna_scores(profiles)
        loads = load_scores(mirna, self.loads, self.centre)
        proxies = proxy_scores(mirna, scores, self.proxies)
        return pd.concat([mirna[self.mirnas], scores[self.lncrnas], loads, proxies], axis=1)

    def likeness(self, profiles: Profiles) -> pd.Series:
        """Pearson's r of each sample's miRNA scores with the mean of training; NaN where too few can be compared."""
        return self._likeness(self._scored(profiles))

    def state(self) -> dict[str, Any]:
        return {
            "mirna_universe": self.mirna_universe,
            "mirnas": self.mirnas,
            "lncrnas": self.lncrnas,
            "loads": self.loads,
            "centre": self.centre,
            "proxies": self.proxies,
            "usual": self.usual,
            "least_like": self.least_like,
        }

    @classmethod
    def from_state(cls, state: dict[str, Any], version: int = NEWEST) -> NcrnaBlock:
        return cls(**state, version=version)

    def _mirna_scores(self, profiles: Profiles) -> pd.DataFrame:
        scores = self._scored(profiles)
        if not self.usual:
            return scores
        unlike = (self._likeness(scores) < self.least_like).to_numpy()
        values = scores.to_numpy(copy=True)
        values[unlike] = np.nan
        return pd.DataFrame(values, index=scores.index, columns=scores.columns, copy=False)

    def _likeness(self, scores: pd.DataFrame) -> pd.Series:
        usual = np.array([self.usual.get(name, np.nan) for name in self.mirna_universe])
        return pd.Series(_pearson(scores.to_numpy(), usual), index=scores.index, dtype=float)

    def _scored(self, profiles: Profiles) -> pd.DataFrame:
        levels = mirna_levels(profiles, self.mirna_universe, self.version)
        return scores_in(levels, self.mirna_universe, profiles.samples.index)


def _pearson(rows: np.ndarray, usual: np.ndarray) -> np.ndarray:
    """(n,) Pearson's r of each row with `usual` over what both have; NaN where that is too little, or all the same."""
    found = np.full(len(rows), np.nan)
    # Rows that have the same columns are computed together: a sum along a row has the same digits in any company.
    present, which = distinct_presence(np.where(np.isnan(usual), np.nan, rows))
    for number, columns in enumerate(present):
        if columns.sum() >= MIN_COMPARED:
            same = which == number
            # `take` lays rows out one after the other, an index in brackets does not.
            known, mean = np.take(rows[same], np.flatnonzero(columns), axis=1), usual[columns]
            known, mean = known - known.mean(axis=1, keepdims=True), mean - mean.mean()
            size = np.sqrt((known**2).sum(axis=1) * (mean**2).sum())
            found[same] = np.divide((known * mean).sum(axis=1), size, out=np.full(len(known), np.nan), where=size > 0)
    return found


def is_mirna(name: str) -> bool:
    """Whether a column of an ncRNA table is a human miRNA by its miRBase name."""
    return name.lower().startswith(("hsa-mir-", "hsa-let-"))


@cache
def long_noncoding(version: int = NEWEST) -> frozenset[str]:
    """The lncRNAs of the axis, and the host transcripts of its miRNAs, by Hugo symbol."""
    known = table("ncrna", version)
    hosts = {host for cell in known["host_gene"] for host in cell.split("|") if host.startswith("MIR")}
    return frozenset(known.loc[known["kind"] == "lncRNA", "ncrna"]) | hosts


def mirna_levels(profiles: Profiles, universe: list[str], version: int = NEWEST) -> pd.DataFrame | None:
    """Levels (log2) under the universe's names: exact, then by the names that `knowledge/ncrna.csv` pairs.

    A merged probe of the universe (`hsa-miR-106a+hsa-miR-17`) takes the sum of its members' linear levels, as one
    probe that binds both would read.
    """
    if profiles.ncrna is None:
        return None
    synonyms = _synonyms(version)
    given = {name: name for name in profiles.ncrna.columns.tolist() if is_mirna(name)}
    for name in list(given):
        for other in synonyms.get(name, ()):
            given.setdefault(other, name)
    found: dict[str, str | pd.Series] = {}
    for name in universe:
        members = name.split("+")
        # A merged probe's name also stands among the older names of its members: the sum goes before one of them.
        if len(members) > 1 and name not in profiles.ncrna.columns and all(member in given for member in members):
            parts = profiles.ncrna[[given[member] for member in members]]
            found[name] = sum_of_levels(parts).where(parts.notna().all(axis=1))
        elif name in given:
            found[name] = given[name]
    return _gathered(profiles.ncrna, found) if found else None


def _gathered(table: pd.DataFrame, found: Mapping[str, str | pd.Series]) -> pd.DataFrame:
    """One column per name of `found`: the table's column of that name, or the values themselves."""
    sums = {name: given for name, given in found.items() if isinstance(given, pd.Series)}
    place = table.columns.get_indexer(pd.Index([given for given in found.values() if isinstance(given, str)]))
    values = np.empty((len(table), len(found)))
    summed = np.array([name in sums for name in found])
    values[:, ~summed] = np.take(table.to_numpy(dtype=float), place, axis=1)
    for column, given in zip(np.flatnonzero(summed), sums.values(), strict=True):
        values[:, column] = given.to_numpy()
    return pd.DataFrame(values, index=table.index, columns=list(found), copy=False)


@cache
def _synonyms(version: int) -> dict[str, tuple[str, ...]]:
    """miRNA name to its other names, either way."""
    groups: dict[str, set[str]] = {}
    known = table("ncrna", version).query("kind == 'miRNA'")
    for row in known.drop_duplicates("ncrna").itertuples():
        names = {str(row.ncrna), *[name for name in str(row.older_names).split("|") if name]}
        for name in names:
            groups.setdefault(name, set()).update(names - {name})
    return {name: tuple(sorted(others)) for name, others in groups.items()}
