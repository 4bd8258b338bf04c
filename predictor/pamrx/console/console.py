"""Rich consoles that take nothing in a text for markup, and show control characters written out."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Any

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.text import Span, Text

from pamrx.console.streams import styled
from pamrx.visible_text import visible


class PlainConsole(Console):
    """A console for texts from files: `[bold]` and `:smile:` are text, and no control character reaches the terminal.

    Styles are given as `rich.text.Text` or as columns of a table.
    """

    def __init__(self, stderr: bool = False, **options: Any) -> None:
        stream = sys.stderr if stderr else sys.stdout
        # Without a guard the stream is looked up at each print, as rich does.
        file = styled(stream) if hasattr(stream, "styled") else None
        super().__init__(stderr=stderr, file=file, markup=False, emoji=False, highlight=False, **options)

    def render_str(self, text: str, **options: Any) -> Text:
        return super().render_str(visible(text), **options)

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        return super().render(_clean(renderable) if isinstance(renderable, Text) else renderable, options)


def _clean(text: Text) -> Text:
    """The text with its styles, control characters written out."""
    plain = text.plain
    if plain.isprintable():
        return text
    shown = [visible(one) for one in plain]
    places = [0]
    for one in shown:
        places.append(places[-1] + len(one))
    clean = text.blank_copy("".join(shown))
    clean.spans = [Span(places[span.start], places[min(span.end, len(plain))], span.style) for span in text.spans]
    return clean
