"""The `pamrx` command: its commands, one module per group, and how it ends.

Every heavy import stands inside the command that needs it, so that help comes at once.

Commands of other packages join by the entry-point group `pamrx.commands`, as those of training do; without the extra
that they need they say what to install.
"""

import logging
import sys
import traceback
from typing import Annotated

import typer

from pamrx import __version__
from pamrx.cli.calibrate_command import calibrate
from pamrx.cli.check_command import check
from pamrx.cli.diff_command import diff
from pamrx.cli.entry_points import COMMANDS, joined
from pamrx.cli.listing_commands import drugs, features, vocab
from pamrx.cli.logs import log_on_stderr
from pamrx.cli.predict_command import predict
from pamrx.cli.score_command import score
from pamrx.cli.termination import ending_in_order
from pamrx.console.streams import guarded_streams
from pamrx.errors import PamrxError

FAULT, FAILED, STOPPED = 1, 2, 130
"""Exit codes: a fault of pamrx, a mistake that the user can mend, Ctrl-C."""

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    # Plain help starts in half the time of the boxed one.
    rich_markup_mode=None,
)
for command in (predict, score, calibrate, diff, drugs, vocab, features, check):
    app.command()(command)
for commands in joined(COMMANDS).values():
    app.add_typer(commands)


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
    """Run the command line; a mistake of the user ends in one line on stderr and exit code 2.

    A reader of a pipe that has left (`pamrx drugs | head -1`) is no error: what was asked for is done all the same.
    """
    with guarded_streams() as (out, err):
        with ending_in_order():
            code = _run()
        out.flush()
        if out.failure is not None and not out.reader_left:
            code = code or _fail(f"standard output: could not be written ({out.failure.strerror}); all else was done")
        elif err.failure is not None and not err.reader_left:
            code = code or FAILED
    sys.exit(code)


def _run() -> int:
    try:
        with log_on_stderr(logging.WARNING):
            app()
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else FAILED if end.code else 0
    except PamrxError as error:
        return _fail(str(error))
    except ModuleNotFoundError as error:
        return _fail(f"this command needs the package '{error.name}'; run: pip install 'pamrx[training]'")
    except KeyboardInterrupt:
        print("pamrx: stopped", file=sys.stderr)
        return STOPPED
    except Exception:  # a fault of pamrx, told in full, on the stream that shows control characters written out
        traceback.print_exc()
        return FAULT
    return 0


def _fail(message: str) -> int:
    print(f"pamrx: error: {message}", file=sys.stderr)
    return FAILED
