"""`make fuzz`, and one case again: see the package."""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path

# Before any numerical library is loaded: threads do not survive a fork.
os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", MLFLOW_DISABLE_TELEMETRY="true")

from tests.fuzz import pool, results
from tests.fuzz.child import Outcome
from tests.fuzz.kinds import KINDS

QUICK = 500


def main() -> int:
    """Run what the arguments say; 1 if there was any fault."""
    given = _arguments()
    if given.case:
        if len(given.case) != 2 or not given.case[1].isdigit():
            sys.exit("name a case by its kind and its seed: python -m tests.fuzz maf 123")
        return _again(given.case[0], int(given.case[1]), given.keep)
    chosen = [given.kind] if given.kind else []
    tasks = results.tasks(QUICK if given.quick else given.cases, chosen, given.first)
    if given.seed is not None:
        tasks = [(name, given.seed) for name in chosen or KINDS]
    file = given.file or results.file_of_this_code()
    file.parent.mkdir(parents=True, exist_ok=True)
    if given.anew:
        file.unlink(missing_ok=True)
    done = results.known(file)
    wanted = set(tasks)
    found = {task: outcome for task, outcome in done.items() if task in wanted}
    left = [task for task in tasks if task not in found]
    print(f"{len(tasks):,} cases, {len(found):,} of them in {file} already")
    began, shown = time.monotonic(), time.monotonic()
    with file.open("a", encoding="utf-8") as stream:
        for outcome in pool.run(left, jobs=given.jobs):
            found[outcome.kind, outcome.seed] = outcome
            stream.write(results.line(outcome))
            stream.flush()
            if time.monotonic() - shown > 10:
                shown = time.monotonic()
                print(f"{len(found):,} of {len(tasks):,}, {shown - began:.0f} s", flush=True)
    faulty = [found[task] for task in tasks if found[task].faults]
    if faulty:
        print(results.faults(faulty))
    print(results.summary(found.values()))
    print(f"{time.monotonic() - began:.0f} s; {len(faulty)} of {len(tasks):,} cases have faults")
    return int(bool(faulty))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description="Hostile inputs, and what comes of them.")
    parser.add_argument("case", nargs="*", help="kind and seed of one case, to run again")
    parser.add_argument("--cases", type=int, default=10_000, help="how many in all (default: 10,000)")
    parser.add_argument("--quick", action="store_true", help=f"{QUICK} cases")
    parser.add_argument("--kind", choices=list(KINDS), help="one kind (default: all)")
    parser.add_argument("--seed", type=int, help="one seed (of --kind, or of every kind)")
    parser.add_argument("--first", type=int, default=0, help="the first seed (default: 0)")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="workers (default: one per core)")
    parser.add_argument(
        "--file", type=Path, help="results, by which a run goes on (default: one for each state of the code)"
    )
    parser.add_argument("--anew", action="store_true", help="forget the results of before")
    parser.add_argument("--keep", type=Path, help="of one case: write its files to this new folder, too")
    return parser.parse_args()


def _again(kind: str, seed: int, keep: Path | None) -> int:
    """One case, and all that is known of it."""
    if kind not in KINDS:
        sys.exit(f"kind {kind!r}; expected one of {', '.join(KINDS)}")
    if keep is not None:
        KINDS[kind].make(seed, keep)
    outcome: Outcome = next(iter(pool.run([(kind, seed)])))
    print(f"asked: {outcome.asked}\nexit code: {outcome.code}, {outcome.seconds} CPU s, {outcome.memory} MB more")
    print(outcome.error or "no error")
    print(results.faults([outcome]) or "no fault")
    return int(bool(outcome.faults))


if __name__ == "__main__":
    sys.exit(main())
