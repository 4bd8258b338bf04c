"""The model: a linear part and LightGBM trees over a low-dimensional response space."""

from __future__ import annotations

from pamrx.model.sensitivity import SensitivityModel

__all__ = ["SensitivityModel"]
