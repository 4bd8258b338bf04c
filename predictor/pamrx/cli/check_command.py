"""`pamrx check`: its options."""

from pathlib import Path
from typing import Annotated

import typer

from pamrx.cli.panel_option import UnknownPanel
from pamrx.cli.sheet_option import Sheet, with_sheet
from pamrx.errors import UsageError


def check(
    files: Annotated[
        list[Path] | None,
        typer.Argument(help="Any files, or the study folder, you would give to `pamrx predict`."),
    ] = None,
    mutations: Annotated[Path | None, typer.Option(help="MAF or annotated VCF, as for `predict`.")] = None,
    panel: Annotated[Path | None, typer.Option(help="Genes that --mutations covers.")] = None,
    expression: Annotated[Path | None, typer.Option(help="Expression matrix.")] = None,
    ncrna: Annotated[Path | None, typer.Option(help="miRNA and lncRNA matrix.")] = None,
    copy_number: Annotated[Path | None, typer.Option(help="Copy-number matrix.")] = None,
    expression_unit: Annotated[
        str | None, typer.Option(help="Unit of the expression: counts, tpm, fpkm, log2 or zscore.")
    ] = None,
    copy_number_unit: Annotated[
        str | None,
        typer.Option(help="Unit of the copy number: calls, log2, ratio, log2-ratio-plus-1 or copies."),
    ] = None,
    samples: Annotated[Path | None, typer.Option(help="Table of sample_id, tissue, sample_type, msi.")] = None,
    alterations: Annotated[Path | None, typer.Option(help="Table of sample_id, gene, alteration.")] = None,
    sheet: Sheet = None,
    unknown_panel: UnknownPanel = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Write the findings: CSV, Parquet or JSON by ending.")
    ] = None,
) -> None:
    """Say what each file is, and what `pamrx predict` would read, leave out and join, without predicting.

    Ends with exit code 2 where `predict` would. Files may be named with the options of `predict` or without: then what
    they are is recognised.
    """
    named = {
        "mutations": mutations, "panel": panel, "expression": expression, "ncrna": ncrna, "copy_number": copy_number,
        "samples": samples, "alterations": alterations,
    }  # fmt: skip
    given = {kind: path for kind, path in named.items() if path is not None}
    if not files and not given:
        raise UsageError("no input: name the files, or the study folder, that you would give to `pamrx predict`")
    unnamed = [f"file {place}" for place in range(len(files or []))]
    sheets = with_sheet({**dict(zip(unnamed, files or [], strict=True)), **given}, sheet)
    settings = {
        "expression_unit": expression_unit, "copy_number_unit": copy_number_unit, "unknown_panel": unknown_panel
    }  # fmt: skip
    from pamrx.cli.check_files import show_checks

    stated = {name: value for name, value in settings.items() if value is not None}
    show_checks([sheets.pop(name) for name in unnamed], sheets, stated, output)
