"""Files of wells and the command: long tables, plate grids with a map, GDSC's raw layout, and what is refused."""

from __future__ import annotations

import string
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pamrx.errors import InputError, PamrxError, UsageError
from pamrx_training.screens.curves import fit_screen
from pamrx_training.screens.normalise import normalise
from pamrx_training.screens.plates import grid_values, is_grid, read_screen, well_name

from tests.commands import pamrx
from tests.pamrx_training.screens.plate_data import DOSES, long_screen, viability, written

pytestmark = pytest.mark.medium

STRONG = {"Alpelisib": {"ic50": 0.3}}


@pytest.mark.parametrize("ending", [".csv", ".tsv", ".xlsx"])
def test_a_long_table_gives_the_curve_that_made_it(tmp_path: Path, ending: str) -> None:
    path = written(long_screen(STRONG, noise=0.02, day0=0.25), tmp_path / f"screen{ending}")
    row = fit_screen(normalise(read_screen([path]))).table().iloc[0]
    assert row["ln_ic50"] == pytest.approx(np.log(0.3), abs=0.15)
    assert (row["n_doses"], row["n_wells"], row["extrapolated"], row["flags"]) == (8, 24, "no", "")
    assert row["doublings"] == pytest.approx(2.0, abs=0.3)
    assert row["gr_aoc"] > 0.4
    assert row["z_prime"] > 0.7


def test_flat_partial_and_weak_curves_say_what_they_are(tmp_path: Path) -> None:
    drugs = {"flat": {"ic50": 1e7}, "partial": {"ic50": 0.1, "lower": 0.6}, "strong": {"ic50": 1e-4}}
    table = fit_screen(normalise(read_screen([written(long_screen(drugs), tmp_path / "s.csv")]))).table()
    rows = table.set_index("drug")
    assert rows["extrapolated"].to_dict() == {"flat": "above", "partial": "above", "strong": "below"}
    assert "flat" in rows.loc["flat", "flags"]
    assert "no upper plateau" in rows.loc["strong", "flags"]
    assert rows.loc["flat", "ln_ic50"] > rows.loc["partial", "ln_ic50"] > np.log(10) - 1e-9
    assert rows.loc["strong", "ln_ic50"] <= np.log(DOSES[0])
    assert rows["auc"].between(0, 1).all()
    assert rows["ln_ic50_se"].isna().all()


def grid_screen(folder: Path) -> list[Path]:
    """A 96-well plate as a grid, its map, and the table of plates."""
    letters = string.ascii_uppercase[:8]
    plan, grid = [], np.full((8, 12), np.nan)
    for row, letter in enumerate(letters):
        plan.append({"well": f"{letter}01", "drug": "", "dose_um": "", "role": "control"})
        grid[row, 0] = 1000 + 10 * row
        plan.append({"well": f"{letter}12", "drug": "", "dose_um": "", "role": "blank"})
        grid[row, 11] = 10.0
        for column, dose in enumerate(DOSES, start=1):
            plan.append({"well": f"{letter}{column + 1}", "drug": "AKTi", "dose_um": dose, "role": ""})
            grid[row, column] = 10 + 1000 * viability(np.array([dose]), 0.4)[0]
    frame = pd.DataFrame(grid, index=list(letters), columns=[str(n) for n in range(1, 13)])
    frame.to_csv(folder / "plate7.csv")
    pd.DataFrame(plan).to_csv(folder / "map.csv", index=False)
    pd.DataFrame({"plate": ["plate7"], "sample_id": ["organoid 3"]}).to_csv(folder / "plates.csv", index=False)
    return [folder / name for name in ("plate7.csv", "map.csv", "plates.csv")]


def test_a_plate_grid_with_a_map_and_a_table_of_plates(tmp_path: Path) -> None:
    plate, layout, plates = grid_screen(tmp_path)
    wells = read_screen([plate], layout, plates)
    row = fit_screen(normalise(wells)).table().iloc[0]
    assert (row["sample_id"], row["drug"], row["n_wells"]) == ("organoid 3", "AKTi", 64)
    assert row["ln_ic50"] == pytest.approx(np.log(0.4), abs=0.15)
    assert row["control_drift"] == pytest.approx(70 / 1025, abs=0.01)
    assert any("16 wells that the map does not name" in note for note in wells.notes)


