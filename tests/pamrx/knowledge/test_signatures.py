"""What must hold in the tables of signatures and of regulating RNAs, whatever rows are added later."""

from __future__ import annotations

import re

import pandas as pd
import pytest
from pamrx.knowledge import table

BLOCKS = {"tme", "programme"}
SYMBOL = re.compile(r"[A-Z][A-Za-z0-9]*(?:-[A-Z0-9]+)*")
# A citation a reader can look up: an author and a year, a PubMed number, a doi, or a PubMed Central number.
CITATION = re.compile(r"PMID \d{7,8}\b|PMC\d{6,8}\b|doi 10\.\d{4,}/\S+|[A-Z][^,;]+, [A-Z][^,;]+ (?:19|20)\d\d")


@pytest.fixture(scope="module")
def signatures() -> pd.DataFrame:
    return table("signatures")


@pytest.fixture(scope="module")
def sources() -> pd.DataFrame:
    return table("signature_sources")


@pytest.fixture(scope="module")
def ncrna() -> pd.DataFrame:
    return table("ncrna")


def genes(signatures: pd.DataFrame, name: str, weight: str = "+1") -> set[str]:
    chosen = (signatures["signature"] == name) & (signatures["weight"] == weight)
    return set(signatures.loc[chosen, "gene"])


class TestSignatures:
    def test_columns_blocks_and_weights(self, signatures: pd.DataFrame) -> None:
        assert list(signatures.columns) == ["block", "signature", "gene", "weight", "aliases"]
        assert set(signatures["block"]) == BLOCKS
        assert set(signatures["weight"]) == {"+1", "-1"}

    def test_names_are_plain_snake_case(self, signatures: pd.DataFrame) -> None:
        assert all(re.fullmatch(r"[a-z][a-z0-9]*(?:_[a-z0-9]+)*", name) for name in set(signatures["signature"]))

    def test_a_gene_counts_once_and_in_one_direction(self, signatures: pd.DataFrame) -> None:
        assert not signatures.duplicated(["signature", "gene"]).any()

    def test_a_gene_is_not_listed_again_under_its_other_name(self, signatures: pd.DataFrame) -> None:
        for name, rows in signatures.groupby("signature"):
            assert not set(rows["gene"]) & (set(rows["aliases"]) - {""}), name

    def test_the_other_name_of_a_gene_is_the_same_everywhere(self, signatures: pd.DataFrame) -> None:
        assert (signatures.groupby("gene")["aliases"].nunique() == 1).all()
        named = signatures.loc[signatures["aliases"] != ""]
        assert (named.groupby("aliases")["gene"].nunique() == 1).all()

    def test_genes_look_like_gene_symbols(self, signatures: pd.DataFrame) -> None:
        symbols = set(signatures["gene"]) | (set(signatures["aliases"]) - {""})
        assert not {symbol for symbol in symbols if not SYMBOL.fullmatch(symbol)}

    @pytest.mark.parametrize(
        "wrong", ["EN01", "C14ORF58", "GLUT1", "VEGF", "PDK-1", "PFKB3", "PLODDDIT4", "LMP2", "LMP7", "HLA.A", "P", "T"]
    )
    def test_misprints_and_protein_names_of_other_collections_stayed_out(
        self, signatures: pd.DataFrame, wrong: str
    ) -> None:
        assert wrong not in set(signatures["gene"])

    def test_a_signature_lies_in_one_block(self, signatures: pd.DataFrame) -> None:
        assert (signatures.groupby("signature")["block"].nunique() == 1).all()

    def test_enough_of_both_blocks(self, signatures: pd.DataFrame) -> None:
        count = signatures.groupby("block")["signature"].nunique()
        assert count["tme"] >= 25
        assert count["programme"] >= 15


