"""`pamrx drugs`: one line per drug at 80 columns, narrowed by class and status, and all that is known of one."""

from __future__ import annotations

import pytest
from pamrx.cli import drug_listing
from pamrx.cli.drug_listing import show_drug, show_drugs
from pamrx.cli.listing_commands import drugs as command
from pamrx.console.console import PlainConsole
from pamrx.errors import PamrxError
from pamrx.knowledge.drug_status import history
from pamrx.knowledge.drugs import all_drugs, resolve


@pytest.fixture(autouse=True)
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drug_listing, "table_console", lambda: PlainConsole(width=80))


def test_each_drug_has_one_line_and_no_line_is_longer_than_80(capsys: pytest.CaptureFixture[str]) -> None:
    show_drugs()
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 80
    assert "…" not in "".join(lines)
    for drug in all_drugs():
        (row,) = [line for line in lines if line.startswith(f"{drug.name} ") and f" {drug.drug_class} " in line]
        assert ", ".join(drug.screens) in row


def shown(capsys: pytest.CaptureFixture[str]) -> list[str]:
    """The first word of every row of the list."""
    lines = capsys.readouterr().out.splitlines()
    names = sorted((drug.name for drug in all_drugs()), key=len, reverse=True)
    return [next(name for name in names if line.startswith(f"{name} ")) for line in lines[1:] if "  " in line.strip()]


def test_class_and_status_narrow_the_list(capsys: pytest.CaptureFixture[str]) -> None:
    show_drugs("pi3k ALPHA", None)
    names = shown(capsys)
    assert {"Alpelisib", "Tersolisib", "Zovegalisib", "LOXO-783"} <= set(names)
    assert all(resolve(name).drug_class == "PI3K alpha" for name in names)
    show_drugs(None, "withdrawn")
    assert set(shown(capsys)) == {"Umbralisib", "Idelalisib", "Duvelisib", "Copanlisib"}
    show_drugs("PI3K alpha", "Approved")
    assert shown(capsys) == ["Alpelisib", "Inavolisib"]
    show_drugs("VPS34", "approved")
    assert capsys.readouterr().out == "no drug of that class and status\n"


@pytest.mark.parametrize(
    ("drug_class", "status", "expected"),
    [
        ("PI3K alfa", None, r"unknown class 'PI3K alfa'; expected one of pan-PI3K, .*; did you mean PI3K alpha\?"),
        (None, "aproved", r"unknown status 'aproved'; expected one of approved, .*; did you mean approved\?"),
    ],
)
def test_an_unknown_class_or_status_names_the_known_ones(
    drug_class: str | None, status: str | None, expected: str
) -> None:
    with pytest.raises(PamrxError, match=expected):
        show_drugs(drug_class, status)


def test_advice_to_leave_out_the_name_or_the_options_works(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(PamrxError, match="leave them out, or the name Alpelisib"):
        command("Alpelisib", "AKT", None)
    command("Alpelisib", None, None)
    command(None, "AKT", None)
    assert "Capivasertib" in capsys.readouterr().out


def test_one_drug_tells_status_concentrations_and_sources(capsys: pytest.CaptureFixture[str]) -> None:
    show_drug("Truqap")
    told = " ".join(capsys.readouterr().out.split())
    assert "status approved" in told
    assert "United States: approved 2023" in told
    assert "GDSC1 (to 30 µM), GDSC2 (to 10 µM)" in told
    assert "3.2 µM in plasma" in told
    assert "400 mg twice daily" in told


@pytest.mark.parametrize("name", ["Rapamycin", "Capivasertib"])
def test_each_approval_and_trial_begins_a_line(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    show_drug(name)
    out = capsys.readouterr().out
    assert "\\n" not in out
    lines = [line.strip() for line in out.splitlines()]
    begun = [line for line in lines if line.startswith(tuple({f"{row.region}: " for row in history(name)}))]
    assert len(begun) == sum(row.region != "any" for row in history(name)) > 1


def test_a_drug_in_no_screen_names_its_proxies(capsys: pytest.CaptureFixture[str]) -> None:
    show_drug("everolimus")
    told = " ".join(capsys.readouterr().out.split())
    assert "screens none" in told
    assert "No screen holds Everolimus. Its class (mTORC1 rapalog) is screened as: Rapamycin, Temsirolimus." in told


@pytest.mark.parametrize("name", ["imatinib", "erlotinib", "sotorasib"])
def test_a_drug_of_another_kind_gets_no_suggestion(name: str) -> None:
    with pytest.raises(PamrxError) as error:
        show_drug(name)
    assert str(error.value) == f"unknown drug '{name}'; `pamrx drugs` lists the known ones"
