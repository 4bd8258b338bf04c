"""One drevalpy model on one exported fold. Runs in the peers' environment and imports nothing of ours.

Protocol, as in drevalpy's own experiment: every hyper-parameter setting is trained on train.csv and judged by RMSE on
validation.csv; the best is trained on both and predicts test.csv. Where the job says `centred`, drevalpy's
GroupMeanCenterer takes each assay's training mean off the response and adds it back.
"""

from __future__ import annotations

import contextlib
import json
import os
import resource
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

FINGERPRINT_BITS = 128
DATASET = "../dataset"


def main() -> None:
    """`drevalpy_worker.py JOB.json`: reads the job, writes its predictions, times and peak memory."""
    job = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    if job["model"] == "fingerprints":
        write_fingerprints(Path(job["folder"]))
        return
    if hasattr(os, "sched_setaffinity") and job.get("cpu") is not None:
        os.sched_setaffinity(0, {job["cpu"]})
    with open(job["log"], "w", encoding="utf-8") as log, contextlib.redirect_stdout(log):
        from drevalpy.experiment import seed_everything
        from drevalpy.models import MODEL_FACTORY

        vectorise()
        seed_everything(42)
        imported = peak_gigabytes()
        started, cpu = time.perf_counter(), time.process_time()
        run = run_single_drug if MODEL_FACTORY[job["model"]]().is_single_drug_model else run_multi_drug
        table, found = run(MODEL_FACTORY[job["model"]], job)
    found |= {
        "seconds": time.perf_counter() - started,
        "cpu_seconds": time.process_time() - cpu,
        "peak_gb": peak_gigabytes(),
        "imported_gb": imported,
    }
    table.to_csv(job["predictions"], index=False)
    Path(job["result"]).write_text(json.dumps(found), encoding="utf-8")


def run_multi_drug(model_class: Any, job: dict[str, Any]) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Predictions of a model of all assays together."""
    train, validation, test = (read_rows(job, part) for part in ("train", "validation", "test"))
    return fit_and_predict(model_class, settings_of(model_class, job), train, validation, test, job, {})


def run_single_drug(model_class: Any, job: dict[str, Any]) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Predictions of a model per assay, each tuned on its own."""
    parts = [read_rows(job, part) for part in ("train", "validation", "test")]
    settings = settings_of(model_class, job)
    features: dict[str, Any] = {}
    tables, fits, chosen = [], 0.0, {}
    for assay in np.unique(parts[2].drug_ids):
        train, validation, test = (part.copy() for part in parts)
        for part in (train, validation, test):
            part.mask(part.drug_ids == assay)
        table, found = fit_and_predict(model_class, settings, train, validation, test, job, features)
        tables.append(table)
        fits += found["fit_seconds"]
        chosen[str(assay)] = found["chosen"]
    return pd.concat(tables), {"fit_seconds": fits, "n_settings": len(settings), "chosen": chosen}


