"""The command as a person runs it: its exit code, and what stands on which stream.

Most commands run in this process, since a new one spends seconds on its imports; that both do the same is tested.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from pamrx.bundle.bundle import released_bundle
from pamrx.examples import example_files
from pamrx.prediction.schema import COLUMNS

from tests.commands import in_process_of_its_own, pamrx

pytestmark = pytest.mark.medium

REPOSITORY = Path(__file__).resolve().parents[1]
FILES = {kind: str(path) for kind, path in example_files().items()}


def fails(run: subprocess.CompletedProcess[str], *parts: str) -> None:
    """One line on stderr, exit code 2, no traceback."""
    assert run.returncode == 2, run.stderr
    assert len(run.stderr.strip().splitlines()) == 1, run.stderr
    assert "Traceback" not in run.stderr
    for part in parts:
        assert part in run.stderr, run.stderr


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        pytest.param(["predict", "--example", "--drugs", "BYL719", "--measured"], 0, marks=pytest.mark.slow),
        (["vocab"], 0),
        (["predict", "--example", "--expression", "e.csv"], 2),
        (["drugs", "pictilsib"], 2),
    ],
)
def test_a_process_of_its_own_says_and_returns_the_same(tmp_path: Path, arguments: Any, code: Any) -> None:
    own, here = in_process_of_its_own(*arguments, cwd=tmp_path), pamrx(*arguments, cwd=tmp_path)
    assert own.returncode == here.returncode == code, own.stderr
    assert (own.stdout, own.stderr) == (here.stdout, here.stderr)


def test_help_names_every_command_and_imports_nothing_heavy() -> None:
    run = in_process_of_its_own("--help")
    assert run.returncode == 0
    for command in (
        "predict",
        "calibrate",
        "drugs",
        "vocab",
        "diff",
        "features",
        "evaluate",
        "train",
        "serve",
        "data",
        "screen",
        "models",
        "score",
        "tune",
        "study",
        "compare",
        "ui",
        "runs",
    ):
        assert command in run.stdout
    heavy = ("pandas", "numpy", "lightgbm", "mlflow", "sklearn", "pyarrow")
    code = f"import sys, pamrx.cli.main; print([m for m in {heavy} if m in sys.modules])"
    known = dict(os.environ)
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=known, check=True)
    assert told.stdout.strip() == "[]"


def test_a_module_in_the_working_directory_shadows_none_of_ours(tmp_path: Path) -> None:
    (tmp_path / "pamrx_training.py").write_text("raise ImportError('of another project')\n")
    (tmp_path / "predictor.py").write_text("raise ImportError('of another project')\n")
    run = in_process_of_its_own("train", "--help", cwd=tmp_path)
    assert run.returncode == 0, run.stderr
    assert "Usage: " in run.stdout


@pytest.mark.slow
def test_predicting_loads_no_tracking_and_no_plotting() -> None:
    code = (
        "import sys; from pamrx import load_bundle, read_profiles; from pamrx.examples import example_files;"
        "import pamrx.cli.predict_files;"
        "load_bundle().predict(read_profiles(**example_files()), ['alpelisib']);"
        "print([m for m in ('mlflow', 'shap', 'matplotlib', 'torch', 'pamrx_training') if m in sys.modules])"
    )
    known = dict(os.environ)
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=known, check=True)
    assert told.stdout.strip() == "[]"


def test_the_example_shows_drugs_reasons_and_measured_values(tmp_path: Path) -> None:
    run = pamrx("predict", "--example", "--measured", "--top", 3, cwd=tmp_path)
    assert run.returncode == 0, run.stderr
    for part in ("MCF-7", "PC-3", "percentile", "evidence", "argues for sensitivity", "measured", "Spearman"):
        assert part in run.stdout
    assert "PIK3CA mutation" in run.stdout
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("ending", ["csv", "parquet", "json"])
def test_output_is_one_tidy_table_whatever_its_form(tmp_path: Path, ending: Any) -> None:
    out = tmp_path / f"out.{ending}"
    run = pamrx("predict", "--example", "-o", out)
    assert run.returncode == 0, run.stderr
    table = {"csv": pd.read_csv, "parquet": pd.read_parquet, "json": pd.read_json}[ending](out)
    assert tuple(table.columns) == COLUMNS
    assert len(table) == 12 * 52
    assert [file.name for file in tmp_path.iterdir()] == [out.name]


def test_the_forms_hold_the_same_numbers_as_the_library(tmp_path: Path) -> None:
    from pamrx import load_bundle, read_profiles

    pamrx("predict", *[f"--{k.replace('_', '-')}={v}" for k, v in FILES.items()], "-o", tmp_path / "a.parquet")
    pamrx("predict", "--example", "-o", tmp_path / "b.csv")
    a, b = pd.read_parquet(tmp_path / "a.parquet"), pd.read_csv(tmp_path / "b.csv")
    own = load_bundle().predict(read_profiles(**FILES))
    assert a["ln_ic50"].tolist() == b["ln_ic50"].tolist() == own["ln_ic50"].tolist()


@pytest.mark.parametrize("kind", list(FILES))
def test_any_single_input_will_do(tmp_path: Path, kind: Any) -> None:
    out = tmp_path / "out.csv"
    run = pamrx("predict", f"--{kind.replace('_', '-')}", FILES[kind], "-o", out)
    assert run.returncode == 0, run.stderr
    assert pd.read_csv(out)["evidence"].between(0, 1).all()


def test_only_the_drugs_asked_for() -> None:
    run = pamrx("predict", "--example", "--drugs", "BYL719,azd5363")
    assert run.returncode == 0
    assert "Alpelisib" in run.stdout
    assert "Capivasertib" in run.stdout
    assert "Torin 2" not in run.stdout


def test_every_contribution_to_the_drugs_asked_for_in_a_file_that_sums_to_the_predictions(tmp_path: Path) -> None:
    why, out = tmp_path / "why.parquet", tmp_path / "out.csv"
    run = pamrx("predict", "--example", "--drugs", "alpelisib,azd5363", "--explain", why, "-o", out)
    assert run.returncode == 0, run.stderr
    assert f"12 samples x 2 drugs ({len(pd.read_parquet(why)):,} rows) written to {why}" in run.stdout
    keys = ["sample_id", "drug", "screen"]
    sums = pd.read_parquet(why).groupby(keys, observed=True)["contribution"].sum()
    predicted = pd.read_csv(out).set_index(keys)["ln_ic50"]
    assert len(sums) == len(predicted) == 24
    assert (sums.loc[predicted.index] - predicted).abs().max() < 1e-6


def test_no_two_outputs_are_one_file_and_too_long_a_text_writes_nothing(tmp_path: Path) -> None:
    out, other = tmp_path / "out.csv", tmp_path / "other.csv"
    fails(pamrx("predict", "--example", "-o", out, "--explain", out), "out.csv", "the predictions", "--explain")
    fails(pamrx("predict", "--example", "--evidence", out, "--explain", out), "out.csv", "--evidence", "--explain")
    fails(pamrx("predict", "--example", "--explain", tmp_path / "why.txt"), "why.txt", ".txt")
    fails(pamrx("predict", "--example", "-o", out, "--explain", other), "other.csv", ".parquet", "--drugs")
    assert not list(tmp_path.iterdir())


def written(tmp_path: Path, name: str, text: str) -> Path:
    path = tmp_path / name
    path.write_text(text)
    return path


MATRIX = "gene,A,B\nEGFR,1.5,2.5\nPTEN,3,4\nERBB2,1,2\n"
BAD_FILES = {
    "empty": ("expression", "e.csv", "", ["e.csv", "empty"]),
    "wrong delimiter": ("expression", "e.csv", MATRIX.replace(",", "|"), ["e.csv", "|"]),
    "no recognised gene": ("expression", "e.csv", "gene,A,B\nfoo1,1,2\nfoo2,3,4\n", ["e.csv", "foo1"]),
    "duplicated sample": ("expression", "e.csv", MATRIX.replace("A,B", "A,A"), ["e.csv", "A"]),
    "text for a number": ("expression", "e.csv", MATRIX.replace("2.5", "high"), ["e.csv", "EGFR", "B", "high"]),
    "infinite": ("expression", "e.csv", MATRIX.replace("2.5", "inf"), ["e.csv", "EGFR", "B"]),
    "not a MAF": ("mutations", "m.maf", "a\tb\n1\t2\n", ["m.maf", "Hugo_Symbol"]),
    "unknown tissue": ("samples", "s.csv", "sample_id,tissue\nA,braest\n", ["s.csv", "braest", "breast"]),
}


@pytest.mark.parametrize("case", list(BAD_FILES))
def test_a_bad_file_ends_in_one_line_and_writes_nothing(tmp_path: Path, case: Any) -> None:
    kind, name, text, parts = BAD_FILES[case]
    out = tmp_path / "out.csv"
    fails(pamrx("predict", f"--{kind}", written(tmp_path, name, text), "-o", out), *parts)
    assert not out.exists()


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    fails(pamrx("predict", "--mutations", tmp_path / "gone.maf"), "gone.maf")


def test_a_sample_in_one_file_and_not_in_the_other_is_named(tmp_path: Path) -> None:
    expression = written(tmp_path, "e.csv", MATRIX)
    samples = written(tmp_path, "s.csv", "sample_id,tissue\nA,breast\nC,lung_NSCLC\n")
    fails(pamrx("predict", "--expression", expression, "--samples", samples), "e.csv", "s.csv")


def test_an_unknown_and_an_unscreened_drug(tmp_path: Path) -> None:
    fails(pamrx("predict", "--example", "--drugs", "alpelsib", "-o", tmp_path / "o.csv"), "Alpelisib")
    assert not (tmp_path / "o.csv").exists()
    out = tmp_path / "proxies.csv"
    told = pamrx("predict", "--example", "--drugs", "alpelisib,everolimus", "-o", out)
    assert told.returncode == 0
    assert "Everolimus: no screen (GDSC1, GDSC2) holds it" in told.stdout
    table = pd.read_csv(out).groupby("drug")["proxy_for"].first()
    assert table.fillna("").to_dict() == {"Alpelisib": "", "Rapamycin": "Everolimus", "Temsirolimus": "Everolimus"}


def test_a_changed_and_a_truncated_bundle(tmp_path: Path) -> None:
    copy = Path(shutil.copytree(released_bundle(), tmp_path / "bundle"))
    text = (copy / "boosted_00.txt").read_text()
    (copy / "boosted_00.txt").write_text(text.replace("0", "1", 1))
    fails(pamrx("predict", "--example", "--bundle", copy), "boosted_00.txt", "SHA-256")
    (copy / "boosted_00.txt").unlink()
    fails(pamrx("predict", "--example", "--bundle", copy), "boosted_00.txt", "missing")
    (copy / "manifest.json").unlink()
    fails(pamrx("predict", "--example", "--bundle", copy), "manifest.json")


MAF = "Hugo_Symbol\tTumor_Sample_Barcode\tVariant_Classification\tHGVSp_Short\nPIK3CA\tA\tMissense_Mutation\tp.H1047R\n"


def test_a_study_folder_with_one_argument_is_its_files(tmp_path: Path) -> None:
    study = tmp_path / "study"
    study.mkdir()
    maf, panel = written(study, "data_mutations.txt", MAF), written(tmp_path, "panel.txt", "PIK3CA\nKRAS\n")
    whole = pamrx("predict", study, "-o", tmp_path / "study.csv")
    assert whole.returncode == 0, whole.stderr
    assert pamrx("predict", "--mutations", maf, "-o", tmp_path / "files.csv").returncode == 0
    assert (tmp_path / "study.csv").read_bytes() == (tmp_path / "files.csv").read_bytes()
    fails(pamrx("predict", study, "--mutations", maf), "study", "--mutations")
    fails(pamrx("predict", study, "--example"), "study", "--example")
    fails(pamrx("predict", maf), "data_mutations.txt", "study folder", "--mutations")
    fails(pamrx("predict", "--panel", panel), "--panel", "--mutations")
    narrow = pamrx("predict", "--mutations", maf, "--panel", panel, "-o", tmp_path / "panel.csv")
    assert narrow.returncode == 0, narrow.stderr
    evidence = [pd.read_csv(tmp_path / f"{name}.csv")["evidence"].mean() for name in ("panel", "files")]
    assert evidence[0] < evidence[1]


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (["predict"], "no input"),
        (["predict", "--measured", "--mutations", "x"], "--example"),
        (["predict", "--example", "--mutations", "x"], "--example"),
        (["predict", "--example", "-o", "out.xls"], ".xls"),
        (["predict", "--example", "-o", "nowhere/out.csv"], "nowhere"),
        (["drugs", "pictilsib"], "Pictilisib"),
        (["features", "--block", "mutations"], "mutation"),
        (["data", "fetch", "gdcs"], "gdsc"),
        (["evaluate", "-o", "out.txt"], ".txt"),
        (["evaluate", "--protocol", "leave-tisue-out"], "leave-tissue-out"),
        (["evaluate", "--protocol", "nci60"], "--data-dir"),
        (["evaluate", "--ablate", "remove"], "removed"),
        (["evaluate", "--biology", "--repeats", "2"], "--repeats 2"),
    ],
)
def test_wrong_words_end_in_one_line(tmp_path: Path, arguments: Any, part: Any) -> None:
    fails(pamrx(*arguments, cwd=tmp_path), part)
    assert not list(tmp_path.iterdir())


def test_without_training_data_the_way_to_them_is_named(tmp_path: Path) -> None:
    fails(pamrx("evaluate", "--cache", tmp_path), "pamrx data fetch gdsc")
    fails(pamrx("train", "--cache", tmp_path, cwd=tmp_path), "pamrx data fetch gdsc")


def test_an_output_that_cannot_be_replaced_keeps_what_is_there(tmp_path: Path) -> None:
    target = tmp_path / "folder.csv"
    target.mkdir()
    fails(pamrx("predict", "--example", "-o", target), "folder")
    assert target.is_dir()


def test_listings(tmp_path: Path) -> None:
    drugs = pamrx("drugs")
    assert drugs.returncode == 0
    assert "Alpelisib" in drugs.stdout
    assert "PI3K alpha" in drugs.stdout
    one = pamrx("drugs", "everolimus")
    assert one.returncode == 0
    assert "Temsirolimus" in one.stdout
    assert "none" in one.stdout
    words = pamrx("vocab")
    assert words.returncode == 0
    assert "lung_NSCLC" in words.stdout
    assert "MSI-H" in words.stdout
    out = tmp_path / "features.json"
    listing = pamrx("features", "-o", out)
    assert listing.returncode == 0
    rows = {row["feature"]: row for row in json.loads(out.read_text())}
    assert rows["mutation.PIK3CA"]["learned"]
    assert not rows["mutation.AKT1"]["learned"]
