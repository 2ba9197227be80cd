"""Rank correlation follows the order of a bracket, and only that."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearshot.evaluation.brackets import (
    Bracket,
    brackets_to_json,
    correlate_ranks,
    evaluate_brackets,
    find_brackets,
    tabulate_brackets,
    write_brackets_markdown,
)
from clearshot.evaluation.labels import LabelledPhoto, LabelledSet
from clearshot.evaluation.split import is_for_calibration
from clearshot.photo import Failure, Label, Skip

BOTH = frozenset({Label.DARK, Label.OVEREXPOSED})


def make_bracket(name: str, num_frames: int, *, is_unseen: bool = True) -> Bracket:
    frames = tuple(Path(f"/{name}_{number:02}.jpg") for number in range(num_frames))
    return Bracket(name, frames, is_unseen)


def test_correlation_is_that_of_scipy() -> None:
    assert correlate_ranks([1, 2, 3, 4], [10, 20, 30, 99]) == pytest.approx(1.0)
    assert correlate_ranks([1, 2, 3, 4], [9, 7, 5, -3]) == pytest.approx(-1.0)
    # scipy.stats.spearmanr([1, 2, 3, 4, 5], [5, 6, 7, 8, 7])
    assert correlate_ranks([1, 2, 3, 4, 5], [5, 6, 7, 8, 7]) == pytest.approx(0.8207826816681233)
    assert correlate_ranks([1, 2, 3], [4, 4, 4]) == 0.0


@given(st.lists(st.floats(-1e6, 1e6), min_size=3, max_size=12, unique=True))
def test_only_the_order_counts(values: list[float]) -> None:
    order = np.arange(len(values))
    ranks = np.argsort(np.argsort(values))
    assert correlate_ranks(order, values) == pytest.approx(correlate_ranks(order, ranks))
    assert correlate_ranks(order, sorted(values)) == pytest.approx(1.0)


def test_frames_are_found_by_their_names_with_or_without_a_label() -> None:
    paths = [Path(f"/s/run7_{number:02}.jpg") for number in range(12)]
    photos = [
        LabelledPhoto(paths[11], None, "s", "7"),
        LabelledPhoto(paths[2], Label.DARK, "s", "7"),
        LabelledPhoto(Path("/s/run8_00.jpg"), None, "s", "8"),  # too few frames
        LabelledPhoto(Path("/s/IMG_1234.jpg"), None, "s", ""),
    ]
    left_out = [
        Skip(path, "label 'between'") for path in paths if path not in {paths[2], paths[11]}
    ]
    (found,) = find_brackets(LabelledSet(tuple(photos), tuple(left_out)))
    assert found.name == "run7"
    assert found.frames == tuple(paths)
    assert found.is_unseen is not is_for_calibration(photos[0])


def test_a_score_that_follows_the_light_is_perfect_and_one_that_does_not_is_not() -> None:
    bracket = make_bracket("run1", 6)
    follows = {
        path: {Label.DARK: -n, Label.OVEREXPOSED: n} for n, path in enumerate(bracket.frames)
    }
    for result in evaluate_brackets("net", BOTH, [bracket], follows):
        assert [rho for _, rho in result.correlations] == [pytest.approx(1.0)]
    turned = {path: {Label.DARK: n, Label.OVEREXPOSED: -n} for n, path in enumerate(bracket.frames)}
    for result in evaluate_brackets("net", BOTH, [bracket], turned):
        assert [rho for _, rho in result.correlations] == [pytest.approx(-1.0)]


def test_tables_tell_all_and_unseen_brackets() -> None:
    seen, unseen = make_bracket("run1", 4, is_unseen=False), make_bracket("run2", 4)
    measures = {path: {Label.DARK: -float(n)} for n, path in enumerate(seen.frames)}
    measures |= {path: {Label.DARK: float(n % 2)} for n, path in enumerate(unseen.frames)}
    results = evaluate_brackets("net", {Label.DARK, Label.BLURRY}, [seen, unseen], measures)
    (table,) = tabulate_brackets(results)
    assert table.label is Label.DARK
    (row,) = table.rows
    assert row[0] == "net"
    assert row[2] == row[3] == row[4]  # the unseen one is the worst, and alone
    assert "8 frames in 2 brackets, 1 of them unseen" in table.notes[0]
    assert "| net | " in write_brackets_markdown(results)
    (content,) = brackets_to_json(results)
    assert [each["is_unseen"] for each in content["brackets"]] == [False, True]
    assert content["brackets"][0]["rank_correlation"] == pytest.approx(1.0)


def test_frames_that_failed_are_left_out_and_named() -> None:
    bracket = make_bracket("run1", 4)
    broken = Failure("damaged", "broken")
    measures = {path: {Label.DARK: -float(n)} for n, path in enumerate(bracket.frames)}
    results = evaluate_brackets(
        "net", {Label.DARK}, [bracket], {**measures, bracket.frames[1]: broken}
    )
    assert [rho for _, rho in results[0].correlations] == [pytest.approx(1.0)]
    assert results[0].failures == ((bracket.frames[1], broken),)
    (table,) = tabulate_brackets(results)
    assert "3 frames in 1 brackets" in table.notes[0]
    (content,) = brackets_to_json(results)
    assert content["brackets"][0]["num_frames"] == 3
    assert [each["path"] for each in content["failures"]] == [str(bracket.frames[1])]
    nothing = dict.fromkeys(bracket.frames, broken)
    (empty,) = evaluate_brackets("net", {Label.DARK}, [bracket], nothing)
    assert empty.correlations == ()
    assert tabulate_brackets([empty]) == []
    assert write_brackets_markdown([]) == ""
