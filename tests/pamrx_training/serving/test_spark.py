"""Scoring from Spark with the registered model, on a real local Spark."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import mlflow
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from mlflow import MlflowClient
from pamrx.bundle.bundle import released_bundle
from pamrx.cli import predict_files
from pamrx.prediction.schema import COLUMNS
from pamrx.profiles.profiles import SAMPLE_COLUMNS
from pamrx_training.serving.model import save_served
from pamrx_training.serving.rows import SPARK_RESULT

from tests.pamrx_training.serving.samples_as_rows import example_rows

pytestmark = [pytest.mark.spark, pytest.mark.slow]

DRUGS = ["alpelisib", "capivasertib"]
LEVELS = pa.map_(pa.string(), pa.float64())
MUTATIONS = pa.list_(
    pa.struct([("gene", pa.string()), ("variant_classification", pa.string()), ("hgvsp", pa.string()),
               ("driver", pa.bool_())])
)  # fmt: skip


@pytest.fixture(scope="module")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Two threads of work; nothing listens but on the loopback."""
    session = pytest.importorskip("pyspark.sql").SparkSession
    folder = tmp_path_factory.mktemp("spark")
    builder = session.builder.master("local[2]").config("spark.ui.enabled", "false")
    for name in ("spark.driver.host", "spark.driver.bindAddress"):
        builder = builder.config(name, "127.0.0.1")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("PYSPARK_PYTHON", sys.executable)
        found = (
            builder.config("spark.sql.warehouse.dir", str(folder / "warehouse"))
            .config("spark.sql.execution.arrow.maxRecordsPerBatch", "5")
            .getOrCreate()
        )
        yield found
        found.stop()


@pytest.fixture(scope="module")
def registered(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The released bundle as the champion of a registry of its own."""
    folder = tmp_path_factory.mktemp("registry")
    before = mlflow.get_tracking_uri(), mlflow.get_registry_uri()
    mlflow.set_tracking_uri(f"sqlite:///{folder / 'mlflow.db'}")
    mlflow.set_registry_uri(f"sqlite:///{folder / 'mlflow.db'}")
    save_served(released_bundle(), folder / "model")
    client = MlflowClient()
    client.create_registered_model("pamrx")
    version = client.create_model_version("pamrx", str(folder / "model"))
    client.set_registered_model_alias("pamrx", "champion", version.version)
    yield "models:/pamrx@champion"
    mlflow.set_tracking_uri(before[0])
    mlflow.set_registry_uri(before[1])


def write(rows: list[dict[str, Any]], path: Path) -> None:
    kinds = ("expression", "ncrna", "segments")
    columns = {
        **{name: pa.array([row[name] for row in rows], pa.string()) for name in ("sample_id", *SAMPLE_COLUMNS)},
        "mutations": pa.array([row["mutations"] for row in rows], MUTATIONS),
        **{kind: pa.array([list(row[kind].items()) for row in rows], LEVELS) for kind in kinds},
    }
    pq.write_table(pa.table(columns), path, row_group_size=4)


def test_a_table_is_scored_by_the_registered_model(spark: Any, registered: str, tmp_path: Path) -> None:
    from pyspark.sql import functions as F

    rows = example_rows()
    write([*rows, {**rows[0], "sample_id": "spoilt", "tissue": "brest"}], tmp_path / "tumours.parquet")
    tumours = spark.read.parquet(str(tmp_path / "tumours.parquet")).repartition(3)
    predict = mlflow.pyfunc.spark_udf(
        spark, registered, result_type=SPARK_RESULT, env_manager="local", params={"drugs": ",".join(DRUGS)}
    )
    scored = tumours.select(predict(F.struct(*tumours.columns)).alias("scored")).select("scored.*").cache()
    table = scored.select("sample_id", F.explode("predictions").alias("one")).select("sample_id", "one.*")
    output = tmp_path / "expected.parquet"
    predict_files.predict(predict_files.PredictOptions(drugs=DRUGS, output=output, example=True))
    expected = pd.read_parquet(output)
    assert table.columns == list(COLUMNS)
    assert plain(table.toPandas()) == plain(expected)
    bad = scored.where("error <> ''").collect()
    assert [row["sample_id"] for row in bad] == ["spoilt"]
    assert "found 'brest'" in bad[0]["error"]


def test_a_long_table_of_levels_becomes_maps(spark: Any, registered: str) -> None:
    """As docs/batch.md says it is done."""
    from pyspark.sql import functions as F

    row = example_rows()[0]
    long = pd.DataFrame({"gene": list(row["expression"]), "log2_tpm": list(row["expression"].values())})
    levels = spark.createDataFrame(long.assign(sample_id=row["sample_id"]))
    tumours = levels.groupBy("sample_id").agg(
        F.map_from_entries(F.collect_list(F.struct("gene", "log2_tpm"))).alias("expression")
    )
    predict = mlflow.pyfunc.spark_udf(spark, registered, result_type=SPARK_RESULT, env_manager="local")
    found = tumours.select(predict(F.struct(*tumours.columns)).alias("scored")).select("scored.*").collect()
    alone = mlflow.pyfunc.load_model(registered).predict(
        pd.DataFrame([{"sample_id": row["sample_id"], "expression": row["expression"]}])
    )
    assert found[0]["error"] == ""
    ours = {one["drug"]: one["ln_ic50"] for one in alone["predictions"][0]}
    assert len(ours) > 40
    assert {one["drug"]: one["ln_ic50"] for one in found[0]["predictions"]} == ours


def plain(table: pd.DataFrame) -> list[tuple[object, ...]]:
    ordered = table.sort_values(["sample_id", "rank"])
    return [tuple(None if pd.isna(value) else value for value in row) for row in ordered.itertuples(index=False)]
