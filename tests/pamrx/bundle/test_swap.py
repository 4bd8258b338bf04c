"""A folder takes the place of another: killed at any step, one of them is there, whole."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from pamrx.bundle.swap import backup_of, draft_of, recover, standing


def write(target: Path, content: str) -> None:
    with draft_of(target) as draft:
        for name in ("a", "b"):
            (draft / name).write_text(content)


def content_of(folder: Path) -> set[str]:
    return {(folder / name).read_text() for name in ("a", "b")}


def killed_at(step: int, work: Callable[[], None]) -> bool:
    """Do the work in a child that kills itself before its rename or removal number `step`; whether it came so far."""
    child = os.fork()
    if not child:
        done = [0]

        def counted(real: Callable[..., object]) -> Callable[..., object]:
            def call(*args: object, **named: object) -> object:
                if done[0] == step:
                    os.kill(os.getpid(), signal.SIGKILL)
                done[0] += 1
                return real(*args, **named)

            return call

        Path.rename = counted(Path.rename)
        shutil.rmtree = counted(shutil.rmtree)
        work()
        os._exit(0)
    return os.WIFSIGNALED(os.waitpid(child, 0)[1])


def test_a_draft_takes_the_place_of_an_older_folder_and_nothing_else_is_left(tmp_path: Path) -> None:
    for content in ("one", "two"):
        write(tmp_path / "x", content)
        assert content_of(tmp_path / "x") == {content}
    assert os.listdir(tmp_path) == ["x"]


def test_an_error_leaves_the_older_folder(tmp_path: Path) -> None:
    write(tmp_path / "x", "one")
    with pytest.raises(OSError, match="full"), draft_of(tmp_path / "x"):
        raise OSError("full")
    assert content_of(tmp_path / "x") == {"one"}
    assert os.listdir(tmp_path) == ["x"]


@pytest.mark.medium
def test_killed_at_any_step_a_whole_folder_can_be_read_and_the_next_writer_mends_it(tmp_path: Path) -> None:
    for step in range(20):
        target = tmp_path / str(step) / "x"
        write(target, "one")
        if not killed_at(step, lambda target=target: write(target, "two")):
            break
        assert content_of(standing(target)) in ({"one"}, {"two"})
        write(target, "three")
        assert content_of(target) == {"three"}
        assert os.listdir(target.parent) == ["x"]
    assert 3 < step < 19


def test_killed_while_the_draft_is_written_nothing_has_the_name(tmp_path: Path) -> None:
    target = tmp_path / "x"

    def work() -> None:
        with draft_of(target) as draft:
            (draft / "a").write_text("half")
            os.kill(os.getpid(), signal.SIGKILL)

    assert killed_at(-1, work)
    assert not target.exists()
    assert standing(target) == target
    write(target, "one")
    assert os.listdir(tmp_path) == ["x"]


def test_a_draft_that_another_writes_stays(tmp_path: Path) -> None:
    with draft_of(tmp_path / "x") as one:
        (one / "a").write_text("one")
        write(tmp_path / "x", "two")
        (one / "b").write_text("one")
    assert content_of(tmp_path / "x") == {"one"}


def test_the_backup_gets_its_name_back(tmp_path: Path) -> None:
    target = tmp_path / "x"
    write(backup_of(target), "one")
    assert standing(target) == backup_of(target)
    recover(target)
    assert content_of(target) == {"one"}
    assert not backup_of(target).exists()


def test_the_folder_that_one_stands_in_is_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert standing(Path(".")) == Path(".")
    assert standing(Path("/")) == Path("/")
