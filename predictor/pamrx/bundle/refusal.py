"""What a file from a stranger shows of whatever is wrong with it: one line, with what a person can do."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from pamrx.errors import BundleError, InputError, PamrxError

log = logging.getLogger(__name__)

REMEDY = "get the bundle anew, or train it again"
_LONGEST_CAUSE = 200


@dataclass(frozen=True)
class Origin:
    """A kind of file: which command writes it, what to do about a bad one, and the error that says so."""

    writer: str
    remedy: str
    error: type[PamrxError]


TRAINED = Origin("pamrx train", REMEDY, BundleError)
CALIBRATED = Origin("pamrx calibrate", "write it anew with `pamrx calibrate`", InputError)


def refusal(file: object, found: str, expected: str, origin: Origin = TRAINED) -> PamrxError:
    """The error for a file of a bundle, or for the folder, that holds `found`; of another `origin`, its error."""
    return origin.error(f"{file}: {found}; expected {expected}; {origin.remedy}")


@contextmanager
def boundary(file: object, expected: str, origin: Origin = TRAINED) -> Iterator[None]:
    """Turn an error that nobody foresaw into one line.

    Parameters
    ----------
    file : the file or folder that is being read; what the message begins with.
    expected : what it should have been.

    Raises
    ------
    BundleError
        For any exception but a `PamrxError`, which passes as it is; of another `origin`, its error.
    """
    try:
        yield
    except PamrxError:
        raise
    except MemoryError:
        raise refusal(file, "too large for the memory of this machine", expected, origin) from None
    except Exception as error:
        log.debug("unforeseen error while reading %s", file, exc_info=True)
        said = " ".join(str(error).split())
        shown = said if len(said) <= _LONGEST_CAUSE else f"{said[:_LONGEST_CAUSE]} ..."
        raise refusal(
            file, f"cannot be read ({type(error).__name__}{f': {shown}' if shown else ''})", expected, origin
        ) from None


def shown(value: object) -> str:
    """A value of a stranger's file in a message: short, and without characters that a terminal would obey."""
    text = ascii(value) if not isinstance(value, str) or not value.isprintable() else repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
