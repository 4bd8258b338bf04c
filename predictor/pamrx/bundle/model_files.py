"""A fitted model as files of a bundle: LightGBM text, JSON, and Parquet in single precision."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import lightgbm as lgb
import numpy as np
import pandas as pd

from pamrx.bundle.contents import boosted
from pamrx.bundle.refusal import refusal, shown
from pamrx.bundle.strict_json import Fields, read_json
from pamrx.bundle.strict_table import read_table
from pamrx.model.boosted import BoostedComponents
from pamrx.model.sensitivity import VIEWS, LinearView, SensitivityModel
from pamrx.model.tree_text import check_model_texts


def write_model(model: SensitivityModel, folder: Path, prefix: str = "") -> None:
    """Write `<prefix>model.json`, `linear_<k>.parquet`, `boosted_<kk>.txt` and `importance.parquet`."""
    described = {
        "features": model.features_,
        "assays": model.assays_,
        "base": model.base_.tolist(),
        "boosted_features": model.boosted_.features,
        "boosted_loadings": model.boosted_loadings_.tolist(),
        "views": [sorted(view.without) for view in model.views_],
        "seed": model.seed,
    }
    write_json(folder / f"{prefix}model.json", described)
    for number, view in enumerate(model.views_):
        columns = {"centre": view.centre, "scale": view.scale}
        columns |= dict(zip(model.assays_, view.coefficients.T, strict=True))
        write_parquet(folder / f"{prefix}linear_{number}.parquet", pd.DataFrame(columns, index=view.features))
    for number, booster in enumerate(model.boosted_.boosters):
        (folder / f"{prefix}boosted_{number:02d}.txt").write_text(booster.model_to_string(), encoding="utf-8")
    importance = pd.DataFrame(model.importance_, index=model.features_, columns=model.assays_)
    write_parquet(folder / f"{prefix}importance.parquet", importance)


def read_model(contents: Mapping[str, bytes], folder: Path, known: Sequence[str], prefix: str = "") -> SensitivityModel:
    """The model that `write_model` wrote.

    Parameters
    ----------
    contents : the bytes of the files of the bundle.
    folder : of the bundle, in messages.
    known : features that the bundle's builder makes.

    Raises
    ------
    BundleError
        If a file is not what `write_model` writes, or they do not fit each other.
    """
    described = _described(contents, folder, known, prefix)
    features, assays = described.content["features"], described.content["assays"]
    model = SensitivityModel(seed=described.whole("seed", 0, 2**53))
    model.features_, model.assays_ = features, assays
    model.base_ = described.numbers("base", (len(assays),))
    names = boosted(contents, prefix)
    model.boosted_loadings_ = described.numbers("boosted_loadings", (len(names), len(assays)))
    model.views_ = []
    for number, without in enumerate(described["views"]):
        name = f"{prefix}linear_{number}.parquet"
        model.views_.append(_read_view(contents[name], folder / name, frozenset(without), features, assays))
    split_on = described.content["boosted_features"]
    check_model_texts({str(folder / name): contents[name] for name in names}, split_on)
    boosters = [lgb.Booster(model_str=contents[name].decode("utf-8")) for name in names]
    model.boosted_ = BoostedComponents(split_on, boosters)
    name = f"{prefix}importance.parquet"
    model.importance_ = read_table(contents[name], folder / name, columns=assays, rows=features, least=0.0).values
    return model


def _described(contents: Mapping[str, bytes], folder: Path, known: Sequence[str], prefix: str) -> Fields:
    """`model.json`, of which the names are checked."""
    file = folder / f"{prefix}model.json"
    described = Fields(read_json(contents[file.name], file), file)
    described.only(("features", "assays", "base", "boosted_features", "boosted_loadings", "views", "seed"))
    features = described.names("features", known, least=1)
    described.names("boosted_features", features, least=1)
    described.names("assays", least=1)
    views = [sorted(without) for without in VIEWS]
    if described["views"] != views:
        raise described.refused("views", described["views"], str(views))
    return described


def _read_view(
    data: bytes, file: Path, without: frozenset[str], features: Sequence[str], assays: Sequence[str]
) -> LinearView:
    table = read_table(data, file, columns=["centre", "scale", *assays])
    names = table.index
    strange = set(names).difference(features)
    if strange:
        raise refusal(file, f"row {shown(min(strange))}", "features of model.json")
    values = table.values
    if values[:, 1].size and values[:, 1].min() < 0:
        raise refusal(file, f"scale {values[:, 1].min():g} of {shown(names[values[:, 1].argmin()])}", "0 or more")
    return LinearView(without, names, values[:, 0], values[:, 1], values[:, 2:])


def write_json(path: Path, content: dict[str, Any]) -> None:
    path.write_text(json.dumps(content, separators=(",", ":"), sort_keys=True) + "\n", encoding="utf-8")


def write_parquet(path: Path, frame: pd.DataFrame) -> None:
    frame.astype(np.float32).rename_axis(index="name", columns=None).reset_index().to_parquet(
        path, compression="zstd", index=False
    )
