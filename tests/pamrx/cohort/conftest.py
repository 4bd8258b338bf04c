"""What the tests of cohorts share: examples that are quickly read, and the released bundle in every run."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from pamrx.bundle.bundle import Bundle, load_bundle
from pamrx.cohort import scoring
from pamrx.profiles import Profiles


@pytest.fixture(scope="session")
def few(examples: Profiles) -> Profiles:
    """The examples with the levels of thirty genes."""
    assert examples.expression is not None
    genes = ["PTEN", "IRS1", *(name for name in examples.expression.columns[:28] if name not in ("PTEN", "IRS1"))]
    return replace(examples, expression=examples.expression[genes])


@pytest.fixture(scope="session", autouse=True)
def loaded_once(bundle: Bundle) -> Iterator[None]:
    """A run in this process takes the released bundle as it was loaded for other tests."""

    def load(folder: Path | None = None) -> Bundle:
        return bundle if folder is None else load_bundle(folder)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scoring, "load_bundle", load)
        yield
