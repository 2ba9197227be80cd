"""A random sample of the good pile and of the bad: how many photos lie in the wrong one.

A sample is drawn from photos that lie there, so that nothing is assumed of them: they may come in
bursts, from any camera. Its answers hold for these piles, not for other photos.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from clearshot.errors import InputError
from clearshot.evaluation.labels import LABEL_WORDS, drop_empty, open_table
from clearshot.intervals import bound_pile
from clearshot.photo import Failure, Rating
from clearshot.report import format_line
from clearshot.scoring.limits import Share

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from clearshot.photo import Verdict

FIELDS: Final = ("file", "label", "pile", "pile_photos")

# Words of the column label by which a person says that there is no answer.
_NO_ANSWER: Final = frozenset({"", "unsure", "unknown"})


class Pile(StrEnum):
    """Where sampled photos lie; `WHOLE` is the whole library."""

    GOOD = "good"
    BAD = "bad"
    WHOLE = "whole"


@dataclass(frozen=True, slots=True)
class Sampled:
    """A photo of a sample.

    Attributes
    ----------
    path : Path
        The photo, absolute.
    pile : Pile
        Where it lies.
    num_photos : int
        Photos in that pile.
    is_bad : bool or None
        What the owner says; None as long as nothing is said.
    is_seen : bool
        Whether the owner looked, also where it could not be told.
    """

    path: Path
    pile: Pile
    num_photos: int
    is_bad: bool | None = None
    is_seen: bool = False


@dataclass(frozen=True, slots=True)
class Count:
    """How many photos of a pile are wrong there.

    Attributes
    ----------
    num_photos : int
        Photos in the pile.
    num_seen, num_wrong, num_open : int
        Photos of the sample that count, those of them that do not belong into the pile (in the
        whole library: the bad ones), and those about which nothing was said.
    estimate : float
        Wrong photos in the pile.
    low, high : int
        Exact 95 % interval of that. What was left open counts as right for the lower end and as
        wrong for the upper one.
    """

    num_photos: int
    num_seen: int
    num_wrong: int
    num_open: int
    estimate: float
    low: int
    high: int


@dataclass(frozen=True, slots=True)
class Audit:
    """What an audit found.

    Attributes
    ----------
    counts : dict of Pile to Count
        By pile.
    lost : Share or None
        Of all good photos in both piles, those in the bad one; None unless both were sampled. The
        interval holds in 95 % of all samples, as both of its parts hold in 97.5 %.
    missed : Share or None
        Of all bad photos in both piles, those in the good one.
    """

    counts: dict[Pile, Count]
    lost: Share | None
    missed: Share | None


def draw_sample(
    judged: Iterable[tuple[Path, Verdict | Failure]],
    *,
    num_photos: int,
    seed: int = 0,
    is_whole: bool = False,
) -> list[Sampled]:
    """Draw photos at random, each of a pile with the same probability.

    Parameters
    ----------
    judged : iterable of (Path, Verdict or Failure)
        The photos of a library; those that failed take no part.
    num_photos : int
        How many from each pile, >= 1; all of a smaller one.
    seed : int
        The same seed draws the same photos from the same piles.
    is_whole : bool
        Whether all photos are one pile, the unsure ones among them. Else unsure photos are in none.

    Returns
    -------
    list of Sampled
        The good pile, then the bad one; each in random order, so that the first photos of each are
        a random sample too.

    Raises
    ------
    InputError
        If there is no photo to draw.
    """
    piles: dict[Pile, list[Path]] = {Pile.GOOD: [], Pile.BAD: [], Pile.WHOLE: []}
    for path, verdict in judged:
        if isinstance(verdict, Failure):
            continue
        if is_whole:
            piles[Pile.WHOLE].append(path)
        elif verdict.rating is not Rating.UNSURE:
            piles[Pile(verdict.rating.value)].append(path)
    rng = np.random.default_rng(seed)
    sample = []
    for pile, paths in piles.items():
        order = rng.permutation(len(paths))[:num_photos]
        ranked = sorted(paths)
        sample += [Sampled(ranked[i], pile, len(paths)) for i in order]
    if not sample:
        raise InputError("there is no photo to draw: none was judged good or bad")
    return sample


def write_sample(sample: Iterable[Sampled]) -> str:
    """Write a sample as CSV, for the owner to fill in.

    Parameters
    ----------
    sample : iterable of Sampled
        In random order.

    Returns
    -------
    str
        A header and a row for each photo; the column `label` is empty. It is a labelled set as soon
        as it is filled in with clear, blurred, dark or overexposed. Paths are absolute, so that no
        cell begins as a formula of a spreadsheet does.
    """
    rows = ((str(each.path), "", each.pile.value, each.num_photos) for each in sample)
    return "".join(map(format_line, [FIELDS, *rows]))


def read_answers(path: Path) -> list[Sampled]:
    """Read a sample that the owner filled in.

    Parameters
    ----------
    path : Path
        A CSV of `write_sample` with labels; other columns are passed over.

    Returns
    -------
    list of Sampled
        In the order of the file.

    Raises
    ------
    InputError
        If the file cannot be read, is no such CSV, or holds an unknown label or nothing else.
    """
    reader = open_table(path)
    try:
        if not set(FIELDS) <= set(reader.fieldnames or ()):
            found = ", ".join(reader.fieldnames or ()) or "nothing"
            message = f"needs the columns {', '.join(FIELDS)} of `clearshot audit`; found {found}"
            raise InputError(message, path=path)
        answers = list(_parse(reader, path))
    except csv.Error as error:
        raise InputError(f"is not a CSV file: {error}", path=path) from error
    if not any(each.is_seen for each in answers):
        raise InputError("no label was filled in: clear, blurred, dark or overexposed", path=path)
    return answers


def _parse(reader: csv.DictReader[str], path: Path) -> Iterator[Sampled]:
    for row in drop_empty(reader):
        word = row["label"].strip().casefold()
        if word not in LABEL_WORDS and word not in _NO_ANSWER:
            message = f"unknown label {word!r}; expected clear, blurred, dark or overexposed"
            raise InputError(f"line {reader.line_num}: {message}", path=path)
        is_bad = None if word in _NO_ANSWER else LABEL_WORDS[word] is not None
        if row["pile"] not in set(Pile):
            message = f"unknown pile {row['pile']!r}; expected {', '.join(Pile)}"
            raise InputError(f"line {reader.line_num}: {message}", path=path)
        path_of_row, pile = Path(row["file"]), Pile(row["pile"])
        try:
            yield Sampled(path_of_row, pile, int(row["pile_photos"]), is_bad, is_seen=word != "")
        except (ValueError, TypeError) as error:
            message = f"pile_photos is no whole number: {row['pile_photos']!r}"
            raise InputError(f"line {reader.line_num}: {message}", path=path) from error


def estimate(answers: Sequence[Sampled]) -> Audit:
    """Estimate how many photos are in the wrong pile, with exact intervals.

    Rows after the last answer of a pile were not looked at and do not count: those before them are
    a random sample, too. Gaps between answers, and `unsure` anywhere, count against both ends.

    Parameters
    ----------
    answers : sequence of Sampled
        In the order in which they were drawn.

    Returns
    -------
    Audit
        For the piles that were sampled.

    Raises
    ------
    InputError
        If a pile is said to be of two sizes, or smaller than its sample.
    """
    samples = {pile: _keep_seen(answers, pile) for pile in Pile}
    samples = {pile: sample for pile, sample in samples.items() if sample}
    counts = {pile: _count(pile, sample, 0.95) for pile, sample in samples.items()}
    if not {Pile.GOOD, Pile.BAD} <= counts.keys():
        return Audit(counts, None, None)
    good, bad = (_count(pile, samples[pile], 0.975) for pile in (Pile.GOOD, Pile.BAD))
    lost = _share(bad, good)
    return Audit(counts, lost, _share(good, bad))


def _keep_seen(answers: Sequence[Sampled], pile: Pile) -> list[Sampled]:
    sample = [each for each in answers if each.pile is pile]
    seen = [i for i, each in enumerate(sample) if each.is_seen or each.is_bad is not None]
    return sample[: seen[-1] + 1] if seen else []


def _count(pile: Pile, sample: list[Sampled], coverage: float) -> Count:
    sizes = {each.num_photos for each in sample}
    num_photos, num_seen = max(sizes), len(sample)
    if len(sizes) > 1 or num_photos < num_seen or len({s.path for s in sample}) < num_seen:
        message = f"the sample of the {pile.value} pile was changed: it is not as it was drawn"
        raise InputError(message)
    num_wrong = sum(each.is_bad is (pile is not Pile.BAD) for each in sample)
    num_open = sum(each.is_bad is None for each in sample)
    low, _ = bound_pile(num_wrong, num_seen, num_photos, coverage)
    _, high = bound_pile(num_wrong + num_open, num_seen, num_photos, coverage)
    share = num_wrong / max(1, num_seen - num_open)
    return Count(num_photos, num_seen, num_wrong, num_open, share * num_photos, low, high)


def _share(wrong: Count, right: Count) -> Share:
    """Give the share of a kind that lies in the pile where it is wrong."""
    values = [
        num_wrong / total if (total := num_wrong + right.num_photos - num_other) else 0.0
        for num_wrong, num_other in (
            (wrong.estimate, right.estimate),
            (wrong.low, right.low),
            (wrong.high, right.high),
        )
    ]
    return Share(*values)
