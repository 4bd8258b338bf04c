"""pamrx: how sensitive a tumour is to inhibitors of the PI3K/AKT/mTOR axis, how sure that is, and why.

```python
from predictor import load_bundle, read_profiles

load_bundle().predict(read_profiles(mutations="tumour.maf", expression="tumour.tsv"))
```
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from predictor.bundle import Bundle, load_bundle
    from predictor.errors import PamrxError
    from predictor.profiles import Profiles, read_profiles, read_study

__version__ = "0.1.0"
__all__ = ["Bundle", "PamrxError", "Profiles", "load_bundle", "read_profiles", "read_study"]

_HOMES = {
    "Bundle": "predictor.bundle",
    "PamrxError": "predictor.errors",
    "Profiles": "predictor.profiles",
    "load_bundle": "predictor.bundle",
    "read_profiles": "predictor.profiles",
    "read_study": "predictor.profiles",
}


def __getattr__(name: str) -> Any:
    # Imported on first use: `pamrx --help` must not wait for LightGBM and pandas.
    if name in _HOMES:
        from importlib import import_module

        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'predictor' has no attribute '{name}'")
