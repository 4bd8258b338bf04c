"""`pamrx predict` from its options to the screen and to tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import pandas as pd

from pamrx import __version__
from pamrx.bundle.bundle import released_bundle
from pamrx.bundle.file_prediction import ByHand, PredictedFiles, predict_files
from pamrx.cli import terminal
from pamrx.clinical import clinical_statements, unlearned_alterations
from pamrx.display import short_repr
from pamrx.explanation.alterations import axis_alterations
from pamrx.explanation.contributions import top_contributions
from pamrx.explanation.export import write_contributions
from pamrx.explanation.reasons import with_reasons
from pamrx.features.purity import estimate_purity
from pamrx.prediction.intervals import COVERAGE
from pamrx.prediction.predictions import block_evidence, evidence_table
from pamrx.report.result_workbook import check_sizes, result_sheets
from pamrx.tables import check_tables, is_workbook, write_table
from pamrx.workbook import write_workbook

TUMOURS_SHOWN = 20
"""More than this are not read from a terminal; the table holds them all."""

REASONS_SHOWN = 3

EXAMPLE_NOTE = (
    "twelve lines that the released model has not seen; their mutations are drivers only, and their copy number is "
    "GDSC1000's recurrent segments, broad as they are: whether single genes are amplified, deeply deleted or otherwise "
    "mutated is unknown of them"
)


@short_repr
@dataclass(frozen=True)
class PredictOptions:
    """The options of `pamrx predict`.

    Attributes
    ----------
    files : path by kind, as `pamrx.bundle.file_prediction.predict_files` takes them.
    bundle : folder of a trained model; None for the released one.
    drugs : names; None for all.
    coverage : of the prediction intervals.
    expression_unit, copy_number_unit : None to detect it.
    unknown_panel : what becomes of samples of a study whose panel is unknown; None to refuse it.
    calibration : file of the laboratory's offsets; None to take none off.
    output : table of the predictions, or an Excel workbook of it and what belongs to it; without it they are shown.
    reasons : the table has what argues most for and against each drug, in words.
    evidence : table of the share of each block's features in each sample.
    explain : table of every contribution to every prediction.
    example : predict the shipped examples instead of `files`.
    measured : show the measured responses of the examples beside.
    top : drugs shown per tumour.
    by_hand : predict one tumour that is named by hand instead of `files`.
    """

    files: Mapping[str, Path] = field(default_factory=dict)
    bundle: Path | None = None
    drugs: Sequence[str] | None = None
    coverage: float = COVERAGE
    expression_unit: str | None = None
    copy_number_unit: str | None = None
    unknown_panel: str | None = None
    calibration: Path | None = None
    output: Path | None = None
    reasons: bool = False
    evidence: Path | None = None
    explain: Path | None = None
    example: bool = False
    measured: bool = False
    top: int = 10
    by_hand: ByHand | None = None


def predict(options: PredictOptions) -> None:
    """Predict, write the tables that were asked for, and show the result where no table takes it.

    Raises
    ------
    PamrxError
        For any input that cannot be used; nothing is written then.
    """
    files = options.files
    if options.example:
        from pamrx.examples import example_files

        files = {kind: Path(path) for kind, path in example_files().items()}
    check_tables(
        {"the predictions": options.output, "--evidence": options.evidence, "--explain": options.explain},
        [*files.values(), options.calibration, options.bundle or released_bundle()],
        workbook="the predictions",
    )
    found = predict_files(
        files,
        options.bundle,
        options.drugs,
        options.coverage,
        options.expression_unit,
        options.copy_number_unit,
        options.unknown_panel,
        options.calibration,
        options.by_hand,
    )
    written = _write(found, files, options)
    # What reading did with the shipped files is no news to anybody.
    terminal.show_notes((EXAMPLE_NOTE, *found.drug_notes) if options.example else (*found.notes, *found.drug_notes))
    for show in written:
        show()
    table = _with_measured(found.table) if options.measured else found.table
    if options.output is None or options.measured:
        _show(found, table, options)
    if not options.example:
        terminal.show_evidence(table)
    if options.measured:
        terminal.show_agreement(table)


def _write(found: PredictedFiles, files: Mapping[str, Path], options: PredictOptions) -> list[Callable[[], None]]:
    """Write all tables before anything is shown; gives what shows that they are written."""
    shown: list[Callable[[], None]] = []
    if options.explain is not None:  # first, since it is the one that may be refused for its size
        rows = write_contributions(found.bundle.model, found.features, found.assays, options.explain)
        size = len(found.features), len(found.assays)
        shown.append(partial(terminal.show_contributions_written, rows, *size, options.explain))
    if options.output is not None:
        _write_result(found, files, options, options.output)
        shown.append(partial(terminal.show_written, found.table, options.output))
    if options.evidence is not None:
        write_table(evidence_table(found.features), options.evidence)
        shown.append(partial(terminal.show_evidence_written, len(found.features), options.evidence))
    return shown


def _write_result(found: PredictedFiles, files: Mapping[str, Path], options: PredictOptions, output: Path) -> None:
    """The table of results by its ending, with the reasons in words where they are asked for."""
    workbook = is_workbook(output)
    if workbook:
        check_sizes(output, len(found.table), REASONS_SHOWN)
    reasons, table = None, found.table
    if workbook or options.reasons:
        reasons = top_contributions(found.bundle.model, found.features, found.assays, REASONS_SHOWN)
    if options.reasons and reasons is not None:
        table = with_reasons(table, reasons)
    if workbook and reasons is not None:
        given = {**files, **({} if options.calibration is None else {"calibration": options.calibration})}
        write_workbook(result_sheets(found, table, reasons, given, __version__), output)
    else:
        write_table(table, output)


def _show(found: PredictedFiles, table: pd.DataFrame, options: PredictOptions) -> None:
    """The first tumours, each with its `top` drugs and the reasons; of the examples drivers only are named."""
    shown = found.features.iloc[:TUMOURS_SHOWN]
    reasons = top_contributions(found.bundle.model, shown, found.assays, REASONS_SHOWN)
    present = block_evidence(shown)
    profiles = found.profiles.subset(shown.index)
    version = found.bundle.builder.knowledge_version
    altered = axis_alterations(profiles, shown[[]] if options.example else shown, version)
    purity = estimate_purity(profiles, found.bundle.builder.universe_)
    unlearned = unlearned_alterations(profiles, found.bundle)
    statements = clinical_statements(profiles, found.bundle)
    for sample in shown.index:
        terminal.show_tumour(
            sample,
            profiles.samples.loc[sample],
            altered[altered["sample_id"] == sample],
            present.loc[sample],
            table[table["sample_id"] == sample].head(options.top),
            reasons[reasons["sample_id"] == sample],
            purity.loc[sample],
            profiles.copy_number is not None,
            unlearned[unlearned["sample_id"] == sample],
            statements[statements["sample_id"] == sample],
        )
    left = len(found.features) - len(shown)
    terminal.show_footer(left, table["drug"].nunique(), options.top, options.coverage)


def _with_measured(table: pd.DataFrame) -> pd.DataFrame:
    """The predictions of the example lines with the column `measured_ln_ic50`."""
    from pamrx.examples import measured

    known = measured().rename(columns={"ln_ic50": "measured_ln_ic50"})
    return table.merge(known, on=["sample_id", "drug", "screen"], how="left", validate="one_to_one")
