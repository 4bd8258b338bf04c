"""The names under which the samples of several files meet: TCGA barcodes cut alike, then one spelling for each name."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from pamrx.identifiers.sample_barcodes import cut_barcodes
from pamrx.identifiers.sample_spelling import join_spellings


def harmonise(
    ids: Mapping[str, Iterable[str]], mergeable: Collection[str] = (), preferred: str = ""
) -> tuple[dict[str, dict[str, str]], list[str]]:
    """Names under which the samples of several files meet, each name by itself.

    Parameters
    ----------
    ids : for each file, its sample names.
    mergeable : files in which two aliquots of one sample are both kept (rows of mutations), not one chosen.
    preferred : the file whose spelling is taken where names differ in nothing else (see `join_spellings`).

    Returns
    -------
    mapping : for each file, name found -> name used; a name that is dropped is absent.
    notes : what was cut, dropped, joined and left apart, with counts.
    """
    cut, notes = cut_barcodes(ids, mergeable)
    spelt, more = join_spellings({file: list(own.values()) for file, own in cut.items()}, preferred)
    return {file: {raw: spelt[file][name] for raw, name in own.items()} for file, own in cut.items()}, notes + more
