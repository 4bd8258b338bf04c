"""`features.json`, the state of the FeatureBuilder: checked before its blocks are made of it."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from pamrx.bundle.refusal import refusal, shown
from pamrx.bundle.strict_json import Fields, read_json
from pamrx.features import FeatureBuilder
from pamrx.features.brakes import READ_FROM_EXPRESSION
from pamrx.features.builder import BLOCKS
from pamrx.features.copy_number import GENE, SEGMENT

_PARTS = ("mutation", "brakes", "copy_number", "ncrna", "tme", "programme", "tissue")
_SIZE = 100.0
"""Of a score, a weight or a limit: scores are those of a standard normal distribution."""

MOST_LINES = 1_000_000
"""Training lines with an alteration."""


def read_builder(data: bytes, file: Path, knowledge_version: int) -> FeatureBuilder:
    """The builder that wrote the state; `knowledge_version` is that of the bundle's manifest.

    Raises
    ------
    BundleError
        If it is not the state of a builder, or its parts do not fit each other.
    """
    state = Fields(read_json(data, file), file)
    state.only(("blocks", "min_altered", "knowledge_version", "universe", "lines", *_PARTS))
    state.names("blocks", BLOCKS, least=1)
    state.whole("min_altered", 0, 1_000_000)
    universe = frozenset(state.names("universe"))
    _check_mutation(state, universe)
    _check_copy_number(state.below("copy_number"))
    _check_ncrna(state.below("ncrna"), universe)
    for name in ("tme", "programme"):
        _check_signatures(state.below(name), name, universe)
    tissue = state.below("tissue")
    tissue.only(("tissues",))
    tissue.names("tissues")
    if "lines" in state.content:
        lines = state.below("lines")
        for name in state.by_name("lines"):
            lines.whole(name, 0, MOST_LINES)
    return FeatureBuilder.from_state({**state.content, "knowledge_version": knowledge_version})


def _check_mutation(state: Fields, universe: Collection[str]) -> None:
    mutation, brakes = state.below("mutation"), state.below("brakes")
    mutation.only(("genes", "flagged", "listed"))
    mutation.names("flagged", mutation.names("genes"))
    mutation.names("listed")
    brakes.only(("two_hit", "low_under"))
    brakes.names("two_hit")
    if brakes["low_under"] is not None:
        brakes.number("low_under", -_SIZE, _SIZE)
        if READ_FROM_EXPRESSION not in universe:
            raise brakes.refused("low_under", brakes["low_under"], f"null without {READ_FROM_EXPRESSION} in universe")


def _check_copy_number(block: Fields) -> None:
    block.only(("segments", "events"))
    for name, kinds in (("segments", SEGMENT), ("events", GENE)):
        for event in block.names(name):
            if not event.endswith(tuple(f"_{kind}" for kind in kinds)):
                raise block.refused(name, event, f"names that end in _{' or _'.join(kinds)}")


def _check_ncrna(block: Fields, universe: Collection[str]) -> None:
    block.only(("mirna_universe", "mirnas", "lncrnas", "loads", "centre", "proxies", "usual", "least_like"))
    known = block.names("mirna_universe")
    block.names("mirnas", known)
    block.names("lncrnas", universe)
    centre = block.by_name("centre", known, -_SIZE, _SIZE)
    loads = block.below("loads")
    for name in loads.content:
        _check_weights(loads, name, centre)
    proxies = block.below("proxies")
    for host in proxies.content:
        if host not in universe:
            raise block.refused("proxies", host, "transcripts of universe")
        _check_weights(proxies, host, known)
    usual = block.by_name("usual", known, -_SIZE, _SIZE)
    if usual and len(usual) != len(known):
        raise block.refused("usual", f"{len(usual)} names", "every name of mirna_universe, or none")
    block.number("least_like", -1.0, 1.0)


def _check_signatures(block: Fields, name: str, universe: Collection[str]) -> None:
    block.only(("name", "members"))
    if block["name"] != name:
        raise block.refused("name", block["name"], name)
    members = block.below("members")
    for signature in members.content:
        _check_weights(members, signature, universe)


def _check_weights(block: Fields, name: str, known: Collection[str]) -> None:
    weights = block.by_name(name, known, -_SIZE, _SIZE)
    if not weights or min(map(abs, weights.values())) < 1 / _SIZE:
        raise refusal(block.file, f"{block.place}{shown(name)} has no weights, or one near 0", "weights other than 0")