def test_advice_on_plate_grids_works_when_it_is_followed(tmp_path: Path) -> None:
    plate, layout, _ = grid_screen(tmp_path)
    with pytest.raises(UsageError, match="is a plate grid; add --map TABLE"):
        read_screen([plate])
    with pytest.raises(UsageError, match="names no sample; add a column sample_id, or --plates"):
        read_screen([plate], layout)
    plan = pd.read_csv(layout, dtype=str, keep_default_na=False).assign(sample_id="X", plate="plate7")
    plan.to_csv(layout, index=False)
    assert set(read_screen([plate], layout).table["sample_id"]) == {"X"}
    plan.assign(plate="plate8").to_csv(layout, index=False)
    with pytest.raises(InputError, match="does not name the plate plate7"):
        read_screen([plate], layout)
    plan.assign(well="Z99").to_csv(layout, index=False)
    with pytest.raises(InputError, match="row 2, column well: found 'Z99', expected a well such as B7"):
        read_screen([plate], layout)


def test_a_384_well_grid_is_known_and_other_sizes_are_refused() -> None:
    cells = pd.DataFrame([["1"] * 24] * 16, columns=[str(n) for n in range(1, 25)])
    cells.insert(0, "", list(string.ascii_uppercase[:16]))
    assert is_grid(cells)
    assert len(grid_values("p.csv", cells)) == 384
    with pytest.raises(InputError, match="a plate of 15 rows and 24 columns; expected 8 x 12"):
        grid_values("p.csv", cells.head(15))
    assert [well_name(text) for text in ("A01", "p24", "Q1", "A0")] == ["A1", "P24", None, None]


def test_a_grid_without_labels_is_told_what_to_write(tmp_path: Path) -> None:
    plate, layout, plates = grid_screen(tmp_path)
    frame = pd.read_csv(plate, index_col=0).fillna(0.0)
    frame.to_csv(plate, header=False, index=False)
    with pytest.raises(
        InputError, match="8 x 12 values without labels; put 1 to 12 above the columns and A to H before"
    ):
        read_screen([plate], layout, plates)
    frame.to_csv(plate)
    assert len(read_screen([plate], layout, plates).table) == 80


def test_decimal_commas_of_a_spreadsheet(tmp_path: Path) -> None:
    frame = pd.DataFrame({"sample": "S", "drug": "D", "dose_um": DOSES, "viability": viability(DOSES, 0.3)})
    frame.to_csv(tmp_path / "s.csv", sep=";", decimal=",", index=False)
    wells = read_screen([tmp_path / "s.csv"])
    assert wells.table["dose_um"].tolist() == pytest.approx(list(DOSES))
    assert any("numbers with decimal commas read" in note for note in wells.notes)


def test_gdsc_raw_layout(tmp_path: Path) -> None:
    """Tags as GDSC's description has them: back-fill and anchors are left out, NC-1 is the control if there is one."""
    rows = [("NC-1", "", "", 1000.0), ("NC-0", "", "", 4000.0), ("B", "", "", 0.0), ("A1-S", "9", "1.0", 500.0)]
    rows += [(f"L1-D{n}-S", "1032", str(dose), 1000 * viability(dose, 0.5)) for n, dose in enumerate(DOSES)]
    rows += [("DMSO", "1032", "", 700.0)]
    frame = pd.DataFrame(rows, columns=["TAG", "DRUG_ID", "CONC", "INTENSITY"])
    frame = frame.assign(BARCODE="77", CELL_LINE_NAME="MC-CAR", POSITION=range(len(frame)))
    wells = read_screen([written(frame, tmp_path / "GDSC2_public_raw_data.csv")])
    assert wells.table["role"].value_counts().to_dict() == {"treated": 8, "control": 1, "blank": 1}
    row = fit_screen(normalise(wells)).table().iloc[0]
    assert (row["drug"], row["sample_id"]) == ("GDSC 1032", "MC-CAR")
    assert row["ln_ic50"] == pytest.approx(np.log(0.5), abs=0.02)
    assert any("3 rows with other tags were left out (A1-S, DMSO, NC-0)" in note for note in wells.notes)


