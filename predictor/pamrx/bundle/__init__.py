"""A trained model on disk: written, checked and loaded."""

from __future__ import annotations

from pamrx.bundle.bundle import Bundle, load_bundle, released_bundle, save_bundle
from pamrx.bundle.manifest import read_manifest

__all__ = ["Bundle", "load_bundle", "read_manifest", "released_bundle", "save_bundle"]
