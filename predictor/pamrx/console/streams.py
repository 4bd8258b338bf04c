"""Standard output and error while a command runs: a reader that has left, a full disk and ASCII end nothing.

The work of a command is worth more than its lines: where they can no longer be written, the rest of them is dropped,
the files that were asked for are still made, and `GuardedStream.failure` says what happened.
"""

from __future__ import annotations

import codecs
import io
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import IO, Any

from pamrx.visible_text import visible

_PLAIN = {
    "·": "-", "–": "-", "—": "-", "−": "-", "…": "...", "µ": "u", "μ": "u", "×": "x", "←": "<-", "→": "->", "≥": ">=",
    "≤": "<=", "’": "'", "‘": "'", "“": '"', "”": '"', "±": "+-", "ρ": "rho",
}  # fmt: skip
"""Characters of pamrx's own lines, for a terminal that has none of them."""


class GuardedStream:
    """A text stream that shows control characters written out, and keeps an error of writing to itself.

    Attributes
    ----------
    failure : the first error of writing; None where all was written.
    styled : the same stream for a console that cleans text itself: its colours and cursor movements pass.
    """

    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream
        self.failure: OSError | None = None
        self.styled = _Styled(self)

    def write(self, text: str) -> int:
        self._attempt(self._stream.write, visible(text, keep="\n"))
        return len(text)

    def write_styled(self, text: str) -> int:
        self._attempt(self._stream.write, text)
        return len(text)

    def writelines(self, lines: list[str]) -> None:
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        self._attempt(self._stream.flush)

    @property
    def reader_left(self) -> bool:
        """Whether the reader of a pipe has gone, as in `pamrx drugs | head -1`."""
        return isinstance(self.failure, BrokenPipeError)

    def _attempt(self, write: Callable[..., object], *text: str) -> None:
        if self.failure is not None:
            return
        try:
            write(*text)
        except OSError as error:
            self.failure = error
            _discard(self._stream)

    def __getattr__(self, name: str) -> Any:
        if name == "buffer":  # bytes would pass by what this class is for
            raise AttributeError(name)
        return getattr(self._stream, name)


class _Styled:
    def __init__(self, guarded: GuardedStream) -> None:
        self._guarded = guarded

    def write(self, text: str) -> int:
        return self._guarded.write_styled(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._guarded, name)


@contextmanager
def guarded_streams() -> Iterator[tuple[GuardedStream, GuardedStream]]:
    """Put guards in the place of `sys.stdout` and `sys.stderr`; both are flushed at the end."""
    before = sys.stdout, sys.stderr
    # A stream that the caller closed (`>&-`) is None.
    out, err = (GuardedStream(stream if stream is not None else io.StringIO()) for stream in before)
    with _replacing_what_cannot_be_encoded(*before):
        sys.stdout, sys.stderr = out, err
        try:
            yield out, err
        finally:
            out.flush()
            err.flush()
            sys.stdout, sys.stderr = before


def styled(stream: IO[str]) -> IO[str]:
    """The stream for a console that cleans text itself, where `stream` is guarded; else `stream`."""
    return getattr(stream, "styled", stream)


@contextmanager
def _replacing_what_cannot_be_encoded(*streams: IO[str] | None) -> Iterator[None]:
    codecs.register_error("pamrx.plain", _plain)
    changed = [(stream, stream.errors) for stream in streams if isinstance(stream, io.TextIOWrapper)]
    for stream, _ in changed:
        stream.reconfigure(errors="pamrx.plain")
    try:
        yield
    finally:
        for stream, errors in changed:
            with suppress(OSError):  # it is flushed first
                stream.reconfigure(errors=errors)


def _plain(error: UnicodeError) -> tuple[str, int]:
    """What stands for characters that the encoding of a stream lacks."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lacking = error.object[error.start : error.end]
    text = "".join(_PLAIN.get(one, one.encode("ascii", "backslashreplace").decode("ascii")) for one in lacking)
    return text, error.end


def _discard(stream: IO[str]) -> None:
    """Let what is still in the stream's buffer go nowhere: at its end Python would write it, and complain."""
    with suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
