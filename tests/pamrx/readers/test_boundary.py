"""The boundary of a reader: whatever goes wrong leaves it as one line."""

from __future__ import annotations

import pytest
from pamrx.errors import InputError, UsageError
from pamrx.readers.boundary import boundary


@pytest.mark.parametrize("error", [KeyError("x"), OverflowError("int too big"), RecursionError(), ValueError("a\nb")])
def test_an_error_that_nobody_foresaw_becomes_one_line(error: Exception) -> None:
    with pytest.raises(InputError) as caught, boundary("e.h5ad", "an AnnData file"):
        raise error
    message = str(caught.value)
    assert message.startswith(f"e.h5ad: cannot be read ({type(error).__name__}")
    assert message.endswith("expected an AnnData file; get the file anew, or write it again")
    assert "\n" not in message


def test_a_long_cause_is_cut() -> None:
    with pytest.raises(InputError) as caught, boundary("e.h5ad", "an AnnData file"):
        raise ValueError("9" * 5_000)
    assert len(str(caught.value)) < 400


def test_an_error_meant_for_the_user_passes_as_it_is() -> None:
    with pytest.raises(UsageError, match=r"^say which$"), boundary("e.h5ad", "an AnnData file"):
        raise UsageError("say which")


def test_too_little_memory_is_told_as_such() -> None:
    with pytest.raises(InputError, match="too large for the memory"), boundary("e.tsv", "a matrix"):
        raise MemoryError
