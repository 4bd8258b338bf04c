"""Real cohorts, read whole. Counts come from the cohorts' own descriptions and from `zcat | cut | sort -u | wc -l`."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pamrx.errors import PamrxError
from pamrx.profiles import read_profiles

GENES = ("PIK3CA", "PTEN", "MAPK14", "TP53")


def test_tcga_laml_has_mutations_only(shared_data: Path) -> None:
    profiles = read_profiles(mutations=shared_data / "tcga_laml" / "tcga_laml.maf.gz")
    assert profiles.n == 193
    assert profiles.sequenced.all()
    assert profiles.mutations is not None
    assert len(profiles.mutations) == 2207
    assert profiles.expression is None
    idh = profiles.mutations.query("gene == 'IDH2' and hgvsp == 'p.R140Q'")
    assert len(idh) > 5
    assert profiles.mutations["hgvsp"].eq("").sum() == 76


def test_tcga_acc_rows_are_longer_than_the_header(shared_data: Path) -> None:
    maf = shared_data / "tcga_acc" / "TCGA_ACC_mutations.maf.gz"
    rows = read_profiles(mutations=maf).mutations
    assert rows is not None
    assert len(rows) == 20166
    assert rows["sample_id"].nunique() == 90
    assert rows["sample_id"].str.fullmatch(r"TCGA-\w\w-\w{4}-01.*").all()
    assert rows.iloc[0].tolist()[:4] == ["TCGA-OR-A5LF-01A-11D-A30A-10", "ACAP3", "Missense_Mutation", "p.P603T"]


def test_tcga_acc_blocks_meet_at_the_sample(shared_data: Path) -> None:
    folder = shared_data / "tcga_acc"
    profiles = read_profiles(
        mutations=folder / "TCGA_ACC_mutations.maf.gz",
        expression=folder / "miniACC_RNASeq2GeneNorm.csv.gz",
        ncrna=folder / "TCGA_ACC_miRNASeqGene.csv.gz",
        copy_number=folder / "miniACC_gistict.csv.gz",
        known_genes=GENES,
    )
    assert profiles.n == 92
    assert profiles.samples.index.str.len().unique().tolist() == [15]
    assert profiles.expression is not None
    assert profiles.ncrna is not None
    assert profiles.copy_number is not None
    assert profiles.expression.shape == (92, 198)
    assert int(profiles.expression.notna().any(axis=1).sum()) == 79
    assert profiles.ncrna.shape == (92, 961)  # 1,046 stem-loops, those of one miRNA summed
    assert int(profiles.copy_number.notna().any(axis=1).sum()) == 90
    assert profiles.expression.loc["TCGA-OR-A5J1-01", "DIRAS3"] == np.log2(1487.0317 + 1)
    assert profiles.ncrna.loc["TCGA-OR-A5J1-01", "hsa-let-7a"] == pytest.approx(np.log2(76213 + 151321 + 77498 + 1))
    assert profiles.copy_number.loc["TCGA-OR-A5J2-01", "DIRAS3"] == -2


def test_tcga_acc_with_a_table_of_patients(shared_data: Path, tmp_path: Path) -> None:
    data = shared_data / "tcga_acc" / "miniACC_gistict.csv.gz"
    barcodes = pd.read_csv(data, nrows=0).columns[1:]
    table = tmp_path / "samples.csv"
    table.write_text("sample_id,tissue\n" + "".join(f"{barcode[:12]},\n" for barcode in barcodes))
    profiles = read_profiles(copy_number=data, samples=table, known_genes=GENES)
    assert profiles.n == 90
    assert list(profiles.samples.index) == [barcode[:12] for barcode in barcodes]


def test_nci60_files_name_their_lines_differently(shared_data: Path) -> None:
    folder = shared_data / "nci60"
    with pytest.raises(PamrxError, match=r"no sample in common; found 'MCF7, MDA_MB_231' against 'BR:MCF7"):
        read_profiles(
            expression=folder / "nci60_expression_log2.csv.gz",
            ncrna=folder / "nci60_mirna_agilent_log2.tsv.gz",
            known_genes=GENES,
        )
    mirna = read_profiles(ncrna=folder / "nci60_mirna_agilent_log2.tsv.gz", known_genes=GENES).ncrna
    assert mirna is not None
    assert mirna.shape[0] == 60
    assert mirna.loc["BR:MCF7", "hsa-miR-200b"] == 3.531


def test_ccle_mirna_in_the_portals_own_layout(shared_data: Path) -> None:
    mirna = read_profiles(ncrna=shared_data / "ccle" / "CCLE_miRNA_20181103.gct.gz", known_genes=GENES).ncrna
    assert mirna is not None
    assert mirna.shape == (954, 734)
    assert mirna.loc["DMS53_LUNG", "hsa-let-7a"] == np.log2(4362.58 + 1)
