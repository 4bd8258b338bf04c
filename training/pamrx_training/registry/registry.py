"""Versions of the model in MLflow's registry: which there are, which is the champion, and how it became one.

A version is a bundle as an MLflow model (`pamrx_training.serving.registration` makes it), with the facts of its
manifest as tags:

```
bundle_fingerprint, data_fingerprint, seed, protocol   as in the manifest
folds.lines, folds.assays, folds                       fingerprints of the lines, the assays, and all of a split
lco_pearson, lco_spearman, ...                         the evaluation
promoted.at, .by, .reason, .over, .forced              how it became champion
rolled_back.at, .by, .reason, .to                      how it ceased to be
```

Two versions can be compared where `folds` is the same: the same data, lines, assays, protocol and seed make the same
split. The champions so far stand in the tag `champions` of the model, the latest last.
"""

from __future__ import annotations

import contextlib
import logging
import math
import os
import re
import tempfile
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
from pamrx.bundle.bundle import load_bundle
from pamrx.errors import StoreError, UsageError

from pamrx_training.registry.registry_store import (
    MODEL,
    aliases_of,
    all_versions,
    model_of,
    registry,
    version_of,
)
from pamrx_training.tracking.provenance import user

if TYPE_CHECKING:
    from mlflow import MlflowClient

log = logging.getLogger(__name__)

CHAMPION, CHALLENGER = "champion", "challenger"
ARTIFACT = "bundle"
"""The bundle's name among the artifacts of its MLflow model, and its folder below `artifacts/`."""

SCHEME = "models:/"
METRIC = "lco_pearson"
"""By which versions are compared: higher is better."""

SHOWN = (METRIC, "lco_within_tissue_pearson", "lco_rmse", "n_lines", "n_assays")
SAME = {
    "data_fingerprint": "other data",
    "protocol": "another protocol",
    "seed": "another seed",
    "folds.lines": "other lines",
    "folds.assays": "other assays",
}
"""Tags that make a split, and what it means where they differ."""

_CHAMPIONS, _KEPT = "champions", 100
_ADDRESS = re.compile(r"models:/+(?P<model>[^/@]+)(?:/(?P<version>\d+)|@(?P<alias>[^/@]+))/?")


def versions() -> pd.DataFrame:
    """One row per version, newest first: version, alias, `SHOWN`, folds, bundle, registered, note.

    Raises
    ------
    PamrxError
        If there is no store, or it does not answer.
    """
    with registry() as client:
        aliases = aliases_of(client)
        rows = []
        for version in all_versions(client):
            tags = version.tags
            rows.append(
                {
                    "version": int(version.version),
                    "alias": ", ".join(name for name, number in aliases.items() if number == int(version.version)),
                    **{name: _shown(tags.get(name)) for name in SHOWN},
                    "folds": tags.get("folds", "")[:8],
                    "bundle": tags.get("bundle_fingerprint", "")[:12],
                    "registered": _day(version.creation_timestamp),
                    "note": _note(tags),
                }
            )
    return pd.DataFrame(rows)


def promote(version: int, *, force: bool = False, reason: str | None = None) -> None:
    """Make a version the champion, and keep who did it, when and why.

    Raises
    ------
    UsageError
        If there is no such version, it is the champion, it was trained on a part of the data, or it is worse than the
        champion, or was not evaluated on the same folds: the last two unless `force` with a `reason`.
    """
    if force and not (reason or "").strip():
        raise UsageError("--force needs --reason TEXT: what is kept with the version must say why")
    with registry() as client:
        aliases = aliases_of(client)
        candidate = version_of(client, version)
        current = aliases.get(CHAMPION)
        if current == version:
            raise UsageError(f"version {version} is the {CHAMPION} already")
        if scope := candidate.tags.get("scope"):
            raise UsageError(f"version {version} was trained on a part of the data ({scope}); train on all of them")
        judged = "the first champion"
        if current is not None:
            judged, against = _judged(candidate.tags, version_of(client, current).tags, version, current)
            if against and not force:
                raise UsageError(f"version {version} was not promoted: {judged}; --force --reason TEXT promotes it")
        told = {
            "at": _now(),
            "by": user(),
            "reason": (f"{reason.strip()} ({judged})" if reason and reason.strip() else judged),
            "over": "" if current is None else str(current),
            "forced": str(force).lower(),
        }
        _record(client, version, "promoted", told)
        past = _champions(client)
        if current is not None and past[-1:] != [current]:
            past.append(current)  # set by hand in MLflow
        _become(client, version, [*past, version])
        if aliases.get(CHALLENGER) == version:
            client.delete_registered_model_alias(MODEL, CHALLENGER)
    log.info(f"{MODEL}: version {version} is the {CHAMPION} ({told['reason']})")


