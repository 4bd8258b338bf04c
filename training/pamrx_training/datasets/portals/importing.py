"""`pamrx data import`: the portals' files of some folders as the tables that training takes, under a name."""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
from pamrx.display import short_repr
from pamrx.errors import InputError, UsageError, check_word

from pamrx_training.datasets.cache import (
    SOURCES,
    Ledger,
    cache_folder,
    file_sha256,
    interruptible,
    read_source,
    write_source,
)
from pamrx_training.datasets.gdsc import TABLES, GdscData
from pamrx_training.datasets.portals import depmap, gdsc_release, passports
from pamrx_training.datasets.portals.alterations import alterations, driver_flags, flags_of_matrices
from pamrx_training.datasets.portals.crosswalk import Crosswalk, name_key, read_crosswalk, require
from pamrx_training.datasets.portals.files import find
from pamrx_training.datasets.portals.lines import cell_lines
from pamrx_training.datasets.portals.matrices import NO_LINE, by_line, read_levels, standardised
from pamrx_training.datasets.portals.unmatched import Unmatched

log = logging.getLogger(__name__)

EXPRESSIONS = ("passports", "depmap", "gdsc")
GENOMES = ("passports", "depmap")

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,40}")

Found = tuple[pd.DataFrame, Path]


@short_repr
@dataclass
class Import:
    """What one import has read so far: folders, ids, report, and the files by portal."""

    folders: Sequence[Path]
    crosswalk: Crosswalk
    ledger: Ledger
    unmatched: Unmatched = field(default_factory=Unmatched)
    notes: list[str] = field(default_factory=list)
    files: list[Path] = field(default_factory=list)


def import_portals(
    folders: Sequence[str | os.PathLike[str]],
    name: str,
    cache: str | os.PathLike[str] | None = None,
    *,
    expression: str | None = None,
    alterations_of: str | None = None,
    copy_number_unit: str | None = None,
) -> dict[str, Any]:
    """Read the portals' files into the cache.

    Parameters
    ----------
    folders : that hold files under the portals' own names, themselves or one level below.
    name : the source's name in the cache: lower case, digits and hyphens.
    expression : whose expression to take where several portals' is there: a cohort has one platform.
    alterations_of : likewise of mutations and copy number.
    copy_number_unit : of DepMap's copy number where its values do not decide.

    Returns
    -------
    dict
        The record, as written to `<cache>/<name>.json`; the table `unmatched` lists each id that was left out.

    Raises
    ------
    PamrxError
        In one line, if the folders hold too little to train on, or a file is not as its portal writes it.
    """
    if not _NAME.fullmatch(name) or name in SOURCES:
        raise UsageError(
            f"--name '{name}': expected lower-case letters, digits and hyphens, and none of {', '.join(SOURCES)}"
        )
    check_word("--expression", expression, EXPRESSIONS)
    check_word("--alterations", alterations_of, GENOMES)
    folder = cache_folder(cache, make=True)
    with interruptible(name):
        ledger = Ledger()
        crosswalk, files = read_crosswalk([Path(path) for path in folders], ledger)
        state = Import([Path(path) for path in folders], crosswalk, ledger, files=files)
        tables = _tables(state, expression, alterations_of, copy_number_unit)
        state.unmatched.count(ledger)
        record = write_source(
            folder,
            name,
            {**tables, "unmatched": state.unmatched.table()},
            {
                "imported": True,
                "sources": [{"file": path.name, "sha256": file_sha256(path)} for path in state.files],
                "read": state.notes,
                **ledger.record(),
            },
        )
    for line in [*state.notes, *(f"{name}: {line}" for line in ledger.lines())]:
        log.info(line)
    log.info(f"{name}: written to {folder / name}")
    return record


def load_imported(name: str, cache: str | os.PathLike[str] | None = None) -> GdscData:
    """The tables of an import, as `load_gdsc` gives GDSC's.

    Raises
    ------
    StoreError
        If there is no such import, or a table was changed since.
    """
    tables, record = read_source(cache_folder(cache), name, TABLES)
    by_line_ = {table: tables[table].set_index("cell_line") for table in TABLES if table != "responses"}
    return GdscData(responses=tables["responses"], record=record, **by_line_)


