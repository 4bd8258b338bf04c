"""`--alteration`, `--tissue` and `--alterations`: what goes together, and that Python gives the same as the command."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pamrx as face
import pandas as pd
import pytest
from pamrx.errors import UsageError

from tests.commands import pamrx

BY_HAND = ("--alteration", "PIK3CA:H1047R", "--alteration", "PTEN:deletion", "--alteration", "KRAS:wild-type")


@pytest.mark.parametrize(
    ("arguments", "wrong"),
    [
        (["--alteration", "PTEN:deletion", "--expression", "e.csv"], "leave out --expression, or write the"),
        (["--alteration", "PTEN:deletion", "--example"], "leave out --example, or write the alterations as a table"),
        (["--alteration", "PTEN:deletion", "study"], "leave out study, or write the alterations as a table"),
        (["--tissue", "breast", "--mutations", "m.maf"], "leave out --mutations, or name the tissue of each sample"),
        (["--alterations", "a.csv", "--mutations", "m.maf"], "leave out --mutations, or --alterations"),
        (["--alterations", "a.csv", "--copy-number", "c.csv"], "leave out --copy-number, or --alterations"),
        (["--alterations", "a.csv", "--panel", "p.txt"], "--panel goes with --mutations"),
        ([], "or --alteration (such as PIK3CA:H1047R)"),
    ],
)
def test_options_that_do_not_go_together_are_refused_in_one_line(arguments: Any, wrong: str) -> None:
    run = pamrx("predict", *arguments)
    assert run.returncode == 2
    assert wrong in run.stderr
    assert len(run.stderr.strip().splitlines()) == 1


@pytest.mark.medium  # for its imports
def test_python_takes_profiles_or_what_is_named_by_hand() -> None:
    for also in ({"profiles": object()}, {"mutations": "a.maf"}):
        with pytest.raises(
            UsageError, match=f"give either profiles, or alterations and tissue; leave out {next(iter(also))}"
        ):
            face.predict(tissue="breast", **also)


@pytest.mark.medium
def test_python_gives_the_same_bits_as_the_command_and_says_how_little_is_known(tmp_path: Path) -> None:
    out, drugs = tmp_path / "out.parquet", "Alpelisib,Capivasertib"
    run = pamrx("predict", *BY_HAND, "--drugs", drugs, "-o", out)
    assert run.returncode == 0, run.stderr
    table = face.predict(alterations=list(BY_HAND[1::2]), drugs=drugs.split(","))
    pd.testing.assert_frame_equal(pd.read_parquet(out), table, check_dtype=False, check_exact=True)
    assert set(table["flag"]) == {"missing"}
    assert (table["evidence"] < 0.1).all()


@pytest.mark.medium
def test_a_gene_without_a_feature_is_said_to_change_nothing() -> None:
    run = pamrx("predict", "--alteration", "TTN:R10W", "--alteration", "KRAS:G12D", "--drugs", "Alpelisib")
    assert run.returncode == 0
    assert "the model has no feature of the mutations of TTN: what is said of these changes no prediction" in run.stdout
