"""What MLflow's UI shows as a run's description: in Markdown, what the run is and its headline numbers."""

from __future__ import annotations

from collections.abc import Mapping

from pamrx_training.tracking.names import PREFIX, finite
from pamrx_training.tracking.records import Run

LONGEST = 8000
"""What MLflow takes as the value of a tag."""

COLUMNS = (("_pearson", "r"), ("_within_tissue_pearson", "r within tissue"), ("_rmse", "RMSE"))


def note_of(run: Run, study: str | None = None) -> str:
    """Two lines on a run, and for a study a table of the runs under it.

    Parameters
    ----------
    study : name of the run above it, where there is one.
    """
    lines = [_what(run, study), _headline(run.metrics), _table(run)]
    return "\n\n".join(line for line in lines if line)[:LONGEST]


def _what(run: Run, study: str | None) -> str:
    kind = str(run.tags.get("kind", "run")).capitalize()
    told = [f"{kind} of *{study}*" if study else kind]
    told += [str(run.parameters[key]) for key in ("protocol", "family") if key in run.parameters]
    if "scope" in run.parameters:
        told.append(f"a trial on a part of the data: {run.parameters['scope']}")
    gone = [key.removeprefix("with.") for key, value in run.parameters.items() if _is_out(key, value)]
    if gone:
        told.append(f"without {', '.join(gone)}")
    told += [f"{key.removeprefix('n_')} {run.parameters[key]}" for key in ("n_folds", "seed") if key in run.parameters]
    return "; ".join(told) + "."


def _headline(metrics: Mapping[str, float]) -> str:
    known = finite(metrics)
    prefix = _prefix(known)
    if prefix is None:
        return ""
    told = [f"**r {known[f'{prefix}_pearson']:.3f}**{_interval(known, f'{prefix}_pearson')}"]
    if "n_assays" in known and "n_lines" in known:
        told[0] += f", mean of {known['n_assays']:.0f} assays over {known['n_lines']:.0f} lines"
    told += [
        f"{name.replace('r ', '')} {known[prefix + key]:.3f}" for key, name in COLUMNS[1:] if prefix + key in known
    ]
    for name in _differences(known, prefix):
        other = name.partition("_minus_")[2].replace("_", " ")
        told.append(f"r minus {other} {known[name]:+.3f}{_interval(known, name, '+')}")
    return "; ".join(told) + "."


def _table(run: Run) -> str:
    """The runs under a run, a row each."""
    rows = [(child.name, finite(child.metrics)) for child in run.children]
    prefixes = {_prefix(metrics) for _, metrics in rows} - {None}
    if len(prefixes) != 1:
        return ""
    prefix = str(prefixes.pop())
    heads = ["run", *(name for _, name in COLUMNS), "r minus the first (95 %)"]
    out = [f"| {' | '.join(heads)} |", f"| --- |{' ---: |' * (len(heads) - 1)}"]
    for name, metrics in rows:
        cells = [f"{metrics[prefix + key]:.3f}" if prefix + key in metrics else "-" for key, _ in COLUMNS]
        # Every run under a study differs from the first alone; a baseline of its own is another matter.
        against = _differences(metrics, prefix)
        shown = f"{metrics[against[0]]:+.3f}{_interval(metrics, against[0], '+')}" if len(against) == 1 else "-"
        out.append(f"| {name} | {' | '.join([*cells, shown])} |")
    return "\n".join(out)


def _prefix(metrics: Mapping[str, float]) -> str | None:
    return next((prefix for prefix in PREFIX.values() if f"{prefix}_pearson" in metrics), None)


def _differences(metrics: Mapping[str, float], prefix: str) -> list[str]:
    start = f"{prefix}_pearson_minus_"
    return [name for name in metrics if name.startswith(start) and not name.endswith(("_low", "_high"))]


def _interval(metrics: Mapping[str, float], name: str, sign: str = "") -> str:
    ends = [f"{name}_low", f"{name}_high"]
    if not all(end in metrics for end in ends):
        return ""
    low, high = (format(metrics[end], f"{sign}.3f") for end in ends)
    return f" ({low} to {high})"


def _is_out(key: str, value: object) -> bool:
    return key.startswith("with.") and value == "no"
