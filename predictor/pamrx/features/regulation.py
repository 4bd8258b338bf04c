"""What the miRNAs of a sample do to the axis together, and which host transcripts stand in where miRNA is missing.

Load of a target = mean, over the miRNAs that lower it, of (normal score in the sample - mean normal score of that
miRNA in training). 0 is the load of an average training sample. The training mean is taken off first so that a miRNA
that a sample lacks pulls the load nowhere; the spread is not, so that miRNAs weigh by how much they vary. Which miRNA
lowers which target, and to what end, stands in `knowledge/ncrna.csv`: each miRNA row names a target that it lowers.

Many miRNAs lie in the intron or the exons of a host transcript and are made with it (Baskerville, RNA 2005, PMID
15701730). Where a sample has expression but none of a host's miRNAs, the host's score stands in, as a feature of its
own that is named a proxy. Hosts that do not follow their miRNAs in training are no proxies.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache

import numpy as np
import pandas as pd

from pamrx.features.scores import weighted_mean
from pamrx.identifiers.feature_name import FeatureName
from pamrx.knowledge import NEWEST, table

LOAD, PROXY = "load_", "proxy_"
"""How the names of the two kinds of features begin, inside the block."""

ACTIVATING, RESTRAINING = f"{LOAD}activating", f"{LOAD}restraining"

MIN_MIRNAS = 2
"""A target that fewer measured miRNAs lower has no load: of one, it would be that miRNA again."""

MIN_SHARE = 0.5
"""A load is known where at least this share of its miRNAs is."""

MIN_FOLLOWED = 0.3
"""Pearson's r of the scores of host and miRNA over the training samples with both. A choice, not a measurement."""

MIN_SAMPLES = 20
"""With fewer samples that have both, it is unknown whether a host follows its miRNA."""


def loads_of(mirnas: Iterable[str], version: int = NEWEST) -> dict[str, dict[str, float]]:
    """Which miRNA columns make up each load, and with what weight.

    Parameters
    ----------
    mirnas : the miRNA features, by the names of the training universe. A merged probe (`hsa-miR-106a+hsa-miR-17`) is
        one column and counts once, with the targets of all its members.
    version : of the knowledge tables.

    Returns
    -------
    Feature name to {column: weight}, both in alphabetical order. Weights of a target's load are 1. In the net loads a
    miRNA weighs the share of its known targets whose lowering activates, or restrains, the axis: miR-205 lowers PTEN
    and PHLPP2 (activating) and ERBB3 (restraining), and counts 2/3 and 1/3.
    """
    known = {name: rows for name in mirnas if (rows := _targets_of(name, version))}
    loads: dict[str, dict[str, float]] = {}
    for target in sorted({target for rows in known.values() for target, _ in rows}):
        loads[f"{LOAD}{target}"] = {
            name: 1.0 for name, rows in sorted(known.items()) if target in {lowered for lowered, _ in rows}
        }
    for feature, effect in ((ACTIVATING, "activates"), (RESTRAINING, "restrains")):
        shares = {name: sum(end == effect for _, end in rows) / len(rows) for name, rows in sorted(known.items())}
        loads[feature] = {name: share for name, share in shares.items() if share > 0}
    return {feature: members for feature, members in loads.items() if len(members) >= MIN_MIRNAS}


def centre_of(scores: pd.DataFrame, loads: Mapping[str, Mapping[str, float]]) -> dict[str, float]:
    """Training mean of the normal score of each miRNA that is in a load; 0 where no sample has it."""
    members = sorted({name for members in loads.values() for name in members})
    return {name: float(mean) for name, mean in zip(members, scores[members].mean(axis=0).fillna(0.0), strict=True)}


def load_scores(
    scores: pd.DataFrame, loads: Mapping[str, Mapping[str, float]], centre: Mapping[str, float]
) -> pd.DataFrame:
    """(n_samples, n_loads) from the (n_samples, miRNAs) normal scores; NaN where under half of a load's miRNAs are."""
    levels = scores.to_numpy(dtype=float)
    column_of = {name: place for place, name in enumerate(scores.columns.tolist())}
    out = np.empty((len(levels), len(loads)))
    for column, members in enumerate(loads.values()):
        values = np.take(levels, [column_of[name] for name in members], axis=1) - [centre[name] for name in members]
        out[:, column] = weighted_mean(values, np.fromiter(members.values(), dtype=float), MIN_SHARE)
    return pd.DataFrame(out, index=scores.index, columns=list(loads), copy=False)


