"""A bundle as an MLflow model: a profile goes in as records, the rows of `pamrx predict` come out.

The model is kept as code (`pyfunc_model.py`) and the bundle as its artifact; nothing is pickled. One row of input is
one profile of any number of samples, and its columns are the parts of `pamrx.readers.records`:

```
{"inputs": [{"mutations": [{"Hugo_Symbol": "PIK3CA", "Tumor_Sample_Barcode": "T1",
                            "Variant_Classification": "Missense_Mutation", "HGVSp_Short": "p.H1047R"}],
             "samples": [{"sample_id": "T1", "tissue": "breast"}]}],
 "params": {"drugs": "Alpelisib,Capivasertib", "coverage": 0.9}}
```

Rows with the field `sample_id` are samples instead, one each, and so are the rows that come out (`samples.py`).
"""

from __future__ import annotations

import json
import logging
import math
import os
import shutil
import tempfile
import threading
import traceback
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pandas as pd
from mlflow.exceptions import MlflowException
from mlflow.models import ModelSignature
from mlflow.protos.databricks_pb2 import INTERNAL_ERROR, INVALID_PARAMETER_VALUE
from mlflow.pyfunc.model import PythonModel
from mlflow.types import DataType, ParamSchema, ParamSpec, Schema
from mlflow.types.schema import AnyType, ColSpec, TensorSpec
from pamrx.bundle.bundle import Bundle, load_bundle
from pamrx.errors import InputError, PamrxError, UsageError, did_you_mean
from pamrx.identifiers.copy_number import check_copy_number_unit
from pamrx.identifiers.genes import default_genes
from pamrx.identifiers.units import check_unit
from pamrx.prediction.intervals import COVERAGE, check_coverage
from pamrx.prediction.predictions import chosen_assays, predict
from pamrx.prediction.schema import RESULT
from pamrx.profiles import read_records
from pamrx.readers.boundary import boundary
from pamrx.readers.records import PARTS

from pamrx_training.registry.registry import ARTIFACT
from pamrx_training.serving.rows import FIELDS_OF_ROW, one_per_row, predict_samples

SETTINGS: dict[str, Any] = {"drugs": None, "coverage": COVERAGE, "expression_unit": None, "copy_number_unit": None}
"""What `params` may hold, by the names of the options of `pamrx predict`, with the defaults."""

EXAMPLE = {
    "mutations": [
        {
            "Hugo_Symbol": "PIK3CA",
            "Tumor_Sample_Barcode": "T1",
            "Variant_Classification": "Missense_Mutation",
            "HGVSp_Short": "p.H1047R",
        }
    ],
    "samples": [{"sample_id": "T1", "tissue": "breast"}],
}
"""One row of input."""

_TYPES = {
    "text": DataType.string,
    "number": DataType.double,
    "integer": DataType.long,
    "boolean": DataType.boolean,
}
_CODE = Path(__file__).with_name("pyfunc_model.py")
_log = logging.getLogger(__name__)


class Refused(MlflowException):
    """A request that gets no answer, told in one line.

    The message stays as it was made: MLflow's server would put the whole input before it, and a patient's profile
    belongs neither in an answer nor in a log.
    """

    def __setattr__(self, name: str, value: object) -> None:
        if name != "message" or "message" not in self.__dict__:
            super().__setattr__(name, value)


class PamrxModel(PythonModel):
    """The bundle of the context, or one that is given; `most_samples` in one input, None for any number."""

    def __init__(self, bundle: Bundle | None = None, most_samples: int | None = None) -> None:
        self._bundle = bundle
        self._most_samples = most_samples
        # Numerical libraries keep their number of threads for the whole process: one prediction at a time.
        self._lock = threading.Lock()

    def load_context(self, context: Any) -> None:
        """Load the bundle that lies among the artifacts; its checksums are verified."""
        self._bundle = load_bundle(context.artifacts[ARTIFACT])

    def predict(
        self,
        context: Any,  # noqa: ARG002
        model_input: pd.DataFrame,
        params: dict[str, Any] | None = None,
    ) -> pd.DataFrame:
        """Predict for every row of `model_input`.

        Parameters
        ----------
        model_input : a row per profile, columns of `pamrx.readers.records.PARTS`; also a dict, or a list of them.
        params : of `SETTINGS`.

        Returns
        -------
        DataFrame
            As `predictions.predict`, the profiles one below the other; what is unknown is None. For rows
            that are samples as `predict_samples`.

        Raises
        ------
        Refused
            With the one line that `pamrx predict` would say, and code INVALID_PARAMETER_VALUE (HTTP 400).
        """
        try:
            with self._lock:
                return predict_records(self._loaded(), _rows(model_input), params or {}, self._most_samples)
        except PamrxError as error:
            raise Refused(str(error), INVALID_PARAMETER_VALUE) from None
        except Exception as error:
            # Where it happened, and not what the error says: that may hold a patient's data.
            where = "".join(traceback.format_tb(error.__traceback__))
            _log.error(f"a request could not be answered: {type(error).__name__} at\n{where}")
            raise Refused("the prediction failed; the log of the server says why", INTERNAL_ERROR) from error

    def _loaded(self) -> Bundle:
        if self._bundle is None:
            raise UsageError("the model was not given a bundle")
        return self._bundle


