"""The driver rule on variants that no row lists, and the training's gene flags against every call of the same lines.

**The rule**: on the truth table of single variants (`tests/data/driver_truth.csv`), for each version of the knowledge
tables, sensitivity and specificity with all rows, and with each variant's own exact row left out in turn: what the rule
says of a variant that is in no table and that it knows by residue, range or kind only.

**The flags**:

The training table (GDSC1000, v17) flags a gene only where its mutation counts as a driver; the 718-gene panel and the
NCI-60 exomes hold every non-synonymous call. Per gene of the axis: of the lines that carry a call, the share that v17
flags (sensitivity of the flag to any call), and of the lines that v17 flags, the share that carry a call (its positive
predictive value). Neither source carries a protein change, so **this is no check of the driver rule**, and no version
of the tables changes it; `tests/pamrx/features/test_driver_truth.py` checks the rule on two TCGA cohorts too.

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
from pamrx.features import drivers
from pamrx.knowledge import FIRST, NEWEST
from pamrx_training.datasets import load_gdsc
from pamrx_training.datasets.names import line_key_of_stripped

GENES = (
    "PIK3CA", "PIK3R1", "PIK3CB", "AKT1", "AKT2", "AKT3", "MTOR", "PTEN", "TSC1", "TSC2", "RHEB", "KRAS", "NRAS",
    "HRAS", "BRAF", "ERBB2", "ERBB3", "EGFR", "STK11", "TP53",
)  # fmt: skip
TRUTH = Path(__file__).resolve().parents[1] / "tests" / "data" / "driver_truth.csv"
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
    show_rule()
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


def show_rule() -> None:
    """The driver rule on the truth table, one line per version of the knowledge tables."""
    truth = pd.read_csv(TRUTH, dtype=str, keep_default_na=False)
    yes = truth["driver"] == "yes"
    print(f"driver rule on {yes.sum()} drivers and {(~yes).sum()} others; 'left out': each without its own exact row")
    print(f"{'tables':10}{'sensitiv.':>11}{'specif.':>9}{'left out: sensitiv.':>21}{'specif.':>9}")
    for version in range(FIRST, NEWEST + 1):
        cells = [
            rate
            for called in (rule_calls(truth, version), rule_calls(truth, version, own_row=False))
            for rate in (called[yes].mean(), (~called[~yes]).mean())
        ]
        print(f"version {version:<2}{cells[0]:>11.3f}{cells[1]:>9.3f}{cells[2]:>21.3f}{cells[3]:>9.3f}")
    print()


def rule_calls(truth: pd.DataFrame, version: int, own_row: bool = True) -> pd.Series:
    """Whether the rule calls each variant of `truth`; without `own_row`, the exact row of each is left out in turn."""
    whole = drivers._hotspots
    tables, called = whole(version), []
    try:
        for gene, change, kind in zip(truth["gene"], truth["hgvsp"], truth["variant_classification"], strict=True):
            if not own_row:
                exact, residues, spans = tables[gene]
                left = {row: effect for row, effect in exact.items() if row != change.removeprefix("p.")}
                found = {**tables, gene: (left, residues, spans)}
                drivers._hotspots = lambda _, found=found: found  # type: ignore[assignment]
            called.append(drivers._by_rule(gene, kind, change, version))
    finally:
        drivers._hotspots = whole
    return pd.Series(called, index=truth.index)


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
