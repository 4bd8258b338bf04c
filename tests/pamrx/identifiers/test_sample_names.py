"""Samples of several files meet under one name, name by name; what is only likely one sample is told."""

from __future__ import annotations

import random
import re
from pathlib import Path

import pytest
from pamrx.errors import PamrxError
from pamrx.identifiers.sample_names import harmonise
from pamrx.identifiers.sample_spelling import join_spellings, spelling_key
from pamrx.identifiers.sample_twins import likely_twins, twin_hint
from pamrx.profiles import Profiles, read_profiles

MAF_HEAD = "Hugo_Symbol\tTumor_Sample_Barcode\tVariant_Classification\tHGVSp_Short\n"


def files(folder: Path, mutated: list[str], expressed: list[str], listed: list[str] | None = None) -> dict[str, Path]:
    """A MAF, a matrix and perhaps a table of samples with these names."""
    maf, matrix = folder / "x.maf", folder / "x.csv"
    maf.write_text(MAF_HEAD + "".join(f"PTEN\t{name}\tNonsense_Mutation\tp.R130*\n" for name in mutated))
    values = ",".join(str(place + 1.5) for place in range(len(expressed)))
    matrix.write_text(f"gene,{','.join(expressed)}\nPTEN,{values}\nAKT1,{values}\n")
    found = {"mutations": maf, "expression": matrix}
    if listed is not None:
        found["samples"] = folder / "s.csv"
        found["samples"].write_text("sample_id,tissue\n" + "".join(f"{name},breast\n" for name in listed))
    return found


def read(given: dict[str, Path]) -> Profiles:
    return read_profiles(**given, known_genes=["PTEN", "AKT1"])


def told(profiles: Profiles, part: str) -> str:
    return next((note for note in profiles.notes if part in note), "")


def test_names_of_no_scheme_are_joined_as_they_stand() -> None:
    ids = {"a": ["S-1", "P1"], "b": ["S-1", "Q1"]}
    assert harmonise(ids) == ({file: {name: name for name in names} for file, names in ids.items()}, [])


def test_barcodes_are_cut_beside_other_names() -> None:
    ids = {"a": ["TCGA-OR-A5J1-01A-11D-A29I-10", "MCF7"], "b": ["TCGA.OR.A5J1.01A", "MCF7", "TCGA.OR.A5J2.11A"]}
    mapping, notes = harmonise(ids)
    assert mapping["a"] == {"TCGA-OR-A5J1-01A-11D-A29I-10": "TCGA-OR-A5J1-01", "MCF7": "MCF7"}
    assert mapping["b"] == {"TCGA.OR.A5J1.01A": "TCGA-OR-A5J1-01", "MCF7": "MCF7"}
    assert notes == [
        "b: 1 normal or control samples (TCGA sample types 10 to 29) dropped",
        "TCGA barcodes were joined on the sample (first 15 characters)",
    ]


@pytest.mark.parametrize("barcode", ["TCGA-A1-A0SB-01", "TCGA.A1.A0SB.01", "TCGA_A1_A0SB_01", "tcga-a1-a0sb-01 "])
def test_barcodes_of_any_mark_and_case_meet(barcode: str) -> None:
    mapping, _ = harmonise({"a": ["TCGA-A1-A0SB-01"], "b": [barcode]})
    assert mapping["a"]["TCGA-A1-A0SB-01"] == mapping["b"][barcode] == "TCGA-A1-A0SB-01"


def test_aliquots_meet_at_the_sample() -> None:
    dna, rna = "TCGA-OR-A5J1-01A-11D-A29I-10", "TCGA-OR-A5J1-01A-11R-A29S-07"
    mapping, notes = harmonise({"maf": [dna], "rna": [rna]})
    assert mapping == {"maf": {dna: "TCGA-OR-A5J1-01"}, "rna": {rna: "TCGA-OR-A5J1-01"}}
    assert notes == ["TCGA barcodes were joined on the sample (first 15 characters)"]


def test_aliquots_meet_a_table_of_patients() -> None:
    mapping, _ = harmonise({"rna": ["TCGA-OR-A5J1-01A-11R-A29S-07"], "samples": ["tcga.or.a5j1"]})
    assert mapping["rna"] == {"TCGA-OR-A5J1-01A-11R-A29S-07": "TCGA-OR-A5J1"}
    assert mapping["samples"] == {"tcga.or.a5j1": "TCGA-OR-A5J1"}


