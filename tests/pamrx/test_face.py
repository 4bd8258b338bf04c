"""What `import pamrx` shows, what it costs, and that the examples in its docstrings run."""

from __future__ import annotations

import doctest
import functools
import inspect
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pamrx
import pandas as pd
import pytest
from pamrx import api
from pamrx.explanation import export
from pamrx.identifiers.assay import AssayId

FUNCTIONS = [name for name in pamrx.__all__ if inspect.isfunction(getattr(pamrx, name))]
ERRORS = ["BundleError", "InputError", "PamrxError", "StoreError", "UsageError"]
HEAVY = {"pandas", "numpy", "lightgbm", "sklearn", "scipy", "pyarrow", "mlflow", "rich", "typer"}


@pytest.fixture(scope="module", autouse=True)
def one_bundle(bundle: pamrx.Bundle) -> Iterator[None]:
    """The released bundle takes seconds to load: it is that of all tests."""
    with pytest.MonkeyPatch.context() as patch:
        load = pamrx.load_bundle

        @functools.wraps(load)
        def loaded(folder: Path | None = None) -> pamrx.Bundle:
            return bundle if folder is None else load(folder)

        patch.setattr("pamrx.bundle.bundle.load_bundle", loaded)
        patch.setattr(api, "_released", lambda: bundle)
        yield


@pytest.fixture(scope="module")
def profiles(examples: pamrx.Profiles) -> pamrx.Profiles:
    return examples


def test_every_public_name_is_there() -> None:
    for name in pamrx.__all__:
        assert getattr(pamrx, name).__name__ == name
    assert {"predict", "explain", "read_profiles", "read_study", "load_bundle", *ERRORS} <= set(pamrx.__all__)
    assert pamrx.__all__ == sorted(pamrx.__all__)


def test_dir_shows_the_face_and_nothing_else() -> None:
    assert set(dir(pamrx)) == {*pamrx.__all__, "__version__"}
    with pytest.raises(AttributeError, match="module 'pamrx' has no attribute 'prediktion'"):
        pamrx.prediktion  # noqa: B018


def test_the_face_is_imported_only_when_it_is_used() -> None:
    program = "import sys, pamrx; names = dir(pamrx); print('|'.join({name.split('.')[0] for name in sys.modules}))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert not HEAVY & set(done.stdout.strip().split("|"))


@pytest.mark.medium
@pytest.mark.parametrize("name", pamrx.__all__)
def test_the_examples_in_the_docstrings_run(name: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (test,) = (one for one in doctest.DocTestFinder(recurse=False).find(getattr(pamrx, name), name, module=False))
    assert test.examples, f"{name}: no example"
    report: list[str] = []
    result = doctest.DocTestRunner(verbose=False).run(test, out=report.append)
    assert result.failed == 0, "".join(report)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_docstring_of_a_function_has_every_section(name: Any) -> None:
    function = getattr(pamrx, name)
    told = inspect.getdoc(function) or ""
    sections = {"Returns", "Examples"}
    if inspect.signature(function).parameters:
        sections |= {"Parameters", "Raises"}
    for section in sections:
        assert f"\n{section}\n{'-' * len(section)}\n" in told, section
    for parameter in inspect.signature(function).parameters:
        assert parameter in told, parameter


@pytest.mark.medium
def test_predict_is_the_method_of_the_released_bundle(profiles: Any) -> None:
    some = profiles.subset(["MCF-7", "A549"])
    pd.testing.assert_frame_equal(
        pamrx.predict(some, ["Alpelisib"], 0.8), pamrx.load_bundle().predict(some, ["Alpelisib"], 0.8)
    )


def test_a_bundle_may_be_named(profiles: Any) -> None:
    class Other:
        def predict(self, *given: object) -> object:
            return given

    assert pamrx.predict(profiles, ["Alpelisib"], bundle=Other()) == (profiles, ["Alpelisib"], 0.9)


@pytest.mark.medium
def test_explanations_sum_to_the_predictions(profiles: Any) -> None:
    some, drugs = profiles.subset(["MCF-7", "U-87-MG"]), ["Alpelisib", "Capivasertib"]
    table = pamrx.explain(some, drugs)
    assert list(table.columns) == list(export.COLUMNS)
    keys = ["sample_id", "drug"]
    summed = table.astype(dict.fromkeys(keys, object)).groupby(keys)["contribution"].sum()
    predicted = pamrx.predict(some, drugs).set_index(keys)["ln_ic50"]
    assert len(summed) == 4
    pd.testing.assert_series_equal(summed, predicted.loc[summed.index], check_names=False, rtol=0, atol=1e-6)


@pytest.mark.medium
def test_an_explanation_is_the_table_of_the_command_line(profiles: Any, tmp_path: Path) -> None:
    some, bundle = profiles.subset(["MCF-7"]), pamrx.load_bundle()
    assays = [AssayId("GDSC2", "Alpelisib")]
    export.write_contributions(bundle.model, bundle.builder.transform(some), assays, tmp_path / "why.parquet")
    written = pd.read_parquet(tmp_path / "why.parquet")
    pd.testing.assert_frame_equal(pamrx.explain(some, ["Alpelisib"]), written, check_categorical=False)


def test_an_unknown_drug_is_an_error_of_usage(profiles: Any) -> None:
    for call in (pamrx.predict, pamrx.explain):
        with pytest.raises(pamrx.UsageError, match="did you mean Alpelisib"):
            call(profiles, ["Alpelisibb"])