def _tables(
    state: Import, expression: str | None, alterations_of: str | None, copy_number_unit: str | None
) -> dict[str, pd.DataFrame]:
    responses, files = gdsc_release.read_responses(state.folders, state.crosswalk, state.ledger, state.unmatched)
    state.files += files
    if responses.empty:
        raise InputError(
            f"{state.folders[0]}: no file GDSC1_fitted_dose_response_* or GDSC2_fitted_dose_response_* (csv, xlsx): "
            "nothing to train on; put one into the folder"
        )
    levels = _expression(state, expression)
    altered, calls = _genome(state, alterations_of, copy_number_unit)
    number = calls.clip(-1, 1).fillna(0).astype("int8") if calls is not None else pd.DataFrame(index=altered.index[:0])
    number.index.name = "cell_line"
    present = {"expression": levels, "alterations": altered, "gene_copy_number": number}
    lines = cell_lines(state.crosswalk, responses, present)
    whole = lines["has_expression"] & lines["has_alterations"] & (lines["n_responses"] > 0)
    state.ledger.keep("cell lines in all", len(lines))
    state.ledger.keep("cell lines with expression, alterations and a response", int(whole.sum()))
    state.ledger.note(int((lines["n_responses"] > 0).sum() - whole.sum()), "cell lines have a response and not both")
    state.ledger.note(int((whole & lines["tissue"].isna()).sum()), "of the complete cell lines have no known tissue")
    if not whole.any():
        raise InputError(
            f"{state.folders[0]}: no cell line has expression, alterations and a response; are the tables of models "
            "(model_list_*.csv, Model.csv) of the same releases?"
        )
    named = {name: frame.copy().reset_index() for name, frame in present.items()}  # copied: it may lie in pieces
    return {"responses": responses, **named, "cell_lines": lines, **_further(state)}


def _expression(state: Import, chosen: str | None) -> pd.DataFrame:
    def of_gdsc(folders: Sequence[Path], notes: list[str]) -> Found | None:
        path = find(folders, gdsc_release.EXPRESSION)
        if path is None:
            return None

        def again(table: Any) -> set[int]:
            return {place for place, label in enumerate(table.header) if gdsc_release.is_repeat(str(label))}

        return read_levels(path, "expression", notes, unit="log2", left_out=again), path

    kinds = {
        "passports": (passports.TPM, passports.COUNTS),
        "depmap": (depmap.EXPRESSION,),
        "gdsc": (gdsc_release.EXPRESSION,),
    }
    there = [name for name, own in kinds.items() if any(find(state.folders, kind) for kind in own)]
    portal = _choice("expression", "--expression", chosen, there, "rnaseq_tpm_*.csv or OmicsExpression*.csv", state)
    readers: dict[str, Callable[[Sequence[Path], list[str]], Found | None]] = {
        "passports": passports.read_expression,
        "depmap": depmap.read_expression,
        "gdsc": of_gdsc,
    }
    found = readers[portal](state.folders, state.notes)
    assert found is not None  # it is there, or the choice was refused
    levels, path = found
    state.files.append(path)
    if portal != "gdsc":
        require(state.crosswalk, path, "SIDM" if portal == "passports" else "ACH")
    elif state.crosswalk.empty:
        require(state.crosswalk, path, "COSMIC")
    scaled = standardised(by_line(levels, path, state.crosswalk, state.ledger, state.unmatched))
    state.ledger.keep("cell lines with expression", len(scaled))
    state.ledger.keep(f"genes with expression of {portal} (standardised within each line)", scaled.shape[1])
    return scaled


