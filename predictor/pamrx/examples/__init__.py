"""Twelve cell lines as ordinary user files, none of which the released bundle has seen; see `README.md` beside them."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

FILES = {
    "mutations": "mutations.maf",
    "expression": "expression.csv.gz",
    "ncrna": "ncrna.csv",
    "copy_number": "copy_number.csv",
    "samples": "samples.csv",
}
"""Kind of input, by the name that `read_profiles` gives it, to file."""

MEASURED = "measured.csv"


def example_files() -> dict[str, Path]:
    """Give the paths of the shipped example profiles: twelve cell lines that the released bundle has not seen.

    Returns
    -------
    dict of str to Path
        The keyword arguments of `read_profiles`: mutations, expression, ncrna, copy_number, samples.

    References
    ----------
    Yang, Nucleic Acids Research 2013; Iorio, Cell 2016 (PMID 27397505); `README.md` beside the files names the source
    of each, and `DATA_LICENSES.md` its licence.

    Examples
    --------
    >>> import pamrx
    >>> sorted(pamrx.example_files())
    ['copy_number', 'expression', 'mutations', 'ncrna', 'samples']
    >>> len(pamrx.read_profiles(**pamrx.example_files()))
    12
    """
    folder = Path(str(files(__package__)))
    return {kind: folder / name for kind, name in FILES.items()}


def measured() -> pd.DataFrame:
    """What the screens measured in the example lines, for comparison only: prediction never reads it.

    Returns
    -------
    DataFrame
        sample_id, drug, screen (the drug's newest), ln_ic50 (ln of micromolar); one row per sample and drug measured.
    """
    import pandas as pd

    return pd.read_csv(Path(str(files(__package__))) / MEASURED, dtype={"sample_id": str})
