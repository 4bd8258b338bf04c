"""What lies in a cBioPortal study folder: which file is which, and what its small files say.

Formats: cBioPortal documentation, "File Formats". Files are told by their meta file (`genetic_alteration_type`,
`datatype`, `data_filename`), and by the names that the portal's own archive uses where there is none.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from pamrx.display import short_repr
from pamrx.errors import InputError, did_you_mean
from pamrx.readers.boundary import MAX_CELL, MAX_LABEL, boundary
from pamrx.readers.gene_panel import panel_name
from pamrx.readers.repeated_columns import check_once
from pamrx.readers.studies.study_files import unread_files
from pamrx.readers.text.files import SHORTER, PathLike, check_file, check_labels, open_bytes
from pamrx.readers.text.given_files import entries, is_file, is_folder, odd_kind

# Of several matrices of expression the first of these is taken: first units per transcript length and library, then
# counts, then arrays. A word stands in the file's name or in its stable_id.
UNITS = (
    "rsem",
    "tpm",
    "rna_seq_v2",
    "fpkm",
    "rpkm",
    "cpm",
    "rna_seq",
    "mrna_seq",
    "array",
    "agilent",
    "affymetrix",
    "u133",
)
_LAST = len(UNITS)
_COPY_NUMBER = ("DISCRETE", "DISCRETE_LONG", "LOG2-VALUE")
"""Data types of copy number, the one to be taken first; a long table has a row per gene and sample."""
_NAMES = (
    ("mutations", r"data_mutations?(_extended|_mskcc)?"),
    ("copy_number", r"data_(log2_?)?cna|data_cna_(discrete|long|discrete_long|log2)"),
    ("ncrna", r"data_(\w+_)?mirna(_expression)?(_median)?"),
    ("expression", r"data_(mrna|expression|rna_seq)(_\w+)?"),
    ("clinical_sample", r"data_(bcr_)?clinical(_data)?(_sample)?"),
    ("clinical_patient", r"data_(bcr_)?clinical(_data)?_patient"),
    ("gene_matrix", r"data_gene(_panel)?_matrix"),
)
MUTATIONS_META = "meta_mutations.txt"
_TEXT = r"\.(txt|tsv)(\.gz)?"
_WHOLE = re.compile(r"(wes|wxs|wgs|whole[-_ ]?(exome|genome))", re.IGNORECASE)
_META = re.compile(r"(meta_.*|.*\.meta)(\.txt)?", re.IGNORECASE)


@short_repr
@dataclass(frozen=True)
class Study:
    """A folder's files by kind; `panels`: stable_id -> file; `default_panel`: that of all its mutations; `sequenced`:
    the samples that its case lists name as sequenced; `cancer_type`: that of the whole study; `notes`."""

    folder: Path
    files: dict[str, Path]
    panels: dict[str, Path] = field(default_factory=dict)
    default_panel: str = ""
    sequenced: tuple[str, ...] = ()
    cancer_type: str = ""
    notes: tuple[str, ...] = ()


def find_study(folder: PathLike) -> Study:
    """Tell the files of a study folder apart, and read its meta files and case lists.

    Raises
    ------
    PamrxError
        If it is no folder or no study, a meta file names a data file that is not there, two files are one thing, or a
        file is a Git LFS pointer.
    """
    with boundary(folder, "a cBioPortal study folder"):
        return _study(_check_folder(folder))


def _study(root: Path) -> Study:
    metas = {path: _fields(path) for path in entries(root) if _META.fullmatch(path.name) and is_file(path)}
    candidates, passed = _candidates(root, metas)
    files, notes = _chosen(root, candidates)
    if not set(files) & {"mutations", "expression", "ncrna", "copy_number"}:
        raise InputError(
            f"{root}: no mutations, expression, miRNA or copy number among its files"
            f"{' (not read: ' + unread_files(passed) + ')' if passed else ''}; expected a cBioPortal study folder"
        )
    if "expression" not in files and any("zscore" in name.lower() for name in passed):
        notes.append(
            f"{root}: expression is there as z-scores across samples only, in which the genes of one sample no longer "
            "compare: it counts as missing"
        )
    if passed:
        notes.append(f"{root}: {len(passed)} files not read: {unread_files(passed)}")
    study_meta = next((m for m in metas.values() if "type_of_cancer" in m and "data_filename" not in m), {})
    return Study(
        folder=root,
        files=files,
        panels=_panel_files(root),
        default_panel=_default_panel(metas),
        sequenced=_sequenced(root),
        cancer_type=study_meta.get("type_of_cancer", ""),
        notes=tuple(notes),
    )


def _default_panel(metas: dict[Path, dict[str, str]]) -> str:
    """The panel of all mutations: of their meta file, which need say nothing else where it bears its usual name."""
    found = [
        meta for path, meta in metas.items() if _kind_by_meta(meta)[0] == "mutations" or path.name == MUTATIONS_META
    ]
    return next((meta["gene_panel"] for meta in found if meta.get("gene_panel")), "")


def looks_like_study(folder: Path) -> bool:
    """Whether a folder holds a file meta_* or data_*."""
    return any(entry.name.startswith(("meta_", "data_")) and is_file(entry) for entry in entries(folder))


def is_study_meta(file: Path) -> bool:
    """Whether a file is named as the meta files of a study are."""
    return bool(_META.fullmatch(file.name))


def is_whole_exome(panel: str) -> bool:
    """Whether a panel's name says that every gene was looked at."""
    return bool(_WHOLE.match(panel))


