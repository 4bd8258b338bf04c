"""`pamrx predict`: its options, and which of them go together."""

from pathlib import Path
from typing import Annotated

import typer

from pamrx.cli.bundle_option import Bundle, folder_of
from pamrx.cli.calibrate_option import Calibrate
from pamrx.cli.panel_option import UnknownPanel
from pamrx.cli.sheet_option import Sheet, with_sheet
from pamrx.errors import UsageError


def predict(
    study: Annotated[
        Path | None, typer.Argument(help="Folder of a cBioPortal study, instead of the options that name files.")
    ] = None,
    mutations: Annotated[
        Path | None,
        typer.Option(help="MAF (GDC, cBioPortal or legacy TCGA), or VCF annotated by VEP or SnpEff; may be gzipped."),
    ] = None,
    panel: Annotated[
        Path | None,
        typer.Option(
            help="Genes that --mutations covers: a file (one per line, or cBioPortal's), or a panel such as "
            "msk-impact-468 (`pamrx vocab --panels`). [default: all genes]"
        ),
    ] = None,
    unknown_panel: UnknownPanel = None,
    expression: Annotated[
        Path | None, typer.Option(help="Expression matrix, genes by samples or samples by genes.")
    ] = None,
    ncrna: Annotated[Path | None, typer.Option(help="miRNA and lncRNA matrix.")] = None,
    copy_number: Annotated[Path | None, typer.Option(help="Copy-number matrix: GISTIC -2..2 or log2 ratios.")] = None,
    expression_unit: Annotated[
        str | None,
        typer.Option(help="Unit of --expression: counts, tpm, fpkm, log2 or zscore. [default: detected]"),
    ] = None,
    copy_number_unit: Annotated[
        str | None,
        typer.Option(
            help="Unit of --copy-number: calls, log2, ratio, log2-ratio-plus-1 or copies. [default: detected]"
        ),
    ] = None,
    samples: Annotated[
        Path | None, typer.Option(help="Table of sample_id, tissue, sample_type, msi (words: `pamrx vocab`).")
    ] = None,
    alteration: Annotated[
        list[str] | None,
        typer.Option(
            metavar="GENE:ALTERATION",
            help="An alteration of one tumour, without any file; may be repeated. Of mutations: H1047R (any form of "
            "protein change), driver, mutated, truncating, frameshift, splice, wild-type. Of copy number: deletion "
            "(both copies), shallow-loss, intact, gain, amplification. Wild-type says nothing of copy number, nor "
            "intact of mutations. What is not named is unknown.",
        ),
    ] = None,
    tissue: Annotated[
        str | None, typer.Option(help="With or without --alteration: the tumour's tissue (words: `pamrx vocab`).")
    ] = None,
    alterations: Annotated[
        Path | None,
        typer.Option(help="Table of sample_id, gene, alteration in the same words, of several tumours."),
    ] = None,
    sheet: Sheet = None,
    bundle: Bundle = None,
    calibrate: Calibrate = None,
    drugs: Annotated[str | None, typer.Option(help="Only these drugs, with commas between. [default: all]")] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Write a tidy table: CSV, Parquet, JSON or Excel (.xlsx) by ending."),
    ] = None,
    reasons: Annotated[
        bool, typer.Option("--reasons", help="With -o: add columns of what argues most for and against each drug.")
    ] = False,
    evidence: Annotated[
        Path | None, typer.Option(help="Write how much of each block each sample has: CSV, Parquet or JSON by ending.")
    ] = None,
    explain: Annotated[
        Path | None,
        typer.Option(help="Write every feature's contribution to every prediction: Parquet, CSV or JSON by ending."),
    ] = None,
    example: Annotated[
        bool, typer.Option("--example", help="Predict the twelve cell lines shipped with pamrx.")
    ] = False,
    measured: Annotated[
        bool, typer.Option("--measured", help="With --example: show the measured responses beside.")
    ] = False,
    top: Annotated[int, typer.Option(min=1, help="Drugs shown per tumour on the terminal.")] = 10,
    coverage: Annotated[
        float, typer.Option(help="Share of measurements that lie inside the interval of a prediction, 0.5 to 0.99.")
    ] = 0.9,
) -> None:
    """Predict each tumour's response to each drug.

    Any subset of inputs will do: what is missing stays missing, and `evidence` says how much was present.
    """
    inputs = {
        "study": study,
        "mutations": mutations,
        "panel": panel,
        "expression": expression,
        "ncrna": ncrna,
        "copy_number": copy_number,
        "samples": samples,
        "alterations": alterations,
    }
    given = {kind: path for kind, path in inputs.items() if path is not None}
    by_hand = bool(alteration) or tissue is not None
    _check_by_hand(by_hand, bool(alteration), given, example)
    _check_options(given, example, measured, by_hand)
    if calibrate is not None and expression is None and study is None:
        raise UsageError("--calibrate goes with --expression or a study: it says what to take off that expression")
    if expression_unit is not None and expression is None:
        raise UsageError("--expression-unit goes with --expression: it says in which unit that file is")
    if copy_number_unit is not None and copy_number is None and study is None:
        raise UsageError("--copy-number-unit goes with --copy-number: it says in which unit that file is")
    if unknown_panel is not None and study is None:
        raise UsageError("--unknown-panel goes with a study: it says what becomes of samples whose panel is unknown")
    if reasons and output is None:
        raise UsageError(
            "--reasons goes with -o FILE: it adds columns to that table; the terminal shows reasons anyway"
        )
    given = with_sheet(given, sheet)
    from pamrx.bundle.file_prediction import ByHand
    from pamrx.cli import predict_files

    with folder_of(bundle) as folder:
        predict_files.predict(
            predict_files.PredictOptions(
                files=given,
                bundle=folder,
                drugs=None if drugs is None else drugs.split(","),
                coverage=coverage,
                expression_unit=expression_unit,
                copy_number_unit=copy_number_unit,
                unknown_panel=unknown_panel,
                calibration=calibrate,
                output=output,
                reasons=reasons,
                evidence=evidence,
                explain=explain,
                example=example,
                measured=measured,
                top=top,
                by_hand=ByHand(tuple(alteration or ()), tissue) if by_hand else None,
            )
        )


