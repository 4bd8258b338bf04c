"""Who is on which side: donors stay together, and a fold file is read as a person writes it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pamrx.errors import PamrxError
from pamrx_training.fitting.cohort import Cohort, build_cohort
from pamrx_training.fitting.splits import leave_cell_line_out, read_folds, sides


@pytest.fixture(scope="module")
def cohort(made_up_gdsc: Any) -> Any:
    gdsc = made_up_gdsc(30, 3)
    lines = gdsc.cell_lines.copy()
    lines.loc["L004", "aliases"] = "Other-Name|Third"
    return build_cohort(replace(gdsc, cell_lines=lines))


def write(path: Path, text: str) -> Any:
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.medium
@given(st.lists(st.integers(0, 15), min_size=30, max_size=30), st.integers(0, 50), st.integers(2, 6))
@settings(max_examples=40, deadline=None)
def test_a_donor_is_on_one_side_and_every_line_in_one_fold(cohort: Any, donors: Any, seed: Any, n_folds: Any) -> None:
    altered = Cohort(cohort.profiles, cohort.responses, cohort.cell_lines.assign(donor=[f"D{d}" for d in donors]))
    if len(set(donors)) < n_folds:
        with pytest.raises(PamrxError, match="donors cannot fill"):
            leave_cell_line_out(altered, n_folds, seed)
        return
    folds = leave_cell_line_out(altered, n_folds, seed)
    assert folds.index.tolist() == cohort.lines
    assert set(folds) == set(range(n_folds))
    assert (folds.groupby(altered.donors).nunique() == 1).all()
    assert folds.equals(leave_cell_line_out(altered, n_folds, seed))
    for fold in range(n_folds):
        train, test = sides(altered, folds, fold)
        assert sorted([*train, *test]) == cohort.lines
        assert not set(altered.cell_lines.loc[train, "donor"]) & set(altered.cell_lines.loc[test, "donor"])


def test_another_seed_gives_other_folds_of_like_size(cohort: Any) -> None:
    one, two = (leave_cell_line_out(cohort, 5, seed) for seed in (0, 1))
    assert not one.equals(two)
    assert one.value_counts().between(5, 7).all()


def test_a_fold_file_that_tears_a_donor_apart_trains_on_neither_part(cohort: Any, tmp_path: Path) -> None:
    rows = "\n".join(f"{line},{place % 2}" for place, line in enumerate(cohort.lines))
    folds = read_folds(write(tmp_path / "folds.csv", f"cell_line,fold\n{rows}\n"), cohort)
    assert (folds["L000"], folds["L001"]) == ("0", "1")
    train, test = sides(cohort, folds, "0")
    assert "L000" in test
    assert "L001" not in train
    assert len(train) + len(test) == len(cohort.lines) - 1


def test_lines_outside_the_folds_are_on_neither_side(cohort: Any) -> None:
    folds = pd.Series({"L002": "a", "L003": "b", "L004": "b"})
    assert sides(cohort, folds, "b") == (["L002"], ["L003", "L004"])


def test_lines_are_known_by_key_cosmic_id_name_and_alias(cohort: Any, tmp_path: Path) -> None:
    text = "cell_line,fold\nL007,a\n900002,b\nL-003,a\nl-005,b\nOther name,a\n 900006 ,b\n900008.0,b\n"
    folds = read_folds(write(tmp_path / "folds.csv", text), cohort)
    assert folds.to_dict() == {
        "L002": "b",
        "L003": "a",
        "L004": "a",
        "L005": "b",
        "L006": "b",
        "L007": "a",
        "L008": "b",
    }
    assert folds.index.tolist() == sorted(folds.index)


def test_lines_that_the_cohort_lacks_and_further_columns_are_let_go(cohort: Any, tmp_path: Path) -> None:
    text = "fold,note,cell_line\n1,x,L001\n2,y,NOSUCHLINE\n2,z,L002\n"
    assert read_folds(write(tmp_path / "folds.csv", text), cohort).to_dict() == {"L001": "1", "L002": "2"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "not a CSV table"),
        ('cell_line,fold\n"L001,1\n', "not a CSV table"),
        ("line,fold\nL001,1\n", "no column 'cell_line'; found line, fold"),
        ("cell_line,folds\nL001,1\n", "no column 'fold'; found cell_line, folds; did you mean folds"),
        ("cell_line;fold\nL001;1\n", "no column 'cell_line'"),
        ("cell_line,fold\nNOPE,1\nNEITHER,2\n", "none of the 2 lines is known, e.g. 'NOPE'"),
        ("cell_line,fold\n", "none of the 0 lines is known"),
        ("cell_line,fold\nL001,1\nL002,\n", "row 3: no fold for L002"),
        ("cell_line,fold\nL001,1\nL002,2\nL001,1\n", "L001 is listed more than once"),
        ("cell_line,fold\nL001,1\nL002,2\n900001,2\n", "L001 is listed more than once"),
        ("cell_line,fold\nL001,1\nL002,1\n", "only one fold, '1'"),
    ],
)
def test_each_mistake_in_a_fold_file_is_one_clear_line(cohort: Any, tmp_path: Path, text: Any, said: Any) -> None:
    with pytest.raises(PamrxError) as caught:
        read_folds(write(tmp_path / "folds.csv", text), cohort)
    message = str(caught.value)
    assert said in message
    assert message.startswith(str(tmp_path / "folds.csv"))
    assert "\n" not in message


def test_no_such_file_and_a_file_that_is_no_text_are_told(cohort: Any, tmp_path: Path) -> None:
    with pytest.raises(PamrxError, match="no such file"):
        read_folds(tmp_path / "absent.csv", cohort)
    with pytest.raises(PamrxError, match="no such file"):
        read_folds(tmp_path, cohort)
    (tmp_path / "binary.csv").write_bytes(b"\xff\xfe\x00\x81cell_line")
    with pytest.raises(PamrxError, match="not a CSV table"):
        read_folds(tmp_path / "binary.csv", cohort)
