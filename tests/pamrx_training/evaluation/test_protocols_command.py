"""What `pamrx evaluate` runs beside the plain evaluation: options that go together, tables printed and written."""

from __future__ import annotations

from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pamrx.errors import PamrxError
from pamrx.model import boosted
from pamrx_training.cli.commands import app
from pamrx_training.datasets.laboratory import Laboratory
from pamrx_training.evaluation import protocols as evidence
from pamrx_training.evaluation.evidence_tables import print_elsewhere
from pamrx_training.evaluation.laboratories import Elsewhere
from pamrx_training.evaluation.protocols import PROTOCOLS, Options, check
from pamrx_training.fitting import loading
from pamrx_training.fitting.cohort import Cohort, build_cohort
from pamrx_training.fitting.splits import leave_cell_line_out, leave_tissue_out
from rich.console import Console
from typer.testing import CliRunner

pytestmark = pytest.mark.medium


@pytest.fixture(scope="module", autouse=True)
def quick() -> Iterator[Any]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(boosted, "ROUNDS", 5)
        yield


@pytest.fixture(scope="module")
def cohort(made_up_gdsc: Any) -> Cohort:
    return build_cohort(made_up_gdsc(n=90))


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (Options("leave-tisue-out"), "did you mean leave-tissue-out"),
        (Options(ablate="remove"), "did you mean removed"),
        (Options("nci60", ablate="removed"), "--ablate goes with"),
        (Options("leave-tissue-out", own_folds=True), "--folds goes with"),
        (Options(own_folds=True, repeats=2), "leave out --folds, or --repeats"),
        (Options("gcsi"), "needs --data-dir, a folder that holds gcsi/"),
        (
            Options("leave-screen-out", biology=True),
            "--biology goes with --protocol leave-cell-line-out or leave-tissue",
        ),
        (Options("nci60", biology=True, data_dir=Path(".")), "--biology goes with .*; found nci60"),
        (Options(biology=True, ablate="removed"), "--biology and --ablate are two evaluations"),
        (Options(biology=True, repeats=2), "--biology looks at one split; found --repeats 2"),
    ],
)
def test_options_that_do_not_go_together_are_told_in_one_line(asked: Any, told: Any) -> None:
    with pytest.raises(PamrxError, match=told):
        check(asked)


def test_each_protocol_has_its_split_and_one_split_is_the_plain_evaluation() -> None:
    splits = {name: check(Options(name, data_dir=Path("."))) for name in PROTOCOLS}
    assert splits.pop("leave-tissue-out") is leave_tissue_out
    assert set(splits.values()) == {leave_cell_line_out}
    assert Options().plain
    assert Options("leave-tissue-out").plain
    special = (Options("leave-screen-out"), Options(repeats=2), Options(ablate="alone"), Options(biology=True))
    assert not any(asked.plain for asked in special)


@pytest.mark.parametrize(
    ("asked", "rows"),
    [
        pytest.param(Options(repeats=2), 2 * 3, marks=pytest.mark.slow),
        pytest.param(Options("leave-tissue-out", repeats=2), 2 * 3, marks=pytest.mark.slow),
        (Options("leave-screen-out"), 2),
        (Options("gcsi", data_dir=Path(".")), 3),
    ],
)
def test_each_prints_its_table_and_writes_its_rows(
    cohort: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, asked: Any, rows: Any
) -> None:
    lines = cohort.lines[:50]
    value = -cohort.response_matrix(cohort.lines).loc[lines, "GDSC2:A"].to_numpy()
    answered = pd.DataFrame({"cell_line": lines, "drug": "A", "measure": "AUC", "value": -value, "sensitivity": value})
    monkeypatch.setattr(evidence, "load_gcsi", lambda _: Laboratory("gcsi", answered.dropna(), None, "f" * 64))
    monkeypatch.setattr(loading, "load_cohort", lambda *_: (cohort, "data"))
    table = tmp_path / "table.csv"
    words = ["--protocol", asked.protocol, "--repeats", asked.repeats, "--n-folds", 2, "--seed", 11, "--jobs", 1]
    words += ["--data-dir", "."] if asked.data_dir else []
    words += ["--no-track", "--cache", tmp_path, "-o", table]
    told = CliRunner().invoke(app, ["evaluate", *map(str, words)], catch_exceptions=False).output
    assert len(pd.read_csv(table)) == rows
    assert told.splitlines()[-1] == f"{rows} rows written to {table}"
    assert asked.protocol.split("-")[-1] in told


def test_a_drug_measured_too_rarely_is_shown_without_a_number() -> None:
    told = {"repeat": 11, "measure": "AUC", "assay": "GDSC2:A", "lines": "held out", "profile": "GDSC"}
    table = pd.DataFrame([told | {"drug": "A", "n": 5, "pearson": np.nan, "spearman": np.nan}])
    means = pd.DataFrame(
        [{"n_drugs": 0, "n_lines": 5, "pearson": np.nan, "spearman": np.nan, "low": np.nan, "high": np.nan}],
        index=pd.MultiIndex.from_tuples([("AUC", "held out", "GDSC")], names=["measure", "lines", "profile"]),
    ).assign(spread=np.nan)
    shown = StringIO()
    print_elsewhere(Elsewhere(table, means), "gcsi", Console(file=shown, force_terminal=True, width=140))
    assert "- (5)" in shown.getvalue()
