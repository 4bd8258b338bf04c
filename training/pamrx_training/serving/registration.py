"""Making a bundle a version of the model in MLflow's registry (see `pamrx_training.registry.registry`)."""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import math
import os
import re
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pamrx.bundle.bundle import Bundle, load_bundle
from pamrx.errors import BundleError, UsageError

from pamrx_training.registry.registry import ARTIFACT, CHALLENGER, METRIC, SAME, SCHEME
from pamrx_training.registry.registry_store import MODEL, all_versions, registry
from pamrx_training.serving.model import save_served
from pamrx_training.tracking.store import experiment_of, tracking_uri

if TYPE_CHECKING:
    from mlflow import MlflowClient

log = logging.getLogger(__name__)

_RUN = re.compile(r"(?:runs:/+)?(?P<id>[0-9a-f]{32})(?:/bundle)?/?")


def register(source: str | os.PathLike[str]) -> int:
    """Make a bundle a version of the model, as challenger; gives the version, also of a bundle that is one already.

    Parameters
    ----------
    source : folder of a bundle; or the id of a run, also as `runs:/ID`, whose model is taken.

    Raises
    ------
    PamrxError
        If there is no such bundle or run, or the store cannot be used.
    """
    run = _RUN.fullmatch(str(source))
    if run is None:
        bundle = _checked(Path(source))  # before a store is made for nothing
    with registry(make=run is None) as client, tempfile.TemporaryDirectory(prefix="pamrx-") as scratch:
        folder, run_id, logged = Path(source), None, None
        if run is not None:
            run_id = run["id"]
            folder, logged = _of_run(client, run_id, scratch)
            bundle = _checked(folder)
        fingerprint = bundle.manifest["fingerprint"]
        for version in all_versions(client):
            if version.tags.get("bundle_fingerprint") == fingerprint:
                log.info(f"{MODEL}: this bundle is version {version.version} already")
                return int(version.version)
        number = _add(client, folder, bundle, run_id, logged, Path(scratch))
        told = bundle.manifest.get("evaluation", {}).get(METRIC)
        accuracy = f"{METRIC} {told:.4f}" if isinstance(told, float) else f"no {METRIC} known"
        log.info(f"{MODEL}: version {number} registered as {CHALLENGER} ({accuracy}, bundle {fingerprint[:12]})")
        return number


def fold_tags(manifest: Mapping[str, Any], assays: list[str]) -> dict[str, str]:
    """What makes the folds that a bundle was evaluated on, as tags (see `SAME`)."""
    tags = {name: str(manifest[name]) for name in ("data_fingerprint", "protocol", "seed", "scope") if name in manifest}
    tags["folds.lines"] = _hash(sorted(manifest.get("trained_lines", [])))
    tags["folds.assays"] = _hash(sorted(assays))
    tags["folds"] = _hash([tags.get(name) for name in SAME])
    return tags


def _checked(folder: Path) -> Bundle:
    if not folder.exists():
        raise BundleError(f"{folder}: no such folder and no id of a run; expected a bundle, or a run's id")
    return load_bundle(folder)


def _of_run(client: MlflowClient, run_id: str, scratch: str) -> tuple[Path, str]:
    """The bundle of a training, and the id of the logged model that holds it."""
    from mlflow.artifacts import download_artifacts

    outputs = client.get_run(run_id).outputs
    models = [] if outputs is None else [output.model_id for output in outputs.model_outputs]
    if not models:
        raise UsageError(f"run {run_id}: no model; only the run of a `pamrx train` has one")
    place = client.get_logged_model(models[-1]).artifact_location
    return Path(download_artifacts(artifact_uri=f"{place}/artifacts/{ARTIFACT}", dst_path=scratch)), models[-1]


def _add(
    client: MlflowClient, folder: Path, bundle: Bundle, run_id: str | None, logged: str | None, scratch: Path
) -> int:
    """A new version; `logged` is the logged model that holds the bundle already, where a training made one."""
    from mlflow.exceptions import MlflowException

    manifest = bundle.manifest
    tags = {
        "bundle_fingerprint": manifest["fingerprint"],
        **fold_tags(manifest, bundle.model.assays_),
        **{name: repr(value) for name, value in manifest.get("evaluation", {}).items() if math.isfinite(value)},
    }
    if logged is None:
        logged = _logged(client, folder, manifest, run_id, tags, scratch / "model")
    with contextlib.suppress(MlflowException):  # where it is there already
        client.create_registered_model(MODEL, description="Response to inhibitors of the PI3K/AKT/mTOR axis")
    version = client.create_model_version(MODEL, f"{SCHEME}{logged}", run_id, tags=tags, model_id=logged)
    client.set_registered_model_alias(MODEL, CHALLENGER, version.version)
    return int(version.version)


def _logged(
    client: MlflowClient, folder: Path, manifest: dict[str, Any], run_id: str | None, tags: dict[str, str], saved: Path
) -> str:
    save_served(folder, saved)
    name = re.sub(r"[^\w-]", "_", str(manifest.get("name", MODEL)))
    place = experiment_of(client, tracking_uri())
    made = client.create_logged_model(place, name=name, source_run_id=run_id, tags=tags, model_type="bundle")
    client.log_model_artifacts(made.model_id, str(saved))
    client.finalize_logged_model(made.model_id, "READY")
    return str(made.model_id)


def _hash(content: object) -> str:
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()[:16]
