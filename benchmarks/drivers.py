"""How the training's driver-filtered gene flags compare with every non-synonymous call of the same cell lines.

The training table (GDSC1000, v17) flags a gene only where its mutation counts as a driver; the 718-gene panel and the
NCI-60 exomes hold every non-synonymous call. Per gene of the axis: of the lines that carry a call, the share that v17
flags (sensitivity of the flag to any call), and of the lines that v17 flags, the share that carry a call (its positive
predictive value). Neither source carries a protein change, so **this is no check of the driver rule**: for that see
`tests/pamrx/features/test_driver_truth.py`,
on a truth table of single variants and the protein changes of two TCGA cohorts.

Run: `python benchmarks/drivers.py --data-dir FOLDER [--cache FOLDER]`, with FOLDER as the portals' files are named:
`depmap/panel718_mutation.csv.gz`, `nci60/nci60_exome_percent_variant.csv.gz`. GDSC comes from the cache of `pamrx data
fetch gdsc`.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import pandas as pd
from pamrx.errors import PamrxError
from pamrx_training.datasets import load_gdsc
from pamrx_training.datasets.names import line_key_of_stripped

GENES = (
    "PIK3CA", "PIK3R1", "PIK3CB", "AKT1", "AKT2", "AKT3", "MTOR", "PTEN", "TSC1", "TSC2", "RHEB", "KRAS", "NRAS",
    "HRAS", "BRAF", "ERBB2", "ERBB3", "EGFR", "STK11", "TP53",
)  # fmt: skip
PANEL = "depmap/panel718_mutation.csv.gz"
EXOMES = "nci60/nci60_exome_percent_variant.csv.gz"
NO_CHECK = (
    "This is no check of the driver rule: neither source carries a protein change. It says how much the training's "
    "flag leaves out of all calls, and how often it is found again."
)


def main() -> None:
    """Print one table of both sources and the statement of what it does not show."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    options.add_argument("--data-dir", type=Path, required=True, help="folder with depmap/ and nci60/")
    options.add_argument("--cache", type=Path, default=None, help="data cache of `pamrx data fetch gdsc`")
    given = options.parse_args()
    try:
        flags = load_gdsc(given.cache).alterations
        sources = {"panel718": panel_calls(given.data_dir / PANEL), "NCI-60": exome_calls(given.data_dir / EXOMES)}
    except PamrxError as error:
        print(error, file=sys.stderr)
        sys.exit(2)
    print(f"{'':8}" + "".join(f"{name:>44}" for name in sources))
    heading = f"{'lines':>8}{'called':>8}{'flagged':>9}{'sensitiv.':>11}{'PPV':>8}"
    print(f"{'gene':8}" + heading * len(sources))
    for gene in (*GENES, "all"):
        print(f"{gene:8}" + "".join(cells(agreement(flags, calls, gene)) for calls in sources.values()))
    print("\nsensitiv.: v17 flags among the lines with any non-synonymous call; PPV: calls among the lines v17 flags.")
    print(NO_CHECK)


def agreement(flags: pd.DataFrame, calls: pd.DataFrame, gene: str) -> tuple[int, int, int, int] | None:
    """Lines of both tables, lines called, lines flagged, lines both; None where a table lacks the gene.

    `"all"` adds up the genes that both tables have.
    """
    if gene == "all":
        found = [counts for name in GENES if (counts := agreement(flags, calls, name))]
        called, flagged, both = (sum(counts[place] for counts in found) for place in (1, 2, 3))
        return max(counts[0] for counts in found), called, flagged, both
    if f"{gene}_mut" not in flags or gene not in calls:
        return None
    lines = flags.index.intersection(calls.index)
    flagged, called = flags.loc[lines, f"{gene}_mut"] == 1, calls.loc[lines, gene]
    return len(lines), int(called.sum()), int(flagged.sum()), int((called & flagged).sum())


def cells(counts: tuple[int, int, int, int] | None) -> str:
    """One source's part of a row."""
    if counts is None:
        return f"{'-':>8}{'-':>8}{'-':>9}{'-':>11}{'-':>8}"
    lines, called, flagged, both = counts
    return f"{lines:>8}{called:>8}{flagged:>9}{share(both, called):>11}{share(both, flagged):>8}"


def share(part: int, whole: int) -> str:
    return f"{part / whole:.2f}" if whole else "-"


def panel_calls(path: Path) -> pd.DataFrame:
    """(lines, genes) whether a non-synonymous call is there; index canonical key. Names as `22RV1_PROSTATE`."""
    calls = read(path)
    return keyed(calls.set_axis([str(name).split("_")[0] for name in calls.index], axis=0) == 1)


def exome_calls(path: Path) -> pd.DataFrame:
    """The same from per cent of variant reads, genes x lines, names as `MDA_MB_231`; any read share above 0 counts."""
    return keyed(read(path).T > 0)


def read(path: Path) -> pd.DataFrame:
    if not path.is_file():
        raise PamrxError(f"{path}: no such file; give the folder that holds {PANEL} and {EXOMES} as --data-dir")
    return pd.read_csv(path, index_col=0)


def keyed(calls: pd.DataFrame) -> pd.DataFrame:
    """Rows under canonical keys; a name that stands for two lines, or comes twice, is left out."""
    keys = pd.Index([line_key_of_stripped(str(name)) or "" for name in calls.index])
    return calls.set_axis(keys, axis=0)[(keys != "") & ~keys.duplicated(keep=False)]


if __name__ == "__main__":
    main()