def rollback(*, reason: str | None = None) -> int:
    """Make the champion before this one the champion again; gives its version.

    Raises
    ------
    StoreError
        If there is no champion, or none before it.
    """
    with registry() as client:
        current = aliases_of(client).get(CHAMPION)
        if current is None:
            raise StoreError(f"{MODEL} has no {CHAMPION}; `pamrx models promote` makes one")
        past = _champions(client)
        while past and past[-1] == current:
            past.pop()
        there = {int(version.version) for version in all_versions(client)}
        past = [number for number in past if number in there]
        if not past:
            raise StoreError(f"version {current} is the first {CHAMPION} that is known; there is none to go back to")
        before = past[-1]
        why = (reason or "").strip() or "no reason given"
        _record(client, current, "rolled_back", {"at": _now(), "by": user(), "reason": why, "to": str(before)})
        _become(client, before, past)
    log.info(f"{MODEL}: version {before} is the {CHAMPION} again, version {current} is not ({why})")
    return before


@contextlib.contextmanager
def bundle_folder(address: str | os.PathLike[str] | None) -> Iterator[Path | None]:
    """The folder of a bundle: a path as it is, and what lies at `models:/pamrx@champion` or `models:/pamrx/3` while
    the context is open. No code that the store may hold is run.

    Raises
    ------
    PamrxError
        If the address is none, names no version, or the store does not answer.
    """
    text = None if address is None else Path(address).as_posix()
    if text is None or not text.startswith(SCHEME):
        yield None if text is None else Path(text)
        return
    with tempfile.TemporaryDirectory(prefix="pamrx-") as scratch:
        with registry() as client:
            folder = _download(client, text, scratch)
        yield folder


def _judged(new: Mapping[str, str], old: Mapping[str, str], version: int, current: int) -> tuple[str, bool]:
    """How a version compares with the champion, in words, and whether that speaks against it."""
    champion = f"version {current}, the {CHAMPION},"
    differ = [word for name, word in SAME.items() if new.get(name) != old.get(name)]
    if differ:
        return f"{champion} was evaluated on {' and '.join(differ)}: the two cannot be compared", True
    try:
        ours, theirs = float(new[METRIC]), float(old[METRIC])
    except (KeyError, ValueError):
        lacking = version if METRIC not in new else current
        return f"version {lacking} has no {METRIC}: the two cannot be compared", True
    numbers = f"{METRIC} {ours:.4f} against {theirs:.4f} of {champion.rstrip(',')} on the same folds"
    if ours < theirs:
        return f"it is worse: {numbers}", True
    return f"{'as good' if ours == theirs else 'better'}: {numbers}", False


def _download(client: MlflowClient, address: str, scratch: str) -> Path:
    from mlflow.artifacts import download_artifacts

    parts = _ADDRESS.fullmatch(address)
    if parts is None:
        raise UsageError(f"{address}: expected models:/{MODEL}@{CHAMPION}, or models:/{MODEL}/3 for a version")
    number = parts["version"]
    if number is None:
        model = model_of(client, parts["model"])
        if parts["alias"] not in model.aliases:
            known = ", ".join(sorted(model.aliases)) or "none"
            raise UsageError(f"{address}: no version has the alias {parts['alias']}; there is {known}")
        number = str(model.aliases[parts["alias"]])
    version = version_of(client, int(number), parts["model"])
    uri = f"{SCHEME}{parts['model']}/{number}/artifacts/{ARTIFACT}"
    folder = Path(download_artifacts(artifact_uri=uri, dst_path=scratch))
    told = version.tags.get("bundle_fingerprint")
    if told is not None and load_bundle(folder).manifest["fingerprint"] != told:
        raise StoreError(f"{address}: the bundle in the store is not the one that was registered as version {number}")
    return folder


def _champions(client: MlflowClient) -> list[int]:
    return [int(number) for number in model_of(client).tags.get(_CHAMPIONS, "").split()]


def _become(client: MlflowClient, version: int, champions: list[int]) -> None:
    client.set_registered_model_alias(MODEL, CHAMPION, str(version))
    client.set_registered_model_tag(MODEL, _CHAMPIONS, " ".join(map(str, champions[-_KEPT:])))


def _note(tags: Mapping[str, str]) -> str:
    """Why it became champion or ceased to be, whichever was later."""
    latest = max(("promoted", "rolled_back"), key=lambda what: tags.get(f"{what}.at", ""))
    return tags.get(f"{latest}.reason", "")


def _record(client: MlflowClient, version: int, what: str, told: Mapping[str, str]) -> None:
    for key, value in told.items():
        client.set_model_version_tag(MODEL, str(version), f"{what}.{key}", value)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def _day(milliseconds: int) -> str:
    return datetime.fromtimestamp(milliseconds / 1000, UTC).strftime("%Y-%m-%d %H:%M")


def _shown(value: str | None) -> str:
    number = float(value) if value is not None else math.nan
    return "" if math.isnan(number) else f"{number:g}" if number == int(number) else f"{number:.4f}"
