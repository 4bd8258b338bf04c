"""The kinds of error: what a caller can catch; each is one line, and survives the way between processes."""

from __future__ import annotations

import pickle
from typing import Any

import joblib
import pytest
from pamrx.errors import BundleError, InputError, PamrxError, StoreError, UsageError

KINDS = [(PamrxError, Exception), (InputError, ValueError), (BundleError, ValueError), (StoreError, OSError),
         (UsageError, ValueError)]  # fmt: skip


def fail(kind: type[PamrxError]) -> None:
    raise kind("a.maf:\n line 3:  found x")


@pytest.mark.parametrize(("kind", "builtin"), KINDS)
def test_each_kind_is_one_line_and_its_builtin(kind: Any, builtin: Any) -> None:
    error = kind("a.maf:\n line 3:  found x")
    assert isinstance(error, PamrxError)
    assert isinstance(error, builtin)
    assert str(error) == "a.maf: line 3: found x"
    assert kind(str(error)).args == error.args


def test_the_kinds_exclude_one_another() -> None:
    for kind, _ in KINDS[1:]:
        assert [other for other, _ in KINDS[1:] if issubclass(kind, other)] == [kind]


@pytest.mark.medium
@pytest.mark.parametrize(("kind", "builtin"), KINDS)
def test_each_kind_survives_serialisation(kind: Any, builtin: Any) -> None:
    from distributed.protocol.pickle import dumps, loads

    error = kind("a.maf: line 3: found x")
    for back in (pickle.loads(pickle.dumps(error)), loads(dumps(error))):
        assert type(back) is kind
        assert str(back) == str(error)
        assert back.args == error.args


@pytest.mark.medium
def test_each_kind_comes_back_from_another_process() -> None:
    with joblib.Parallel(n_jobs=2) as workers:
        for kind, _ in KINDS:
            with pytest.raises(kind) as caught:
                workers(joblib.delayed(fail)(kind) for _ in range(2))
            assert type(caught.value) is kind
            assert str(caught.value) == "a.maf: line 3: found x"


def test_a_message_repeats_nothing_that_steers_a_terminal() -> None:
    assert str(InputError("unknown drug '\x1b]0;title\x07'")) == "unknown drug '\\x1b]0;title\\x07'"
