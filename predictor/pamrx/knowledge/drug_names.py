"""How names of drugs are compared."""

from __future__ import annotations


def name_key(name: str) -> str:
    """The letters and digits of a name in lower case: `GDC-0941` and `gdc 0941` are one."""
    return "".join(character for character in str(name).lower() if character.isalnum())
