"""How long the command takes to start and to predict, as ratios to the imports that it cannot do without.

Each pair runs in turns, after one run that warms the disk's cache, and the medians of five are compared: a ratio holds
on a slow machine as on a fast one, seconds do not. Run with the Python whose environment holds `pamrx`:
`make bench`, or `python benchmarks/startup.py`.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

RUNS = 5
PAMRX = str(Path(sys.executable).with_name("pamrx"))


@dataclass(frozen=True)
class Pair:
    """A command, the plain imports it is measured against, and how many times as long it may take."""

    name: str
    command: tuple[str, ...]
    against: str
    limit: float


PAIRS = (
    Pair("pamrx --help", (PAMRX, "--help"), "import typer", 2.0),
    Pair(
        "pamrx predict --example -o FILE",
        (PAMRX, "predict", "--example", "-o", "predictions.csv"),
        "import lightgbm, pandas, pyarrow",
        3.0,
    ),
)


def main() -> None:
    """Print one line for each pair: medians in seconds, their ratio, and the limit."""
    print(f"medians of {RUNS} runs, Python {sys.version.split()[0]}")
    print(f"{'command':<32} {'seconds':>7}   {'against':<34} {'seconds':>7} {'ratio':>6} {'limit':>6}")
    for pair in PAIRS:
        ours, theirs = medians(pair)
        ratio = ours / theirs
        verdict = "" if ratio <= pair.limit else "  over the limit"
        measured = f"{pair.name:<32} {ours:>7.2f}   {pair.against:<34} {theirs:>7.2f}"
        print(f"{measured} {ratio:>5.2f}x {pair.limit:>5.1f}x{verdict}")


def medians(pair: Pair) -> tuple[float, float]:
    """Median seconds of the command and of the imports, run in turns in a folder of their own."""
    plain = (sys.executable, "-c", pair.against)
    with tempfile.TemporaryDirectory() as folder:
        times = [(seconds(pair.command, folder), seconds(plain, folder)) for _ in range(RUNS + 1)][1:]
    ours, theirs = zip(*times, strict=True)
    return statistics.median(ours), statistics.median(theirs)


def seconds(command: tuple[str, ...], folder: str) -> float:
    """Wall-clock seconds of one run; a command that fails ends the benchmark with what it said."""
    start = time.perf_counter()
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    taken = time.perf_counter() - start
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)} ended with {done.returncode}: {done.stderr.strip()[-500:]}")
    return taken


if __name__ == "__main__":
    main()
