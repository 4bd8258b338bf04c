"""The model as MLflow loads and serves it, and `pamrx serve` as a process: the right numbers, and short refusals."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import mlflow
import pandas as pd
import pytest
import requests
from mlflow.exceptions import MlflowException
from mlflow.pyfunc import PyFuncModel, scoring_server
from pamrx.bundle.bundle import load_bundle, released_bundle
from pamrx.cli.predict_files import PredictOptions, predict
from pamrx.examples import example_files
from pamrx.prediction.schema import COLUMNS, RESULT
from pamrx.readers.records import PARTS
from pamrx_training.serving.model import EXAMPLE, PamrxModel, predict_records, save_served

from tests.records import records

pytestmark = pytest.mark.medium

REPOSITORY = Path(__file__).resolve().parents[3]
JSON = "application/json"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, PyFuncModel]]:
    """The released bundle as an MLflow model on disk, and loaded where no pickle may be opened."""
    folder = tmp_path_factory.mktemp("served") / "model"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_ALLOW_PICKLE_DESERIALIZATION", "false")
        save_served(released_bundle(), folder)
        yield folder, mlflow.pyfunc.load_model(str(folder))


@pytest.fixture(scope="module")
def examples() -> dict[str, list[dict[str, Any]]]:
    """The shipped examples as records."""
    return {kind: records(path) for kind, path in example_files().items()}


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    """What `pamrx predict` writes for them."""
    output = tmp_path_factory.mktemp("predicted") / "predictions.parquet"
    predict(PredictOptions(output=output, example=True))
    return pd.read_parquet(output)


def equal(answer: pd.DataFrame, expected: pd.DataFrame) -> None:
    """To the last bit, whatever the types that stand for a gap."""
    assert list(answer.columns) == list(expected.columns) == list(COLUMNS)
    for name in COLUMNS:
        ours = [None if pd.isna(value) else value for value in answer[name]]
        assert ours == [None if pd.isna(value) else value for value in expected[name]], name


def invoke(model: PyFuncModel, request: dict[str, Any]) -> Any:
    """What MLflow's scoring server does with a request."""
    told = scoring_server.invocations(json.dumps(request).encode(), JSON, model, model.metadata.get_input_schema())
    assert told.status == 200
    return json.loads(told.response, parse_constant=pytest.fail)["predictions"]


def test_the_loaded_model_says_what_predict_says(
    served: tuple[Path, PyFuncModel], examples: dict[str, Any], expected: pd.DataFrame
) -> None:
    equal(served[1].predict(pd.DataFrame([examples])), expected)


@pytest.mark.parametrize("form", ["inputs", "dataframe_records", "dataframe_split"])
def test_mlflow_serves_every_form_of_request(
    served: tuple[Path, PyFuncModel], examples: dict[str, Any], expected: pd.DataFrame, form: str
) -> None:
    split = {"columns": list(examples), "data": [list(examples.values())]}
    request = {form: split if form == "dataframe_split" else [examples]}
    params = {"drugs": "alpelisib,Capivasertib", "coverage": 0.9}
    answer = pd.DataFrame(invoke(served[1], {**request, "params": params}))
    chosen = expected[expected["drug"].isin(["Alpelisib", "Capivasertib"])].reset_index(drop=True)
    rank = chosen.groupby("sample_id")["sensitivity_percentile"].rank(ascending=False, method="first").astype(int)
    chosen = chosen.assign(rank=rank)
    order = ["sample_id", "drug"]
    equal(answer.sort_values(order), chosen.sort_values(order))


def test_nothing_that_was_saved_is_a_pickle_and_the_example_is_answered(served: tuple[Path, PyFuncModel]) -> None:
    folder, model = served
    # Loading leaves the bytecode of the model code beside it.
    files = [path for path in folder.rglob("*") if path.is_file() and path.parent.name != "__pycache__"]
    assert {path.suffix for path in files} <= {"", ".json", ".md", ".parquet", ".py", ".txt", ".yaml"}
    assert not any(path.read_bytes().startswith(b"\x80") for path in files)
    assert model.metadata.get_input_schema().input_names()[: len(PARTS)] == list(PARTS)
    outputs = model.metadata.get_output_schema()
    assert outputs.input_names() == list(COLUMNS)
    assert outputs.required_input_names() == [column.name for column in RESULT if not column.nullable]
    types = {"text": "string", "number": "double", "integer": "long", "boolean": "boolean"}
    assert [one.name for one in outputs.input_types()] == [types[column.type] for column in RESULT]
    rows = invoke(model, json.loads((folder / "serving_input_example.json").read_text()))
    assert {row["sample_id"] for row in rows} == {"T1"}


