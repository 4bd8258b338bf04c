"""The one schema of the result table: what pandas, Arrow and Spark get, and what the documentation says of it."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pamrx.prediction.schema import COLUMNS, RESULT, arrow_schema, pandas_dtypes, spark_struct

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def profiles(examples: Any) -> Any:
    return examples.subset(["MCF-7", "PC-3"])


def test_the_columns_are_these_in_this_order() -> None:
    assert COLUMNS == (
        "sample_id", "drug", "drug_class", "status", "screen", "ln_ic50", "ln_ic50_lower", "ln_ic50_upper", "ic50_um",
        "beyond_tested_range", "max_tested_um", "cmax_um", "cmax_free_um", "active_chance", "active_at_um",
        "sensitivity_percentile", "specific_percentile", "rank", "evidence", "distance", "flag", "proxy_for",
    )  # fmt: skip
    assert all(column.meaning and "\n" not in column.meaning for column in RESULT)


@pytest.mark.medium
def test_a_prediction_has_the_dtypes_of_the_schema_and_no_gaps_where_none_may_be(bundle: Any, profiles: Any) -> None:
    table = bundle.predict(profiles)
    assert {name: str(dtype) for name, dtype in table.dtypes.items()} == pandas_dtypes()
    never_null = [column.name for column in RESULT if not column.nullable]
    assert table[never_null].notna().all(axis=None)


def test_a_bundle_without_uncertainty_gives_the_same_dtypes(bundle: Any, profiles: Any) -> None:
    bare = replace(bundle, intervals=None, applicability=None, specific=None, specific_reference=None)
    table = bare.predict(profiles)
    assert {name: str(dtype) for name, dtype in table.dtypes.items()} == pandas_dtypes()
    empty = [name for name in COLUMNS if table[name].isna().all()]
    known = {"beyond_tested_range", "max_tested_um", "cmax_um", "cmax_free_um", "active_at_um"}
    assert [name for name in empty if name not in known] == [
        column.name for column in RESULT if column.nullable and column.name not in known
    ]
    pa.Table.from_pandas(table, arrow_schema(), preserve_index=False)


@pytest.mark.medium
def test_arrow_and_spark_have_the_same_columns(bundle: Any, profiles: Any) -> None:
    schema = arrow_schema()
    assert tuple(schema.names) == COLUMNS
    assert [field.nullable for field in schema] == [column.nullable for column in RESULT]
    table = pa.Table.from_pandas(bundle.predict(profiles), schema, preserve_index=False)
    assert table.schema.equals(schema)
    assert spark_struct() == (
        "struct<sample_id: string, drug: string, drug_class: string, status: string, screen: string, ln_ic50: double, "
        "ln_ic50_lower: double, ln_ic50_upper: double, ic50_um: double, beyond_tested_range: boolean, "
        "max_tested_um: double, cmax_um: double, cmax_free_um: double, active_chance: double, active_at_um: double, "
        "sensitivity_percentile: double, specific_percentile: double, rank: int, evidence: double, distance: double, "
        "flag: string, proxy_for: string>"
    )


def documented(page: str) -> list[str]:
    """The names in the first column of the page's first table of columns."""
    text = (ROOT / page).read_text(encoding="utf-8")
    table = re.search(r"^\| column \| .*\n\| --- .*\n((?:\|.*\n)+)", text, flags=re.MULTILINE)
    assert table, page
    return [name for row in table[1].splitlines() for name in re.findall(r"`(\w+)`", row.split("|")[1])]


def test_the_readme_documents_every_column_and_no_other() -> None:
    assert sorted(documented("README.md")) == sorted(COLUMNS)


def test_the_page_on_intervals_documents_columns_that_are_there() -> None:
    names = documented("docs/intervals.md")
    assert names == [name for name in COLUMNS if name in names]
    of_the_drug = {"beyond_tested_range", "max_tested_um", "cmax_um", "cmax_free_um", "active_at_um", "proxy_for"}
    assert {column.name for column in RESULT if column.nullable} - of_the_drug <= set(names)
