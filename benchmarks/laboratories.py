"""What the benchmarks across laboratories share: the lines of NCI-60 and GDSC, from both sources, as `Profiles`.

`platforms.py` compares the two; `stability.py` takes the differences between them as a measure of disturbance.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from pamrx.bundle.bundle import Bundle, load_bundle
from pamrx.errors import PamrxError
from pamrx.prediction.predictions import chosen_assays
from pamrx.profiles import Profiles
from pamrx_training.datasets import GdscData, load_ccle_mirna, load_gdsc, load_panel718
from pamrx_training.datasets.nci60 import load_nci60
from pamrx_training.fitting.cohort import training_profiles

ARRAYS = """\
Both sources are arrays: nothing here says how features or predictions of whole-transcriptome RNA-seq compare,
and these data cannot validate that. The simulated differences are as large as those between these two arrays."""


@dataclass(frozen=True)
class Laboratories:
    """The released bundle; GDSC and CCLE as loaded; all GDSC lines as `everyone`; the shared lines, in one order, from
    GDSC (`ours`) and from NCI-60 (`theirs`)."""

    bundle: Bundle
    gdsc: GdscData
    mirna: pd.DataFrame | None
    panel: dict[str, pd.DataFrame] | None
    everyone: Profiles
    ours: Profiles
    theirs: Profiles


def main_of(run: Callable[[argparse.Namespace], None], doc: str | None, seed: bool = False) -> None:
    """The command line of a benchmark: `run` with its options; a mistake of the user is one line and exit code 2."""
    options = argparse.ArgumentParser(description=doc.splitlines()[0] if doc else None)
    options.add_argument("--data-dir", type=Path, required=True, help="folder with nci60/")
    options.add_argument("--cache", type=Path, default=None, help="data cache of `pamrx data fetch`")
    if seed:
        options.add_argument("--seed", type=int, default=0)
    try:
        run(options.parse_args())
    except PamrxError as error:
        print(error, file=sys.stderr)
        sys.exit(2)


def load(given: argparse.Namespace) -> Laboratories:
    """Both sources; which lines are compared is printed."""
    bundle = load_bundle()
    gdsc, mirna = load_gdsc(given.cache), load_ccle_mirna(given.cache)
    panel = load_panel718(given.cache)
    lines = gdsc.cell_lines.loc[gdsc.complete_lines()]
    theirs = nci60_profiles(given.data_dir, lines)
    shared = list(theirs.samples.index)
    everyone = training_profiles(lines, gdsc.alterations, gdsc.expression, mirna, panel)
    print(f"{len(shared)} lines compared: {', '.join(shared)}\n")
    return Laboratories(bundle, gdsc, mirna, panel, everyone, everyone.subset(shared), theirs)


def nci60_profiles(folder: Path, lines: pd.DataFrame) -> Profiles:
    """NCI-60's profiles of the lines that GDSC has; `pamrx_training.datasets.nci60` says how they are read."""
    found = load_nci60(folder, lines["tissue"])
    print(f"NCI-60: left out: {'; '.join(found.dropped) or 'nothing'}")
    held = set(found.profiles.samples.index)
    return found.profiles.subset([line for line in lines.index if line in held])


def predicted(bundle: Bundle, profiles: Profiles) -> pd.DataFrame:
    """(n, drugs) ln IC50 of each drug's newest screen; columns are assays."""
    assays = [str(assay) for assay in chosen_assays(bundle.model.assays_)]
    return bundle.model.predict(bundle.builder.transform(profiles))[assays]
