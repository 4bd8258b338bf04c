"""Control characters are written out, and nothing else is changed."""

from __future__ import annotations

import unicodedata

import pytest
from pamrx.visible_text import visible


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("S1", "S1"),
        ("TCGA Größe µM – 3\u00a0×", "TCGA Größe µM – 3\u00a0×"),
        ("\x1b]0;owned\x07", "\\x1b]0;owned\\x07"),
        ("a\rb\nc\td\x7f\x9b", "a\\rb\\nc\\td\\x7f\\x9b"),
        ("\u202egpj.exe\u2066\u200b\ufeff", "\\u202egpj.exe\\u2066\\u200b\\ufeff"),
        ("\u2028\u2029\udce9\U000e0041", "\\u2028\\u2029\\udce9\\U000e0041"),
    ],
)
def test_what_steers_a_terminal_or_hides_is_written_out(text: str, shown: str) -> None:
    assert visible(text) == shown


def test_line_breaks_of_a_text_of_several_lines_are_kept_where_asked() -> None:
    assert visible("a\n\x1bb\n", keep="\n") == "a\n\\x1bb\n"


def test_nothing_of_a_control_character_is_left() -> None:
    text = "".join(map(chr, [*range(0x3100), *range(0xD7F0, 0xE010), 0xFEFF, 0xFFF9, *range(0xE0000, 0xE0080)]))
    shown = visible(text)
    assert not {unicodedata.category(one) for one in shown} & {"Cc", "Cf", "Cs", "Zl", "Zp"}
    assert visible(shown) == shown
    shown.encode("utf-8")
