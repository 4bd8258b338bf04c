"""The errors that a person is meant to read, and the nearest valid name for their messages.

Each is one line. The command line prints it on stderr and exits with code 2, without a traceback.
"""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable

from pamrx.visible_text import visible


class PamrxError(Exception):
    """A mistake that the user can mend; the parent of every error that pamrx raises on purpose.

    A caller who wants to tell the kinds apart catches a child: `InputError`, `BundleError`, `StoreError` or
    `UsageError`. A good message names the file, the row or column, what was found, what was expected and the nearest
    valid name.

    Parameters
    ----------
    message : str
        The message; line breaks and repeated spaces become one space, and what would steer a terminal its escape.

    Examples
    --------
    >>> import pamrx
    >>> try:
    ...     pamrx.read_profiles(expression="no_such_file.tsv")
    ... except pamrx.PamrxError as error:
    ...     print(type(error).__name__)
    InputError
    """

    def __init__(self, message: str) -> None:
        super().__init__(visible(" ".join(str(message).split())))


class InputError(PamrxError, ValueError):
    """A user's file, table or profile cannot be used as it is.

    Examples
    --------
    >>> from pamrx import InputError
    >>> issubclass(InputError, ValueError)
    True
    """


class BundleError(PamrxError, ValueError):
    """A bundle on disk is missing, incomplete, damaged or of another format.

    Examples
    --------
    >>> import pamrx
    >>> try:
    ...     pamrx.load_bundle("no_such_folder")
    ... except pamrx.BundleError as error:
    ...     print(error)
    no_such_folder: no such folder; expected a bundle, as `pamrx train` writes it
    """


class StoreError(PamrxError, OSError):
    """An MLflow store, a cache, or an output file or folder cannot be read or written.

    `errno` and `strerror` are None: the message already says what the system said.

    Examples
    --------
    >>> from pamrx import StoreError
    >>> issubclass(StoreError, OSError)
    True
    """


class UsageError(PamrxError, ValueError):
    """Wrong options or arguments, or an unknown name of a drug, assay, sample or run.

    Examples
    --------
    >>> import pamrx
    >>> try:
    ...     pamrx.read_profiles()
    ... except pamrx.UsageError as error:
    ...     print(error)
    no input: give at least one of mutations, expression, ncrna, copy_number, samples
    """


def nearest(name: str, options: Iterable[str], cutoff: float = 0.6) -> str | None:
    """The option most like `name`, ignoring case and punctuation; None where none is as like as `cutoff` (0 to 1)."""
    by_key: dict[str, str] = {}
    for option in options:
        by_key.setdefault(_loose(option), option)
    found = difflib.get_close_matches(_loose(name), list(by_key), n=1, cutoff=cutoff)
    return by_key[found[0]] if found else None


def did_you_mean(name: str, options: Iterable[str]) -> str:
    """`'; did you mean X?'`, or an empty string where nothing comes close. To be appended to a message."""
    close = nearest(name, options)
    return f"; did you mean {close}?" if close else ""


def _loose(text: str) -> str:
    return "".join(character for character in str(text).lower() if character.isalnum())


def check_word(what: str, word: str | None, words: Collection[str]) -> None:
    """Refuse a word of an option that is none of `words`; None is no word.

    Raises
    ------
    UsageError
        For such a word.
    """
    if word is not None and word not in words:
        raise UsageError(f"{what} '{word}' found; expected one of {', '.join(words)}{did_you_mean(word, words)}")
