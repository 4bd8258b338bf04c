"""The file of a laboratory's offsets comes back as it was, and anything else is refused in one line with the remedy."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from pamrx.bundle.lab_file import digest_of, read_offsets, write_offsets
from pamrx.errors import InputError
from pamrx.prediction.laboratory import LabOffsets

GENES = ("PTEN", "AKT1", "MTOR")
REFERENCE = "ab" * 32
LAB = LabOffsets({"PTEN": -0.5, "AKT1": 0.25}, 0.41, {"breast": 12, "skin": 9}, REFERENCE)
REMEDY = "write it anew with `pamrx calibrate`"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    write_offsets(LAB, tmp_path / "lab.json")
    return tmp_path / "lab.json"


def refused(file: Path, *parts: str) -> None:
    with pytest.raises(InputError) as error:
        read_offsets(file, GENES, REFERENCE)
    said = str(error.value)
    assert said.startswith(f"{file}: ")
    for part in parts:
        assert part in said


def test_it_comes_back_as_it_was(file: Path) -> None:
    again = read_offsets(file, GENES, REFERENCE)
    assert again == LAB
    assert again.samples == 21
    assert digest_of(again) == digest_of(LAB)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"offsets": {"PTEN": 9.0}}, "offsets.PTEN is 9.0; expected a number from -8 to 8"),
        ({"offsets": {"PTEN": "0.5"}}, "offsets.PTEN is '0.5'"),
        ({"offsets": {"PTEN": True}}, "offsets.PTEN is True"),
        ({"offsets": {"PTNE": 0.5}}, "offsets is 'PTNE'; expected genes that the bundle ranks"),
        ({"offsets": [1, 2]}, "the content is [1, 2]; expected a JSON object"),
        ({"tissues": {"breast": 19}}, "tissues is 19; expected 20 samples or more"),
        ({"tissues": {"breast": 20.5}}, "tissues.breast is 20.5"),
        ({"size": -1}, "size is -1"),
        (
            {"reference": "cd" * 32},
            "reference is 'cdcdcdcdcdcd'; expected that of this bundle's reference lines, ababab",
        ),
        ({"kind": "another"}, "not a file of offsets of a laboratory"),
        ({"format": 2}, "not a file of offsets of a laboratory"),
        ({"more": 1}, "field 'more'"),
    ],
)
def test_what_was_changed_is_refused(file: Path, change: dict[str, Any], said: str) -> None:
    file.write_text(json.dumps({**json.loads(file.read_text()), **change}))
    refused(file, said.replace("the content", "offsets"), REMEDY)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "cannot be read"),
        ('{"offsets": {"PTEN": NaN}}', "NaN"),
        ('{"offsets": {"PTEN": 1e999}}', "too large"),
        ('{"kind": "a", "kind": "b"}', "stands twice"),
        ("[" * 30 + "]" * 30, "nested deeper"),
        ("[]", "expected a JSON object"),
        ('{"kind": "offsets of a laboratory", "format": 1}', "no field reference; expected what `pamrx calibrate`"),
    ],
)
def test_what_is_not_such_a_file_is_refused(file: Path, text: str, said: str) -> None:
    file.write_text(text)
    refused(file, said, REMEDY)


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    refused(tmp_path, "is a folder")
    refused(tmp_path / "none.json", "no such file")


def test_advice_to_write_it_anew_works(file: Path) -> None:
    file.write_text("{")
    refused(file, REMEDY)
    write_offsets(LAB, file)
    assert read_offsets(file, GENES, REFERENCE) == LAB
