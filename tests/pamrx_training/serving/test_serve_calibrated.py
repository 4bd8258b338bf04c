"""`pamrx serve --calibrate` serves the bundle with the laboratory's offsets."""

from __future__ import annotations

from pathlib import Path

import pytest
from pamrx import Bundle
from pamrx.bundle.lab_file import write_offsets
from pamrx_training.serving import server

from tests.commands import pamrx
from tests.pamrx.bundle.test_calibrated import shifted

pytestmark = pytest.mark.medium


def test_the_served_bundle_takes_the_offsets_off(
    bundle: Bundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab = bundle.learn_offsets(shifted(bundle))
    write_offsets(lab, tmp_path / "lab.json")
    served: list[Bundle] = []
    monkeypatch.setattr(server, "serve", lambda loaded, *_: served.append(loaded))
    run = pamrx("serve", "--calibrate", tmp_path / "lab.json")
    assert run.returncode == 0, run.stderr
    offsets = served[0].builder.offsets_
    assert offsets is not None
    assert offsets.tolist() == [lab.offsets.get(gene, 0.0) for gene in bundle.builder.universe_]
