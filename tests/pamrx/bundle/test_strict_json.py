"""JSON from strangers ends in one line."""

from __future__ import annotations

import pytest
from pamrx.bundle.strict_json import Fields, read_json
from pamrx.errors import BundleError


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b'{"a": 1, "a": 2}', "key 'a' stands twice"),
        (b'{"a": NaN}', "NaN is no number of JSON"),
        (b'{"a": -Infinity}', "Infinity is no number of JSON"),
        (b'{"a": 1e400}', "too large"),
        (b'{"a": ' + b"9" * 5_000 + b"}", "too large"),
        (b'{"a": ' + b"[" * 30 + b"]" * 30 + b"}", "nested deeper than 20"),
        (b"[" * 100_000, "RecursionError"),
        (b'{"a": "\xff"}', "UnicodeDecodeError"),
        (b'{"a": 1', "JSONDecodeError"),
    ],
)
def test_what_is_no_plain_json_is_refused_in_one_line(text: bytes, said: str) -> None:
    with pytest.raises(BundleError) as error:
        read_json(text, "b/model.json")
    assert said in str(error.value)
    assert str(error.value).startswith("b/model.json: ")
    assert len(str(error.value)) < 400


@pytest.mark.parametrize("value", [None, True, "1", [], {}, float("inf"), 1e12])
def test_a_number_is_a_number_of_the_right_size(value: object) -> None:
    with pytest.raises(BundleError, match=r"b\.json: limits\.platform is .*expected a number from"):
        Fields({"limits": {"platform": value}}, "b.json").below("limits").number("platform")


@pytest.mark.parametrize(
    "value", ["a", None, {"a": 1}, [1], ["a", "a"], [None], ["a\nb"], ["\x1b[2J"], ["\ud800"], [""]]
)
def test_names_are_a_list_of_printable_names_each_once(value: object) -> None:
    with pytest.raises(BundleError, match=r"b\.json: .*expected"):
        Fields({"genes": value}, "b.json").names("genes")


@pytest.mark.parametrize(
    "value", [[1, 2, 3], [[1, 2]], [[1, 2], [3]], [[1, 2], 3], [[1, 2], [3, None]], "ab", [[1, 2], [3, 1e12]]]
)
def test_numbers_have_the_shape_that_they_should_have(value: object) -> None:
    with pytest.raises(BundleError, match="2 x 2 numbers"):
        Fields({"m": value}, "b.json").numbers("m", (2, 2))
    assert Fields({"m": [[1, 2], [3, 4]]}, "b.json").numbers("m", (2, 2)).tolist() == [[1, 2], [3, 4]]


def test_a_field_that_nobody_knows_and_one_that_lacks_are_named() -> None:
    with pytest.raises(BundleError, match="field 'b'; expected a"):
        Fields({"b": 1}, "b.json").only(("a",))
    with pytest.raises(BundleError, match="no field a"):
        Fields({"b": 1}, "b.json").text("a")
