"""drevalpy's MultiViewLightGBM predicting a cohort, in the peers' environment; imports nothing of ours but the worker.

`drevalpy_batch.py JOB.json` with `folder` (one exported fold), `n` profiles and `result`: fits the first setting of its
own grid on the fold's training rows, then predicts n profiles resampled from the lines, all assays, from memory.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))

from drevalpy_worker import DATASET, read_rows, settings_of, vectorise

TRIES = 3


def main() -> None:
    job = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    job |= {"always": {}, "max_settings": 0}
    from drevalpy.datasets.dataset import FeatureDataset
    from drevalpy.experiment import seed_everything
    from drevalpy.models import MODEL_FACTORY

    vectorise()
    seed_everything(42)
    model_class = MODEL_FACTORY["MultiViewLightGBM"]
    setting = settings_of(model_class, job)[0]
    model = model_class()
    model.build_model(hyperparameters=dict(setting))
    lines = model.load_cell_line_features(data_path=job["folder"], dataset_name=DATASET)
    drugs = model.load_drug_features(data_path=job["folder"], dataset_name=DATASET)
    train, validation = read_rows(job, "train"), read_rows(job, "validation")
    for part in (train, validation):
        part.reduce_to(cell_line_ids=lines.identifiers, drug_ids=drugs.identifiers)
    model.train(output=train, cell_line_input=lines, drug_input=drugs, output_earlystopping=validation)
    random = np.random.default_rng(0)
    drawn = random.choice(np.array(list(lines.identifiers)), job["n"])
    cohort = FeatureDataset(features={f"S{place}": lines.features[name] for place, name in enumerate(drawn)})
    assays = np.array(list(drugs.identifiers))
    samples = np.repeat(np.array(list(cohort.features)), len(assays))
    told = np.tile(assays, len(drawn))
    times = []
    for _ in range(TRIES):
        started = time.perf_counter()
        found = model.predict(cell_line_ids=samples, drug_ids=told, cell_line_input=cohort, drug_input=drugs)
        times.append(time.perf_counter() - started)
    assert len(found) == len(samples)
    text = f"{len(assays)} assays, profiles ready in memory"
    Path(job["result"]).write_text(json.dumps({"seconds": min(times), "profiles": job["n"], "told": text}))


if __name__ == "__main__":
    main()
