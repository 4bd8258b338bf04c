"""Samples as rows, one each: the numbers of `pamrx predict` in any company, and a bad row that is told alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pandas as pd
import pytest
from mlflow.pyfunc import PyFuncModel
from pamrx.bundle.bundle import Bundle, load_bundle, released_bundle
from pamrx.cli.predict_files import PredictOptions, predict
from pamrx.errors import PamrxError
from pamrx.prediction.schema import COLUMNS
from pamrx_training.serving.model import predict_records, save_served
from pamrx_training.serving.rows import predict_samples

from tests.pamrx_training.serving.samples_as_rows import example_rows

pytestmark = pytest.mark.medium

DRUGS = {"drugs": "alpelisib,capivasertib,temsirolimus"}


@pytest.fixture(scope="module")
def rows() -> list[dict[str, Any]]:
    return example_rows()


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    """What `pamrx predict` writes for them."""
    output = tmp_path_factory.mktemp("predicted") / "predictions.parquet"
    predict(PredictOptions(drugs=DRUGS["drugs"].split(","), output=output, example=True))
    return pd.read_parquet(output)


def told(table: pd.DataFrame) -> list[tuple[object, ...]]:
    """Every prediction of an answer as (sample, the other columns)."""
    return [
        (name, *(one[column] for column in COLUMNS[1:]))
        for name, found in zip(table["sample_id"], table["predictions"], strict=True)
        for one in found
    ]


def plain(table: pd.DataFrame) -> list[tuple[object, ...]]:
    return [tuple(None if pd.isna(value) else value for value in row) for row in table.itertuples(index=False)]


def test_a_row_says_what_predict_says_to_the_last_bit(
    bundle: Bundle, rows: list[dict[str, Any]], expected: pd.DataFrame
) -> None:
    answer = predict_records(bundle, rows, DRUGS)
    assert list(answer.columns) == ["sample_id", "predictions", "error"]
    assert set(answer["error"]) == {""}
    assert list(answer["sample_id"]) == [row["sample_id"] for row in rows]
    assert told(answer) == plain(expected)


def test_company_changes_nothing(bundle: Bundle, rows: list[dict[str, Any]], expected: pd.DataFrame) -> None:
    """Alone, turned round, twice, and beside one on another scale and one with fewer genes."""
    linear = {**rows[0], "sample_id": "linear", "expression": {g: 2**v * 100 for g, v in rows[0]["expression"].items()}}
    some = dict(list(rows[1]["expression"].items())[:4000])
    company = [*rows[::-1], linear, rows[2], {**rows[1], "sample_id": "fewer", "expression": some}]
    crowd = predict_records(bundle, company, DRUGS)
    assert told(crowd.iloc[len(rows) - 1 :: -1]) == plain(expected)
    for place in (0, len(rows), len(rows) + 1, len(rows) + 2):
        assert told(predict_records(bundle, [company[place]], DRUGS)) == told(crowd.iloc[[place]])


def test_maps_arrays_and_rows_as_spark_hands_them_over(bundle: Bundle, rows: list[dict[str, Any]]) -> None:
    class Row(tuple[Any, ...]):
        def asDict(self) -> dict[str, Any]:
            return dict(zip(("gene", "variant_classification", "hgvsp", "driver"), self, strict=True))

    given = [{**row, "expression": list(row["expression"].items())} for row in rows[:2]]
    array = np.empty(len(rows[1]["mutations"]), dtype=object)
    array[:] = rows[1]["mutations"]
    given[1]["mutations"] = array
    given[0]["mutations"] = [Row(m.values()) for m in rows[0]["mutations"]]
    assert told(predict_records(bundle, given, DRUGS)) == told(predict_records(bundle, rows[:2], DRUGS))


SPOILT = {
    "tissue": ("brest", "column tissue: found 'brest'"),
    "expression": ({"PTEN": "high"}, "expression.PTEN: found 'high', expected a number or null"),
    "ncrna": (3, "ncrna: found int, expected a map from gene to level"),
    "copy_number": ({"PTEN": float("inf")}, "copy_number.PTEN: found an infinite value"),
    "mutations": ([{"gene": "PTEN"}], "mutations: entry 1: no variant_classification"),
    "sample_id": (" ", "sample_id: empty, expected a name"),
    "exprssion": ({"PTEN": 1.0}, "exprssion: no field of a sample"),
}


@pytest.mark.parametrize("name", SPOILT)
def test_a_bad_row_is_told_and_the_others_have_their_numbers(
    bundle: Bundle, rows: list[dict[str, Any]], name: str
) -> None:
    value, message = SPOILT[name]
    answer = predict_records(bundle, [rows[0], {**rows[1], name: value}, rows[2]], DRUGS)
    assert list(answer["error"].astype(bool)) == [False, True, False]
    assert pd.Series(answer["error"]).str.contains(message).tolist() == [False, True, False]
    assert answer["predictions"][1] == []
    assert told(answer) == told(predict_records(bundle, [rows[0], rows[2]], DRUGS))


def test_unknown_genes_and_mixed_forms_are_told(bundle: Bundle, rows: list[dict[str, Any]]) -> None:
    answer = predict_records(bundle, [{"sample_id": "T1", "expression": {"foo": 1.0, "bar": 2.0}}], DRUGS)
    assert answer["error"][0].startswith("expression: no recognised gene; found foo, bar")
    with pytest.raises(PamrxError, match="row 2: no field sample_id, which other rows have"):
        predict_records(bundle, [rows[0], {"samples": [{"sample_id": "T1"}]}], DRUGS)
    with pytest.raises(PamrxError, match=r"expression unit 'tmp' found; expected one of .*did you mean tpm"):
        predict_records(bundle, rows[:1], {**DRUGS, "expression_unit": "tmp"})


def test_a_stated_unit_goes_before_what_levels_look_like(bundle: Bundle, rows: list[dict[str, Any]]) -> None:
    few = dict(list(rows[0]["expression"].items())[:900])  # of a whole profile low values are logarithms for sure
    low = {**rows[0], "expression": {gene: abs(value) / 4 for gene, value in few.items()}}
    log2, tpm = (predict_records(bundle, [low], {**DRUGS, "expression_unit": unit}) for unit in ("log2", "tpm"))
    assert log2["error"][0] == tpm["error"][0] == ""
    assert told(log2) == told(predict_records(bundle, [low], DRUGS))
    high = {**rows[0], "expression": {gene: 100 * 2**value for gene, value in rows[0]["expression"].items()}}
    whole = {**rows[0], "expression": {gene: abs(value) / 4 for gene, value in rows[0]["expression"].items()}}
    assert (
        "a second log is refused" in predict_records(bundle, [whole], {**DRUGS, "expression_unit": "tpm"})["error"][0]
    )
    assert (
        "no log2 value goes beyond" in predict_records(bundle, [high], {**DRUGS, "expression_unit": "log2"})["error"][0]
    )


def test_the_mlflow_model_takes_rows_and_answers_in_json(
    bundle: Bundle, rows: list[dict[str, Any]], tmp_path: Path
) -> None:
    save_served(released_bundle(), tmp_path / "model")
    model: PyFuncModel = mlflow.pyfunc.load_model(str(tmp_path / "model"))
    answer = model.predict(pd.DataFrame(rows), params=DRUGS)
    assert told(answer) == told(predict_records(bundle, rows, DRUGS))
    from mlflow.pyfunc import scoring_server

    request = {"inputs": json.loads(json.dumps(rows[:2])), "params": DRUGS}
    served = scoring_server.invocations(
        json.dumps(request).encode(), "application/json", model, model.metadata.get_input_schema()
    )
    found = pd.DataFrame(json.loads(served.response)["predictions"])
    assert served.status == 200
    assert told(found) == told(answer.iloc[:2])


def test_the_unit_of_copy_number_is_a_setting(bundle: Bundle) -> None:
    row = {"sample_id": "T1", "copy_number": {"PTEN": 0, "PIK3CA": 2, "AKT1": 2}}
    calls = {"sample_id": "T1", "copy_number": {"PTEN": -2, "PIK3CA": 0, "AKT1": 0}}
    assert "in Python copy_number_unit" in predict_records(bundle, [row], DRUGS)["error"][0]
    stated = predict_records(bundle, [row], {**DRUGS, "copy_number_unit": "copies"})
    assert stated["predictions"][0] == predict_records(bundle, [calls], DRUGS)["predictions"][0]
    for unit in ("copys", 2):
        with pytest.raises(PamrxError, match=r"copy.number.unit"):
            predict_records(bundle, [row], {**DRUGS, "copy_number_unit": unit})


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ({"sample_id": ["a"], "mutations": []}, "sample_id: found list, expected text"),
        ({"sample_id": "T1", "tissue": ["breast"], "mutations": []}, "tissue: found list, expected text"),
        (
            {"sample_id": "T1", "mutations": [{"gene": ["A"], "variant_classification": "Missense_Mutation"}]},
            "mutations: entry 1: gene: found list, expected text",
        ),
    ],
)
def test_lists_and_objects_where_text_belongs_are_the_samples_error(
    small_bundle: Path, row: dict[str, Any], told: str
) -> None:
    answer = predict_samples(load_bundle(small_bundle), [row], None, 0.9, None)
    assert list(answer["error"]) == [told]
