"""The reference lines by tissue come back from their file as they were, and anything else in it is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pamrx.bundle.tissue_files import read_tissues, tissue_state
from pamrx.errors import BundleError
from pamrx.prediction.tissues import TissueReference

LINES = [f"L{k}" for k in range(10)]
STATE = tissue_state(
    TissueReference(
        {"breast": LINES[:5], "skin": LINES[5:]}, {"breast": np.array([1.0, -2.5]), "skin": np.zeros(2)}, 0.5
    )
)


def read(state: Any) -> TissueReference:
    return read_tissues(json.dumps(state).encode(), Path("bundle"), 2, LINES)


def test_they_come_back_as_they_were() -> None:
    assert tissue_state(read(STATE)) == STATE


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"lines": {"breast": [*LINES[:4], "X"], "skin": LINES[5:]}}, "lines.breast is 'X'"),
        ({"lines": {"breast": LINES[:4], "skin": LINES[5:]}}, "lines.breast"),
        ({"lines": {"breast": LINES[:5]}}, "along is 'breast, skin'"),
        ({"along": {"breast": [1.0], "skin": [0.0, 0.0]}}, "along.breast"),
        ({"along": {"breast": [1.0, 1e6], "skin": [0.0, 0.0]}}, "along.breast"),
        ({"usual": -1.0}, "usual is -1.0"),
        ({"more": 1}, "field 'more'"),
    ],
)
def test_what_was_changed_is_refused(change: dict[str, Any], said: str) -> None:
    with pytest.raises(BundleError) as error:
        read({**STATE, **change})
    assert str(error.value).startswith("bundle/tissues.json: ")
    assert said in str(error.value)
