"""What `pamrx evaluate` runs beside the plain evaluation: options that go together, tables printed and written."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pamrx.errors import PamrxError
from pamrx.model import boosted
from pamrx_training.datasets.laboratory import Laboratory
from pamrx_training.evaluation import protocols as evidence
from pamrx_training.evaluation.evidence_tables import print_elsewhere
from pamrx_training.evaluation.laboratories import Elsewhere
from pamrx_training.evaluation.protocols import PROTOCOLS, Asked, Run, check, run_asked
from pamrx_training.fitting.cohort import Cohort, build_cohort
from pamrx_training.fitting.fit_cache import Store
from pamrx_training.fitting.splits import leave_cell_line_out, leave_tissue_out, repeated
from rich.console import Console


@pytest.fixture(scope="module", autouse=True)
def quick():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(boosted, "ROUNDS", 5)
        yield


@pytest.fixture(scope="module")
def cohort(made_up_gdsc) -> Cohort:
    return build_cohort(made_up_gdsc(n=150))


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (Asked("leave-tisue-out"), "did you mean leave-tissue-out"),
        (Asked(ablate="remove"), "did you mean removed"),
        (Asked("nci60", ablate="removed"), "--ablate goes with"),
        (Asked("leave-tissue-out", own_folds=True), "--folds goes with"),
        (Asked(own_folds=True, repeats=2), "leave out --folds, or --repeats"),
        (Asked("gcsi"), "needs --data-dir, a folder that holds gcsi/"),
        (Asked("leave-screen-out", biology=True), "--biology goes with --protocol leave-cell-line-out or leave-tissue"),
        (Asked("nci60", biology=True, data_dir=Path(".")), "--biology goes with .*; found nci60"),
        (Asked(biology=True, ablate="removed"), "--biology and --ablate are two evaluations"),
        (Asked(biology=True, repeats=2), "--biology looks at one split; found --repeats 2"),
    ],
)
def test_options_that_do_not_go_together_are_told_in_one_line(asked, told):
    with pytest.raises(PamrxError, match=told):
        check(asked)


def test_each_protocol_has_its_split_and_one_split_is_the_plain_evaluation():
    splits = {name: check(Asked(name, data_dir=Path("."))) for name in PROTOCOLS}
    assert splits.pop("leave-tissue-out") is leave_tissue_out and set(splits.values()) == {leave_cell_line_out}
    assert Asked().plain and Asked("leave-tissue-out").plain
    special = (Asked("leave-screen-out"), Asked(repeats=2), Asked(ablate="alone"), Asked(biology=True))
    assert not any(asked.plain for asked in special)


@pytest.mark.parametrize(
    ("asked", "rows"),
    [
        (Asked(repeats=2), 2 * 3),
        (Asked("leave-tissue-out", repeats=2), 2 * 3),
        (Asked("leave-screen-out"), 2),
        (Asked("gcsi", data_dir=Path(".")), 3),
    ],
)
def test_each_prints_its_table_and_writes_its_rows(cohort, tmp_path, monkeypatch, capsys, asked, rows):
    lines = cohort.lines[:50]
    value = -cohort.response_matrix(cohort.lines).loc[lines, "GDSC2:A"].to_numpy()
    answered = pd.DataFrame({"cell_line": lines, "drug": "A", "measure": "AUC", "value": -value, "sensitivity": value})
    monkeypatch.setattr(evidence, "load_gcsi", lambda _: Laboratory("gcsi", answered.dropna(), None, "f" * 64))
    told: list[str] = []
    run = Run(Store(tmp_path, "data"), 1, tmp_path / "table.csv", told.append)
    run_asked(cohort, asked, repeated(cohort, 2, 11, asked.repeats, check(asked)), run)
    assert len(pd.read_csv(tmp_path / "table.csv")) == rows and told[-1].startswith(f"{rows} rows written")
    assert asked.protocol.split("-")[-1] in capsys.readouterr().out


def test_a_drug_measured_too_rarely_is_shown_without_a_number():
    told = {"repeat": 11, "measure": "AUC", "assay": "GDSC2:A", "lines": "held out", "profile": "GDSC"}
    table = pd.DataFrame([told | {"drug": "A", "n": 5, "pearson": np.nan, "spearman": np.nan}])
    means = pd.DataFrame(
        [{"n_drugs": 0, "n_lines": 5, "pearson": np.nan, "spearman": np.nan, "low": np.nan, "high": np.nan}],
        index=pd.MultiIndex.from_tuples([("AUC", "held out", "GDSC")], names=["measure", "lines", "profile"]),
    ).assign(spread=np.nan)
    shown = StringIO()
    print_elsewhere(Elsewhere(table, means), "gcsi", Console(file=shown, force_terminal=True, width=140))
    assert "- (5)" in shown.getvalue()
