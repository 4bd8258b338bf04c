"""The tables of measured combinations are written from the portals' files, and are what is shipped."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from pamrx.errors import PamrxError
from pamrx.knowledge import table
from pamrx_training.datasets.nci60 import EXOMES
from pamrx_training.release.combinations import CALLS, SCORES, axis_scores, lines_table

LINES = ["BR:MCF7", "RE:786-0", "LC:NCI-H322M", "CNS:SNB-19", "LE:RPMI-8226", "ME:MDA-N"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("almanac", "nci60", "depmap"):
        (tmp_path / name).mkdir()
    return tmp_path


def write_scores(folder: Path, rows: dict[str, list[float | None]]) -> None:
    frame = pd.DataFrame.from_dict(rows, orient="index", columns=LINES).rename_axis("paired_drug")
    frame.to_csv(folder / SCORES, sep="\t", na_rep="NA")


def test_pairs_of_the_axis_are_kept_named_and_averaged_in_both_orders(folder: Path) -> None:
    write_scores(
        folder,
        {
            "226080_740": [10, 20, None, 1, 2, None],
            "740_226080": [20, None, 5, 1, 2, None],
            "719276_733504": [7, 7, 7, 7, 7, None],
            "740_750": [1, 1, 1, 1, 1, 1],
        },
    )
    found = axis_scores(folder).set_index(["drug", "partner"])
    assert list(found.index) == [("Everolimus", "Fulvestrant"), ("Rapamycin", "Methotrexate")]
    assert list(found.columns) == LINES[:-1]  # a line without any score is left out
    assert found.loc[("Rapamycin", "Methotrexate")].tolist() == [15, 20, 5, 1, 2]


def test_a_row_that_is_no_pair_or_a_drug_without_name_is_told(folder: Path) -> None:
    write_scores(folder, {"226080_740": [1] * 6, "226080": [1] * 6})
    with pytest.raises(PamrxError, match=r"row 3: found '226080', expected two NSC numbers such as 740_750"):
        axis_scores(folder)
    write_scores(folder, {"226080_1": [1] * 6})
    with pytest.raises(PamrxError, match=r"NSC 1 has no name; add it to datasets/almanac_drugs\.csv"):
        axis_scores(folder)


def test_a_folder_without_the_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(PamrxError, match="expected --data-dir to hold almanac"):
        axis_scores(tmp_path)


def test_alterations_come_from_depmap_and_else_from_cellminer(folder: Path) -> None:
    calls = {"PIK3CA": [1, 0], "PTEN": [0, 0], "TP53": [1, 1]}
    index = ["MCF7_BREAST", "786O_KIDNEY"]
    pd.DataFrame(calls, index=index).to_csv(folder / CALLS[0])
    pd.DataFrame({"PTEN": [0, 1]}, index=index).to_csv(folder / CALLS[1])
    exomes = pd.DataFrame(0, index=["KRAS", "NF1", "PTEN"], columns=["MCF7", "786_0", "NCI_H322M", "SNB_19"])
    exomes.loc["PTEN", "MCF7"] = 90
    exomes.loc[["KRAS", "NF1"], "NCI_H322M"] = [10, 35]
    exomes.to_csv(folder / EXOMES)
    found = lines_table(folder, pd.DataFrame(columns=["drug", "partner", *LINES[:5]])).set_index("line")
    assert found["alterations"].tolist() == ["PIK3CA", "PTEN", "NF1", "", ""]
    assert found["alterations_from"].tolist() == ["DepMap", "DepMap", "CellMiner", "CellMiner", "CellMiner"]
    assert found["donor"].tolist()[3] == "U251"
    assert found["tissue"].tolist() == ["breast", "kidney", "lung_NSCLC", "nervous_system", "myeloma"]


@pytest.mark.medium
def test_what_is_shipped_is_what_the_files_give(shared_data: Path) -> None:
    scores = axis_scores(shared_data)
    for name, fresh in (("combinations", scores), ("nci60_lines", lines_table(shared_data, scores))):
        as_text = fresh.astype(object).where(fresh.notna(), "").astype(str)
        pd.testing.assert_frame_equal(as_text, table(name).astype(str), check_dtype=False)