def test_normals_are_dropped_and_said() -> None:
    mapping, notes = harmonise({"rna": ["TCGA-OR-A5J1-01A", "TCGA-OR-A5J1-11A"]})
    assert mapping == {"rna": {"TCGA-OR-A5J1-01A": "TCGA-OR-A5J1-01A"}}
    assert notes == ["rna: 1 normal or control samples (TCGA sample types 10 to 29) dropped"]


def test_primary_and_metastasis_of_a_patient_are_not_mixed() -> None:
    """The expression has the metastasis only, the mutations both: the metastasis is taken from both."""
    ids = {
        "maf": ["TCGA-ER-A195-01A-11D-A000-08", "TCGA-ER-A195-06A-11D-A197-08"],
        "rna": ["TCGA-ER-A195-06A-11R-A18S-07"],
        "samples": ["TCGA-ER-A195"],
    }
    mapping, notes = harmonise(ids, mergeable={"maf"})
    assert mapping["maf"] == {"TCGA-ER-A195-06A-11D-A197-08": "TCGA-ER-A195"}
    assert "maf: 1 further samples of a patient dropped, such as TCGA-ER-A195-01A-11D-A000-08" in notes


def test_repeated_aliquots_of_a_matrix_become_one() -> None:
    ids = {"rna": ["TCGA-OR-A5J1-01A-11R-A100-07", "TCGA-OR-A5J1-01A-11R-A200-07"], "cna": ["TCGA-OR-A5J1-01"]}
    mapping, notes = harmonise(ids)
    assert mapping["rna"] == {"TCGA-OR-A5J1-01A-11R-A200-07": "TCGA-OR-A5J1-01"}
    assert any("1 repeated aliquots" in note for note in notes)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("MCF7", "MCF-7"), ("pc3", "PC-3"), ("NIH:OVCAR-3", "nihovcar3"), ("X1234", "1234"), ("X22Rv1", "22RV1"),
        ("TARGET.20.PANZLR.09A", "TARGET-20-PANZLR-09A"), ("S 1", "S_1"), ("MCF7 ", "MCF7"), ("Lovo", "LoVo"),
        ("NCI.H1975", "NCI-H1975"),
    ],
)  # fmt: skip
def test_one_name_spelt_in_two_ways_is_one_sample(one: str, other: str) -> None:
    mapping, notes = harmonise({"a.maf": [one, "A549"], "b.csv": ["A549", other]})
    assert mapping == {"a.maf": {one: one, "A549": "A549"}, "b.csv": {"A549": "A549", other: one}}
    assert notes == [
        "a.maf and b.csv: 1 samples joined by names that differ only in case, punctuation or spaces: "
        f"{one} = {other}; if a pair is two samples, rename one of them"
    ]
    assert harmonise({"a": [one], "b": [other]}, preferred="b")[0]["a"] == {one: other}


@pytest.mark.parametrize(
    ("one", "other"),
    [("P1-11", "P11-1"), ("1-1", "11"), ("S1", "S2"), ("X12", "Y12"), ("TT", "T-T"), ("KM-H2", "KMH-2"), ("-", "+")],
)
def test_two_names_stay_two_samples(one: str, other: str) -> None:
    mapping, _ = harmonise({"a": [one, "A549"], "b": [other, "A549"]})
    assert mapping == {"a": {one: one, "A549": "A549"}, "b": {other: other, "A549": "A549"}}


def test_an_x_counts_as_that_of_r_only_where_no_name_begins_with_a_digit() -> None:
    assert harmonise({"a": ["X12", "13"], "b": ["12", "13"]})[0]["b"]["12"] == "12"
    assert harmonise({"a": ["X12", "X13"], "b": ["12", "13"]})[0]["b"] == {"12": "X12", "13": "X13"}
    assert harmonise({"a": ["X12"], "b": ["x12"]})[0]["b"] == {"x12": "X12"}


def test_two_names_of_one_file_with_one_key_are_left_to_a_person() -> None:
    ids = {"a.maf": ["S-1", "S1", "B"], "b.csv": ["s1", "B"]}
    mapping, notes = harmonise(ids)
    assert mapping == {file: {name: name for name in names} for file, names in ids.items()}
    assert notes == [
        "a.maf and b.csv: S-1 and s1 differ only in case, punctuation or spaces, but could be two samples, since one "
        "file has two such names: not joined; if they are one sample, spell them alike"
    ]
    both = {"a": ["T-T", "TT"], "b": ["TT", "T-T"]}
    assert harmonise(both) == ({file: {name: name for name in names} for file, names in both.items()}, [])


