"""A Parquet cohort of any size for measuring: profiles resampled from real training lines.

`python benchmarks/cohort.py 100000 cohort/ --cache FOLDER` makes the folder, with files of 10,000 samples. Each sample
is a training line drawn with replacement, all genes, its expression jittered by a little (sd 0.05) so that no two are
alike; mutations nested.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import typer
from pamrx.profiles import Profiles
from pamrx_training.fitting.loading import load_cohort

ROW_GROUP, FILE = 1000, 10_000
JITTER = 0.05
MUTATION = pa.struct([("gene", pa.string()), ("variant_classification", pa.string()), ("hgvsp", pa.string())])


def write_cohort(profiles: Profiles, n: int, folder: Path, seed: int = 0) -> None:
    """`n` profiles resampled from `profiles`, as `pamrx score` reads them; float32, zstd."""
    random = np.random.default_rng(seed)
    nested = nested_mutations(profiles)
    folder.mkdir(parents=True)
    for place, first in enumerate(range(0, n, FILE)):
        writer = None
        for start in range(first, min(first + FILE, n), ROW_GROUP):
            chosen = random.integers(0, profiles.n, min(ROW_GROUP, n - start))
            table = _table(profiles, nested, chosen, start, random)
            writer = writer or pq.ParquetWriter(folder / f"{place:03}.parquet", table.schema, compression="zstd")
            writer.write_table(table)
        assert writer is not None
        writer.close()


def nested_mutations(profiles: Profiles) -> list[list[dict[str, str]] | None]:
    """The mutations of each sample as records; None where it was not sequenced."""
    rows: dict[str, list[dict[str, str]]] = {}
    if profiles.mutations is not None:
        columns = ["gene", "variant_classification", "hgvsp"]
        for name, part in profiles.mutations.groupby("sample_id"):
            rows[str(name)] = part[columns].to_dict("records")
    return [rows.get(str(name), []) if sequenced else None for name, sequenced in profiles.sequenced.items()]


def _table(
    profiles: Profiles,
    nested: list[list[dict[str, str]] | None],
    chosen: np.ndarray,
    start: int,
    random: np.random.Generator,
) -> pa.Table:
    columns: dict[str, pa.Array] = {
        "sample_id": pa.array([f"S{start + place:07}" for place in range(len(chosen))]),
        "tissue": pa.array(profiles.samples["tissue"].to_numpy(dtype=object)[chosen].tolist(), pa.string()),
        "mutations": pa.array([nested[place] for place in chosen], pa.list_(MUTATION)),
    }
    for kind in ("expression", "ncrna", "copy_number", "segments"):
        matrix: pd.DataFrame | None = getattr(profiles, kind)
        if matrix is None:
            continue
        values = matrix.to_numpy()[chosen]
        if kind == "expression":
            values = values + random.normal(0.0, JITTER, values.shape)
        values = values.astype(np.float32)
        for place, name in enumerate(matrix.columns):
            columns[f"{kind}.{name}"] = pa.array(values[:, place], from_pandas=True)
    return pa.table(columns)


def main(
    n: Annotated[int, typer.Argument(help="Samples.")],
    folder: Annotated[Path, typer.Argument(help="Folder to make.")],
    cache: Annotated[Path | None, typer.Option(help="Folder of the fetched data.")] = None,
) -> None:
    """Write a cohort of N profiles resampled from the training lines."""
    cohort, _ = load_cohort(cache)
    write_cohort(cohort.profiles, n, folder)


if __name__ == "__main__":
    typer.run(main)
