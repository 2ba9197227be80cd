"""Ends file actions at random moments, and checks after each that nothing is lost or doubled.

Run it from the checkout: `python tests/crash/random_kills.py --moments 2000`. Each moment has a
library, a plan of random kinds of steps, a way in which the disk lets files be moved, and a command
(apply or undo) of its own. After the kill the recovery is killed too, half of the time, then run to
its end. With `--every`, runs of each kind, way and command are killed before each of their
operations instead. The last line is JSON.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from clearshot.actions.journal import has_ended, list_journals
from crash.processes import (
    KINDS,
    WAYS,
    Driver,
    check,
    kill_before_each_operation,
    make_case,
    pick_case,
)


def measure_step_s(driver: Driver, folder: Path) -> float:
    """Measure how long a step takes, the start of its process included."""
    case = make_case(folder / "timed", *KINDS)
    start = time.monotonic()
    assert driver.run("apply", case, way="copy") == 0
    return (time.monotonic() - start) / len(case.plan.steps)


def run_moment(driver: Driver, root: Path, moments: random.Random, step_s: float) -> str:
    """End one run at a random moment and check what it left; say how it went."""
    case, way, command = pick_case(root, moments)
    if command == "undo":
        assert driver.run("apply", case, at=0) == 0
    span_s = step_s * (len(case.plan.steps) + 2)
    code = driver.run(command, case, way=way, after_s=moments.random() * span_s)
    is_open = not all(map(has_ended, list_journals(case.journals)))
    if is_open and moments.random() < 0.5:
        driver.run("recover", case, way=way, after_s=moments.random() * step_s * 3)
    assert driver.run("recover", case, way=way, at=0) == 0
    check(case)
    if code == 0:
        return "ended before the kill"
    return "killed, half-done" if is_open else "killed between runs"


def kill_every() -> None:
    """Kill runs of each kind, way and command before each of their operations."""
    num_kills = 0
    for kind in KINDS:
        for way in WAYS:
            for command in ("apply", "undo"):
                with Driver() as driver, tempfile.TemporaryDirectory() as name:
                    num = kill_before_each_operation(driver, Path(name), command, kind, way)
                sys.stdout.write(f"{num:6d}  {command} {kind.value}, {way}\n")
                sys.stdout.flush()
                num_kills += num
    sys.stdout.write(json.dumps({"kills": num_kills, "failed": 0}) + "\n")


def sync_nothing(fd: object) -> None:
    """Stand for `os.fsync`."""


def main() -> None:
    """Read the arguments, run all moments, print what came of them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--moments", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--every", action="store_true")
    options = parser.parse_args()
    # Nothing that is checked here depends on a power cut.
    os.fsync = sync_nothing
    if options.every:
        kill_every()
        return
    moments = random.Random(options.seed)
    results: Counter[str] = Counter()
    start = time.monotonic()
    with Driver() as driver, tempfile.TemporaryDirectory() as name:
        step_s = measure_step_s(driver, Path(name))
        for number in range(options.moments):
            root = Path(name) / str(number)
            try:
                results[run_moment(driver, root, moments, step_s)] += 1
            except BaseException:
                sys.stderr.write(f"moment {number} of seed {options.seed} failed\n")
                raise
            shutil.rmtree(root)
    duration_s = round(time.monotonic() - start, 1)
    for what, count in sorted(results.items()):
        sys.stdout.write(f"{count:6d}  {what}\n")
    figures = {"seed": options.seed, "duration_s": duration_s, "failed": 0, **results}
    sys.stdout.write(json.dumps(figures) + "\n")


if __name__ == "__main__":
    main()
