"""`pamrx score`: its options and its closing line."""

from pathlib import Path
from typing import Annotated

import typer

from pamrx.cli.bundle_option import Bundle, folder_of
from pamrx.cli.calibrate_option import Calibrate
from pamrx.cli.panel_option import UnknownPanel
from pamrx.visible_text import visible


def score(
    cohort: Annotated[
        Path,
        typer.Argument(help="Parquet data set (file or folder), folder of matrices, cBioPortal study, or .h5ad."),
    ],
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Folder to write; one that was begun is gone on with.")
    ],
    mutations: Annotated[Path | None, typer.Option(help="MAF of the cohort, where its data hold no mutations.")] = None,
    panel: Annotated[
        Path | None,
        typer.Option(help="Genes that the mutations cover, as for `predict`: a file or a name. [default: all genes]"),
    ] = None,
    unknown_panel: UnknownPanel = None,
    expression_unit: Annotated[
        str | None,
        typer.Option(help="Unit of the expression: counts, tpm, fpkm, log2 or zscore. [default: detected]"),
    ] = None,
    copy_number_unit: Annotated[
        str | None,
        typer.Option(
            help="Unit of the copy number: calls, log2, ratio, log2-ratio-plus-1 or copies. [default: detected]"
        ),
    ] = None,
    bundle: Bundle = None,
    calibrate: Calibrate = None,
    drugs: Annotated[str | None, typer.Option(help="Only these drugs, with commas between. [default: all]")] = None,
    coverage: Annotated[float, typer.Option(help="Of the intervals, 0.5 to 0.99.")] = 0.9,
    explain: Annotated[
        str | None, typer.Option(metavar="top=N", help="Also write the N largest contributions to each prediction.")
    ] = None,
    summary: Annotated[bool, typer.Option("--summary", help="Also write drugs by tissues as summary.csv.")] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Stop at the first sample that cannot be used.")] = False,
    memory: Annotated[str, typer.Option(help="What all processes together may take, such as 2GB.")] = "2GB",
    jobs: Annotated[
        int | None, typer.Option(min=1, help="Processes. [default: one per core, as --memory and the cohort allow]")
    ] = None,
    dask: Annotated[
        str | None, typer.Option(help="Score on a Dask cluster: its tcp://HOST:PORT, or local. Needs the extra scale.")
    ] = None,
) -> None:
    """Score a cohort of any size, part by part, into a Parquet data set.

    The same columns as `predict`. Stopped at any moment and started again, it goes on where it was. A sample that
    cannot be used is set aside in rejected.parquet with the reason.
    """
    from pamrx.bundle.bundle import released_bundle
    from pamrx.cli.logs import log_on_stderr
    from pamrx.cohort import Given, Options, open_cohort
    from pamrx.cohort import score as run
    from pamrx.cohort.options import read_explain, read_size
    from pamrx.errors import UsageError
    from pamrx.outputs import check_folder
    from pamrx.tables import is_workbook

    options = Options(
        None if drugs is None else tuple(drugs.split(",")), coverage, read_explain(explain),
        "tissue" if summary else None, strict,
    )  # fmt: skip
    size = read_size(memory)
    if is_workbook(output):
        raise UsageError(f"{output}: a cohort is not written as an Excel workbook; name a folder, for Parquet")
    check_folder(output, [cohort, mutations, panel, calibrate, bundle or released_bundle()])
    given = Given(mutations, panel, expression_unit, copy_number_unit, unknown_panel)
    opened = open_cohort(cohort, given, size)
    for note in opened.told:
        typer.echo(visible(note), err=True)
    with folder_of(bundle) as folder, log_on_stderr():
        counts = run(opened, output, folder, options, size, jobs, dask, calibrate)
    rejected = f", {counts['rejected']:,} set aside in {output / 'rejected.parquet'}" if counts["rejected"] else ""
    typer.echo(
        f"{counts['scored']:,} samples scored, {counts['predictions']:,} predictions in {output / 'predictions'}; "
        f"{counts['flagged']:,} samples flagged{rejected}"
    )
