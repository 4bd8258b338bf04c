"""`AssayId`: its text form, the way back, and that nothing else takes an assay's or a feature's text apart."""

from __future__ import annotations

import ast
import copy
import re
from pathlib import Path
from typing import Any

import pytest
from pamrx.errors import PamrxError
from pamrx.features import BLOCKS
from pamrx.identifiers.assay import AssayId, assays_of
from pamrx.knowledge.drugs import resolve

ROOT = Path(__file__).resolve().parents[3]
PACKAGES = ("predictor/pamrx", "training/pamrx_training")
SPLITS = {"partition", "rpartition", "split", "rsplit"}
PREFIXES = {"startswith", "removeprefix"}
SEPARATOR = re.compile(r"""["'][:.]["']""")
"""A text that is a separator and nothing else."""
PREFIX = re.compile(rf"""["']({"|".join(BLOCKS)})\.""")

OTHER_TEXTS = {
    "predictor/pamrx/bundle/reference_files.py": "pattern.number of a stored quantile",
    "predictor/pamrx/bundle/uncertainty_files.py": "family.line of a stored error",
    "predictor/pamrx/cli/entry_points.py": "module:attribute of an entry point",
    "predictor/pamrx/cohort/parquet_schema.py": "matrix.name of a Parquet column",
    "predictor/pamrx/identifiers/protein_change.py": "transcript:change of HGVS",
    "predictor/pamrx/prediction/intervals.py": "family.line of a stored error",
    "predictor/pamrx/readers/alterations.py": "a gene and its alteration, as a person types them",
    "predictor/pamrx/readers/parquet_file.py": "column.field of a Parquet column",
    "predictor/pamrx/readers/studies/cbioportal.py": "key: value of a meta file",
    "predictor/pamrx/readers/mutations/maf.py": "key: value of a comment",
    "predictor/pamrx/readers/text/raw_table.py": "the version of pandas",
    "training/pamrx_training/datasets/nci60.py": "panel:line of NCI-60",
    "training/pamrx_training/evaluation/own_measurements.py": "the endings of a file's name",
    "training/pamrx_training/fitting/code_digest.py": "the packages of a module",
    "training/pamrx_training/screens/wells.py": "the endings of a file's name",
    "training/pamrx_training/serving/gate.py": "host:port of a request",
}
"""Files that split other texts at a colon or a point."""


def splitting_files(packages: tuple[str, ...]) -> set[str]:
    """Files that split a text at `:` or `.`; the two parsers name their separator and are not among them."""
    found = set()
    for package in packages:
        for path in sorted((ROOT / package).rglob("*.py")):
            text = path.read_text(encoding="utf-8")
            if _may_split(text) and any(_splits(node) for node in ast.walk(ast.parse(text))):
                found.add(path.relative_to(ROOT).as_posix())
    return found


def _may_split(text: str) -> bool:
    """Whether a file's text holds the words of a split: to parse all files takes seconds."""
    if any(word in text for word in PREFIXES) and PREFIX.search(text) is not None:
        return True
    return any(word in text for word in SPLITS) and SEPARATOR.search(text) is not None


def _splits(node: ast.AST) -> bool:
    """Whether a node is a call such as `text.partition(":")`, `re.split(".", text)` or `text.startswith("tme.")`."""
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
        return False
    if node.func.attr not in SPLITS | PREFIXES:
        return False
    texts = {inner.value for value in node.args for inner in ast.walk(value) if isinstance(inner, ast.Constant)}
    if node.func.attr in PREFIXES:
        return any(str(text).startswith(tuple(f"{block}." for block in BLOCKS)) for text in texts)
    return not texts.isdisjoint({":", "."})


def test_text_and_back() -> None:
    assay = AssayId("GDSC2", "AKT inhibitor VIII")
    assert str(assay) == "GDSC2:AKT inhibitor VIII"
    assert AssayId.parse(str(assay)) == assay
    assert AssayId.parse("GDSC1:A:B") == AssayId("GDSC1", "A:B")
    assert {assay: 1}[AssayId.parse("GDSC2:AKT inhibitor VIII")] == 1
    assert copy.deepcopy(assay) == assay


def test_assays_are_ordered_by_screen_then_drug() -> None:
    assays = [AssayId("GDSC2", "A"), AssayId("GDSC1", "B"), AssayId("GDSC1", "A")]
    assert [str(assay) for assay in sorted(assays)] == ["GDSC1:A", "GDSC1:B", "GDSC2:A"]


@pytest.mark.parametrize("text", ["", "Pictilisib", "GDSC2:", ":Pictilisib"])
def test_a_text_without_screen_or_drug_is_refused(text: Any) -> None:
    with pytest.raises(PamrxError, match="expected SCREEN:DRUG, such as GDSC2:Pictilisib"):
        AssayId.parse(text)


def test_an_assay_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        AssayId("GDSC2", "Pictilisib").screen = "GDSC1"


def test_a_drug_has_one_assay_per_screen_oldest_first() -> None:
    assert assays_of(resolve("Pictilisib")) == (AssayId("GDSC1", "Pictilisib"), AssayId("GDSC2", "Pictilisib"))
    assert assays_of(resolve("Everolimus")) == ()


def test_every_label_of_the_released_bundle_is_read(bundle: Any) -> None:
    for label in bundle.model.assays_:
        assay = AssayId.parse(label)
        assert str(assay) == label
        assert assay in assays_of(resolve(assay.drug))


def test_only_parse_takes_an_assay_or_a_feature_apart() -> None:
    assert splitting_files(PACKAGES) == set(OTHER_TEXTS)


def test_a_split_is_found_where_it_stands() -> None:
    split = ("a.partition(':')", "a.str.split('.', 1)", "re.split('.', a)", "a.startswith(('b', 'tme.'))")
    other = ("a.split('|')", "a.startswith('tme')", "'tissue.breast'")
    assert all(_splits(ast.parse(text, mode="eval").body) for text in split)
    assert not any(_splits(ast.parse(text, mode="eval").body) for text in other)
