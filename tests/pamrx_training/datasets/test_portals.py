"""Importing the portals' releases: ids, traps, what is refused, and the report."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pamrx.errors import InputError, PamrxError, StoreError, UsageError
from pamrx_training.datasets import fingerprint, import_portals, load_imported
from pamrx_training.datasets.cache import Ledger, data_status
from pamrx_training.datasets.portals import depmap
from pamrx_training.datasets.portals.crosswalk import find_model, read_crosswalk
from pamrx_training.datasets.portals.files import Kind, find
from pamrx_training.fitting.cohort import build_cohort
from pamrx_training.fitting.loading import load_cohort

from tests.commands import pamrx
from tests.pamrx_training.datasets import portal_files as made

pytestmark = pytest.mark.medium

COMPLETE = ["A549", "HCC1954", "MCF7", "SW480", "TT-1299064", "TT-930299"]


@pytest.fixture
def sanger(tmp_path: Path) -> Path:
    """A folder with GDSC2 and Cell Model Passports."""
    folder = tmp_path / "sanger"
    folder.mkdir()
    made.models(folder)
    made.responses(folder)
    made.passports_expression(folder)
    made.passports_genome(folder)
    return folder


def standardised(values: pd.DataFrame) -> pd.DataFrame:
    return values.sub(values.mean(axis=1), axis=0).div(values.std(axis=1, ddof=0), axis=0)


def test_gdsc_and_passports_give_the_tables_that_training_takes(sanger: Path, tmp_path: Path) -> None:
    record = import_portals([sanger], "mine", tmp_path / "cache")
    data = load_imported("mine", tmp_path / "cache")
    assert data.complete_lines() == COMPLETE
    assert data.expression.shape == (7, len(made.GENES) + len(made.OTHERS))
    assert set(made.OTHERS) < set(data.expression.columns)  # the universe of genes is the portal's
    expected = standardised(np.log2(made.levels() + 1))
    assert data.expression.loc["MCF7", "PIK3CA"] == pytest.approx(expected.loc["MCF-7", "PIK3CA"], abs=1e-5)
    altered = data.alterations
    assert {name: sorted(altered.index[altered[name] == 1]) for name in altered} == {
        "KRAS_mut": ["A549", "SW480"],
        "PIK3CA_mut": ["HCC1954", "MCF7"],
        "PTEN_mut": ["TT-1299064"],
        "TP53_mut": ["TT-930299"],
        "ERBB2_gain": ["HCC1954"],
        "PTEN_loss": ["TT-1299064"],
    }
    lines = data.cell_lines
    assert lines.loc["MCF7", ["tissue", "sidm", "ach", "msi"]].tolist() == ["breast", "SIDM00148", "ACH-000019", "MSS"]
    assert lines.loc["MCF7", "cosmic_id"] == 905946
    assert lines.loc["SW480", "donor"] == lines.loc["SW620", "donor"]
    assert {entry["what"] for entry in record["dropped"] if "no copy number" in entry["why"]} == {
        "cell lines with mutations"
    }
    cohort = build_cohort(data)
    assert cohort.lines == COMPLETE
    assert cohort.outside is not None
    assert set(cohort.outside["assay"]) == {"GDSC2:Erlotinib"}


def test_without_copy_number_gains_and_losses_are_unknown_and_not_absent(sanger: Path, tmp_path: Path) -> None:
    (sanger / "WES_pureCN_CNV_genes_20250207.csv").unlink()
    record = import_portals([sanger], "mine", tmp_path / "cache")
    assert any("gains and losses are not learned from" in note["what"] for note in record["notes"])
    cohort = build_cohort(load_imported("mine", tmp_path / "cache"))
    assert "SW620" not in cohort.lines  # it has no response
    assert cohort.profiles.segments is None
    assert cohort.profiles.copy_number is None


def test_responses_know_lines_by_id_and_keep_ranges_apart(sanger: Path, tmp_path: Path) -> None:
    import_portals([sanger], "mine", tmp_path / "cache")
    responses = load_imported("mine", tmp_path / "cache").responses
    both = responses[responses["assay"] == "GDSC2:Pictilisib"]
    assert both.groupby("cell_line").size().unique().tolist() == [2]
    assert sorted(both["range"].unique()) == [0, 1]
    assert set(responses["cell_line"]) == {*COMPLETE, "STRANGER"}
    assert responses.groupby("drug")["in_axis"].first().to_dict() == {
        "Alpelisib": True, "Erlotinib": False, "Pictilisib": True,
    }  # fmt: skip
    unmatched = pd.read_parquet(tmp_path / "cache" / "mine" / "unmatched.parquet")
    assert unmatched.values.tolist() == [
        ["mutations_all_20230202.csv", "SIDM77777", "no cell line of the crosswalk has this id"]
    ]


def test_of_a_model_that_both_institutes_sequenced_the_sangers_column_is_taken(sanger: Path, tmp_path: Path) -> None:
    record = import_portals([sanger], "mine", tmp_path / "cache")
    row = load_imported("mine", tmp_path / "cache").expression.loc["HCC1954"]
    expected = standardised(np.log2(made.levels() + 1)).loc["HCC1954"]
    assert row["KRAS"] == pytest.approx(expected["KRAS"], abs=1e-5)
    assert any("1 columns left out: the line was measured again" in note for note in record["read"])
    assert any("1 calls left out: the model has calls of the Sanger" in note for note in record["read"])


def test_the_merged_layout_with_three_columns_of_labels(sanger: Path, tmp_path: Path) -> None:
    old = sanger / "rnaseq_tpm_20220624.csv"
    rows = [line.split(",") for line in old.read_text().splitlines() if not line.startswith("dataset_name")]
    merged = [
        [row[1] or row[0], f"ENSG{place:011}" if place > 3 else "", *row[:1], *row[2:]]
        for place, row in enumerate(rows)
    ]
    for row, label in zip(merged[:4], ("model_id", "model_name", "data_source", "gene_symbol"), strict=True):
        row[:3] = [
            label,
            "" if label != "gene_symbol" else "ensembl_gene_id",
            "" if label != "gene_symbol" else "gene_id",
        ]
    (sanger / "rnaseq_merged_rsem_tpm_20250922.csv").write_text("\n".join(map(",".join, merged)) + "\n")
    old.unlink()
    import_portals([sanger], "mine", tmp_path / "cache")
    row = load_imported("mine", tmp_path / "cache").expression.loc["MCF7"]
    assert row["KRAS"] == pytest.approx(standardised(np.log2(made.levels() + 1)).loc["MCF-7", "KRAS"], abs=1e-5)


@pytest.mark.parametrize("copy_number", ["PortalOmicsCNGeneLog2", "OmicsCNGene"])
def test_depmap_takes_default_entries_and_log2_of_ratios(tmp_path: Path, copy_number: str) -> None:
    made.models(tmp_path)
    made.responses(tmp_path, "xlsx")
    made.depmap_release(tmp_path, copy_number)
    unit = None if copy_number.startswith("Portal") else "log2-ratio-plus-1"
    if unit is not None:
        with pytest.raises(PamrxError, match="--copy-number-unit"):  # what follows is its advice
            import_portals([tmp_path], "broad", tmp_path / "cache")
    import_portals([tmp_path], "broad", tmp_path / "cache", copy_number_unit=unit)
    data = load_imported("broad", tmp_path / "cache")
    expected = standardised(np.log2(made.levels() + 1))
    assert data.expression.loc["MCF7", "KRAS"] == pytest.approx(expected.loc["MCF-7", "KRAS"], abs=1e-5)
    assert data.alterations.loc["HCC1954", ["PTEN_mut", "ERBB2_gain"]].tolist() == [1, 1]
    assert data.alterations["PTEN_loss"].sum() == 1
    assert "TT-930299" not in data.alterations.index  # its only row was no default entry
    assert data.gene_copy_number.loc["TT-1299064", "PTEN"] == -1


def test_depmap_matrices_of_mutations_stand_in_for_the_table(tmp_path: Path) -> None:
    made.models(tmp_path)
    made.responses(tmp_path)
    made.depmap_release(tmp_path)
    (tmp_path / "OmicsSomaticMutations.csv").unlink()
    index = pd.Index([line[2] for line in made.LINES])
    hotspot = pd.DataFrame({"PIK3CA (5290)": [1, 2, 0, 0, 0, 0, 0]}, index=index)
    damaging = pd.DataFrame({"PTEN (5728)": [0, 0, 0, 1, 0, 0, 0], "PIK3CA (5290)": 1}, index=index)
    hotspot.to_csv(tmp_path / "OmicsSomaticMutationsMatrixHotspot.csv")
    damaging.to_csv(tmp_path / "OmicsSomaticMutationsMatrixDamaging.csv")
    import_portals([tmp_path], "broad", tmp_path / "cache")
    altered = load_imported("broad", tmp_path / "cache").alterations
    assert sorted(altered.index[altered["PIK3CA_mut"] == 1]) == ["HCC1954", "MCF7"]
    assert altered.index[altered["PTEN_mut"] == 1].tolist() == ["TT-1299064"]


def test_rma_expression_names_lines_by_cosmic_id_and_drops_repeats(sanger: Path, tmp_path: Path) -> None:
    made.gdsc_expression(sanger)
    with pytest.raises(
        UsageError, match="holds the expression of passports and gdsc, which are not joined; choose one"
    ):
        import_portals([sanger], "mine", tmp_path / "cache")
    import_portals([sanger], "mine", tmp_path / "cache", expression="gdsc")
    expression = load_imported("mine", tmp_path / "cache").expression
    assert sorted(expression.index) == ["A549", "HCC1954", "MCF7", "SW620", "TT-1299064", "TT-930299"]
    expected = standardised(np.log2(made.levels() + 4))
    assert expression.loc["MCF7", "KRAS"] == pytest.approx(expected.loc["MCF-7", "KRAS"], abs=1e-4)


def test_other_screens_growth_and_protein_are_kept_beside_and_never_pooled(sanger: Path, tmp_path: Path) -> None:
    made.screens(sanger)
    import_portals([sanger], "mine", tmp_path / "cache")
    read = {path.stem: pd.read_parquet(path) for path in (tmp_path / "cache" / "mine").glob("*.parquet")}
    assert read["other_responses"].values.tolist() == [
        ["MCF7", "alpelisib", "PRISM AUC", 0.6],
        ["MCF7", "BYL-719", "CTRP area under the curve", 12.5],
    ]
    assert read["growth"].values.tolist() == [["MCF7", 4.0]]
    assert read["rppa"].values.tolist() == [["MCF7", 1.5]]
    assert {"TT", "NOONE_LUNG", "ACH-999999"} <= set(read["unmatched"]["id"])
    assert not set(read["responses"]["screen"]) - {"GDSC2"}


def test_the_crosswalk_joins_both_tables_by_ids_and_lists_what_two_lines_claim(tmp_path: Path) -> None:
    made.models(tmp_path)
    table = pd.read_csv(tmp_path / "Model.csv", dtype=str)
    table.loc[len(table)] = ["ACH-7", "PT-9", "Other line", "LUAD", "", "905949"]
    table.to_csv(tmp_path / "Model.csv", index=False)
    ledger = Ledger()
    crosswalk, files = read_crosswalk([tmp_path], ledger)
    assert sorted(path.name for path in files) == ["Model.csv", "model_list_20240110.csv"]
    assert crosswalk.key("ACH-000859") == crosswalk.key("SIDM00872") == crosswalk.key("749709") == "HCC1954"
    assert crosswalk.key("SIDM01184") == "TT-1299064"
    assert crosswalk.key("CVCL_0001") is None  # in this release a Cellosaurus id that all models share
    assert crosswalk.key("SIDM55555") is None
    assert crosswalk.key("ACH-7") == "A549"  # joined by the COSMIC id that it shares
    assert any("two cell lines claim them" in line for line in ledger.lines())


def test_files_are_found_by_the_portals_names_and_doubles_refused(tmp_path: Path) -> None:
    made.models(tmp_path)
    found = find_model([tmp_path])
    assert found is not None
    assert found.name == "Model.csv"
    (tmp_path / "ModelNotes.csv").write_text("x\n")
    assert find_model([tmp_path]) == found
    for name in (
        "OmicsSomaticMutationsMatrixHotspot.csv",
        "OmicsCNGeneMC_WES.csv",
        "OmicsExpressionTPMLogp1HumanAllGenesStranded.csv",
    ):
        (tmp_path / name).write_text("x\n")
    assert find([tmp_path], depmap.MUTATIONS) is None
    assert find([tmp_path], depmap.RATIO) is None
    assert find([tmp_path], depmap.EXPRESSION) is None
    kind = Kind("a list", "model_list")
    (tmp_path / "model_list_20250101.csv").write_text("x\n")
    with pytest.raises(InputError, match="are both a list; leave the release that is meant in the folder"):
        find([tmp_path], kind)
    (tmp_path / "rnaseq_all.zip").write_bytes(b"PK")
    with pytest.raises(InputError, match="an archive is not read; unpack it in its folder, for expression"):
        find([tmp_path], Kind("expression", "rnaseq_all"))
    (tmp_path / "below").mkdir()
    (tmp_path / "below" / "growth_rate_1.csv").write_text("x\n")
    assert find([tmp_path], Kind("growth", "growth_rate")) is not None


@pytest.mark.parametrize(
    ("file", "message"),
    [
        ("GDSC2_fitted_dose_response_27Oct23.csv", "nothing to train on; put one into the folder"),
        (
            "rnaseq_tpm_20220624.csv",
            "holds no expression; put rnaseq_tpm_*.csv or OmicsExpression*.csv into the folder",
        ),
        ("mutations_all_20230202.csv", "holds no mutations; put mutations_all_*.csv or OmicsSomaticMutations.csv"),
    ],
)
def test_what_is_missing_is_named_and_putting_it_there_helps(
    sanger: Path, tmp_path: Path, file: str, message: str
) -> None:
    away = (sanger / file).rename(tmp_path / file)
    with pytest.raises(InputError) as caught:
        import_portals([sanger], "mine", tmp_path / "cache")
    assert message in str(caught.value)
    away.rename(sanger / file)
    import_portals([sanger], "mine", tmp_path / "cache")


def test_ids_without_a_table_of_models_are_refused_by_name(sanger: Path, tmp_path: Path) -> None:
    for name in ("model_list_20240110.csv", "Model.csv"):
        (sanger / name).unlink()
    with pytest.raises(
        InputError, match=r"names cell lines by SIDM ids; put model_list_\*.csv of Cell Model Passports"
    ):
        import_portals([sanger], "mine", tmp_path / "cache")


def test_columns_that_another_release_renamed(sanger: Path, tmp_path: Path) -> None:
    path = sanger / "GDSC2_fitted_dose_response_27Oct23.csv"
    frame = pd.read_csv(path, dtype=str)
    frame.rename(columns={"DRUG_NAME": "DRUG NAME", "CELL_LINE_NAME": "CELL LINE NAME"}).to_csv(path, index=False)
    import_portals([sanger], "mine", tmp_path / "cache")
    frame.drop(columns="LN_IC50").to_csv(path, index=False)
    with pytest.raises(InputError, match="no column LN_IC50; found DATASET"):
        import_portals([sanger], "mine", tmp_path / "cache")
    frame.assign(LN_IC50="low").to_csv(path, index=False)
    with pytest.raises(InputError, match="row 2, LN_IC50: found 'low', expected a number"):
        import_portals([sanger], "mine", tmp_path / "cache")


def test_an_import_has_a_fingerprint_and_a_place_in_the_cache(sanger: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    import_portals([sanger], "mine", cache)
    cohort, print_ = load_cohort(cache, data="mine")
    assert cohort.lines == COMPLETE
    assert print_ == fingerprint(cache, ["mine"])
    status = data_status(cache)
    assert set(status.loc[status["check"] == "ok", "source"]) == {"mine"}
    import_portals([sanger], "again", cache)
    assert {table["sha256"] for table in pamrx_record(cache, "mine").values()} == {
        table["sha256"] for table in pamrx_record(cache, "again").values()
    }
    with pytest.raises(StoreError, match="run `pamrx data import FOLDER --name other`"):
        load_imported("other", cache)
    with pytest.raises(UsageError, match="expected lower-case letters, digits and hyphens"):
        import_portals([sanger], "gdsc", cache)


def pamrx_record(cache: Path, name: str) -> dict[str, dict[str, str]]:
    from pamrx_training.datasets.cache import read_record

    record = read_record(cache, name)
    assert record is not None
    tables: dict[str, dict[str, str]] = record["tables"]
    return tables


def test_the_command_tells_what_it_kept_and_dropped(sanger: Path, tmp_path: Path) -> None:
    run = pamrx("data", "import", sanger, "--name", "mine", "--cache", tmp_path / "cache")
    assert run.returncode == 0, run.stderr
    assert "mine: kept 6 cell lines with expression, alterations and a response" in run.stdout
    assert "SIDM77777" in run.stdout
    wrong = pamrx("data", "import", tmp_path / "none", "--cache", tmp_path / "cache")
    assert (wrong.returncode, wrong.stderr.count("\n")) == (2, 1)
    with pytest.raises(PamrxError, match="no such folder"):
        import_portals([tmp_path / "none"], "mine", tmp_path / "cache")


def test_older_layouts_of_depmap_and_passports(tmp_path: Path) -> None:
    """DepMap until 24Q4 has a row per model and no ids of sequencings; GISTIC calls of the Passports are integers."""
    made.models(tmp_path)
    made.responses(tmp_path)
    made.passports_genome(tmp_path)
    (tmp_path / "WES_pureCN_CNV_genes_20250207.csv").unlink()
    levels = np.log2(made.levels() + 1)
    labels = [f"{gene} ({place + 1})" for place, gene in enumerate(levels.columns)]
    old = levels.set_axis(labels, axis=1).set_axis([line[2] for line in made.LINES])
    old.to_csv(tmp_path / "OmicsExpressionProteinCodingGenesTPMLogp1.csv")
    calls = pd.DataFrame(0, index=["ERBB2", "PTEN", "KRAS"], columns=[line[1] for line in made.LINES])
    calls.loc["ERBB2", "SIDM00872"], calls.loc["PTEN", "SIDM01184"], calls.loc["KRAS", "SIDM00148"] = 2, -2, 1
    rows = ["model_id,," + ",".join(calls.columns), "model_name,," + ",".join(line[0] for line in made.LINES)]
    rows += ["gene_id,symbol" + "," * len(calls.columns)]
    rows += [f"SIDG{place:05},{gene}," + ",".join(map(str, row)) for place, (gene, row) in enumerate(calls.T.items())]
    (tmp_path / "cnv_gistic_20191101.csv").write_text("\n".join(rows) + "\n")
    import_portals([tmp_path], "mixed", tmp_path / "cache")
    data = load_imported("mixed", tmp_path / "cache")
    expected = standardised(levels)
    assert data.expression.loc["MCF7", "KRAS"] == pytest.approx(expected.loc["MCF-7", "KRAS"], abs=1e-5)
    hits = data.alterations[["ERBB2_gain", "PTEN_loss"]]
    assert hits.index[hits["ERBB2_gain"] == 1].tolist() == ["HCC1954"]
    assert hits.index[hits["PTEN_loss"] == 1].tolist() == ["TT-1299064"]
    assert data.gene_copy_number.loc["MCF7", "KRAS"] == 1


def test_counts_are_read_where_there_is_no_tpm(sanger: Path, tmp_path: Path) -> None:
    path = sanger / "rnaseq_tpm_20220624.csv"
    head, body = path.read_text().splitlines()[:5], path.read_text().splitlines()[5:]
    cells = [line.split(",") for line in body]
    counts = [",".join([*row[:2], *(str(round(float(cell) * 20)) for cell in row[2:])]) for row in cells]
    (sanger / "rnaseq_read_count_20220624.csv").write_text("\n".join([*head, *counts]) + "\n")
    path.unlink()
    record = import_portals([sanger], "mine", tmp_path / "cache")
    assert any("counts" in note for note in record["read"])
    assert load_imported("mine", tmp_path / "cache").expression.shape[0] == 7
