"""What the drug table promises: every axis drug of both screens, one name each, GDSC's mislabels put right."""

from __future__ import annotations

import subprocess
import sys
from collections import defaultdict

import pytest
from pamrx.errors import PamrxError
from pamrx.identifiers.assay import assays_of
from pamrx.knowledge import drugs, table

GDSC1_NAMES = [
    "A-443654",
    "AKT inhibitor VIII",
    "AS605240",
    "AT7867",
    "AZD2014",
    "AZD6482",
    "AZD8055",
    "AZD8186",
    "AZD8835",
    "Apitolisib",
    "BAY AKT1",
    "BX-912",
    "BX795",
    "Capivasertib",
    "Dactolisib",
    "FS112",
    "GSK1059615",
    "GSK690693",
    "IC-87114",
    "Idelalisib",
    "JW-7-52-1",
    "KIN001-244",
    "MK-2206",
    "OSI-027",
    "OSU-03012",
    "Omipalisib",
    "PF-4708671",
    "PI-103",
    "PI3Ka_4409",
    "PIK-93",
    "Pictilisib",
    "Pilaralisib",
    "QL-VIII-58",
    "Rapamycin",
    "TGX221",
    "Temsirolimus",
    "Torin 2",
    "torin2",
    "Voxtalisib",
    "WYE-125132",
    "YM201636",
    "ZSTK474",
]

GDSC2_NAMES = [
    "AMG-319",
    "AT13148",
    "AZD2014",
    "AZD5363",
    "AZD6482",
    "AZD8055",
    "AZD8186",
    "Afuresertib",
    "Alpelisib",
    "BX795",
    "Buparlisib",
    "CZC24832",
    "Dactolisib",
    "GNE-317",
    "GSK2110183B",
    "Ipatasertib",
    "MK-2206",
    "OSI-027",
    "PF-4708671",
    "Pictilisib",
    "Rapamycin",
    "Taselisib",
    "Temsirolimus",
    "Uprosertib",
    "VSP34_8731",
]

# Filed under the pathway by GDSC, or named like it, but acting elsewhere: RSK, ULK1, LIMK, mutant RAS, SGK, DNA-PK.
NOT_OF_THE_AXIS = [
    ("GDSC2", "LJI308"),
    ("GDSC2", "ULK1_4989"),
    ("GDSC1", "CRT0105446"),
    ("GDSC2", "THR-101"),
    ("GDSC1", "GSK650394"),
    ("GDSC2", "NU7441"),
]


def keys(drug: drugs.Drug) -> set[str]:
    names = (drug.name, *drug.aliases, *drug.gdsc1_names, *drug.gdsc2_names)
    return {"".join(character for character in name.lower() if character.isalnum()) for name in names}


class TestTable:
    @pytest.mark.parametrize("drug", drugs.all_drugs(), ids=lambda drug: drug.name)
    def test_every_row_is_complete_and_sourced(self, drug: drugs.Drug) -> None:
        assert drug.source.strip()
        assert drug.drug_class in drugs.DRUG_CLASSES
        assert drug.citation_status in ("opened", "secondary", "recalled")
        assert drug.targets
        assert all(target == target.strip() and target for target in drug.targets)

    def test_lists_hold_no_empty_or_padded_entry(self) -> None:
        frame = table("drugs")
        for column in ("drug", "aliases", "gdsc1_names", "gdsc2_names", "screens", "targets"):
            for cell in frame[column]:
                assert all(part and part == part.strip() for part in cell.split("|") if cell), (column, cell)

    @pytest.mark.parametrize("drug", drugs.all_drugs(), ids=lambda drug: drug.name)
    def test_screens_are_those_that_name_the_drug(self, drug: drugs.Drug) -> None:
        named = [
            screen for screen, names in zip(drugs.SCREENS, (drug.gdsc1_names, drug.gdsc2_names), strict=True) if names
        ]
        assert list(drug.screens) == named
        assert drug.screened == bool(named)

    def test_no_name_means_two_drugs(self) -> None:
        owners = defaultdict(set)
        for drug in drugs.all_drugs():
            for key in keys(drug):
                owners[key].add(drug.name)
        assert {key: names for key, names in owners.items() if len(names) > 1} == {}

    def test_no_gdsc_name_is_given_to_two_drugs(self) -> None:
        for column in ("gdsc1_names", "gdsc2_names"):
            names = [name for drug in drugs.all_drugs() for name in getattr(drug, column)]
            assert len(names) == len(set(names))

    def test_every_class_has_a_screened_drug(self) -> None:
        assert {drug.drug_class for drug in drugs.screened_drugs()} == set(drugs.DRUG_CLASSES)


