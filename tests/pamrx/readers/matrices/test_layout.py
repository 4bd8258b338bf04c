"""Tables of levels as programs and portals write them: what is read of them, and what is refused with which advice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pamrx.errors import PamrxError
from pamrx.identifiers.quantities import affix_of, is_no_gene, quantity_of
from pamrx.knowledge import table
from pamrx.profiles import read_profiles
from pamrx.profiles.reading import read_records
from pamrx.readers.matrices.matrix import Matrix, read_matrix
from pamrx.readers.matrices.sample_columns import name_of_file
from pamrx.readers.text.raw_table import read_raw_table

_IDS = table("gene_ids").query("ensembl != '' and entrez != ''").set_index("gene")
AXIS = ["PIK3CA", "PTEN", "AKT1", "ERBB2", "KRAS", "EGFR", "MYC", "TP53", "MTOR", "TSC1"]
GENES = [*AXIS, *(gene for gene in _IDS.index if gene not in AXIS)][:40]
ENSEMBL = [str(_IDS.at[gene, "ensembl"]) + ".7" for gene in GENES]
ENTREZ = [str(_IDS.at[gene, "entrez"]) for gene in GENES]
TPM = np.random.default_rng(5).gamma(1, 30, len(GENES)).round(3)
WHOLE = TPM.astype(int)
N = len(GENES)


def write(path: Path, columns: Mapping[str, Any], header: bool = True) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    frame = pd.DataFrame(dict(columns))
    frame.to_csv(path, sep="," if path.suffix == ".csv" else "\t", index=False, header=header)
    return path


def text(path: Path, lines: Sequence[str]) -> Path:
    path.write_text("\n".join(lines) + "\n")
    return path


def read(path: Path, kind: str | None = "expression") -> Matrix:
    return read_matrix(path, AXIS, kind)


def levels(path: Path, wanted: Mapping[str, Any], kind: str = "expression") -> Matrix:
    """Read, and compare the samples and their levels of `GENES`."""
    found = read(path, kind)
    assert list(found.values.index) == list(wanted)
    for sample, values in wanted.items():
        np.testing.assert_allclose(found.values.loc[sample, GENES], values)
    assert found.values.shape[1] == N
    return found


def refused(path: Path, *parts: str, kind: str | None = "expression") -> None:
    with pytest.raises(PamrxError) as caught:
        read(path, kind)
    assert str(caught.value).startswith(f"{path}: ")
    assert "did you mean" not in str(caught.value)
    for part in parts:
        assert part in str(caught.value)


def told(found: Matrix, *parts: str) -> None:
    notes = " | ".join(found.notes)
    for part in parts:
        assert part in notes


# One sample, its quantities in columns

ONE_SAMPLE: dict[str, dict[str, Any]] = {
    "a1.rna_seq.augmented_star_gene_counts.tsv": {
        "gene_id": ["N_unmapped", "N_noFeature", *ENSEMBL],
        "gene_name": ["", "", *GENES],
        "gene_type": ["", "", *["protein_coding"] * N],
        "unstranded": [900, 800, *WHOLE],
        "stranded_first": [900, 800, *WHOLE],
        "stranded_second": [900, 800, *WHOLE],
        "tpm_unstranded": [None, None, *TPM],
        "fpkm_unstranded": [None, None, *TPM * 2],
        "fpkm_uq_unstranded": [None, None, *TPM * 3],
    },
    "a1.genes.results": {
        "gene_id": ENSEMBL, "transcript_id(s)": ["ENST1,ENST2"] * N, "length": TPM, "effective_length": TPM * 9,
        "expected_count": TPM * 5, "TPM": TPM, "FPKM": TPM * 2,
    },
    "a1_gene_abund.tab": {
        "Gene ID": ENSEMBL, "Gene Name": GENES, "Reference": ["chr1"] * N, "Strand": ["+"] * N, "Start": WHOLE,
        "End": WHOLE, "Coverage": TPM * 4, "FPKM": TPM * 3, "TPM": TPM,
    },
    "a1/quant.genes.sf": {
        "Name": ENSEMBL, "Length": TPM, "EffectiveLength": TPM * 2, "TPM": TPM, "NumReads": TPM * 3,
    },
    "a1/genes.fpkm_tracking": {
        "tracking_id": ENSEMBL, "class_code": ["-"] * N, "gene_short_name": GENES, "locus": ["chr1:1-2"] * N,
        "coverage": TPM * 4, "FPKM": TPM, "FPKM_conf_lo": TPM / 2, "FPKM_conf_hi": TPM * 2, "FPKM_status": ["OK"] * N,
    },
    "a1.tsv": {"gene": GENES, "log2_tpm": TPM},
}  # fmt: skip


@pytest.mark.parametrize("name", ONE_SAMPLE)
@pytest.mark.parametrize("ending", ["", ".parquet"])
def test_quantities_of_one_sample_are_no_samples(tmp_path: Path, name: str, ending: str) -> None:
    path = write(tmp_path / name, ONE_SAMPLE[name])
    if ending:
        grid = read_raw_table(path)
        frame = pd.DataFrame({name: grid.column(place) for place, name in enumerate(grid.header)})
        path = path.with_name(path.name + ending)
        frame.to_parquet(path)
    told(levels(path, {"a1": TPM}), "one sample's table: column")


def test_mirna_quantification_of_one_and_of_many(tmp_path: Path) -> None:
    names = ["hsa-let-7a-1", "hsa-mir-21", "hsa-mir-10b"]
    one = {"miRNA_ID": names, "read_count": [7, 8, 9], "reads_per_million_miRNA_mapped": [1.5, 2, 3],
           "cross-mapped": ["N"] * 3}  # fmt: skip
    found = read(write(tmp_path / "b2.mirbase21.mirnas.quantification.txt", one), "ncrna")
    assert found.values.loc["b2"].tolist() == [1.5, 2, 3]
    merged = {"miRNA_ID": names}
    for sample in ("TCGA-ZZ-A000-01A", "TCGA-ZZ-A001-01A"):
        merged |= {f"{quantity}_{sample}": cells for quantity, cells in one.items() if quantity != "miRNA_ID"}
    found = read(write(tmp_path / "m.tsv", merged), "ncrna")
    assert list(found.values.index) == ["TCGA-ZZ-A000-01A", "TCGA-ZZ-A001-01A"]
    told(found, "reads_per_million_miRNA_mapped of each sample taken", "left out: read_count")


def test_isoforms_are_added_up(tmp_path: Path) -> None:
    twice = [name for name in ENSEMBL for _ in (0, 1)]
    columns = {"transcript_id": [f"ENST{place:011d}" for place in range(2 * N)], "gene_id": twice,
               "TPM": np.repeat(TPM, 2), "IsoPct": [50.0] * (2 * N)}  # fmt: skip
    told(levels(write(tmp_path / "s1.isoforms.results", columns), {"s1": TPM * 2}), "are added up")
    pipes = [f"ENST{place:011d}.1|{gene}|x|protein_coding|" for place, gene in enumerate(twice)]
    levels(write(tmp_path / "s2" / "abundance.tsv", {"target_id": pipes, "tpm": np.repeat(TPM, 2)}), {"s2": TPM * 2})


def test_files_without_a_header(tmp_path: Path) -> None:
    counts = write(tmp_path / "s1.htseq.counts", {"0": [*ENSEMBL, "__no_feature"], "1": [*WHOLE, 999999]}, header=False)
    levels(counts, {"s1": WHOLE})
    star = {"0": ["N_unmapped", "N_ambiguous", *ENSEMBL], "1": [9, 9, *WHOLE], "2": [1] * (N + 2), "3": [2] * (N + 2)}
    levels(write(tmp_path / "s2_ReadsPerGene.out.tab", star, header=False), {"s2": WHOLE})


@pytest.mark.parametrize("pattern", ["{q}_{s}", "{s}_{q}", "{s}.{q}", "{s} ({q})"])
def test_quantities_of_each_sample(tmp_path: Path, pattern: str) -> None:
    both = {"gene": GENES}
    for sample in ("S1", "S2"):
        both |= {pattern.format(q=q, s=sample): TPM * by for q, by in (("FPKM", 2), ("TPM", 1), ("counts", 7))}
    found = levels(write(tmp_path / "x.tsv", both), {"S1": TPM, "S2": TPM})
    told(found, "TPM of each sample taken", "left out: FPKM, counts")
    one = {"gene": GENES, pattern.format(q="TPM", s="S1"): TPM, pattern.format(q="TPM", s="S2"): TPM}
    levels(write(tmp_path / "y.tsv", one), {"S1": TPM, "S2": TPM})


def test_columns_beside_samples_that_are_none(tmp_path: Path) -> None:
    columns = {"gene": GENES, "S1": TPM, "is_tf": [0, 1] * (N // 2), "driver": [0, 1] * (N // 2), "S2": TPM / 2,
               "S2_sd": TPM, "row": range(N), "Total": TPM * 2, "Mean": TPM, "Length": WHOLE}  # fmt: skip
    found = levels(write(tmp_path / "x.csv", columns), {"S1": TPM, "S2": TPM / 2})
    told(found, "is_tf", "driver", "S2_sd", "Total")


def test_names_of_quantities() -> None:
    for name in ("TPM", "log2(TPM+1)", "EffectiveLength", "Detection Pval", "IsDefaultEntryForModel", "expected_count"):
        assert quantity_of(name) is not None, name
    for name in ("S1", "A", "N", "MCF-7", "TPM-7A", "Tumor", "P1", "COUNT-4B", "Control", "Low", "Max"):
        assert quantity_of(name) is None, name
    assert affix_of("PT_1_log2_tpm") is not None
    assert affix_of("PT_1_log2_tpm")[2] == "PT_1"
    assert affix_of("TPM_1") is None
    assert [name for name in ("AGER", "C1orf112", "MT_CO1", "Y_RNA", "os_months", "AGE") if is_no_gene(name)] == [
        "os_months",
        "AGE",
    ]


def test_the_sample_of_a_file() -> None:
    names = {"x/a.b.genes.results.gz": "a.b", "p/quant.sf": "p", "t.ascat3.gene_level_copy_number.v36.tsv": "t",
             "S1.purple.cnv.gene.tsv": "S1", "expression": "", "counts.txt": "counts"}  # fmt: skip
    assert {path: name_of_file(path) for path in names} == names


# Copy number by gene


def test_copy_number_of_one_sample(tmp_path: Path) -> None:
    ratios = (TPM / 100 - 0.3).round(3)
    cnvkit = {"gene": GENES, "chromosome": ["chr1"] * N, "start": range(N), "end": range(N), "log2": ratios,
              "depth": TPM, "weight": TPM, "probes": WHOLE}  # fmt: skip
    path = write(tmp_path / "s1.genemetrics.tsv", cnvkit)
    levels(path, {"s1": ratios}, "copy_number")
    refused(path, "quantities of copy number", "give the file with --copy-number")
    assert read(path, None).columns.kind == "copy_number"
    facets = {"sample": ["P1"] * N, "gene": GENES, "median_cnlr_seg": ratios, "tcn": [2] * N, "cf": [0.5] * N}
    levels(write(tmp_path / "facets.txt", facets), {"P1": ratios}, "copy_number")


def test_advice_of_absolute_copies(tmp_path: Path) -> None:
    copies = np.array([2.0] * N)
    copies[0], copies[1] = 9, 0
    columns = {"gene_id": ENSEMBL, "gene_name": GENES, "chromosome": ["chr1"] * N, "start": range(N), "end": range(N),
               "copy_number": copies, "min_copy_number": copies, "max_copy_number": copies}  # fmt: skip
    path = write(tmp_path / "t.ascat3.gene_level_copy_number.v36.tsv", columns)
    with pytest.raises(PamrxError, match=r"found absolute copies, .* say --copy-number-unit copies"):
        read_profiles(copy_number=path, known_genes=AXIS)
    profiles = read_profiles(copy_number=path, known_genes=AXIS, copy_number_unit="copies")
    assert profiles.copy_number is not None
    assert profiles.copy_number.loc["t", GENES[:3]].tolist() == [2, -2, 0]
    assert any("column copy_number taken for sample t" in note for note in profiles.notes)


@pytest.mark.parametrize("bins", [True, False])
def test_advice_of_segments_and_bins(tmp_path: Path, bins: bool) -> None:
    if bins:
        columns: dict[str, Any] = {"chromosome": ["1"] * N * 2, "start": range(2 * N), "end": range(2 * N),
                                   "gene": GENES * 2, "log2": [0.1] * 2 * N, "depth": [3] * 2 * N}  # fmt: skip
        path = write(tmp_path / "s1.cnr", columns)
        refused(path, "CNVkit's bins", "genemetrics", kind="copy_number")
    else:
        columns = {"ID": ["a", "a"], "chrom": [1, 2], "loc.start": [1, 2], "loc.end": [3, 4], "num.mark": [5, 6],
                   "seg.mean": [0.1, 2.0]}  # fmt: skip
        path = write(tmp_path / "x.seg", columns)
        refused(path, "a table of segments", "all_thresholded.by_genes.txt", "genemetrics", kind="copy_number")
    calls = np.resize([-2, 0, 1, 2], N)
    gistic = {"Gene Symbol": GENES, "Locus ID": ENTREZ, "Cytoband": ["1p"] * N, "TCGA-AA-0001-01": calls}
    levels(write(tmp_path / "all_thresholded.by_genes.txt", gistic), {"TCGA-AA-0001-01": calls}, "copy_number")


# Long tables

LONG: dict[str, tuple[dict[str, Any], str]] = {
    "tidy": ({"sample_id": np.repeat(["A", "B"], N), "gene": GENES * 2, "log2_tpm": [*TPM, *TPM / 2]}, "log2_tpm"),
    "coderdata": (
        {"entrez_id": ENTREZ * 2, "improve_sample_id": np.repeat([7, 12], N), "transcriptomics": [*TPM, *TPM / 2],
         "source": ["x"] * 2 * N},
        "transcriptomics",
    ),
    "passports": (
        {"model_id": np.repeat(["A", "B"], N), "model_name": np.repeat(["x", "y"], N), "symbol": GENES * 2,
         "read_count": [*WHOLE, *WHOLE], "fpkm": [*TPM * 3, *TPM], "tpm": [*TPM, *TPM / 2]},
        "tpm",
    ),
    "atlas": (
        {"Gene": ENSEMBL * 2, "Gene name": ["same"] * 2 * N, "Cell line": np.repeat(["A", "B"], N),
         "TPM": [*TPM, *TPM / 2], "nTPM": [*TPM * 2, *TPM]},
        "TPM",
    ),
    "no heading of samples": (
        {"code": np.repeat(["A", "B"], N), "gene": GENES * 2, "lev": [*TPM, *TPM / 2], "site": ["x"] * 2 * N},
        "lev",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", LONG)
def test_long_tables_become_matrices(tmp_path: Path, name: str) -> None:
    columns, value = LONG[name]
    shuffled = pd.DataFrame(columns).sample(frac=1, random_state=1)
    found = read(write(tmp_path / "x.csv", dict(shuffled.items())))
    samples = ["7", "12"] if name == "coderdata" else ["A", "B"]
    np.testing.assert_allclose(found.values.loc[samples, GENES], [TPM, TPM / 2])
    assert sorted(found.values.index) == sorted(samples)
    told(found, "a long table", f"levels in {value}")


def test_discrete_long_in_which_each_gene_stands_once(tmp_path: Path) -> None:
    path = text(tmp_path / "c.txt", ["Hugo_Symbol\tSample_Id\tValue", "ERBB2\tX1\t2", "PTEN\tX2\t-2"])
    found = read(path, "copy_number")
    assert found.values.loc["X1", "ERBB2"] == 2
    assert np.isnan(found.values.loc["X2", "ERBB2"])


def test_a_wrong_cell_of_a_long_table(tmp_path: Path) -> None:
    path = text(tmp_path / "x.csv", ["sample_id,gene,tpm", "A,PTEN,high", "A,PIK3CA,2", "B,PTEN,3", "B,PIK3CA,5"])
    refused(path, "row 1 (gene PTEN, sample A), column tpm: found 'high', expected a finite number")
    spoilt: dict[str, str] = {}
    found = read_matrix(path, AXIS, "expression", spoilt)
    assert list(spoilt) == ["A"]
    assert found.values.loc["B", "PTEN"] == 3


def test_advice_of_a_long_table(tmp_path: Path) -> None:
    twice = pd.DataFrame(
        {"model_id": ["M"] * 2 * N, "symbol": GENES * 2, "fpkm": [*TPM, *TPM + 1], "data_source": ["s"] * N + ["b"] * N}
    )
    path = write(tmp_path / "x.csv", dict(twice.items()))
    refused(path, "gene PIK3CA of sample M stands in rows 1 and 41", "keep the rows of one data_source")
    levels(write(tmp_path / "y.csv", dict(twice[twice["data_source"] == "s"].items())), {"M": TPM})
    several = {"sample_id": ["A"] * N + ["B"] * N, "gene": GENES * 2, "x1": [*TPM, *TPM], "x2": [*TPM, *TPM]}
    refused(write(tmp_path / "z.csv", several), "several columns could hold the level: x1, x2", "keep one of them")
    levels(write(tmp_path / "z2.csv", {key: several[key] for key in ("sample_id", "gene", "x2")}), {"A": TPM, "B": TPM})


# Second headers, rows about samples, annotation


def test_second_header_of_firehose(tmp_path: Path) -> None:
    labels = [f"{gene}|{number}" for gene, number in zip(GENES, ENTREZ, strict=True)]
    one = ["Hybridization REF\tT1\tT2", "gene_id\tnormalized_count\tnormalized_count", "?|100130426\t0\t0"]
    rows = [f"{label}\t{x}\t{x}" for label, x in zip(labels, TPM, strict=True)]
    levels(text(tmp_path / "a.txt", [*one, *rows]), {"T1": TPM, "T2": TPM})
    three = [
        "Hybridization REF\tT1\tT1\tT1\tT2\tT2\tT2",
        "gene\t" + "\t".join(["raw_counts", "median_length_normalized", "RPKM"] * 2),
    ]
    rows = [f"{label}\t1\t2\t{x}\t1\t2\t{x}" for label, x in zip(labels, TPM, strict=True)]
    told(levels(text(tmp_path / "b.txt", [*three, *rows]), {"T1": TPM, "T2": TPM}), "RPKM of each sample taken")


def test_rows_about_samples(tmp_path: Path) -> None:
    head = ["model_id,,SIDM1,SIDM2", "model_name,,LineA,LineB", "data_source,,sanger,sanger", "gene_id,symbol,,"]
    rows = [f"SIDG{place},{gene},{x},{x}" for place, (gene, x) in enumerate(zip(GENES, TPM, strict=True))]
    told(levels(text(tmp_path / "a.csv", [*head, *rows]), {"SIDM1": TPM, "SIDM2": TPM}), "3 rows below the header")
    head = ["Name," + ",".join(GENES), "Database_ID," + ",".join(ENSEMBL), "Patient_ID" + "," * N]
    rows = [f"C{place}," + ",".join(map(str, TPM)) for place in range(3)]
    levels(text(tmp_path / "b.csv", [*head, *rows]), {f"C{place}": TPM for place in range(3)})


@pytest.mark.parametrize("meta", ["61\t55", "high\tlow"])
def test_gct_with_rows_and_columns_of_any_name(tmp_path: Path, meta: str) -> None:
    lines = ["#1.3", f"{N}\t2\t2\t2", "id\tsymbol\tKO\tS1\tS2", f"foo\tna\tna\t{meta}", "bar\tna\tna\t3\t4"]
    rows = [f"{label}\t{gene}\t7\t{x}\t{x}" for label, gene, x in zip(ENSEMBL, GENES, TPM, strict=True)]
    told(levels(text(tmp_path / "x.gct", [*lines, *rows]), {"S1": TPM, "S2": TPM}), "foo, bar", "symbol, KO")
    lines = ["#1.2", f"{N}\t1", "Name\tDescription\tGTEX-1"]
    levels(
        text(tmp_path / "y.gct", [*lines, *(f"{a}\tna\t{x}" for a, x in zip(GENES, TPM, strict=True))]), {"GTEX-1": TPM}
    )


def test_annotation_of_any_name(tmp_path: Path) -> None:
    columns = {"GENE_SYMBOLS": GENES, "GENE_title": ["a protein"] * N, "DATA.906826": TPM, "DATA.687983": TPM}
    told(levels(write(tmp_path / "rma.txt", columns), {"906826": TPM, "687983": TPM}), "GENE_title", "COSMIC ids")
    columns = {"Geneid": GENES, "Chr": ["1;1"] * N, "Length": WHOLE, "/d/PT-1.sorted.bam": WHOLE, "/d/PT-2.bam": WHOLE}
    told(levels(write(tmp_path / "fc.txt", columns), {"PT-1": WHOLE, "PT-2": WHOLE}), "named for their BAM files")
    wrong = {"gene": GENES, "note": ["x"] * N, "S1": ["high", *TPM[1:]], "S2": TPM}
    refused(write(tmp_path / "w.csv", wrong), "row PIK3CA, column S1: found 'high'")


# Samples in rows


def in_rows(path: Path, names: Mapping[str, Sequence[Any]], genes: Sequence[str] = GENES) -> Path:
    count = len(next(iter(names.values())))
    return write(path, {**names, **{gene: [value] * count for gene, value in zip(genes, TPM, strict=True)}})


def test_default_entries_of_depmap(tmp_path: Path) -> None:
    genes = [f"{gene} ({number})" for gene, number in zip(GENES, ENTREZ, strict=True)]
    for yes, no in (("Yes", "No"), (True, False), (1, 0)):
        names = {"": [0, 1, 2], "SequencingID": ["CDS-1", "CDS-2", "CDS-3"], "ModelID": ["ACH-1", "ACH-2", "ACH-2"],
                 "IsDefaultEntryForModel": [yes, yes, no], "IsDefaultEntryForMC": [yes, yes, yes]}  # fmt: skip
        found = levels(in_rows(tmp_path / "OmicsExpression.csv", names, genes), {"ACH-1": TPM, "ACH-2": TPM})
        told(found, "1 of 3 rows left out: not the default entry", "named by the column ModelID")


def test_clinical_columns_beside_genes(tmp_path: Path) -> None:
    names = {"sample_id": ["a", "b"], "os_months": [120.0, 3], "TMB": [1, 2], "er": ["pos", "neg"],
             "chemotherapy": [0, 1], "Size mm": [500.0, 400], "NEWGENE1": [1.0, 2]}  # fmt: skip
    found = read(in_rows(tmp_path / "x.csv", names))
    assert list(found.values.index) == ["a", "b"]
    assert [name for name in found.values.columns if name not in GENES] == ["NEWGENE1"]
    told(found, "os_months", "chemotherapy", "er")
    rows = {"gene": [*GENES, "library_size", "Age", "NEWGENE1"], "S1": [*TPM, 4e7, 61, 3], "S2": [*TPM, 3e7, 50, 2]}
    found = read(write(tmp_path / "y.csv", rows))
    assert [name for name in found.values.columns if name not in GENES] == ["NEWGENE1"]


def test_small_letters_and_labels_with_more_in_them(tmp_path: Path) -> None:
    levels(write(tmp_path / "x.csv", {"gene": [gene.lower() for gene in GENES], "S1": TPM}), {"S1": TPM})
    labels = ["PIK3CA|chr3", "PTEN;KLLN", "AKT1 (ENSG00000142208)", "ERBB2 ", *GENES[4:]]
    found = levels(write(tmp_path / "y.csv", {"gene": labels, "S1": TPM}), {"S1": TPM})
    told(found, "such as PIK3CA|chr3", "such as PTEN;KLLN")
    labels = ["PIK3CA/KRAS", "pten", *GENES[2:]]
    told(read(write(tmp_path / "z.csv", {"gene": labels, "S1": TPM})), "such as PIK3CA/KRAS", "pten (PTEN)")


def test_a_column_headed_as_entrez_ids_is_so(tmp_path: Path) -> None:
    others = [str(900_000_000 + place) for place in range(20 * N)]
    columns = {"GeneID": [*ENTREZ, *others], "GSM1": [*TPM, *range(len(others))]}
    found = read(write(tmp_path / "x.tsv", columns))
    np.testing.assert_allclose(found.values.loc["GSM1", GENES], TPM)
    refused(write(tmp_path / "y.tsv", {"id": columns["GeneID"], "GSM1": columns["GSM1"]}), "no list of Entrez gene ids")


# Advice


def test_advice_of_row_numbers(tmp_path: Path) -> None:
    refused(in_rows(tmp_path / "a.csv", {"": [0, 1]}), "only numbers the rows", "add a column sample_id")
    levels(in_rows(tmp_path / "b.csv", {"": [0, 1], "sample_id": ["x", "y"]}), {"x": TPM, "y": TPM})
    two = {"": [0, 1], "who": ["x", "y"], "what": ["u", "v"]}
    refused(in_rows(tmp_path / "c.csv", two), "several could name the samples (who, what)", "rename the right one")
    levels(in_rows(tmp_path / "d.csv", {"": [0, 1], "sample_id": ["x", "y"], "what": ["u", "v"]}), {"x": TPM, "y": TPM})
    levels(in_rows(tmp_path / "e.csv", {"": [0, 1], "who": ["x", "y"]}), {"x": TPM, "y": TPM})
    refused(write(tmp_path / "f.csv", {"gene": GENES, "0": TPM, "1": TPM}), "only numbered", "names in the first line")
    levels(write(tmp_path / "g.csv", {"gene": GENES, "x": TPM, "y": TPM}), {"x": TPM, "y": TPM})


def test_advice_of_depmap_profiles(tmp_path: Path) -> None:
    refused(in_rows(tmp_path / "a.csv", {"": ["PR-AbCd1", "PR-AbCd2"]}), "OmicsProfiles.csv", "ModelID")
    levels(in_rows(tmp_path / "b.csv", {"": ["ACH-000001", "ACH-000002"]}), {"ACH-000001": TPM, "ACH-000002": TPM})


def test_advice_of_quantities(tmp_path: Path) -> None:
    both = write(tmp_path / "a.csv", {"gene": GENES, "value": TPM, "expression": TPM})
    refused(both, "value, expression would do equally", "keep one of them, named for its sample")
    beside = write(tmp_path / "b.csv", {"gene": GENES, "TPM": TPM, "mystery": TPM})
    refused(beside, "beside TPM", "mystery, which could be a sample", "remove the columns of the one or the other")
    levels(write(tmp_path / "c.csv", {"gene": GENES, "P7": TPM}), {"P7": TPM})
    levels(write(tmp_path / "d.csv", {"gene": GENES, "TPM": TPM}), {"d": TPM})
    refused(write(tmp_path / "e.csv", {"gene": GENES, "mean": TPM, "sd": TPM}), "mean, sd are statistics")
    tpm = write(tmp_path / "f.csv", {"gene": GENES, "TPM": TPM, "FPKM": TPM})
    refused(tpm, "give the file with --expression", kind="copy_number")
    levels(tpm, {"f": TPM})
    rows = {"gene": GENES * 3, "TPM": [*TPM, *TPM, *TPM]}
    refused(write(tmp_path / "g.csv", rows), "genes stand in several rows", "or a column sample_id")
    rows["sample_id"] = [name for name in "xyz" for _ in GENES]
    levels(write(tmp_path / "h.csv", rows), dict.fromkeys("xyz", TPM))


def test_advice_of_quantities_in_a_request() -> None:
    records = [{"gene": gene, "TPM": float(value)} for gene, value in zip(GENES, TPM, strict=True)]
    with pytest.raises(PamrxError, match="expression: TPM are quantities and no samples; keep TPM alone, named for"):
        read_records({"expression": records}, AXIS)
    named = [{"gene": record["gene"], "P7": record["TPM"]} for record in records]
    assert list(read_records({"expression": named}, AXIS).samples.index) == ["P7"]


def test_advice_of_transcripts(tmp_path: Path) -> None:
    ids = [f"ENST{place:011d}.3" for place in range(N)]
    salmon = {"Name": ids, "Length": TPM, "EffectiveLength": TPM, "TPM": TPM, "NumReads": TPM}
    refused(write(tmp_path / "s1" / "quant.sf", salmon), "rows are transcripts", "quant.genes.sf")
    levels(write(tmp_path / "s1" / "quant.genes.sf", {**salmon, "Name": ENSEMBL}), {"s1": TPM})
    logged = {"tx": ids, "gene_id": [*ENSEMBL[: N // 2], *ENSEMBL[: N // 2]], "S1": np.log2(TPM + 1), "S2": TPM / 100}
    refused(write(tmp_path / "t.tsv", logged), "logarithms, which do not add up", "add up the plain levels")


FOREIGN: dict[str, tuple[dict[str, Any], str]] = {
    "deseq.csv": (
        {"": GENES, "baseMean": TPM, "log2FoldChange": TPM, "lfcSE": TPM, "stat": TPM, "pvalue": TPM, "padj": TPM},
        "differential expression test (columns log2FoldChange, lfcSE, stat and 2 more)",
    ),
    "limma.csv": ({"": GENES, "logFC": TPM, "AveExpr": TPM, "P.Value": TPM, "B": TPM}, "differential expression"),
    "gsea.rnk": ({"gene": GENES, "score": TPM}, "ranked by a score"),
    "data_sv.txt": ({"Sample_Id": ["a"], "Site1_Hugo_Symbol": ["PTEN"], "Site2_Hugo_Symbol": ["X"]}, "fusions"),
    "star-fusion.tsv": ({"ERBB2--GRB7": ["A--B"], "12": [3]}, "fusions or structural variants"),
    "beta.tsv": ({"Composite Element REF": [f"cg{n:08d}" for n in range(9)], "S1": [0.4] * 9}, "methylation"),
    "rppa.csv": ({"sample_id": ["a"], "Akt_pS473": [0.1], "PTEN": [0.3], "EGFR_pY1068": [1.0]}, "levels of proteins"),
    "x.maf.csv": (
        {"Hugo_Symbol": ["PTEN"], "Tumor_Sample_Barcode": ["a"], "Variant_Classification": ["Silent"]},
        "give the file with --mutations",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", FOREIGN)
def test_tables_of_something_else_are_refused_by_name(tmp_path: Path, name: str) -> None:
    columns, part = FOREIGN[name]
    refused(write(tmp_path / name, columns), part)


def test_regions_without_a_header(tmp_path: Path) -> None:
    refused(text(tmp_path / "x.tsv", ["chr10\t89600000\t89800000\tPTEN\t2", "chr3\t1\t2\tPIK3CA\t4"]), "BED?")


def test_summaries_of_samples_are_no_samples(tmp_path: Path) -> None:
    levels_of = np.linspace(1, 90, N)
    columns = {"gene": GENES, "S1": levels_of, "S2": levels_of[::-1], "mean": [45] * N, "min": [1] * N, "max": [90] * N}
    found = read(write(tmp_path / "x.tsv", columns), "expression")
    assert list(found.values.index) == ["S1", "S2"]
    told(found, "columns left out that are no samples: mean, min, max")
    alone = {name: columns[name] for name in ("gene", "mean", "min", "max")}
    with pytest.raises(PamrxError, match="mean"):
        read(write(tmp_path / "y.tsv", alone), "expression")
