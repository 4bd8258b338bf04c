"""`pamrx check`, and the units of expression on values whose unit is known."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pamrx.cli.check_files import as_table
from pamrx.cli.main import app
from pamrx.errors import PamrxError
from pamrx.identifiers.columns import Columns
from pamrx.identifiers.unit_guess import guess_unit
from pamrx.identifiers.units import to_scale
from pamrx.profiles import Profiles, read_profiles
from pamrx.profiles.check import FileCheck, check_file_kinds
from pamrx.profiles.normalise import decide, faults, gather, statistics
from pamrx.readers.recognition import (
    COPIES,
    COPY_NUMBER,
    FOLDER,
    MAF,
    MATRIX,
    NCRNA,
    PROTEINS,
    SAMPLES,
    SHARES,
    UNREADABLE,
)
from typer.testing import CliRunner

GENES = [f"G{number}" for number in range(2000)]


def counts(samples: int = 6) -> pd.DataFrame:
    drawn = np.random.default_rng(1).negative_binomial(1, 0.001, size=(samples, len(GENES)))
    return pd.DataFrame(drawn.astype(float), index=[f"S{i}" for i in range(samples)], columns=GENES)


def tpm() -> pd.DataFrame:
    linear = counts() + 0.5
    return linear.div(linear.sum(axis=1), axis=0) * 1e6


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    ("frame", "unit", "sure"),
    [
        (counts(), "counts", "sure"),
        (tpm(), "tpm", "sure"),
        (np.log2(tpm() + 1), "log2", "sure"),
        (tpm() * 1.7, "fpkm", "likely"),
        (np.log2(counts() + 1) + 3, "log2", "likely"),
        (np.log10(tpm() + 1), "log2", "unsure"),
        ((counts() - counts().mean()) / counts().std(), "zscore", "sure"),
        (np.log2(tpm() + 1) - 3, "log2", "likely"),
        (counts().iloc[:, :50], "counts", "likely"),
        (tpm().iloc[:, :50] + 0.25, "fpkm", "unsure"),
        (np.log2(tpm() + 1).iloc[:1] - 5, "log2", "unsure"),
    ],
)
def test_units_are_guessed_by_rule(frame: pd.DataFrame, unit: str, sure: str) -> None:
    guess = guess_unit(frame)
    assert (guess.unit, guess.sure) == (unit, sure), guess.why


def in_unit(frame: pd.DataFrame, unit: str) -> tuple[np.ndarray, str]:
    """A matrix of a stated unit on a log2-like scale, and what is said of it."""
    columns = Columns("expression", tuple(frame.columns), tuple(frame.columns))
    found, values = statistics(columns), frame.to_numpy()
    gather(found, columns, values, list(frame.index))
    decisions = decide(columns, found, "x", unit=unit)
    wrong = faults(columns, values, decisions)
    if wrong:
        raise PamrxError(wrong[0].wrong)
    return to_scale(values, decisions["expression"]), decisions["expression"].note


def test_a_stated_unit_is_obeyed() -> None:
    for unit in ("counts", "tpm", "fpkm"):
        np.testing.assert_allclose(in_unit(counts(), unit)[0], np.log2(counts() + 1))
    logged = np.log2(counts() + 1)
    np.testing.assert_array_equal(in_unit(logged, "log2")[0], logged)
    scores = logged - logged.mean()
    values, told = in_unit(scores, "zscore")
    np.testing.assert_array_equal(values, scores)
    assert "rank the genes within a sample" in told


@pytest.mark.parametrize(
    ("frame", "unit", "message"),
    [
        (np.log2(counts() + 1), "counts", "a second log is refused: say log2"),
        (np.log2(tpm() + 1), "tpm", "a second log is refused"),
        (tpm(), "counts", "say tpm"),
        (counts(), "log2", "no log2 value goes beyond 50"),
        (counts(), "zscore", "expected values below zero too"),
        (counts() - 1, "tpm", "below zero"),
        (counts(), "tmp", "did you mean tpm"),
    ],
)
def test_a_unit_that_cannot_be_is_refused(frame: pd.DataFrame, unit: str, message: str) -> None:
    with pytest.raises(PamrxError, match=message):
        in_unit(frame, unit)


def test_the_unit_goes_for_expression_alone(tmp_path: Path) -> None:
    expression = write(tmp_path, "e.csv", "gene,S1\nPTEN,3\nPIK3CA,7\n")
    mirna = write(tmp_path, "m.csv", "mirna,S1\nhsa-miR-21,12\nhsa-let-7b,7\n")
    profiles = read_profiles(expression=expression, ncrna=mirna, expression_unit="tpm")
    assert profiles.expression is not None
    assert profiles.ncrna is not None
    assert profiles.expression.loc["S1"].tolist() == [2.0, 3.0]
    assert profiles.ncrna.loc["S1"].tolist() == [12.0, 7.0]


def test_files_are_told_apart(tmp_path: Path) -> None:
    paths = [
        write(tmp_path, "a.maf", "Hugo_Symbol\tTumor_Sample_Barcode\tVariant_Classification\nKMT2D\tS1\tSilent\n"),
        write(tmp_path, "b.csv", "gene,S1,S2\nPTEN,3.5,4\nCXCL8,7,1\nENSG00000121879.2,1,1\nOR4F5,1,2\n"),
        write(tmp_path, "c.csv", "sample_id,hsa-mir-21,hsa-let-7a-1\nS1,70,80\n"),
        write(tmp_path, "d.csv", "gene,S1,S2\nPTEN,-2,0\nPIK3CA,1,2\n"),
        write(tmp_path, "e.csv", "sample_id,tissue\nS1,breast\n"),
        write(tmp_path, "f.csv", "a,b\nc,d\n"),
        write(tmp_path, "g.csv", "gene,S1,S2,S3,S4,S5,S6\nPTEN,0,0,0,0,0,0\nPIK3CA,0,0,0,0,0,57\n"),
        tmp_path,
    ]
    found = check_file_kinds(paths)
    assert [one.kind for one in found] == [MAF, MATRIX, NCRNA, COPY_NUMBER, SAMPLES, UNREADABLE, SHARES, FOLDER]
    assert [one.axis for one in found] == ["", "rows", "columns", "rows", "", "", "rows", ""]
    ways = found[1].names.set_index("how")["labels"].to_dict()
    assert ways == {"as pamrx writes it": 1, "current symbol": 1, "Ensembl id": 1, "no gene that pamrx uses": 1}
    assert found[1].names.iloc[-1]["first"] == "OR4F5"


def test_circrnas_are_counted_and_make_an_ncrna_matrix(tmp_path: Path) -> None:
    text = "id,S1\nhsa_circ_0000199,12\ncircITCH,3\nhsa_circ_0099999,5.5\nMALAT1,4\n"
    found = check_file_kinds([write(tmp_path, "x.csv", text)])[0]
    assert found.kind == NCRNA
    ways = found.names.set_index("how")["labels"].to_dict()
    assert ways == {"as pamrx writes it": 1, "other name of a circRNA": 2, "circRNA that pamrx has no entry for": 1}
    assert any("3 circRNAs (2 of them" in note and "change no prediction" in note for note in found.notes)


@pytest.mark.medium
def test_the_command_says_it_and_writes_it(tmp_path: Path) -> None:
    path = write(tmp_path, "b.csv", "gene,S1,S2\nPTEN,3.5,4\nCXCL8,7,1\n")
    output = tmp_path / "found.csv"
    result = CliRunner().invoke(app, ["check", str(path), "-o", str(output)])
    assert result.exit_code == 0, result.output
    assert "expression matrix  (--expression)" in result.output
    assert "current symbol: CXCL8" in result.output
    assert "--expression-unit overrides" in result.output
    assert pd.read_csv(output)["labels"].tolist() == [1, 1]
    assert list(as_table(check_file_kinds([path]))["how"]) == ["as pamrx writes it", "current symbol"]


def test_a_name_of_a_file_that_is_no_text_is_written_out_in_the_table(tmp_path: Path) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff.csv"))
    path.write_text("gene,S1\nPTEN,3.5\n")
    assert as_table(check_file_kinds([path]))["file"].tolist() == [f"{tmp_path}/\\udcff.csv"]


def test_nothing_readable_is_an_error(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["check", str(tmp_path / "absent.csv")])
    assert isinstance(result.exception, PamrxError)
    assert "no such file" in result.output


def test_the_unit_without_its_file_is_an_error(tmp_path: Path) -> None:
    maf = write(tmp_path, "a.maf", "Hugo_Symbol\tTumor_Sample_Barcode\tVariant_Classification\nPTEN\tS1\tSilent\n")
    result = CliRunner().invoke(app, ["predict", "--mutations", str(maf), "--expression-unit", "tpm"])
    assert isinstance(result.exception, PamrxError)
    assert "goes with --expression" in str(result.exception)


COHORTS = {
    "nci60/nci60_expression_log2.csv.gz": (MATRIX, "log2"),
    "nci60/nci60_mirna_agilent_log2.tsv.gz": (NCRNA, "log2"),
    "nci60/nci60_exome_percent_variant.csv.gz": (SHARES, None),
    "tcga_acc/TCGA_ACC_mutations.maf.gz": (MAF, None),
    "tcga_acc/TCGA_ACC_miRNASeqGene.csv.gz": (NCRNA, "counts"),
    "tcga_acc/miniACC_gistict.csv.gz": (COPY_NUMBER, None),
    "tcga_laml/tcga_laml.maf.gz": (MAF, None),
    "ccle/CCLE_miRNA_20181103.gct.gz": (NCRNA, "linear"),
}


@pytest.mark.shared
@pytest.mark.parametrize("name", list(COHORTS))
def test_the_shared_cohorts_are_what_they_are(shared_data: Path, name: str) -> None:
    (found,) = check_file_kinds([shared_data / name])
    assert (found.kind, found.unit.unit if found.unit else None) == COHORTS[name]


def one(folder: Path, name: str, text: str) -> FileCheck:
    (found,) = check_file_kinds([write(folder, name, text)])
    return found


def test_what_no_option_takes_is_told_apart(tmp_path: Path) -> None:
    proteins = one(tmp_path, "a.csv", "sample_id,EGFR,PTEN,Akt_pS473,S6_pS235_S236\nA,0.5,1,2,-1\nB,0.1,1,-2,1\n")
    assert proteins.kind == PROTEINS
    assert "levels of proteins" in proteins.notes[-1]
    copies = one(tmp_path, "b.csv", "gene,S1,S2,S3\nPTEN,2,2,0\nPIK3CA,2,4,2\n")
    assert (copies.kind, copies.option) == (COPIES, "--copy-number")
    ratios = "gene,S1,S2\nPTEN,-1.3,0.1\nPIK3CA,0.8,0.05\n"
    assert one(tmp_path, "tumours_CNA.csv", ratios).kind == COPY_NUMBER
    assert one(tmp_path, "dna.csv", ratios).kind == MATRIX


def test_values_of_no_unit_have_none() -> None:
    guess = guess_unit(pd.DataFrame({"PTEN": [-3.0, 2.0], "PIK3CA": [900.0, 4.0]}))
    assert (guess.unit, guess.sure) == ("none", "sure")


def test_a_table_about_samples_is_no_matrix(tmp_path: Path) -> None:
    clinical = one(tmp_path, "c.tsv", "Tumor_Sample_Barcode\tdays\nTCGA-AB-2802\t365\nTCGA-AB-2803\t792\n")
    assert clinical.kind == UNREADABLE
    assert "needs a column sample_id (--samples)" in clinical.notes[0]
    assert "did you mean" not in clinical.notes[0]
    models = one(tmp_path, "m.csv", "gene,name,site\nPTEN,MCF-7,breast\nMET,PC-3,prostate\n")
    assert "columns hold words" in models.notes[0]


def test_names_are_told_once(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["check", str(write(tmp_path, "x.csv", "gene,S1\nCXCL8,3\nMLL4,2\nPTEN,1\n"))])
    assert "1  current symbol: CXCL8" in result.output
    assert "1  alias of several genes: MLL4" in result.output
    assert "brought to pamrx's own" not in result.output
    assert "left as they stand" not in result.output


MAF_TEXT = (
    "Hugo_Symbol\tTumor_Sample_Barcode\tVariant_Classification\tHGVSp_Short\nPIK3CA\tS1\tMissense_Mutation\tp.H1047R\n"
)
LEVELS = "gene,S1,S2\nPTEN,3.5,4\nPIK3CA,7,1\n"
CALLS = "gene,S1,S2\nPTEN,-2,0\nPIK3CA,1,2\n"
FLAGS_TEXT = "gene,S1,S2\nPTEN,1,0\nPIK3CA,0,1\n"
DESCRIBED = "sample_id,tissue\nS1,breast\nS2,skin\n"
SETS: dict[str, dict[str, tuple[str, str]]] = {
    "one matrix": {"expression": ("e.csv", LEVELS)},
    "all that join": {
        "mutations": ("a.maf", MAF_TEXT),
        "expression": ("e.csv", LEVELS),
        "copy_number": ("c.csv", CALLS),
        "samples": ("s.csv", DESCRIBED),
    },
    "a sample that is not described": {
        "expression": ("e.csv", LEVELS.replace("S2", "S9")),
        "samples": ("s.csv", DESCRIBED),
    },
    "no sample in common": {"mutations": ("a.maf", MAF_TEXT.replace("S1", "T1")), "expression": ("e.csv", LEVELS)},
    "text in a cell": {"expression": ("e.csv", LEVELS.replace("3.5", "high"))},
    "a word that nobody knows": {"samples": ("s.csv", DESCRIBED.replace("breast", "elbow"))},
    "no file": {"mutations": ("absent.maf", "")},
}


def run_of(command: str, arguments: list[str]) -> tuple[int, str, str]:
    """Exit code as the program gives it, what was printed and the message of the error."""
    result = CliRunner().invoke(app, [command, *arguments])
    assert result.exception is None or isinstance(result.exception, (PamrxError, SystemExit)), result.exception
    failed = isinstance(result.exception, PamrxError)
    return 2 if failed else result.exit_code, result.output, str(result.exception) if failed else ""


def reading(paths: dict[str, Any]) -> tuple[Profiles | None, str]:
    """What `predict` would read of these files, or the message with which it would end."""
    try:
        return read_profiles(**paths), ""
    except PamrxError as error:
        return None, str(error)


@pytest.mark.medium
@pytest.mark.parametrize("named", [True, False])
@pytest.mark.parametrize("files", list(SETS))
def test_check_is_the_dry_run_of_reading(tmp_path: Path, files: str, named: bool) -> None:
    paths = {kind: tmp_path / name for kind, (name, _) in SETS[files].items()}
    for kind, (name, text) in SETS[files].items():
        if text:
            write(tmp_path, name, text)
        assert paths[kind].name == name
    options = [part for kind, path in paths.items() for part in (f"--{kind.replace('_', '-')}", str(path))]
    code, output, message = run_of("check", options if named else [str(path) for path in paths.values()])
    profiles, refusal = reading({kind: str(path) for kind, path in paths.items()})
    if profiles is None:
        assert code == 2
        assert message
        assert refusal in message or files == "text in a cell"  # there the cell of a file of unknown kind is no level
        return
    assert code == 0, output
    for note in profiles.notes:
        said = note.split(": ", 1)[1] if note.startswith(str(tmp_path)) else note
        assert said in output or "names brought" in note
    assert f"together: {profiles.n} samples" in output
    assert f"to predict: pamrx predict {' '.join(options)}" in output


def test_a_file_that_no_option_takes_ends_with_its_reason(tmp_path: Path) -> None:
    flags, levels = write(tmp_path, "f.csv", FLAGS_TEXT), write(tmp_path, "e.csv", LEVELS)
    code, output, message = run_of("check", [str(flags), str(levels)])
    assert (code, "calls of some kind" in message, "calls of some kind" in output) == (2, True, True)
    assert "together: 2 samples" in output


def test_two_files_of_one_kind_are_one_too_many(tmp_path: Path) -> None:
    one_file, other = write(tmp_path, "e.csv", LEVELS), write(tmp_path, "f.csv", LEVELS)
    code, _, message = run_of("check", [str(one_file), str(other)])
    assert code == 2
    assert "both go with --expression" in message


def test_the_unit_is_taken_along(tmp_path: Path) -> None:
    path = write(tmp_path, "e.csv", LEVELS)
    code, output, _ = run_of("check", ["--expression", str(path), "--expression-unit", "tpm"])
    assert code == 0
    assert "turned into log2(x + 1)" in output
    assert output.splitlines()[-1].endswith("--expression-unit tpm")


@pytest.mark.medium
def test_advice_on_copies_is_followed(tmp_path: Path) -> None:
    path = write(tmp_path, "b.csv", "gene,S1,S2,S3\nPTEN,2,2,0\nPIK3CA,2,4,2\nAKT1,2,2,2\nMTOR,2,2,3\n")
    code, _, message = run_of("check", [str(path)])
    assert (code, "--copy-number-unit copies" in message) == (2, True)
    code, output, _ = run_of("check", [str(path), "--copy-number-unit", "copies"])
    assert code == 0
    assert output.splitlines()[-1] == f"to predict: pamrx predict --copy-number {path} --copy-number-unit copies"


@pytest.mark.medium
@pytest.mark.parametrize(
    ("name", "text"),
    [("genes.txt", "PIK3CA\nPTEN\n"), ("p.txt", "stable_id: X\ndescription: two\ngene_list: PIK3CA\tPTEN\n")],
)
def test_a_gene_panel_is_recognised(tmp_path: Path, name: str, text: str) -> None:
    found = one(tmp_path, name, text)
    assert (found.kind, found.option) == ("gene panel", "--panel")
    maf = write(tmp_path, "a.maf", MAF_TEXT)
    code, output, _ = run_of("check", [str(maf), str(tmp_path / name)])
    assert (code, "together: 1 samples" in output) == (0, True)


@pytest.mark.medium
def test_a_panel_may_be_named(tmp_path: Path) -> None:
    maf = write(tmp_path, "a.maf", MAF_TEXT)
    code, output, message = run_of("check", ["--mutations", str(maf), "--panel", "msk-impact-468"])
    assert code == 0, message
    assert "panel of 469 genes" in output


def test_levels_that_could_be_copy_number_are_told(tmp_path: Path) -> None:
    genes = ["PIK3CA", "PTEN", "AKT1", "ERBB2", "KRAS", "MYC"]
    near_one = one(
        tmp_path,
        "x.csv",
        "gene,S1\n" + "".join(f"{gene},{v}\n" for gene, v in zip(genes, [1.1, 0.9, 1, 6.4, 0.95, 1.05], strict=True)),
    )
    assert near_one.kind == MATRIX
    assert "--copy-number" in near_one.notes[-1]
    levels = one(
        tmp_path,
        "y.csv",
        "gene,S1\n" + "".join(f"{gene},{v}\n" for gene, v in zip(genes, [7.1, 0, 3.2, 6.4, 8.5, 2.5], strict=True)),
    )
    assert not any("--copy-number" in note for note in levels.notes)


def test_a_meta_file_alone_sends_to_its_study(tmp_path: Path) -> None:
    found = one(
        tmp_path, "meta_cna.txt", "cancer_study_identifier: x\ngenetic_alteration_type: COPY_NUMBER_ALTERATION\n"
    )
    assert found.kind == UNREADABLE
    assert f"give the folder of the study: pamrx predict {tmp_path}" in found.notes[0]
