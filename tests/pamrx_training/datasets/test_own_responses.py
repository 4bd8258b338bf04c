"""A laboratory's own responses: tables of any shape, directions, and the sizes that are told beforehand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pamrx.errors import InputError, PamrxError, UsageError
from pamrx_training.datasets.own_responses import check_sizes, read_own_responses

TIDY = pd.DataFrame({"sample_id": ["A", "B", "A", "B"], "drug": ["BYL719", "BYL719", "Mine", "Mine"]})


def written(frame: pd.DataFrame, folder: Path) -> Path:
    frame.to_csv(folder / "r.csv", index=False)
    return folder / "r.csv"


@pytest.mark.parametrize(
    ("column", "values", "measure", "resistance"),
    [
        ("LN_IC50", [1.0, -1.0, 0.5, 2.0], "ln_ic50", [1.0, -1.0, 0.5, 2.0]),
        ("IC50 (uM)", [1.0, np.e, 1.0, 1.0], "ln_ic50", [0.0, 1.0, 0.0, 0.0]),
        ("ic50_nM", [1000.0, 1000.0, 1000.0, 1000.0 * np.e], "ln_ic50", [0.0, 0.0, 0.0, 1.0]),
        ("AUC", [0.2, 0.9, 0.5, 1.0], "auc", [0.2, 0.9, 0.5, 1.0]),
        ("gr_aoc", [0.2, 0.9, 0.5, 1.0], "gr_aoc", [-0.2, -0.9, -0.5, -1.0]),
    ],
)
def test_each_measure_becomes_resistance(
    tmp_path: Path, column: str, values: list[float], measure: str, resistance: list[float]
) -> None:
    found = read_own_responses(written(TIDY.assign(**{column: values}), tmp_path))
    assert found.measure == measure
    assert found.table["resistance"].tolist() == pytest.approx(resistance)
    rows = found.tidy("mine")
    assert rows["assay"].unique().tolist() == ["mine:Alpelisib", "mine:Mine"]
    assert rows.groupby("drug")["in_axis"].first().to_dict() == {"Alpelisib": True, "Mine": False}
    assert rows["ln_ic50"].tolist() == pytest.approx(resistance)


def test_a_wide_table_and_a_score_need_to_be_told_what_they_are(tmp_path: Path) -> None:
    wide = written(pd.DataFrame({"line": ["A", "B"], "BYL719": [3, 4], "Mine": ["", 5]}), tmp_path)
    with pytest.raises(UsageError, match="does not say what was measured; add --measure"):
        read_own_responses(wide)
    with pytest.raises(UsageError, match="add --direction resistant or --direction sensitive"):
        read_own_responses(wide, "score")
    found = read_own_responses(wide, "score", "sensitive")
    assert found.table.values.tolist() == [
        ["A", "BYL719", 3.0, -3.0],
        ["B", "BYL719", 4.0, -4.0],
        ["B", "Mine", 5.0, -5.0],
    ]
    assert "higher is more sensitive" in found.notes[-1]
    with pytest.raises(UsageError, match="has a direction of its own, leave it out"):
        read_own_responses(wide, "ln_ic50", "resistant")
    assert read_own_responses(wide, "ln_ic50").table["resistance"].tolist() == [3.0, 4.0, 5.0]


def test_the_table_of_screen_fit_is_read_by_its_ln_ic50(tmp_path: Path) -> None:
    fitted = TIDY.assign(ln_ic50=[1, 2, 3, 4], auc=0.5, gr_aoc=0.1)
    found = read_own_responses(written(fitted, tmp_path))
    assert found.measure == "ln_ic50"
    assert "auc, gr_aoc stand beside it (--measure takes another)" in found.notes[0]
    assert read_own_responses(written(fitted, tmp_path), "auc").table["resistance"].tolist() == [0.5] * 4
    with pytest.raises(UsageError, match="holds auc, gr_aoc; say which with --measure auc"):
        read_own_responses(written(fitted.drop(columns="ln_ic50"), tmp_path))


def test_advice_on_the_measure_works_when_it_is_followed(tmp_path: Path) -> None:
    path = written(TIDY.assign(ic50_um=1.0, ic50_nM=1000.0, auc=0.5), tmp_path)
    with pytest.raises(UsageError, match="holds ic50_um, auc; say which with --measure ln_ic50"):
        read_own_responses(path)
    assert read_own_responses(path, "ln_ic50").table["value"].tolist() == [0.0] * 4
    path = written(TIDY.assign(auc=12.5), tmp_path)
    with pytest.raises(InputError, match="for any other area --measure score"):
        read_own_responses(path)
    assert read_own_responses(path, "score", "resistant").table["resistance"].tolist() == [12.5] * 4


def test_repeats_are_averaged_and_gaps_left_out(tmp_path: Path) -> None:
    frame = pd.concat([TIDY.assign(auc=[0.2, 0.4, "NA", 0.6]), TIDY.head(1).assign(auc=0.4)])
    found = read_own_responses(written(frame, tmp_path))
    assert found.table["value"].tolist() == pytest.approx([0.3, 0.4, 0.6])
    assert "1 responses repeat a sample and drug: averaged" in found.notes[0]


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (TIDY.drop(columns="sample_id").assign(auc=0.5), "no column for the sample; found drug, auc"),
        (TIDY.assign(x=1), "no column for a response; found sample_id, drug, x"),
        (TIDY.assign(auc="low"), "A, BYL719: found 'low', expected a number"),
        (
            TIDY.assign(auc=12.5),
            "A, BYL719: found 12.5, expected an AUC of 0 to 1 (for any other area --measure score)",
        ),
        (TIDY.assign(ic50_um=0), "A, BYL719: found 0, expected an IC50 above 0"),
        (TIDY.assign(auc=""), "no response; found 4 rows without a number"),
    ],
)
def test_what_is_wrong_is_one_line(tmp_path: Path, frame: pd.DataFrame, message: str) -> None:
    with pytest.raises(PamrxError) as caught:
        read_own_responses(written(frame, tmp_path))
    assert message in str(caught.value)


def many(samples: int, folder: Path) -> Path:
    rows = [
        (f"S{place}", drug, 0.5) for place in range(samples) for drug in ("BYL719", "rare")[: 2 if place < 9 else 1]
    ]
    return written(pd.DataFrame(rows, columns=["sample_id", "drug", "auc"]), folder)


def test_sizes_are_told_beforehand(tmp_path: Path) -> None:
    read = read_own_responses(many(33, tmp_path))
    kept, told = check_sizes(read, [f"S{place}" for place in range(30)])
    assert kept.table["drug"].unique().tolist() == ["BYL719"]
    assert kept.table["sample_id"].nunique() == 30
    assert told[0] == "3 samples with a response and without a profile take no part"
    assert "1 drugs with fewer than 15 responses left out: rare" in told[1]
    assert "30 samples are few" in told[3]
    assert "±0.38" in told[3]
    with pytest.raises(InputError, match="19 samples have a response and a profile, expected at least 20"):
        check_sizes(read, [f"S{place}" for place in range(19)])
    wide = many(250, tmp_path)
    assert len(check_sizes(read_own_responses(wide), [f"S{place}" for place in range(250)])[1]) == 2
