"""Through which doors a case comes in: the command line, or the server's application, both in this process."""

from __future__ import annotations

import asyncio
import io
import json
import sys
import tempfile
from collections.abc import Callable, Collection, Iterator, MutableMapping
from contextlib import chdir, contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from random import Random
from typing import Any

import pytest
from pamrx.bundle import bundle as bundles
from pamrx.cli import main as command_line

from tests.fuzz.case import Case
from tests.fuzz.kinds import KINDS

_LARGEST = 64_000_000
_MADE: dict[str, Any] = {}
"""What every case uses, made once: the released bundle, the commands, and the server's application."""

_DONE: set[str] = set()


def prepare(kinds: Collection[str]) -> None:
    """Make what cases of some kinds use, and do one good case of each, so that no worker imports and loads anew."""
    import typer.main

    if "bundle" not in _MADE:
        _MADE.update(bundle=bundles.load_bundle(), commands=typer.main.get_command(command_line.app))
    if "request" in kinds and "server" not in _MADE:
        from pamrx_training.serving.server import served_app

        _MADE["server"] = served_app(_MADE["bundle"], _LARGEST)
    with loaded_once():
        for kind in kinds:
            if kind not in _DONE:
                _DONE.add(kind)
                done_well(kind, 0)


def done_well(kind: str, seed: int) -> tuple[int, str]:
    """The exit code and the output of a case that is not spoilt, here."""
    said = io.StringIO()
    with tempfile.TemporaryDirectory(prefix="pamrx-fuzz-") as folder:
        case = KINDS[kind].valid(Random(f"{kind} {seed}"), Path(folder))
        with chdir(folder), redirect_stdout(said), redirect_stderr(said):
            code = enter(case)
    return code, said.getvalue()


@contextmanager
def loaded_once() -> Iterator[None]:
    """The released bundle and the commands as they were made; a bundle that is named is loaded as ever."""
    real = bundles.load_bundle

    def load(folder: Any = None) -> bundles.Bundle:
        return _MADE["bundle"] if folder is None else real(folder)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(command_line, "app", _MADE["commands"])
        for name, module in list(sys.modules.items()):
            if name.startswith("pamrx") and getattr(module, "load_bundle", None) is real:
                patch.setattr(module, "load_bundle", load)
        yield


def enter(case: Case) -> int:
    """Do what is asked; gives the exit code.

    Raises
    ------
    BaseException
        Whatever leaves pamrx.
    """
    if case.request is not None:
        return _posted(case.request)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["pamrx", *case.arguments])
        patch.setenv("COLUMNS", "200")
        try:
            command_line.main()
        except SystemExit as end:
            return end.code if isinstance(end.code, int) else int(end.code is not None)
    return 0


def _posted(body: bytes) -> int:
    """0 for an answer, 2 for a refusal in one line, as the command line has it; else the HTTP status."""
    told: list[MutableMapping[str, Any]] = []
    given = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> MutableMapping[str, Any]:
        return given.pop() if given else {"type": "http.disconnect"}

    async def send(message: MutableMapping[str, Any]) -> None:
        told.append(message)

    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    scope: dict[str, Any] = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "POST", "scheme": "http",
        "path": "/invocations", "raw_path": b"/invocations", "query_string": b"", "root_path": "", "headers": headers,
        "client": ("127.0.0.1", 50000), "server": ("127.0.0.1", 5001),
    }  # fmt: skip
    application: Callable[..., Any] = _MADE["server"]
    asyncio.run(application(scope, receive, send))
    status = int(told[0]["status"])
    answer = json.loads(b"".join(message.get("body", b"") for message in told))
    if status < 400:
        return 0
    print(f"pamrx: error: {answer['message']}", file=sys.stderr)
    return 2 if status < 500 else status
