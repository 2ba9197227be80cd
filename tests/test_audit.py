from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from clearshot.audit import Pile, Sampled, draw_sample, estimate, read_answers, write_sample
from clearshot.errors import InputError
from clearshot.intervals import bound_pile, clopper_pearson
from clearshot.photo import Failure, Rating, Verdict
from clearshot.scoring.verdict import judge
from scoring.records import make_scores

VERDICT = judge(make_scores())
PATHS = [Path(f"/library/{number:04}.jpg") for number in range(600)]


def rate_as(rating: Rating) -> Verdict:
    return replace(VERDICT, rating=rating)


def make_library() -> list[tuple[Path, Verdict | Failure]]:
    """400 good, 150 bad, 49 unsure photos and a broken one."""
    ratings = [Rating.GOOD] * 400 + [Rating.BAD] * 150 + [Rating.UNSURE] * 49
    judged: list[tuple[Path, Verdict | Failure]] = [
        (path, rate_as(rating)) for path, rating in zip(PATHS, ratings, strict=False)
    ]
    return [*judged, (PATHS[-1], Failure("damaged", "broken"))]


def test_sample_is_drawn_from_both_piles_without_repetition() -> None:
    sample = draw_sample(make_library(), num_photos=100)
    by_pile = {pile: [s.path for s in sample if s.pile is pile] for pile in Pile}
    assert {pile: len(paths) for pile, paths in by_pile.items()} == {
        Pile.GOOD: 100,
        Pile.BAD: 100,
        Pile.WHOLE: 0,
    }
    assert len(set(by_pile[Pile.GOOD])) == 100
    assert set(by_pile[Pile.GOOD]) <= set(PATHS[:400])
    assert {s.num_photos for s in sample} == {400, 150}
    assert draw_sample(make_library()[::-1], num_photos=100) == sample
    assert draw_sample(make_library(), num_photos=100, seed=1) != sample


def test_each_photo_is_drawn_as_often_as_any_other() -> None:
    drawn = [
        each.path
        for seed in range(100)
        for each in draw_sample(make_library(), num_photos=40, seed=seed)
        if each.pile is Pile.GOOD
    ]
    counts = np.array([drawn.count(path) for path in PATHS[:400]])
    assert counts.mean() == pytest.approx(10)
    assert counts.std() == pytest.approx(np.sqrt(10 * 0.9), rel=0.2)


def test_the_whole_library_is_one_pile_too() -> None:
    sample = draw_sample(make_library(), num_photos=1000, is_whole=True)
    assert {s.path for s in sample} == set(PATHS[:-1])
    assert {s.pile for s in sample} == {Pile.WHOLE}


def test_nothing_to_draw_is_an_error() -> None:
    with pytest.raises(InputError, match="no photo to draw"):
        draw_sample([(PATHS[0], Failure("damaged", "x"))], num_photos=10)


def answer(pile: Pile, num_photos: int, answers: str) -> list[Sampled]:
    """Make a sample from letters: g good, b bad, - no answer."""
    words = {"g": False, "b": True, "-": None}
    return [
        Sampled(Path(f"/{pile}/{i}.jpg"), pile, num_photos, words[letter])
        for i, letter in enumerate(answers)
    ]


def test_estimate_counts_what_is_in_the_wrong_pile() -> None:
    found = estimate(
        answer(Pile.GOOD, 400, "b" * 3 + "g" * 97) + answer(Pile.BAD, 150, "g" + "b" * 49)
    )
    good, bad = found.counts[Pile.GOOD], found.counts[Pile.BAD]
    assert good.num_wrong == 3
    assert good.estimate == pytest.approx(12)
    assert (good.low, good.high) == bound_pile(3, 100, 400)
    assert bad.num_wrong == 1
    assert bad.estimate == pytest.approx(3)
    assert found.lost is not None
    assert found.missed is not None
    assert found.lost.value == pytest.approx(3 / (3 + 388))
    assert found.missed.value == pytest.approx(12 / (12 + 147))
    assert found.lost.low < found.lost.value < found.lost.high


def test_intervals_cover_the_truth_at_their_level() -> None:
    rng = np.random.default_rng(0)
    is_bad = rng.permutation([True] * 12 + [False] * 388)
    in_bad = rng.permutation([False] * 9 + [True] * 91)
    num_held = np.zeros(3)
    for _ in range(300):
        letters = [
            "".join("gb"[int(x)] for x in rng.choice(p, 60, replace=False))
            for p in (is_bad, in_bad)
        ]
        found = estimate(answer(Pile.GOOD, 400, letters[0]) + answer(Pile.BAD, 100, letters[1]))
        good = found.counts[Pile.GOOD]
        assert found.lost is not None
        assert found.missed is not None
        num_held += (
            good.low <= 12 <= good.high,
            found.lost.low <= 9 / (9 + 388) <= found.lost.high,
            found.missed.low <= 12 / (12 + 91) <= found.missed.high,
        )
    assert (num_held / 300 >= 0.94).all()