class TestScreens:
    @pytest.mark.parametrize("name", GDSC1_NAMES)
    def test_each_axis_drug_of_gdsc1_is_known(self, name: str) -> None:
        assert drugs.assay_drug("GDSC1", name) is not None

    @pytest.mark.parametrize("name", GDSC2_NAMES)
    def test_each_axis_drug_of_gdsc2_is_known(self, name: str) -> None:
        assert drugs.assay_drug("GDSC2", name) is not None

    def test_nothing_else_is_taken_for_an_axis_drug(self) -> None:
        assert {name for drug in drugs.all_drugs() for name in drug.gdsc1_names} == set(GDSC1_NAMES)
        assert {name for drug in drugs.all_drugs() for name in drug.gdsc2_names} == set(GDSC2_NAMES)

    @pytest.mark.parametrize(("screen", "name"), NOT_OF_THE_AXIS)
    def test_compounds_that_act_elsewhere_are_left_out(self, screen: str, name: str) -> None:
        assert drugs.assay_drug(screen, name) is None

    def test_a_name_belongs_to_its_own_screen(self) -> None:
        assert drugs.assay_drug("GDSC1", "AZD5363") is None
        assert drugs.assay_drug("GDSC2", "Capivasertib") is None

    def test_one_compound_under_two_names_is_one_drug(self) -> None:
        assert drugs.assay_drug("GDSC1", "Capivasertib") is drugs.assay_drug("GDSC2", "AZD5363")
        assert drugs.assay_drug("GDSC1", "Torin 2") is drugs.assay_drug("GDSC1", "torin2")
        assert drugs.assay_drug("GDSC2", "Afuresertib") is drugs.assay_drug("GDSC2", "GSK2110183B")

    def test_the_newest_screen_and_the_assays(self) -> None:
        found = {name: [str(assay) for assay in assays_of(drugs.resolve(name))] for name in ("Pictilisib", "AZD5363")}
        assert found["Pictilisib"] == ["GDSC1:Pictilisib", "GDSC2:Pictilisib"]
        assert found["AZD5363"] == ["GDSC1:Capivasertib", "GDSC2:Capivasertib"]
        assert drugs.resolve("Pictilisib").newest_screen == "GDSC2"
        assert drugs.resolve("Omipalisib").newest_screen == "GDSC1"
        assert drugs.resolve("Everolimus").newest_screen is None

    def test_an_unknown_screen_is_refused_with_the_near_one(self) -> None:
        with pytest.raises(PamrxError, match="unknown screen 'GDSC3'; expected GDSC1 or GDSC2"):
            drugs.assay_drug("GDSC3", "Alpelisib")
        with pytest.raises(PamrxError, match=r"unknown screen 'gdsc2'.*did you mean GDSC2"):
            drugs.assay_drug("gdsc2", "Alpelisib")


