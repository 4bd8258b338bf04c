"""What was asked of a scoring run, beside the cohort and the bundle."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from pamrx.bundle.bundle import Bundle, load_bundle
from pamrx.display import short_repr
from pamrx.errors import UsageError
from pamrx.prediction.intervals import COVERAGE
from pamrx.prediction.laboratory import LabOffsets

_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([kmgt]?)i?b?", re.IGNORECASE)
_POWERS = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4}


@short_repr
@dataclass(frozen=True)
class Options:
    """What shapes the output.

    Attributes
    ----------
    drugs : names, or None for all.
    coverage : of the intervals.
    explain : features told per sample and drug, by |contribution|; 0 for none.
    summary : column of the samples by which the cohort is summed up; None for no summary.
    strict : whether the first sample that cannot be used ends the run.
    offsets : of the laboratory, taken off the expression of every sample; None takes none off.
    """

    drugs: tuple[str, ...] | None = None
    coverage: float = COVERAGE
    explain: int = 0
    summary: str | None = None
    strict: bool = False
    offsets: LabOffsets | None = None

    def bundle_from(self, folder: Path | None) -> Bundle:
        """The bundle in a folder (None: the released one), with the offsets in place."""
        bundle = load_bundle(folder)
        return bundle if self.offsets is None else bundle.calibrated(self.offsets)


@dataclass(frozen=True)
class Given:
    """What the user says of the cohort: a MAF and a panel (file or name) beside it, the units of its expression and
    copy number, and what becomes of samples of a study whose panel is unknown (see `read_study`)."""

    mutations: Path | None = None
    panel: Path | None = None
    unit: str | None = None
    copy_number_unit: str | None = None
    unknown_panel: str | None = None


def read_size(text: str) -> int:
    """Bytes of `2GB`, `800 MB`, `1.5G`; powers of 1000.

    Raises
    ------
    PamrxError
        For anything else.
    """
    found = _SIZE.fullmatch(text.strip())
    if found is None or (not found[2] and float(found[1]) < 1e6):
        raise UsageError(f"--memory {text}: expected a size such as 2GB or 800MB")
    return int(float(found[1]) * 1000 ** _POWERS[found[2].lower()])


def read_explain(text: str | None) -> int:
    """N of `top=N`; 0 for None.

    Raises
    ------
    PamrxError
        For anything else.
    """
    if text is None:
        return 0
    found = re.fullmatch(r"(?:top=)?([1-9]\d{0,3})", text.strip())
    if found is None:
        raise UsageError(f"--explain {text}: expected top=N, such as top=5")
    return int(found[1])
