"""fasttreeshap beside LightGBM's `pred_contrib`, in an environment with NumPy 1, which it needs.

`fasttreeshap_worker.py FOLDER`: reads `00.txt`, `01.txt`, ... (boosters) and `rows.npy`, and prints a line for each
algorithm. It imports nothing of ours.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path

import fasttreeshap
import lightgbm as lgb
import numpy as np

TRIES = 3


def main() -> None:
    folder = Path(sys.argv[1])
    rows = np.load(folder / "rows.npy")
    boosters = [lgb.Booster(model_file=str(path)) for path in sorted(folder.glob("*.txt"))]

    def own() -> np.ndarray:
        return np.stack([booster.predict(rows, pred_contrib=True, num_threads=1)[:, :-1] for booster in boosters])

    floor, wanted = best(own), own()
    for algorithm in ("v1", "v2"):
        explainers = [fasttreeshap.TreeExplainer(booster, algorithm=algorithm, n_jobs=1) for booster in boosters]

        def theirs(explainers: list = explainers) -> np.ndarray:
            return np.stack([explainer.shap_values(rows, check_additivity=False) for explainer in explainers])

        apart = np.abs(theirs() - wanted).max()
        print(
            f"  {'fasttreeshap ' + algorithm:20} {best(theirs) / floor:5.2f} of LightGBM's time, apart by {apart:.1e}"
        )


def best(work: Callable[[], object]) -> float:
    times = []
    for _ in range(TRIES):
        started = time.perf_counter()
        work()
        times.append(time.perf_counter() - started)
    return min(times)


if __name__ == "__main__":
    main()
