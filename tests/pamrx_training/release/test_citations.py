"""The citations of the knowledge tables have the form of one, and each says the same wherever it stands."""

from __future__ import annotations

import pandas as pd
import pytest
from pamrx.knowledge import every_version, table
from pamrx_training.release import citations
from pamrx_training.release.citations import FACTS, STATUSES, cited, counts, problems, records, statuses


def test_nothing_is_wrong_with_the_tables() -> None:
    assert list(problems()) == [], "`python -m pamrx_training.release.citations` lists them; see --write"


def test_the_counts_are_those_of_the_tables() -> None:
    found = counts()
    assert list(found.index) == [*FACTS, "citations"]
    for name in FACTS:
        assert found.loc[name, list(STATUSES)].sum() == len(every_version(name))
    assert found.loc[list(FACTS), "without id"].sum() <= 21, "it may fall, not rise"
    assert found.loc["genes", "recalled"] <= 6
    assert found.loc["hotspots", "opened"] >= 250


def test_a_source_is_parted_into_its_citations() -> None:
    source = (
        "van Rhijn, Cancer Res 2001 (PMID 11245416): of bladder; Ling, Cancer Med 2019 (PMID 31074594; PMC6601592); "
        "a note without any; SOLAR-1 and its test: Andre, N Engl J Med 2019 (PMID 31091374); "
        "Schrotter, Cell Rep 2022 (PII S2211-1247(22)00595-2)"
    )
    assert [one.ids for one in cited(source)] == [
        ("PMID 11245416",),
        ("PMID 31074594", "PMC6601592"),
        ("PMID 31091374",),
        ("PII S2211-1247(22)00595-2",),
    ]
    assert [one.words for one in cited(source)] == [
        ("van Rhijn", "Cancer Res", "2001"),
        ("Ling", "Cancer Med", "2019"),
        ("Andre", "N Engl J Med", "2019"),
        ("Schrotter", "Cell Rep", "2022"),
    ]


def test_the_best_citation_of_a_row_gives_its_status() -> None:
    best = {record.status: one for one, record in records().items()}
    rows = pd.DataFrame(
        {
            "source": [
                f"A, Cell 2000 ({best['recalled']}); B, Cell 2001 ({best['opened']})",
                f"A, Cell 2000 ({best['secondary']}); B, Cell 2001 ({best['recalled']})",
                "A, Cell 2000",
                "measured on these data: no effect",
            ]
        }
    )
    assert statuses(rows).tolist() == ["opened", "secondary", "recalled", "opened"]


@pytest.mark.parametrize(
    ("source", "status", "wrong"),
    [
        ("Chang, Nat Biotechnol 2017 (PMID 26619011)", "secondary", "PMID 26619011 is Chang, Nat Biotechnol, 2016"),
        ("Cheng, Nat Biotechnol 2016 (PMID 26619011)", "secondary", "here Cheng, Nat Biotechnol, 2016"),
        ("Chang, Nat Biotechnol 2016 (PMID 266190)", "recalled", "PMID 266190 has no record"),
        ("Chang, Nat Biotechnol 2016 (PMID 26)", "recalled", "'PMID 26' is not a PMID"),
        ("Chang, Nat Biotechnol 2016 (PMID 26619011)", "opened", "another citation_status than their citations"),
        ("Chang, Nat Biotechnol 2016 (PMID 26619011)", "seen", "citation_status is 'seen'; expected one of opened"),
    ],
)
def test_what_is_wrong_with_a_row_is_said(
    monkeypatch: pytest.MonkeyPatch, source: str, status: str, wrong: str
) -> None:
    genes = every_version("genes").assign(source=source, citation_status=status)
    monkeypatch.setattr(
        citations, "every_version", lambda name: genes.head(1) if name == "genes" else every_version(name)
    )
    assert any(wrong in line for line in problems()), list(problems())[:3]


@pytest.mark.medium
def test_two_ids_of_one_paper_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = table("citations")
    again = rows[rows["id"] == "PMID 26619011"].assign(id="PMID 26619012")
    monkeypatch.setattr(citations, "table", lambda _name: pd.concat([rows, again], ignore_index=True))
    found = list(problems())
    assert "citations.csv: Chang, Nat Biotechnol, 2016 has several ids (PMID 26619011, PMID 26619012)" in "\n".join(
        found
    )
    assert "citations.csv: PMID 26619012 is cited nowhere" in found


@pytest.mark.medium
def test_advice_of_writing_the_column_again_is_right(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = every_version("genes").assign(citation_status="opened")
    monkeypatch.setattr(citations, "every_version", lambda name: wrong if name == "genes" else every_version(name))
    assert any("run this with --write" in line for line in problems())
    right = wrong.assign(citation_status=statuses(wrong))
    monkeypatch.setattr(citations, "every_version", lambda name: right if name == "genes" else every_version(name))
    assert not list(problems())


@pytest.mark.medium
def test_a_retracted_paper_does_not_carry_a_row(monkeypatch: pytest.MonkeyPatch) -> None:
    """Falsified figures support nothing: such a paper gives no status, and a row needs another one beside it."""
    retracted, record = next((one, record) for one, record in records().items() if record.retracted)
    standing = next(one for one, record in records().items() if record.status == "recalled" and not record.retracted)
    assert record.status == "opened"
    rows = pd.DataFrame({"source": [f"A note ({retracted})", f"A note ({retracted}); another ({standing})"]})
    assert statuses(rows).tolist() == ["recalled", "recalled"]
    genes = every_version("genes").head(2).assign(source=rows["source"], citation_status="recalled")
    monkeypatch.setattr(citations, "every_version", lambda name: genes if name == "genes" else every_version(name))
    assert sum("nothing stands but" in line for line in problems()) == 1


@pytest.mark.medium
def test_a_row_that_no_longer_holds_may_name_a_retracted_paper_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first version of the tables keeps such a row, so that a bundle meets what it was trained with."""
    retracted = next(one for one, record in records().items() if record.retracted)
    row = every_version("genes").head(1).assign(source=f"A note ({retracted})", citation_status="recalled")
    for until, said in (("1", 0), ("", 1)):
        genes = row.assign(until=until)
        monkeypatch.setattr(
            citations, "every_version", lambda name, genes=genes: genes if name == "genes" else every_version(name)
        )
        assert sum("nothing stands but" in line for line in problems()) == said