def table_of(**columns: list[object]) -> pd.DataFrame:
    count = len(DOSES)
    start = {"sample_id": ["S"] * count, "drug": ["D"] * count, "dose_um": list(DOSES), "value": [1.0] * count}
    return pd.DataFrame({**start, **columns})


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (table_of().drop(columns="value"), "no column for what was measured"),
        (table_of().drop(columns="drug"), "no column for the drug"),
        (table_of().rename(columns={"dose_um": "dose"}), "the column 'dose' does not say its unit; add --dose-unit uM"),
        (table_of(signal=[1.0] * 8), "the columns 'value' and 'signal' could both be the value; rename or remove one"),
        (table_of(viability=[1.0] * 8), "the columns 'value' and 'viability' could both be what was measured"),
        (table_of(value=["high", *[1.0] * 7]), "row 2, column value: found 'high', expected a number"),
        (table_of(role=["contrl"] * 8), "row 2, column role: found 'contrl', expected one of treated, control"),
        (table_of(role=["treated"] * 8, dose_um=[0, *DOSES[1:]]), "row 2, column dose_um: found 0 for a treated well"),
        (table_of(sample_id=["", *["S"] * 7]), "row 2: a treated well without drug or sample_id"),
        (table_of(viability=[3.0] * 8).drop(columns="value"), "neither fractions nor percent of a control"),
        (table_of(value=[""] * 8), "no well with a value"),
        (table_of(well=["A1"] * 8), "well A1 of plate s stands twice"),
    ],
)
def test_what_is_wrong_with_a_table_is_one_line(tmp_path: Path, frame: pd.DataFrame, message: str) -> None:
    with pytest.raises(PamrxError) as caught:
        read_screen([written(frame, tmp_path / "s.csv")])
    assert message in str(caught.value)


def test_advice_on_tables_works_when_it_is_followed(tmp_path: Path) -> None:
    bare = table_of(viability=list(viability(DOSES, 0.3))).drop(columns="value").rename(columns={"dose_um": "conc"})
    path = written(bare, tmp_path / "s.csv")
    assert read_screen([path], dose_unit="nM").table["dose_um"].iloc[-1] == pytest.approx(0.01)
    with pytest.raises(UsageError, match="expected uM, nM, pM, mM or M"):
        read_screen([path], dose_unit="mg")
    named = written(bare.rename(columns={"conc": "Dose (\N{GREEK SMALL LETTER MU}M)"}), tmp_path / "named.csv")
    assert read_screen([named]).table["dose_um"].max() == 10
    with pytest.raises(UsageError, match="disagree; leave out --dose-unit"):
        read_screen([named], dose_unit="nM")
    percent = written(bare.assign(viability=bare["viability"] * 100), tmp_path / "percent.csv")
    wells = read_screen([percent], dose_unit="uM")
    assert wells.normalised
    assert wells.table["value"].max() < 1.01
    row = fit_screen(normalise(wells)).table().iloc[0]
    assert row["ln_ic50"] == pytest.approx(np.log(0.3), abs=0.01)
    assert "single wells" in row["flags"]


def test_a_curve_of_three_doses_is_left_out_by_name_and_alone_refused(tmp_path: Path) -> None:
    frame = table_of(viability=list(viability(DOSES, 0.3))).drop(columns="value")
    few = frame.head(3).assign(drug="E")
    both = read_screen([written(pd.concat([frame, few]), tmp_path / "s.csv")])
    assert fit_screen(normalise(both)).left_out == ["S, E: 3 doses in 3 wells"]
    with pytest.raises(InputError, match="no curve can be fitted: a curve needs 4 doses and 5 wells"):
        fit_screen(normalise(read_screen([written(few, tmp_path / "few.csv")])))


def test_the_command_writes_a_table_and_a_figure_of_each_curve(tmp_path: Path) -> None:
    written(long_screen({"A/B": {"ic50": 0.3}, "a b": {"ic50": 1e7}}), tmp_path / "s.csv")
    run = pamrx("screen", "fit", "s.csv", "-o", "c.csv", "--figures", "figures", cwd=tmp_path)
    assert run.returncode == 0, run.stderr
    assert "2 curves written to c.csv" in run.stdout
    assert "flagged 'flat': 1 of 2 curves" in run.stdout
    assert "no GR metrics" in run.stdout
    names = sorted(path.name for path in (tmp_path / "figures").iterdir())
    assert names == ["HCC1954_A-B.svg", "HCC1954_a-b_2.svg"]
    drawn = (tmp_path / "figures" / names[0]).read_text()
    assert "HCC1954, A/B" in drawn
    assert "mathdefault" not in drawn
    table = pd.read_csv(tmp_path / "c.csv")
    assert table["ln_ic50"].notna().all()


def test_the_command_refuses_before_it_reads(tmp_path: Path) -> None:
    written(long_screen(STRONG), tmp_path / "s.csv")
    assert pamrx("screen", "fit", "s.csv", "-o", "s.csv", cwd=tmp_path).returncode == 2
    wrong = pamrx("screen", "fit", "s.csv", "-o", "c.csv", "--figure-format", "gif", cwd=tmp_path)
    assert (wrong.returncode, wrong.stderr.count("\n")) == (2, 1)
    with_map = pamrx("screen", "fit", "s.csv", "-o", "c.csv", "--map", "s.csv", cwd=tmp_path)
    assert "is no plate grid; --map and --plates go with plate grids, leave them out" in with_map.stderr
