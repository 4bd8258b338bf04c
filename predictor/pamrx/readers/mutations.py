"""Mutations of a file: a MAF, or a VCF by its content or name."""

from __future__ import annotations

from collections.abc import Collection

from pamrx.readers.files import PathLike, check_file, is_parquet
from pamrx.readers.maf import read_maf
from pamrx.readers.mutation_table import Mutations
from pamrx.readers.vcf import is_vcf, read_vcf


def read_mutations(path: PathLike, known_genes: Collection[str] = ()) -> Mutations:
    """Read one MAF or annotated VCF.

    Raises
    ------
    PamrxError
        As `read_maf` and `read_vcf`; a missing file.
    """
    file = check_file(path)
    return read_vcf(file, known_genes) if not is_parquet(file) and is_vcf(file) else read_maf(file, known_genes)