class TestSignatureSources:
    def test_columns(self, sources: pd.DataFrame) -> None:
        expected = ["signature", "block", "title", "meaning", "source", "in_model", "left_out"]
        expected += ["cross_platform", "note", "citation_status"]
        assert list(sources.columns) == expected

    def test_a_signature_that_differs_between_platforms_is_taken_out_or_explained(self, sources: pd.DataFrame) -> None:
        assert set(sources["left_out"]) == {"yes", ""}
        measured = sources.loc[sources["cross_platform"] != ""]
        poor = measured["cross_platform"].astype(float) < 0.6
        assert poor.any()
        assert set(measured.loc[poor, "signature"]) == set(sources.loc[sources["note"] != "", "signature"])
        assert (sources.loc[sources["left_out"] == "yes", "note"] != "").all()

    def test_every_signature_has_one_source_row_and_the_other_way_round(
        self, signatures: pd.DataFrame, sources: pd.DataFrame
    ) -> None:
        assert sources["signature"].is_unique
        in_lists = signatures.drop_duplicates("signature").set_index("signature")["block"].to_dict()
        assert sources.set_index("signature")["block"].to_dict() == in_lists

    def test_titles_and_meanings_are_short_and_present(self, sources: pd.DataFrame) -> None:
        assert sources["title"].is_unique
        assert (sources["title"].str.len().between(3, 60)).all()
        assert (sources["meaning"].str.len().between(8, 160)).all()

    def test_every_source_can_be_looked_up(self, sources: pd.DataFrame) -> None:
        assert not [source for source in sources["source"] if not CITATION.search(source)]


class TestKnownMembers:
    @pytest.mark.parametrize(
        ("name", "members"),
        [
            ("cytolytic_activity", {"GZMA", "PRF1"}),
            ("ifn_gamma_ayers", {"CXCL10", "CXCL9", "HLA-DRA", "IDO1", "IFNG", "STAT1"}),
            ("proliferation", {"MKI67", "BIRC5", "UBE2C", "NUF2", "NDC80"}),
            ("mapk_output", {"DUSP6", "SPRY2", "SPRY4", "ETV4", "ETV5", "PHLDA1"}),
            ("p53_targets", {"CDKN1A", "MDM2", "ZMAT3"}),
            ("hypoxia_hu", {"ADM", "PLOD1", "DDIT4", "FLVCR2", "PNP", "VEGFA"}),
            ("lipid_metabolism", {"FASN", "HMGCR", "LDLR", "SCD"}),
            ("ferroptosis_drivers", {"ACSL4", "TFRC", "NCOA4"}),
            ("ferroptosis_suppressors", {"GPX4", "SLC7A11", "AIFM2"}),
            ("lysosome_clear", {"LAMP1", "CTSD", "MCOLN1"}),
            ("autophagy", {"ATG5", "BECN1", "ULK1"}),
            ("mcp_fibroblasts", {"COL1A1", "DCN", "TAGLN"}),
            ("estimate_stromal", {"DCN", "PAPPA", "SFRP4", "THBS2"}),
        ],
    )
    def test_members(self, signatures: pd.DataFrame, name: str, members: set[str]) -> None:
        assert members <= genes(signatures, name)

    @pytest.mark.parametrize(
        ("name", "size"),
        [
            ("estimate_stromal", 141),
            ("estimate_immune", 141),
            ("t_cell_inflamed_gep", 18),
            ("hypoxia_buffa", 51),
            ("hypoxia_hu", 13),
            ("mapk_output", 10),
            ("proliferation", 11),
            ("emt", 77),
            ("matrix_index", 22),
        ],
    )
    def test_published_size(self, signatures: pd.DataFrame, name: str, size: int) -> None:
        assert (signatures["signature"] == name).sum() == size

    @pytest.mark.parametrize(
        ("name", "up", "down"),
        [
            ("emt", {"VIM", "ZEB2", "FN1"}, {"CDH1", "ESRP1", "GRHL2"}),
            ("apoptosis", {"BAX", "BCL2L11", "BBC3"}, {"BCL2", "MCL1", "XIAP"}),
            ("foxo_targets", {"CDKN1B", "IRS2", "ERBB3"}, {"CCND1", "CCND2"}),
            ("matrix_index", {"COL11A1", "FN1"}, {"LAMA4", "TNXB"}),
        ],
    )
    def test_signed_signatures_have_both_directions(
        self, signatures: pd.DataFrame, name: str, up: set[str], down: set[str]
    ) -> None:
        assert up <= genes(signatures, name, "+1")
        assert down <= genes(signatures, name, "-1")


