"""Training data: one module per source, from a pinned download to tidy tables in a cache.

```python
from pamrx_training.datasets import fetch_gdsc, load_gdsc

fetch_gdsc()
data = load_gdsc()
data.responses, data.expression, data.alterations
```
"""

from __future__ import annotations

from pamrx_training.datasets.cache import cache_folder, cached_inputs, data_status, fingerprint
from pamrx_training.datasets.ccle_mirna import fetch_ccle_mirna, load_ccle_mirna
from pamrx_training.datasets.gdsc import GdscData, fetch_gdsc, load_gdsc
from pamrx_training.datasets.names import line_key
from pamrx_training.datasets.panel718 import fetch_panel718, load_panel718
from pamrx_training.datasets.portals.importing import import_portals, load_imported
from pamrx_training.datasets.responses import assay_matrix

__all__ = [
    "GdscData",
    "assay_matrix",
    "cache_folder",
    "cached_inputs",
    "data_status",
    "fetch_ccle_mirna",
    "fetch_gdsc",
    "fetch_panel718",
    "fingerprint",
    "import_portals",
    "line_key",
    "load_ccle_mirna",
    "load_gdsc",
    "load_imported",
    "load_panel718",
]
