"""Ablation: blocks removed are really gone, differences are paired, and an interrupted run goes on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pamrx.errors import PamrxError
from pamrx.features import BLOCKS, FeatureBuilder
from pamrx.identifiers.feature_name import blocks_of
from pamrx.model import boosted
from pamrx.model.sensitivity import BLOCK_WEIGHTS
from pamrx_training.evaluation.ablation import FULL, ablate, variants
from pamrx_training.fitting import fit_cache as fits
from pamrx_training.fitting.cohort import Cohort, build_cohort
from pamrx_training.fitting.fit_cache import Fit, block_weights, fit_lines, fit_path, run_fits
from pamrx_training.fitting.run_context import RunContext, Store
from pamrx_training.fitting.splits import repeated, sides

pytestmark = pytest.mark.medium


@pytest.fixture(scope="module")
def quick() -> Iterator[Any]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(boosted, "ROUNDS", 10)
        yield


@pytest.fixture(scope="module")
def cohort(made_up_gdsc: Any) -> Cohort:
    return build_cohort(made_up_gdsc(n=120))


def test_each_block_is_removed_once_and_stands_alone_once() -> None:
    removed, both = variants("removed"), variants("both")
    assert removed[FULL] == BLOCKS
    assert len(removed) == 1 + len(BLOCKS)
    assert {frozenset(BLOCKS) - frozenset(kept) for kept in removed.values()} == {
        frozenset(), *(frozenset({block}) for block in BLOCKS)
    }  # fmt: skip
    assert both["tme alone"] == ("tme",)
    assert len(both) == 1 + 2 * len(BLOCKS)


MEASURED = [kept for kept in variants("both").values() if set(kept) - {"ncrna", "tme", "programme"}]
"""The made-up genes belong to no signature and are no lncRNA."""


@pytest.mark.parametrize("blocks", MEASURED)
def test_every_variant_predicts_every_test_line_and_uses_its_blocks_only(cohort: Any, quick: Any, blocks: Any) -> None:
    fitted = fit_lines(cohort, Fit(tuple(cohort.lines[:90]), tuple(cohort.lines[90:]), 11, blocks))
    assert set(blocks_of(fitted.model.features_)) <= set(blocks)
    predicted = fitted.predict(cohort.profiles.subset(cohort.lines[90:]))
    assert predicted.shape == (30, 3)
    assert predicted.notna().all().all()


def test_blocks_that_the_data_do_not_hold_are_named(cohort: Any) -> None:
    with pytest.raises(PamrxError, match="no feature of the block tme"):
        fit_lines(cohort, Fit(tuple(cohort.lines), (), 11, ("tme",)))


def test_all_blocks_are_the_model_as_it_is_released(cohort: Any, quick: Any) -> None:
    from pamrx.model.sensitivity import SensitivityModel

    train = cohort.lines[:90]
    builder = FeatureBuilder().fit(cohort.profiles.subset(train))
    features = builder.transform(cohort.profiles.subset(train))
    plain = SensitivityModel(seed=11).fit(features, cohort.response_matrix(train).loc[train])
    test = cohort.profiles.subset(cohort.lines[90:])
    same = fit_lines(cohort, Fit(tuple(train), (), 11)).predict(test)
    pd.testing.assert_frame_equal(plain.predict(builder.transform(test)), same, check_exact=True)


def test_sums_of_transcripts_take_the_weight_of_transcripts_that_are_not_there() -> None:
    with_them, without = block_weights(BLOCKS), block_weights([b for b in BLOCKS if b != "transcriptome"])
    gone = {"transcriptome", "tme", "programme"}
    assert sum(without[b] for b in without if b in gone) == pytest.approx(
        sum(with_them[b] for b in with_them if b in gone)
    )
    assert set(block_weights(("tme",))) == {"tme"}
    assert block_weights(BLOCKS) == BLOCK_WEIGHTS


@pytest.mark.slow
def test_the_block_that_drives_the_response_is_the_one_that_is_missed(cohort: Any, quick: Any) -> None:
    """The made-up response follows one gene and PIK3CA; tissue is drawn at random."""
    folds = repeated(cohort, 3, seed=11, repeats=2)
    found = ablate(cohort, folds, "removed", RunContext(1), draws=200)
    table = found.table
    assert table.loc[FULL, "difference"] == 0
    assert table.loc["without transcriptome", "difference_high"] < 0
    assert table["difference"].idxmin() == "without transcriptome"
    assert abs(table.loc["without tissue", "difference"]) < 0.1
    assert len(found.per_assay) == 2 * len(variants()) * 3
    mean = found.per_assay.groupby(["variant", "repeat"])["pearson"].mean().groupby("variant")
    assert np.allclose(mean.mean(), table["pearson"].loc[mean.mean().index])
    assert np.allclose(mean.std(), table["spread"].loc[mean.std().index])


def test_a_second_run_reads_what_the_first_finished(
    cohort: Any, quick: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: list[str]
) -> None:
    (seed, fold), *_ = repeated(cohort, 3, 11, 1)
    todo = {}
    for name in (0, 1):
        train, test = sides(cohort, fold, name)
        todo[str(name)] = Fit(tuple(train), tuple(test), seed, ("tissue",))
    store = Store(tmp_path, "data")
    first = dict(run_fits(cohort, {"0": todo["0"]}, RunContext(1, store)))
    monkeypatch.setattr(fits, "fit_lines", _only(todo["1"]))
    said.clear()
    again = dict(run_fits(cohort, todo, RunContext(1, store)))
    pd.testing.assert_frame_equal(first["0"], again["0"], check_exact=True)
    assert said[0].startswith("1 of 2 fits were run before")
    assert not list(tmp_path.glob(".*"))


def test_other_data_or_another_split_is_another_task(tmp_path: Path) -> None:
    one = Fit(("A",), ("B",), 11)
    store = Store(tmp_path, "data")
    assert fit_path(store, one) == fit_path(Store(tmp_path, "data"), Fit(("A",), ("B",), 11))
    others = [Fit(("A", "C"), ("B",), 11), Fit(("A",), ("B",), 12), Fit(("A",), ("B",), 11, ("tissue",))]
    others.append(Fit(("A",), ("B",), 11, assays=("GDSC1:X",)))
    assert len({fit_path(store, fit) for fit in (one, *others)} | {fit_path(Store(tmp_path, "other"), one)}) == 6
    assert fit_path(store, one, "profiles") != fit_path(store, one)
    assert fit_path(None, one) is None


def _only(allowed: Fit) -> Any:
    def fit(cohort: Cohort, asked: Fit) -> Any:
        assert asked == allowed, "a finished fit was run again"
        return fit_lines(cohort, asked)

    return fit
