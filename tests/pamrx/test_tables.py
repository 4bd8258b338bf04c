"""Writing a file whole: what becomes of an error while it is being written."""

from __future__ import annotations

from pathlib import Path

import pytest
from pamrx.errors import StoreError
from pamrx.outputs import whole_file


def test_an_error_inside_a_file_being_written_keeps_its_own_message(tmp_path: Path) -> None:
    with pytest.raises(StoreError) as caught, whole_file(tmp_path / "out.csv"):
        raise StoreError("mlflow.db: is locked")
    assert str(caught.value) == "mlflow.db: is locked"
    assert list(tmp_path.iterdir()) == []
