"""Expression and copy number of the portals: read as a user's files are, then named by cell line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
from pamrx.identifiers.genes import default_genes
from pamrx.profiles.normalise import levels_of
from pamrx.readers.boundary import boundary
from pamrx.readers.matrices.matrix import matrix_from_table
from pamrx.readers.text.files import check_file
from pamrx.readers.text.raw_table import RawTable, read_raw_table

from pamrx_training.datasets.cache import Ledger
from pamrx_training.datasets.portals.crosswalk import Crosswalk
from pamrx_training.datasets.portals.unmatched import Unmatched

NO_LINE = "no cell line of the crosswalk has this id"


def read_levels(
    path: Path,
    kind: str,
    notes: list[str],
    *,
    unit: str | None = None,
    copy_number_unit: str | None = None,
    left_out: Callable[[RawTable], set[int]] | None = None,
) -> pd.DataFrame:
    """Samples x genes as `Profiles` holds them: expression log2, copy number calls -2 to 2.

    Parameters
    ----------
    kind : `expression` or `copy_number`.
    unit, copy_number_unit : as `pamrx.profiles.normalise.levels_of`; None asks the values.
    left_out : which columns of the table, by position, to leave out before it is read.

    Raises
    ------
    PamrxError
        As `pamrx.readers.matrices.matrix.read_matrix` and `levels_of`.
    """
    with boundary(path, "a matrix of genes and cell lines"):
        table = read_raw_table(check_file(path))
        drop = left_out(table) if left_out is not None else set()
        if drop:
            table = _without(table, drop)
            notes.append(f"{path.name}: {len(drop)} columns left out: the line was measured again")
        matrix = matrix_from_table(str(path), table, default_genes(), kind)
    notes += [note.replace(str(path), path.name) for note in matrix.notes]
    return levels_of(matrix, notes, unit=unit, copy_number_unit=copy_number_unit)


def by_line(
    levels: pd.DataFrame, path: Path, crosswalk: Crosswalk, ledger: Ledger, unmatched: Unmatched
) -> pd.DataFrame:
    """The levels with the key of each line as index; lines that no id leads to are left out, as are second models.

    Of two models of one line the first is kept.
    """
    keys = pd.Series([crosswalk.key(str(label)) for label in levels.index], index=levels.index, dtype=object)
    unmatched.add(path.name, levels.index[keys.isna().to_numpy()], NO_LINE)
    named = levels[keys.notna().to_numpy()]
    named = named.set_axis(pd.Index(keys.dropna(), name="cell_line", dtype=object))
    again = named.index.duplicated()
    ledger.drop(int(again.sum()), f"models of {path.name}", "another model of the same cell line is kept")
    return named[~again].sort_index()


def standardised(levels: pd.DataFrame) -> pd.DataFrame:
    """Expression as training holds it: mean 0 and population standard deviation 1 within each line, float32.

    Genes without a value in some line, and lines without one value apart from the others, are left out.
    """
    whole = levels.loc[:, levels.notna().all(axis=0)]
    deviation = whole.std(axis=1, ddof=0)
    whole = whole[deviation > 0]
    scaled = whole.sub(whole.mean(axis=1), axis=0).div(deviation[deviation > 0], axis=0)
    return scaled.astype(np.float32).sort_index(axis=1)


def _without(table: RawTable, drop: set[int]) -> RawTable:
    keep = [place for place in range(len(table.header)) if place not in drop]
    frame = pd.concat([table.column(place) for place in keep], axis=1).set_axis(range(len(keep)), axis=1)
    return RawTable([table.header[place] for place in keep], frame, notes=table.notes)
