"""`pamrx score` on Parquet cohorts: the numbers of `predict`, stops, poison rows, and what is refused."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pamrx.bundle.bundle import Bundle
from pamrx.cohort import Given, Options, open_cohort, score
from pamrx.cohort import chunks as parts
from pamrx.cohort import worker as work
from pamrx.cohort import writer as output
from pamrx.errors import PamrxError
from pamrx.identifiers.genes import default_genes
from pamrx.prediction.predictions import predict
from pamrx.profiles import Profiles
from pamrx.profiles.profiles import SAMPLE_COLUMNS

pytestmark = pytest.mark.medium

MUTATION = pa.struct(
    [("gene", pa.string()), ("variant_classification", pa.string()), ("hgvsp", pa.string()), ("driver", pa.bool_())]
)
NAMES = ("alpelisib", "capivasertib", "temsirolimus")


def table_of(profiles: Profiles, names: list[str] | None = None) -> pa.Table:
    """The profiles as a Parquet cohort has them."""
    mutations = {name: rows for name, rows in profiles.mutations.groupby("sample_id")}  # noqa: C416 - dict() would call .keys
    nested = []
    for name, sequenced in profiles.sequenced.items():
        rows = mutations.get(name, pd.DataFrame(columns=["gene", "variant_classification", "hgvsp", "driver"]))
        records = rows[["gene", "variant_classification", "hgvsp", "driver"]].to_dict("records")
        nested.append([{**r, "driver": None if r["driver"] is pd.NA else bool(r["driver"])} for r in records])
        if not sequenced:
            nested[-1] = None
    columns = {
        "sample_id": pa.array(names or list(profiles.samples.index)),
        **{word: pa.array(profiles.samples[word].tolist(), pa.string()) for word in SAMPLE_COLUMNS},
        "mutations": pa.array(nested, pa.list_(MUTATION)),
    }
    for kind in ("expression", "ncrna", "copy_number", "segments"):
        matrix = getattr(profiles, kind)
        if matrix is not None:
            for name in matrix.columns:
                columns[f"{kind}.{name}"] = pa.array(matrix[name].to_numpy(), from_pandas=True)
    listed = {} if profiles.unfiltered is None else {"mutations_listed": "drivers"}
    return pa.table(columns).replace_schema_metadata(listed)


def repeated(table: pa.Table, times: int) -> pa.Table:
    whole = pa.concat_tables([table] * times)
    names = [f"{name}-{place}" for place, name in enumerate(whole.column("sample_id").to_pylist())]
    return whole.set_column(0, "sample_id", pa.array(names))


@pytest.fixture(scope="module")
def cohort_file(few: Profiles, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sixty samples in five row groups."""
    path = tmp_path_factory.mktemp("cohort") / "cohort.parquet"
    pq.write_table(repeated(table_of(few), 5), path, row_group_size=12)
    return path


@pytest.fixture(scope="module", autouse=True)
def small_parts() -> Iterator[None]:
    from pamrx.cohort import chunks as parts
    from pamrx.cohort import parquet_rows

    with pytest.MonkeyPatch.context() as patch:
        for module in (parts, parquet_rows):
            patch.setattr(module, "CHUNK_SIZE", 12)
        yield


EXPLAINED = Options(NAMES, explain=3, summary="tissue")


@pytest.fixture(scope="module")
def whole(cohort_file: Path, tmp_path_factory: pytest.TempPathFactory, small_parts: None) -> Path:
    """A finished run over the cohort, with explanations and a summary."""
    folder = tmp_path_factory.mktemp("whole") / "out"
    run(cohort_file, folder, EXPLAINED)
    return folder


def run(
    cohort: Path, folder: Path, options: Options | None = None, given: Given | None = None, **more: Any
) -> dict[str, Any]:
    return score(open_cohort(cohort, given), folder, None, options or Options(NAMES), jobs=1, **more)


