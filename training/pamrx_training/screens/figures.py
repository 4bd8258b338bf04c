"""A figure of each curve: its wells, the fitted curve, and where it takes one half."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
from pamrx.outputs import whole_file

from pamrx_training.screens.curves import Curve, FittedScreen

_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")


def write_figures(fitted: FittedScreen, folder: Path, ending: str) -> int:
    """Write `SAMPLE_DRUG.svg` (or `.png`) for each curve into a folder, which is made; how many were written."""
    folder.mkdir(exist_ok=True)
    taken: set[str] = set()
    for curve in fitted.curves:
        with whole_file(folder / f"{_name(curve, taken)}.{ending}") as temporary:
            draw(curve, temporary, ending)
    return len(fitted.curves)


def draw(curve: Curve, path: Path, ending: str) -> None:
    """Draw one curve into a file. Text stays text in an SVG; no date or version is written, so that runs compare."""
    import matplotlib
    from matplotlib.figure import Figure

    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": "pamrx", "text.parse_math": False}):
        figure = Figure(figsize=(4.2, 3.2), layout="constrained")
        axes = figure.subplots()
        points = curve.points
        axes.scatter(points["dose_um"], points["viability"], s=14, color="#1f4e79", alpha=0.7, label="viability")
        low, high = np.log(points["dose_um"].min()), np.log(points["dose_um"].max())
        x = np.linspace(low, high, 200)
        axes.plot(np.exp(x), curve.fit.curve(x), color="#1f4e79")
        if curve.gr_fit is not None:
            axes.scatter(points["dose_um"], points["gr"], s=10, marker="^", color="#b8500a", alpha=0.6, label="GR")
            axes.plot(np.exp(x), curve.gr_fit.curve(x), color="#b8500a", linestyle="--")
            axes.legend(frameon=False, fontsize=8)
        axes.axhline(0.5, color="0.7", linewidth=0.7)
        ln_ic50 = float(str(curve.row["ln_ic50"]))
        if curve.row["extrapolated"] == "no":
            axes.axvline(np.exp(ln_ic50), color="0.7", linewidth=0.7)
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter(lambda dose, _: f"{dose:g}")
        axes.set_xlabel("dose (uM)")
        axes.set_ylabel("relative to the control")
        axes.set_title(
            f"{curve.sample_id}, {curve.drug}: ln IC50 {ln_ic50:.2f}, AUC {curve.row['auc']:.2f}", fontsize=9
        )
        if curve.row["flags"]:
            axes.text(0.02, 0.02, str(curve.row["flags"]), transform=axes.transAxes, fontsize=7, color="0.35")
        dated = {"Date": None, "Creator": None} if ending == "svg" else {"Software": None}
        figure.savefig(path, format=ending, dpi=150, metadata=dated)


def _name(curve: Curve, taken: set[str]) -> str:
    """A name that any file system takes, told apart from those before it whatever the case of letters."""
    base = _UNSAFE.sub("-", f"{curve.sample_id}_{curve.drug}").strip("-.")[:120] or "curve"
    name, count = base, 2
    while name.lower() in taken:
        name, count = f"{base}_{count}", count + 1
    taken.add(name.lower())
    return name
