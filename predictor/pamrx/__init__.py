"""pamrx: how sensitive a tumour is to inhibitors of the PI3K/AKT/mTOR axis, how sure that is, and why.

```python
import pamrx

profiles = pamrx.read_profiles(mutations="tumour.maf", expression="tumour.tsv")
pamrx.predict(profiles)                        # one row per sample and drug, best first
pamrx.explain(profiles, drugs=["Alpelisib"])   # what each feature adds to the prediction
```

Research software, not a medical device.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pamrx.api import explain, predict
    from pamrx.bundle.bundle import Bundle, load_bundle
    from pamrx.errors import BundleError, InputError, PamrxError, StoreError, UsageError
    from pamrx.examples import example_files
    from pamrx.profiles import Profiles, read_profiles, read_study

__version__ = "0.1.0"
__all__ = [
    "Bundle",
    "BundleError",
    "InputError",
    "PamrxError",
    "Profiles",
    "StoreError",
    "UsageError",
    "example_files",
    "explain",
    "load_bundle",
    "predict",
    "read_profiles",
    "read_study",
]

_MODULES = {
    "Bundle": "pamrx.bundle.bundle",
    "BundleError": "pamrx.errors",
    "InputError": "pamrx.errors",
    "PamrxError": "pamrx.errors",
    "Profiles": "pamrx.profiles",
    "StoreError": "pamrx.errors",
    "UsageError": "pamrx.errors",
    "example_files": "pamrx.examples",
    "explain": "pamrx.api",
    "load_bundle": "pamrx.bundle.bundle",
    "predict": "pamrx.api",
    "read_profiles": "pamrx.profiles",
    "read_study": "pamrx.profiles",
}


def __getattr__(name: str) -> Any:
    # Imported on first use: `pamrx --help` must not wait for LightGBM and pandas.
    if name in _MODULES:
        from importlib import import_module

        return getattr(import_module(_MODULES[name]), name)
    if name == "clinical":
        from importlib import import_module

        return import_module("pamrx.clinical")
    raise AttributeError(f"module 'pamrx' has no attribute '{name}'")


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
