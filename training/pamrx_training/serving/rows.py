"""One sample per row, as a table of a warehouse holds them: a row goes in, one row with its predictions comes out.

This is the form for `mlflow.pyfunc.spark_udf`, which needs a row for a row. It is known by the field `sample_id` at the
top of a row; the other fields have the names of the columns that `pamrx score` reads, with a map from gene to level in
place of a column for each gene:

```
{"sample_id": "T1", "tissue": "breast", "expression": {"PTEN": 4.1, "PIK3CA": 5.0}, "ncrna": {"hsa-miR-21-5p": 12.3},
 "copy_number": {"PTEN": -1}, "mutations": [{"gene": "PIK3CA", "variant_classification": "Missense_Mutation",
                                             "hgvsp": "p.H1047R"}]}
```

`mutations` is null where the sample was not sequenced, and empty where nothing was found; where `driver` is true in all
of them no others are listed, as for a file of `pamrx predict`. A sample is read as if it
were alone: the scale of its levels is told from its own values, so that its numbers are the same in any company.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from pamrx.bundle.bundle import Bundle
from pamrx.cohort.chunk_profiles import chunk_profiles
from pamrx.cohort.chunks import Chunk
from pamrx.cohort.mutations import FIELDS, NEEDED, rows_of
from pamrx.errors import InputError, PamrxError, did_you_mean
from pamrx.identifiers.columns import Columns
from pamrx.identifiers.genes import clean_labels, default_genes, recognised, unrecognised_message
from pamrx.identifiers.units import Decision
from pamrx.prediction.predictions import predict
from pamrx.prediction.schema import RESULT, spark_struct
from pamrx.profiles import Profiles
from pamrx.profiles.normalise import decide, gather, statistics, with_values
from pamrx.profiles.profiles import SAMPLE_COLUMNS
from pamrx.readers.boundary import MAX_LABEL, boundary
from pamrx.readers.mutations.table import Mutations

ID = "sample_id"
LEVELS = ("expression", "ncrna", "copy_number", "segments")
FIELDS_OF_ROW = (ID, *SAMPLE_COLUMNS, "mutations", *LEVELS)
"""What a row may hold."""

SPARK_RESULT = (
    f"{ID} string, predictions array<{spark_struct([column for column in RESULT if column.name != ID])}>, error string"
)
"""The `result_type` for `mlflow.pyfunc.spark_udf`."""

_MUTATION = pa.struct([*((name, pa.string()) for name in FIELDS[:3]), (FIELDS[3], pa.bool_())])
_ROW = "row"


@dataclass(frozen=True)
class _Sample:
    """A row that was read: its levels by matrix, and on which scale each group of them is."""

    place: int
    words: dict[str, object]
    labels: dict[str, tuple[str, ...]]
    values: dict[str, np.ndarray]
    decisions: dict[str, Decision]
    mutations: list[dict[str, Any]] | None

    @property
    def drivers_only(self) -> bool:
        return bool(self.mutations) and all(one["driver"] for one in self.mutations or [])

    @property
    def shape(self) -> tuple[object, ...]:
        """What samples that are worked on together have in common."""
        scales = tuple(sorted((group, decision.scale) for group, decision in self.decisions.items()))
        return tuple(self.labels.items()), scales, self.drivers_only


def one_per_row(rows: Sequence[Mapping[str, Any]]) -> bool:
    """Whether rows are samples; else they are profiles of any number of samples.

    Raises
    ------
    PamrxError
        If some are and others are not.
    """
    found = [ID in row for row in rows]
    if any(found) and not all(found):
        raise InputError(
            f"row {found.index(False) + 1}: no field {ID}, which other rows have; expected it in every row"
        )
    return any(found)


def predict_samples(
    bundle: Bundle,
    rows: Sequence[Mapping[str, Any]],
    drugs: Sequence[str] | None,
    coverage: float,
    unit: str | None,
    copy_number_unit: str | None = None,
) -> pd.DataFrame:
    """The predictions for samples, one row for each of `rows`.

    Parameters
    ----------
    unit, copy_number_unit : of the expression and the copy number, where they are not to be told from the levels.

    Returns
    -------
    DataFrame
        sample_id; predictions, a list of the rows of `predictions.predict` without the name, None where
        unknown; error, empty, or why the sample could not be used: then it has no predictions, and others have theirs.
    """
    found: dict[int, list[Any]] = {}
    errors: dict[int, str] = {}
    alike: dict[tuple[object, ...], list[_Sample]] = {}
    for place, row in enumerate(rows):
        try:
            with boundary("the sample", "fields as documented", "leave out fields to find the one at fault"):
                sample = _read(place, row, unit, copy_number_unit)
        except PamrxError as error:
            errors[place] = str(error)
        else:
            alike.setdefault(sample.shape, []).append(sample)
    for samples in alike.values():
        profiles, wrong = _together(samples)
        errors |= wrong
        if profiles is not None:
            found |= dict(_listed(predict(bundle, profiles, drugs, coverage)))
    return pd.DataFrame(
        {
            ID: [None if row.get(ID) is None else str(row[ID]) for row in rows],
            "predictions": [found.get(place, []) for place in range(len(rows))],
            "error": [errors.get(place, "") for place in range(len(rows))],
        }
    )


def _read(place: int, row: Mapping[str, Any], unit: str | None, copy_number_unit: str | None) -> _Sample:
    given = {name: value for name, value in row.items() if value is not None}
    for name in given:
        if name not in FIELDS_OF_ROW:
            raise InputError(
                f"{name}: no field of a sample; expected {', '.join(FIELDS_OF_ROW)}{did_you_mean(name, FIELDS_OF_ROW)}"
            )
    for name in (ID, *SAMPLE_COLUMNS):
        if isinstance(given.get(name), (Mapping, list, tuple, bool)):
            raise InputError(f"{name}: found {type(given[name]).__name__}, expected text")
    if not str(given.get(ID, "")).strip():
        raise InputError(f"{ID}: empty, expected a name")
    if len(str(given[ID])) > MAX_LABEL:
        raise InputError(f"{ID}: {len(str(given[ID]))} characters, expected at most {MAX_LABEL}")
    labels, values = {}, {}
    decisions: dict[str, Decision] = {}
    for kind in LEVELS:
        if kind not in given:
            continue
        names, levels = _levels(kind, given[kind])
        columns, kept = _columns(kind, names)
        labels[kind], values[kind] = names, levels[kept]
        found = statistics(columns)
        gather(found, columns, values[kind][None], [ID])
        decisions |= decide(columns, with_values(found), kind, unit=unit, copy_number_unit=copy_number_unit)
    words = {name: given[name] for name in SAMPLE_COLUMNS if name in given}
    mutations = _mutations(given["mutations"]) if "mutations" in given else None
    return _Sample(place, words, labels, values, decisions, mutations)


def _levels(kind: str, given: Any) -> tuple[tuple[str, ...], np.ndarray]:
    """A map from gene to level, also as the list of pairs that Arrow makes of one."""
    if isinstance(given, (list, tuple)) and all(isinstance(pair, (list, tuple)) and len(pair) == 2 for pair in given):
        given = dict(given)
    if not isinstance(given, Mapping):
        raise InputError(f"{kind}: found {type(given).__name__}, expected a map from gene to level")
    values = np.empty(len(given))
    for place, (name, value) in enumerate(given.items()):
        if isinstance(value, bool) or not isinstance(value, (int, float, np.number, type(None))):
            raise InputError(f"{kind}.{name}: found {value!r}, expected a number or null")
        values[place] = np.nan if value is None else value
    return tuple(map(str, given)), values


@lru_cache(maxsize=8)
def _columns(kind: str, names: tuple[str, ...]) -> tuple[Columns, list[int]]:
    """The labels of a matrix as columns, and the places of those that are names."""
    known, labels, noncoding = default_genes(), clean_labels(names), kind == "ncrna"
    if not recognised(labels, known, noncoding):
        raise InputError(f"{kind}: {unrecognised_message(labels, known, noncoding)}")
    return Columns.of(kind, list(names), known), [place for place, label in enumerate(labels) if label]


def _mutations(given: Any) -> list[dict[str, Any]]:
    if not isinstance(given, (list, tuple, np.ndarray)):
        raise InputError(f"mutations: found {type(given).__name__}, expected a list of {{{', '.join(NEEDED)}, hgvsp}}")
    found: list[dict[str, Any]] = []
    for number, one in enumerate(given, start=1):
        held = one.asDict() if hasattr(one, "asDict") else one
        if not isinstance(held, Mapping):
            raise InputError(f"mutations: entry {number}: found {type(one).__name__}, expected {', '.join(FIELDS)}")
        for name in held:
            if name not in FIELDS:
                raise InputError(f"mutations: entry {number}: field {name}: expected {', '.join(FIELDS)}"
                                 f"{did_you_mean(str(name), FIELDS)}")  # fmt: skip
        for name in NEEDED:
            if held.get(name) is None:
                raise InputError(f"mutations: entry {number}: no {name}; expected {', '.join(NEEDED)} in each")
        for name in FIELDS[:3]:
            if isinstance(held.get(name), (Mapping, list, tuple, bool)):
                found_type = type(held[name]).__name__
                raise InputError(f"mutations: entry {number}: {name}: found {found_type}, expected text")
        driver = held.get("driver")
        if driver is not None and not isinstance(driver, (bool, np.bool_)):
            raise InputError(f"mutations: entry {number}: driver: found {driver!r}, expected true, false or null")
        texts = {name: None if held.get(name) is None else str(held[name]) for name in FIELDS[:3]}
        found.append({**texts, "driver": None if driver is None else bool(driver)})
    return found


def _together(samples: list[_Sample]) -> tuple[Profiles | None, dict[int, str]]:
    """Samples of one shape as profiles, each named by its place in the input, and why others cannot be used."""
    first, n = samples[0], len(samples)
    columns = {kind: _columns(kind, names)[0] for kind, names in first.labels.items()}
    values = {kind: np.vstack([sample.values[kind] for sample in samples]) for kind in columns}
    words = {name: [sample.words.get(name) for sample in samples] for name in SAMPLE_COLUMNS}
    nested = pa.array([sample.mutations for sample in samples], pa.list_(_MUTATION))

    def mutations(good: np.ndarray, ids: list[str]) -> Mutations:
        return rows_of(pa.chunked_array([nested.filter(pa.array(good))]), ids, default_genes())

    ids = [str(sample.place) for sample in samples]
    read = chunk_profiles(
        Chunk(0, _ROW, 0, n), ids, words, values, columns, first.decisions, mutations, drivers_only=first.drivers_only
    )
    told = zip(read.rejected["row"], read.rejected["reason"], strict=True)
    return read.profiles, {samples[int(row) - 1].place: str(reason) for row, reason in told}


def _listed(table: pd.DataFrame) -> Iterator[tuple[int, list[Any]]]:
    """Place and predictions of each sample; what is unknown is None."""
    plain = table.drop(columns=ID).astype(object)
    records: list[Any] = plain.where(plain.notna(), None).to_dict("records")
    places = table[ID].to_numpy()
    starts = np.flatnonzero(np.append(True, places[1:] != places[:-1]))
    for start, end in zip(starts, [*starts[1:], len(places)], strict=True):
        yield int(places[start]), records[start:end]
