"""Mutations of a file: a MAF, or a VCF by its content or name."""

from __future__ import annotations

from collections.abc import Collection

from pamrx.readers.boundary import boundary
from pamrx.readers.mutations.maf import read_maf
from pamrx.readers.mutations.table import Mutations
from pamrx.readers.mutations.vcf import is_vcf, read_vcf
from pamrx.readers.text.files import PathLike, check_file, is_parquet


def read_mutations(path: PathLike, known_genes: Collection[str] = ()) -> Mutations:
    """Read one MAF or annotated VCF.

    Raises
    ------
    PamrxError
        As `read_maf` and `read_vcf`; a missing file.
    """
    with boundary(path, "a table of mutations (MAF) or an annotated VCF"):
        file = check_file(path)
        return read_vcf(file, known_genes) if not is_parquet(file) and is_vcf(file) else read_maf(file, known_genes)
