"""The nested column of a Parquet cohort is read as a MAF is: by the same functions, with the same result."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
from pamrx.cohort.mutations import rows_of
from pamrx.identifiers.genes import default_genes
from pamrx.readers.mutations.reading import read_mutations

ROWS = [
    ("S1", "pik3ca", "missense_variant&splice_region_variant", "c.3140A>G (p.H1047R)"),
    ("S1", "PTEN;KLLN", "nonsynonymous SNV", "p.R130Q;p.R173H"),
    ("S2", "PTEN", "stop_gained", "p.Arg130Ter"),
    ("S2", "PTEN", "stop_gained", "p.Arg130Ter"),
    ("S2", "TSC2", "strange word", "p.R611*"),
    ("S3", "KRAS", "Missense_Mutation", "MUTATED"),
]
NAMES = ("gene", "variant_classification", "hgvsp")


def test_nested_mutations_are_read_as_a_maf(tmp_path: Path) -> None:
    samples = ["S1", "S2", "S3"]
    nested = [[dict(zip(NAMES, row[1:], strict=True)) for row in ROWS if row[0] == sample] for sample in samples]
    column = pa.chunked_array([pa.array([*nested, None])])
    maf = tmp_path / "x.maf"
    head = "Hugo_Symbol\tVariant_Classification\tHGVSp_Short\tTumor_Sample_Barcode"
    maf.write_text("\n".join([head, *("\t".join([*row[1:], row[0]]) for row in ROWS), ""]))
    beside, found = read_mutations(maf, default_genes()), rows_of(column, [*samples, "S4"], default_genes())
    assert found.rows.drop(columns="driver").equals(beside.rows.drop(columns="driver"))
    assert found.samples == beside.samples == tuple(samples)
    alone = rows_of(pa.chunked_array([pa.array([nested[0]])]), ["S1"], default_genes())
    assert alone.rows["gene"].tolist() == ["PIK3CA", "PTEN", "PTEN"]
    assert found.rows["hgvsp"].tolist() == ["p.H1047R", "p.R130Q", "p.R173H", "p.R130*", "p.R611*", ""]


def test_a_sample_reads_alike_alone_and_among_others() -> None:
    titled = [
        {"gene": gene, "variant_classification": "Silent", "hgvsp": ""} for gene in ("Pik3ca", "Pten", "Akt1", "Kras")
    ]
    upper = [{"gene": f"G{number}", "variant_classification": "Silent", "hgvsp": ""} for number in range(9)]
    alone = rows_of(pa.chunked_array([pa.array([titled])]), ["S1"], default_genes()).rows
    crowd = rows_of(pa.chunked_array([pa.array([titled, upper])]), ["S1", "S2"], default_genes()).rows
    assert alone["gene"].tolist() == ["PIK3CA", "PTEN", "AKT1", "KRAS"]
    assert crowd[crowd["sample_id"] == "S1"].equals(alone)
