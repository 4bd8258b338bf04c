"""Odd names and paths of files, and odd values of options."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path
from random import Random

from tests.fuzz.case import Case, Kind
from tests.fuzz.kinds.layouts import DRUGS, asked, maf_rows, matrix_rows, put, sample_rows, scored, text_of
from tests.fuzz.tokens import cell

NAMES = (
    "x y.maf", "-x.maf", "--mutations", "x\n.maf", "x\ry.maf", "\x1b[31mx.maf", "[bold]x[/].maf", "[/x].maf", "'x'.maf",
    '"x".maf', "x\udcff.maf", "\u202ex.maf", "é.maf", "e\u0301.maf", "x.maf ", ".x", "x", "x.maf.gz", "x.MAF", "x.xlsx",
    "x.parquet", "x.h5ad", "x.h5ad::y", "x::y.maf", "x.vcf", "x.vcf.gz", "x.pkl", "x.zip", "x.gct", "x.csv", "%s.maf",
    "{0}.maf", "$HOME.maf", "x;y.maf", "n" * 250, "\x07.maf", "\x9b.maf", "x\t.maf",
)  # fmt: skip
ABSENT = (
    "absent.maf", "n" * 300, "/".join(["n" * 200] * 30), "", ".", "..", "/", "/dev/null", "/dev/zero", "/dev/stdin",
    "/proc/self/mem", "x.maf/", "x.maf/y", "absent/x.maf", "~/x.maf", "\x1b[31mabsent", "[/]absent", "absent\n",
    "\udcff",     "x\0y", "-", "x.h5ad::y", "x.xlsx::", "https://example.org/x.maf", "s3://x/y.maf", "x.pkl", "x.zip",
)  # fmt: skip
# Nothing outside the case's folder that could be written: these run as whoever runs the tests.
OUTPUTS = (
    "out.csv", "out.CSV", "out.parquet", "out.json", "out", "out.txt", "absent/out.csv", "x.maf", "x.csv", "./x.csv",
    "",     ".", "..", "/", "[/]out.csv", "\x1b[31m.csv", "o" * 300 + ".csv",
    "-o.csv", "out\n.csv", "x.csv/out.csv", "\udcff.csv", ".csv", "o u t.csv", "%s.csv", "out.csv.gz", "out.xlsx",
)  # fmt: skip
VALUES = {
    "--drugs": ("", ",", "alpelisib,", "alpelisib,alpelisib", "ALPELISIB", "alpelisb", "x" * 5000),
    "--coverage": ("0.5", "0.99", "0", "1", "-1", "nan", "inf", "1e400", "0,9", "", "x"),
    "--top": ("0", "1", "-1", "999999999999999999999", "x", "1.5", ""),
    "--sheet": ("", "levels", "x"),
    "--expression-unit": ("tpm", "TPM", "tmp", "", "counts", "zscore"),
    "--copy-number-unit": ("calls", "copies", "", "x"),
    "--panel": ("msk-impact-468", "msk-impact", "", "x.maf", "."),
    "--unknown-panel": ("unassessed", "", "x"),
    "--bundle": ("", ".", "absent", "x.maf", "/dev/null"),
    "--evidence": OUTPUTS,
    "--explain": OUTPUTS,
}
SCORING = {
    "--memory": ("2GB", "1KB", "0", "-1GB", "1e400GB", "", "x", "99999999999TB", "nan", "1.5GB"),
    "--explain": ("top=3", "top=0", "top=-1", "top=", "3", "", "top=99999999999999999999"),
    "--coverage": VALUES["--coverage"],
    "--drugs": VALUES["--drugs"],
    "--mutations": ABSENT,
    "--panel": VALUES["--panel"],
    "--expression-unit": VALUES["--expression-unit"],
}


def _valid(random: Random, folder: Path) -> Case:
    put(folder / "x.maf", text_of(maf_rows(random)))
    put(folder / "x.csv", text_of(sample_rows(random), ","))
    put(folder / "x.tsv", text_of(matrix_rows(random, "log2")))
    chosen = random.choice(
        ({"mutations": "x.maf"}, {"mutations": "x.maf", "samples": "x.csv"}, {"expression": "x.tsv"})
    )
    return asked(random, chosen)


def _spoil(random: Random, folder: Path, case: Case) -> Case:
    return random.choice(_CHANGES)(random, folder, case)


def _odd_name(random: Random, folder: Path, case: Case) -> Case:
    new = random.choice((*NAMES, cell(random).replace("/", "").replace("\0", "")[:80] or "x"))
    (folder / new).parent.mkdir(exist_ok=True)  # for a name with a slash
    (folder / case.files[0]).rename(folder / new)
    return case.instead(case.files[0], new)


def _absent(random: Random, folder: Path, case: Case) -> Case:
    return case.instead(case.files[0], random.choice(ABSENT))


def _other_thing(random: Random, folder: Path, case: Case) -> Case:
    """A folder, a pipe, a loop of links, an empty file or the same file where a file belongs."""
    path = folder / case.files[0]
    content = path.read_bytes()
    thing = random.choice(("folder", "pipe", "loop", "empty", "link", "same"))
    if thing == "same":
        return case.instead(case.files[-1], case.files[0])
    path.unlink()
    if thing == "folder":
        path.mkdir()
    elif thing == "pipe":
        os.mkfifo(path)
        # As process substitution does: once, to whoever opens it. Nobody waits for this thread.
        threading.Thread(target=_write_once, args=(path, content), daemon=True).start()
    elif thing == "loop":
        path.symlink_to(path.name)
    elif thing == "link":
        (folder / "real").write_bytes(content)
        path.symlink_to("real")
    else:
        path.touch()
    return case


def _write_once(path: Path, content: bytes) -> None:
    try:
        path.write_bytes(content)
    except OSError:
        return  # the reader left


def _odd_output(random: Random, folder: Path, case: Case) -> Case:
    output = random.choice((*OUTPUTS, random.choice(case.files)))
    options = [text for text in case.arguments if text not in ("-o", case.output)]
    return Case((*options, "-o", output), case.files, output)


def _odd_value(random: Random, folder: Path, case: Case) -> Case:
    option = random.choice(sorted(VALUES))
    return Case((*case.arguments, option, random.choice(VALUES[option])), case.files, case.output)


def _odd_scoring(random: Random, folder: Path, case: Case) -> Case:
    cohort = folder / "cohort"
    cohort.mkdir()
    name = random.choice(("expression-01.tsv", "expression-1 .tsv", "expression-[bold].tsv", "expression-\n.tsv"))
    (folder / "x.tsv").rename(cohort / name)
    option = random.choice(sorted(SCORING))
    given = scored(random.choice(("cohort", "cohort", "cohort/", ".", "cohort/absent")), [f"cohort/{name}"])
    if random.random() < 0.3:
        output = random.choice(("scores", "cohort", ".", "x.maf", "absent/scores", "", "s" * 300, "\x1b[m"))
        given = Case((*given.arguments[:2], "-o", output, *given.arguments[4:]), given.files, output)
    return Case((*given.arguments, option, random.choice(SCORING[option])), given.files, given.output)


def _any_words(random: Random, folder: Path, case: Case) -> Case:
    """The same words in another order, some twice or gone, and some that nobody knows."""
    words = [*case.arguments[1:], *DRUGS]
    random.shuffle(words)
    words[random.randrange(len(words))] = cell(random).replace("\0", "")
    return Case((case.arguments[0], *words[: random.randrange(1, len(words) + 1)]), case.files, None)


_CHANGES: tuple[Callable[[Random, Path, Case], Case], ...] = (
    _odd_name, _odd_name, _absent, _other_thing, _odd_output, _odd_output, _odd_value, _odd_value, _odd_scoring,
    _any_words,
)  # fmt: skip

KINDS = (Kind("options", 40, _valid, _spoil),)