def test_a_mistake_is_answered_in_the_line_of_the_command_and_without_the_input(
    served: tuple[Path, PyFuncModel],
) -> None:
    samples = [{"sample_id": "T1", "tissue": "brest"}]
    with pytest.raises(MlflowException) as error:
        invoke(served[1], {"inputs": [{**EXAMPLE, "samples": samples}]})
    assert error.value.get_http_status_code() == 400
    message = json.loads(error.value.serialize_as_json())["message"]
    assert message.startswith("samples: sample T1, column tissue: found 'brest', expected a known tissue")
    assert "p.H1047R" not in message
    assert "\n" not in message


def test_a_fault_of_ours_is_no_mistake_of_the_sender(
    served: tuple[Path, PyFuncModel], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pamrx_training.serving.model.predict_records", lambda *_: 1 / 0)
    with pytest.raises(MlflowException, match="the prediction failed; the log of the server says why") as error:
        invoke(served[1], {"inputs": [EXAMPLE]})
    assert error.value.get_http_status_code() == 500


def test_rows_are_profiles_of_their_own(small_bundle: Path) -> None:
    model = PamrxModel(load_bundle(small_bundle))
    other = [{**EXAMPLE["mutations"][0], "Tumor_Sample_Barcode": "T2", "Hugo_Symbol": "PTEN"}]
    rows = model.predict(None, pd.DataFrame([EXAMPLE, {"mutations": other}]))
    assert list(rows["sample_id"].unique()) == ["T1", "T2"]
    alone = model.predict(None, [{"mutations": other}])
    equal(rows[rows["sample_id"] == "T2"], alone)
    with pytest.raises(MlflowException, match="row 2: sample T1 stands in an earlier row"):
        model.predict(None, [EXAMPLE, EXAMPLE])


@pytest.fixture(scope="module")
def server(small_bundle: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """`pamrx serve` on a free port; gives the address that it says."""
    known = {**os.environ, "PYTHONUNBUFFERED": "1"}
    arguments = ["serve", "--bundle", str(small_bundle), "--port", "0", "--max-mb", "1"]
    with (tmp_path_factory.mktemp("server") / "log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "pamrx", *arguments],
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            env=known,
        )
        assert process.stdout is not None
        late = threading.Timer(120, process.kill)
        late.start()
        said = process.stdout.readline()
        late.cancel()
        found = re.search(r"http://127\.0\.0\.1:\d+/invocations", said)
        try:
            assert found, f"it said {said!r}"
            yield found[0]
        finally:
            process.terminate()
            process.wait(30)


def refused(answer: requests.Response, status: int, told: str) -> None:
    content = answer.json()
    assert (answer.status_code, answer.headers["content-type"]) == (status, JSON)
    assert set(content) == {"error_code", "message"}
    assert re.search(told, content["message"]), content
    assert "\n" not in content["message"]
    assert "Traceback" not in answer.text


def test_the_server_answers_what_the_model_says(server: str, small_bundle: Path) -> None:
    answer = requests.post(server, json={"inputs": [EXAMPLE], "params": {"drugs": "Alpelisib"}}, timeout=60)
    assert answer.status_code == 200
    bundle = load_bundle(small_bundle)
    equal(pd.DataFrame(answer.json()["predictions"]), predict_records(bundle, [EXAMPLE], {"drugs": "Alpelisib"}))
    whole = requests.post(server, json={"inputs": EXAMPLE}, timeout=60)
    assert len(whole.json()["predictions"]) == 2, "one profile needs no list"
    assert requests.get(server.replace("invocations", "ping"), timeout=60).status_code == 200


@pytest.mark.parametrize(
    ("request_body", "told"),
    [
        ("{", "the request is no JSON"),
        ("[]", "the request is JSON but no object"),
        ("[" * 100_000, "the request is no JSON"),
        ({}, "found no input; expected one of inputs, dataframe_split, dataframe_records"),
        ({"inputs": [EXAMPLE], "dataframe_records": []}, "found inputs and dataframe_records; expected one of"),
        ({"input": [EXAMPLE]}, "field input: .*; did you mean inputs?"),
        ({"inputs": "x"}, "row 1: expected an object with one or more of mutations, expression"),
        ({"inputs": []}, "no input: give a row"),
        ({"inputs": [{}]}, "no input: give at least one of mutations"),
        ({"inputs": {**EXAMPLE, "expresion": []}}, "expresion: no part of a profile; .*; did you mean expression?"),
        ({"inputs": [{"mutations": 5}]}, "mutations: found a number, expected a list of records"),
        ({"inputs": [EXAMPLE], "params": {"drugs": "Alpelisb"}}, "unknown drug 'Alpelisb'; did you mean Alpelisib?"),
        ({"inputs": [EXAMPLE], "params": {"drugs": ["Alpelisib"]}}, "params: drugs: .* expected names with commas"),
        ({"inputs": [EXAMPLE], "params": {"drug": "x"}}, "params: drug: no such setting; .*; did you mean drugs?"),
        ({"inputs": [EXAMPLE], "params": {"coverage": 90}}, "coverage 90: expected a share .*; did you mean 0.9?"),
        ({"inputs": [EXAMPLE], "params": {"coverage": True}}, "params: coverage: found true, expected a number"),
        ({"inputs": [EXAMPLE], "params": 5}, "params: expected an object"),
        ({"dataframe_split": {"columns": ["mutations"], "data": [[1, 2]]}}, "row 1: 2 values found, expected 1"),
    ],
)
def test_a_malformed_request_is_refused_in_one_line(server: str, request_body: object, told: str) -> None:
    body = request_body if isinstance(request_body, str) else json.dumps(request_body)
    refused(requests.post(server, data=body, headers={"content-type": JSON}, timeout=60), 400, told)


def test_other_content_types_and_paths_are_refused(server: str) -> None:
    refused(requests.post(server, data="{}", headers={"content-type": "text/csv"}, timeout=60), 415, "'text/csv' found")
    refused(requests.post(server, data=b"{}", timeout=60), 415, "content type '' found, expected application/json")
    refused(requests.get(server.replace("invocations", "nothing"), timeout=60), 404, "Not Found")
    refused(requests.get(server, timeout=60), 405, "Method Not Allowed")


def test_a_request_over_the_limit_is_refused_whether_or_not_it_tells_its_size(server: str) -> None:
    large = json.dumps({"inputs": {"mutations": EXAMPLE["mutations"] * 10_000}}).encode()
    assert len(large) > 1_000_000
    told = "the request is larger than 1 MB; send fewer samples, or serve with --max-mb"
    refused(requests.post(server, data=large, headers={"content-type": JSON}, timeout=60), 413, told)
    parts = (large[start : start + 65536] for start in range(0, len(large), 65536))
    refused(requests.post(server, data=parts, headers={"content-type": JSON}, timeout=60), 413, told)


def test_a_hundred_requests_from_eight_threads_all_come_back_right(server: str) -> None:
    tumours = [
        {"mutations": [{**EXAMPLE["mutations"][0], "Hugo_Symbol": gene, "Tumor_Sample_Barcode": f"T-{gene}"}]}
        for gene in ("PIK3CA", "PTEN", "KRAS", "TP53")
    ]

    def ask(number: int) -> bytes:
        answer = requests.post(server, json={"inputs": [tumours[number % 4]]}, timeout=120)
        assert answer.status_code == 200
        return answer.content

    one_by_one = [ask(number) for number in range(4)]
    assert len(set(one_by_one)) == 4
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(ask, range(100))) == [one_by_one[number % 4] for number in range(100)]


def test_a_port_that_is_taken_is_one_line(server: str, small_bundle: Path) -> None:
    port = re.search(r":(\d+)/", server)
    assert port
    known = dict(os.environ)
    command = [sys.executable, "-m", "pamrx", "serve", "--bundle", str(small_bundle), "--port", port[1]]
    told = subprocess.run(command, capture_output=True, text=True, env=known, timeout=120)
    assert told.returncode == 2
    assert told.stderr.splitlines() == [
        f"pamrx: error: cannot listen on 127.0.0.1 port {port[1]} (Address already in use); name another with --port "
        "or --host"
    ]