class TestMislabels:
    """Where GDSC's own target is wrong, the class here is right and a note says what GDSC wrote."""

    @pytest.mark.parametrize(
        ("name", "drug_class", "gdsc_says"),
        [
            ("AMG-319", "PI3K delta", "beta sparing"),
            ("GNE-317", "dual PI3K/mTOR", "PI3Kalpha"),
            ("AZD8186", "PI3K beta", "PI3Kalpha, PI3Kbeta"),
            ("Capivasertib", "AKT", "Other, kinases"),
            ("BX-912", "PDK1", "Metabolism"),
            ("OSU-03012", "PDK1", "Metabolism"),
            ("PI-103", "dual PI3K/mTOR", "DAPK3"),
            ("VPS34_8731", "VPS34", "VSP34"),
            ("Ipatasertib", "AKT", "AKT1, AKT, AKT3"),
            ("Rapamycin", "mTORC1 rapalog", "Torisel"),
        ],
    )
    def test_class_and_note(self, name: str, drug_class: str, gdsc_says: str) -> None:
        drug = drugs.resolve(name)
        assert drug.drug_class == drug_class
        assert gdsc_says in drug.gdsc_label_note

    def test_azd8186_hits_beta_and_delta(self) -> None:
        assert drugs.resolve("AZD8186").targets == ("PIK3CB", "PIK3CD")

    def test_torisel_is_temsirolimus(self) -> None:
        assert drugs.resolve("Torisel").name == "Temsirolimus"

    @pytest.mark.parametrize("name", ["Torin 2", "Dactolisib"])
    def test_pikk_off_targets_are_listed_for_all_who_have_them(self, name: str) -> None:
        assert {"ATM", "ATR", "PRKDC"} <= set(drugs.resolve(name).targets)

    def test_the_class_pdk1_is_pdpk1(self) -> None:
        assert all("PDPK1" in drug.targets for drug in drugs.all_drugs() if drug.drug_class == "PDK1")


class TestResolve:
    @pytest.mark.parametrize(
        ("asked", "name"),
        [
            ("Alpelisib", "Alpelisib"),
            ("  alpelisib ", "Alpelisib"),
            ("BYL 719", "Alpelisib"),
            ("nvp_byl719", "Alpelisib"),
            ("AZD5363", "Capivasertib"),
            ("azd-5363", "Capivasertib"),
            ("Truqap", "Capivasertib"),
            ("TORIN-2", "Torin 2"),
            ("GSK-2110183", "Afuresertib"),
            ("GSK2110183B", "Afuresertib"),
            ("vistusertib", "AZD2014"),
            ("VSP34_8731", "VPS34_8731"),
            ("sirolimus", "Rapamycin"),
            ("gdc0941", "Pictilisib"),
            ("INK-128", "Sapanisertib"),
            ("RAD001", "Everolimus"),
            ("STX-478", "Tersolisib"),
            ("RLY-2608", "Zovegalisib"),
            ("BEBT-908", "Ifupinostat"),
            ("TAS-117", "Pifusertib"),
            ("ARQ 751", "Vevorisertib"),
            ("HMPL-689", "Amdizalisib"),
            ("CYH33", "Risovalisib"),
            ("IOA-244", "Roginolisib"),
        ],
    )
    def test_case_blanks_and_punctuation_do_not_count(self, asked: str, name: str) -> None:
        assert drugs.resolve(asked).name == name

    def test_every_name_leads_back_to_its_drug(self) -> None:
        for drug in drugs.all_drugs():
            for name in (drug.name, *drug.aliases, *drug.gdsc1_names, *drug.gdsc2_names):
                assert drugs.resolve(name) is drug

    def test_a_typo_gets_the_nearest_name(self) -> None:
        with pytest.raises(PamrxError, match=r"^unknown drug 'alpelsib'; did you mean Alpelisib\?$"):
            drugs.resolve("alpelsib")

    def test_a_typo_in_an_alias_names_the_drug_too(self) -> None:
        with pytest.raises(PamrxError, match=r"did you mean Sirolimus \(Rapamycin\)\?"):
            drugs.resolve("sirolimuss")

    @pytest.mark.parametrize(
        "name",
        [
            "zzzzqqq",
            "",
            "---",
            "aspirin",
            "imatinib",
            "trametinib",
            "adavosertib",
            "tacrolimus",
            "sotorasib",
            "AZD6244",
        ],
    )
    def test_nothing_near_sends_the_reader_to_the_list(self, name: str) -> None:
        with pytest.raises(PamrxError, match=r"unknown drug .*`pamrx drugs`"):
            drugs.resolve(name)


