"""The driver rule against what is known of single variants, and on the protein changes of two TCGA cohorts.

`tests/data/driver_truth.csv`: gene, hgvsp, variant_classification, driver (yes: shown to activate an oncogene or to
impair a suppressor; no: shown neutral, benign in the germline, inactive in an oncogene, or of uncertain function),
same_fact (yes where `hotspots.csv` lists this very change: there the test only shows that the table is read rightly)
and source. What the rule says of a variant that nobody listed is measured by leaving out each row of the table in turn.

Variants known with certainty are fewer than ten of a kind for AKT2, AKT3, PIK3CB, RHEB, ERBB3, NRAS and STK11
(drivers), and for most genes on the other side: few neutral variants have been published.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from pamrx.features import drivers
from pamrx.features.drivers import TRUNCATING, driver_calls
from pamrx.knowledge import FIRST, NEWEST, table
from pamrx.profiles import read_profiles

TRUTH = pd.read_csv(Path(__file__).parents[2] / "data" / "driver_truth.csv", dtype=str, keep_default_na=False)
GENES = [
    "PIK3CA", "PIK3R1", "PIK3CB", "AKT1", "AKT2", "AKT3", "MTOR", "PTEN", "TSC1", "TSC2", "RHEB", "KRAS", "NRAS",
    "HRAS", "BRAF", "ERBB2", "ERBB3", "EGFR", "STK11", "TP53",
]  # fmt: skip
FLOOR = 0.95  # sensitivity and specificity per gene
SILENT = ("Silent", "RNA", "Intron", "IGR", "5'Flank", "3'Flank", "5'UTR", "3'UTR")
Rates = tuple[float, float]


def calls(rows: pd.DataFrame) -> pd.Series:
    return driver_calls(rows.assign(driver=pd.array([pd.NA] * len(rows), dtype="boolean")))


def rates(rows: pd.DataFrame, called: pd.Series) -> Rates:
    """Sensitivity and specificity; NaN where a side has no variant."""
    truth = rows["driver"].eq("yes")
    return float(called[truth].mean()), float((~called[~truth]).mean())


def test_the_truth_table_is_well_formed() -> None:
    assert list(TRUTH) == ["gene", "hgvsp", "variant_classification", "driver", "same_fact", "source"]
    assert not TRUTH.duplicated(["gene", "hgvsp"]).any()
    assert list(TRUTH["gene"].unique()) == GENES
    assert set(TRUTH["driver"]) == set(TRUTH["same_fact"]) == {"yes", "no"}
    assert (TRUTH["source"].str.len() > 8).all()
    exact = table("hotspots").query("match == 'exact'")
    listed = set("p." + exact["residue_change"] + " " + exact["gene"])
    assert (TRUTH["hgvsp"] + " " + TRUTH["gene"]).isin(listed).eq(TRUTH["same_fact"] == "yes").all()


def test_each_gene_has_as_many_variants_as_are_known() -> None:
    counts = TRUTH.groupby(["gene", "driver"]).size().unstack(fill_value=0)
    few = {"AKT2", "AKT3", "PIK3CB", "RHEB", "ERBB3", "NRAS", "STK11"}
    assert set(counts.index[counts["yes"] < 10]) == few
    assert set(counts.index[counts["no"] >= 10]) == {"ERBB2", "MTOR"}


@pytest.mark.parametrize("gene", GENES)
def test_sensitivity_and_specificity_of_each_gene(gene: str) -> None:
    rows = TRUTH[TRUTH["gene"] == gene]
    sensitivity, specificity = rates(rows, calls(rows))
    assert sensitivity >= FLOOR
    assert specificity >= FLOOR or not rows["driver"].eq("no").any()


def test_variants_that_no_row_lists() -> None:
    """Known by residue, range or truncation only, from another source than the table's row."""
    rows = TRUTH[TRUTH["same_fact"] == "no"]
    sensitivity, specificity = rates(rows, calls(rows))
    assert (rows["driver"] == "yes").sum() > 100
    assert sensitivity >= FLOOR
    assert specificity >= FLOOR


@pytest.mark.parametrize("version", range(FIRST, NEWEST + 1))
def test_variants_that_nobody_had_listed(monkeypatch: pytest.MonkeyPatch, version: int) -> None:
    """Each exact row left out in turn: what the rule says of a variant that is in no table, and knows only by its
    residue, its domain or its kind. It misses more than half of the activating ones and flags few others, which is
    what it is meant to do: by the training's standard a missense change without evidence is no driver."""
    whole = drivers._hotspots(version)

    def without(gene: str, change: str) -> dict[str, Any]:
        exact, residues, spans = whole[gene]
        return {**whole, gene: ({key: effect for key, effect in exact.items() if key != change}, residues, spans)}

    called = []
    for row in TRUTH.itertuples():
        left = without(str(row.gene), str(row.hgvsp)[2:])
        monkeypatch.setattr(drivers, "_hotspots", lambda _, left=left: left)
        called.append(drivers._by_rule(str(row.gene), str(row.variant_classification), str(row.hgvsp), version))
    sensitivity, specificity = rates(TRUTH, pd.Series(called, index=TRUTH.index))
    assert sensitivity >= (0.5 if version == NEWEST else 0.35)
    assert specificity >= 0.9


