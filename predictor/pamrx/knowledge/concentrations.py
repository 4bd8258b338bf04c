"""The highest concentration that each assay tested.

The facts are in `knowledge/concentrations.csv`, one row per screen and drug, in micromolar. Notes on its columns:

- `max_um` is the value to use; empty where the two sources disagree or only one weak source speaks.
- `dtrace_um` is what the dtrace resource lists for the drug in that screen.
- `implied_um`, with `implied_low_um` and `implied_high_um`, is what the screen's own IC50 and AUC imply. GDSC's curve
  has two parameters, and its AUC is the mean of that curve from the lowest to the highest dose; so IC50, AUC, and the
  slope of the line (shared by its drugs in a screen) give the highest dose. The bounds come from quarters of the lines.
- `verified` says how the two agree: `both`, `implied` (dtrace does not list the assay, or mixes two ranges),
  or why there is no value.
"""

from __future__ import annotations

from functools import cache

from pamrx.knowledge import table
from pamrx.knowledge.drugs import Drug, as_drug, checked_screen


def max_concentration(drug: Drug | str, screen: str) -> float | None:
    """The highest concentration tested in `screen`, in micromolar; None where it is not verified or not screened.

    Raises
    ------
    UsageError
        If the screen or the drug is unknown.

    Examples
    --------
    >>> max_concentration("Omipalisib", "GDSC1")
    0.128
    """
    return _by_assay().get((checked_screen(screen), as_drug(drug).name))


@cache
def _by_assay() -> dict[tuple[str, str], float]:
    rows = table("concentrations").to_dict(orient="records")
    return {(row["screen"], row["drug"]): float(row["max_um"]) for row in rows if row["max_um"]}