class TestProxies:
    def test_an_unscreened_rapalog_is_stood_for_by_the_screened_ones(self) -> None:
        assert [drug.name for drug in drugs.proxies(drugs.resolve("everolimus"))] == ["Rapamycin", "Temsirolimus"]

    def test_the_nearest_target_set_comes_first(self) -> None:
        # Inavolisib hits PIK3CA alone, as does alpelisib; AZD8835 and PI3Ka_4409 share 1 of 2, taselisib 1 of 3.
        names = [drug.name for drug in drugs.proxies("Inavolisib")]
        assert names == ["Alpelisib", "AZD8835", "PI3Ka_4409", "Taselisib"]

    def test_a_newer_screen_comes_before_an_older_one(self) -> None:
        # Copanlisib, like all four, hits every class I isoform: GDSC2 drugs first, then by name.
        assert [drug.name for drug in drugs.proxies("Copanlisib")] == [
            "Buparlisib",
            "Pictilisib",
            "Pilaralisib",
            "ZSTK474",
        ]

    def test_every_unscreened_drug_has_screened_proxies_of_its_class(self) -> None:
        for drug in drugs.all_drugs():
            found = drugs.proxies(drug)
            assert bool(found) != drug.screened
            assert all(other.screened and other.drug_class == drug.drug_class for other in found)

    @pytest.mark.parametrize(
        "name", ["everolimus", "inavolisib", "copanlisib", "duvelisib", "sapanisertib", "gedatolisib", "ridaforolimus"]
    )
    def test_drugs_that_people_ask_for_are_known_though_unscreened(self, name: str) -> None:
        assert not drugs.resolve(name).screened


class TestResolveScreened:
    def test_order_is_kept_and_synonyms_are_one(self) -> None:
        chosen = drugs.resolve_screened(["AZD5363", " alpelisib", "Capivasertib", ""])
        assert [drug.name for drug in chosen] == ["Capivasertib", "Alpelisib"]

    def test_an_unscreened_drug_says_so_and_names_its_proxies(self) -> None:
        with pytest.raises(PamrxError) as caught:
            drugs.resolve_screened(["Alpelisib", "everolimus"])
        message = str(caught.value)
        assert message.startswith("Everolimus: no screen (GDSC1, GDSC2) holds it")
        assert "mTORC1 rapalog" in message
        assert "Rapamycin, Temsirolimus" in message
        assert "\n" not in message

    def test_an_unscreened_drug_is_answered_by_its_proxies_and_the_rest_by_themselves(self) -> None:
        found = drugs.answering(["BYL719", "everolimus", "sirolimus", "ridaforolimus"])
        assert {one.name: [other.name for other in others] for one, others in found.items()} == {
            "Alpelisib": [],
            "Rapamycin": ["Everolimus", "Ridaforolimus"],
            "Temsirolimus": ["Everolimus", "Ridaforolimus"],
        }

    def test_an_unknown_drug_among_known_ones_is_refused(self) -> None:
        with pytest.raises(PamrxError, match=r"alpelsib.*Alpelisib"):
            drugs.resolve_screened(["Pictilisib", "alpelsib"])

    @pytest.mark.parametrize("names", [[], [""], [" ", ""]])
    def test_no_name_at_all_is_refused(self, names: list[str]) -> None:
        with pytest.raises(PamrxError, match="no drug named"):
            drugs.resolve_screened(names)


class TestFrame:
    def test_one_row_per_drug_with_proxies_only_for_the_unscreened(self) -> None:
        frame = drugs.drugs_frame()
        assert list(frame["drug"]) == [drug.name for drug in drugs.all_drugs()]
        assert ((frame["screens"] == "") == (frame["proxies"] != "")).all()
        assert frame.notna().all().all()

    def test_the_caller_may_change_it(self) -> None:
        frame = drugs.drugs_frame()
        frame.loc[0, "drug"] = "changed"
        assert drugs.drugs_frame().loc[0, "drug"] == drugs.all_drugs()[0].name


def test_importing_the_module_does_not_import_pandas() -> None:
    code = "import sys, pamrx.knowledge.drugs; sys.exit('pandas' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
