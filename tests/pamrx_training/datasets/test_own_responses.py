"""A user's own responses: forms of the table, what is refused, and that the advice given works."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pamrx.errors import InputError, UsageError
from pamrx_training.datasets.own_responses import read_responses


def written(folder: Path, text: str, name: str = "responses.csv") -> Path:
    path = folder / name
    path.write_text(text)
    return path


TIDY = "sample_id,drug,value\nT1,Alpelisib,1.5\nT1,Capivasertib,-2\nT2,BYL719,NA\nT2,Capivasertib,0.25\n"
WIDE = "sample_id,Alpelisib,Capivasertib\nT1,1.5,-2\nT2,,0.25\n"
TURNED = "drug,T1,T2\nBYL719,1.5,\nCapivasertib,-2,0.25\n"


@pytest.mark.parametrize("text", [TIDY, WIDE, TURNED, TIDY.replace(",", "\t"), TIDY.replace("value", "ln_ic50")])
def test_rows_and_matrices_either_way_are_one_table(tmp_path: Path, text: str) -> None:
    found = read_responses(written(tmp_path, text, "r.tsv" if "\t" in text else "r.csv"))
    table = found.values.sort_index()[["Alpelisib", "Capivasertib"]]
    assert table.index.tolist() == ["T1", "T2"]
    assert table.to_numpy()[0].tolist() == [1.5, -2.0]
    assert np.isnan(table.at["T2", "Alpelisib"])
    assert table.at["T2", "Capivasertib"] == 0.25
    assert found.is_ln_ic50
    assert "3 responses of 2 samples to 2 drugs" in " ".join(found.notes)


def test_repeats_are_averaged_and_unknown_drugs_left_out_and_said(tmp_path: Path) -> None:
    found = read_responses(written(tmp_path, TIDY + "T1,alpelisib,2.5\nT1,Aspirin,1\n"))
    assert found.values.at["T1", "Alpelisib"] == 2.0
    assert any("1 repeated measurements" in note for note in found.notes)
    assert any("1 drugs that pamrx does not know, left out: Aspirin" in note for note in found.notes)


def test_a_score_that_is_higher_for_the_sensitive_is_turned(tmp_path: Path) -> None:
    path = written(tmp_path, TIDY)
    higher, lower = read_responses(path, "higher"), read_responses(path, "lower")
    pd.testing.assert_frame_equal(higher.values, -lower.values)
    assert not higher.is_ln_ic50
    assert not lower.is_ln_ic50


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("name,x\nT1,1\n", "no column sample_id or drug; found name, x"),
        ("sample_id,drug,ic\nT1,Alpelisib,1\n", "no column value; found ic; rename that of the response to value"),
        (TIDY.replace("-2", ">10"), "row 2, column value: found '>10'; expected a number: write the limit itself"),
        (TIDY.replace("-2", "high"), "found 'high'; expected a number: leave the cell empty"),
        (WIDE.replace("-2", '"-2,5"'), "row 1, column Capivasertib: found '-2,5'; .* write a point before decimals"),
        (TIDY.replace("-2", "5000"), "found values up to 5000; expected ln IC50"),
        ("sample_id,drug,value\nT1,Aspirin,1\n", "no drug that pamrx knows; found Aspirin; `pamrx drugs` lists"),
        ("sample_id,drug,value\nT1,Alpelisib,\n", "no value; expected a number for each sample"),
    ],
)
def test_what_cannot_be_used_is_told_in_one_line(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(InputError, match=told) as caught:
        read_responses(written(tmp_path, text))
    assert "\n" not in str(caught.value)


def test_advice_on_headers_and_cells_works(tmp_path: Path) -> None:
    for wrong, mended in (
        (TIDY.replace("sample_id", "name").replace("drug", "x"), TIDY),
        (TIDY.replace("value", "response"), TIDY),
        (TIDY.replace("-2", ">10"), TIDY.replace("-2", "10")),
        (TIDY.replace("-2", "high"), TIDY.replace("-2", "")),
        (WIDE.replace("-2", '"-2,5"'), WIDE.replace("-2", "-2.5")),
    ):
        with pytest.raises(InputError):
            read_responses(written(tmp_path, wrong))
        assert len(read_responses(written(tmp_path, mended)).values)


def test_advice_viability_is_read_with_its_direction_or_its_name(tmp_path: Path) -> None:
    rows = "".join(f"T{k},Alpelisib,{k / 30:.3f}\n" for k in range(25))
    path = written(tmp_path, "sample_id,drug,value\n" + rows)
    with pytest.raises(InputError, match=r"as shares of viability have; .* --direction lower or --direction higher"):
        read_responses(path)
    assert not read_responses(path, "lower").is_ln_ic50
    assert read_responses(written(tmp_path, "sample_id,drug,ln_ic50\n" + rows)).is_ln_ic50


def test_advice_concentrations_are_converted_or_read_as_a_score(tmp_path: Path) -> None:
    text = TIDY.replace("-2", "5000")
    with pytest.raises(InputError, match="convert them, or"):
        read_responses(written(tmp_path, text))
    assert not read_responses(written(tmp_path, text), "lower").is_ln_ic50
    assert read_responses(written(tmp_path, text.replace("5000", f"{np.log(5.0):.3f}"))).is_ln_ic50


def test_an_unknown_direction_is_told(tmp_path: Any) -> None:
    with pytest.raises(UsageError, match="--direction: unknown word 'lowr'; expected lower or higher; did you mean"):
        read_responses(written(tmp_path, TIDY), "lowr")