def test_rows_after_the_last_answer_do_not_count() -> None:
    early = estimate(answer(Pile.GOOD, 400, "bggg" + "-" * 96))
    assert early == estimate(answer(Pile.GOOD, 400, "bggg"))


def test_gaps_make_the_interval_wider_on_both_sides() -> None:
    full = estimate(answer(Pile.GOOD, 400, "b" + "g" * 99)).counts[Pile.GOOD]
    gaps = estimate(answer(Pile.GOOD, 400, "b---" + "g" * 96)).counts[Pile.GOOD]
    assert gaps.low == full.low
    assert gaps.high > full.high
    assert gaps.num_open == 3


def test_interval_of_a_large_pile_is_that_of_clopper_and_pearson() -> None:
    count = estimate(answer(Pile.GOOD, 10**6, "b" * 2 + "g" * 98)).counts[Pile.GOOD]
    assert (count.low / 1e6, count.high / 1e6) == pytest.approx(clopper_pearson(2, 100), abs=1e-4)


def test_answers_are_read_as_they_were_filled_in(tmp_path: Path) -> None:
    sample = draw_sample(make_library(), num_photos=3)
    lines = write_sample(sample).splitlines()
    words = ["clear", "Blurred", "unsure", "over", "dark", ""]
    filled = [line.replace(",,", f",{word},") for line, word in zip(lines[1:], words, strict=True)]
    for name, text in (
        ("audit.csv", "\n".join([lines[0], *filled])),
        ("excel.csv", "\ufeff" + "\r\n".join([lines[0], *filled, ",,,", ""]).replace(",", ";")),
    ):
        (tmp_path / name).write_text(text, encoding="utf-8")
        answers = read_answers(tmp_path / name)
        assert [each.is_bad for each in answers] == [False, True, None, True, True, None]
        assert [each.is_seen for each in answers] == [True] * 5 + [False]
        assert [replace(each, is_bad=None, is_seen=False) for each in answers] == sample


def test_what_cannot_be_told_counts_wherever_it_stands(tmp_path: Path) -> None:
    sample = draw_sample(make_library(), num_photos=12)
    lines = write_sample(sample).splitlines()
    counts = []
    for words in (["clear"] * 6 + ["unsure"] * 6, ["unsure"] * 6 + ["clear"] * 6, ["unsure"] * 12):
        filled = [
            line.replace(",,", f",{word},") for line, word in zip(lines[1:13], words, strict=True)
        ]
        (tmp_path / "audit.csv").write_text("\n".join([lines[0], *filled, *lines[13:]]))
        counts.append(estimate(read_answers(tmp_path / "audit.csv")).counts[Pile.GOOD])
    first, other, none = counts
    assert first == other
    assert first.num_open == 6
    assert (none.low, none.high) == (0, 400)


@pytest.mark.parametrize(
    "name",
    ["a, b.jpg", 'quote".jpg', "two\nlines.jpg", "a\rb.jpg", "c\r\nd.jpg", "\udcff.jpg", "ü.jpg"],
)
def test_any_name_of_a_photo_comes_back(tmp_path: Path, name: str) -> None:
    sample = [Sampled(Path("/library") / name, Pile.GOOD, 9), Sampled(PATHS[0], Pile.GOOD, 9)]
    text = write_sample(sample).replace("0000.jpg,,", "0000.jpg,clear,")
    (tmp_path / "a.csv").write_bytes(text.encode("utf-8", "surrogateescape"))
    assert [each.path for each in read_answers(tmp_path / "a.csv")] == [s.path for s in sample]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("file,label\nx,clear\n", "needs the columns"),
        ("", "found nothing"),
        ("file,label,pile,pile_photos\nx,nice,good,9\n", "line 2: unknown label 'nice'"),
        (
            "file,label,pile,pile_photos\nx,clear,great,9\n",
            "line 2: unknown pile 'great'; expected good, bad, whole",
        ),
        (
            "file,label,pile,pile_photos\nx,clear,good,many\n",
            "line 2: pile_photos is no whole number: 'many'",
        ),
        ("file,label,pile,pile_photos\nx,,good,9\n", "no label was filled in"),
    ],
)
def test_what_is_no_answer_is_refused(tmp_path: Path, content: str, message: str) -> None:
    (tmp_path / "a.csv").write_text(content)
    with pytest.raises(InputError, match=message):
        read_answers(tmp_path / "a.csv")


@pytest.mark.parametrize("num_photos", [1, 0])
def test_a_changed_sample_is_refused(num_photos: int) -> None:
    with pytest.raises(InputError, match="not as it was drawn"):
        estimate(answer(Pile.GOOD, num_photos, "gg"))
    with pytest.raises(InputError, match="not as it was drawn"):
        estimate(answer(Pile.GOOD, 50, "gg") * 2)