def test_passenger_missense_of_pik3ca_stays_unflagged() -> None:
    rows = TRUTH.query("gene == 'PIK3CA' and driver == 'no' and variant_classification == 'Missense_Mutation'")
    assert len(rows) == 5
    assert not calls(rows).any()


def test_truncation_and_splice_of_pten_are_flagged_and_frame_shifts_of_oncogenes_are_not() -> None:
    positions = [f"p.L{position}fs" for position in range(20, 376, 25)]
    changes = [(kind, change) for kind in sorted(TRUNCATING) for change in (*positions, "p.X70_splice", "")]
    columns = ["variant_classification", "hgvsp"]
    assert calls(pd.DataFrame(changes, columns=columns).assign(gene="PTEN")).all()
    roles = table("genes").set_index("gene")["role"]
    for gene in [gene for gene in GENES if roles[gene] == "oncogene"]:
        shifts = pd.DataFrame([("Frame_Shift_Del", change) for change in positions], columns=columns)
        assert not calls(shifts.assign(gene=gene)).any(), gene


def test_hotspots_come_through_three_letter_changes(tmp_path: Path) -> None:
    maf = tmp_path / "three.maf"
    rows = [
        ("PIK3CA", "Missense_Mutation", "ENSP00000263967.3:p.His1047Arg", True),
        ("PIK3CA", "Missense_Mutation", "p.(Glu545Lys)", True),
        ("PIK3CA", "Missense_Mutation", "p.Ile391Met", False),
        ("PTEN", "Nonsense_Mutation", "p.Arg130Ter", True),
        ("PTEN", "Frame_Shift_Del", "p.Lys267ArgfsTer9", True),
        ("EGFR", "In_Frame_Del", "p.Glu746_Ala750del", True),
        ("TP53", "Missense_Mutation", "p.Asn235Ser", False),
    ]
    header = "Hugo_Symbol\tVariant_Classification\tHGVSp\tTumor_Sample_Barcode"
    maf.write_text("\n".join([header, *(f"{gene}\t{kind}\t{change}\tS1" for gene, kind, change, _ in rows)]) + "\n")
    mutations = read_profiles(mutations=maf).mutations
    assert mutations is not None
    assert driver_calls(mutations).tolist() == [driver for *_, driver in rows]


def cohort(path: Path) -> pd.DataFrame:
    """Non-synonymous variants of a MAF with the rule's call, and whether the gene is one of the training table."""
    mutations = read_profiles(mutations=path).mutations
    assert mutations is not None
    assert mutations["driver"].isna().all()
    genes = table("genes").query("in_training_mutations == 'yes'")
    trained = set(genes["gene"]) | set(genes["current_symbol"])
    kept = mutations[~mutations["variant_classification"].isin(SILENT)]
    return kept.assign(called=driver_calls(kept), trained=kept["gene"].isin(trained))


def found(rows: pd.DataFrame, gene: str, change: str) -> list[bool]:
    """The calls of all variants of a gene whose change begins with `change`, one or more."""
    calls_of = rows.loc[(rows["gene"] == gene) & rows["hgvsp"].str.startswith(change), "called"].tolist()
    assert calls_of, (gene, change)
    return calls_of


def test_drivers_of_acute_myeloid_leukaemia(shared_data: Path) -> None:
    rows = cohort(shared_data / "tcga_laml" / "tcga_laml.maf.gz")
    known = {
        "NRAS": ("p.G12", "p.G13", "p.Q61"), "KRAS": ("p.G12", "p.G13"), "KIT": ("p.D816",), "IDH1": ("p.R132",),
        "IDH2": ("p.R140", "p.R172"), "FLT3": ("p.D835",), "DNMT3A": ("p.R882",), "U2AF1": ("p.S34",),
    }  # fmt: skip
    for gene, changes in known.items():
        assert all(all(found(rows, gene, change)) for change in changes), gene
    duplications = rows.query("gene == 'FLT3' and variant_classification == 'In_Frame_Ins'")
    assert len(duplications) > 30
    assert duplications["called"].all()
    assert rows.loc[rows["gene"] == "TP53", "called"].all()
    for gene, change in [("KRAS", "p.I36M"), ("KIT", "p.S197L"), ("PTPN11", "p.I545L")]:
        assert not any(found(rows, gene, change))
    assert 0.65 <= rows.loc[rows["trained"], "called"].mean() <= 0.8  # a leukaemia's trained genes: few passengers
    assert rows.loc[~rows["trained"], "called"].mean() < 0.1


def test_drivers_of_adrenocortical_carcinoma(shared_data: Path) -> None:
    rows = cohort(shared_data / "tcga_acc" / "TCGA_ACC_mutations.maf.gz")
    for gene, change in [("CTNNB1", "p.S45"), ("CTNNB1", "p.T41A"), ("PIK3CA", "p.H1047R"), ("TP53", "p.R337H")]:
        assert all(found(rows, gene, change))
    assert rows.loc[rows["gene"].isin(["TP53", "MEN1"]), "called"].all()
    assert not any(found(rows, "TET2", "p.I1762V"))
    trained = rows[rows["trained"]]
    assert 0.15 <= trained["called"].mean() <= 0.3  # this exome is unfiltered: germline and passenger changes abound
    assert trained.loc[trained["variant_classification"] == "Missense_Mutation", "called"].mean() < 0.1
