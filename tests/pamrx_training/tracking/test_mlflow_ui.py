"""A study in MLflow's UI as a person sees it: names, values, charts and a SHAP figure, in a real browser."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from mlflow import MlflowClient
from pamrx.bundle.bundle import load_bundle
from pamrx.model import boosted
from pamrx_training.evaluation import boosted_baseline, study
from pamrx_training.evaluation.candidates import CANDIDATES, HYBRID
from pamrx_training.evaluation.explanations import write_explanations
from pamrx_training.fitting.cohort import Cohort, build_cohort
from pamrx_training.fitting.run_context import RunContext
from pamrx_training.fitting.splits import leave_cell_line_out
from pamrx_training.tracking import DataSet, Run, log_run
from pamrx_training.tracking.evaluations import Settings, log_study
from pamrx_training.tracking.views import runs_address
from selenium import webdriver
from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver.support.ui import WebDriverWait

pytestmark = [pytest.mark.browser, pytest.mark.slow]

ROOT = Path(__file__).resolve().parents[3]
SEED = 11
DATA = DataSet("ab" * 32, {"lines": 90}, "evaluation")
NAMES = [candidate.name for candidate in CANDIDATES]
FIGURE = "shap/summary/GDSC2.Alpelisib.png"

FLAGS = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-quic"]
FLAGS += ["--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"]


@dataclass(frozen=True)
class Ui:
    """A running `pamrx ui`, and what its store holds."""

    root: str
    said: list[str]
    client: MlflowClient
    experiment: str
    explained: str


@pytest.fixture(scope="module")
def ui(made_up_gdsc: Any, small_bundle: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ui]:
    folder = tmp_path_factory.mktemp("work")
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        patch.chdir(folder)
        patch.setattr(boosted, "ROUNDS", 2)
        patch.setattr(boosted_baseline, "ROUNDS", 20)
        cohort = build_cohort(made_up_gdsc(n=90))
        done = study.study(cohort, leave_cell_line_out(cohort, 3, SEED), RunContext(1, seed=SEED), draws=100)
        assert log_study(done, Settings({"seed": SEED, "n_folds": 3}, DATA), 3.0) is not None
        explained = log_run(explained_run(cohort, small_bundle))
        assert explained is not None
        yield from served(folder, explained)


def explained_run(cohort: Cohort, small_bundle: Path) -> Run:
    bundle = load_bundle(small_bundle)
    features = bundle.builder.transform(cohort.profiles.subset(cohort.lines[:40]))

    def files(folder: Path) -> None:
        write_explanations(folder, "small", bundle.model, features)

    return Run("small model", DATA, {"lco_pearson": 0.4}, {"seed": SEED}, {"kind": "training"}, files)


def served(folder: Path, explained: str) -> Iterator[Ui]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-m", "pamrx", "ui", "--port", str(port)],
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        said = [process.stdout.readline().strip() for _ in range(4)]
        client = MlflowClient(tracking_uri=f"sqlite:///{folder / 'mlflow.db'}")
        experiment = client.get_experiment_by_name("pamrx").experiment_id
        yield Ui(f"http://127.0.0.1:{port}", said, client, experiment, explained)
    finally:
        process.terminate()
        process.communicate(timeout=60)


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[webdriver.Chrome]:
    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium")
    profile = tmp_path_factory.mktemp("profile")
    for flag in [*FLAGS, "--window-size=1900,1200", f"--user-data-dir={profile}"]:
        options.add_argument(flag)
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(shutil.which("chromedriver")))
    yield driver
    driver.quit()


@pytest.fixture
def page(browser: webdriver.Chrome, tmp_path: Path) -> Iterator[Callable[[str], str]]:
    """Opens an address and waits until the page holds all of some words; gives the page's text.

    What is on the page at the end of the test is kept as `page.png` of pytest's folder.
    """

    def shown(address: str, *words: str) -> str:
        browser.get("about:blank")
        browser.get(address)
        waits(browser, lambda: all(word in text_of(browser) for word in words), lambda: text_of(browser))
        return text_of(browser)

    yield shown
    browser.save_screenshot(str(tmp_path / "page.png"))


def test_the_runs_are_found_by_name_with_their_values(ui: Ui, browser: webdriver.Chrome, page: Any) -> None:
    table = runs_address(ui.root, ui.experiment)
    assert ui.said[1].startswith(f"MLflow UI: {ui.root} ")
    assert ui.said[2].endswith(f" {table}")
    text = page(table, *NAMES, "lco_pearson")
    for run in ui.client.search_runs([ui.experiment], "tags.kind = 'candidate'"):
        assert str(run.data.metrics["lco_pearson"]) in text, f"the value of {run.info.run_name}"
    assert "small model" not in text
    assert "6 matching runs" in text

    def names() -> list[str]:
        return [one.text for one in browser.find_elements("css selector", "[role=gridcell] a") if one.text in NAMES]

    waits(browser, lambda: len(names()) == len(NAMES), lambda: str(names()))
    assert names()[-1] == "naive: tissue-drug mean", "the best stand first"


def test_the_charts_tell_the_candidates_apart(ui: Ui, browser: webdriver.Chrome, page: Any) -> None:
    page(runs_address(ui.root, ui.experiment, charts=True), *NAMES, "Parallel Coordinates", "lco_pearson")
    assert ui.said[3].endswith(f" {runs_address(ui.root, ui.experiment, charts=True)}")
    axes = {"candidate", "with.ncrna", "lco_rmse", "lco_pearson"}
    waits(browser, lambda: axes <= set(labels(browser)), lambda: str(labels(browser)))

    def bars() -> int:
        return len(browser.find_elements("css selector", ".barlayer .point"))

    waits(browser, lambda: bars() >= len(NAMES), lambda: f"{bars()} bars, wanted: one for each candidate")


def test_marked_runs_are_compared_under_their_names(ui: Ui, page: Any) -> None:
    """The page that Compare opens: parallel coordinates, scatter plots and a table of all parameters and metrics."""
    runs = ui.client.search_runs([ui.experiment], "tags.kind = 'candidate'")
    marked = quote(json.dumps([run.info.run_id for run in runs]))
    experiments = quote(json.dumps([ui.experiment]))
    text = page(
        f"{ui.root}/#/compare-runs?runs={marked}&experiments={experiments}", "Parallel Coordinates Plot", *NAMES
    )
    assert "with.ncrna" in text
    assert "lco_pearson.GDSC2.A" in text


def test_a_run_says_what_it_is(ui: Ui, page: Any) -> None:
    (run,) = ui.client.search_runs([ui.experiment], f"attributes.run_name = '{HYBRID}'")
    value = f"r {run.data.metrics['lco_pearson']:.3f}"
    page(f"{ui.root}/#/experiments/{ui.experiment}/runs/{run.info.run_id}", value, "Candidate of study of 6 candidates")


def test_a_shap_figure_is_shown(ui: Ui, browser: webdriver.Chrome, page: Any) -> None:
    page(f"{ui.root}/#/experiments/{ui.experiment}/runs/{ui.explained}/artifacts/{FIGURE}", "GDSC2.Alpelisib.png")
    widths = "return [...document.images].map(one => one.complete ? one.naturalWidth : 0)"
    waits(browser, lambda: max(browser.execute_script(widths), default=0) > 600)


def labels(browser: webdriver.Chrome) -> list[str]:
    """The names of the axes of the parallel coordinates."""
    found = browser.find_elements("css selector", ".parcoords text.label")
    return [str(one.get_attribute("textContent")) for one in found]


def text_of(browser: webdriver.Chrome) -> str:
    return str(browser.execute_script("return document.body.textContent"))


def waits(browser: webdriver.Chrome, met: Callable[[], object], seen: Callable[[], str] = lambda: "") -> None:
    """Waits: the page draws its parts one after another, and draws some of them anew while they are read."""
    try:
        WebDriverWait(browser, 60, ignored_exceptions=[StaleElementReferenceException]).until(lambda _: met())
    except Exception as error:
        raise AssertionError(f"not on the page at {browser.current_url}: {seen()[-3000:]}") from error