def _genome(
    state: Import, chosen: str | None, copy_number_unit: str | None
) -> tuple[pd.DataFrame, pd.DataFrame | None]:
    """Alterations, and calls of copy number where there are any; both of one portal, by cell line."""
    there = [
        name
        for name, is_there in (
            ("passports", passports.find_mutations(state.folders) is not None),
            ("depmap", find(state.folders, depmap.MUTATIONS) is not None or _matrices(state) is not None),
        )
        if is_there
    ]
    wanted = "mutations_all_*.csv or OmicsSomaticMutations.csv"
    portal = _choice("mutations", "--alterations", chosen, there, wanted, state)
    if portal == "passports":
        path = passports.find_mutations(state.folders)
        found = passports.read_calls(state.folders, state.notes)
    else:
        path = find(state.folders, depmap.MUTATIONS)
        found = depmap.read_calls(state.folders, state.notes, copy_number_unit)
    if path is not None:
        require(state.crosswalk, path, "SIDM" if portal == "passports" else "ACH")
        flags = driver_flags(path, state.crosswalk, state.notes, state.unmatched)
        state.files.append(path)
    else:
        matrices = _matrices(state)
        assert matrices is not None
        hotspot, damaging, files = matrices
        require(state.crosswalk, files[0], "ACH")
        flags = flags_of_matrices(hotspot, damaging, state.crosswalk, files[0].name, state.unmatched)
        state.files += files
    calls = None
    if found is not None:
        calls = by_line(found[0], found[1], state.crosswalk, state.ledger, state.unmatched)
        state.files.append(found[1])
    altered = alterations(flags, calls)
    state.ledger.keep(f"cell lines with alterations of {portal}", len(altered))
    state.ledger.keep("alterations (a gene mutated, gained or lost)", altered.shape[1])
    state.ledger.drop(len(flags) - len(altered), "cell lines with mutations", "they have no copy number")
    if calls is None:
        state.ledger.note(len(altered), "cell lines without copy number: gains and losses are not learned from")
    return altered, calls


def _matrices(state: Import) -> tuple[pd.DataFrame, pd.DataFrame, list[Path]] | None:
    return depmap.read_matrices_of_mutations(state.folders)


def _choice(what: str, option: str, chosen: str | None, there: list[str], wanted: str, state: Import) -> str:
    """The portal whose data are taken: the one that was chosen, or the only one that is there."""
    if chosen is not None and chosen not in there:
        raise InputError(f"{state.folders[0]}: holds no {what} of {chosen}; found {', '.join(there) or 'none'}")
    if not there:
        raise InputError(f"{state.folders[0]}: holds no {what}; put {wanted} into the folder")
    if chosen is None and len(there) > 1:
        raise UsageError(
            f"{state.folders[0]}: holds the {what} of {' and '.join(there)}, which are not joined; choose one with "
            f"{option} {there[0]}"
        )
    return chosen or there[0]


def _further(state: Import) -> dict[str, pd.DataFrame]:
    """What is there beside the tables of training: the crosswalk, other screens, growth rates and protein levels."""
    tables = {"crosswalk": state.crosswalk.table} if not state.crosswalk.empty else {}
    screens = []
    prism = depmap.read_prism(state.folders, state.notes)
    if prism is not None:
        require(state.crosswalk, prism[1], "ACH")
        screens.append(_keyed(state, prism[0], prism[1], state.crosswalk.key))
    ctrp = depmap.read_ctrp(state.folders)
    if ctrp is not None:
        state.files += ctrp[1][1:]
        screens.append(_keyed(state, ctrp[0], ctrp[1][0], name_key))
    if screens:
        tables["other_responses"] = pd.concat(screens, ignore_index=True)
        state.ledger.keep("responses of other laboratories' screens (not pooled with GDSC's)", sum(map(len, screens)))
    growth = passports.read_growth(state.folders)
    if growth is not None:
        tables["growth"] = _keyed(state, growth[0], growth[1], state.crosswalk.key)
        state.ledger.keep("cell lines with a growth rate", len(tables["growth"]))
    rppa = depmap.read_rppa(state.folders)
    if rppa is not None:
        levels = by_line(rppa[0], rppa[1], state.crosswalk, state.ledger, state.unmatched)
        tables["rppa"] = levels.reset_index()
        state.files.append(rppa[1])
        state.ledger.keep("cell lines with protein levels (RPPA)", len(levels))
    return tables


def _keyed(state: Import, table: pd.DataFrame, path: Path, key: Callable[[str], str | None]) -> pd.DataFrame:
    """A table with its column `id` turned into cell_line; rows that no id leads to are left out."""
    state.files.append(path)
    keys = table["id"].map({label: key(str(label)) for label in table["id"].unique()})
    state.unmatched.add(path.name, table.loc[keys.isna(), "id"], NO_LINE)
    found = table.drop(columns="id")
    found.insert(0, "cell_line", keys)
    return found[keys.notna()].reset_index(drop=True)
