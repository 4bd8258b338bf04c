"""Commands and bundle sources that other packages add, by entry points of the installed distribution."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

COMMANDS = "pamrx.commands"
"""Group of typer applications whose commands join those of `pamrx`."""

BUNDLE_SOURCES = "pamrx.bundle_sources"
"""Group of functions from an address, such as `models:/pamrx@champion`, to a context that gives a bundle's folder."""


def joined(group: str) -> dict[str, Any]:
    """The objects that the entry points of a group name, by the name of the entry point.

    Reads `entry_points.txt` of pamrx's own metadata: to import `importlib.metadata` takes as long as to import typer.
    """
    objects = {}
    for name, target in _entries(group):
        module, _, attribute = target.partition(":")
        objects[name] = getattr(import_module(module), attribute)
    return objects


def _entries(group: str) -> Iterator[tuple[str, str]]:
    section = ""
    for line in _metadata().splitlines():
        if line.startswith("["):
            section = line.strip("[] ")
        elif section == group and "=" in line:
            name, _, target = line.partition("=")
            yield name.strip(), target.strip()


def _metadata() -> str:
    """The text of `entry_points.txt` of the installed pamrx; empty where it is not installed."""
    for folder in sys.path:
        # A plain listing: globbing takes ten times as long in a folder of many packages.
        try:
            names = os.listdir(folder)
        except OSError:  # an entry that is not a folder, or cannot be read
            continue
        for name in names:
            if name.startswith("pamrx-") and name.endswith(".dist-info"):
                file = Path(folder, name, "entry_points.txt")
                if file.is_file():
                    return file.read_text(encoding="utf-8")
    return ""
