"""Files of a cBioPortal study that are not read, and why: cBioPortal documentation, "File Formats"."""

from __future__ import annotations

import re
from collections.abc import Collection

SHOWN = 3
_WHY = (
    (r"z_?-?scores?", "z-scores across samples: the genes of one sample do not compare in them"),
    (r"normals?(_samples)?(?![a-z])", "of normal tissue"),
    (r"methylation", "methylation"),
    (r"(?<![a-z])(sv|structural_variants?|fusions?)(?![a-z])", "structural variants and fusions"),
    (r"(\.seg$|(?<![a-z])seg(ments?)?(?![a-z]))", "segments of copy number; pamrx takes calls or log2 ratios by gene"),
    (r"linear_?cna|cna_linear", "linear copy number; pamrx takes calls or log2 ratios"),
    (r"arm_?level", "copy number of chromosome arms"),
    (r"gistic_genes|mutsig", "results of a cohort, not of its samples"),
    (r"rppa|protein|phospho|acetyl|cptac", "protein levels"),
    (r"signature", "mutational signatures"),
    (r"timeline", "timelines of patients"),
    (r"uncalled", "mutations that were not called"),
    (r"treatment|generic_assay|gsva|scores?", "other assays"),
    (r"resource", "resources of the portal"),
)


def unread_files(names: Collection[str]) -> str:
    """Names of files by the reason why they are not read; files of no kind that is known come last."""
    groups: dict[str, list[str]] = {}
    for name in sorted(names):
        why = next((why for pattern, why in _WHY if re.search(pattern, name.lower())), "")
        groups.setdefault(why, []).append(name)
    told = []
    for why, files in sorted(groups.items(), key=lambda group: not group[0]):
        more = f" and {len(files) - SHOWN} more" if len(files) > SHOWN else ""
        told.append(", ".join(files[:SHOWN]) + more + (f" ({why})" if why else " (a kind that pamrx does not know)"))
    return "; ".join(told)
