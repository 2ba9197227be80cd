from __future__ import annotations

import json
from pathlib import Path

import pytest

from clearshot.actions.plan import Plan, Step
from clearshot.photo import FileStamp


@pytest.mark.parametrize("name", ["a.jpg", "naïve 🎞.jpg", "two\nlines.jpg", "raw\udcff.jpg"])
def test_a_step_comes_back_from_json(name: str) -> None:
    move = Step(
        source=Path("/library") / name,
        target=Path("/bad/blurry") / name,
        stamp=FileStamp(12, -1),
        group=3,
        why="blurry",
        renamed=True,
        restored_mtime_ns=0,
    )
    assert Step.from_row(json.loads(json.dumps(move.as_row()))) == move


def test_a_plan_gives_rows_and_its_size() -> None:
    moves = tuple(
        Step(Path(f"/l/{n}.jpg"), Path(f"/t/{n}.jpg"), FileStamp(n, 0), n, "dark") for n in (1, 2)
    )
    plan = Plan(Path("/l"), moves)
    assert plan.size_bytes == 3
    assert [(row["source"], row["size_bytes"], row["why"]) for row in plan.as_rows()] == [
        ("/l/1.jpg", 1, "dark"),
        ("/l/2.jpg", 2, "dark"),
    ]
