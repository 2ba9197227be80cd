from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clearshot import listing, review
from clearshot.actions.apply import apply_plan
from clearshot.actions.atomic import read_stamp
from clearshot.catalog.catalog import Catalog, Entry
from clearshot.errors import CatalogError, UsageError
from clearshot.notary import find_journals, note_moves
from clearshot.photo import (
    REJECTED,
    Choice,
    Color,
    Decision,
    Failure,
    FileStamp,
    Photo,
    Rating,
    Scores,
    Verdict,
)
from clearshot.report import judge_entry
from clearshot.review import Decider, list_bad, list_judged, read_queue
from clearshot.scoring.scorer import Scorer
from clearshot.scoring.verdict import Thresholds
from clearshot.sorting import plan_sort
from clearshot.tagging import Judgement
from luma_scorer import make_scores
from scoring.strategies import drawn_scores, drawn_thresholds


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
        ("doubtful", score(-0.1)),
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


@settings(max_examples=25, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_bad_photos_are_those_of_all_that_are_judged(data: st.DataObject) -> None:
    failures = st.just(Failure("damaged", "cut off"))
    results = data.draw(st.lists(st.one_of(drawn_scores(), drawn_scores(), failures), max_size=12))
    with tempfile.TemporaryDirectory() as name, Catalog.open(Path(name)) as catalog:
        photos = [
            Photo(catalog.library / f"{7 * at % 10}{at}.jpg", FileStamp(1, 2))
            for at in range(len(results))
        ]
        catalog.record(zip(photos, results, strict=True), recipe=Scorer().recipe)
        choices = st.one_of(st.none(), st.sampled_from(Choice))
        decisions = st.builds(Decision, choices, st.integers(0, 1))
        catalog.decisions.write(
            {n: data.draw(decisions) for n in catalog.decisions.list_numbers().values()}
        )
        catalog.mark_missing(photos[at].path for at in range(len(photos)) if at % 5 == 4)
        for _ in range(3):
            thresholds = data.draw(drawn_thresholds(list(results)))
            judged, outdated = list_judged(catalog, thresholds)
            bad = [(photo, each.words[0]) for photo, each in judged if each.rating is Rating.BAD]
            assert list_bad(catalog, thresholds) == (bad, outdated)


def test_only_photos_that_may_go_are_judged(
    catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    judged: list[str] = []

    def judge(entry: Entry, thresholds: Thresholds) -> Verdict | Failure:
        judged.append(entry.photo.path.stem)
        return judge_entry(entry, thresholds)

    monkeypatch.setattr(review, "judge_entry", judge)
    assert list_names(catalog) == {"blurred": "blurry"}
    assert judged == ["blurred", "failed"]


def test_a_catalog_that_cannot_be_written_is_judged_photo_by_photo(
    catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_catalog: Catalog) -> int:
        raise CatalogError("read-only", path=catalog.path)

    monkeypatch.setattr(listing, "refresh", refuse)
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


def test_verdict_and_decision_are_told_as_one(catalog: Catalog) -> None:
    numbers = find_numbers(catalog)
    assert {photo.path.stem: each for photo, each in list_judged(catalog, Thresholds())[0]} == {
        "blurred": Judgement(Rating.BAD, ("blurry",)),
        "doubtful": Judgement(Rating.UNSURE),
        "sharp": Judgement(Rating.GOOD),
    }
    decider = Decider(catalog)
    decider.choose([numbers["blurred"]], Choice.KEEP)
    decider.choose([numbers["sharp"], numbers["failed"]], Choice.REJECT)
    decider.rate([numbers["doubtful"], numbers["failed"]], 3)
    decider.mark([numbers["doubtful"]], Color.BLUE)
    assert {photo.path.stem: each for photo, each in list_judged(catalog, Thresholds())[0]} == {
        "blurred": Judgement(Rating.GOOD),
        "doubtful": Judgement(Rating.UNSURE, (), 3, Color.BLUE),
        "failed": Judgement(Rating.BAD, (REJECTED,), 3, is_rejected=True),
        "sharp": Judgement(Rating.BAD, (REJECTED,), is_rejected=True),
    }
    decider.choose(numbers.values(), Choice.REJECT)
    (blurred, *_), _ = list_judged(catalog, Thresholds())
    assert blurred[1].words == ("blurry",), "a rejected photo is told by its label where it has one"
    decider.choose(numbers.values(), None)
    failed = {photo.path.stem: each for photo, each in list_judged(catalog, Thresholds())[0]}
    assert failed["failed"] == Judgement(Rating.GOOD, (), 3), "stars need no verdict"


def test_decisions_survive_another_opening(catalog: Catalog, library: Path) -> None:
    number = find_numbers(catalog)["sharp"]
    decider = Decider(catalog)
    decider.choose([number], Choice.REJECT)
    decider.rate([number], 4)
    decider.mark([number], Color.BLUE)
    with Catalog.open(library) as again:
        decided = {case.entry.number: case.decision for case in read_queue(again)}
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


def test_undo_leaves_alone_what_another_program_decided_since(catalog: Catalog) -> None:
    number = find_numbers(catalog)["sharp"]
    ours, theirs = Decider(catalog), Decider(catalog)
    ours.choose([number], Choice.KEEP)
    theirs.choose([number], Choice.REJECT)
    theirs.rate([number], 4)
    for turn in (ours.undo, ours.redo):
        turn()
        assert catalog.decisions.read() == {number: Decision(Choice.REJECT, stars=4)}
    theirs.undo()
    theirs.undo()
    assert catalog.decisions.read() == {number: Decision(Choice.KEEP)}
    ours.undo()
    assert catalog.decisions.read() == {}


def test_a_new_change_ends_redo_and_no_change_is_no_step(catalog: Catalog) -> None:
    number = find_numbers(catalog)["sharp"]
    decider = Decider(catalog)
    assert decider.choose([number], None) == {}
    with pytest.raises(UsageError):
        decider.undo()
    decider.rate([number], 3)
    decider.undo()
    decider.rate([number], 2)
    with pytest.raises(UsageError):
        decider.redo()
    with pytest.raises(ValueError, match="stars"):
        decider.rate([number], 6)


def test_decisions_are_read_of_the_photos_that_are_asked_for(catalog: Catalog) -> None:
    numbers = find_numbers(catalog)
    Decider(catalog).rate([numbers["sharp"], numbers["blurred"]], 2)
    table = catalog.decisions
    assert table.read([numbers["sharp"], numbers["failed"]]) == {
        numbers["sharp"]: Decision(None, 2)
    }
    assert table.read([]) == {}
    assert table.find_known([numbers["sharp"], 10**6, -1]) == {numbers["sharp"]}
    # More than the parameters that a query can have.
    assert table.find_known(range(100_000)) == set(numbers.values())


def test_a_decision_reads_nothing_of_other_photos(catalog: Catalog) -> None:
    numbers = find_numbers(catalog)
    Decider(catalog).rate(numbers.values(), 1)
    seen: list[str] = []
    connection = catalog.decisions._connection
    connection.set_trace_callback(seen.append)
    Decider(catalog).choose([numbers["sharp"]], Choice.KEEP)
    connection.set_trace_callback(None)
    reads = [query for query in seen if "FROM" in query]
    assert reads
    assert all("WHERE" in query for query in reads)


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
