"""Which genes a targeted test looked at: gene panels, as a list or as cBioPortal writes them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Mapping
from pathlib import Path

import pandas as pd

from pamrx.errors import InputError
from pamrx.identifiers.gene_ids import are_entrez, is_gene_name, name_genes, naming_note
from pamrx.identifiers.genes import clean_labels, unrecognised_message
from pamrx.knowledge.panels import Panel, all_panels, find_panel, near_panel
from pamrx.readers.boundary import boundary
from pamrx.readers.text.files import PathLike, check_file, check_labels, open_bytes
from pamrx.readers.text.given_files import status

_HEADERS = frozenset({"gene", "genes", "symbol", "symbols", "hugo_symbol", "gene_symbol", "gene_name", "hgnc_symbol"})
_FIELD = re.compile(r"(stable_id|description|gene_list|cancer_study_identifier)\s*:\s*(.*)", re.IGNORECASE | re.DOTALL)
_MOST_CHARACTERS = 10_000_000
_MANY_GENES = 20  # distinct mutated genes of which some is to be expected inside the panel


def check_panel(path: PathLike) -> None:
    """Whether a panel is there: a file, or the name of a panel that pamrx knows.

    Raises
    ------
    PamrxError
        If it is neither, or a file that cannot be read.
    """
    there = status(Path(path)) is not None
    if not there and find_panel(str(path)) is not None:
        return
    try:
        check_file(path)
    except InputError as error:
        if there:
            raise
        names = ", ".join(panel.name for panel in all_panels())
        raise InputError(
            f"{error}; expected a file of gene symbols, or a panel that pamrx knows: {names} (`pamrx vocab --panels`)"
            f"{near_panel(str(path))}"
        ) from None


def read_panel(path: PathLike, known_genes: Collection[str]) -> tuple[frozenset[str], list[str]]:
    """The genes of one panel under the names that pamrx writes, and what was read.

    Parameters
    ----------
    path : one gene per line (blank lines, `#` lines and a header word such as Hugo_Symbol allowed), or a cBioPortal
        gene panel file with a line `gene_list:`; or, where there is no such file, the name of a panel that pamrx knows.
    known_genes : symbols that are right as they stand.

    Raises
    ------
    PamrxError
        As `check_panel`; if a line holds more than one gene, no gene stands there, or none is recognised.
    """
    with boundary(path, "a file of gene symbols"):
        check_panel(path)
        if status(Path(path)) is None and (panel := find_panel(str(path))):
            return known_panel(panel, known_genes)
        file = check_file(path)
        lines, opened = _lines(file)
        genes, notes = panel_from_lines(str(file), lines, known_genes)
    return genes, [*notes[:1], *opened, *notes[1:]]


def known_panel(panel: Panel, known_genes: Collection[str]) -> tuple[frozenset[str], list[str]]:
    """The genes of a panel that pamrx knows, as `read_panel` gives them."""
    genes, _ = panel_from_lines(panel.name, list(panel.genes), known_genes)
    return genes, [
        f"{panel.name}: panel of {len(genes)} genes, from pamrx's own list (`pamrx vocab --panels` tells its source); "
        "mutations of all others count as not assessed"
    ]


def panel_from_lines(file: str, lines: list[str], known_genes: Collection[str]) -> tuple[frozenset[str], list[str]]:
    """The same from lines in memory; `file` names them in messages."""
    fields = panel_fields(lines)
    if twice := _repeated(lines):
        raise InputError(f"{file}: line `{twice}:` stands more than once; expected one: delete the other, or join them")
    labels = re.split(r"[\s,;]+", fields["gene_list"]) if "gene_list" in fields else _plain(file, lines)
    check_labels(file, labels, "gene")
    labels = list(dict.fromkeys(label for label in clean_labels(labels) if label))
    if not labels:
        raise InputError(f"{file}: no gene in it; expected one symbol per line, or a line `gene_list:`")
    named = name_genes(labels, known_genes, entrez=are_entrez(labels), guarded=False)
    genes = frozenset(named["name"])
    if not any(gene in known_genes or is_gene_name(gene) for gene in genes):
        raise InputError(f"{file}: {unrecognised_message(labels, known_genes, noncoding=False)}")
    name = f" ({fields['stable_id']})" if fields.get("stable_id") else ""
    told = [f"{file}: panel{name} of {len(genes)} genes; mutations of all others count as not assessed"]
    if naming := naming_note(named):
        told.append(f"{file}: {naming}")
    return genes, told


def panel_name(path: Path) -> str:
    """The `stable_id` of a cBioPortal gene panel file; `""` where there is none."""
    return panel_fields(_lines(path)[0]).get("stable_id", "")


def panel_fields(lines: list[str]) -> dict[str, str]:
    """The `key: value` lines of a gene panel file, keys in lower case."""
    found = (_FIELD.match(line) for line in lines)
    return {field[1].lower(): field[2].strip() for field in found if field}


def _repeated(lines: list[str]) -> str:
    """A key that counts and stands in several lines; "" where none does."""
    keys = Counter(field[1].lower() for line in lines if (field := _FIELD.match(line)))
    return next((key for key in ("gene_list", "stable_id") if keys[key] > 1), "")


def inside_panels(
    rows: pd.DataFrame,
    assessed: frozenset[str] | None,
    panels: Mapping[str, frozenset[str]],
    what: str,
    notes: list[str],
) -> pd.DataFrame:
    """The mutations in genes that were assessed in their sample; the others are left out and counted in `notes`.

    Raises
    ------
    PamrxError
        If many genes are mutated and none lies in its sample's panel: then the panel is another test's.
    """
    if rows.empty or (assessed is None and not panels):
        return rows
    outside = pd.Series(False, index=rows.index)
    # Samples share few panels, so that each is compared once.
    groups: dict[frozenset[str] | None, list[str]] = {}
    for sample in rows["sample_id"].unique():
        groups.setdefault(panels.get(sample, assessed), []).append(sample)
    for genes, samples in groups.items():
        if genes is not None:
            outside |= rows["sample_id"].isin(samples) & ~rows["gene"].isin(genes)
    if not outside.any():
        return rows
    first = rows[outside].iloc[0]
    if outside.all() and rows["gene"].nunique() >= _MANY_GENES:
        raise InputError(
            f"{what}: none of its {rows['gene'].nunique()} mutated genes, such as {first['gene']}, is in the gene "
            "panel; expected the panel of the test that found them"
        )
    notes.append(
        f"{what}: {int(outside.sum())} mutations lie in genes outside their sample's panel, such as {first['gene']} in "
        f"{first['sample_id']}: left out, since such genes count as not assessed"
    )
    return rows[~outside].reset_index(drop=True)


def _lines(file: Path) -> tuple[list[str], list[str]]:
    """The lines that hold something, and how the file was opened."""
    with open_bytes(file) as stream:
        text = stream.read(_MOST_CHARACTERS + 1).decode()
        if len(text) > _MOST_CHARACTERS:
            raise InputError(f"{file}: more than {_MOST_CHARACTERS:,} characters; expected a list of genes")
    return [line.strip() for line in text.split("\n") if line.strip() and not line.startswith("#")], stream.notes


def _plain(file: str, lines: list[str]) -> list[str]:
    for line in lines:
        if len(re.split(r"[\t,; ]+", line)) > 1:
            shown = line if len(line) <= 40 else line[:37] + "..."
            raise InputError(
                f"{file}: line '{shown}': several fields found, expected one gene symbol per line (of a BED file, its "
                "gene column), or cBioPortal's line `gene_list:`"
            )
    return lines[1:] if lines and lines[0].lower() in _HEADERS else lines
