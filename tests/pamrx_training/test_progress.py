"""Progress passes everything on, and tells where it stands."""

from __future__ import annotations

import pytest
from pamrx_training.progress import track


def test_items_pass_unchanged_and_each_is_told(said: list[str]) -> None:
    assert list(track(iter("abc"), 3, "fold")) == ["a", "b", "c"]
    assert [line.partition(":")[0] for line in said] == ["fold 1 of 3", "fold 2 of 3", "fold 3 of 3"]
    assert said[-1].endswith("about 0 s left")


def test_on_a_terminal_the_bar_takes_the_place_of_lines(monkeypatch: pytest.MonkeyPatch, said: list[str]) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    assert list(track(iter("ab"), 2, "fold")) == ["a", "b"]
    assert said == []
