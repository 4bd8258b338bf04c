"""What a body may hold: JSON with one reading, and no more of anything than fits; no model is needed to say so."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pamrx_training.serving.limits import Limits
from pamrx_training.serving.positions import without_contents
from pamrx_training.serving.request import Refusal, read_request

pytestmark = pytest.mark.medium  # the room imports MLflow

LIMITS = Limits(body=1_000_000, samples=10)
MUTATION = {
    "Hugo_Symbol": "PIK3CA",
    "Tumor_Sample_Barcode": "T1",
    "Variant_Classification": "Missense_Mutation",
    "HGVSp_Short": "p.H1047R",
}


def refused(body: bytes | str | Any, status: int, told: str) -> str:
    """The message of a body that is refused."""
    raw = body if isinstance(body, bytes) else (body if isinstance(body, str) else json.dumps(body)).encode()
    with pytest.raises(Refusal, match=told) as error:
        read_request(raw, LIMITS)
    assert error.value.status == status
    assert "\n" not in str(error.value)
    return str(error.value)


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"", "no JSON"),
        (b"\xff", "not UTF-8 .byte 1."),
        ('{"inputs": []}'.encode("utf-16"), "not UTF-8"),
        (b'{"inputs": "\xed\xa0\x80"}', "not UTF-8"),
        ("[" * 50_000, "nested too deeply"),
        ('{"inputs":' * 50_000, "nested too deeply"),
        ('{"inputs": ' + "[" * 40 + "]" * 40 + "}", "nested more than 12 deep"),
        ('{"inputs": [{"expression": [{"sample_id": "T1", "A": NaN}]}]}', "NaN found, which JSON does not have"),
        ('{"inputs": [-Infinity]}', "-Infinity found"),
        ('{"inputs": [1e999]}', "a number beyond 1.8e308"),
        ('{"inputs": [' + "9" * 400 + "]}", "a whole number of 400 digits found, expected at most 19"),
        ('{"inputs": [' + "9" * 5000 + "]}", "a whole number of 5000 digits found"),
        ('{"inputs": [1], "inputs": [2]}', "fields 1 and 2 of an object of 2 have the same name"),
        ('{"inputs": [{"samples": [{"msi": "MSI", "a": 1, "msi": "MSS"}]}]}', "fields 1 and 3 of an object of 3"),
        (r'{"inputs": [{"samples": [{"sample_id": "\ud800"}]}]}', "half of a surrogate pair"),
        (r'{"inputs": [{"samples": [{"\udfff": "a"}]}]}', "half of a surrogate pair"),
        (r'{"inputs": [{"samples": [{"sample_id": "a\u0000"}]}]}', "a zero character"),
        ('{"dataframe_split": {"columns": ["a"], "data": [[1, 2]]}}', "row 1: 2 values found, expected 1"),
        ('{"dataframe_split": {"columns": ["a", "a"], "data": []}}', "a name stands twice"),
        ('{"dataframe_split": {"columns": ["a"], "data": 5}}', "data: expected a list of rows"),
        ('{"dataframe_split": {"columns": 5, "data": []}}', "columns: expected a list of names"),
        ('{"dataframe_split": []}', "expected an object of columns and data"),
        ({"inputs": [{"samples": '[{"a": 1, "a": 2}]'}]}, "samples: fields 1 and 2"),
        ({"inputs": [{"samples": "[" * 20_000}]}, "samples: the request is no JSON .nested too deeply."),
        ({"inputs": [{"samples": "[NaN]"}]}, "samples: NaN found"),
        ({"inputs": [{"a" * 2_000: 1}]}, "the name of a field has 2000 characters, expected at most 1000"),
        ({"inputs": [{"panel": ["a" * 200_000]}]}, "a text of 200000 characters found, expected at most 100000"),
    ],
)  # fmt: skip
def test_what_has_no_single_reading_is_refused(body: Any, told: str) -> None:
    refused(body, 400, told)


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("[" + "0," * 150_000 + "0]", "more than 100000 values"),
        ("[" + "{}," * 150_000 + "{}]", "more than 100000 values"),
        ({"inputs": [{"samples": "[" + "0," * 150_000 + "0]"}]}, "more than 100000 values"),
        ({"inputs": [{"samples": [{"sample_id": "a"}] * 11}]}, "samples: 11 samples found, expected at most 10"),
        ({"inputs": [{}] * 11}, "11 rows found, expected at most 10"),
        ({"inputs": [{"expression": [{f"g{n}": 1} for n in range(1_000)]}]}, "make a table of over 100000 cells"),
        ({"inputs": [{"expression": json.dumps([{f"g{n}": 1} for n in range(1_000)])}]}, "a table of over 100000"),
        ({"dataframe_records": [{f"g{n}-{m}": 1 for n in range(9_000)} for m in range(10)]}, "a table of over 100000"),
    ],
)
def test_what_stands_for_too_much_is_refused(body: Any, told: str) -> None:
    refused(body, 413, told)


def test_what_is_read_is_what_was_sent() -> None:
    parts = {"mutations": [MUTATION], "samples": [{"sample_id": "T1 \U0001f600", "tissue": None}]}
    escaped = json.dumps({"inputs": [parts], "params": {"coverage": 0.9}}).encode()  # a pair of surrogates
    for body in (escaped, b"\xef\xbb\xbf" + escaped, json.dumps({"inputs": parts}, ensure_ascii=False).encode()):
        assert read_request(body, LIMITS).rows == [parts]
    assert read_request(escaped, LIMITS).params == {"coverage": 0.9}
    assert read_request(json.dumps({"dataframe_records": [parts]}).encode(), LIMITS).rows == [parts]
    split = {"columns": list(parts), "data": [list(parts.values())]}
    assert read_request(json.dumps({"dataframe_split": split}).encode(), LIMITS).rows == [parts]
    texts = {name: json.dumps(part) for name, part in parts.items()}
    assert read_request(json.dumps({"inputs": [texts]}).encode(), LIMITS).rows == [parts]


def test_advice_null_and_quotation_marks_are_taken() -> None:
    """What the refusals of NaN and of a long number recommend."""
    assert read_request(b'{"inputs": [{"expression": [{"sample_id": "T1", "A": null}]}]}', LIMITS)
    assert read_request(b'{"inputs": [{"samples": [{"sample_id": "%s"}]}]}' % (b"9" * 40), LIMITS)


@pytest.mark.parametrize(
    ("message", "rows", "expected"),
    [
        (
            "samples: sample T1, column tissue: found 'brest', expected a known tissue; did you mean breast?",
            [{"samples": [{"sample_id": "T0"}, {"sample_id": "T1", "tissue": "brest"}]}],
            "samples: sample [row 1, samples 2, field sample_id], column tissue: found "
            "[row 1, samples 2, field tissue], expected a known tissue; did you mean breast?",
        ),
        (
            "expression: gene ABC1, sample T1: found 123.5, expected a number below 100",
            [{"expression": [{"gene": "ABC1", "T1": 123.5}]}],
            "expression: gene [row 1, expression 1, field 1], sample [row 1, expression 1, name of field 2]: found "
            "[row 1, expression 1, field 2], expected a number below 100",
        ),
        ("row 2: found 7, expected 1", [{}, {"panel": 7}], "row 2: found [row 2, panel], expected 1"),
        (
            "found 'a\\nb', expected 'x'",
            [{"panel": ["a\nb"]}],
            "found [row 1, panel 1], expected 'x'",
        ),
        (
            "found 'Meier, Anna-Luise gebor...', expected",
            [{"panel": ["Meier, Anna-Luise geborene Schmidt"]}],
            "found '[row 1, panel 1]...', expected",
        ),
        (
            "sample TCGA-AB-1234-01 stands twice",
            [{"mutations": [{"Tumor_Sample_Barcode": "TCGA-AB-1234-01A-11D"}]}],
            "sample [a part of a text of the request] stands twice",
        ),
        ("column tissue: found breast", [{"samples": [{"tissue": "breast"}]}], "column tissue: found breast"),
        ("no input", [5, None, {"samples": None}], "no input"),
        ("sample T10 and T1", [{"panel": ["T1"]}], "sample T10 and [row 1, panel 1]"),
    ],
)  # fmt: skip
def test_a_message_says_where_instead_of_what(message: str, rows: list[Any], expected: str) -> None:
    assert without_contents(message, rows) == expected
