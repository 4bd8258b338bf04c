"""The one schema of the result table: its columns, and the types that pandas, Arrow, Spark and MLflow give them.

Every entrance writes this table: `pamrx predict` and `Bundle.predict` as pandas, `pamrx score` as Parquet, a Spark UDF
and a served model. Each derives its own types from `RESULT`, so that a column is added or changed here alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import pyarrow as pa

ColumnType = Literal["text", "number", "integer", "boolean"]


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table.

    Attributes
    ----------
    name : str
    type : {"text", "number", "integer", "boolean"}
    unit : str
        Empty for a column without one.
    nullable : bool
        Whether a value may be missing.
    meaning : str
        One line for a reader of the table.
    """

    name: str
    type: ColumnType
    unit: str
    nullable: bool
    meaning: str


RESULT: tuple[Column, ...] = (
    Column("sample_id", "text", "", False, "name of the sample"),
    Column("drug", "text", "", False, "name of the drug"),
    Column("drug_class", "text", "", False, "class of the drug"),
    Column("status", "text", "", False, "how far the drug has come: approved, withdrawn, in trials, preclinical"),
    Column("screen", "text", "", False, "newest screen of the drug, whose scale the prediction has"),
    Column("ln_ic50", "number", "ln uM", False, "natural logarithm of the IC50; lower is more sensitive"),
    Column("ln_ic50_lower", "number", "ln uM", True, "lower bound of the prediction interval"),
    Column("ln_ic50_upper", "number", "ln uM", True, "upper bound of the prediction interval"),
    Column("ic50_um", "number", "uM", False, "half-maximal inhibitory concentration"),
    Column("beyond_tested_range", "boolean", "", True, "whether the IC50 lies above the highest concentration tested"),
    Column("max_tested_um", "number", "uM", True, "highest concentration that the screen tested"),
    Column("cmax_um", "number", "uM", True, "highest total plasma concentration at the approved or recommended dose"),
    Column("cmax_free_um", "number", "uM", True, "the part of it that is not bound to protein"),
    Column("active_chance", "number", "fraction", True, "chance that the measured IC50 lies below active_at_um"),
    Column(
        "active_at_um", "number", "uM", True,
        "cmax_free_um where it is known, else cmax_um, else max_tested_um",
    ),
    Column(
        "sensitivity_percentile", "number", "percentile", False,
        "place among the out-of-fold predictions of the reference lines with the same missing-data pattern; "
        "100 is most sensitive",
    ),
    Column("specific_percentile", "number", "percentile", True, "the same of the response without general sensitivity"),
    Column("rank", "integer", "", False, "within the sample, by sensitivity_percentile; 1 is most sensitive"),
    Column("evidence", "number", "fraction", False, "share of what the model relies on for the drug that was measured"),
    Column("distance", "number", "fraction of the limit", True, "how far the profile lies from the training panel"),
    Column("flag", "text", "", True, "why the limit is exceeded: platform, missing or biology; else empty"),
    Column("proxy_for", "text", "", True, "drugs asked for, in no screen, that this one answers for; else empty"),
)  # fmt: skip
"""The columns of the result, in order."""

REASONS: tuple[Column, ...] = (
    Column("reasons_for", "text", "", True, "what argues most for sensitivity, each with its effect on ln IC50"),
    Column("reasons_against", "text", "", True, "what argues most against it, likewise"),
)
"""The columns that `pamrx predict --reasons` adds: up to three reasons each, strongest first, `; ` between them."""

COLUMNS: tuple[str, ...] = tuple(column.name for column in RESULT)
"""Their names."""

_PANDAS = {"text": "str", "number": "float64", "integer": "int64", "boolean": "boolean"}
_SPARK = {"text": "string", "number": "double", "integer": "int", "boolean": "boolean"}


def pandas_dtypes(columns: Sequence[Column] = RESULT) -> dict[str, str]:
    """The dtype of each column in pandas, by name.

    Examples
    --------
    >>> pandas_dtypes()["beyond_tested_range"]
    'boolean'
    """
    return {column.name: _PANDAS[column.type] for column in columns}


def arrow_schema(columns: Sequence[Column] = RESULT) -> pa.Schema:
    """The columns as an Arrow schema, for Parquet.

    Examples
    --------
    >>> arrow_schema().field("rank")
    pyarrow.Field<rank: int32 not null>
    """
    import pyarrow as pa

    types = {"text": pa.string(), "number": pa.float64(), "integer": pa.int32(), "boolean": pa.bool_()}
    return pa.schema([pa.field(column.name, types[column.type], column.nullable) for column in columns])


def spark_struct(columns: Sequence[Column] = RESULT) -> str:
    """The columns as a struct in Spark's DDL.

    Examples
    --------
    >>> spark_struct(RESULT[1:3])
    'struct<drug: string, drug_class: string>'
    """
    return "struct<" + ", ".join(f"{column.name}: {_SPARK[column.type]}" for column in columns) + ">"