def read_rows(file: Path, needed: str) -> Iterator[dict[str, str]]:
    """The rows of a tab-separated table as upper-case column -> text; `#` lines before the header are skipped. Quotes
    mean nothing in these files, and a row may lack its last cells.

    Raises
    ------
    PamrxError
        If there is no column `needed`, or a row is longer than the header.
    """
    header: list[str] = []
    with boundary(file, "a tab-separated table"), open_bytes(check_file(file)) as stream:
        for number, raw in enumerate(stream, start=1):
            line = raw.decode("utf-8-sig" if number == 1 else "utf-8").rstrip("\r\n")
            if not line.strip() or (not header and line.startswith("#")):
                continue
            cells = [cell.strip() for cell in line.split("\t")]
            if not header:
                header = [cell.upper() for cell in cells]
                _check_header(file, header, cells, needed)
                continue
            if any(len(cell) > MAX_CELL for cell in cells):
                raise InputError(f"{file}: line {number}: a cell of more than {MAX_CELL:,} characters; {SHORTER}")
            if len(cells[header.index(needed)] if len(cells) > header.index(needed) else "") > MAX_LABEL:
                check_labels(str(file), cells, f"line {number}")
            if len(cells) > len(header) and any(cells[len(header) :]):
                raise InputError(
                    f"{file}: line {number}: {len(cells)} fields found, {len(header)} expected from the header"
                )
            yield dict(zip(header, cells + [""] * (len(header) - len(cells)), strict=False))


def _check_header(file: Path, header: list[str], given: list[str], needed: str) -> None:
    check_labels(str(file), given, "header")
    if needed not in header:
        raise InputError(f"{file}: header: no column {needed}; found {', '.join(given[:4])}")
    for name, count in Counter(header).items():
        check_once(file, name, count)


def _check_folder(folder: PathLike) -> Path:
    root = Path(os.fspath(folder))
    if is_file(root):
        packed = ".tar" in root.suffixes or root.suffix in (".tgz", ".zip")
        advice = "unpack it first" if packed else "give a file with its option, such as --mutations"
        raise InputError(f"{root}: is a file; expected a cBioPortal study folder ({advice})")
    if (what := odd_kind(root)) is not None:
        raise InputError(
            f"{root}: is {what}; expected a cBioPortal study folder; save its content as a file first, and give that "
            "with its option, such as --mutations"
        )
    if not is_folder(root):
        near = [entry.name for entry in entries(root.parent) if is_folder(entry)] if is_folder(root.parent) else []
        raise InputError(f"{root}: no such folder{did_you_mean(root.name, near)}")
    if not looks_like_study(root):
        inner = next((entry.name for entry in entries(root) if is_folder(entry) and looks_like_study(entry)), "")
        hint = f"; did you mean {root / inner}?" if inner else ""
        raise InputError(f"{root}: no file meta_* or data_* in it; expected a cBioPortal study folder{hint}")
    return root


def _fields(file: Path) -> dict[str, str]:
    """The `key: value` lines of a meta file or case list, keys in lower case."""
    _check_pointer(file)
    found: dict[str, str] = {}
    with open_bytes(file) as stream:
        for raw in stream:
            name, colon, value = raw.decode().partition(":")
            key, text = name.strip().lower(), value.strip()
            if colon and found.setdefault(key, text) != text:
                raise InputError(
                    f"{file}: line `{key[:40]}:` stands twice, and says two things; expected one: delete the other"
                )
    return found


