"""Tables in memory in place of files: frames of pandas, polars and whatever turns into pandas, and AnnData objects.

A frame goes the way of the file that it could have been read from and gives the same numbers, whether pandas was told
that all is text or chose the types. Messages call it by its kind, as `expression`.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeGuard

import pandas as pd

from pamrx.errors import InputError, PamrxError, UsageError
from pamrx.readers.boundary import boundary
from pamrx.readers.matrices.matrix import Matrix, matrix_from_table
from pamrx.readers.mutations.columns import mutation_columns
from pamrx.readers.mutations.maf import maf_from_cells
from pamrx.readers.mutations.table import Mutations
from pamrx.readers.sample_table import samples_from_cells
from pamrx.readers.text.files import PathLike
from pamrx.readers.text.raw_table import table_from_frame

Given = PathLike | pd.DataFrame | Any
"""A path, or a table in memory: a frame of pandas, one with `to_pandas` (polars, Arrow), or an AnnData object."""

FRAMES = ("mutations", "expression", "ncrna", "copy_number", "samples")
"""What may be given in memory."""

_REMEDY = "mend the table"


def is_path(given: Given) -> TypeGuard[PathLike]:
    """Whether it names a file."""
    return isinstance(given, (str, os.PathLike))


def frame_of(kind: str, given: Any) -> pd.DataFrame:
    """What is given in memory as a frame of pandas with plain columns.

    Raises
    ------
    PamrxError
        For anything that is no table, and for rows or columns named on several levels.
    """
    if kind not in FRAMES:
        raise UsageError(f"{kind}: found {type(given).__name__}, expected a path")
    if not isinstance(given, pd.DataFrame):
        if not hasattr(given, "to_pandas"):
            lazy = "; call .collect() first" if hasattr(given, "collect") else ""
            found = type(given).__name__
            raise UsageError(f"{kind}: found {found}, expected a path, or a pandas or polars frame{lazy}")
        with boundary(kind, "a table", _REMEDY):
            given = given.to_pandas()
    if not isinstance(given, pd.DataFrame):
        raise UsageError(f"{kind}: found one column ({type(given).__name__}), expected a table; call .to_frame() first")
    for axis, names, remedy in (
        ("index", given.index, "call .reset_index() first"),
        ("columns", given.columns, "keep one, as in df.columns = df.columns.get_level_values(0)"),
    ):
        if isinstance(names, pd.MultiIndex):
            raise InputError(f"{kind}: {names.nlevels} levels in its {axis}, expected one; {remedy}")
    return given


def matrix_of(kind: str, frame: pd.DataFrame, known: Collection[str]) -> Matrix:
    """A matrix of samples and genes, either way round; names stand in the index or in the first column.

    Raises
    ------
    PamrxError
        As `matrix_from_table`, and where neither holds names.
    """
    with boundary(kind, "a matrix of genes and samples", _REMEDY):
        table = frame if _is_numbered(frame) else _with_index(frame, str(frame.index.name or ""))
        if table is frame and frame.shape[1]:
            _check_first(kind, frame, known)
        return matrix_from_table(kind, table_from_frame(kind, table), known, kind)


def mutations_of(kind: str, frame: pd.DataFrame, known: Collection[str]) -> Mutations:
    """A table of mutations, with the columns that a file would have.

    Raises
    ------
    PamrxError
        As `maf_from_cells`, and for an index of text that has no name.
    """
    with boundary(kind, "a table of mutations", _REMEDY):
        if frame.index.name is not None:
            frame = _with_index(frame, str(frame.index.name))
        elif not _is_numbered(frame):
            raise InputError(
                f"{kind}: its index holds text ({str(frame.index[0])[:40]}) and has no name; name it, as in "
                "df.index.name = 'Tumor_Sample_Barcode', or call .reset_index(drop=True)"
            )
        header = [str(name) for name in frame.columns]
        cells = frame.set_axis(header, axis=1)
        for place in mutation_columns(kind, header, known).values():
            cells.isetitem(place, _texts(cells.iloc[:, place]).to_numpy())
        return maf_from_cells(kind, cells, known)


def samples_of(kind: str, frame: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """The table of samples, as `read_samples` gives it; names stand in the index or in `sample_id`.

    Raises
    ------
    PamrxError
        As `samples_from_cells`.
    """
    with boundary(kind, "a table of samples", _REMEDY):
        named = "sample_id" in {str(name).strip().lower() for name in frame.columns}
        if not named and not isinstance(frame.index, pd.RangeIndex):
            frame = _with_index(frame, "sample_id")
        cells = pd.DataFrame({place: _texts(frame.iloc[:, place]) for place in range(frame.shape[1])})
        return samples_from_cells(kind, cells.set_axis([str(name) for name in frame.columns], axis=1))


@contextmanager
def anndata_on_disk(given: Mapping[str, Any]) -> Iterator[tuple[dict[str, Any], dict[str, str]]]:
    """What is given, AnnData objects as `.h5ad` files for as long as the context is open: they are read as such.

    Gives also what is to be said in place of the names of these files (see `renamed`); in errors it is.
    """
    held = [kind for kind, one in given.items() if hasattr(one, "write_h5ad")]
    if not held:
        yield dict(given), {}
        return
    with TemporaryDirectory(prefix="pamrx-") as folder:
        paths = {kind: Path(folder) / f"{kind}.h5ad" for kind in held}
        said = {str(path): kind for kind, path in paths.items()}
        said |= {f"as {path.name}::LAYER": "by adata.X = adata.layers['LAYER']" for path in paths.values()}
        try:
            for kind, path in paths.items():
                with boundary(kind, "an AnnData object that can be written", "mend the object"):
                    # Otherwise the user's own object would be changed.
                    given[kind].write_h5ad(path, convert_strings_to_categoricals=False)
            yield {**given, **paths}, said
        except PamrxError as error:
            raise type(error)(renamed(str(error), said)) from None


def renamed(text: str, said: Mapping[str, str]) -> str:
    """A text with the names of `anndata_on_disk` in it."""
    for old, new in said.items():
        text = text.replace(old, new)
    return text


def _is_numbered(frame: pd.DataFrame) -> bool:
    """Whether the index only counts the rows, also those that were chosen from a longer table."""
    counting = frame.index.name is None and pd.api.types.is_integer_dtype(frame.index.dtype)
    if isinstance(frame.index, pd.RangeIndex) or not counting:
        return counting
    return bool(frame.shape[1]) and not pd.api.types.is_numeric_dtype(frame.dtypes.iloc[0])


def _with_index(frame: pd.DataFrame, name: str) -> pd.DataFrame:
    out = frame.reset_index(drop=True)
    out.insert(0, name, frame.index.to_numpy(dtype=object), allow_duplicates=True)
    return out


def _check_first(kind: str, frame: pd.DataFrame, known: Collection[str]) -> None:
    """Whether the first column may hold names: nobody's sample is called 3.71."""
    name, dtype = str(frame.columns[0]), frame.dtypes.iloc[0]
    if name in known or pd.api.types.is_float_dtype(dtype):
        raise InputError(
            f"{kind}: no names of samples or genes beside the values: the first column, {name}, is one of values; set "
            "the names as index, as in df.index = names, or insert them as first column"
        )


def _texts(column: pd.Series) -> pd.Series:
    """The cells as the text that a file would hold, empty where missing."""
    if pd.api.types.is_float_dtype(column.dtype) and (column.dropna() % 1 == 0).all():
        column = column.astype("Int64")  # a column of whole numbers with gaps: 1 stays 1
    return column.astype(object).where(column.notna().to_numpy(), "").map(str).astype(object)
