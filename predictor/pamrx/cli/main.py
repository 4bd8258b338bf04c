"""The `pamrx` command. Every heavy import stands inside the command that needs it, so that help comes at once.

Commands of other packages join by the entry-point group `pamrx.commands`, as those of training do; without the extra
that they need they say what to install.
"""

from __future__ import annotations

import sys
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Annotated

import typer

from pamrx import __version__
from pamrx.cli.entry_points import BUNDLE_SOURCES, COMMANDS, joined
from pamrx.errors import PamrxError

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    # Plain help starts in half the time of the boxed one.
    rich_markup_mode=None,
)
for commands in joined(COMMANDS).values():
    app.add_typer(commands)

REGISTERED = "models:/"
Bundle = Annotated[
    Path | None,
    typer.Option(
        help="Folder of a trained model, or models:/pamrx@champion in MLflow's registry. [default: the released one]"
    ),
]


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"pamrx {__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_show_version, help="Show the version and exit.")
    ] = False,
) -> None:
    """Predict how sensitive a tumour is to inhibitors of the PI3K/AKT/mTOR axis, and show why.

    Research software, not a medical device.
    """


def main() -> None:
    """Run the command line; a mistake of the user ends in one line on stderr and exit code 2."""
    try:
        app()
    except PamrxError as error:
        _fail(str(error))
    except ModuleNotFoundError as error:
        _fail(f"this command needs the package '{error.name}'; run: pip install 'pamrx[training]'")
    except KeyboardInterrupt:
        print("pamrx: stopped", file=sys.stderr)
        sys.exit(130)
    except BrokenPipeError:
        # The reader of a pipe has left (`pamrx drugs | head`); nothing is wrong.
        sys.stderr.close()
        sys.exit(0)