def test_the_spelling_of_most_files_is_taken() -> None:
    mapping, _ = join_spellings({"a": ["mcf7"], "b": ["MCF-7"], "c": ["MCF-7"]})
    assert {name for own in mapping.values() for name in own.values()} == {"MCF-7"}


def test_joining_does_not_depend_on_the_other_samples() -> None:
    generator = random.Random(3)
    names = [f"{letter}{number}" for letter in ("HCC-", "SW ", "P") for number in range(40)]
    other = [name.replace("-", "").replace(" ", "_").lower() for name in names]
    generator.shuffle(other)
    mapping, _ = harmonise({"a": names, "b": other})
    for name in names[::7]:
        twin = name.replace("-", "").replace(" ", "_").lower()
        assert harmonise({"a": [name], "b": [twin]})[0]["b"] == {twin: name}
        assert mapping["b"][twin] == name


def test_spelling_key() -> None:
    assert spelling_key(" MDA-MB.231 ") == "mdamb231"
    assert spelling_key("1-11") != spelling_key("11-1")
    assert spelling_key("1_11") == spelling_key("1.11")


@pytest.mark.parametrize(
    ("one", "other", "edit"),
    [
        ("P-0000004-T01-IM3", "P-0000004", "write P-0000004 for P-0000004-T01-IM3"),
        ("C3L-00001", "C3L-00001-01", "write C3L-00001 for C3L-00001-01"),
        ("MCF7_BREAST", "MCF-7", "write MCF-7 for MCF7_BREAST"),
        ("BR:MCF7", "MCF7", "write MCF7 for BR:MCF7"),
        (
            "TARGET-20-PANZLR-09A-01D", "TARGET-20-PANZLR-09A-01R",
            "write TARGET-20-PANZLR-09A for TARGET-20-PANZLR-09A-01D and TARGET-20-PANZLR-09A-01R",
        ),
        ("TARGET-20-PANZLR-09A-01D", "TARGET-20-PANZLR", "write TARGET-20-PANZLR for TARGET-20-PANZLR-09A-01D"),
        ("12", "0012", "write 0012 for 12"),
        ("12.0", "12", "write 12 for 12.0"),
        ("2313287", "23132-87", "write 23132-87 for 2313287"),
    ],
)  # fmt: skip
def test_likely_twins_are_found_with_the_edit_that_joins_them(one: str, other: str, edit: str) -> None:
    for these, those in (([one, "A"], ["A", other]), ([other, "A"], ["A", one])):
        (found,) = likely_twins(these, those)
        assert {found.one, found.other} == {one, other}
        assert sorted(re.findall(r"\S+", found.edit)) == sorted(edit.split())
    assert harmonise({"a": [one], "b": [other]})[1] == []


@pytest.mark.parametrize(
    ("these", "those"),
    [(["P-1"], ["P-2"]), (["S"], ["S-1", "S-2"]), (["A", "A-1"], ["A", "A-1"]), (["X"], ["Y-1"]), (["1"], ["2-1"])],
)
def test_who_has_no_twin(these: list[str], those: list[str]) -> None:
    assert likely_twins(these, those) == []


def test_ids_of_another_kind_are_told() -> None:
    hint = twin_hint(["ACH-000019", "ACH-000004"], ["MCF7", "HEL"])
    assert hint.startswith("; ACH-000019 looks like a DepMap id (ModelID) and MCF7 does not")
    assert "SIDM00148 looks like an id of the Cell Model Passports" in twin_hint(["MCF7"], ["SIDM00148"])
    assert "905946 looks like a COSMIC id" in twin_hint(["905946"], ["MCF7"])
    assert twin_hint(["ACH-000019"], ["ACH-000004"]) == ""


def test_a_mixed_cohort_of_barcodes_and_lines(tmp_path: Path) -> None:
    mutated = ["TCGA-OR-A5J1-01A-11D-A29I-10", "MCF7"]
    profiles = read(files(tmp_path, mutated, ["TCGA-OR-A5J1-01A-11R-A29S-07", "MCF-7"]))
    assert list(profiles.samples.index) == ["TCGA-OR-A5J1-01", "MCF7"]
    assert profiles.sequenced.all()
    assert profiles.expression is not None
    assert profiles.expression["PTEN"].tolist() == [1.5, 2.5]


