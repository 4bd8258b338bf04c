"""How far predictions bear gene-wise differences between platforms, and the loss of genes.

GDSC profiles are disturbed by differences drawn from those found between NCI-60's arrays and GDSC's in the lines that
both have (see `platforms.py`), or lose genes of the universe; the predictions are compared with the undisturbed ones.

**Both sources are arrays. Whole-transcriptome RNA-seq cannot be validated on these data.**

Run: `python benchmarks/stability.py --data-dir FOLDER [--cache FOLDER] [--seed N]`, with FOLDER as for `platforms.py`.
"""

from __future__ import annotations

import argparse
from dataclasses import replace

import numpy as np
import pandas as pd
from laboratories import ARRAYS, load, main_of, predicted
from pamrx.bundle.bundle import Bundle
from pamrx.profiles import Profiles

STABILITY_LEGEND = """\
rank rho: Spearman over drugs within a line of the prediction minus its drug's mean, median of lines (the
order of drugs for one tumour); shift/sd: median over drugs of |mean shift| in sd of the undisturbed predictions. Above
half of the genes lost, the transcripts count as not measured and a model of the rest answers."""
REPEATS = 5
DRAWN_LINES = 200


def run(given: argparse.Namespace) -> None:
    """Print the table of disturbances, and what it cannot show."""
    both = load(given)
    found = platform_differences(both.bundle, both.ours, both.theirs)
    print_stability(both.bundle, both.everyone, found, np.random.default_rng(given.seed))
    print(f"\n{ARRAYS}")


def platform_differences(bundle: Bundle, ours: Profiles, theirs: Profiles) -> pd.DataFrame:
    """Per gene of the universe that both hold: offset (mean difference) and factor (ratio of sd), in z within lines.

    Columns centre (GDSC's mean), offset, factor. Each line is standardised over the genes of both first, so that only
    what differs from gene to gene is left: within-line ranks take no notice of the rest.
    """
    here, there = ours.expression, theirs.expression
    genes = [gene for gene in bundle.builder.universe_ if gene in here and gene in there]
    here, there = (z_in_line(table[genes]) for table in (here, there))
    factor = (there.std() / here.std()).replace([np.inf, 0.0], np.nan)
    return pd.DataFrame({"centre": here.mean(), "offset": (there - here).mean(), "factor": factor}).dropna()


def z_in_line(table: pd.DataFrame) -> pd.DataFrame:
    return table.sub(table.mean(axis=1), axis=0).div(table.std(axis=1), axis=0)


def disturbed(
    values: pd.DataFrame, differences: pd.DataFrame, rng: np.random.Generator, size: float, parts: str
) -> pd.DataFrame:
    """Each gene's z around its mean, stretched by another gene's factor and moved by its offset, drawn with repeats.

    `size` multiplies the offsets and is the exponent of the factors; `parts` holds "offset", "factor" or both. With
    `size` 0 the values stay as they are.
    """
    drawn = differences.iloc[rng.integers(len(differences), size=values.shape[1])]
    factor = drawn["factor"].to_numpy() ** size if "factor" in parts else 1.0
    offset = drawn["offset"].to_numpy() * size if "offset" in parts else 0.0
    centre = values.mean()
    return centre + (values - centre) * factor + offset


def without_genes(values: pd.DataFrame, universe: list[str], share: float, rng: np.random.Generator) -> pd.DataFrame:
    """`share` of the universe's genes, rounded down, set missing in all lines, as a smaller platform would."""
    held = [gene for gene in universe if gene in values]
    lost = rng.choice(np.array(held, dtype=object), size=int(share * len(universe)), replace=False)
    return values.drop(columns=list(lost))


def print_stability(bundle: Bundle, everyone: Profiles, found: pd.DataFrame, rng: np.random.Generator) -> None:
    """Correlation over lines with the undisturbed predictions, per drug; median and lowest drug, mean of repeats."""
    chosen = everyone.subset(sorted(rng.choice(np.array(everyone.samples.index), DRAWN_LINES, replace=False)))
    values = z_in_line(chosen.expression[[gene for gene in bundle.builder.universe_ if gene in chosen.expression]])
    universe = bundle.builder.universe_
    before = predicted(bundle, chosen)
    cases = {
        "offsets": lambda: disturbed(values, found, rng, 1.0, "offset"),
        "factors": lambda: disturbed(values, found, rng, 1.0, "factor"),
        "offsets and factors": lambda: disturbed(values, found, rng, 1.0, "offset factor"),
        "the same, half as large": lambda: disturbed(values, found, rng, 0.5, "offset factor"),
        "the same, twice as large": lambda: disturbed(values, found, rng, 2.0, "offset factor"),
        **{
            f"{share:.0%} of genes lost": lambda share=share: without_genes(values, universe, share, rng)
            for share in (0.1, 0.3, 0.5, 0.52)
        },
        "offsets, factors, 30% lost": lambda: without_genes(
            disturbed(values, found, rng, 1.0, "offset factor"), universe, 0.3, rng
        ),
    }
    print(
        f"3. Stability: {DRAWN_LINES} GDSC lines, {REPEATS} draws; differences of {len(found)} genes: sd of offsets",
        end=" ",
    )
    spread = values.std().median()
    print(f"{found['offset'].std():.2f}\n   (a gene's sd between lines is {spread:.2f}), factors", end=" ")
    print(f"{found['factor'].quantile(0.05):.2f} to {found['factor'].quantile(0.95):.2f} (5 to 95 %)")
    heads = ("median r", "lowest r", "rank rho", "shift/sd", "sd ratio")
    print(f"{'disturbance':30}" + "".join(f"{head:>10}" for head in heads) + "  lowest drug")
    for name, case in cases.items():
        runs = [compare(before, predicted(bundle, replace(chosen, expression=case()))) for _ in range(REPEATS)]
        table = sum(runs) / len(runs)
        numbers = (table["r"].median(), table["r"].min(), table["rho"].median(), table["shift"].median())
        told = "".join(f"{number:>10.3f}" for number in (*numbers, table["sd_ratio"].median()))
        print(f"{name:30}{told}  {table['r'].idxmin()}")
    print(STABILITY_LEGEND)


def compare(before: pd.DataFrame, after: pd.DataFrame) -> pd.DataFrame:
    """Per assay: r and |mean shift| / sd, ratio of sd; rho is the same median over lines for every assay."""
    centred = (before - before.mean()).T, (after - before.mean()).T
    rho = centred[0].corrwith(centred[1], method="spearman").median()
    shift = (after - before).mean().abs() / before.std()
    ratio = after.std() / before.std()
    return pd.DataFrame({"r": before.corrwith(after), "rho": rho, "shift": shift, "sd_ratio": ratio})


if __name__ == "__main__":
    main_of(run, __doc__, seed=True)
