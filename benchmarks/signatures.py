"""Signature scores and speed against the field's own tools: gseapy's ssGSEA, decoupler, pandas.

1. Agreement: each `tme` and `programme` score of the released bundle against ssGSEA (Barbie, Nature 2009), decoupler's
   z-score within a sample and the combined z-score across samples (Lee, PLoS Comput Biol 2008), on the same GDSC
   matrix; Spearman over the lines.
2. Speed: 1,000 samples x 15,000 genes x all signatures against `gseapy.ssgsea` with as many threads, each in a process
   of its own, and the peak memory relative to the input.
3. Reading a MAF of 1,000,000 rows against `pandas.read_csv` of the same columns.

Samples and rows are resampled from real data. gseapy and decoupler are no dependency of pamrx: `pip install gseapy
decoupler` into an environment of your own beside it. On Python 3.11 decoupler brings pandas 2, which these scripts
can do with; what is not installed is left out, and said.

Run: `python benchmarks/signatures.py [--data-dir FOLDER] [--cache FOLDER] [--samples N] [--genes N] [--rows N]`, with
FOLDER holding `tcga_acc/TCGA_ACC_mutations.maf.gz`. GDSC comes from the cache of `pamrx data fetch gdsc`.
"""

from __future__ import annotations

import argparse
import gzip
import importlib.util
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
from pamrx.bundle.bundle import load_bundle
from pamrx.errors import PamrxError
from pamrx.features import FeatureBuilder
from pamrx.identifiers.genes import default_genes
from pamrx.profiles import Profiles
from pamrx.readers.mutations.columns import mutation_columns
from pamrx.readers.mutations.reading import read_mutations
from pamrx.readers.text.files import Head
from pamrx_training.datasets import load_gdsc

MAF = "tcga_acc/TCGA_ACC_mutations.maf.gz"
POOR = 0.6
RUNS = 3
LEGEND = """\
ssGSEA: gseapy, ranks, weight 0.25, up minus down genes; by size: the two weighed by their number of genes, as
pamrx does; z within: decoupler's zscore (mean of the sample's genes in the set against all its genes); z across: mean
of gene-wise z over all lines, for which one tumour alone is not enough."""
MEMORY = """\
The bundle ranks the genes of its universe only; the second row ranks every gene, as ssGSEA does. Memory: highest
resident memory less that before the call, over the size of the input as float64."""
INSTALL = "not installed; `pip install gseapy decoupler` into an environment of your own with pamrx"


