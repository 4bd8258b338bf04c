"""Natural products and delivery forms: what the table may hold, and that asking for a prediction is refused."""

from __future__ import annotations

import pytest
from pamrx.cli.drug_listing import show_drug, show_drugs
from pamrx.errors import PamrxError
from pamrx.knowledge import table
from pamrx.knowledge.drugs import is_drug, resolve, resolve_all
from pamrx.knowledge.natural_products import KINDS, LEVELS, forms_of, natural_product, natural_products, refusal


def test_the_table_keeps_to_its_words() -> None:
    rows = table("natural_products")
    assert set(rows["kind"]) == set(KINDS)
    assert set(rows["level"]) <= set(LEVELS)
    assert set(rows["citation_status"]) <= {"opened", "secondary"}
    assert (rows[["name", "evidence", "source"]] != "").all(axis=None)
    assert rows["name"].is_unique
    genes = set(table("gene_ids")["gene"])
    assert {gene for one in natural_products() for gene in one.targets} <= genes


@pytest.mark.parametrize("name", ["curcumin", "Quercetin", "resveratrol", "EGCG", "berberine", "genistein", "honokiol"])
def test_the_phytochemicals_are_known_and_nothing_is_predicted_for_them(name: str) -> None:
    assert natural_product(name) is not None
    with pytest.raises(PamrxError, match="no screen holds it, so nothing is predicted; known") as told:
        resolve_all(["Alpelisib", name])
    assert "\n" not in str(told.value)


def test_a_name_is_of_a_drug_or_of_a_natural_product_but_for_forms_of_that_drug() -> None:
    for one in natural_products():
        for name in (one.name, *one.aliases):
            if is_drug(name):
                assert one.kind == "delivery form"
                assert resolve(name).name == one.drug


def test_a_form_is_of_a_known_substance() -> None:
    for one in natural_products():
        if one.drug:
            assert is_drug(one.drug) or natural_product(one.drug)
    assert [form.name for form in forms_of("Rapamycin")] == ["nab-sirolimus"]


def test_advice_of_a_refusal_shows_the_product(capsys: pytest.CaptureFixture[str]) -> None:
    for one in natural_products():
        if not is_drug(one.name):
            advised = refusal(one).rpartition("`pamrx drugs '")[2].removesuffix("'` tells more")
            show_drug(advised)
            out = capsys.readouterr().out
            assert f"Nothing is predicted for {one.name}." in out
            assert one.evidence.split()[0] in out


def test_the_list_names_them_apart_unless_it_is_narrowed(capsys: pytest.CaptureFixture[str]) -> None:
    show_drugs()
    out = capsys.readouterr().out
    before, _, after = out.partition("No prediction is made for the following")
    for one in natural_products():
        assert one.name in after
        assert f"\n{one.name} " not in before
    show_drugs(None, "approved")
    assert "Curcumin" not in capsys.readouterr().out


def test_a_drug_tells_its_delivery_forms(capsys: pytest.CaptureFixture[str]) -> None:
    show_drug("sirolimus")
    assert "nab-sirolimus: approved in the United States" in capsys.readouterr().out
