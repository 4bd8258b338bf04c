"""Through which doors a case comes in: the command line, or what the server hands on, both in this process."""

from __future__ import annotations

import io
import sys
import tempfile
from collections.abc import Collection, Iterator
from contextlib import chdir, contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from random import Random
from typing import Any

import pytest
from pamrx.bundle import bundle as bundles
from pamrx.cli import main as command_line

from tests.fuzz.case import Case
from tests.fuzz.kinds import KINDS

_MADE: dict[str, Any] = {}
"""What every case uses, made once: the released bundle, the commands, and the server's model."""

_DONE: set[str] = set()


def prepare(kinds: Collection[str]) -> None:
    """Make what cases of some kinds use, and do one good case of each, so that no worker imports and loads anew."""
    import typer.main

    if "bundle" not in _MADE:
        _MADE.update(bundle=bundles.load_bundle(), commands=typer.main.get_command(command_line.app))
    if "request" in kinds and "model" not in _MADE:
        from pamrx_training.serving.model import PamrxModel

        _MADE["model"] = PamrxModel(_MADE["bundle"])
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
    from pamrx_training.serving.limits import Limits
    from pamrx_training.serving.request import Refusal
    from pamrx_training.serving.server import answer

    try:
        answer(_MADE["model"], Limits(), body)
    except Refusal as refused:
        print(f"pamrx: error: {refused}", file=sys.stderr)
        return 2 if refused.status < 500 else refused.status
    return 0
