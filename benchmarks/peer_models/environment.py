"""The peers' own Python environment: drevalpy brings torch and a hundred more, none of which pamrx needs."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import venv
from pathlib import Path

from pamrx.errors import PamrxError

DREVALPY = "1.6.0"
CONSTRAINTS = Path(__file__).with_name("constraints.txt")
REQUIREMENTS = (f"drevalpy[lightgbm]=={DREVALPY}", "rdkit")


def peer_python(work: Path) -> Path:
    """The interpreter of the peers' environment under `work`, made and filled at the first call.

    Raises
    ------
    PamrxError
        If pip cannot fill it, with the last line that pip said. A half-filled one is filled on at the next call.
    """
    wanted = hashlib.sha256((CONSTRAINTS.read_text(encoding="utf-8") + " ".join(REQUIREMENTS)).encode()).hexdigest()
    folder = work / f"environment-{wanted[:12]}"
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    mark = folder / "filled"
    if mark.is_file():
        return python
    if not python.is_file():
        venv.create(folder, with_pip=True)
    print(f"installing drevalpy {DREVALPY} in {folder} (some minutes, once)", flush=True)
    # Torch by itself first: where a build without CUDA is at hand, the pinned version takes that one.
    for packages in (_pinned("torch"), REQUIREMENTS):
        command = [str(python), "-m", "pip", "install", "--quiet", "--constraint", str(CONSTRAINTS), *packages]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            said = (done.stderr.strip().splitlines() or ["no message"])[-1]
            raise PamrxError(f"drevalpy {DREVALPY}: could not be installed ({said}); Python {sys.version.split()[0]}")
    mark.touch()
    return python


def _pinned(package: str) -> tuple[str, ...]:
    lines = CONSTRAINTS.read_text(encoding="utf-8").splitlines()
    return tuple(line for line in lines if line.startswith(f"{package}=="))
