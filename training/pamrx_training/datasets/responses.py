"""GDSC response: two wide text files per screen into one tidy table, and replicates into one value per assay.

The files name neither concentration range nor compound batch: a drug measured in two ranges simply has two rows per
line. They are told apart by where they stand. The rows of a series are contiguous and every series lists its lines in
the same order, so a new series begins where the drug changes, and where that order starts again.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Collection

import numpy as np
import pandas as pd
from pamrx.errors import InputError
from pamrx.identifiers.assay import AssayId

from pamrx_training.datasets.cache import Ledger
from pamrx_training.datasets.names import COLLIDING_NAMES, line_key, strip_name

DrugName = Callable[[str, str], "tuple[str, bool]"]
"""(screen, name in the screen) -> (canonical name, whether it belongs to the axis)."""

COLUMNS = ["cell_line", "assay", "drug", "screen", "range", "ln_ic50", "auc", "in_axis", "screened_as"]


def tidy_responses(files: dict[str, tuple[bytes, bytes]], ledger: Ledger, drug_name: DrugName) -> pd.DataFrame:
    """One row per raw measurement of both screens.

    Parameters
    ----------
    files
        Screen -> (its IC50 file, its AUC file), as bytes.
    drug_name
        Gives a drug's canonical name and whether it belongs to the PI3K/AKT/mTOR axis.

    Returns
    -------
    DataFrame
        Columns cell_line (key), assay (`GDSC2:Pictilisib`), drug, screen, range (0, 1, ... : the series of
        measurements inside the assay), ln_ic50 (ln of micromolar), auc, in_axis, screened_as (the screen's own drug
        name). Unique by cell_line, assay and range; sorted by assay, range and cell_line.

    Raises
    ------
    InputError
        If a file lacks its columns, holds no number where one belongs, or the two files of a screen do not list the
        same measurements.
    """
    screens = [_tidy_screen(screen, *pair, drug_name) for screen, pair in files.items()]
    table = pd.concat(screens, ignore_index=True)
    repeated = table.duplicated(["cell_line", "assay", "range"])
    if repeated.any():
        first = table[repeated].iloc[0]
        raise InputError(f"{first['assay']}: {first['cell_line']} stands twice in series {first['range']}")
    _count(table, ledger)
    return table.sort_values(["assay", "range", "cell_line"], ignore_index=True)[COLUMNS]


def assay_matrix(responses: pd.DataFrame, train_lines: Collection[str], value: str = "ln_ic50") -> pd.DataFrame:
    """One value per line and assay: series of an assay aligned on training lines, then averaged.

    For an assay with series s, measured values y[l, s] of line l are taken as m[l] + b[s] + noise. The offsets b are
    the least-squares solution over the training lines that hold two or more series, with the offsets of an assay
    summing to zero. For two series this is b[0] = -b[1] = (mean of series 0 - mean of series 1) / 2 over their
    overlap: both are moved to the middle of their means there. The value of a line, training or not, is the mean of
    y[l, s] - b[s] over its series. Series that share no training line are aligned by their training means instead. A
    series without any training measurement cannot be placed and is left out, unless no series of its assay has one.

    Lines outside `train_lines` get the same offsets and have no part in them.

    Parameters
    ----------
    responses
        Rows as from `tidy_responses`.
    train_lines
        Keys of the lines that offsets may be estimated on.
    value
        `ln_ic50` or `auc`.

    Returns
    -------
    DataFrame
        Index cell_line (sorted), one column per assay (sorted), float64, NaN where not measured.
    """
    series = responses.groupby("assay")["range"].transform("nunique")
    columns = responses[series == 1].pivot(index="cell_line", columns="assay", values=value)
    train = frozenset(train_lines)
    aligned = {}
    for assay, rows in responses[series > 1].groupby("assay"):
        wide = rows.pivot(index="cell_line", columns="range", values=value)
        offsets = series_offsets(wide[wide.index.isin(train)])
        aligned[assay] = (wide - offsets).mean(axis=1)
    lines = pd.Index(sorted(responses["cell_line"].unique()), name="cell_line")
    matrix = pd.concat([columns, pd.DataFrame(aligned)], axis=1).reindex(lines).sort_index(axis=1)
    return matrix.rename_axis(columns="assay").astype(float)


def series_offsets(train: pd.DataFrame) -> pd.Series:
    """Offset of each series of one assay (see `assay_matrix`).

    Parameters
    ----------
    train
        Training lines x series, NaN where not measured.

    Returns
    -------
    Series
        Index: the series. NaN for a series without a training measurement, if another has some.
    """
    measured = train.notna()
    offsets = pd.Series(0.0, index=train.columns)
    if not measured.to_numpy().any():
        return offsets
    shared = train[measured.sum(axis=1) >= 2]
    if len(shared):
        # Taking each line's own mean out of both sides removes m[l]; the minimum-norm solution sums to zero within
        # each set of series that are linked through shared lines.
        present = shared.notna().to_numpy(dtype=float)
        weight = present / present.sum(axis=1, keepdims=True)
        design = present[:, :, None] * (np.eye(train.shape[1])[None] - weight[:, None, :])
        target = present * np.nan_to_num((shared.sub(shared.mean(axis=1), axis=0)).to_numpy())
        solution = np.linalg.lstsq(design.reshape(-1, train.shape[1]), target.ravel(), rcond=None)[0]
        offsets += np.asarray(solution, dtype=float)
    groups = _linked(measured)
    means = [float(np.nanmean(train[group] - offsets[group])) for group in groups]
    for group, mean in zip(groups, means, strict=True):
        offsets.loc[group] += mean - float(np.mean(means))
    offsets[~measured.any()] = np.nan
    return offsets


def series_numbers(lines: pd.Series, drugs: pd.Series) -> pd.Series:
    """Number the contiguous series of a response file: 0, 1, ... down the file (see the module's docstring).

    Parameters
    ----------
    lines, drugs
        Cell line and drug of each row, in file order.
    """
    new_drug = drugs.ne(drugs.shift())
    run = new_drug.cumsum()
    rows = pd.DataFrame({"run": run, "line": lines})
    doubled = rows.loc[rows.duplicated(), "run"].unique()
    sizes = run[~run.isin(doubled)].value_counts()
    longest = sizes.index[0] if len(sizes) else run.iloc[0]
    order = {line: float(place) for place, line in enumerate(lines[run == longest].drop_duplicates())}
    place = lines.map(order).astype(float)
    restart = place.le(place.groupby(run).ffill().groupby(run).shift())
    return (new_drug | restart).cumsum() - 1


def axis_drug_name(screen: str, name: str) -> tuple[str, bool]:
    """Canonical name from the product's drug table, and whether the drug belongs to the axis."""
    from pamrx.knowledge.drugs import assay_drug

    drug = assay_drug(screen, name)
    return (drug.name, True) if drug is not None else (name, False)


def _tidy_screen(screen: str, ic50: bytes, auc: bytes, drug_name: DrugName) -> pd.DataFrame:
    table = _read(ic50, f"{screen}_IC50.csv", "LN_IC50")
    other = _read(auc, f"{screen}_AUC.csv", "AUC")
    if not table[["line", "drug"]].equals(other[["line", "drug"]]):
        raise InputError(f"{screen}_AUC.csv: lists other measurements than {screen}_IC50.csv; expected the same rows")
    table["auc"] = other["AUC"]
    table["series"] = series_numbers(table["line"], table["drug"])
    names = _canonical_names(screen, table["drug"], drug_name)
    known = table["drug"].map(names)
    table["cell_line"] = table["line"].map({line: line_key(line) for line in table["line"].unique()})
    table["screened_as"] = table["drug"]
    table["drug"], table["in_axis"] = known.str[0], known.str[1].astype(bool)
    table["screen"] = screen
    table["assay"] = table["drug"].map({drug: str(AssayId(screen, drug)) for drug in table["drug"].unique()})
    table["range"] = table.groupby("assay")["series"].rank(method="dense").astype("int64") - 1
    return table.rename(columns={"LN_IC50": "ln_ic50"})


def _read(content: bytes, name: str, value: str) -> pd.DataFrame:
    expected = ["CELL_LINE_NAME", "DRUG_NAME", value]
    try:
        table = pd.read_csv(io.BytesIO(content), dtype={"CELL_LINE_NAME": str, "DRUG_NAME": str}, keep_default_na=False)
    except (ValueError, UnicodeDecodeError) as error:
        raise InputError(f"{name}: cannot be read as a table ({error})") from None
    if list(table.columns) != expected:
        raise InputError(f"{name}: has columns {', '.join(map(str, table.columns))}; expected {', '.join(expected)}")
    numbers = pd.to_numeric(table[value], errors="coerce").astype(float)
    bad = ~np.isfinite(numbers)
    if bad.any():
        row = int(np.flatnonzero(bad)[0])
        raise InputError(f"{name}, row {row + 2}, {value}: found '{table[value].iloc[row]}', expected a number")
    table[value] = numbers
    return table.rename(columns={"CELL_LINE_NAME": "line", "DRUG_NAME": "drug"})


def _canonical_names(screen: str, drugs: pd.Series, drug_name: DrugName) -> dict[str, tuple[str, bool]]:
    """Name in the screen -> (canonical name, in axis). Spellings of one name merge into the one with most rows."""
    names: dict[str, tuple[str, bool]] = {}
    by_key: dict[str, str] = {}
    for name in drugs.value_counts(sort=True).index:
        canonical, in_axis = drug_name(screen, name)
        if not in_axis:
            canonical = by_key.setdefault(strip_name(name), name)
        names[name] = (canonical, in_axis)
    return names


def _linked(measured: pd.DataFrame) -> list[list[int]]:
    """Sets of series linked through lines that hold both; series without any measurement are left out."""
    groups: list[set[int]] = [{int(series)} for series in measured.columns[measured.any()]]
    for row in measured.drop_duplicates().to_numpy():
        held = {int(series) for series in measured.columns[row]}
        touched = [group for group in groups if group & held]
        if len(touched) > 1:
            groups = [group for group in groups if not group & held] + [set().union(*touched)]
    return [sorted(group) for group in sorted(groups, key=min)]


def _count(table: pd.DataFrame, ledger: Ledger) -> None:
    axis = table[table["in_axis"]]
    ledger.keep("measurements of both screens", len(table))
    ledger.keep("assays (drug in a screen)", table["assay"].nunique())
    ledger.keep("assays of the PI3K/AKT/mTOR axis", axis["assay"].nunique())
    ledger.keep("cell lines with a response", table["cell_line"].nunique())
    series = table.groupby("assay")["range"].nunique()
    ledger.keep("assays with two or more series of measurements (ranges, salts, spellings)", int((series > 1).sum()))
    again = table.duplicated(["cell_line", "assay"])
    ledger.keep("measurements that repeat a line and assay (kept as rows; averaged in training)", int(again.sum()))
    apart = sorted(set(COLLIDING_NAMES.values()) & set(table["cell_line"]))
    ledger.keep(f"responses of lines whose names collide, told apart by spelling ({', '.join(apart)})",
                int(table["cell_line"].isin(apart).sum()))  # fmt: skip
