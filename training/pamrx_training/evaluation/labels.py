"""Names of assays as files and metrics spell them."""

from __future__ import annotations

import re

from pamrx.identifiers.assay import AssayId


def plain(name: str) -> str:
    """`name` without the characters that MLflow refuses in a key; each becomes `_`."""
    return re.sub(r"[^\w.\- ]", "_", name)


def assay_label(assay: str) -> str:
    """`GDSC2.Alpelisib` for `GDSC2:Alpelisib`."""
    parsed = AssayId.parse(assay)
    return f"{plain(parsed.screen)}.{plain(parsed.drug)}"
