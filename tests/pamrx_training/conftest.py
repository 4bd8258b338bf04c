"""What the tests of training share: the real training data, brought once, and a small made-up cohort."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pamrx.bundle.bundle import Bundle, save_bundle
from pamrx.features import FeatureBuilder
from pamrx.model import boosted
from pamrx.model.sensitivity import SensitivityModel
from pamrx.prediction.reference import Reference
from pamrx_training.cli.log_lines import line_of
from pamrx_training.datasets import GdscData, fetch_gdsc, load_gdsc
from pamrx_training.evaluation.baselines import baseline_predictions
from pamrx_training.evaluation.evaluate import MODEL
from pamrx_training.fitting.cohort import Cohort, build_cohort
from pamrx_training.fitting.cross_validation import run_fold


@pytest.fixture(scope="session")
def real_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The real distributions, downloaded once; PAMRX_TEST_CACHE names a folder that outlives the run."""
    cache = Path(os.environ.get("PAMRX_TEST_CACHE") or tmp_path_factory.mktemp("real"))
    fetch_gdsc(cache)
    return cache


class _Collector(logging.Handler):
    """Keeps each message as the line that the command line prints."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(line_of(record))


@pytest.fixture(scope="session")
def lines_logged() -> Callable[[], AbstractContextManager[list[str]]]:
    """`with lines_logged() as lines` collects what the training package logs, as the command line prints it."""

    @contextmanager
    def collecting() -> Iterator[list[str]]:
        logger, collector = logging.getLogger("pamrx_training"), _Collector()
        before = logger.level
        logger.setLevel(logging.INFO)
        logger.addHandler(collector)
        try:
            yield collector.lines
        finally:
            logger.removeHandler(collector)
            logger.setLevel(before)

    return collecting


@pytest.fixture
def said(lines_logged: Callable[[], AbstractContextManager[list[str]]]) -> Iterator[list[str]]:
    """The lines that the training package logs during the test."""
    with lines_logged() as lines:
        yield lines


@pytest.fixture(scope="session")
def predictions_of_fold() -> Callable[..., dict[str, pd.DataFrame]]:
    """Gives, for the test lines of a fold, the predictions of the model and the baselines, and the measurements."""

    def predicted(cohort: Cohort, folds: pd.Series, fold: object) -> dict[str, pd.DataFrame]:
        found = run_fold(cohort, folds, fold, 0, baseline_predictions, masked=False)
        return {MODEL: found.predicted, "measured": found.measured, **found.others}

    return predicted


@pytest.fixture(scope="session")
def mlflow_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty MLflow store, `mlflow.db`, to copy: to make one, all of MLflow's migrations are run."""
    from pamrx_training.tracking.store import open_client

    database = tmp_path_factory.mktemp("store") / "mlflow.db"
    open_client(f"sqlite:///{database}")
    return database


@pytest.fixture
def unrendered(monkeypatch: pytest.MonkeyPatch) -> None:
    """Figures are made, and not drawn into their files: what is drawn is tested with the figures."""
    monkeypatch.setattr("matplotlib.figure.Figure.savefig", _unrendered)


@pytest.fixture(scope="module")
def unrendered_in_module() -> Iterator[None]:
    """As `unrendered`, for a whole module."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("matplotlib.figure.Figure.savefig", _unrendered)
        yield


def _unrendered(_: object, path: Path, **__: object) -> None:
    path.touch()


@pytest.fixture(scope="session")
def gdsc(real_cache: Path) -> GdscData:
    """The tidy tables of the real distributions."""
    return load_gdsc(real_cache)


@pytest.fixture(scope="session")
def made_up_gdsc() -> Callable[..., GdscData]:
    """Makes tidy tables of a few lines: L000 and L001 come from one donor, and every line is complete."""
    return _made_up_gdsc


def _made_up_gdsc(n: int = 100, n_genes: int = 30, seed: int = 0) -> GdscData:
    """Responses follow gene G0 and PIK3CA. The assay GDSC2:B was measured in two series, one unit apart."""
    random = np.random.default_rng(seed)
    lines = pd.Index([f"L{place:03}" for place in range(n)], name="cell_line")
    expression = pd.DataFrame(random.normal(size=(n, n_genes)), lines, [f"G{place}" for place in range(n_genes)])
    names = ["BRAF_mut", "KRAS_mut", "PIK3CA_mut", "PTEN_mut", "TP53_mut", "MYC_gain", "MYC_loss", "PTEN_loss"]
    alterations = pd.DataFrame((random.random((n, len(names))) < 0.3).astype("int8"), lines, names)
    cell_lines = pd.DataFrame(
        {
            "name": [f"L-{place:03}" for place in range(n)],
            "aliases": None,
            "cosmic_id": pd.array([900_000 + place for place in range(n)], dtype="Int64"),
            "tissue": random.choice(["breast", "skin", "leukemia"], n),
            "msi": random.choice(["MSI-H", "MSS"], n),
            "has_expression": True,
            "has_alterations": True,
            "n_responses": 2,
            "donor": ["shared", "shared", *lines[2:]],
        },
        index=lines,
    )
    cell_lines["tissue_group"] = cell_lines["tissue"]
    truth = 2 + expression["G0"] - alterations["PIK3CA_mut"]
    series = [("GDSC1:A", "A", 0, 0.0, 1.0), ("GDSC2:A", "A", 0, -1.0, 0.9), ("GDSC2:B", "B", 0, 0.5, 0.6),
              ("GDSC2:B", "B", 1, 1.5, 0.7)]  # fmt: skip
    rows = []
    for assay, drug, number, offset, share in series:
        measured = random.random(n) < share
        values = (truth + offset + random.normal(0, 0.3, n))[measured]
        rows.append(
            pd.DataFrame(
                {"cell_line": values.index, "assay": assay, "drug": drug, "screen": assay[:5], "range": number,
                 "ln_ic50": values.to_numpy(), "auc": 0.5, "in_axis": True, "screened_as": drug}
            )
        )  # fmt: skip
    outside = rows[0].assign(assay="GDSC1:X", drug="X", in_axis=False)
    responses = pd.concat([*rows, outside], ignore_index=True)
    none = pd.DataFrame(index=lines)
    return GdscData(responses, expression.astype("float32"), alterations, none, cell_lines, record={})


@pytest.fixture(scope="session")
def small_bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a bundle fitted in two rounds on made-up lines: alpelisib in two screens, capivasertib in one."""
    cohort = build_cohort(_made_up_gdsc(n=60))
    names = {"GDSC1:A": "GDSC1:Alpelisib", "GDSC2:A": "GDSC2:Alpelisib", "GDSC2:B": "GDSC2:Capivasertib"}
    builder = FeatureBuilder().fit(cohort.profiles)
    features = builder.transform(cohort.profiles)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(boosted, "ROUNDS", 2)
        model = SensitivityModel(seed=1).fit(features, cohort.response_matrix(cohort.lines).rename(columns=names))
    manifest = {
        "name": "small",
        "data_fingerprint": "d" * 64,
        "seed": 7,
        "protocol": "five-fold leave-cell-line-out, by donor",
        "trained_lines": cohort.lines,
        "evaluation": {"lco_pearson": 0.40, "lco_rmse": 1.5, "n_lines": 60.0, "n_assays": 3.0},
    }
    folder = tmp_path_factory.mktemp("small") / "bundle"
    save_bundle(Bundle(builder, model, Reference(model.predict(features)), manifest), folder, "# small")
    return folder
