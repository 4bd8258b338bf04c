"""Offsets of a laboratory: what is found, what is left alone, and what is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from pamrx.errors import InputError
from pamrx.prediction import laboratory
from pamrx.prediction.applicability import Panel
from pamrx.prediction.laboratory import FEWEST, USUAL_SIZE, learn_offsets, size_of_shift
from pamrx.prediction.tissues import MIN_LINES, TissueReference

GENES = [f"transcriptome.G{k:03d}" for k in range(200)]
DIRECTION = np.where(np.arange(200) < 40, 1.5, 0.0)
"""In which lines of the skin differ from those of the breast."""


def lines(n: int, seed: int, **tissues: int) -> tuple[pd.DataFrame, pd.Series]:
    """Profiles of so many lines per tissue, 20 genes of each apart from it (GDSC: spread within a tissue 0.6)."""
    random = np.random.default_rng(seed)
    names = [tissue for tissue, count in tissues.items() for _ in range(count)]
    values = random.normal(0, 0.6, (n, 200)) + np.outer([name == "skin" for name in names], DIRECTION)
    index = [f"S{k}" for k in range(n)]
    return pd.DataFrame(values, index=index, columns=GENES), pd.Series(names, index=index, dtype=object)


@pytest.fixture(scope="module")
def known() -> tuple[Panel, TissueReference]:
    features, tissue = lines(90, 0, breast=45, skin=42, liver=3)
    panel = Panel.fit(features, 2)
    return panel, TissueReference.fit(features, tissue, panel, 0.7)


def learn(known: Any, features: pd.DataFrame, tissue: pd.Series) -> Any:
    return learn_offsets(features, tissue, *known, "0" * 64)


def test_the_reference_holds_tissues_of_enough_lines(known: Any) -> None:
    assert list(known[1].lines) == ["breast", "skin"]
    assert min(map(len, known[1].lines.values())) >= MIN_LINES
    between = known[1].profiles(known[0]).loc["skin"] - known[1].profiles(known[0]).loc["breast"]
    assert np.corrcoef(between, DIRECTION)[0, 1] > 0.9


@pytest.mark.parametrize("mix", [{"breast": 30}, {"skin": 30}, {"breast": 3, "skin": 27}])
def test_a_shift_is_found_whatever_the_tissues(known: Any, mix: dict[str, int]) -> None:
    moved = np.random.default_rng(5).normal(0, 0.5, 200)
    features, tissue = lines(30, 1, **mix)
    lab = learn(known, features + moved, tissue)
    found = np.array([lab.offsets[gene.partition(".")[2]] for gene in GENES])
    assert np.corrcoef(found, moved)[0, 1] > 0.9
    assert lab.size == pytest.approx(0.5, abs=0.1)
    assert dict(lab.tissues) == mix
    left = features + moved - found
    assert (left.median() - features.median()).abs().mean() < 0.2


@pytest.mark.parametrize("mix", [{"breast": 30}, {"skin": 30}])
def test_a_cohort_of_one_tissue_without_a_shift_is_left_alone(known: Any, mix: dict[str, int]) -> None:
    features, tissue = lines(30, 2, **mix)
    lab = learn(known, features, tissue)
    assert lab.size < USUAL_SIZE
    assert np.abs(list(lab.offsets.values())).mean() < 0.1


def test_offsets_are_shrunk_the_more_the_fewer_samples(known: Any) -> None:
    moved = np.random.default_rng(5).normal(0, 0.3, 200)
    slopes = []
    for n in (20, 300):
        features, tissue = lines(n, 3, breast=n)
        lab = learn(known, features + moved, tissue)
        slopes.append(np.polyfit(features.median() + moved, list(lab.offsets.values()), 1)[0])
    assert slopes[0] < slopes[1] < 1.1


def test_genes_that_most_samples_lack_get_no_offset(known: Any) -> None:
    features, tissue = lines(30, 4, breast=30)
    features.iloc[:16, 0] = np.nan
    features.iloc[:14, 1] = np.nan
    lab = learn(known, features, tissue)
    assert "G000" not in lab.offsets
    assert "G001" in lab.offsets


def test_too_few_samples_are_refused_with_what_was_wrong(known: Any) -> None:
    features, tissue = lines(24, 6, breast=24)
    features.iloc[0] = np.nan
    tissue.iloc[1:3] = None
    tissue.iloc[3:6] = "liver"
    with pytest.raises(InputError) as error:
        learn(known, features, tissue)
    said = str(error.value)
    assert said.startswith("18 of 24 samples can be compared with reference lines (1 without expression; 2 without a")
    assert "of tissues without reference lines: liver" in said
    assert f"expected {FEWEST} or more" in said
    assert "--samples" in said
    assert size_of_shift(features, tissue, *known) is None


def test_advice_to_state_the_tissues_works(known: Any) -> None:
    features, tissue = lines(24, 6, breast=24)
    with pytest.raises(InputError, match="24 without a tissue"):
        learn(known, features, tissue.mask(tissue.notna()))
    assert learn(known, features, tissue).samples == 24


def test_of_a_large_cohort_some_are_looked_at_from_all_over_it(known: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(laboratory, "MOST", 21)
    features, tissue = lines(100, 7, breast=50, skin=50)
    used = laboratory.usable(features, tissue, *known)
    assert len(used) == 21
    assert used[0] == "S0"
    assert used[-1] == "S99"
