"""TCGA barcodes of different lengths brought together, name by name: other names beside them stay as they stand."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

# Sample type codes of TCGA (NCI Genomic Data Commons, code tables): 01-09 tumour, 10-19 normal, 20-29 control.
# When a patient has several tumour samples the first of these that is there stands for the patient.
_TYPE_ORDER = ("01", "03", "09", "05", "02", "04", "06", "07", "08")
_BARCODE = re.compile(
    r"TCGA(?P<mark>[-._ ])(?P<site>[A-Z0-9]{2})(?P=mark)(?P<patient>[A-Z0-9]{4})"
    r"(?:(?P=mark)(?P<type>\d{2})(?P<vial>[A-Z])?(?P<rest>[-._ ].*)?)?",
    re.IGNORECASE,
)


def is_barcode(name: str) -> bool:
    """Whether a name is a TCGA barcode of a patient, a sample or an aliquot."""
    return bool(_BARCODE.fullmatch(name.strip()))


@dataclass(frozen=True)
class _Barcode:
    raw: str
    patient: str
    type: str
    vial: str

    @property
    def sample(self) -> str:
        return f"{self.patient}-{self.type}"

    @property
    def is_tumour(self) -> bool:
        return not self.type or self.type < "10"


def cut_barcodes(
    ids: Mapping[str, Iterable[str]], mergeable: Collection[str] = ()
) -> tuple[dict[str, dict[str, str]], list[str]]:
    """TCGA barcodes under the names by which several files meet; all other names as they stand.

    Barcodes are cut to the sample (15 characters) where the files hold aliquots, or to the patient (12) where one file
    names a patient only. Barcodes of one file alone stay whole.

    Parameters
    ----------
    ids : for each file, its sample names.
    mergeable : files in which two aliquots of one sample are both kept (rows of mutations), not one chosen.

    Returns
    -------
    mapping : for each file, name found -> name used; a name that is dropped (a normal's) is absent.
    notes : what was cut and dropped, with counts.
    """
    names = {file: list(own) for file, own in ids.items()}
    parsed = {file: [code for name in own if (code := _parse(name))] for file, own in names.items()}
    parsed = {file: codes for file, codes in parsed.items() if codes}
    if not parsed:
        return {file: {name: name for name in own} for file, own in names.items()}, []
    notes: list[str] = []
    tumours: dict[str, list[_Barcode]] = {}
    for file, codes in parsed.items():
        tumours[file] = [code for code in codes if code.is_tumour]
        dropped = len(codes) - len(tumours[file])
        if dropped:
            notes.append(f"{file}: {dropped} normal or control samples (TCGA sample types 10 to 29) dropped")
    cut = _cut(tumours, mergeable, notes)
    barcodes = {file: {code.raw for code in codes} for file, codes in parsed.items()}
    mapping = {}
    for file, own in names.items():
        used = {name: cut.get(file, {}).get(name) if name in barcodes.get(file, ()) else name for name in own}
        mapping[file] = {name: new for name, new in used.items() if new is not None}
    return mapping, notes


def _cut(tumours: dict[str, list[_Barcode]], mergeable: Collection[str], notes: list[str]) -> dict[str, dict[str, str]]:
    """For each file with barcodes, those kept -> the name used."""
    lengths = {len(code.raw) for codes in tumours.values() for code in codes}
    if len(tumours) == 1:
        return {file: {code.raw: code.raw for code in codes} for file, codes in tumours.items()}
    if len(lengths) <= 1 and max(lengths, default=0) <= 16:
        return {file: {code.raw: _tidy(code.raw) for code in codes} for file, codes in tumours.items()}
    by_patient = any(not code.type for codes in tumours.values() for code in codes)
    if by_patient:
        _one_sample_per_patient(tumours, notes)
    notes.append(
        "TCGA barcodes were joined on the "
        + ("patient (first 12 characters)" if by_patient else "sample (first 15 characters)")
    )
    mapping = {}
    for file, kept in tumours.items():
        names = {code.raw: code.patient if by_patient else code.sample for code in kept}
        mapping[file] = names if file in mergeable else _one_aliquot_each(file, kept, names, notes)
    return mapping


def _parse(name: str) -> _Barcode | None:
    found = _BARCODE.fullmatch(name.strip())
    if not found:
        return None
    patient = f"TCGA-{found['site']}-{found['patient']}".upper()
    return _Barcode(name, patient, found["type"] or "", (found["vial"] or "").upper())


def _tidy(name: str) -> str:
    return re.sub(r"[._ ]", "-", name.strip().upper())


def _rank(sample_type: str) -> int:
    return _TYPE_ORDER.index(sample_type) if sample_type in _TYPE_ORDER else len(_TYPE_ORDER)


def _one_sample_per_patient(tumours: dict[str, list[_Barcode]], notes: list[str]) -> None:
    """Keep, in every file, the same one tumour sample of each patient: the type most files hold, primary first."""
    files_with: dict[str, Counter[str]] = defaultdict(Counter)
    for codes in tumours.values():
        for patient, sample_type in {(code.patient, code.type) for code in codes if code.type}:
            files_with[patient][sample_type] += 1
    chosen = {patient: min(types, key=lambda t: (-types[t], _rank(t))) for patient, types in files_with.items()}
    for file, codes in tumours.items():
        kept = [code for code in codes if not code.type or code.type == chosen[code.patient]]
        gone = [code.raw for code in codes if code.type and code.type != chosen[code.patient]]
        if gone:
            notes.append(f"{file}: {len(gone)} further samples of a patient dropped, such as {gone[0]}")
        tumours[file] = kept


def _one_aliquot_each(file: str, codes: list[_Barcode], names: dict[str, str], notes: list[str]) -> dict[str, str]:
    """One aliquot per name: the first vial, then the highest plate, as the Broad GDAC replicate filter prefers."""
    groups: dict[str, list[_Barcode]] = defaultdict(list)
    for code in codes:
        groups[names[code.raw]].append(code)
    best = {}
    for name, group in groups.items():
        first_vial = min(code.vial for code in group)
        best[max(code.raw for code in group if code.vial == first_vial)] = name
    if len(best) < len(names):
        gone = [raw for raw in names if raw not in best]
        notes.append(f"{file}: {len(gone)} repeated aliquots of a sample dropped, such as {gone[0]}")
    return {raw: names[raw] for raw in names if raw in best}
