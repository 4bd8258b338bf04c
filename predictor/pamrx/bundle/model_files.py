"""A fitted model as files of a bundle: LightGBM text, JSON, and Parquet in single precision."""

from __future__ import annotations

import json
from collections.abc import Collection
from pathlib import Path
from typing import Any

import lightgbm as lgb
import numpy as np
import pandas as pd

from pamrx.model.boosted import BoostedComponents
from pamrx.model.sensitivity import LinearView, SensitivityModel


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


def read_model(folder: Path, names: Collection[str], prefix: str = "") -> SensitivityModel:
    """The model that `write_model` wrote; `names` are the files of the bundle.

    Raises KeyError, ValueError, OSError or LightGBMError where something lacks.
    """
    described = read_json(folder / f"{prefix}model.json")
    model = SensitivityModel(seed=described["seed"])
    model.features_, model.assays_ = described["features"], described["assays"]
    model.base_ = np.array(described["base"])
    model.boosted_loadings_ = np.array(described["boosted_loadings"])
    model.views_ = []
    for number, without in enumerate(described["views"]):
        table = read_parquet(folder / f"{prefix}linear_{number}.parquet")
        values = table.to_numpy(dtype=float)
        model.views_.append(
            LinearView(frozenset(without), list(table.index), values[:, 0], values[:, 1], values[:, 2:])
        )
    texts = sorted(name for name in names if name.startswith(f"{prefix}boosted_"))
    boosters = [lgb.Booster(model_str=(folder / name).read_text(encoding="utf-8")) for name in texts]
    model.boosted_ = BoostedComponents(described["boosted_features"], boosters)
    importance = read_parquet(folder / f"{prefix}importance.parquet")
    model.importance_ = importance[model.assays_].to_numpy(dtype=float)
    return model


def write_json(path: Path, content: dict[str, Any]) -> None:
    path.write_text(json.dumps(content, separators=(",", ":"), sort_keys=True) + "\n", encoding="utf-8")


def read_json(path: Path) -> dict[str, Any]:
    result: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return result


def write_parquet(path: Path, frame: pd.DataFrame) -> None:
    frame.astype(np.float32).rename_axis(index="name", columns=None).reset_index().to_parquet(
        path, compression="zstd", index=False
    )


def read_parquet(path: Path) -> pd.DataFrame:
    return pd.read_parquet(path).set_index("name")