def predict_records(
    bundle: Bundle, rows: list[dict[str, Any]], settings: Mapping[str, Any], most_samples: int | None = None
) -> pd.DataFrame:
    """The predictions for profiles given as records.

    Parameters
    ----------
    most_samples : over all rows; None for any number.

    Raises
    ------
    InputError
        For an input or a setting that cannot be used, a sample that stands in two rows, and too many samples.
    """
    drugs, coverage, unit, copy_number_unit = _settings(settings)
    chosen_assays(bundle.model.assays_, drugs)  # before the long reading
    if one_per_row(rows):
        check_unit(unit)
        check_copy_number_unit(copy_number_unit)
        return predict_samples(bundle, rows, drugs, coverage, unit, copy_number_unit)
    known = default_genes() | set(bundle.builder.universe_)
    tables: list[pd.DataFrame] = []
    seen: set[str] = set()
    for place, parts in enumerate(rows, start=1):
        try:
            left = None if most_samples is None else most_samples - len(seen)
            with boundary(
                "the request", "records of the documented fields", "leave out parts to find the one at fault"
            ):
                profiles = read_records(parts, known, unit, copy_number_unit, left)
            again = seen.intersection(profiles.samples.index)
            if again:
                raise InputError(f"sample {min(again)} stands in an earlier row; expected each sample once")
        except PamrxError as error:
            raise type(error)(f"row {place}: {error}" if len(rows) > 1 else str(error)) from None
        seen.update(profiles.samples.index)
        tables.append(predict(bundle, profiles, drugs, coverage))
    if not tables:
        raise InputError(f"no input: give a row with at least one of {', '.join(PARTS)}")
    return _plain(pd.concat(tables, ignore_index=True))


def signature() -> ModelSignature:
    """Columns may hold anything, since it is the reading that says what is wrong with them."""
    outputs: list[ColSpec | TensorSpec] = [
        ColSpec(_TYPES[column.type], column.name, required=not column.nullable) for column in RESULT
    ]
    return ModelSignature(
        inputs=Schema([ColSpec(AnyType(), name, required=False) for name in dict.fromkeys((*PARTS, *FIELDS_OF_ROW))]),
        outputs=Schema(outputs),
        params=ParamSchema(
            [
                ParamSpec("drugs", DataType.string, SETTINGS["drugs"]),
                ParamSpec("coverage", DataType.double, SETTINGS["coverage"]),
                ParamSpec("expression_unit", DataType.string, SETTINGS["expression_unit"]),
                ParamSpec("copy_number_unit", DataType.string, SETTINGS["copy_number_unit"]),
            ]
        ),
    )


def save_served(bundle_folder: str | os.PathLike[str], path: str | os.PathLike[str]) -> None:
    """Write the bundle as an MLflow model to the new folder `path`.

    Raises
    ------
    PamrxError
        If the bundle cannot be loaded.
    """
    load_bundle(bundle_folder)
    with tempfile.TemporaryDirectory(prefix="pamrx-") as folder:
        copy = shutil.copytree(bundle_folder, Path(folder) / ARTIFACT)
        mlflow.pyfunc.save_model(
            path=str(path),
            python_model=str(_CODE),
            artifacts={ARTIFACT: str(copy)},
            signature=signature(),
            input_example=pd.DataFrame([EXAMPLE]),
            pip_requirements=[_requirement()],
        )


def _requirement() -> str:
    try:
        return f"pamrx[training]=={metadata.version('pamrx')}"
    except metadata.PackageNotFoundError:
        return "pamrx[training]"


def _rows(model_input: Any) -> list[dict[str, Any]]:
    """What MLflow makes of the fields `inputs`, `dataframe_split` and `dataframe_records`, as one dict per row."""
    if isinstance(model_input, np.ndarray):
        model_input = model_input.tolist()
    if isinstance(model_input, pd.DataFrame):
        model_input = model_input.to_dict("records")
    rows = model_input if isinstance(model_input, list) else [model_input]
    told = []
    for place, row in enumerate(rows, start=1):
        if not isinstance(row, Mapping):
            raise InputError(f"row {place}: expected an object with one or more of {', '.join(PARTS)}")
        listed = {str(key): value.tolist() if isinstance(value, np.ndarray) else value for key, value in row.items()}
        # A table of rows fills with NaN what one of them lacks.
        told.append(
            {key: value for key, value in listed.items() if not (isinstance(value, float) and math.isnan(value))}
        )
    return told


def _settings(given: Mapping[str, Any]) -> tuple[list[str] | None, float, str | None, str | None]:
    for name in given:
        if name not in SETTINGS:
            hint = did_you_mean(name, SETTINGS)
            raise UsageError(f"params: {name}: no such setting; expected {', '.join(SETTINGS)}{hint}")
    drugs, coverage, *units = ({**SETTINGS, **given}[name] for name in SETTINGS)
    if drugs is not None and not isinstance(drugs, str):
        raise UsageError(f"params: drugs: found {json.dumps(drugs)}, expected names with commas between, as one text")
    if isinstance(coverage, bool) or not isinstance(coverage, (int, float)):
        raise UsageError(f"params: coverage: found {json.dumps(coverage)}, expected a number")
    for name, unit in zip(("expression_unit", "copy_number_unit"), units, strict=True):
        if unit is not None and not isinstance(unit, str):
            raise UsageError(f"params: {name}: found {json.dumps(unit)}, expected a word")
    check_coverage(float(coverage))
    return (None if drugs is None else drugs.split(",")), float(coverage), units[0], units[1]


def _plain(table: pd.DataFrame) -> pd.DataFrame:
    """JSON has no NaN: where a column has gaps, they are None."""
    gaps = [name for name in table.columns if table[name].isna().any() or table[name].dtype == "boolean"]
    return table.assign(**{name: table[name].astype(object).where(table[name].notna(), None) for name in gaps})
