"""What a model card says beside the headline: every protocol is run on the lines given, and told in tables."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from pamrx.features import BLOCKS
from pamrx.model import boosted
from pamrx_training.evaluation import ablation, biology, dossier
from pamrx_training.evaluation.ablation import FULL
from pamrx_training.evaluation.dossier import Section, markdown, other_laboratory
from pamrx_training.evaluation.relations import DRIVERS, Relation, Term
from pamrx_training.fitting.cohort import build_cohort
from pamrx_training.fitting.run_context import RunContext, Store
from pamrx_training.fitting.splits import leave_tissue_out

pytestmark = pytest.mark.medium


def test_a_section_is_a_title_a_sentence_and_a_markdown_table() -> None:
    table = pd.DataFrame({"blocks": ["all", "few"], "Pearson ": ["0.500", "0.250"]})
    assert markdown(table).splitlines() == [
        "| blocks | Pearson |",
        "| --- | --- |",
        "| all | 0.500 |",
        "| few | 0.250 |",
    ]
    assert Section("What", "How.", table).text().startswith("### What\n\nHow.\n\n| blocks |")


def test_another_laboratory_tells_who_was_predicted_from_what() -> None:
    index = pd.MultiIndex.from_tuples(
        [("GI50", "held out", "nci60"), ("GI50", "held out", "measured in GDSC")], names=["measure", "lines", "profile"]
    )
    means = pd.DataFrame(
        {"n_drugs": [17, 17], "n_lines": [58, 53], "pearson": [0.28, 0.4], "low": [0.2, 0.3], "high": [0.35, 0.5]},
        index,
    )
    rows = other_laboratory(means)
    assert rows.iloc[0].tolist() == ["GI50", "held out", "nci60", "17", "58", "0.280 (0.200 to 0.350)"]
    assert rows.iloc[1]["profile"] == "measured in GDSC"


@pytest.mark.slow
def test_the_dossier_runs_ablation_unseen_tissues_and_the_other_screen(
    made_up_gdsc: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: list[str]
) -> None:
    monkeypatch.setattr(boosted, "ROUNDS", 2)
    few = {FULL: BLOCKS, "without mutation": tuple(block for block in BLOCKS if block != "mutation")}
    monkeypatch.setattr(ablation, "variants", lambda kind: few)
    # The made-up lines come from three tissues.
    monkeypatch.setattr(dossier, "leave_tissue_out", lambda cohort, seed: leave_tissue_out(cohort, 3, seed))
    mutated = (Term("mut", ("PIK3CA",)),)
    relation = Relation(
        "PIK3CA, A", "mut:PIK3CA", "", mutated, (), DRIVERS, ("GDSC1:A", "GDSC2:A"), "sensitive", "made up", "made up"
    )
    monkeypatch.setattr(biology, "read_relations", lambda: [relation])
    cohort = build_cohort(made_up_gdsc(n=150))
    store = Store(tmp_path / "evaluations", "data")
    store.folder.mkdir()
    found = dossier.dossier(cohort, RunContext(1, store, 5))
    assert [section.title for section in found] == [
        "What each block adds",
        "Tissues that the model never saw",
        "The other screen",
        "Known biology",
    ]
    assert found[3].table.iloc[0][["relation", "known", "verdict"]].tolist() == ["PIK3CA, A", "sensitive", "shown"]
    removed = found[0].table
    assert removed["blocks"].tolist() == list(few)
    assert removed.loc[0, "minus all blocks"] == ""
    # Responses follow PIK3CA's mutation: without the block the model is worse.
    assert float(removed.loc[1, "Pearson"]) < float(removed.loc[0, "Pearson"])
    assert found[1].table["model"].tolist() == ["pamrx", "ridge per assay"]
    assert found[2].table[["trained on", "tested on"]].to_numpy().tolist() == [["GDSC1", "GDSC2"], ["GDSC2", "GDSC1"]]
    assert all(0.2 < float(text.split()[0]) < 1 for text in found[2].table["Pearson (95 %)"])
    peers = tmp_path / "peers" / "peers.md"
    peers.parent.mkdir()
    peers.write_text("| model |\n\nhow\n")
    said.clear()
    again = dossier.dossier(cohort, RunContext(1, store, 5))
    assert any("read again" in line for line in said)
    assert again.pop().text() == "### Beside other models\n\n| model |\n\nhow"
    for first, second in zip(found, again, strict=True):
        pd.testing.assert_frame_equal(first.table, second.table)