def _option(kind: str, path: Path) -> str:
    """How a person gave a file."""
    return str(path) if kind == "study" else f"--{kind.replace('_', '-')}"


def _check_by_hand(by_hand: bool, altered: bool, given: dict[str, Path], example: bool) -> None:
    """Whether what is said by hand stands alone, and a table of alterations beside what it does not say itself."""
    if by_hand and (given or example):
        other = "--example" if example else next(_option(kind, path) for kind, path in given.items())
        if altered:
            raise UsageError(
                f"--alteration describes one tumour without files; leave out {other}, or write the alterations as a "
                "table of sample_id, gene, alteration and give it with --alterations"
            )
        raise UsageError(
            f"--tissue goes with --alteration; leave out {other}, or name the tissue of each sample in a table with "
            "--samples"
        )
    if "alterations" in given:
        for kind in ("mutations", "copy_number"):
            if kind in given:
                raise UsageError(
                    f"--alterations names mutations and copy number itself; leave out {_option(kind, given[kind])}, or "
                    "--alterations"
                )


def _check_options(given: dict[str, Path], example: bool, measured: bool, by_hand: bool) -> None:
    named = [_option(kind, path) for kind, path in given.items()]
    if example and given:
        raise UsageError(f"--example brings its own files; leave out {named[0]}, or --example")
    if "study" in given and len(given) > 1:
        raise UsageError(f"{named[0]}: a study folder brings its own files; leave out {named[1]}, or name files only")
    if "panel" in given and "mutations" not in given:
        raise UsageError("--panel goes with --mutations: it says which genes that file covers")
    if measured and not example:
        raise UsageError("--measured goes with --example: only the example lines come with measured responses")
    if not example and not given and not by_hand:
        raise UsageError(
            "no input: give --mutations, --expression, --ncrna, --copy-number or --samples, or --alteration (such as "
            "PIK3CA:H1047R), or --example, or the folder of a cBioPortal study"
        )
