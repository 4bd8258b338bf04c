"""The reference predictions of a bundle and the regression on general sensitivity, read and checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from pamrx.bundle.refusal import refusal, shown
from pamrx.bundle.strict_table import Table, read_table
from pamrx.errors import PamrxError
from pamrx.identifiers.assay import AssayId
from pamrx.model.drug_specific import Regression
from pamrx.prediction.missing_data import all_patterns, pattern_name
from pamrx.prediction.reference import POINTS, Reference, labels_of


def read_reference(contents: Mapping[str, bytes], folder: Path, name: str, assays: Sequence[str]) -> Reference:
    """`<name>.parquet` and, where it is among the files, `<name>_partial.parquet`.

    Raises
    ------
    BundleError
        If a table is not what a model of these assays has.
    """
    file = folder / f"{name}.parquet"
    lines = read_table(contents[file.name], file, columns=assays).frame().astype(float)
    if lines.empty:
        raise refusal(file, "no lines", "a row for each reference line")
    file = folder / f"{name}_partial.parquet"
    if file.name not in contents:
        return Reference(lines)
    partial = read_table(contents[file.name], file, columns=assays)
    _check_quantiles(partial, file)
    return Reference(lines, partial.frame())


def read_regression(
    contents: Mapping[str, bytes], folder: Path, assays: Sequence[str], screens: Sequence[str]
) -> Regression:
    """`regression.parquet`, of the assays on the general sensitivity of the `screens`.

    Raises
    ------
    BundleError
        If it is anything else.
    """
    file = folder / "regression.parquet"
    table = read_table(contents[file.name], file, columns=("intercept", "slope"), rows=assays).frame().astype(float)
    for assay, slope in table["slope"].items():
        if slope and AssayId.parse(str(assay)).screen not in screens:
            raise refusal(file, f"a slope of {shown(assay)}", f"slopes of assays of the screens {', '.join(screens)}")
    return Regression(table["intercept"], table["slope"])


def check_assays(assays: Sequence[str], file: Path) -> None:
    """Refuse labels that are not those of a drug in a screen.

    Raises
    ------
    BundleError
        With the first.
    """
    for assay in assays:
        try:
            AssayId.parse(assay)
        except PamrxError as error:
            raise refusal(file, f"assay {shown(assay)} ({error})", "screen and drug, as in GDSC2:Pictilisib") from None


def _check_quantiles(table: Table, file: Path) -> None:
    """`POINTS` rows in ascending order for each pattern of evidence that is there."""
    found = [label.rpartition(".")[0] for label in table.index[::POINTS]]
    known = {pattern_name(pattern) for pattern in all_patterns()}
    if not set(found) <= known:
        raise refusal(file, f"rows of {shown(min(set(found) - known))}", "patterns of evidence")
    if table.index != [label for name in found for label in labels_of(name)]:
        raise refusal(file, "rows in another order", f"{POINTS} quantiles of one pattern of evidence after the other")
    falls = np.diff(table.numbers.reshape(len(table.columns), len(found), POINTS), axis=2) < 0
    if falls.any():
        assay, pattern, _ = np.argwhere(falls)[0]
        raise refusal(
            file, f"quantiles of {shown(table.columns[assay])} under {found[pattern]} that fall", "ascending ones"
        )
