"""What kind of table a file is, by its names first and then by its values."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from pamrx.errors import PamrxError
from pamrx.identifiers import copy_number as scales
from pamrx.identifiers.genes import is_noncoding
from pamrx.readers.matrices.matrix import Matrix, read_matrix
from pamrx.readers.text.files import PathLike

MAF, MATRIX, NCRNA, COPY_NUMBER, SAMPLES = (
    "mutations (MAF)", "expression matrix", "ncRNA matrix", "copy-number matrix", "samples table",
)  # fmt: skip
ALTERATIONS = "alterations table"
FLAGS, SHARES, COPIES, PROTEINS = "0/1 matrix", "matrix of shares", "matrix of copies", "protein array"
STUDY, CLINICAL, PATIENTS, PANEL, PANEL_MATRIX = (
    "cBioPortal study", "clinical data of samples", "clinical data of patients", "gene panel",
    "gene panel of each sample",
)  # fmt: skip
FOLDER, VARIANTS, UNREADABLE = "folder", "variants (VCF)", "not read"
READ_AS = {MATRIX: "expression", NCRNA: "ncrna", COPY_NUMBER: "copy_number", COPIES: "copy_number"}
"""Kinds of matrices, by the kind that `read_matrix` takes."""

_MOSTLY = 0.8
_MANY_COPIES = 100
_PHOSPHO_SITE, _PHOSPHO_SHARE = re.compile(r"_p[STY]\d+"), 0.05
_COPY_NUMBER_FILE = re.compile(r"(^|[^a-z])(cna|cnv|cn|gistic|copy.?number)|(?-i:CN[A-Z_])", re.IGNORECASE)


def told_apart(path: PathLike, known: frozenset[str]) -> tuple[Matrix, str]:
    """A matrix of unknown kind, read as what it seems to hold, and that kind."""
    try:
        matrix = read_matrix(path, known, None)
    except PamrxError as first:
        try:
            return read_matrix(path, known, "ncrna"), NCRNA
        except PamrxError:
            raise first from None
    kind = matrix_kind(matrix, Path(path).name)
    if matrix.columns.kind == "copy_number":
        return matrix, kind if kind == COPIES else COPY_NUMBER
    return (read_matrix(path, known, READ_AS[kind]) if kind in READ_AS and kind != MATRIX else matrix), kind


def matrix_kind(matrix: Matrix, file: str) -> str:
    """By the names first, then by the values and the name of the file."""
    labels = matrix.names["given"]
    if sum(is_noncoding(label) for label in labels) > len(labels) / 2:
        return NCRNA
    if sum(bool(_PHOSPHO_SITE.search(label)) for label in labels) > _PHOSPHO_SHARE * len(labels):
        return PROTEINS
    values = matrix.values.to_numpy()
    present = values[np.isfinite(values)]
    if not present.size:
        return MATRIX
    low, high = present.min(), present.max()
    seen = matrix.copy_number_scale
    if (present % 1 == 0).all():
        if low >= 0 and 2 < high <= 100 and (present == 0).mean() > _MOSTLY:
            return SHARES
        if low >= 0 and high <= 1:
            return FLAGS
        if seen == scales.COPIES and high <= _MANY_COPIES:
            return COPIES
        if low >= -2 and high <= 2:
            return COPY_NUMBER
    if _COPY_NUMBER_FILE.search(file) and seen in (scales.RATIOS, scales.FOLD, scales.COPIES, scales.CALLED):
        return COPIES if seen == scales.COPIES else COPY_NUMBER
    return MATRIX


def looks_like_ratios(matrix: Matrix) -> bool:
    """Whether levels could as well be ratios of copy number, or their logarithms, in most samples."""
    return matrix.copy_number_scale in (scales.RATIOS, scales.FOLD)
