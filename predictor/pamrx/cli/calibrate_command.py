"""`pamrx calibrate`: its options, and what it shows of a laboratory's offsets."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pamrx.cli.bundle_option import Bundle, folder_of
from pamrx.cli.sheet_option import Sheet, with_sheet
from pamrx.errors import UsageError

if TYPE_CHECKING:
    import pandas as pd

    from pamrx.bundle.bundle import Bundle as TrainedBundle
    from pamrx.prediction.laboratory import LabOffsets
    from pamrx.profiles import Profiles

SHOWN = 10
"""Drugs, those first whose median percentile is moved most."""


def calibrate(
    output: Annotated[Path, typer.Option("--output", "-o", help="File of the offsets to write, such as lab.json.")],
    study: Annotated[
        Path | None, typer.Argument(help="Folder of a cBioPortal study, instead of --expression and --samples.")
    ] = None,
    expression: Annotated[
        Path | None, typer.Option(help="Expression matrix of 20 or more samples of one laboratory, as for `predict`.")
    ] = None,
    samples: Annotated[
        Path | None,
        typer.Option(help="Table of sample_id and tissue (words: `pamrx vocab`); needed with --expression."),
    ] = None,
    expression_unit: Annotated[
        str | None,
        typer.Option(help="Unit of --expression: counts, tpm, fpkm, log2 or zscore. [default: detected]"),
    ] = None,
    sheet: Sheet = None,
    bundle: Bundle = None,
) -> None:
    """Learn what a laboratory's expression differs by from the reference lines.

    The offset of each gene is the median difference from reference lines of the same tissues, shrunk by how uncertain
    it is. Give the file to `predict`, `score` or `serve` as --calibrate, for samples of the same laboratory.
    """
    given = {
        kind: path
        for kind, path in {"study": study, "expression": expression, "samples": samples}.items()
        if path is not None
    }
    if study is not None and len(given) > 1:
        raise UsageError(f"{study}: a study folder brings its own files; leave out --expression and --samples")
    if study is None and (expression is None or samples is None):
        raise UsageError("give --expression and, for the tissues, --samples, or the folder of a cBioPortal study")
    if expression_unit is not None and expression is None:
        raise UsageError("--expression-unit goes with --expression: it says in which unit that file is")
    given = with_sheet(given, sheet)
    from pamrx.bundle.bundle import load_bundle, released_bundle
    from pamrx.bundle.file_prediction import read_files
    from pamrx.bundle.lab_file import write_offsets
    from pamrx.cli import terminal
    from pamrx.outputs import check_outputs

    check_outputs({"the offsets": output}, [*given.values(), bundle or released_bundle()])
    with folder_of(bundle) as folder:
        trained = load_bundle(folder)
    profiles = read_files(given, trained, expression_unit)
    lab = trained.learn_offsets(profiles)
    write_offsets(lab, output)
    terminal.show_notes(profiles.notes)
    _show(trained, profiles, lab, output)


def _show(trained: "TrainedBundle", profiles: "Profiles", lab: "LabOffsets", output: Path) -> None:
    from pamrx.cli.console import table_console
    from pamrx.prediction.laboratory import USUAL_SIZE

    console = table_console()
    console.print(
        f"{lab.samples} samples of {len(lab.tissues)} tissues, {len(lab.offsets):,} genes; shift {lab.size:.2f} "
        f"(up to {USUAL_SIZE:g} is usual)"
    )
    if lab.size <= USUAL_SIZE:
        console.print("Shifted no more than reference lines are: calibrating is not needed.")
    console.print()
    console.print(f"{'median percentile':24}{'as it is':>10}{'calibrated':>12}{'reference lines':>17}")
    for drug, row in _moved(trained, profiles, lab).head(SHOWN).iterrows():
        console.print(f"{drug:24}{row['as it is']:>10.0f}{row['calibrated']:>12.0f}{row['reference lines']:>17.0f}")
    console.print(f"offsets in {output}; take them off with --calibrate {output}")


def _moved(trained: "TrainedBundle", profiles: "Profiles", lab: "LabOffsets") -> "pd.DataFrame":
    """Per drug the cohort's median percentile as it is and calibrated, beside reference lines of the same tissues."""
    import pandas as pd

    from pamrx.prediction.platform_shift import drug_shifts

    assert trained.tissues is not None  # or there were no offsets
    tissue = profiles.samples["tissue"]
    before, after = (
        drug_shifts(one.predict(profiles), tissue, trained.reference, trained.tissues)
        for one in (trained, trained.calibrated(lab))
    )
    table = pd.DataFrame(
        {
            "as it is": before["cohort"],
            "calibrated": after["cohort"],
            "reference lines": before["expected"],
        }
    ).rename_axis("drug")
    moved = (table["calibrated"] - table["as it is"]).abs()
    return table.loc[moved.sort_values(ascending=False, kind="stable").index]
