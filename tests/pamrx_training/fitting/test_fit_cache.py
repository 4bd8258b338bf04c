"""The name under which a finished fit is kept."""

from __future__ import annotations

from pathlib import Path

import pytest
from pamrx.knowledge import FIRST, NEWEST
from pamrx_training.fitting.fit_cache import Fit, fit_path
from pamrx_training.fitting.run_context import Store


@pytest.mark.medium
def test_fits_by_other_knowledge_tables_are_kept_apart(tmp_path: Path) -> None:
    """A fit of another version of the knowledge tables has other features, so it is never read for this one."""
    store = Store(tmp_path, "data")
    paths = [fit_path(store, Fit(("a", "b"), ("c",), knowledge_version=version)) for version in (FIRST, NEWEST)]
    assert paths[0] != paths[1]


def test_a_fit_learns_by_the_newest_tables() -> None:
    """Whoever does not name a version trains with what is known today."""
    assert Fit(("a",), ("b",)).knowledge_version == NEWEST
