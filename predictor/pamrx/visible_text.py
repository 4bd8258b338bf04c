"""Text from files as a terminal may show it: what would steer the terminal, or hide in it, is written out."""

from __future__ import annotations

import unicodedata


def visible(text: str, keep: str = "") -> str:
    r"""The text with each character that does not print as its escape: `\x1b`, `\n`, `\u202e`.

    These are control characters (C0, DEL, C1), characters of no width, those that turn the direction of writing, line
    separators, halves of surrogate pairs, and code points that Unicode does not assign. Spaces of any width stay.

    Parameters
    ----------
    keep : characters that stay as they are, such as the line breaks of a text of several lines.

    Examples
    --------
    >>> visible("S1\x1b[31m")
    'S1\\x1b[31m'
    """
    if text.isprintable():
        return text
    return "".join(one if _shown(one) or one in keep else _escaped(one) for one in text)


def _shown(character: str) -> bool:
    return character.isprintable() or unicodedata.category(character) == "Zs"


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")
