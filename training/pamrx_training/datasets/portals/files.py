"""Finding the portals' files in folders, and reading the columns that are needed of them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from pamrx.display import short_repr
from pamrx.errors import InputError, did_you_mean
from pamrx.readers.boundary import boundary
from pamrx.readers.text.workbook import ENDINGS

_ARCHIVE = re.compile(r"\.(zip|tar|tgz)$", re.IGNORECASE)


@short_repr
@dataclass(frozen=True)
class Kind:
    """One kind of file of a portal.

    Attributes
    ----------
    what : in words, for messages.
    names : how its file names begin, without ending, as a regular expression.
    endings : of the file, without `.gz`.
    """

    what: str
    names: str
    endings: tuple[str, ...] = ("csv",)

    def matches(self, name: str) -> bool:
        """Whether a file name is of this kind."""
        endings = "|".join(self.endings)
        return re.fullmatch(rf"(?:{self.names})[\w().-]*?\.(?:{endings})(?:\.gz)?", name, re.IGNORECASE) is not None


def find(folders: Sequence[Path], kind: Kind) -> Path | None:
    """The one file of a kind in some folders, also one level below; None where there is none.

    Raises
    ------
    InputError
        If there are several, or only a packed archive.
    """
    files = every_file(folders)
    found = [path for path in files if kind.matches(path.name)]
    if len(found) > 1:
        raise InputError(
            f"{found[0]} and {found[1]} are both {kind.what}; leave the release that is meant in the folder, and move "
            "the other away"
        )
    packed = [path for path in files if _ARCHIVE.search(path.name) and re.match(kind.names, path.name, re.IGNORECASE)]
    if not found and packed:
        raise InputError(f"{packed[0]}: an archive is not read; unpack it in its folder, for {kind.what}")
    return found[0] if found else None


def every_file(folders: Sequence[Path]) -> list[Path]:
    """The files of some folders, and of the folders in them, sorted by path.

    Raises
    ------
    InputError
        If one of them is no folder.
    """
    files: list[Path] = []
    for folder in folders:
        if not folder.is_dir():
            raise InputError(f"{folder}: no such folder; expected one that holds files under the portals' own names")
        inside = [
            *folder.iterdir(),
            *(path for below in folder.iterdir() if below.is_dir() for path in below.iterdir()),
        ]
        files += sorted(path for path in inside if path.is_file())
    return files


def read_columns(
    path: Path, columns: Sequence[str], optional: Sequence[str] = (), renamed: dict[str, str] | None = None
) -> pd.DataFrame:
    """Columns of a portal's table as text, empty where missing; of CSV, tab-separated text or the first Excel sheet.

    Parameters
    ----------
    columns, optional : must be there; are left out where they are not.
    renamed : what other releases call a column -> its name here.

    Raises
    ------
    InputError
        If it cannot be read or lacks a column.
    """
    named = renamed or {}
    with boundary(path, "a table of the portal", "download the file again"):
        header = _header(path)
        known = [named.get(name, name) for name in header]
        wanted = [place for place, name in enumerate(known) if name in {*columns, *optional}]
        for column in columns:
            if column not in known:
                hint = did_you_mean(column, header)
                raise InputError(f"{path}: no column {column}; found {', '.join(header[:8])}{hint}")
        frame = _body(path, wanted)
    names = [known[place] for place in wanted]
    frame = frame.set_axis(names, axis=1).loc[:, ~pd.Index(names).duplicated()]
    return pd.DataFrame({name: frame[name].fillna("").astype(str).str.strip() for name in frame.columns})


def numbers(path: Path, column: str, texts: pd.Series) -> pd.Series:
    """The cells of a column as float64, NaN where empty or `NA`.

    Raises
    ------
    InputError
        If a cell is neither.
    """
    values = pd.to_numeric(texts, errors="coerce").astype(float)
    bad = values.isna() & ~texts.str.upper().isin(["", "NA", "NAN"])
    if bad.any():
        row = int(bad.to_numpy().argmax())
        raise InputError(f"{path}, row {row + 2}, {column}: found '{texts.iloc[row]}', expected a number")
    return values


def _header(path: Path) -> list[str]:
    if path.suffix.lower() in ENDINGS:
        return [str(name).strip() for name in pd.read_excel(path, nrows=0).columns]
    return [str(name).strip() for name in pd.read_csv(path, sep=_separator(path), nrows=0, dtype=str).columns]


def _body(path: Path, wanted: list[int]) -> pd.DataFrame:
    if path.suffix.lower() in ENDINGS:
        return pd.read_excel(path, usecols=wanted, dtype=str, keep_default_na=False)
    return pd.read_csv(path, sep=_separator(path), usecols=wanted, dtype=str, keep_default_na=False)


def _separator(path: Path) -> str:
    return "\t" if re.search(r"\.(txt|tsv)(\.gz)?$", path.name, re.IGNORECASE) else ","
