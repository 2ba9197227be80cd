from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearshot.actions.apply import apply_plan
from clearshot.actions.atomic import read_stamp
from clearshot.catalog.catalog import Catalog
from clearshot.errors import UsageError
from clearshot.photo import REJECTED, Choice, Color, Decision, Failure, Photo, Scores
from clearshot.report import judge_entry
from clearshot.review import (
    Decider,
    find_journals,
    foresee,
    list_bad,
    list_probabilities,
    note_moves,
    read_queue,
)
from clearshot.scoring.scorer import Scorer
from clearshot.scoring.verdict import Thresholds
from clearshot.sorting import plan_sort
from luma_scorer import make_scores


def score(blur: float) -> Scores:
    scores = make_scores()
    focus = replace(scores.focus, blur=blur, anisotropy=0.0)
    exposure = replace(
        scores.exposure, shadow_stops=-5.0, median_stops=-2.5, bright_stops=-0.5, white_share=0.0
    )
    return replace(scores, focus=focus, exposure=exposure, recipe=Scorer().recipe)


@pytest.fixture
def library(tmp_path: Path) -> Path:
    """A library of a sharp photo, a blurred one, one in doubt, and one that failed."""
    folder = tmp_path / "library"
    folder.mkdir()
    return folder


@pytest.fixture
def catalog(library: Path) -> Iterator[Catalog]:
    """The open catalog of `library`."""
    results: list[tuple[Photo, Scores | Failure]] = []
    for name, result in (
        ("blurred", score(3.0)),
        ("doubtful", score(-0.3)),
        ("failed", Failure("damaged", "truncated")),
        ("sharp", score(-1.5)),
    ):
        path = library / f"{name}.jpg"
        path.write_bytes(name.encode())
        results.append((Photo(path, read_stamp(path)), result))
    with Catalog.open(library) as catalog:
        catalog.record(results, recipe=Scorer().recipe)
        yield catalog


def find_numbers(catalog: Catalog) -> dict[str, int]:
    return {path.stem: number for path, number in catalog.decisions.list_numbers().items()}


def list_names(catalog: Catalog) -> dict[str, str]:
    bad, _ = list_bad(catalog, Thresholds())
    return {photo.path.stem: str(word) for photo, word in bad}


def test_without_decisions_the_verdict_counts(catalog: Catalog) -> None:
    assert list_names(catalog) == {"blurred": "blurry"}


def test_a_decision_outranks_the_verdict(catalog: Catalog) -> None:
    numbers = find_numbers(catalog)
    decider = Decider(catalog)
    decider.choose([numbers["blurred"]], Choice.KEEP)
    decider.choose([numbers["sharp"], numbers["failed"]], Choice.REJECT)
    assert list_names(catalog) == {"sharp": REJECTED, "failed": REJECTED}
    decider.choose(numbers.values(), None)
    assert list_names(catalog) == {"blurred": "blurry"}


def test_stars_and_colours_move_nothing(catalog: Catalog) -> None:
    decider = Decider(catalog)
    decider.rate(find_numbers(catalog).values(), 1)
    decider.mark(find_numbers(catalog).values(), Color.RED)
    assert list_names(catalog) == {"blurred": "blurry"}


def test_outdated_photos_are_named_unless_decided(catalog: Catalog, library: Path) -> None:
    path = library / "old.jpg"
    path.write_bytes(b"old")
    old = replace(score(3.0), recipe="old")
    catalog.record([(Photo(path, read_stamp(path)), old)], recipe="old")
    assert [skip.path for skip in list_bad(catalog, Thresholds())[1]] == [path]
    Decider(catalog).choose([find_numbers(catalog)["old"]], Choice.REJECT)
    bad, outdated = list_bad(catalog, Thresholds())
    assert outdated == ()
    assert {photo.path.stem for photo, _ in bad} == {"blurred", "old"}


def test_decisions_survive_another_opening(catalog: Catalog, library: Path) -> None:
    number = find_numbers(catalog)["sharp"]
    decider = Decider(catalog)
    decider.choose([number], Choice.REJECT)
    decider.rate([number], 4)
    decider.mark([number], Color.BLUE)
    with Catalog.open(library) as again:
        decided = {case.number: case.decision for case in read_queue(again)}
    assert decided[number] == Decision(Choice.REJECT, 4, Color.BLUE)