def main() -> None:
    """Print the three tables."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    options.add_argument("--data-dir", type=Path, default=None, help="folder with tcga_acc/; without it no MAF is read")
    options.add_argument("--cache", type=Path, default=None, help="data cache of `pamrx data fetch gdsc`")
    options.add_argument("--samples", type=int, default=1000)
    options.add_argument("--genes", type=int, default=15000)
    options.add_argument("--rows", type=int, default=1_000_000)
    options.add_argument("--threads", type=int, default=1, help="of gseapy; pamrx uses one")
    options.add_argument("--part", nargs=2, metavar=("WHAT", "FOLDER"), help=argparse.SUPPRESS)
    given = options.parse_args()
    if given.part:
        print(json.dumps(measured(given.part[0], Path(given.part[1]), given.threads)))
        return
    try:
        expression = load_gdsc(given.cache).expression.astype(float)
        print_agreement(expression)
        print_speed(expression, given.samples, given.genes, given.threads)
        if given.data_dir is None:
            print("3. MAF: no --data-dir, left out")
        else:
            print_maf(given.data_dir / MAF, given.rows)
    except PamrxError as error:
        print(error, file=sys.stderr)
        sys.exit(2)


def print_agreement(expression: pd.DataFrame) -> None:
    """Spearman over the lines of each score with each method, poorest first."""
    signatures = members(load_bundle().builder)
    ours = scores_of(signature_builder(load_bundle().builder), expression)
    others = {"z across": z_across(expression, signatures)}
    if installed("gseapy"):
        others["ssGSEA"] = ssgsea(expression, signatures, threads=1)
        others["by size"] = ssgsea(expression, signatures, threads=1, by_size=True)
    if installed("decoupler"):
        others["z within"] = decoupler_z(expression, signatures)
    table = pd.DataFrame({name: ours.corrwith(other, method="spearman") for name, other in others.items()})
    table = table.reindex(columns=[name for name in ("ssGSEA", "by size", "z within", "z across") if name in table])
    table = table.assign(worst=table.min(axis=1)).sort_values("worst")
    print(f"1. Agreement: {len(expression)} GDSC lines x {expression.shape[1]} genes, Spearman with pamrx's score")
    print(f"{'signature':36}{'genes':>7}{'down':>6}" + "".join(f"{name:>10}" for name in table.columns[:-1]))
    for name, row in table.iterrows():
        weights = signatures[name]
        poor = "  poor" if row["worst"] < POOR else ""
        numbers = "".join(f"{value:>10.3f}" for value in row.iloc[:-1])
        print(f"{name:36}{len(weights):>7}{(weights < 0).sum():>6}{numbers}{poor}")
    print(f"{'median':49}" + "".join(f"{value:>10.3f}" for value in table.median().iloc[:-1]))
    print(f"{'lowest':49}" + "".join(f"{value:>10.3f}" for value in table.min().iloc[:-1]))
    print(LEGEND)
    for name in ("gseapy", "decoupler"):
        if not installed(name):
            print(f"{name}: {INSTALL}")
    print()


def signature_builder(builder: FeatureBuilder) -> FeatureBuilder:
    """The same fitted builder with the two blocks of signatures only."""
    return FeatureBuilder.from_state(builder.state() | {"blocks": ["tme", "programme"]})


def members(builder: FeatureBuilder) -> dict[str, pd.Series]:
    """Each score's genes with their weights, by the feature's name."""
    return {
        f"{block.name}.{name}": pd.Series(genes)
        for block in (builder.tme_, builder.programme_)
        for name, genes in block.members.items()
    }


def scores_of(builder: FeatureBuilder, expression: pd.DataFrame) -> pd.DataFrame:
    """(n, signatures) through `Profiles` and `FeatureBuilder`, as `pamrx predict` goes."""
    index = pd.Index(expression.index.astype(str), name="sample_id", dtype=object)
    samples = pd.DataFrame(None, index=index, columns=["tissue", "sample_type", "msi"], dtype=object)
    unknown = pd.Series(False, index=index)
    # `set_axis` copies the values with pandas 2.
    expression = expression.copy(deep=False)
    expression.index = index
    return builder.transform(Profiles(samples, unknown, expression=expression))


def ssgsea(
    expression: pd.DataFrame, signatures: dict[str, pd.Series], threads: int, by_size: bool = False
) -> pd.DataFrame:
    """Enrichment scores of sets of any size, up minus down genes; `by_size` weighs the two by their number of genes."""
    import gseapy

    sets: dict[str, list[str]] = {}
    for name, weights in signatures.items():
        sets[name] = list(weights.index[weights > 0])
        if (weights < 0).any():
            sets[f"{name} down"] = list(weights.index[weights < 0])
    sets = {name: genes for name, genes in sets.items() if genes}
    found = gseapy.ssgsea(expression.T, sets, outdir=None, min_size=1, max_size=10_000, threads=threads)
    table = found.res2d.pivot(index="Name", columns="Term", values="ES").astype(float).loc[expression.index]
    if by_size:
        table = table * pd.Series({name: float(len(genes)) for name, genes in sets.items()})
    zero = pd.Series(0.0, index=table.index)
    return pd.DataFrame({name: table.get(name, zero) - table.get(f"{name} down", zero) for name in signatures})


def decoupler_z(expression: pd.DataFrame, signatures: dict[str, pd.Series]) -> pd.DataFrame:
    import decoupler

    net = pd.concat(
        [pd.DataFrame({"source": k, "target": v.index, "weight": v.to_numpy()}) for k, v in signatures.items()]
    )
    found = decoupler.mt.zscore(expression, net, tmin=1)
    return (found[0] if isinstance(found, tuple) else found).loc[expression.index]


def z_across(expression: pd.DataFrame, signatures: dict[str, pd.Series]) -> pd.DataFrame:
    """Weighted mean of gene-wise z-scores over the cohort (Lee 2008, up to a factor)."""
    z = (expression - expression.mean()) / expression.std()
    return pd.DataFrame({name: (z[list(w.index)] * w).sum(axis=1) / w.abs().sum() for name, w in signatures.items()})


def installed(name: str) -> bool:
    return importlib.util.find_spec(name) is not None


def resampled(expression: pd.DataFrame, samples: int, genes: int, seed: int = 0) -> pd.DataFrame:
    """(samples, genes): lines drawn with repeats; beyond the measured genes, further ones under names of no signature.

    A further gene is a measured one with its lines drawn anew. A little noise keeps repeated lines apart.
    """
    rng = np.random.default_rng(seed)
    values = expression.to_numpy()
    columns = rng.integers(values.shape[1], size=max(genes - values.shape[1], 0))
    drawn = np.hstack(
        [
            values[rng.integers(len(values), size=samples)][:, :genes],
            np.column_stack([values[rng.integers(len(values), size=samples), column] for column in columns])
            if len(columns)
            else np.empty((samples, 0)),
        ]
    )
    drawn += rng.normal(scale=1e-3, size=drawn.shape)
    names = [*expression.columns[:genes], *(f"ANOTHER{number}" for number in range(len(columns)))]
    return pd.DataFrame(drawn, index=[f"S{number}" for number in range(samples)], columns=names)


def print_speed(expression: pd.DataFrame, samples: int, genes: int, threads: int) -> None:
    """Medians of runs in turns, each in a fresh process, in which the input is loaded before the clock starts."""
    tools = {"pamrx": "released bundle", "pamrx-all": f"ranks in all {genes} genes"}
    if installed("gseapy"):
        tools["gseapy"] = f"gseapy.ssgsea, {threads} thread{'s' if threads > 1 else ''}"
    with tempfile.TemporaryDirectory() as folder:
        table = resampled(expression, samples, genes)
        table.to_parquet(Path(folder) / "expression.parquet")
        size = table.to_numpy().nbytes
        del table
        # ssGSEA takes minutes: once; its spread is small beside the ratio.
        times = {name: 1 if name == "gseapy" else RUNS for name in tools}
        runs = {name: [in_process(name, folder, threads) for _ in range(times[name])] for name in tools}
    count = len(members(load_bundle().builder))
    print(f"2. Speed: {samples} samples x {genes} genes x {count} signatures; input {size / 2**20:.0f} MiB")
    print(f"{'':26}{'seconds':>9}{'gseapy / it':>13}{'extra memory':>14}{'with input':>12}   (times the input)")
    slow = statistics.median(run["seconds"] for run in runs["gseapy"]) if "gseapy" in runs else None
    for name, label in tools.items():
        seconds = statistics.median(run["seconds"] for run in runs[name])
        extra = max(run["extra"] for run in runs[name]) / size
        ratio = f"{slow / seconds:>12.1f}x" if slow else f"{'-':>13}"
        print(f"{label:26}{seconds:>9.2f}{ratio}{extra:>14.2f}{extra + 1:>12.2f}")
    if slow is None:
        print(f"gseapy: {INSTALL}")
    print(f"{MEMORY}\n")


def in_process(what: str, folder: str, threads: int) -> dict[str, float]:
    """`measured` in a fresh process with that many threads."""
    limits = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "RAYON_NUM_THREADS"), str(threads))
    command = [sys.executable, __file__, "--part", what, folder, "--threads", str(threads)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ | limits)
    if done.returncode:
        raise PamrxError(f"benchmark of {what}: {done.stderr.strip()[-300:]}")
    return json.loads(done.stdout.splitlines()[-1])


def measured(what: str, folder: Path, threads: int) -> dict[str, float]:
    """Seconds and highest extra memory (bytes) of scoring the stored matrix with one tool."""
    builder = load_bundle().builder
    signatures = members(builder)
    table = pd.read_parquet(folder / "expression.parquet")
    if what == "pamrx-all":
        builder = FeatureBuilder.from_state(builder.state() | {"universe": sorted(table.columns)})
    builder = signature_builder(builder)
    if what == "gseapy":
        import gseapy  # noqa: F401  the import is not what is measured
    work: Callable[[], pd.DataFrame] = (
        (lambda: ssgsea(table, signatures, threads)) if what == "gseapy" else (lambda: scores_of(builder, table))
    )
    warm = table.iloc[:2]
    _ = ssgsea(warm, signatures, threads) if what == "gseapy" else scores_of(builder, warm)
    before = reset_peak()
    start = time.perf_counter()
    work()
    return {"seconds": time.perf_counter() - start, "extra": max(peak() - before, 0)}


def reset_peak() -> int:
    """Forget the highest resident memory so far where the system lets us (Linux); returns the present one, in bytes."""
    try:
        Path("/proc/self/clear_refs").write_text("5")
        return memory("VmRSS")
    except OSError:
        return peak()


def peak() -> int:
    """Highest resident memory, in bytes."""
    try:
        return memory("VmHWM")
    except OSError:
        unit = 1 if sys.platform == "darwin" else 1024
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def memory(field: str) -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(field)) * 1024


def print_maf(path: Path, rows: int) -> None:
    """Plain and gzipped: medians in turns of reading with pamrx, and with pandas the columns that pamrx reads."""
    if not path.is_file():
        raise PamrxError(f"{path}: no such file; give the folder that holds {MAF} as --data-dir")
    known = default_genes()
    with tempfile.TemporaryDirectory() as folder:
        plain, packed = Path(folder) / "rows.maf", Path(folder) / "rows.maf.gz"
        resample_maf(path, plain, rows)
        with gzip.open(packed, "wb", compresslevel=1) as target:
            target.write(plain.read_bytes())
        head = Head(plain)
        names = [head.header[place] for place in mutation_columns(str(plain), head.header).values()]
        size = plain.stat().st_size / 2**20
        print(f"3. MAF: {rows} rows x {len(head.header)} columns, {size:.0f} MiB, rows of {path.name}")
        print(f"   columns read: {', '.join(names)}; medians of {RUNS} runs in turns")
        print(f"{'':10}{'pamrx s':>10}{'pandas s':>10}{'pandas / pamrx':>16}")
        for file in (plain, packed):
            pairs = [
                (seconds(lambda: read_mutations(file, known)), seconds(lambda: plain_read(file, names)))  # noqa: B023
                for _ in range(RUNS + 1)
            ][1:]
            ours, theirs = (statistics.median(side) for side in zip(*pairs, strict=True))
            print(f"{file.suffix:10}{ours:>10.2f}{theirs:>10.2f}{theirs / ours:>15.2f}x")
    print("pamrx's time includes naming genes, checking classes and shortening protein changes.")


def plain_read(path: Path, columns: list[str]) -> pd.DataFrame:
    return pd.read_csv(path, sep="\t", comment="#", usecols=columns, dtype=str)


def resample_maf(path: Path, target: Path, rows: int, seed: int = 0) -> None:
    """Whole rows drawn with repeats, under the same header."""
    with gzip.open(path, "rb") as stream:
        lines = [line for line in stream if not line.startswith(b"#")]
    head, body = lines[0], lines[1:]
    drawn = np.random.default_rng(seed).integers(len(body), size=rows)
    with target.open("wb") as out:
        out.write(head)
        out.writelines(body[place] for place in drawn)


def seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
