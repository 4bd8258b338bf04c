"""Parquet cohorts, plain and with nested mutations, spoilt in their schema and values, and by bytes."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from tests.fuzz.case import Case, Kind, by_content
from tests.fuzz.kinds.layouts import GENES, SAMPLES, TISSUES, VARIANTS, asked, levels, scored
from tests.fuzz.tokens import label

MUTATION = pa.struct(
    [("gene", pa.string()), ("variant_classification", pa.string()), ("hgvsp", pa.string()), ("driver", pa.bool_())]
)
FILE = "cohort.parquet"


def _cohort(nested: bool, random: Random, folder: Path) -> Case:
    columns: dict[str, Any] = {"sample_id": pa.array(SAMPLES)}
    if random.random() < 0.6:
        columns["tissue"] = pa.array([random.choice(TISSUES) or None for _ in SAMPLES], pa.string())
        columns["msi"] = pa.array([random.choice(("MSS", "MSI-H", None)) for _ in SAMPLES], pa.string())
    if nested:
        columns["mutations"] = pa.array([_mutations(random) for _ in SAMPLES], pa.list_(MUTATION))
    if not nested or random.random() < 0.5:
        genes = GENES if random.random() < 0.7 else GENES[:4]
        for gene, values in zip(genes, levels(random, "log2", len(genes), len(SAMPLES)), strict=True):
            columns[f"expression.{gene}"] = pa.array(values, random.choice((pa.float32(), pa.float64())))
    if random.random() < 0.3:
        for gene, values in zip(GENES[:5], levels(random, "calls", 5, len(SAMPLES)), strict=True):
            columns[f"copy_number.{gene}"] = pa.array(values, random.choice((pa.int8(), pa.int64(), pa.float64())))
    _write(random, pa.table(columns), folder / FILE)
    return scored(FILE, [FILE], *(("--explain", "top=2") if random.random() < 0.1 else ()))


def _mutations(random: Random) -> list[dict[str, Any]] | None:
    if random.random() < 0.2:
        return None
    found = random.sample(VARIANTS, random.choice((0, 1, 4)))
    drivers = (None, True, False)
    return [
        {"gene": gene, "variant_classification": effect, "hgvsp": change, "driver": random.choice(drivers)}
        for gene, effect, change in found
    ]


def _wide(random: Random, folder: Path) -> Case:
    """A matrix in Parquet, as `predict` takes it: samples in rows, genes in columns."""
    values = levels(random, "log2", len(GENES), len(SAMPLES))
    columns = {"sample_id": pa.array(SAMPLES), **{gene: pa.array(one) for gene, one in zip(GENES, values, strict=True)}}
    _write(random, pa.table(columns), folder / FILE)
    return asked(random, {"expression": FILE})


def _plain(random: Random, folder: Path) -> Case:
    return _wide(random, folder) if random.random() < 0.3 else _cohort(False, random, folder)


def _write(random: Random, table: pa.Table, path: Path) -> None:
    pq.write_table(
        table, path, row_group_size=random.choice((1, 2, 100)), compression=random.choice(("none", "snappy", "zstd")),
        use_dictionary=random.random() < 0.5, write_statistics=random.random() < 0.7,
        data_page_version=random.choice(("1.0", "2.0")),
    )  # fmt: skip


def _spoil(random: Random, folder: Path, case: Case) -> Case:
    if case.arguments[0] == "score" and random.random() < 0.2:
        case = random.choice((Case(("check", FILE), (FILE,)), Case(("predict", "--expression", FILE), (FILE,))))
    if random.random() < 0.4:
        return by_content(random, folder, case)
    table = pq.read_table(folder / FILE)
    for _ in range(random.choice((1, 1, 2))):
        try:
            table = random.choice(_CHANGES)(random, table)
        except (pa.ArrowException, ValueError, TypeError, OverflowError):
            continue  # no such type of that column
    try:
        _write(random, table, folder / FILE)
    except (pa.ArrowException, OSError):
        return by_content(random, folder, case)
    return case


def _place(random: Random, table: pa.Table) -> int:
    return random.randrange(table.num_columns) if random.random() < 0.5 else 0


def _set(table: pa.Table, place: int, column: Any) -> pa.Table:
    return table.set_column(place, table.column_names[place], column)


def _gone(random: Random, table: pa.Table) -> pa.Table:
    return table.remove_column(_place(random, table)) if table.num_columns > 1 else table


def _twice(random: Random, table: pa.Table) -> pa.Table:
    place = _place(random, table)
    return table.append_column(table.column_names[place], table.column(place))


def _renamed(random: Random, table: pa.Table) -> pa.Table:
    names = list(table.column_names)
    prefix = random.choice(("", "", "expression.", "copy_number.", "ncrna.", "segments."))
    names[_place(random, table)] = prefix + random.choice(
        (label(random, 5000), "mutations", "msi", "sample_id", "PTEN")
    )
    return table.rename_columns(names)


def _other_type(random: Random, table: pa.Table) -> pa.Table:
    n, place = table.num_rows, _place(random, table)
    odd: tuple[Callable[[], Any], ...] = (
        lambda: pa.array([b"\xff\xfe\x00"] * n),
        lambda: pa.array([[1.5], None, []][:n] + [[2.0]] * max(n - 3, 0)),
        lambda: pa.array([["T1"]] * n),
        lambda: pa.array([{"a": 1}] * n),
        lambda: pa.array([[("a", 1)]] * n, pa.map_(pa.string(), pa.int64())),
        lambda: pa.array([2**63 - 1 - row for row in range(n)]),
        lambda: pa.array([2**53 + 1 + row for row in range(n)]),
        lambda: pa.array([2**64 - 1 - row for row in range(n)], pa.uint64()),
        lambda: pa.array([True, False] * n)[:n],
        lambda: pa.array([19_000 + row for row in range(n)], pa.date32()),
        lambda: pa.array([2**62] * n, pa.timestamp("us")),
        lambda: pa.array([10**9] * n, pa.duration("s")),
        lambda: pa.array([str(row) for row in range(n)]).cast(pa.decimal128(38, 10)),
        lambda: pa.nulls(n),
        lambda: pa.nulls(n, pa.string()),
        lambda: pa.array([label(random) for _ in range(n)]),
        lambda: pa.array(["a"] * n).dictionary_encode(),
        lambda: pa.array(["T1"] * n, pa.large_string()),
        lambda: pa.array([1.5] * n, pa.float16()) if hasattr(pa, "float16") else pa.nulls(n),
        lambda: pa.array([b"abcd"] * n, pa.binary(4)),
        lambda: pa.array(range(n), pa.int8()),
    )
    return _set(table, place, random.choice(odd)())


def _values(random: Random, table: pa.Table) -> pa.Table:
    """A few values of a column in place of others, of the same type."""
    place = random.randrange(table.num_columns)
    values = table.column(place).to_pylist()
    kind = table.schema.types[place]
    for _ in range(random.choice((1, 2))):
        row = random.randrange(len(values))
        if pa.types.is_floating(kind):
            values[row] = random.choice((None, float("nan"), float("inf"), float("-inf"), -7.5, 1e30, 1e300, 1e-300))
        elif pa.types.is_integer(kind):
            values[row] = random.choice((None, 7, -3, 127, 2**40, 2**63 - 1))
        elif pa.types.is_string(kind):
            values[row] = random.choice((None, "", "T1", label(random)))
        elif pa.types.is_list(kind):
            values[row] = random.choice((None, [], [None], [_odd_mutation(random)] * random.choice((1, 3, 500))))
    return _set(table, place, pa.array(values, kind))


def _odd_mutation(random: Random) -> dict[str, Any]:
    words = (None, "", "PTEN", "p.H1047R", "Missense_Mutation")
    return {
        name: random.choice((*words, label(random))) for name in ("gene", "variant_classification", "hgvsp")
    } | {"driver": random.choice((None, True, False))}  # fmt: skip


def _other_mutations(random: Random, table: pa.Table) -> pa.Table:
    """The nested column with other fields, or of another form."""
    if "mutations" not in table.column_names:
        return table
    n, place = table.num_rows, table.column_names.index("mutations")
    row = {"gene": "PTEN", "variant_classification": "Nonsense_Mutation", "hgvsp": "p.R130*", "driver": True}
    field = random.choice(sorted(row))
    odd: tuple[Callable[[], Any], ...] = (
        lambda: pa.array([[{name: value for name, value in row.items() if name != field}]] * n),
        lambda: pa.array([[{**row, field: random.choice((1, 2.5, b"x", [1], {"a": 1}, None))}]] * n),
        lambda: pa.array([[{**row, "more": "x"}]] * n),
        lambda: pa.array([["PTEN p.R130*"]] * n),
        lambda: pa.array([row] * n),
        lambda: pa.array([[row]] * n, pa.large_list(MUTATION)),
        lambda: pa.array([[row]] * n, pa.list_(MUTATION, 1)),
        lambda: pa.array([[[row]]] * n),
        lambda: pa.array([[list(row.items())]] * n, pa.list_(pa.map_(pa.string(), pa.string()))),
        lambda: pa.array([str([row])] * n),
        lambda: pa.array([[{**row, field: row[field]}]] * n).cast(pa.list_(MUTATION)).dictionary_encode(),
        lambda: pa.array(
            [[row]] * n,
            pa.list_(
                pa.struct([("gene", pa.string()), ("gene", pa.string()), ("variant_classification", pa.string())])
            ),
        ),
    )
    return _set(table, place, random.choice(odd)())


def _rows(random: Random, table: pa.Table) -> pa.Table:
    """The same samples again, none, or many."""
    choice = random.choice(("again", "none", "many"))
    if choice == "none":
        return table.slice(0, 0)
    return pa.concat_tables([table] * (2 if choice == "again" else 20))


def _metadata(random: Random, table: pa.Table) -> pa.Table:
    key = random.choice((b"expression_unit", b"mutations_listed", b"pandas", b"ARROW:schema"))
    value = random.choice((b"tpm", b"counts", b"drivers", b"x", b"\xff\xfe", b"", b"{", b"log2" * 1000))
    return table.replace_schema_metadata({key: value})


_CHANGES = (
    _gone, _twice, _renamed, _other_type, _other_type, _other_type, _values, _values, _other_mutations,
    _other_mutations, _rows, _metadata,
)  # fmt: skip

KINDS = (
    Kind("parquet", 60, _plain, _spoil),
    Kind("nested", 50, partial(_cohort, True), _spoil),
)
