"""`pamrx diff` from its options to the screen and to a table."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
from rich.table import Table

from pamrx.bundle.bundle import load_bundle
from pamrx.bundle.contents import MANIFEST
from pamrx.bundle.file_prediction import predict_files
from pamrx.cli.bundle_option import REGISTERED, folder_of
from pamrx.console.console import PlainConsole
from pamrx.errors import InputError, UsageError
from pamrx.examples import example_files
from pamrx.prediction.difference import Difference, difference
from pamrx.readers.text.files import check_file
from pamrx.spreadsheet_cells import unmarked
from pamrx.tables import TABLE_ENDINGS, check_tables, write_table

WIDTH = 80
DRUGS_SHOWN, SAMPLES_SHOWN = 12, 10

FACTS = {
    "data_fingerprint": "training data",
    "seed": "seed",
    "protocol": "protocol",
    "lines_with_mirna": "lines with miRNA",
    "lines_with_calls": "lines with calls per gene",
    "scope": "part of the data",
}
ACCURACY = {"lco_pearson": "mean r, leave-cell-line-out", "lco_rmse": "mean RMSE"}


def show_difference(a: Path, b: Path, output: Path | None) -> None:
    """Compare, write the table if asked for, and show what changed.

    Raises
    ------
    PamrxError
        For a side that is neither a result nor a bundle, and sides of two kinds.
    """
    check_tables({"the differences": output}, [a, b])
    kinds = [_is_bundle(a), _is_bundle(b)]
    if kinds[0] != kinds[1]:
        bundle, other = (a, b) if kinds[0] else (b, a)
        raise UsageError(f"{bundle} is a bundle and {other} is not; expected two bundles or two result tables")
    console = PlainConsole()
    if not console.is_terminal:
        console = PlainConsole(width=WIDTH)
    if kinds[0]:
        lines, sides = _of_bundles(a, b, needed=output is not None)
        for line in lines:
            console.print(line)
        if not sides:
            return
    else:
        sides = [read_result(a), read_result(b)]
    found = difference(sides[0], sides[1], same_profiles=kinds[0])
    if output is not None:
        write_table(found.table, output)
    _show(found, console)
    if output is not None:
        console.print(f"{len(found.table)} rows written to {output}")


def _of_bundles(a: Path, b: Path, needed: bool) -> tuple[list[str], list[pd.DataFrame]]:
    """What the bundles were trained on, and their predictions of the examples; none of one bundle unless `needed`."""
    facts, sides = [], []
    files = {kind: Path(file) for kind, file in example_files().items()}
    for folder in (a, b):
        with folder_of(folder) as path:
            facts.append(dict(load_bundle(path).manifest))
            if needed or len(facts) == 1 or facts[0].get("fingerprint") != facts[1].get("fingerprint"):
                sides.append(predict_files(files, path).table)
    return bundle_differences(*facts), sides if len(sides) == len(facts) else []


def bundle_differences(a: Mapping[str, Any], b: Mapping[str, Any]) -> list[str]:
    """One line for each fact of the manifests that differs."""
    if a.get("fingerprint") == b.get("fingerprint"):
        return ["the bundles are the same, file for file"]
    out = []
    for key, words in FACTS.items():
        one, other = (str(side.get(key, "-")) for side in (a, b))
        one, other = (one[:12], other[:12]) if key == "data_fingerprint" else (one, other)
        if a.get(key) != b.get(key):
            out.append(f"{words}: {one} -> {other}")
    lines = [set(side.get("trained_lines", ())) for side in (a, b)]
    if lines[0] != lines[1]:
        gained, lost = len(lines[1] - lines[0]), len(lines[0] - lines[1])
        out.append(f"training lines: {len(lines[0])} -> {len(lines[1])} ({gained} more, {lost} fewer)")
    for key, words in ACCURACY.items():
        before, after = (float(side.get("evaluation", {}).get(key, math.nan)) for side in (a, b))
        if before != after and not math.isnan(before + after):
            out.append(f"{words}: {before:.4f} -> {after:.4f} (each on its own lines and split)")
    return out or ["the bundles were trained alike; their files differ"]


def read_result(path: Path) -> pd.DataFrame:
    """A result table as pamrx wrote it: a file, or the folder of a scoring run.

    Raises
    ------
    InputError
        If it is neither.
    """
    if path.is_dir():
        parts = sorted((path / "predictions").glob("*.parquet")) or sorted(path.glob("part-*.parquet"))
        if not parts:
            raise InputError(f"{path}: no predictions/part-*.parquet in it; expected the folder of a `pamrx score` run")
        return pd.concat([_read(part) for part in parts], ignore_index=True)
    return _read(check_file(path))


def _read(file: Path) -> pd.DataFrame:
    ending = file.suffix.lower()
    if ending not in TABLE_ENDINGS:
        raise InputError(f"{file}: unknown ending '{ending}'; expected one of {', '.join(TABLE_ENDINGS)}")
    try:
        if ending == ".parquet":
            table = pd.read_parquet(file)
        elif ending == ".json":
            table = pd.DataFrame(pd.read_json(file, dtype={"sample_id": str}))
        else:
            table = pd.read_csv(file, dtype={"sample_id": str, "flag": str}, keep_default_na=False, na_values=[""])
            for name in ("sample_id", "drug"):
                if name in table.columns:
                    table[name] = [unmarked(str(text)) for text in table[name]]
    except (ValueError, OSError) as error:
        reason = str(error).splitlines()[0][:120] if str(error) else type(error).__name__
        raise InputError(f"{file}: not a result table ({reason}); expected one that pamrx wrote") from None
    return table


def _is_bundle(path: Path) -> bool:
    return path.as_posix().startswith(REGISTERED) or (path / MANIFEST).is_file()


def _show(found: Difference, console: PlainConsole) -> None:
    both = found.both
    samples, drugs = both["sample_id"].nunique(), both["drug"].nunique()
    console.print(f"{samples} samples and {drugs} drugs on both sides")
    for side, part in found.table[found.table["why"].str.startswith("only")].groupby("why"):
        console.print(f"{side}: {len(part)} rows, such as sample {part['sample_id'].iloc[0]}, {part['drug'].iloc[0]}")
    changed = both[both["changed"]]
    if changed.empty:
        console.print("nothing changed: every prediction and every rank is the same")
        return
    size = both["ln_ic50_change"].abs()
    console.print(
        f"{len(changed)} of {len(both)} predictions or ranks changed; ln IC50 by {size.mean():.3f} on average, by "
        f"{size.max():.3f} at most"
    )
    for why, n in changed["why"].str.split(" ").str[0].value_counts().items():
        console.print(f"  {n} by {'the ' if why == 'model' else ''}{why}")
    console.print(f"another first drug in {len(found.first)} of {samples} samples")
    console.print(_drug_table(found.drugs))
    if len(found.first):
        console.print(_first_table(found.first))


def _drug_table(drugs: pd.DataFrame) -> Table:
    order = drugs["mean_change"].abs().sort_values(ascending=False, kind="stable").index[:DRUGS_SHOWN]
    title = f"Drugs that changed most ({len(order)} of {len(drugs)}); ln IC50, B minus A"
    out = Table(title=title, header_style="bold", box=None, title_justify="left")
    out.add_column("drug", no_wrap=True)
    for head in ("mean", "largest", "ranks", "r of A and B"):
        out.add_column(head, justify="right")
    for drug in order:
        row = drugs.loc[drug]
        r = "-" if math.isnan(row["r"]) else f"{row['r']:.2f}"
        out.add_row(
            str(drug),
            f"{row['mean_change']:+.3f}",
            f"{row['largest_change']:+.3f}",
            f"{row['mean_rank_change']:+.1f}",
            r,
        )
    return out


def _first_table(first: pd.DataFrame) -> Table:
    shown = first.iloc[:SAMPLES_SHOWN]
    title = f"Another first drug ({len(shown)} of {len(first)} samples)"
    out = Table(title=title, header_style="bold", box=None, title_justify="left")
    for head in ("sample", "A", "B"):
        out.add_column(head)
    for sample, row in shown.iterrows():
        out.add_row(str(sample), str(row["first_a"]), str(row["first_b"]))
    return out