class TestNcRna:
    def test_columns_and_vocabulary(self, ncrna: pd.DataFrame) -> None:
        assert list(ncrna.columns) == [
            "ncrna",
            "kind",
            "older_names",
            "mimat",
            "host_gene",
            "target",
            "effect_on_axis",
            "mechanism",
            "source",
            "citation_status",
        ]
        assert set(ncrna["kind"]) == {"miRNA", "lncRNA", "circRNA"}
        assert set(ncrna["effect_on_axis"]) == {"activates", "restrains"}

    def test_a_relation_is_listed_once(self, ncrna: pd.DataFrame) -> None:
        assert not ncrna.duplicated(["ncrna", "target"]).any()

    def test_enough_of_each_kind(self, ncrna: pd.DataFrame) -> None:
        count = ncrna.groupby("kind")["ncrna"].nunique()
        assert count["miRNA"] >= 60
        assert count["lncRNA"] >= 25
        assert count["circRNA"] >= 10

    def test_microrna_names_are_mature_names(self, ncrna: pd.DataFrame) -> None:
        names = set(ncrna.loc[ncrna["kind"] == "miRNA", "ncrna"])
        assert not [n for n in names if not re.fullmatch(r"hsa-(?:miR|let)-\d+[a-z]?(?:-\dp)?", n)]

    def test_accessions(self, ncrna: pd.DataFrame) -> None:
        given = ncrna.loc[ncrna["mimat"] != ""]
        assert given["mimat"].str.fullmatch(r"MIMAT\d{7}").all()
        assert set(given["kind"]) == {"miRNA"}
        assert (given.groupby("ncrna")["mimat"].nunique() == 1).all()
        assert (given.groupby("mimat")["ncrna"].nunique() == 1).all()

    def test_known_accessions(self, ncrna: pd.DataFrame) -> None:
        mimat = ncrna.drop_duplicates("ncrna").set_index("ncrna")["mimat"]
        assert mimat["hsa-miR-21-5p"] == "MIMAT0000076"
        assert mimat["hsa-let-7a-5p"] == "MIMAT0000062"
        assert mimat["hsa-miR-199a-3p"] == "MIMAT0000232"

    def test_facts_of_an_rna_are_the_same_in_each_of_its_rows(self, ncrna: pd.DataFrame) -> None:
        for column in ("kind", "older_names", "mimat", "host_gene"):
            assert (ncrna.groupby("ncrna")[column].nunique() == 1).all(), column

    def test_an_older_name_is_not_another_rnas_name(self, ncrna: pd.DataFrame) -> None:
        older = {name for cell in ncrna["older_names"] for name in cell.split("|") if name}
        assert not older & set(ncrna["ncrna"])

    def test_an_older_name_points_to_one_rna_unless_a_probe_measures_two(self, ncrna: pd.DataFrame) -> None:
        once = ncrna.drop_duplicates("ncrna")
        named = once.assign(old=once["older_names"].str.split("|")).explode("old")
        named = named.loc[(named["old"] != "") & ~named["old"].str.contains("+", regex=False)]
        assert named["old"].is_unique

    def test_targets_and_hosts_look_like_gene_symbols(self, ncrna: pd.DataFrame) -> None:
        hosts = {gene for cell in ncrna["host_gene"] for gene in cell.split("|") if gene}
        assert not {gene for gene in set(ncrna["target"]) | hosts if not SYMBOL.fullmatch(gene)}

    def test_every_relation_has_a_mechanism_and_a_source(self, ncrna: pd.DataFrame) -> None:
        assert (ncrna["mechanism"].str.len().between(5, 120)).all()
        assert not [source for source in ncrna["source"] if not CITATION.search(source)]

    def test_a_microrna_that_lowers_a_brake_activates_the_axis(self, ncrna: pd.DataFrame) -> None:
        mirna = ncrna.loc[ncrna["kind"] == "miRNA"].groupby("target")["effect_on_axis"].agg(set)
        for brake in ("PTEN", "PHLPP1", "PHLPP2", "INPP5D", "FOXO1", "FOXO3", "CDKN1B"):
            assert mirna[brake] == {"activates"}, brake
        for driver in ("PIK3CA", "PIK3CD", "AKT1", "AKT2", "AKT3", "MTOR", "RICTOR", "PDPK1", "IGF1R", "ERBB3"):
            assert mirna[driver] == {"restrains"}, driver

    @pytest.mark.parametrize(
        ("ncrna_name", "target", "effect"),
        [
            ("hsa-miR-21-5p", "PTEN", "activates"),
            ("hsa-miR-126-3p", "PIK3R2", "restrains"),
            ("hsa-miR-99a-5p", "MTOR", "restrains"),
            ("PTENP1", "PTEN", "restrains"),
            ("LINC01139", "AKT1", "activates"),
            ("circ-ITCH", "PTEN", "restrains"),
        ],
    )
    def test_known_relations(self, ncrna: pd.DataFrame, ncrna_name: str, target: str, effect: str) -> None:
        row = ncrna.loc[(ncrna["ncrna"] == ncrna_name) & (ncrna["target"] == target)]
        assert row["effect_on_axis"].tolist() == [effect]
