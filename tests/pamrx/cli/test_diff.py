"""`pamrx diff`: results as they were written, bundles, and what does not go together."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from pamrx.bundle.contents import MANIFEST
from pamrx.cli.diff_files import bundle_differences, read_result, show_difference
from pamrx.errors import InputError, PamrxError, UsageError
from pamrx.tables import write_table

pytestmark = pytest.mark.medium


@pytest.fixture
def result() -> pd.DataFrame:
    rows = [(sample, drug, k + 0.25) for sample in ("001", "=T2") for k, drug in enumerate(("Alpelisib", "MK-2206"))]
    table = pd.DataFrame(rows, columns=["sample_id", "drug", "ln_ic50"])
    return table.assign(sensitivity_percentile=50.0, rank=[1, 2, 1, 2], screen="GDSC2", evidence=0.5, flag="")


@pytest.mark.parametrize("ending", ["csv", "parquet", "json"])
def test_a_result_is_read_as_it_was_written(tmp_path: Path, result: Any, ending: Any, capsys: Any) -> None:
    file, other = tmp_path / f"a.{ending}", tmp_path / "b.parquet"
    write_table(result, file)
    assert read_result(file)["sample_id"].tolist() == ["001", "001", "=T2", "=T2"]
    write_table(result, other)
    show_difference(file, other, None)
    assert "nothing changed" in capsys.readouterr().out


def test_the_folder_of_a_scoring_run_is_a_result(tmp_path: Path, result: Any) -> None:
    (tmp_path / "predictions").mkdir()
    for place in range(2):
        result.iloc[2 * place : 2 * place + 2].to_parquet(tmp_path / "predictions" / f"part-{place:06}.parquet")
    assert len(read_result(tmp_path)) == 4
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="no predictions/part-"):
        read_result(tmp_path / "empty")


def test_what_changed_is_shown_in_80_columns_and_written(tmp_path: Path, result: Any, capsys: Any) -> None:
    other = result.assign(ln_ic50=[2.0, 0.5, 0.25, 1.25], rank=[2, 1, 1, 2], evidence=[0.9, 0.9, 0.5, 0.5])
    for name, table in (("a.csv", result), ("b.csv", other)):
        write_table(table, tmp_path / name)
    show_difference(tmp_path / "a.csv", tmp_path / "b.csv", tmp_path / "d.csv")
    text = capsys.readouterr().out
    for words in ("2 of 4 predictions", "2 by evidence", "another first drug in 1 of 2 samples", "Alpelisib", "4 rows"):
        assert words in text
    assert max(map(len, text.splitlines())) <= 80
    assert pd.read_csv(tmp_path / "d.csv")["changed"].sum() == 2


def test_bundles_are_told_apart_by_what_they_were_trained_on() -> None:
    one = {"fingerprint": "a", "seed": 7, "trained_lines": ["L1", "L2"], "evaluation": {"lco_pearson": 0.48}}
    other = {"fingerprint": "b", "seed": 8, "trained_lines": ["L2", "L3", "L4"], "evaluation": {"lco_pearson": 0.5}}
    lines = bundle_differences(one, other)
    assert "seed: 7 -> 8" in lines
    assert "training lines: 2 -> 3 (2 more, 1 fewer)" in lines
    assert any("0.4800 -> 0.5000" in line for line in lines)
    assert bundle_differences(one, one) == ["the bundles are the same, file for file"]
    assert bundle_differences(one, {**one, "fingerprint": "c"}) == [
        "the bundles were trained alike; their files differ"
    ]


def test_a_bundle_and_a_table_are_not_compared(tmp_path: Path, result: Any) -> None:
    write_table(result, tmp_path / "a.csv")
    (tmp_path / "bundle").mkdir()
    (tmp_path / "bundle" / MANIFEST).touch()
    with pytest.raises(UsageError, match=r"bundle is a bundle and .*a.csv is not; expected two bundles"):
        show_difference(tmp_path / "a.csv", tmp_path / "bundle", None)


@pytest.mark.parametrize(
    ("name", "content"), [("a.csv", b"\xff\xfe\x00"), ("a.json", b"{"), ("a.parquet", b"PAR1"), ("a.txt", b"x")]
)
def test_a_file_that_is_no_result_ends_in_one_line(tmp_path: Path, name: Any, content: Any) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(PamrxError) as caught:
        show_difference(tmp_path / name, tmp_path / name, None)
    assert "\n" not in str(caught.value)


def test_a_bundle_is_the_same_as_itself(capsys: Any) -> None:
    from pamrx.bundle.bundle import released_bundle

    show_difference(released_bundle(), released_bundle(), None)
    text = capsys.readouterr().out
    assert "the bundles are the same" in text
