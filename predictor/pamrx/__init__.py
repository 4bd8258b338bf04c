"""pamrx: how sensitive a tumour is to inhibitors of the PI3K/AKT/mTOR axis, how sure that is, and why.

```python
from pamrx import load_bundle, read_profiles

load_bundle().predict(read_profiles(mutations="tumour.maf", expression="tumour.tsv"))
```
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pamrx.bundle.bundle import Bundle, load_bundle
    from pamrx.errors import PamrxError
    from pamrx.profiles import Profiles, read_profiles, read_study

__version__ = "0.1.0"
__all__ = ["Bundle", "PamrxError", "Profiles", "load_bundle", "read_profiles", "read_study"]

_HOMES = {
    "Bundle": "pamrx.bundle.bundle",
    "PamrxError": "pamrx.errors",
    "Profiles": "pamrx.profiles",
    "load_bundle": "pamrx.bundle.bundle",
    "read_profiles": "pamrx.profiles",
    "read_study": "pamrx.profiles",
}


def __getattr__(name: str) -> Any:
    # Imported on first use: `pamrx --help` must not wait for LightGBM and pandas.
    if name in _HOMES:
        from importlib import import_module

        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'pamrx' has no attribute '{name}'")
