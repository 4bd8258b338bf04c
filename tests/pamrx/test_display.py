"""What an object looks like at a prompt and in a notebook: short whatever it holds, and with its text escaped."""

from __future__ import annotations

import dataclasses
import html.parser
import importlib
import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np
import pamrx
import pamrx_training
import pandas as pd
import pytest
from pamrx import Bundle, Profiles
from pamrx.display import LINES, as_html, as_text, described, first_few, short_repr

WIDEST = 200
LARGE = re.compile(
    r"DataFrame|Series|ndarray|Index|list\[|dict\[|Mapping|Sequence|set\[|tuple\[|Collection|Profiles|Builder|Model"
)


def modules_with_records(package: ModuleType) -> Iterator[ModuleType]:
    """The others are not imported, which takes seconds."""
    for root in package.__path__:
        for path in sorted(Path(root).rglob("*.py")):
            if re.search(r"@dataclass|\(NamedTuple\)", path.read_text(encoding="utf-8")):
                parts = path.relative_to(root).with_suffix("").parts
                yield importlib.import_module(".".join((package.__name__, *parts)))


def public_records(package: ModuleType) -> list[type]:
    """Every public dataclass and NamedTuple of a package that may hold something large."""
    found = set()
    for module in modules_with_records(package):
        for name, one in vars(module).items():
            if not inspect.isclass(one) or one.__module__ != module.__name__ or name.startswith("_"):
                continue
            record = dataclasses.is_dataclass(one) or (issubclass(one, tuple) and hasattr(one, "_fields"))
            if record and any(LARGE.search(str(kind)) for kind in inspect.get_annotations(one).values()):
                found.add(one)
    return sorted(found, key=lambda one: f"{one.__module__}.{one.__qualname__}")


def reached(start: object, seen: dict[int, object]) -> dict[int, object]:
    """The objects of pamrx that an object holds, itself among them."""
    if id(start) in seen or not type(start).__module__.startswith("pamrx"):
        if isinstance(start, (list, tuple)) and not hasattr(start, "_fields"):
            for one in start[:3]:
                reached(one, seen)
        return seen
    seen[id(start)] = start
    for value in getattr(start, "__dict__", {}).values():
        reached(value, seen)
    return seen


@pytest.fixture(scope="module")
def objects(bundle: Any, examples: Any) -> list[Any]:
    bundle.predict(examples)
    return list(reached([examples, bundle], {}).values())


def check_short(text: str) -> None:
    lines = text.splitlines()
    assert 0 < len(lines) <= LINES, text
    assert max(map(len, lines)) <= WIDEST, text


def test_every_object_in_a_bundle_and_in_profiles_is_short(objects: Any) -> None:
    kinds = {type(one).__name__ for one in objects}
    assert {"Bundle", "Profiles", "FeatureBuilder", "SensitivityModel", "Reference", "Intervals", "Applicability",
            "Panel", "Difficulty", "SpecificResponse", "Regression", "LinearView",
            "BoostedComponents"} <= kinds  # fmt: skip
    for one in objects:
        check_short(repr(one))


def filled(record: type) -> object:
    """An object of this class with something large in every field."""
    large = [pd.DataFrame(np.zeros((50, 40))), np.zeros(10_000), list(range(10_000)), {"a" * 300: "b" * 300}]
    if issubclass(record, tuple):
        return tuple.__new__(record, [large[place % 4] for place in range(len(record._fields))])
    one = object.__new__(record)
    for place, field in enumerate(dataclasses.fields(record)):
        object.__setattr__(one, field.name, large[place % 4])
    return one


@pytest.mark.parametrize("package", [pamrx, pamrx_training], ids=lambda package: package.__name__)
def test_every_record_that_may_be_large_is_short(package: Any) -> None:
    records = [record for record in public_records(package) if record not in (Bundle, Profiles)]
    assert len(records) > 20
    for record in records:
        check_short(repr(filled(record)))


def test_sizes_stand_for_tables_and_collections() -> None:
    @short_repr
    @dataclasses.dataclass
    class Record:
        name: str
        table: pd.DataFrame
        names: list[str]
        few: tuple[int, ...]
        nothing: None = None
        _private: int = 3

    record = Record("x" * 500, pd.DataFrame(np.zeros((3, 4))), ["a"] * 1234, (1, 2))
    text = repr(record)
    assert "table=<DataFrame 3 x 4>" in text
    assert "names=<list of 1,234>" in text
    assert "few=(1, 2)" in text
    assert "nothing=None" in text
    assert "_private" not in text
    assert "x" * 100 not in text


def test_a_named_tuple_is_short_too() -> None:
    @short_repr
    class Pair(NamedTuple):
        one: np.ndarray
        other: int

    assert repr(Pair(np.zeros((2, 3)), 4)) == "Pair(one=<ndarray 2 x 3>, other=4)"


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "None"), (1.5, "1.5"), (np.float64(2.5), "np.float64(2.5)"), ("a\nb", r"'a\nb'"), ((), "()"),
     ({"a": 1}, "<dict of 1>"), (frozenset(range(100)), "<frozenset of 100>")],
)  # fmt: skip
def test_one_value_in_a_few_words(value: Any, text: Any) -> None:
    assert described(value) == text


def test_the_first_names_and_how_many_more() -> None:
    assert first_few(["a", "b"]) == "a, b"
    assert first_few(["a", "b", "c", "d", "e"]) == "a, b, c and 2 more"


class Cells(html.parser.HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        self.text += data


def test_text_is_escaped_for_a_notebook_and_kept_on_one_line_at_a_prompt() -> None:
    hostile = "<script>alert('x')</script>\n&amp;"
    shown = Cells(as_html(hostile, {hostile: hostile}))
    assert set(shown.tags) == {"table", "caption", "b", "tr", "th", "td"}
    assert shown.text.count(hostile) == 3
    assert len(as_text("title", {"name": hostile}).splitlines()) == 2


def test_profiles_and_bundles_have_a_form_for_notebooks(objects: Any) -> None:
    for one in objects:
        if isinstance(one, (Bundle, Profiles)):
            facts = Cells(one._repr_html_())
            assert {"table", "tr", "td"} <= set(facts.tags)
            assert facts.text
    renamed = pd.Index(["<b>&"], name="sample_id", dtype=object)
    samples = pd.DataFrame(None, index=renamed, columns=["tissue", "sample_type", "msi"], dtype=object)
    shown = Profiles(samples=samples, sequenced=pd.Series([False], index=renamed))._repr_html_()
    assert "<b>&" in Cells(shown).text
    assert "&lt;b&gt;&amp;" in shown


def test_a_bundle_is_one_line_at_a_prompt_and_a_small_table_in_a_notebook(objects: Any) -> None:
    (one,) = (one for one in objects if isinstance(one, Bundle))
    fingerprint = one.manifest["fingerprint"][:12]
    line = repr(one)
    assert line.startswith(f"<Bundle {one.manifest['name']}: ")
    assert line.endswith(f", fingerprint {fingerprint}>")
    assert "\n" not in line
    assert len(line) <= 100
    assert {"tr", "td"} <= set(Cells(one._repr_html_()).tags)
    assert fingerprint in Cells(one._repr_html_()).text