def fit_and_predict(
    model_class: Any,
    settings: list[dict[str, Any]],
    train: Any,
    validation: Any,
    test: Any,
    job: dict[str, Any],
    features: dict[str, Any],
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Choose a setting on the validation rows, train on both, predict the test rows."""
    from drevalpy.evaluation import evaluate

    best, lowest = settings[0], float("inf")
    for setting in settings if len(settings) > 1 else []:
        tried = train_once(model_class, setting | job["while_tuning"], train, validation, job, features)
        error = evaluate(tried, "RMSE")["RMSE"] if len(tried) else float("nan")
        if error < lowest:
            best, lowest = setting, error
    whole = train.copy()
    whole.add_rows(validation)
    whole.shuffle(random_state=42)
    started = time.process_time()
    done = train_once(model_class, best | job["always"], whole, test, job, features)
    found = {"fit_seconds": time.process_time() - started, "n_settings": len(settings), "chosen": best}
    rows = {"cell_line": done.cell_line_ids, "assay": done.drug_ids, "predicted": np.asarray(done.predictions)}
    return pd.DataFrame(rows), found


def train_once(
    model_class: Any, setting: dict[str, Any], train: Any, target: Any, job: dict[str, Any], features: dict[str, Any]
) -> Any:
    """drevalpy's own training and prediction; features are read once per choice of views and kept."""
    from drevalpy.experiment import train_and_predict
    from drevalpy.response_transformation import GroupMeanCenterer

    model = model_class()
    model.build_model(hyperparameters=dict(setting))
    key = json.dumps([list(model.cell_line_views), setting.get("gene_list"), setting.get("view_configs")])
    if key not in features:
        features[key] = (
            model.load_cell_line_features(data_path=job["folder"], dataset_name=DATASET),
            model.load_drug_features(data_path=job["folder"], dataset_name=DATASET),
        )
    lines, drugs = features[key]
    return train_and_predict(
        model=model,
        hpams=dict(setting),
        path_data=job["folder"],
        train_dataset=train,
        prediction_dataset=target,
        response_transformation=GroupMeanCenterer(("drug_ids",)) if job["centred"] else None,
        cl_features=lines,
        drug_features=drugs,
    )


def settings_of(model_class: Any, job: dict[str, Any]) -> list[dict[str, Any]]:
    """The model's own grid; where the job allows fewer settings, that many drawn at random."""
    grid = [dict(setting) | job["always"] for setting in model_class.get_hyperparameter_set()]
    if not job["max_settings"] or len(grid) <= job["max_settings"]:
        return grid
    drawn = np.random.default_rng(42).permutation(len(grid))[: job["max_settings"]]
    return [grid[place] for place in sorted(drawn)]


def read_rows(job: dict[str, Any], part: str) -> Any:
    from drevalpy.datasets.dataset import DrugResponseDataset

    return DrugResponseDataset.from_csv(Path(job["folder"]) / f"{part}.csv", dataset_name=DATASET)


def vectorise() -> None:
    """Replace four look-ups of drevalpy's that go line by line: the same numbers, minutes sooner."""
    from drevalpy.datasets.dataset import FeatureDataset

    def matrix(self: Any, view: str, identifiers: np.ndarray) -> np.ndarray:
        return np.array([self.features[name][view] for name in identifiers])

    def transform(self: Any, ids: np.ndarray, transformer: Any, view: str) -> None:
        rows = transformer.transform(matrix(self, view, ids))
        for name, row in zip(ids, rows, strict=True):
            self.features[name][view] = row

    def fit_transform(self: Any, train_ids: np.ndarray, transformer: Any, view: str) -> Any:
        transformer.fit(matrix(self, view, train_ids))
        transform(self, np.array(list(self.features)), transformer, view)
        return transformer

    def copied(self: Any) -> Any:
        features = {name: dict(views) for name, views in self.features.items()}
        return FeatureDataset(features=features, meta_info=dict(self.meta_info))

    for name, function in (
        ("get_feature_matrix", matrix),
        ("transform_features", transform),
        ("fit_transform_features", fit_transform),
        ("copy", copied),
    ):
        setattr(FeatureDataset, name, function)


def write_fingerprints(folder: Path) -> None:
    """Morgan fingerprints (radius 2) of smiles.csv under drevalpy's name, and one more bit per screen.

    Two assays of one drug have one structure; without the last bits a model of all assays could not tell them apart.
    An assay without a structure stays empty: drevalpy gives it random bits.
    """
    from rdkit import Chem
    from rdkit.Chem.rdFingerprintGenerator import GetMorganGenerator

    generator = GetMorganGenerator(radius=2, fpSize=FINGERPRINT_BITS)
    smiles = pd.read_csv(folder / "smiles.csv", index_col=0)["smiles"]
    screens = sorted({assay.split(":")[0] for assay in smiles.index})
    columns = {}
    for assay, text in smiles.items():
        molecule = Chem.MolFromSmiles(text) if isinstance(text, str) else None
        if molecule is None:
            columns[assay] = np.full(FINGERPRINT_BITS + len(screens), np.nan)
            continue
        screen = [float(str(assay).split(":")[0] == name) for name in screens]
        columns[assay] = np.concatenate([generator.GetFingerprintAsNumPy(molecule).astype(float), screen])
    target = folder / "drug_fingerprints"
    target.mkdir(exist_ok=True)
    pd.DataFrame(columns).to_csv(target / f"pubchem_id_to_demorgan_{FINGERPRINT_BITS}_map.csv", index=False)


def peak_gigabytes() -> float:
    """The most memory this process has held; the kernel counts kilobytes, macOS bytes."""
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e9


if __name__ == "__main__":
    main()