@app.command()
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
        typer.Option(help="Genes that --mutations covers: one per line, or cBioPortal's file. [default: all genes]"),
    ] = None,
    expression: Annotated[
        Path | None, typer.Option(help="Expression matrix, genes by samples or samples by genes.")
    ] = None,
    ncrna: Annotated[Path | None, typer.Option(help="miRNA and lncRNA matrix.")] = None,
    copy_number: Annotated[Path | None, typer.Option(help="Copy-number matrix: GISTIC -2..2 or log2 ratios.")] = None,
    expression_unit: Annotated[
        str | None,
        typer.Option(help="Unit of --expression: counts, tpm, fpkm, log2 or zscore. [default: told from the values]"),
    ] = None,
    samples: Annotated[
        Path | None, typer.Option(help="Table of sample_id, tissue, sample_type, msi (words: `pamrx vocab`).")
    ] = None,
    bundle: Bundle = None,
    drugs: Annotated[str | None, typer.Option(help="Only these drugs, with commas between. [default: all]")] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Write a tidy table: CSV, Parquet or JSON by ending.")
    ] = None,
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

    Any subset of inputs will do: what is missing stays missing, and `evidence` says how much was there.
    """
    options = {
        "study": study,
        "mutations": mutations,
        "panel": panel,
        "expression": expression,
        "ncrna": ncrna,
        "copy_number": copy_number,
        "samples": samples,
    }
    given = {kind: path for kind, path in options.items() if path is not None}
    _check_options(given, example, measured)
    if expression_unit is not None and expression is None:
        raise PamrxError("--expression-unit goes with --expression: it says in which unit that file is")
    from pamrx.cli.predict_files import predict_files

    wanted = None if drugs is None else drugs.split(",")
    with _folder_of(bundle) as folder:
        predict_files(
            given,
            folder,
            wanted,
            output,
            example=example,
            measured=measured,
            top=top,
            unit=expression_unit,
            evidence=evidence,
            explain=explain,
            coverage=coverage,
        )


@app.command()
def score(
    cohort: Annotated[
        Path,
        typer.Argument(help="Parquet data set (file or folder), folder of matrices, cBioPortal study, or .h5ad."),
    ],
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Folder to write; one that was begun is gone on with.")
    ],
    mutations: Annotated[Path | None, typer.Option(help="MAF of the cohort, where its data hold no mutations.")] = None,
    panel: Annotated[Path | None, typer.Option(help="Genes that the mutations cover. [default: all genes]")] = None,
    expression_unit: Annotated[
        str | None,
        typer.Option(help="Unit of the expression: counts, tpm, fpkm, log2 or zscore. [default: told from the values]"),
    ] = None,
    bundle: Bundle = None,
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
    from pamrx.cohort import Given, Options, open_cohort
    from pamrx.cohort import score as run
    from pamrx.cohort.options import read_explain, read_size

    options = Options(
        None if drugs is None else tuple(drugs.split(",")), coverage, read_explain(explain),
        "tissue" if summary else None, strict,
    )  # fmt: skip
    size = read_size(memory)
    opened = open_cohort(cohort, Given(mutations, panel, expression_unit), size)
    for note in opened.told:
        typer.echo(note, err=True)
    with _folder_of(bundle) as folder:
        counts = run(opened, output, folder, options, size, jobs, dask, lambda text: typer.echo(text, err=True))
    rejected = f", {counts['rejected']:,} set aside in {output / 'rejected.parquet'}" if counts["rejected"] else ""
    typer.echo(
        f"{counts['scored']:,} samples scored, {counts['predictions']:,} predictions in {output / 'predictions'}; "
        f"{counts['flagged']:,} samples flagged{rejected}"
    )


@app.command()
def drugs(
    name: Annotated[str | None, typer.Argument(help="One drug, by any of its names. [default: all]")] = None,
) -> None:
    """Show the drugs of the axis: class, targets, phase, screens."""
    from pamrx.cli.listings import show_drug, show_drugs

    show_drugs() if name is None else show_drug(name)


@app.command()
def vocab() -> None:
    """List the words that the columns of a --samples table take."""
    from pamrx.cli.listings import show_vocabulary

    show_vocabulary()


@app.command()
def features(
    bundle: Bundle = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Write the table: CSV, Parquet or JSON by ending.")
    ] = None,
    block: Annotated[str | None, typer.Option(help="Only this block.")] = None,
) -> None:
    """Show what the model learned from.

    Every feature and how much it moves predictions, and the genes of the axis that the training data did not hold.
    """
    from pamrx.cli.listings import show_features

    with _folder_of(bundle) as folder:
        show_features(folder, output, block)


@app.command()
def check(
    files: Annotated[
        list[Path], typer.Argument(help="Any files, or the study folder, you would give to `pamrx predict`.")
    ],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Write the findings: CSV, Parquet or JSON by ending.")
    ] = None,
) -> None:
    """Say of each file what it is, which of its names pamrx knows, and in which unit it seems to be."""
    from pamrx.cli.check_files import show_checks

    show_checks(files, output)


def _folder_of(bundle: Path | None) -> AbstractContextManager[Path | None]:
    """The folder of the bundle while the context is open; only an address in a registry needs MLflow."""
    if bundle is None or not bundle.as_posix().startswith(REGISTERED):
        return nullcontext(bundle)
    folder: AbstractContextManager[Path | None] = joined(BUNDLE_SOURCES)["models"](bundle)
    return folder


def _check_options(given: dict[str, Path], example: bool, measured: bool) -> None:
    named = [str(path) if kind == "study" else f"--{kind.replace('_', '-')}" for kind, path in given.items()]
    if example and given:
        raise PamrxError(f"--example brings its own files; leave out {named[0]}, or --example")
    if "study" in given and len(given) > 1:
        raise PamrxError(f"{named[0]}: a study folder brings its own files; leave out {named[1]}, or name files only")
    if "panel" in given and "mutations" not in given:
        raise PamrxError("--panel goes with --mutations: it says which genes that file covers")
    if measured and not example:
        raise PamrxError("--measured goes with --example: only the example lines come with measured responses")
    if not example and not given:
        raise PamrxError(
            "no input: give --mutations, --expression, --ncrna, --copy-number or --samples, or --example, or the "
            "folder of a cBioPortal study"
        )


def _fail(message: str) -> None:
    print(f"pamrx: error: {message}", file=sys.stderr)
    sys.exit(2)


if __name__ == "__main__":
    main()