def _candidates(root: Path, metas: dict[Path, dict[str, str]]) -> tuple[dict[str, list[tuple[int, Path]]], list[str]]:
    """kind -> its files, each with its rank; and the names of files of no kind that is read."""
    candidates: dict[str, list[tuple[int, Path]]] = {}
    passed: list[str] = []
    described = set()
    for path, meta in metas.items():
        name = meta.get("data_filename", "")
        kind, rank = _kind_by_meta(meta)
        described.add(name)
        if kind and not is_file(root / name):
            there = [entry.name for entry in entries(root) if entry.name.startswith("data_")]
            raise InputError(
                f"{path}: names {name}, which is not in the folder; expected it there{did_you_mean(name, there)}"
            )
        if kind:
            candidates.setdefault(kind, []).append((rank, root / name))
        elif name and is_file(root / name):
            passed.append(name)
    for path in entries(root):
        if path.name.startswith("data_") and path.name not in described and is_file(path):
            kind, rank = _kind_by_name(path.name)
            if kind:
                candidates.setdefault(kind, []).append((rank, path))
            elif not path.name.startswith("data_gene_panel_"):
                passed.append(path.name)
    return candidates, passed


def _kind_by_meta(meta: dict[str, str]) -> tuple[str, int]:
    alteration, datatype = meta.get("genetic_alteration_type", "").upper(), meta.get("datatype", "").upper()
    words = f"{meta.get('stable_id', '')} {meta.get('data_filename', '')}".lower()
    if alteration == "MUTATION_EXTENDED" and datatype == "MAF" and "uncalled" not in words:
        return "mutations", 0
    if (
        alteration == "MRNA_EXPRESSION"
        and datatype == "CONTINUOUS"
        and not _of_normals(words)
        and "zscore" not in words
    ):
        return ("ncrna", 0) if "mirna" in words else ("expression", _unit_rank(words))
    if alteration == "COPY_NUMBER_ALTERATION" and datatype in _COPY_NUMBER:
        return "copy_number", int(datatype == "LOG2-VALUE")
    if alteration == "CLINICAL" and datatype in ("SAMPLE_ATTRIBUTES", "PATIENT_ATTRIBUTES"):
        return "clinical_" + datatype.partition("_")[0].lower(), 0
    if alteration == "GENE_PANEL_MATRIX":
        return "gene_matrix", 0
    return "", 0


def _kind_by_name(name: str) -> tuple[str, int]:
    lower = name.lower()
    if "zscore" in lower or "z_score" in lower or _of_normals(lower):
        return "", 0
    for kind, pattern in _NAMES:
        if re.fullmatch(f"({pattern}){_TEXT}", lower):
            rank = _unit_rank(lower) if kind == "expression" else int(kind == "copy_number" and "log2" in lower)
            return kind, rank
    return "", 0


def _of_normals(words: str) -> bool:
    return "normal_samples" in words or "normals" in words


def _unit_rank(words: str) -> int:
    if "count" in words:
        return UNITS.index("array")
    return next((rank for rank, word in enumerate(UNITS) if word in words), _LAST)


def _chosen(root: Path, candidates: dict[str, list[tuple[int, Path]]]) -> tuple[dict[str, Path], list[str]]:
    files, notes = {}, []
    for kind, found in candidates.items():
        ranked = sorted(set(found))
        tied = [path.name for rank, path in ranked if rank == ranked[0][0]]
        if len(tied) > 1 and kind != "expression":
            raise InputError(
                f"{root}: {tied[0]} and {tied[1]} both hold {kind.replace('_', ' ')}; expected one: remove the other"
            )
        files[kind] = ranked[0][1]
        _check_pointer(files[kind])
        if len(ranked) > 1:
            others = ", ".join(path.name for _, path in ranked[1:])
            notes.append(f"{root}: {kind.replace('_', ' ')} from {files[kind].name}, not from {others}")
    return files, notes


def _check_pointer(file: Path) -> None:
    with check_file(file).open("rb") as handle:
        if handle.read(40).startswith(b"version https://git-lfs.github.com"):
            raise InputError(
                f"{file}: is a Git LFS pointer, not the data; run `git lfs pull` in its repository, or download the "
                "study from cbioportal.org/datasets"
            )


def _panel_files(root: Path) -> dict[str, Path]:
    own = [path for path in entries(root) if path.name.startswith("data_gene_panel_")]
    inner = root / "gene_panels"
    places = [*own, *(entries(inner) if is_folder(inner) else [])]
    paths = sorted(path for path in places if "matrix" not in path.name and is_file(path))
    return {name: path for path in paths if (name := panel_name(path))}


def _sequenced(root: Path) -> tuple[str, ...]:
    names: list[str] = []
    lists = root / "case_lists"
    for path in entries(lists) if is_folder(lists) else []:
        if path.suffix != ".txt" or path.name.startswith("."):
            continue
        fields = _fields(path)
        if (
            fields.get("stable_id", "").lower().endswith("_sequenced")
            or fields.get("case_list_category", "").lower() == "all_cases_with_mutation_data"
        ):
            names += fields.get("case_list_ids", "").split()
    return tuple(dict.fromkeys(names))
