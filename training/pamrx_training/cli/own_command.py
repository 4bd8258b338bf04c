"""`pamrx evaluate --responses`: a bundle judged on the user's own measurements. Heavy imports stay inside."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import typer
from pamrx.errors import UsageError


@dataclass(frozen=True)
class OwnOptions:
    """The options of `pamrx evaluate` that go with a user's own measurements."""

    responses: Path | None = None
    profiles: Path | None = None
    bundle: Path | None = None
    direction: str | None = None
    output: Path | None = None

    @property
    def asked_for(self) -> bool:
        """Whether any of them is given."""
        return any(one is not None for one in (self.responses, self.profiles, self.bundle, self.direction))


def evaluate_own(options: OwnOptions, others: Mapping[str, bool]) -> None:
    """Judge a bundle on measured responses; nothing is trained.

    Parameters
    ----------
    others : whether each option that asks for a cross-validation is given.

    Raises
    ------
    PamrxError
        For options that do not go together, and files that cannot be used.
    """
    if options.responses is None or options.profiles is None:
        raise UsageError(
            "--responses FILE and --profiles FOLDER go together: measured responses, and the profiles of the same "
            "samples; --bundle and --direction go with them"
        )
    if given := [name for name, is_given in others.items() if is_given]:
        raise UsageError(f"{given[0]} asks for a cross-validation, --responses judges a bundle; expected one of them")
    from pamrx.bundle.file_prediction import predict_files
    from pamrx.tables import check_tables, write_table

    from pamrx_training.datasets.own_responses import read_responses
    from pamrx_training.evaluation.own_measurements import judge_own, profile_files
    from pamrx_training.evaluation.own_tables import print_own
    from pamrx_training.registry.registry import bundle_folder

    check_tables({"the table": options.output}, [options.responses, options.profiles])
    responses = read_responses(options.responses, options.direction)
    files = profile_files(options.profiles)
    with bundle_folder(options.bundle) as folder:
        predicted = predict_files(files, folder)
    found = judge_own(responses, predicted.table)
    if options.output is not None:
        write_table(found.table, options.output)
    for note in (*responses.notes, *predicted.notes):
        typer.echo(note)
    print_own(found)
    if options.output is not None:
        typer.echo(f"{len(found.table)} rows written to {options.output}")
