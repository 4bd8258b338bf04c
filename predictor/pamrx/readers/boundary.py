"""What a reader shows of whatever goes wrong inside it, and how large a part of a file may be.

Files come from strangers: damaged pages, types nobody expected, numbers of 400 digits. The libraries that read them
raise errors of many kinds, so each reader has one boundary, and an error that nobody foresaw leaves it as one line.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from pamrx.errors import InputError, PamrxError
from pamrx.identifiers.genes import MAX_LABEL as MAX_LABEL  # the bound of a name, beside those of the rest

log = logging.getLogger(__name__)

MAX_CELL = 100_000
"""Characters of any other cell. A patient's mutations in one cell of a table stay below it."""

MAX_COLUMNS = 250_000
"""Columns of a text table: each takes about a tenth of a millisecond, however few rows there are."""

MAX_LINE = 64_000_000
"""Characters of a line: a matrix of 250,000 samples has lines of a few million."""

MAX_RATIO = 200
"""Unpacked over packed size of a gzip stream, above `FREE_UNPACKED`. Count matrices of mostly 0 reach about 60."""

FREE_UNPACKED = 100_000_000
"""Unpacked bytes below which the ratio does not matter."""

MAX_LINES_PER_BYTE = 2
"""Lines in a byte of a gzip stream, above `FREE_LINES`: only equal lines pack so well, others take 3 bytes or more."""

FREE_LINES = 2_000_000
"""Lines below which that does not matter: they are read in seconds."""

_LONGEST_CAUSE = 200


@contextmanager
def boundary(file: object, expected: str, remedy: str = "get the file anew, or write it again") -> Iterator[None]:
    """Turn an error that nobody foresaw into an `InputError` of one line.

    Parameters
    ----------
    file : the file, with sheet, layer or part where one is being read; what the message begins with.
    expected : what the file should have been, as in `an AnnData file`.
    remedy : what a person can do about it.

    Raises
    ------
    InputError
        For any exception but a `PamrxError`, which passes as it is. What was raised is logged at level debug.
    """
    try:
        yield
    except PamrxError:
        raise
    except MemoryError:
        raise InputError(f"{file}: too large for the memory of this machine; expected {expected}; {remedy}") from None
    except Exception as error:
        log.debug("unforeseen error while reading", exc_info=True)
        raise InputError(f"{file}: cannot be read ({_cause(error)}); expected {expected}; {remedy}") from None


def _cause(error: Exception) -> str:
    """What an error says, cut to a line that a terminal can show."""
    said = " ".join(str(error).split())
    shown = said if len(said) <= _LONGEST_CAUSE else f"{said[:_LONGEST_CAUSE]} ..."
    return f"{type(error).__name__}: {shown}" if shown else type(error).__name__
