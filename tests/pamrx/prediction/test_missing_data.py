"""Profiles that lack most of what the model leans on: the evidence is low, and it is said and written."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pamrx.bundle.bundle import Bundle
from pamrx.cli import terminal as render
from pamrx.cli.main import app
from pamrx.errors import PamrxError
from pamrx.features import BLOCKS
from pamrx.prediction.predictions import EVIDENCE_COLUMNS, evidence_table, predictions_from
from pamrx.prediction.schema import COLUMNS
from pamrx.profiles import Profiles, read_profiles
from typer.testing import CliRunner

LOW = 0.2


def run(*arguments: object) -> str:
    result = CliRunner().invoke(app, ["predict", *map(str, arguments)])
    assert result.exit_code == 0, result.output
    return " ".join(result.output.split())


def test_the_table_of_evidence_counts_features() -> None:
    columns = ["mutation.A", "mutation.B", "tme.X", "tme.Y", "tme.Z"]
    features = pd.DataFrame(
        [[1, 0, np.nan, np.nan, np.nan], [np.nan, 1, 2, np.nan, 3]], index=["S2", "S1"], columns=columns
    )
    table = evidence_table(features)
    assert tuple(table.columns) == EVIDENCE_COLUMNS
    assert table.to_numpy().tolist() == [
        ["S2", "mutation", 2, 2, 1.0],
        ["S2", "tme", 3, 0, 0.0],
        ["S1", "mutation", 2, 1, 0.5],
        ["S1", "tme", 3, 2, 2 / 3],
    ]


def test_it_is_said_when_evidence_is_low(capsys: pytest.CaptureFixture[str]) -> None:
    table = pd.DataFrame({"sample_id": ["S1", "S1", "S2", "S2"], "evidence": [0.02, 0.04, 0.9, 0.8]})
    render.show_evidence(table)
    assert "Evidence is low for 1 of 2 samples (median over drugs 3%)" in capsys.readouterr().out
    render.show_evidence(table[table["sample_id"] == "S2"])
    assert capsys.readouterr().out == ""


def test_one_file_cannot_hold_both_tables(tmp_path: Path) -> None:
    out = tmp_path / "out.csv"
    result = CliRunner().invoke(app, ["predict", "--example", "-o", str(out), "--evidence", str(out)])
    assert isinstance(result.exception, PamrxError)
    assert "name two files" in str(result.exception)
    assert not out.exists()


def of_block(bundle: Bundle, profiles: Profiles) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Share of each block per sample, and the predictions."""
    features = bundle.builder.transform(profiles)
    table = evidence_table(features).pivot(index="sample_id", columns="block", values="share")
    assert set(table.columns) == set(BLOCKS)
    return table, predictions_from(bundle, features)


def test_tcga_laml_has_mutations_and_nothing_else(shared_data: Path, tmp_path: Path, bundle: Bundle) -> None:
    maf = shared_data / "tcga_laml" / "tcga_laml.maf.gz"
    shares, table = of_block(bundle, read_profiles(mutations=maf))
    assert len(shares) == 193
    assert (shares["mutation"] > 0.95).all()
    assert (shares.drop(columns="mutation") == 0).all(axis=None)
    assert table["evidence"].between(0.001, LOW).all()
    assert table.drop(columns=["beyond_tested_range", "cmax_um", "cmax_free_um", "proxy_for"]).notna().all(axis=None)

    out, evidence = tmp_path / "out.csv", tmp_path / "evidence.csv"
    told = run("--mutations", maf, "-o", out, "--evidence", evidence)
    assert "Evidence is low for 193 of 193 samples" in told
    assert tuple(pd.read_csv(out).columns) == COLUMNS
    assert pd.read_csv(evidence).groupby("block")["share"].max().drop("mutation").eq(0).all()


@pytest.mark.slow
def test_tcga_acc_has_no_transcriptome_to_score(shared_data: Path, tmp_path: Path, bundle: Bundle) -> None:
    """198 genes of expression carry no signature: no score of the microenvironment or of a programme comes out."""
    folder = shared_data / "tcga_acc"
    files = {
        "mutations": folder / "TCGA_ACC_mutations.maf.gz",
        "expression": folder / "miniACC_RNASeq2GeneNorm.csv.gz",
        "ncrna": folder / "TCGA_ACC_miRNASeqGene.csv.gz",
        "copy_number": folder / "miniACC_gistict.csv.gz",
    }
    profiles = read_profiles(**files)
    shares, table = of_block(bundle, profiles)
    assert (shares[["tme", "programme", "transcriptome", "tissue"]] == 0).all(axis=None)
    assert 0.05 < shares["copy_number"].max() < 0.5
    assert profiles.ncrna is not None
    measured = profiles.ncrna.notna().any(axis=1)
    assert measured.sum() == 80
    # Sequenced miRNA is no NanoString: taken at its word, it would push every drug towards resistant.
    assert (bundle.builder.ncrna_.likeness(profiles)[measured] < bundle.builder.ncrna_.least_like).all()
    assert (shares["ncrna"] == 0).all()
    assert table["evidence"].between(0.001, LOW).all()

    told = run(*(part for kind, path in files.items() for part in (f"--{kind.replace('_', '-')}", path)))
    assert "expression: 79 of 79 samples hold too few of the genes among which the model ranks" in told
    assert "ncRNA: the miRNAs of 80 samples are unlike the training panel's (NanoString)" in told
    assert "TME 0%" in told
    assert "Evidence is low for 92 of 92 samples" in told
