"""The file of results, a line of JSON per case, and what it says in sum."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from tests.fuzz.child import Outcome
from tests.fuzz.judge import FAULTS
from tests.fuzz.kinds import KINDS

ROOT = Path(__file__).resolve().parents[2]


def file_of_this_code() -> Path:
    """Where the results of the code as it is now belong: those of other code say nothing of it."""
    digest = hashlib.sha256()
    for package in ("predictor", "training", "tests/fuzz"):
        for path in sorted((ROOT / package).rglob("*.py")):
            digest.update(path.read_bytes())
    return ROOT / "build" / "fuzz" / f"{digest.hexdigest()[:12]}.jsonl"


def known(path: Path) -> dict[tuple[str, int], Outcome]:
    """The outcomes in a file, by kind and seed; a last line that was cut short by a kill is left out."""
    found: dict[tuple[str, int], Outcome] = {}
    for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else ():
        try:
            outcome = Outcome.of(json.loads(line))
        except (ValueError, TypeError, KeyError):
            continue
        found[outcome.kind, outcome.seed] = outcome
    return found


def tasks(cases: int, kinds: Sequence[str] = (), first: int = 0) -> list[tuple[str, int]]:
    """Kind and seed of so many cases in all, by the shares of the kinds, dealt out so that any beginning is a mixture.

    Parameters
    ----------
    kinds : of `KINDS`; all of them where empty.
    first : the first seed of each kind.
    """
    chosen = [KINDS[name] for name in kinds or KINDS]
    whole = sum(kind.share for kind in chosen)
    counts = {kind.name: cases * kind.share // whole for kind in chosen}
    for kind in sorted(chosen, key=lambda kind: -(cases * kind.share % whole))[: cases - sum(counts.values())]:
        counts[kind.name] += 1
    dealt = [((place + 0.5) / counts[name], name, first + place) for name in counts for place in range(counts[name])]
    return [(name, seed) for _, name, seed in sorted(dealt)]


def summary(outcomes: Iterable[Outcome]) -> str:
    """Counts by kind: tried, exit code 0, refused, each sort of fault, and CPU seconds."""
    rows: dict[str, Counter[str]] = {name: Counter() for name in KINDS}
    for outcome in outcomes:
        row = rows[outcome.kind]
        row.update(tried=1, seconds=outcome.seconds)
        row.update({"exit 0": int(outcome.code == 0), "refused": int(outcome.code == 2)})
        row.update({fault.sort for fault in outcome.faults})
    columns = ("tried", "exit 0", "refused", *FAULTS)
    head = f"{'kind':<10}" + "".join(f"{name:>{max(len(name), 5) + 2}}" for name in (*columns, "CPU s"))
    whole = sum(rows.values(), Counter())
    lines = [head]
    for name, row in [*((name, row) for name, row in rows.items() if row["tried"]), ("all", whole)]:
        cells = "".join(f"{row[column]:>{max(len(column), 5) + 2}}" for column in columns)
        lines.append(f"{name:<10}{cells}{row['seconds']:>7.0f}")
    return "\n".join(lines)


def faults(outcomes: Iterable[Outcome]) -> str:
    """One line per fault: how to repeat it, and what it was."""
    lines = [
        f"{fault.sort}: python -m tests.fuzz {outcome.kind} {outcome.seed}: {fault.detail}"
        for outcome in outcomes
        for fault in outcome.faults
    ]
    return "\n".join(sorted(lines))


def line(outcome: Outcome) -> str:
    """For the file of results."""
    return json.dumps(outcome.told()) + "\n"
