"""Which genotype columns of a VCF are tumours, and what the tumours are called."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from pamrx.display import short_repr
from pamrx.errors import InputError

_TUMOUR_WORDS = frozenset({"tumor", "tumour", "primary"})
_NORMAL_WORDS = frozenset({"normal", "control", "germline"})
_MEMBER = re.compile(r'\b(\w++)=("[^"]*"|[^,>]*)')


@short_repr
@dataclass(frozen=True)
class Columns:
    """`tumours`: columns read, empty where the VCF has none; `names`: what the sample of each is called (one name
    where there is no column); `normals`: columns whose alleles are germline; `notes`."""

    tumours: tuple[str, ...]
    names: tuple[str, ...]
    normals: tuple[str, ...]
    notes: tuple[str, ...]


def tumour_columns(file: Path, columns: list[str], header: str) -> Columns:
    """Tell tumours from normals, by the first rule that settles it.

    1. `##tumor_sample=` and `##normal_sample=` (Mutect2);
    2. `##PEDIGREE=<Derived=tumour,Original=normal>` or `<ID=tumour,Original=normal>` (VCF 4.1 to 4.3);
    3. columns called TUMOR, TUMOUR or PRIMARY, and NORMAL, CONTROL or GERMLINE (Strelka, VarScan, CaVEMan, GDC); the
       sample is called as `##SAMPLE=<ID=TUMOR,...>` says (NAME, SampleName, SAMPLE_NAME), else as the file;
    4. otherwise every column is a tumour, and with two or more this is told.

    A VCF without genotype columns is one tumour, called as the file.

    Raises
    ------
    PamrxError
        If the header names a tumour that has no column, or all columns are normals.
    """
    if not columns:
        told = f"{file}: no genotype columns: all its variants are of one sample, {_stem(file)}"
        return Columns((), (_stem(file),), (), (told,))
    normals = _named_normals(columns, header)
    said = _named_tumours(file, columns, header)
    tumours = said or tuple(name for name in columns if name not in normals)
    normals = tuple(name for name in columns if name in normals and name not in tumours)
    if not tumours:
        raise InputError(f"{file}: only the normal sample {normals[0]} has a column; expected a tumour")
    notes = [f"{file}: column {name} is the normal: dropped" for name in normals]
    other = [name for name in columns if name not in tumours and name not in normals]
    if other:
        notes.append(f"{file}: column {other[0]} is not the tumour that the header names: dropped")
    if len(tumours) > 1:
        notes.append(
            f"{file}: {len(tumours)} columns are read as tumours: "
            + ("the header says so" if said else "the header calls none of them a tumour or a normal")
        )
    names = tuple(_name(file, name, header) for name in tumours)
    return Columns(tumours, names, normals, tuple(notes))


def _named_tumours(file: Path, columns: list[str], header: str) -> tuple[str, ...]:
    for told in (_values(header, "tumor_sample"), [tumour for tumour, _ in _pairs(header)]):
        if told:
            absent = [name for name in told if name not in columns]
            if absent:
                raise InputError(
                    f"{file}: the header names the tumour {absent[0]}, but the columns are {', '.join(columns[:3])}; "
                    "rename the column or the header line"
                )
            return tuple(dict.fromkeys(told))
    return tuple(name for name in columns if name.lower() in _TUMOUR_WORDS)


def _named_normals(columns: list[str], header: str) -> tuple[str, ...]:
    told = {*_values(header, "normal_sample"), *(normal for _, normal in _pairs(header))}
    return tuple(name for name in columns if name in told or name.lower() in _NORMAL_WORDS)


def _values(header: str, key: str) -> list[str]:
    start = f"##{key}="
    values = [line[len(start) :].strip() for line in header.split("\n") if line.startswith(start)]
    return [value for value in values if value]


def _structured(header: str, key: str) -> list[dict[str, str]]:
    lines = [value[1:-1] for value in _values(header, key) if value.startswith("<") and value.endswith(">")]
    return [{name: value.strip('"') for name, value in _MEMBER.findall(line)} for line in lines]


def _pairs(header: str) -> list[tuple[str, str]]:
    """(tumour, normal) of the PEDIGREE lines."""
    lines = _structured(header, "PEDIGREE")
    return [(line.get("Derived") or line["ID"], line["Original"]) for line in lines if "Original" in line]


def _name(file: Path, column: str, header: str) -> str:
    if column.lower() not in _TUMOUR_WORDS:
        return column
    for line in _structured(header, "SAMPLE"):
        if line.get("ID") == column:
            for key in ("NAME", "SampleName", "SAMPLE_NAME"):
                if line.get(key, ".") not in ("", "."):
                    return line[key]
    return _stem(file)


def _stem(file: Path) -> str:
    return re.sub(r"(\.(vcf|gz|bgz|vep|snpeff|ann|annotated|pass|filtered|somatic))+$", "", file.name, flags=re.I)
