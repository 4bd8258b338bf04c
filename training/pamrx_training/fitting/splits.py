"""Who is on which side: folds that keep donors together, and fold files that a user brings."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
from pamrx.errors import InputError, UsageError, did_you_mean

from pamrx_training.datasets import line_key
from pamrx_training.fitting.cohort import Cohort


def leave_cell_line_out(cohort: Cohort, n_folds: int = 5, seed: int = 0) -> pd.Series:
    """A fold per line, at random by donor: lines of one donor share a fold. Index: the lines."""
    donors = np.unique(cohort.donors)
    if len(donors) < n_folds:
        raise UsageError(f"folds: {len(donors)} donors cannot fill {n_folds} folds")
    shuffled = np.random.default_rng(seed).permutation(donors)
    fold = dict(zip(shuffled, np.arange(len(shuffled)) % n_folds, strict=True))
    return pd.Series([fold[donor] for donor in cohort.donors], index=cohort.lines, name="fold")


def leave_tissue_out(cohort: Cohort, n_folds: int = 5, seed: int = 0) -> pd.Series:
    """A fold per line, whole tissue groups together (lung's kinds are one group): no tissue is on both sides.

    Groups are dealt in random order, each to the fold with the fewest lines so far. With as many folds as there are
    groups each tissue is left out by itself.
    """
    group = cohort.cell_lines["tissue_group"]
    sizes = group.value_counts().sort_index()
    if len(sizes) < n_folds:
        raise UsageError(f"folds: {len(sizes)} tissue groups cannot fill {n_folds} folds")
    shuffled = np.random.default_rng(seed).permutation(sizes.index.to_numpy(dtype=object))
    held, fold = np.zeros(n_folds), {}
    for place, name in enumerate(shuffled):
        # The first groups open the folds, so that none stays empty.
        chosen = place if place < n_folds else int(held.argmin())
        fold[name] = chosen
        held[chosen] += sizes[name]
    return pd.Series(group.map(fold).to_numpy(dtype=int), index=cohort.lines, name="fold")


def repeated(
    cohort: Cohort,
    n_folds: int,
    seed: int,
    repeats: int,
    split: Callable[[Cohort, int, int], pd.Series] = leave_cell_line_out,
) -> list[tuple[int, pd.Series]]:
    """(seed, folds) for `repeats` seeds from `seed` on, by `split`."""
    return [(number, split(cohort, n_folds, number)) for number in range(seed, seed + repeats)]


def read_folds(path: str | os.PathLike[str], cohort: Cohort) -> pd.Series:
    """Folds from a CSV file of `cell_line,fold`, lines by name, canonical key or COSMIC id.

    Returns
    -------
    Series
        fold (int or text as written) by line, for the listed lines that the cohort holds.

    Raises
    ------
    InputError
        If the file, a column or every line is unknown, a line is listed twice, or there is but one fold.
    """
    file = Path(path)
    if not file.is_file():
        raise InputError(f"{file}: no such file; expected a CSV table of cell_line,fold")
    try:
        table = pd.read_csv(file, dtype=str)
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError):
        raise InputError(f"{file}: not a CSV table; expected the columns cell_line,fold") from None
    for column in ("cell_line", "fold"):
        if column not in table.columns:
            hint = did_you_mean(column, table.columns)
            raise InputError(f"{file}: no column '{column}'; found {', '.join(table.columns)}{hint}")
    table = _resolved(table, cohort, file)
    folds = table.set_index("line")["fold"]
    if folds.nunique() < 2:
        raise InputError(f"{file}: only one fold, '{folds.iloc[0]}'; expected two or more")
    return folds.reindex([line for line in cohort.lines if line in folds.index])


def sides(cohort: Cohort, folds: pd.Series, fold: object) -> tuple[list[str], list[str]]:
    """Training and test lines of one fold.

    Lines outside `folds` are on neither side. A line that shares its donor with a test line is not trained on, so
    that a fold file which tears a donor apart leaks nothing.
    """
    test = folds.index[folds == fold].tolist()
    donor = cohort.cell_lines["donor"]
    tested = set(donor.loc[test])
    train = [line for line in folds.index[folds != fold] if donor[line] not in tested]
    return train, test


def _resolved(table: pd.DataFrame, cohort: Cohort, file: Path) -> pd.DataFrame:
    """The rows whose line the cohort holds, with its key in the column `line`."""
    by_name = _names(cohort)
    # A column of numbers with a gap comes back from many programs as 905946.0.
    written = table["cell_line"].fillna("").str.strip().str.replace(r"^(\d+)\.0$", r"\1", regex=True)
    line = written.map(lambda name: (by_name.get(name) or by_name.get(line_key(name))) if name else None)
    if line.isna().all():
        raise InputError(
            f"{file}: none of the {len(table)} lines is known, e.g. '{written.iloc[0] if len(written) else ''}'; "
            "expected canonical keys (MCF7) or COSMIC ids (905946)"
        )
    table = table.assign(line=line)[line.notna()]
    if table["fold"].isna().any():
        row = int(table.index[table["fold"].isna()][0]) + 2
        raise InputError(f"{file}: row {row}: no fold for {written[row - 2]}")
    repeated = table[table["line"].duplicated(keep=False)]
    if len(repeated):
        raise InputError(f"{file}: {repeated['line'].iloc[0]} is listed more than once; expected each line once")
    return table


def _names(cohort: Cohort) -> dict[str, str]:
    names = {line: line for line in cohort.lines}
    for line, row in cohort.cell_lines.iterrows():
        names.setdefault(str(row["name"]), str(line))
        if pd.notna(row["cosmic_id"]):
            names[str(int(row["cosmic_id"]))] = str(line)
        if isinstance(row["aliases"], str):
            for alias in row["aliases"].split("|"):
                names.setdefault(line_key(alias), str(line))
    return names
