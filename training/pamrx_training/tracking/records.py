"""What a run consists of, before any store has seen it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pamrx.display import short_repr


@short_repr
@dataclass(frozen=True)
class DataSet:
    """The data of a run: SHA-256 over the training tables, and their size in words (`{"lines": 924}`)."""

    fingerprint: str
    profile: Mapping[str, int] = field(default_factory=dict)
    context: str = "training"


@short_repr
@dataclass(frozen=True)
class Run:
    """The content of one run.

    Attributes
    ----------
    name : what the UI shows.
    data : logged as the run's input.
    metrics : by the names of `pamrx_training.tracking.names`; values that are not finite are left out.
    parameters : settings; nested mappings are flattened with dots.
    tags : beside those that every run gets.
    files : writes the artifacts into a folder.
    children : runs of the same study, logged under this one.
    started : seconds since 1970; by default the moment of logging.
    model : writes an MLflow model to a new folder; logged as the run's output.
    """

    name: str
    data: DataSet
    metrics: Mapping[str, float] = field(default_factory=dict)
    parameters: Mapping[str, object] = field(default_factory=dict)
    tags: Mapping[str, object] = field(default_factory=dict)
    files: Callable[[Path], None] | None = None
    children: Sequence[Run] = ()
    started: float | None = None
    model: Callable[[Path], None] | None = None
