"""Reaching MLflow's registry: a client whose store answers, and what it holds of a model; errors in one line."""

from __future__ import annotations

import contextlib
import logging
import os
import warnings
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from pamrx.errors import PamrxError, StoreError, UsageError

from pamrx_training.tracking.store import (
    URI_VARIABLE,
    brief,
    one_line,
    open_client,
    sqlite_file,
    tracking_uri,
    without_password,
)

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities.model_registry import ModelVersion

MODEL = "pamrx"


@contextlib.contextmanager
def registry(make: bool = False) -> Iterator[MlflowClient]:
    """A client of the store. Whatever the store raises becomes one line.

    `make`: whether a SQLite store that is not there is made.
    """
    with brief(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import mlflow  # noqa: F401  (so that a missing MLflow is what is told)

        # MLflow's remarks on requirements come from a logger that it sets up late.
        logging.getLogger("mlflow").setLevel(logging.ERROR)

        uri = tracking_uri()
        database = sqlite_file(uri)
        if database is not None and not make and not database.exists():
            raise StoreError(
                f"{database}: no MLflow store there; `pamrx train` or `pamrx models register` makes one, "
                f"or set {URI_VARIABLE}"
            )
        try:
            with _chosen(uri):
                yield open_client(uri)
        except PamrxError:
            raise
        except Exception as error:
            raise StoreError(f"MLflow at {without_password(uri)}: {one_line(error)}") from error


def model_of(client: MlflowClient, name: str = MODEL) -> Any:
    from mlflow.exceptions import MlflowException

    try:
        return client.get_registered_model(name)
    except MlflowException as error:
        if error.error_code != "RESOURCE_DOES_NOT_EXIST":
            raise
        raise StoreError(f"no model {name} in the registry; `pamrx models register` makes {MODEL}") from None


def version_of(client: MlflowClient, version: int, name: str = MODEL) -> ModelVersion:
    model_of(client, name)
    found = {int(one.version): one for one in all_versions(client, name)}
    if version not in found:
        there = ", ".join(map(str, sorted(found))) or "none"
        raise UsageError(f"no version {version} of {name}; there is {there}")
    return found[version]


def all_versions(client: MlflowClient, name: str = MODEL) -> list[ModelVersion]:
    """Every version, newest first."""
    quoted = name.replace("'", "")
    found: list[ModelVersion] = []
    token = None
    while True:
        page = client.search_model_versions(f"name = '{quoted}'", page_token=token)
        found += page
        token = page.token
        if not token:
            return sorted(found, key=lambda version: -int(version.version))


def aliases_of(client: MlflowClient) -> dict[str, int]:
    if not all_versions(client):
        return {}
    return {name: int(number) for name, number in model_of(client).aliases.items()}


@contextlib.contextmanager
def _chosen(uri: str) -> Iterator[None]:
    """The store for those parts of MLflow that ask no client which one."""
    before = os.environ.get(URI_VARIABLE)
    os.environ[URI_VARIABLE] = uri
    try:
        yield
    finally:
        if before is None:
            os.environ.pop(URI_VARIABLE, None)
        else:
            os.environ[URI_VARIABLE] = before
