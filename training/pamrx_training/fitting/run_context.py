"""How a computation is run, apart from what it computes."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path

from pamrx.display import short_repr
from pamrx.errors import StoreError

from pamrx_training.datasets import cache_folder
from pamrx_training.fitting.code_digest import code_digest

FOLDER = "evaluations"
"""Of finished fits, inside the data cache."""


@dataclass(frozen=True)
class Store:
    """Finished results in a folder, and the fingerprint of the data that they were computed from.

    The name of a result is the SHA-256 of all that its content depends on. Where anything has changed the name is
    another one, so that what is found may be read. The folder may be deleted at any time.
    """

    folder: Path
    data: str

    def path(self, key: object, *modules: str, suffix: str = ".parquet") -> Path:
        """Where a result belongs.

        Parameters
        ----------
        key : what was computed; anything that JSON can hold.
        modules : whose code computes it (see `pamrx_training.fitting.code_digest`).
        """
        content = json.dumps([key, self.data, code_digest(*modules)], sort_keys=True)
        return self.folder / f"{hashlib.sha256(content.encode()).hexdigest()[:32]}{suffix}"


@short_repr
@dataclass(frozen=True)
class RunContext:
    """How a computation is run.

    Attributes
    ----------
    jobs : processes; the results do not depend on it.
    store : where finished fits are kept and looked up; None keeps nothing.
    seed : of inner folds, masks and trees, where a function is not given (seed, folds) of several repeats.
    """

    jobs: int = 2
    store: Store | None = None
    seed: int = 0


def open_store(cache: str | os.PathLike[str] | None, data: str, folder: str = FOLDER) -> Store:
    """The store in the data cache (see `cache_folder`), made where it is absent.

    Raises
    ------
    PamrxError
        If the folder cannot be made.
    """
    return Store(made_folder(cache_folder(cache, make=True) / folder), data)


def made_folder(folder: Path) -> Path:
    """The folder, inside the data cache, made where it is absent.

    Raises
    ------
    StoreError
        If it cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"{folder}: cannot be made ({error.strerror}); name another folder with --cache") from None
    return folder
