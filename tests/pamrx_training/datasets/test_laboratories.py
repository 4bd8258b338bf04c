"""Readers of other laboratories' screens: small files in the portals' layout, and the real ones where they are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pamrx.errors import PamrxError
from pamrx_training.datasets import gcsi, nci60
from pamrx_training.datasets.gcsi import load_gcsi
from pamrx_training.datasets.nci60 import key_of, load_nci60

TISSUES = pd.Series({"MCF7": "breast", "RPMI8226": "myeloma"})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "nci60").mkdir()
    (tmp_path / "gcsi").mkdir()
    lines = ["MCF7", "RPMI_8226", "NCI_ADR_RES", "SF_539"]
    pd.DataFrame(np.arange(8.0).reshape(2, 4), index=pd.Index(["PIK3CA", "MALAT1"], name="gene"), columns=lines).assign(
        SF_539=np.nan
    ).to_csv(tmp_path / nci60.EXPRESSION)
    exome = pd.DataFrame([[100.0, 0, 0, 0], [0, 0, 50.0, 0]], index=["PIK3CA", "PTEN"], columns=lines)
    exome.to_csv(tmp_path / nci60.EXOMES, index_label="gene")
    mirna = pd.DataFrame({"Chromosome": ["chr1"], "BR:MCF7": [3.0], "LE:RPMI-8226": [4.0]}, index=["hsa-miR-21-5p"])
    mirna.to_csv(tmp_path / nci60.MIRNA, sep="\t", index_label="mirna")
    rows = [
        ("759676", "PI-103", "BR:MCF7", "1.0"),
        ("776996", "PI-103", "BR:MCF7", "2.0"),
        ("765974", "BYL-719", "BR:MCF7", "-0.5"),
        ("765974", "BYL-719", "LE:RPMI-8226", "0.5"),
        ("765974", "BYL-719", "OV:NCI/ADR-RES", "1.5"),
        ("765974", "BYL-719", "CNS:SF-539", "0.1"),
        ("755769", "LY-294002", "BR:MCF7", "0.3"),
    ]
    pd.DataFrame(rows, columns=["nsc", "drug", "nci60_cell", "zscore"]).to_csv(tmp_path / nci60.RESPONSE, index=False)
    rows = [("BT-474", "gdc0941", "0.4", "0.6"), ("BT-474", "rapamycin", "0.9", "0.1"), ("C32", "gdc0941", "0.8", "")]
    table = pd.DataFrame(rows, columns=["Cell_Line", "Small_Molecule", "AUC", "GR_AOC"])
    table.to_csv(tmp_path / gcsi.RESPONSE, index=False)
    return tmp_path


def edited(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


@pytest.mark.medium
def test_nci60_responses_are_tidy_and_higher_is_more_sensitive(folder: Path) -> None:
    found = load_nci60(folder, TISSUES)
    matrix = found.matrix(nci60.MEASURE)
    assert matrix.loc["MCF7", "PI-103"] == 1.5, "two NSC numbers of one drug are averaged"
    assert matrix["Alpelisib"].to_dict() == {"MCF7": -0.5, "RPMI8226": 0.5, "NCIADRRES": 1.5}
    assert found.dropped == ("drugs without a GDSC screen: LY-294002", "lines without expression: SF539")


@pytest.mark.medium
def test_nci60_profiles_are_its_own_with_the_tissue_of_gdsc_or_of_the_panel(folder: Path) -> None:
    profiles = load_nci60(folder, TISSUES).profiles
    assert profiles.samples["tissue"].to_dict() == {"MCF7": "breast", "NCIADRRES": "ovary", "RPMI8226": "myeloma"}
    flags = profiles.mutations.set_index("sample_id")["gene"].to_dict()
    assert flags == {"MCF7": "PIK3CA", "NCIADRRES": "PTEN"}
    assert profiles.sequenced.all()
    assert profiles.expression.loc["MCF7", "PIK3CA"] == 0.0
    assert profiles.ncrna.loc["NCIADRRES"].isna().all()


def test_nci60_names_become_canonical_keys() -> None:
    assert key_of("BR:MDA-MB-231") == key_of("MDA_MB_231") == "MDAMB231"
    assert key_of("LC:A549/ATCC") == "A549"
    assert key_of("LE:HL-60(TB)") == "HL60"


def test_gcsi_signs_make_higher_more_sensitive_and_gaps_stay_gaps(folder: Path) -> None:
    found = load_gcsi(folder)
    assert found.profiles is None
    assert found.matrix("AUC")["Pictilisib"].to_dict() == {"BT474": -0.4, "C32": -0.8}
    assert found.matrix("GR_AOC")["Pictilisib"].dropna().to_dict() == {"BT474": 0.6}


def test_a_changed_file_has_another_fingerprint(folder: Path) -> None:
    before = load_gcsi(folder).fingerprint
    edited(folder / gcsi.RESPONSE, "0.4", "0.5")
    assert load_gcsi(folder).fingerprint != before


@pytest.mark.parametrize(
    ("name", "old", "new", "told"),
    [
        (gcsi.RESPONSE, "gdc0941", "gdc0942", "Small_Molecule 'gdc0942' is unknown; .*did you mean gdc0941"),
        (gcsi.RESPONSE, "GR_AOC", "GR_A0C", "no column 'GR_AOC'; .*did you mean GR_A0C"),
        (gcsi.RESPONSE, "0.9", "high", "row 3, AUC: found 'high', expected a number"),
        (gcsi.RESPONSE, "C32,", "BT474,", "BT474 stands twice with gdc0941"),
        (nci60.RESPONSE, "zscore", "z", "no column 'zscore'"),
        (nci60.RESPONSE, "1.5", "n/a", "row 6, zscore: found 'n/a'"),
    ],
)
def test_mistakes_are_told_in_one_line_with_the_file(folder: Path, name: Any, old: Any, new: Any, told: Any) -> None:
    edited(folder / name, old, new)
    with pytest.raises(PamrxError, match=told) as caught:
        load_gcsi(folder) if name == gcsi.RESPONSE else load_nci60(folder, TISSUES)
    assert str(folder / name) in str(caught.value)


def test_a_folder_or_file_that_is_not_there_is_named(folder: Path) -> None:
    (folder / nci60.EXOMES).unlink()
    with pytest.raises(PamrxError, match=r"nci60_exome_percent_variant.*no such file"):
        load_nci60(folder, TISSUES)
    with pytest.raises(PamrxError, match="--data-dir"):
        load_gcsi(None)


def test_the_real_files_agree_with_gdsc_as_measured_before(shared_data: Any, gdsc: Any) -> None:
    """Spearman on shared lines, no model: the practical ceiling of a test across laboratories."""
    measured = gdsc.responses.groupby(["cell_line", "assay"])["ln_ic50"].mean().unstack("assay")
    found = load_nci60(shared_data, gdsc.cell_lines["tissue"])
    assert found.profiles.n == 58
    assert found.responses["drug"].nunique() == 17
    theirs = found.matrix(nci60.MEASURE)
    for drug, rho in {"Taselisib": 0.69, "AZD8186": 0.64, "Alpelisib": 0.56, "Buparlisib": 0.02}.items():
        both = pd.concat([theirs[drug], -measured[f"GDSC2:{drug}"]], axis=1).dropna()
        assert both.corr(method="spearman").iloc[0, 1] == pytest.approx(rho, abs=0.03)
    theirs = load_gcsi(shared_data).matrix("AUC")
    both = pd.concat([theirs["Pictilisib"], -measured["GDSC2:Pictilisib"]], axis=1).dropna()
    assert len(both) > 300
    assert both.corr(method="spearman").iloc[0, 1] == pytest.approx(0.50, abs=0.1)
