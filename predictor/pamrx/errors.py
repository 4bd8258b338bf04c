"""The one error that a person is meant to read."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class PamrxError(Exception):
    """A mistake that the user can mend, told in one line.

    The command line prints the message on stderr and leaves with exit code 2; no traceback is shown. A good
    message names the file, the row or column, what was found, what was expected and the nearest valid name.
    """

    def __init__(self, message: str) -> None:
        super().__init__(" ".join(str(message).split()))


def nearest(name: str, options: Iterable[str]) -> str | None:
    """The option most like `name`, ignoring case and punctuation; None where nothing comes close."""
    by_key: dict[str, str] = {}
    for option in options:
        by_key.setdefault(_loose(option), option)
    found = difflib.get_close_matches(_loose(name), list(by_key), n=1, cutoff=0.6)
    return by_key[found[0]] if found else None


def did_you_mean(name: str, options: Iterable[str]) -> str:
    """`'; did you mean X?'`, or an empty string where nothing comes close. To be appended to a message."""
    close = nearest(name, options)
    return f"; did you mean {close}?" if close else ""


def _loose(text: str) -> str:
    return "".join(character for character in str(text).lower() if character.isalnum())
