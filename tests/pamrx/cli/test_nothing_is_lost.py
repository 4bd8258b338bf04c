"""What commands write, whatever becomes of the terminal; and what they show of hostile files."""

from __future__ import annotations

import errno
import io
import os
import sys
from pathlib import Path

import pytest
from pamrx.cli.main import main

from tests.commands import pamrx

MAF = "Hugo_Symbol\tTumor_Sample_Barcode\tVariant_Classification\tHGVSp_Short\n"


@pytest.fixture
def samples(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "s.csv"
    path.write_text("sample_id,tissue\nS1,breast\n")
    return path


def code_of(*arguments: str) -> object:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["pamrx", *arguments])
        with pytest.raises(SystemExit) as end:
            main()
    return end.value.code


@pytest.mark.parametrize(
    "arguments",
    [
        ["predict", "--samples", "s.csv", "-o", "s.csv"],
        ["predict", "--samples", "s.csv", "--evidence", "./s.csv"],
        ["predict", "--samples", "s.csv", "--explain", "hard.csv"],
        ["check", "s.csv", "-o", "s.csv"],
        ["check", "--samples", "link.csv", "-o", "s.csv"],
        ["score", "cohort", "-o", "cohort"],
        ["score", "cohort", "-o", "cohort/out"],
        ["score", "cohort", "--mutations", "m.maf", "-o", "."],
        ["evaluate", "--folds", "s.csv", "-o", "s.csv"],
    ],
)
def test_an_output_that_is_an_input_is_refused_and_nothing_is_read(samples: Path, arguments: list[str]) -> None:
    os.link(samples, "hard.csv")
    Path("link.csv").symlink_to("s.csv")
    Path("cohort").mkdir()
    Path("m.maf").write_text("not read")
    before = sorted(Path().rglob("*"))
    run = pamrx(*arguments)
    assert (run.returncode, run.stdout) == (2, "")
    assert "an input" in run.stderr
    assert run.stderr.count("\n") == 1
    assert samples.read_text() == "sample_id,tissue\nS1,breast\n"
    assert sorted(Path().rglob("*")) == before


@pytest.mark.parametrize("what", [["predict", "--example"], ["features"]])
def test_no_output_goes_into_the_released_bundle(what: list[str], tmp_path: Path) -> None:
    from pamrx.bundle.bundle import released_bundle

    run = pamrx(*what, "-o", released_bundle() / "new.json", cwd=tmp_path)
    assert (run.returncode, run.stdout) == (2, "")
    assert "lies in" in run.stderr
    assert not (released_bundle() / "new.json").exists()


@pytest.mark.parametrize("failure", [errno.EPIPE, errno.ENOSPC])
def test_a_table_is_whole_where_nothing_can_be_shown(
    samples: Path, failure: int, capsys: pytest.CaptureFixture[str]
) -> None:
    class Broken(io.StringIO):
        def write(self, text: str) -> int:
            raise OSError(failure, os.strerror(failure))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "stdout", Broken())
        code = code_of("check", "s.csv", "-o", "found.csv")
    assert Path("found.csv").read_text().startswith("file,kind")
    told = capsys.readouterr().err
    if failure == errno.EPIPE:
        assert (code, told) == (0, "")
    else:
        assert code == 2
        assert told == (
            "pamrx: error: standard output: could not be written (No space left on device); all else was done\n"
        )


def test_findings_are_written_before_they_are_shown(samples: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from pamrx.cli import check_files

    def show(found: object) -> None:
        assert Path("found.csv").exists()
        shown.append(found)

    shown: list[object] = []
    monkeypatch.setattr(check_files, "_show", show)
    assert pamrx("check", "s.csv", "-o", "found.csv").returncode == 0
    assert shown


@pytest.mark.medium
@pytest.mark.parametrize(
    "name", ["[bold]", "[/x]", "[link=http://a.b]x", "S\x1b]0;owned\x07", "S\x9b2J", "S\u202e1", "S\u200b1", "=1+1"]
)
def test_names_from_files_are_shown_as_text(samples: Path, name: str) -> None:
    Path("m.maf").write_text(MAF + f"PTEN\t{name}\tNonsense_Mutation\tp.R130*\n", encoding="utf-8")
    Path(name.replace("/", "-") + ".csv").write_text("sample_id\nS1\n")
    for arguments in (["m.maf"], [name.replace("/", "-") + ".csv"], ["m.maf", "--samples", "s.csv"]):
        run = pamrx("check", *arguments)
        assert run.returncode in (0, 2), run.stderr
        for stream in (run.stdout, run.stderr):
            assert all(one.isprintable() or one == "\n" for one in stream)
            assert "Traceback" not in stream


@pytest.mark.medium
@pytest.mark.parametrize(
    "arguments",
    [
        ["predict", "--top", "a\x1b[31m\x07"],
        ["predict", "--no\x1b[31m"],
        ["no\x1b[31m\rcommand"],
        ["predict", "--samples", "no\x1b[31m.csv"],
        ["drugs", "[bold]\x1b[31m\u202e"],
        ["predict", "--samples", "s.csv", "--bundle", "no\x1b[31m"],
        ["predict", "--samples", "s.csv", "-o", "no\x1b[31m"],
    ],
)
def test_what_is_wrong_with_an_argument_is_shown_as_text(samples: Path, arguments: list[str]) -> None:
    run = pamrx(*arguments)
    assert run.returncode == 2
    assert run.stdout == ""
    assert all(one.isprintable() or one == "\n" for one in run.stderr)


def test_a_fault_is_told_in_full_and_shows_control_characters_written_out(
    samples: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pamrx.cli import check_files

    def fail(*_: object) -> None:
        raise RuntimeError("S\x1b[31m1")

    monkeypatch.setattr(check_files, "check_file_kinds", fail)
    run = pamrx("check", "s.csv")
    assert run.returncode == 1
    assert "Traceback" in run.stderr
    assert "S\\x1b[31m1" in run.stderr


def test_a_formula_in_csv_is_told_once_on_stderr(samples: Path) -> None:
    Path("=1.csv").write_text("sample_id,tissue\nS1,breast\n")
    run = pamrx("check", "=1.csv", "-o", "found.csv")
    assert run.returncode == 0, run.stderr
    assert run.stderr == (
        "found.csv: column file: an apostrophe was put before 1 of its cells, which a spreadsheet would run as a "
        "formula; Parquet and JSON hold them unchanged\n"
    )