def test_decisions_survive_a_killed_program(catalog: Catalog, library: Path) -> None:
    number = find_numbers(catalog)["sharp"]
    code = (
        "import os, signal; from pathlib import Path\n"
        "from clearshot.catalog.catalog import Catalog; from clearshot.photo import Choice\n"
        "from clearshot.review import Decider\n"
        f"decider = Decider(Catalog.open(Path({str(library)!r})))\n"
        f"decider.choose([{number}], Choice.KEEP); os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], check=False, env=dict(os.environ))
    assert done.returncode == -signal.SIGKILL
    assert catalog.decisions.read() == {number: Decision(Choice.KEEP)}


def test_decisions_survive_a_change_and_a_loss_of_the_photo(
    catalog: Catalog, library: Path
) -> None:
    number = find_numbers(catalog)["sharp"]
    Decider(catalog).choose([number], Choice.KEEP)
    path = library / "sharp.jpg"
    catalog.mark_missing([path])
    assert "sharp" not in {case.entry.photo.path.stem for case in read_queue(catalog)}
    path.write_bytes(b"changed")
    catalog.record([(Photo(path, read_stamp(path)), score(3.0))], recipe=Scorer().recipe)
    assert "sharp" not in list_names(catalog)


def test_undo_and_redo_go_through_all_changes(catalog: Catalog) -> None:
    numbers = find_numbers(catalog)
    decider = Decider(catalog)
    states = [catalog.decisions.read()]
    acts: tuple[Callable[[], object], ...] = (
        lambda: decider.choose(numbers.values(), Choice.REJECT),
        lambda: decider.choose([numbers["sharp"]], Choice.KEEP),
        lambda: decider.rate([numbers["sharp"]], 5),
        lambda: decider.mark([numbers["failed"]], Color.GREEN),
    )
    for act in acts:
        assert act()
        states.append(catalog.decisions.read())
    for state in reversed(states[:-1]):
        decider.undo()
        assert catalog.decisions.read() == state
    for state in states[1:]:
        decider.redo()
        assert catalog.decisions.read() == state
    with pytest.raises(UsageError):
        decider.redo()


def test_a_new_change_ends_redo_and_no_change_is_no_step(catalog: Catalog) -> None:
    number = find_numbers(catalog)["sharp"]
    decider = Decider(catalog)
    with pytest.raises(UsageError):
        decider.undo()
    assert decider.choose([number], None) == {}
    assert decider.num_undoable == 0
    decider.rate([number], 3)
    decider.undo()
    assert decider.num_redoable == 1
    decider.rate([number], 2)
    assert decider.num_redoable == 0
    with pytest.raises(ValueError, match="stars"):
        decider.rate([number], 6)


def test_numbers_that_no_photo_has_are_passed_over(catalog: Catalog) -> None:
    assert Decider(catalog).choose([10**6, -1], Choice.KEEP) == {}
    assert catalog.decisions.read() == {}


def test_another_writer_is_noticed(catalog: Catalog, library: Path) -> None:
    version = catalog.decisions.read_version()
    Decider(catalog).rate([find_numbers(catalog)["sharp"]], 1)
    assert catalog.decisions.read_version() == version
    with Catalog.open(library) as other:
        Decider(other).rate([find_numbers(catalog)["sharp"]], 2)
    assert catalog.decisions.read_version() != version


def test_rejected_photos_move_once_and_the_catalog_follows(catalog: Catalog, library: Path) -> None:
    Decider(catalog).choose([find_numbers(catalog)["sharp"]], Choice.REJECT)
    target = library / "bad"
    plan = plan_sort(library, list_bad(catalog, Thresholds())[0], target)
    note_moves(catalog, apply_plan(plan, find_journals(library)))
    assert (target / REJECTED / "sharp.jpg").read_bytes() == b"sharp"
    assert (target / "blurry" / "blurred.jpg").exists()
    assert list_names(catalog) == {}


def test_probabilities_are_those_of_the_verdicts(catalog: Catalog) -> None:
    entries = catalog.entries()
    for entry, found in zip(entries, list_probabilities(entries, Thresholds()), strict=True):
        verdict = judge_entry(entry, Thresholds())
        if isinstance(verdict, Failure):
            assert found is None
        else:
            assert found == (verdict.p_blurry, verdict.p_dark, verdict.p_overexposed)


PROBABILITIES = st.lists(st.floats(0, 1), min_size=1, max_size=50)


@given(PROBABILITIES, st.lists(st.floats(0, 1), min_size=1, max_size=5))
def test_foreseen_shares_are_expected_counts(ps: list[float], limits: list[float]) -> None:
    for limit, expected in zip(limits, foresee(ps, limits), strict=True):
        good, bad = sum(1 - p for p in ps), sum(ps)
        lost = sum(1 - p for p in ps if p >= limit)
        found = sum(p for p in ps if p >= limit)
        assert expected.lost_share == pytest.approx(lost / good if good else 0, abs=1e-9)
        assert expected.found_share == pytest.approx(found / bad if bad else 0, abs=1e-9)


@given(PROBABILITIES)
def test_a_higher_threshold_loses_less_and_finds_less(ps: list[float]) -> None:
    shares = foresee(ps, list(np.linspace(0, 1, 21)))
    for low, high in pairwise(shares):
        assert high.lost_share <= low.lost_share + 1e-12
        assert high.found_share <= low.found_share + 1e-12