def proxies_of(mirna: pd.DataFrame, transcripts: pd.DataFrame, version: int = NEWEST) -> dict[str, dict[str, float]]:
    """Host transcripts that follow their miRNAs in training: host to {miRNA column: Pearson's r}.

    Parameters
    ----------
    mirna, transcripts : (n_samples, features) normal scores of the training samples, rows in one order.
    version : of the knowledge tables.
    """
    found: dict[str, dict[str, float]] = {}
    for host, hosted in sorted(_hosted(version).items()):
        if host not in transcripts:
            continue
        followed = {
            name: round(r, 3)
            for name in sorted(mirna.columns)
            if not _names_of(name).isdisjoint(hosted)
            and (r := _correlation(mirna[name], transcripts[host])) >= MIN_FOLLOWED
        }
        if followed:
            found[host] = followed
    return found


def proxy_scores(
    mirna: pd.DataFrame, transcripts: pd.DataFrame, proxies: Mapping[str, Mapping[str, float]]
) -> pd.DataFrame:
    """(n_samples, n_hosts) normal scores of the hosts, NaN for a sample that has any of the miRNAs stood in for."""
    lacking, levels = np.isnan(mirna.to_numpy(dtype=float)), transcripts.to_numpy(dtype=float)
    out = np.empty((len(levels), len(proxies)))
    for column, (host, followed) in enumerate(proxies.items()):
        none = lacking[:, mirna.columns.get_indexer(pd.Index(list(followed)))].all(axis=1)
        out[:, column] = np.where(none, levels[:, transcripts.columns.get_loc(host)], np.nan)
    return pd.DataFrame(out, index=mirna.index, columns=[f"{PROXY}{host}" for host in proxies], copy=False)


def is_proxy(feature: str) -> bool:
    """Whether a feature (`ncrna.proxy_MIR17HG`) only stands in for another that the sample lacks."""
    parsed = FeatureName.parse(feature)
    return parsed.block == "ncrna" and parsed.name.startswith(PROXY)


def in_words(name: str) -> str:
    """A load or a proxy in words, its name given without the block; "" for any other feature."""
    if name in (ACTIVATING, RESTRAINING):
        return f"load of {name.removeprefix(LOAD)} miRNAs"
    if name.startswith(LOAD):
        return f"miRNA load on {name.removeprefix(LOAD)}"
    if not name.startswith(PROXY):
        return ""
    host = name.removeprefix(PROXY)
    short = dict.fromkeys(_short(mirna) for mirna in _current_hosted(NEWEST).get(host, ()))
    return f"{'/'.join(short)} host gene {host} (proxy)".strip().replace("/miR-", "/")


def _correlation(one: pd.Series, other: pd.Series) -> float:
    """Pearson's r over the samples that have both; -1, which passes for nothing, where too few do or none varies."""
    both = one.notna() & other.notna()
    x, y = one[both].to_numpy(), other[both].to_numpy()
    if len(x) < MIN_SAMPLES or not x.std() or not y.std():
        return -1.0
    return float(np.corrcoef(x, y)[0, 1])


def _short(mirna: str) -> str:
    """`hsa-miR-106b-5p` in running text: miR-106b."""
    return mirna.removeprefix("hsa-").removesuffix("-5p").removesuffix("-3p")


def _names_of(column: str) -> frozenset[str]:
    """The names under which the knowledge table may know a column: its own, and those of a merged probe's members."""
    return frozenset({column, *column.split("+")})


def _targets_of(column: str, version: int) -> frozenset[tuple[str, str]]:
    """The distinct (target, effect on the axis) of a miRNA column; empty where the table does not know it."""
    return frozenset().union(*(_targets(version).get(name, frozenset()) for name in _names_of(column)))


@cache
def _targets(version: int) -> dict[str, frozenset[tuple[str, str]]]:
    """Every name of a miRNA, today's and older ones, to its (target, effect on the axis)."""
    found: dict[str, set[tuple[str, str]]] = {}
    for row in table("ncrna", version).query("kind == 'miRNA'").itertuples():
        for name in (str(row.ncrna), *str(row.older_names).split("|")):
            if name and "+" not in name:
                found.setdefault(name, set()).add((str(row.target), str(row.effect_on_axis)))
    return {name: frozenset(rows) for name, rows in found.items()}


@cache
def _current_hosted(version: int) -> dict[str, tuple[str, ...]]:
    """Host gene to the current names of its miRNAs, in the table's order."""
    found: dict[str, dict[str, None]] = {}
    for row in table("ncrna", version).query("kind == 'miRNA' and host_gene != ''").itertuples():
        for host in str(row.host_gene).split("|"):
            found.setdefault(host, {})[str(row.ncrna)] = None
    return {host: tuple(names) for host, names in found.items()}


@cache
def _hosted(version: int) -> dict[str, frozenset[str]]:
    """Host gene to all names of its miRNAs."""
    older = table("ncrna", version).query("kind == 'miRNA'").drop_duplicates("ncrna").set_index("ncrna")["older_names"]
    return {
        host: frozenset(
            name for mirna in names for name in (mirna, *str(older[mirna]).split("|")) if name and "+" not in name
        )
        for host, names in _current_hosted(version).items()
    }
