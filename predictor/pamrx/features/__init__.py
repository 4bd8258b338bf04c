"""Features: one module per block, put together by `FeatureBuilder`."""

from __future__ import annotations

from pamrx.features.builder import BLOCKS, FeatureBuilder

__all__ = ["BLOCKS", "FeatureBuilder"]
