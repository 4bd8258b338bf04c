"""Predictions beside a user's own measurements: numbers, intervals, and when there are too few to tell."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pamrx.bundle.file_prediction import STUDY
from pamrx.errors import InputError, UsageError
from pamrx_training.cli.own_command import OwnOptions, evaluate_own
from pamrx_training.datasets.own_responses import OwnResponses
from pamrx_training.evaluation.own_measurements import FEW, judge_own, profile_files
from pamrx_training.evaluation.own_tables import print_own
from scipy.stats import pearsonr

pytestmark = pytest.mark.medium

DRUGS = ["Alpelisib", "Capivasertib", "Pictilisib", "MK-2206", "A-443654"]


def made(n: int = 40, noise: float = 1.0, seed: int = 0) -> tuple[OwnResponses, pd.DataFrame]:
    random = np.random.default_rng(seed)
    samples = [f"T{place:02}" for place in range(n)]
    predicted = pd.DataFrame(random.normal(size=(n, len(DRUGS))), samples, DRUGS)
    measured = predicted + random.normal(0, noise, predicted.shape)
    rows = predicted.rename_axis("sample_id").reset_index().melt("sample_id", var_name="drug", value_name="ln_ic50")
    rows["ln_ic50_lower"], rows["ln_ic50_upper"] = rows["ln_ic50"] - 1.645 * noise, rows["ln_ic50"] + 1.645 * noise
    rows["sensitivity_percentile"] = 100 - 100 * rows.groupby("drug")["ln_ic50"].rank(pct=True)
    rows["specific_percentile"] = np.nan
    return OwnResponses(measured, True, ()), rows


def value(table: pd.DataFrame, **where: str) -> pd.Series:
    for name, wanted in {"against": "", **where}.items():
        table = table[table[name] == wanted]
    assert len(table) == 1
    return table.iloc[0]


def test_each_number_is_that_of_the_shared_samples() -> None:
    responses, rows = made(200)
    table = judge_own(responses, rows, draws=200).table
    wide = rows.pivot(index="sample_id", columns="drug", values="ln_ic50").loc[responses.values.index]
    found = value(table, level="drug", name="Alpelisib", measure="pearson")
    expected = pearsonr(responses.values["Alpelisib"], wide["Alpelisib"])
    assert found["value"] == pytest.approx(expected.statistic)
    interval = expected.confidence_interval()
    assert (found["low"], found["high"]) == pytest.approx((interval.low, interval.high), abs=0.04)
    assert value(table, level="all", name="ln IC50", measure="coverage")["value"] == pytest.approx(0.9, abs=0.04)
    bias = value(table, level="all", name="ln IC50", measure="bias")
    assert bias["value"] == pytest.approx((responses.values - wide[list(responses.values)]).to_numpy().mean())
    assert bias["low"] < bias["value"] < bias["high"]
    assert value(table, level="drug", name="Pictilisib", measure="auc")["low"] > 0.6
    order = table[(table["name"] == "percentile, clinical") & (table["against"] == "no order")]
    assert (order["low"] > 0).all()
    assert set(order["measure"]) == {"first_pick", "top_three", "rho"}


def test_a_score_that_is_no_ln_ic50_is_judged_by_its_order_alone() -> None:
    responses, rows = made()
    table = judge_own(OwnResponses(responses.values * 3, False, ()), rows, draws=20).table
    assert not set(table["measure"]) & {"coverage", "bias"}
    same = judge_own(responses, rows, draws=20).table
    for measure in ("pearson", "spearman", "auc"):
        where = {"level": "drug", "name": "MK-2206", "measure": measure}
        assert value(table, **where)["value"] == pytest.approx(value(same, **where)["value"])


@pytest.mark.parametrize("n", [1, 4, 9])
def test_few_samples_are_too_few_to_tell_for_every_number(n: Any, capsys: Any) -> None:
    found = judge_own(*made(n), draws=10)
    assert (found.table["note"] == FEW).all()
    assert found.table["value"].isna().all()
    print_own(found)
    assert "too few to tell" in capsys.readouterr().out


def test_between_ten_and_fifteen_the_fifth_is_too_small() -> None:
    table = judge_own(*made(12), draws=10).table
    assert value(table, level="drug", name="Alpelisib", measure="auc")["note"] == FEW
    assert value(table, level="drug", name="Alpelisib", measure="pearson")["note"] == ""


def test_samples_and_drugs_of_one_side_are_said() -> None:
    responses, rows = made()
    values = responses.values.rename(index={"T00": "alone"}).assign(Everolimus=1.0)
    found = judge_own(OwnResponses(values, True, ()), rows, draws=5)
    assert any("39 samples and 5 drugs" in note for note in found.notes)
    assert any("1 samples have a response and no profile, such as alone" in note for note in found.notes)
    assert any("1 drugs were measured and are not predicted: Everolimus" in note for note in found.notes)


def test_advice_names_that_differ_in_spelling_only_are_shown_and_join_when_spelt_alike() -> None:
    responses, rows = made()
    lower = responses.values.rename(index=str.lower)
    with pytest.raises(InputError, match=r"no sample of the responses has a profile: .*differ only in case"):
        judge_own(OwnResponses(lower, True, ()), rows)
    assert len(judge_own(OwnResponses(lower.rename(index=str.upper), True, ()), rows, draws=5).table)


def test_a_bundle_that_predicts_none_of_the_drugs_is_told() -> None:
    responses, rows = made()
    with pytest.raises(InputError, match="none of the drugs measured is predicted by this bundle: Everolimus"):
        judge_own(OwnResponses(responses.values[["Alpelisib"]].set_axis(["Everolimus"], axis=1), True, ()), rows)


def test_chances_are_judged_where_the_result_has_them() -> None:
    responses, rows = made(300)
    rows["chance"] = rows["viability_chance"] = 1 / (1 + np.exp(1.6 + 1.2 * rows["ln_ic50"]))
    table = judge_own(responses, rows, draws=50).table
    slope = value(table, level="all", name="chance", measure="calibration_slope")
    assert slope["low"] < slope["value"] < slope["high"]
    assert (table["name"] == "mean chance, all").any()


def test_the_tables_fit_80_columns(capsys: Any) -> None:
    print_own(judge_own(*made(), draws=20))
    text = capsys.readouterr().out
    assert max(map(len, text.splitlines())) <= 80
    assert "…" not in text
    for word in ("MK-2206", "percentile, clinical", "90 % interval", "by chance"):
        assert word in text


def test_profiles_are_found_by_the_names_of_their_files(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="not a folder"):
        profile_files(tmp_path / "none")
    with pytest.raises(InputError, match=r"no profiles; found nothing; expected .* files called mutations"):
        profile_files(tmp_path)
    for name in ("mutations.maf", "Expression.csv.gz", "measured.csv"):
        (tmp_path / name).touch()
    assert {kind: path.name for kind, path in profile_files(tmp_path).items()} == {
        "mutations": "mutations.maf",
        "expression": "Expression.csv.gz",
    }
    (tmp_path / "mutations.vcf").touch()
    with pytest.raises(InputError, match=r"mutations.maf and mutations.vcf are two files of one kind"):
        profile_files(tmp_path)
    (tmp_path / "meta_study.txt").touch()
    assert profile_files(tmp_path) == {STUDY: tmp_path}


def test_options_that_do_not_go_together_are_told() -> None:
    with pytest.raises(UsageError, match="--responses FILE and --profiles FOLDER go together"):
        evaluate_own(OwnOptions(bundle=Path("b")), {})
    both = OwnOptions(Path("r.csv"), Path("p"))
    with pytest.raises(UsageError, match="--ranking asks for a cross-validation"):
        evaluate_own(both, {"--folds": False, "--ranking": True})
    assert both.asked_for
    assert not OwnOptions(output=Path("o.csv")).asked_for


def test_the_shipped_examples_are_judged_by_the_released_bundle(tmp_path: Path, capsys: Any) -> None:
    from pamrx.examples import example_files

    folder = Path(example_files()["expression"]).parent
    output = tmp_path / "own.csv"
    evaluate_own(OwnOptions(folder / "measured.csv", folder, output=output), {})
    table = pd.read_csv(output)
    assert table.loc[table["measure"] == "coverage", "value"].between(0.8, 1).all()
    assert (table.loc[table["measure"] == "auc", "note"] == FEW).all()
    assert "12 samples and 52 drugs" in capsys.readouterr().out
