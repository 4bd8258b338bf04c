"""Other ways to evaluate our trees and to take their SHAP values, against LightGBM's own, on one core.

`python benchmarks/trees.py --cache FOLDER`, from a checkout. Each other evaluator is measured where it is installed
(`pip install lleaves treelite tl2cgen onnxmltools onnxruntime`, none of which pamrx needs), on the trees of the
released bundle and the features of lines drawn from training. fasttreeshap needs NumPy 1, and so an environment of its
own (`pip install fasttreeshap lightgbm 'numpy<2'`), named with --fasttreeshap. Times are the shortest of some tries.
"""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import lightgbm as lgb
import numpy as np
import typer
from pamrx.bundle.bundle import load_bundle
from pamrx.model.boosted import BoostedComponents
from pamrx_training.fitting.loading import load_cohort
from threadpoolctl import threadpool_limits

from benchmarks.batch import best

Evaluator = Callable[[np.ndarray], np.ndarray]
EXPLAINED = 250


def main(
    cache: Annotated[Path | None, typer.Option(help="Folder of the fetched data.")] = None,
    rows: Annotated[int, typer.Option(help="Profiles.")] = 1000,
    fasttreeshap: Annotated[Path | None, typer.Option(help="Python of an environment that has it.")] = None,
) -> None:
    """Print the table."""
    bundle = load_bundle()
    cohort, _ = load_cohort(cache)
    chosen = np.random.default_rng(0).integers(0, cohort.profiles.n, rows)
    features = bundle.builder.transform(cohort.profiles).iloc[chosen]
    model = bundle.model
    values = np.ascontiguousarray(features[model.boosted_.features].to_numpy())
    boosters = model.boosted_.boosters
    with threadpool_limits(1):
        _prediction(model.boosted_, values)
        _contributions(boosters, values[:EXPLAINED], model.boosted_.contributions)
    if fasttreeshap is not None:
        _fasttreeshap(fasttreeshap, boosters, values[:EXPLAINED])


def _prediction(boosted: BoostedComponents, values: np.ndarray) -> None:
    boosters, places = boosted.boosters, np.arange(values.shape[1])

    def own(rows: np.ndarray) -> np.ndarray:
        return np.column_stack([booster.predict(rows, num_threads=1) for booster in boosters])

    floor, wanted = best(lambda: own(values)), own(values)
    print(f"prediction of {len(boosters)} x {boosters[0].num_trees()} trees, {len(values):,} profiles; LightGBM: "
          f"{1e6 * floor / len(values):.0f} microseconds a profile")  # fmt: skip
    _compare("pamrx, from tables", lambda: lambda rows: boosted.predict(rows, places), values, floor, wanted)
    with tempfile.TemporaryDirectory() as folder:
        for name, build in {"lleaves": _lleaves, "tl2cgen": _tl2cgen, "onnxruntime": _onnx}.items():
            _compare(name, lambda build=build: build(boosters, Path(folder)), values, floor, wanted)


def _contributions(boosters: list[lgb.Booster], values: np.ndarray, ours: Evaluator) -> None:
    def own(rows: np.ndarray) -> np.ndarray:
        found = [booster.predict(rows, pred_contrib=True, num_threads=1)[:, :-1] for booster in boosters]
        return np.stack(found, axis=-1)

    floor, wanted = best(lambda: own(values)), own(values)
    print(f"contributions of the same trees, {len(values)} profiles; LightGBM's pred_contrib: "
          f"{1e6 * floor / len(values):.0f} microseconds a profile")  # fmt: skip
    _compare("pamrx, from tables", lambda: ours, values, floor, wanted)


def _compare(name: str, build: Callable[[], Evaluator], values: np.ndarray, floor: float, wanted: np.ndarray) -> None:
    """One line: how many times LightGBM's time, how long it takes to make ready, and how far the numbers are apart."""
    try:
        made: list[Evaluator] = []
        ready = best(lambda: made.append(build()), 1)
        found = made[0](values)
        seconds = best(lambda: made[0](values))
    except ModuleNotFoundError as error:
        print(f"  {name:20} not installed ({error.name})")
        return
    except Exception as error:  # what another library raises on our trees is a finding
        print(f"  {name:20} failed: {type(error).__name__}: {str(error).splitlines()[0][:90]}")
        return
    apart = np.abs(found - wanted).max()
    print(f"  {name:20} {seconds / floor:5.2f} of LightGBM's time, ready in {ready:.1f} s, apart by {apart:.1e}")


def _lleaves(boosters: list[lgb.Booster], folder: Path) -> Evaluator:
    import lleaves

    models = []
    for place, booster in enumerate(boosters):
        booster.save_model(folder / f"{place}.txt")
        model = lleaves.Model(model_file=folder / f"{place}.txt")
        model.compile()
        models.append(model)
    return lambda rows: np.column_stack([model.predict(rows, n_jobs=1) for model in models])


def _tl2cgen(boosters: list[lgb.Booster], folder: Path) -> Evaluator:
    import tl2cgen
    import treelite

    models = []
    for place, booster in enumerate(boosters):
        booster.save_model(folder / f"{place}.txt")
        model = treelite.frontend.load_lightgbm_model(folder / f"{place}.txt")
        library = folder / f"{place}.so"
        tl2cgen.export_lib(model, toolchain="gcc", libpath=library, params={}, verbose=False)
        models.append(tl2cgen.Predictor(library, nthread=1))
    return lambda rows: np.column_stack([model.predict(tl2cgen.DMatrix(rows)).ravel() for model in models])


def _onnx(boosters: list[lgb.Booster], _folder: Path) -> Evaluator:
    import onnxruntime
    from onnxmltools import convert_lightgbm
    from onnxmltools.convert.common.data_types import FloatTensorType

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    sessions = []
    for booster in boosters:
        shape = [("rows", FloatTensorType([None, booster.num_feature()]))]
        text = convert_lightgbm(booster, initial_types=shape, zipmap=False).SerializeToString()
        sessions.append(onnxruntime.InferenceSession(text, options, providers=["CPUExecutionProvider"]))

    def run(rows: np.ndarray) -> np.ndarray:
        single = rows.astype(np.float32)
        return np.column_stack([session.run(None, {"rows": single})[0].ravel() for session in sessions])

    return run


def _fasttreeshap(python: Path, boosters: list[lgb.Booster], values: np.ndarray) -> None:
    with tempfile.TemporaryDirectory() as folder:
        for place, booster in enumerate(boosters):
            booster.save_model(Path(folder) / f"{place:02}.txt")
        np.save(Path(folder) / "rows.npy", values)
        worker = Path(__file__).parent / "peer_models" / "fasttreeshap_worker.py"
        subprocess.run([str(python), str(worker), folder], check=True)


if __name__ == "__main__":
    typer.run(main)
