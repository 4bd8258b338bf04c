"""Tables on disk: read by ending, written whole or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from pamrx.errors import PamrxError, StoreError, UsageError

if TYPE_CHECKING:
    import pandas as pd

TABLE_ENDINGS = (".csv", ".parquet", ".json")


@contextmanager
def whole_file(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Give a temporary path beside `path`; rename it to `path` on success, remove it on failure.

    Raises
    ------
    StoreError
        If the folder does not exist or cannot be written.
    """
    target = Path(path)
    if target.is_dir():
        raise StoreError(f"{target}: is a folder; name a file to write")
    if not target.parent.is_dir():
        raise StoreError(f"{target}: the folder {target.parent} does not exist; make it first or name another")
    try:
        handle, name = tempfile.mkstemp(prefix=f".{target.name}.", suffix=target.suffix, dir=target.parent)
    except OSError as error:
        raise StoreError(f"{target}: cannot write there ({error.strerror})") from None
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        os.chmod(temporary, 0o644)
        os.replace(temporary, target)
    except PamrxError:
        raise  # a `StoreError` is an OSError too, with its own message
    except OSError as error:
        raise StoreError(f"{target}: could not be written ({error.strerror or error})") from None
    finally:
        temporary.unlink(missing_ok=True)


def check_ending(path: str | os.PathLike[str]) -> str:
    """The ending of an output table, checked before any work is done.

    Raises
    ------
    UsageError
        If it is not one of `TABLE_ENDINGS`.
    """
    ending = Path(path).suffix.lower()
    if ending not in TABLE_ENDINGS:
        raise UsageError(f"{path}: unknown ending '{ending}'; expected one of {', '.join(TABLE_ENDINGS)}")
    return ending


def write_table(frame: pd.DataFrame, path: str | os.PathLike[str]) -> None:
    """Write a tidy table as CSV, Parquet or JSON (a list of records), by ending; whole or not at all."""
    ending = check_ending(path)
    with whole_file(path) as temporary:
        if ending == ".csv":
            frame.to_csv(temporary, index=False)
        elif ending == ".parquet":
            frame.to_parquet(temporary, index=False)
        else:
            frame.to_json(temporary, orient="records", indent=1, double_precision=15)