def digests(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_the_numbers_are_those_of_predict(bundle: Bundle, examples: Profiles, tmp_path: Path) -> None:
    cohort = tmp_path / "cohort.parquet"
    pq.write_table(repeated(table_of(examples), 3), cohort, row_group_size=12)
    counts = run(cohort, tmp_path / "out")
    assert counts == {"samples": 36, "scored": 36, "rejected": 0, "flagged": counts["flagged"], "predictions": 108}
    found = pd.read_parquet(tmp_path / "out" / "predictions")
    expected = predict(bundle, examples, list(NAMES))
    for place in (0, 2):
        names = [f"{name}-{12 * place + n}" for n, name in enumerate(examples.samples.index)]
        part = found[found["sample_id"].isin(names)].reset_index(drop=True)
        part["sample_id"] = part["sample_id"].str.rpartition("-")[0]
        assert list(part.columns) == list(expected.columns)
        for column in expected.columns:
            if expected[column].dtype == float:
                assert np.array_equal(part[column], expected[column], equal_nan=True), column
            elif column != "beyond_tested_range":
                assert list(part[column]) == list(expected[column]), column


@pytest.mark.slow
def test_files_do_not_depend_on_processes_memory_or_rows_at_once(
    cohort_file: Path, whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("ROWS_AT_ONCE", "EXPLAINED_AT_ONCE"):
        monkeypatch.setattr(work, name, 5)
    run(cohort_file, tmp_path / "other", EXPLAINED, memory=5_000_000_000)
    assert digests(whole) == digests(tmp_path / "other")
    monkeypatch.setattr(work, "EXPLAINED_AT_ONCE", 1000)
    plain = run(cohort_file, tmp_path / "plain")
    assert plain["predictions"] == pq.read_table(whole / "predictions").num_rows


def test_a_finished_run_is_not_run_again_and_says_so(
    cohort_file: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    counts = run(cohort_file, tmp_path / "out")
    before = digests(tmp_path / "out")
    caplog.set_level("INFO", logger="pamrx")
    assert score(open_cohort(cohort_file), tmp_path / "out", None, Options(NAMES)) == counts
    assert digests(tmp_path / "out") == before
    assert "all done before" in caplog.messages[0]
    assert capfd.readouterr() == ("", ""), "the library logs and does not print"
    assert not (tmp_path / "out" / output.WORK).exists()


class Stopped(Exception):
    pass


@pytest.mark.parametrize("after", [0, 1, 3, 5])
def test_a_run_that_was_stopped_goes_on_and_ends_the_same(
    cohort_file: Path, whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, after: int
) -> None:
    real, calls = output._put_json, []

    def dying(path: Path, *rest: Any) -> None:
        if path.parent.name == "done":
            calls.append(path)
            if len(calls) > after:
                raise Stopped
        real(path, *rest)

    monkeypatch.setattr(output, "_put_json", dying)
    if after < 5:
        with pytest.raises(Stopped):
            run(cohort_file, tmp_path / "out", EXPLAINED)
        done = tmp_path / "out" / output.WORK / "done"
        assert (len(list(done.iterdir())) if done.exists() else 0) == after
        assert (tmp_path / "out").exists() == (after > 0), "where no part is finished nothing is left"
    monkeypatch.setattr(output, "_put_json", real)
    run(cohort_file, tmp_path / "out", EXPLAINED)
    assert digests(tmp_path / "out") == digests(whole)


@pytest.mark.slow
def test_kill_nine_at_any_moment_loses_and_doubles_nothing(few: Profiles, tmp_path: Path) -> None:
    table = repeated(table_of(few), 8)
    cohort = shards(tmp_path / "cohort", **{f"s{place}": table.slice(12 * place, 12) for place in range(8)})
    command = [sys.executable, "-m", "pamrx", "score", str(cohort), "--drugs", ",".join(NAMES), "--jobs", "1",
               "--explain", "top=2", "--summary", "-o"]  # fmt: skip
    environment = dict(os.environ)
    out, whole, kills = tmp_path / "out", tmp_path / "whole", 0
    subprocess.run([*command, str(whole)], env=environment, check=True, capture_output=True)
    random = np.random.default_rng(3)
    while True:
        process = subprocess.Popen([*command, str(out)], env=environment, stdout=-3, stderr=-3)
        until = time.monotonic() + 60
        before = len(list((out / output.PREDICTED).glob("*")))
        while process.poll() is None and kills < 4 and time.monotonic() < until:
            # Killed soon after a part has got its name, or while the next one is scored.
            if len(list((out / output.PREDICTED).glob("*"))) > before:
                time.sleep(random.uniform(0.0, 0.5))
                break
            time.sleep(0.002)
        if process.poll() is None and kills < 4:
            process.send_signal(signal.SIGKILL)
            process.wait()
            kills += 1
            continue
        assert process.wait() == 0
        break
    assert kills >= 2
    assert digests(out) == digests(whole)


def test_what_changed_since_a_run_was_begun_is_told(cohort_file: Path, tmp_path: Path) -> None:
    cohort = tmp_path / "cohort.parquet"
    cohort.write_bytes(cohort_file.read_bytes())
    out = tmp_path / "out"
    run(cohort, out)
    with pytest.raises(PamrxError, match=r"options coverage was 0\.9, now 0\.8"):
        run(cohort, out, Options(NAMES, coverage=0.8))
    with pytest.raises(PamrxError, match="options drugs was alpelisib"):
        run(cohort, out, Options(NAMES[:1]))
    os.utime(cohort, (1, 1))  # the same size, another content as far as anybody knows
    with pytest.raises(PamrxError, match=r"cohort cohort\.parquet was \d+ bytes"):
        run(cohort, out)


def test_a_folder_that_holds_something_else_is_left_alone(cohort_file: Path, tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(PamrxError, match="holds files, but no run"):
        run(cohort_file, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]
    with pytest.raises(PamrxError, match="is a file; name a folder"):
        run(cohort_file, tmp_path / "thesis.txt")
    with pytest.raises(PamrxError, match="does not exist; make it first"):
        run(cohort_file, tmp_path / "no" / "out")


def test_two_runs_at_once_on_one_folder_are_refused(cohort_file: Path, tmp_path: Path) -> None:
    cohort = open_cohort(cohort_file)
    asked = {"options": {"explain": 0}}
    held = output.Output(tmp_path / "out", asked)
    with pytest.raises(PamrxError, match="another process is writing"):
        output.Output(tmp_path / "out", asked)
    held.close()
    assert cohort.tasks()[0][0] == parts.Chunk(0, "cohort.parquet", 0, 12)


def poisoned(table: pa.Table) -> pa.Table:
    """Six of the twelve samples spoilt, each in a way of its own."""

    def change(table: pa.Table, column: str, row: int, value: object) -> pa.Table:
        values = table.column(column).to_pylist()
        values[row] = value
        place = table.column_names.index(column)
        return table.set_column(place, column, pa.array(values, table.schema.field(column).type))

    table = change(table, "tissue", 1, "brest")
    table = change(table, "expression.PTEN", 2, float("inf"))
    table = change(table, "segments.PTEN", 4, 7.0)
    table = change(table, "sample_id", 5, None)
    table = change(table, "sample_id", 7, "  ")
    return change(table, "expression.IRS1", 8, 4000.0)


def test_poison_rows_are_set_aside_with_their_reason(few: Profiles, tmp_path: Path) -> None:
    cohort = tmp_path / "cohort.parquet"
    table = repeated(table_of(few), 2)
    pq.write_table(pa.concat_tables([poisoned(table.slice(0, 12)), table.slice(12)]), cohort, row_group_size=12)
    counts = run(cohort, tmp_path / "out")
    assert (counts["scored"], counts["rejected"]) == (18, 6)
    bad = pd.read_parquet(tmp_path / "out" / "rejected.parquet")
    assert list(bad["row"]) == [2, 3, 5, 6, 8, 9]
    assert set(bad["shard"]) == {"cohort.parquet"}
    assert bad["sample_id"].isna().tolist() == [False, False, False, True, True, False]
    for reason, words in zip(bad["reason"], ("did you mean breast", "expression.PTEN: found an infinite value",
                             "segments.PTEN: found 7", "empty", "empty", "found 4000, expected no log2 value above 50"),
                             strict=True):  # fmt: skip
        assert words in reason
    found = pd.read_parquet(tmp_path / "out" / "predictions")
    assert found["sample_id"].nunique() == 18
    with pytest.raises(PamrxError, match=r"cohort.parquet: row 2: sample .*brest.*--strict"):
        run(cohort, tmp_path / "strict", Options(NAMES, strict=True))


def test_columns_may_stand_in_any_order_and_in_another_in_each_shard(few: Profiles, tmp_path: Path) -> None:
    table = repeated(table_of(few), 2)
    random, names = np.random.default_rng(0), table.column_names
    plain = shards(tmp_path / "plain", a=table.slice(0, 12), b=table.slice(12))
    mixed = shards(
        tmp_path / "mixed",
        a=table.slice(0, 12).select(list(random.permutation(names))),
        b=table.slice(12).select(names[::-1]),
    )
    run(plain, tmp_path / "out")
    run(mixed, tmp_path / "out2")
    for part in ("part-000000.parquet", "part-000001.parquet"):
        assert (tmp_path / "out" / "predictions" / part).read_bytes() == (
            tmp_path / "out2" / "predictions" / part
        ).read_bytes()


def test_levels_that_the_bundle_does_not_use_are_not_read(bundle: Bundle, few: Profiles, tmp_path: Path) -> None:
    table = table_of(few)
    pq.write_table(table, tmp_path / "plain.parquet")
    run(tmp_path / "plain.parquet", tmp_path / "plain")
    spoilt = np.full(table.num_rows, np.inf)
    read = bundle.builder.genes_read()
    unread = min(default_genes() - read["expression"])
    wide = table.append_column(f"expression.{unread}", pa.array(spoilt))
    pq.write_table(wide, tmp_path / "wide.parquet")
    cohort = open_cohort(tmp_path / "wide.parquet").narrowed(read)
    assert f"expression.{unread}" not in cohort.columns
    assert "expression.PTEN" in cohort.columns
    assert run(tmp_path / "wide.parquet", tmp_path / "wide")["rejected"] == 0
    for out in ("predictions/part-000000.parquet", "rejected.parquet"):
        assert (tmp_path / "wide" / out).read_bytes() == (tmp_path / "plain" / out).read_bytes()


def test_a_part_without_any_usable_sample_is_empty_and_not_missing(few: Profiles, tmp_path: Path) -> None:
    cohort = tmp_path / "cohort.parquet"
    table = repeated(table_of(few), 2)
    nobody = table.slice(0, 12).set_column(1, "tissue", pa.array(["nowhere"] * 12))
    pq.write_table(pa.concat_tables([nobody, table.slice(12)]), cohort, row_group_size=12)
    counts = run(cohort, tmp_path / "out", Options(NAMES, explain=1, summary="tissue"))
    assert (counts["scored"], counts["rejected"]) == (12, 12)
    parts_ = sorted((tmp_path / "out" / "predictions").iterdir())
    assert [pq.read_metadata(path).num_rows for path in parts_] == [0, 36]
    assert len({str(pq.read_schema(path)) for path in parts_}) == 1


def shards(folder: Path, **tables: pa.Table) -> Path:
    folder.mkdir()
    for name, table in tables.items():
        pq.write_table(table, folder / f"{name}.parquet")
    return folder


def test_shards_are_scored_in_the_order_of_their_names(few: Profiles, tmp_path: Path) -> None:
    table = repeated(table_of(few), 2)
    folder = shards(tmp_path / "cohort", b=table.slice(12), a=table.slice(0, 12))
    run(folder, tmp_path / "out")
    found = pd.read_parquet(sorted((tmp_path / "out" / "predictions").iterdir())[0])
    assert set(found["sample_id"]) == set(table.column("sample_id").to_pylist()[:12])


def test_shards_that_do_not_fit_together_are_told_before_any_work(few: Profiles, tmp_path: Path) -> None:
    table = repeated(table_of(few), 2)
    a, b = table.slice(0, 12), table.slice(12)
    place = b.column_names.index("expression.PTEN")

    def refused(words: str, name: str, **tables: pa.Table) -> None:
        folder = shards(tmp_path / name, **tables)
        with pytest.raises(PamrxError, match=words) as told:
            run(folder, tmp_path / f"out-{name}")
        assert "\n" not in str(told.value)
        assert not (tmp_path / f"out-{name}").exists()

    refused(r"b\.parquet: no column expression\.PTEN, which a\.parquet has", "missing", a=a, b=b.remove_column(place))
    refused(r"b\.parquet: column expression\.PTEN stands more than once", "repeated", a=a,
            b=b.append_column("expression.PTEN", b.column("expression.IRS1")))  # fmt: skip
    refused(r"a\.parquet: no column age, which b\.parquet has", "more", a=a,
            b=b.append_column("age", pa.array(range(12))))  # fmt: skip
    counts = b
    for place, name in enumerate(b.column_names):
        if name.startswith("expression."):
            counts = counts.set_column(place, name, pa.array(np.round(np.exp2(b.column(name).to_numpy() + 12))))
    refused("looks like linear, but in a.parquet like log2", "units", a=a, b=counts)
    refused(r"sample .*-0 stands in a\.parquet row 1 and in b\.parquet row 1", "twice", a=a, b=a)
    refused(r"b\.parquet: no sample in it", "empty", a=a, b=b.slice(0, 0))
    refused(
        r"no column sample_id; .*did you mean sampleid",
        "unnamed",
        a=a.rename_columns(["sampleid", *a.column_names[1:]]),
    )
    folder = shards(tmp_path / "text", a=a)
    (folder / "b.parquet").write_text("sample_id,expression.PTEN\n")
    with pytest.raises(PamrxError, match=r"b\.parquet: not a Parquet file"):
        open_cohort(folder)
    stated = [t.replace_schema_metadata({"expression_unit": u}) for t, u in ((a, "log2"), (b, "tpm"))]
    refused("expression in tpm, but a.parquet has log2", "stated", a=stated[0], b=stated[1])


def test_linear_levels_are_logged_and_a_stated_unit_goes_first(few: Profiles, tmp_path: Path) -> None:
    table = table_of(few)
    linear = table
    for place, name in enumerate(table.column_names):
        if name.startswith("expression."):
            values = np.exp2(np.clip(table.column(name).to_numpy() + 8.0, 0, 16)) - 1
            linear = linear.set_column(place, name, pa.array(values))
    pq.write_table(linear, tmp_path / "linear.parquet")
    run(tmp_path / "linear.parquet", tmp_path / "out")
    assert "turned into log2" in " ".join(open_cohort(tmp_path / "linear.parquet").told)
    stated = open_cohort(tmp_path / "linear.parquet", Given(unit="tpm"))
    part, read = next(stated.read(stated.tasks()[0]))
    expected = np.log2(linear.column("expression.PTEN").to_numpy() + 1)
    assert np.allclose(read.profiles.expression["PTEN"], expected, atol=1e-12)
    assert part.size == 12
    with pytest.raises(PamrxError, match="did you mean tpm"):
        open_cohort(tmp_path / "linear.parquet", Given(unit="tpn"))


def test_contributions_are_the_largest_and_sorted(bundle: Bundle, few: Profiles, whole: Path) -> None:
    found = pd.read_parquet(whole / "contributions")
    features = bundle.builder.transform(few)
    assay = next(name for name in bundle.model.assays_ if name == "GDSC2:Alpelisib")
    every = bundle.model.contributions(features, [assay])[:, :, 0]
    first = few.samples.index[0]
    rows = found[(found["sample_id"] == f"{first}-0") & (found["drug"] == "Alpelisib")]
    order = np.argsort(-np.abs(every[0]), kind="stable")[:3]
    assert list(rows["feature"]) == [bundle.model.features_[place] for place in order]
    assert list(rows["contribution"]) == list(every[0][order])
    assert list(rows["rank"]) == [1, 2, 3]


def test_the_summary_counts_what_the_predictions_hold(whole: Path) -> None:
    summary = pd.read_csv(whole / "summary.csv")
    found = pd.read_parquet(whole / "predictions")
    alpelisib = summary[(summary["drug"] == "Alpelisib") & (summary["group"] == "(all)")].iloc[0]
    rows = found[found["drug"] == "Alpelisib"]
    assert alpelisib["n"] == 60
    assert alpelisib["share_sensitive"] == pytest.approx((rows["sensitivity_percentile"] >= 80).mean(), abs=1e-5)
    assert alpelisib["share_flagged"] == pytest.approx((rows["flag"] != "").mean(), abs=1e-5)
    assert summary[summary["group"] != "(all)"].groupby("drug")["n"].sum().eq(60).all()


@pytest.mark.skipif(os.geteuid() != 0, reason="mounts a small file system")
def test_a_full_disk_ends_in_a_line_and_what_is_finished_stays(cohort_file: Path, tmp_path: Path) -> None:
    small = tmp_path / "small"
    small.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", small], capture_output=True)
    if mounted.returncode:
        pytest.skip("no file system can be mounted here")
    try:
        with pytest.raises(PamrxError, match="no space is left there; what is finished stays"):
            run(cohort_file, small / "out")
        done = set((small / "out" / output.WORK / "done").iterdir())
        assert done
        subprocess.run(["mount", "-o", "remount,size=8m", small], check=True)
        run(cohort_file, small / "out")
        run(cohort_file, tmp_path / "whole")
        assert digests(small / "out") == digests(tmp_path / "whole")
    finally:
        subprocess.run(["umount", "-l", small], check=True)


def test_options_are_read_as_a_person_writes_them() -> None:
    from pamrx.cohort.options import read_explain, read_size

    assert [read_size(text) for text in ("2GB", "800 MB", "1.5g", "2000000000")] == [2e9, 8e8, 1.5e9, 2e9]
    assert [read_explain(text) for text in (None, "top=5", "3")] == [0, 5, 3]
    for wrong in ("lots", "2", "-1GB", "2 apples"):
        with pytest.raises(PamrxError, match="--memory"):
            read_size(wrong)
    for wrong in ("top=0", "all", "top=x"):
        with pytest.raises(PamrxError, match="--explain"):
            read_explain(wrong)


def test_what_a_footer_and_large_pages_take_counts(
    cohort_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pamrx.cohort import parquet_rows

    footer = open_cohort(cohort_file).memory
    told = pq.read_metadata(cohort_file)
    assert footer == told.num_row_groups * told.num_columns * parquet_rows.FOOTER_BYTES
    monkeypatch.setattr(parquet_rows, "WHOLE_GROUP", 0)
    largest = max(told.row_group(place).total_byte_size for place in range(told.num_row_groups))
    assert open_cohort(cohort_file).memory == footer + largest
    monkeypatch.setattr(parquet_rows, "FOOTER_BYTES", 1e6)
    with pytest.raises(PamrxError, match=r"--memory 1000MB: expected .*; Parquet files of about 10,000"):
        run(cohort_file, tmp_path / "out", memory=1_000_000_000)


def test_too_little_memory_is_told(cohort_file: Path, tmp_path: Path) -> None:
    with pytest.raises(PamrxError, match="--memory 100MB: expected"):
        run(cohort_file, tmp_path / "out", memory=100_000_000)


def test_a_small_cohort_is_not_worth_another_process(cohort_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from pamrx.cohort import scoring as module

    monkeypatch.setattr("os.cpu_count", lambda: 8)
    cohort = open_cohort(cohort_file)
    assert module._useful(cohort, Options(), None) == 1
    assert module._useful(cohort, Options(explain=3), None) == module._useful(cohort, Options(), "local") == 8
    monkeypatch.setattr(module, "SAMPLES_TO_BEGIN", 20)
    assert module._useful(cohort, Options(), None) == 3


def test_duckdb_and_polars_read_what_is_written(whole: Path) -> None:
    duckdb, polars = pytest.importorskip("duckdb"), pytest.importorskip("polars")
    files = f"{whole}/predictions/*.parquet"
    found = pd.read_parquet(whole / "predictions")
    rows = duckdb.sql(f"SELECT drug, avg(ln_ic50) FROM '{files}' GROUP BY drug ORDER BY drug").fetchall()
    means = found.groupby("drug")["ln_ic50"].mean()
    assert [name for name, _ in rows] == list(means.index)
    assert [value for _, value in rows] == pytest.approx(list(means))
    chosen = polars.scan_parquet(files).filter(polars.col("sensitivity_percentile") >= 80).collect()
    assert len(chosen) == (found["sensitivity_percentile"] >= 80).sum()