@pytest.mark.medium
def test_spelling_joins_with_a_table_of_samples_as_without(tmp_path: Path) -> None:
    mutated, expressed = ["MCF7", "pc3", "A549"], ["MCF-7", "PC-3", "A549"]
    alone = read(files(tmp_path, mutated, expressed))
    assert list(alone.samples.index) == ["MCF7", "pc3", "A549"]
    assert "MCF7 = MCF-7, pc3 = PC-3" in told(alone, "2 samples joined")
    described = read(files(tmp_path, mutated, expressed, ["MCF 7", "PC3", "a549"]))
    assert list(described.samples.index) == ["MCF 7", "PC3", "a549"]
    assert described.sequenced.all()
    assert described.expression is not None
    assert described.expression["PTEN"].tolist() == [1.5, 2.5, 3.5]
    with pytest.raises(PamrxError, match=r"sample B is not listed in .*s\.csv"):
        read(files(tmp_path, [*mutated, "B"], expressed, ["MCF 7", "PC3", "a549"]))


@pytest.mark.medium
def test_advice_to_rename_one_of_a_pair_that_is_two_samples(tmp_path: Path) -> None:
    joined = read(files(tmp_path, ["P-1", "A549"], ["P1", "A549"]))
    assert "if a pair is two samples, rename one of them" in told(joined, "P-1 = P1")
    renamed = read(files(tmp_path, ["P-1", "A549"], ["P1b", "A549"]))
    assert list(renamed.samples.index) == ["P-1", "A549", "P1b"]


@pytest.mark.medium
def test_advice_to_spell_alike_what_was_left_apart(tmp_path: Path) -> None:
    apart = read(files(tmp_path, ["T-T", "A549"], ["TT", "A549"]))
    assert "are two cell lines: not joined; if they are one sample, spell them alike" in told(apart, "T-T and TT")
    assert apart.n == 3
    assert read(files(tmp_path, ["TT", "A549"], ["TT", "A549"])).n == 2
    with pytest.raises(PamrxError, match=r"no sample in common.*T-T and TT differ only.*spell them alike"):
        read(files(tmp_path, ["T-T"], ["TT"]))


@pytest.mark.medium
def test_advice_to_write_the_name_of_a_twin(tmp_path: Path) -> None:
    apart = read(files(tmp_path, ["P-0000004-T01-IM3", "A549"], ["P-0000004", "A549"]))
    note = told(apart, "look like the same under two names")
    assert apart.n == 3
    found = re.search(r"where they are, write (\S+) for (\S+)$", note)
    assert found is not None
    given = files(tmp_path, ["P-0000004-T01-IM3", "A549"], ["P-0000004", "A549"])
    given["mutations"].write_text(given["mutations"].read_text().replace(found[2], found[1]))
    assert list(read(given).samples.index) == ["P-0000004", "A549"]


def test_advice_where_no_sample_is_common(tmp_path: Path) -> None:
    given = files(tmp_path, ["BR:MCF7", "ME:LOXIMVI"], ["MCF7", "LOXIMVI"])
    with pytest.raises(PamrxError, match=r"no sample in common.*if so, write MCF7 for BR:MCF7") as error:
        read(given)
    assert "BR:MCF7 and MCF7 may be one sample" in str(error.value)
    given["mutations"].write_text(given["mutations"].read_text().replace("BR:MCF7", "MCF7"))
    assert list(read(given).samples.index) == ["MCF7", "ME:LOXIMVI", "LOXIMVI"]


def test_advice_for_ids_of_another_kind(tmp_path: Path) -> None:
    given = files(tmp_path, ["ACH-000019"], ["MCF7"])
    with pytest.raises(PamrxError, match="write names of one kind in all files"):
        read(given)
    given["mutations"].write_text(given["mutations"].read_text().replace("ACH-000019", "MCF7"))
    assert read(given).n == 1


def test_advice_for_a_table_of_patients(tmp_path: Path) -> None:
    with pytest.raises(PamrxError, match="write P-1 for P-1-T01"):
        read(files(tmp_path, ["P-1-T01"], ["P-1-T01"], ["P-1"]))
    assert read(files(tmp_path, ["P-1"], ["P-1"], ["P-1"])).n == 1
