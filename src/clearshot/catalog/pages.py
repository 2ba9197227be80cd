"""Filtered pages of photos and counts, from the odds alone: no score is read, no photo is judged.

A page is asked for by rules, which are data: log odds from which on a photo is bad or unsure.
Conditions are written so that SQLite answers from one index (`tests/catalog/test_pages.py`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from clearshot.catalog.connection import explained
from clearshot.catalog.odds import MOST
from clearshot.photo import Label, Rating

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Collection, Mapping
    from pathlib import Path

_Values = list[float | int | str | None]
_IDENTITY: Final = (1.0, 0.0)

# `clearshot.catalog.odds.NOTHING`, in the words of the index of photos at 100 %.
_NOTHING: Final = "-1e15"


class Order(StrEnum):
    """How photos are ordered."""

    WORST = "worst"
    BEST = "best"
    PATH = "path"


@dataclass(frozen=True, slots=True)
class Rule:
    """When a photo is bad or unsure, in shipped log odds; by label, in the order of `Label`.

    Attributes
    ----------
    limits : tuple of float
        Bad from these on; infinite where no photo is.
    doubts : tuple of float
        Unsure from these on.
    curves : tuple of (float, float)
        Slope and offset of the library's own log odds; they order photos.
    """

    limits: tuple[float, ...]
    doubts: tuple[float, ...]
    curves: tuple[tuple[float, float], ...] = (_IDENTITY,) * len(Label)


@dataclass(frozen=True, slots=True)
class Rules:
    """Rules for the photos of a library.

    Attributes
    ----------
    common : Rule
        For all photos.
    cameras : mapping of str to Rule
        In place of it for the photos of some cameras.
    is_full : bool
        Whether photos are judged at 100 %.
    """

    common: Rule
    cameras: Mapping[str, Rule] = field(default_factory=dict)
    is_full: bool = False

    @property
    def listed(self) -> list[Rule]:
        """All of them."""
        return [self.common, *self.cameras.values()]


@dataclass(frozen=True, slots=True)
class Filter:
    """Which photos are asked for.

    Attributes
    ----------
    ratings : collection of Rating or None
        Of one of these verdicts; None for all photos, also those that cannot be judged.
    labels : collection of Label or None
        Bad for one of these; None where that does not matter.
    is_failed : bool
        Only photos that cannot be judged.
    """

    ratings: Collection[Rating] | None = None
    labels: Collection[Label] | None = None
    is_failed: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """A photo of a page; also the place after which the next page begins.

    Attributes
    ----------
    number : int
        The photo's number.
    score : float
        What it was ordered by.
    """

    number: int
    score: float


@dataclass(frozen=True, slots=True)
class Counts:
    """How many photos there are.

    Attributes
    ----------
    num_photos : int
        All that the last scan found.
    ratings : mapping of Rating to int
        Of each verdict.
    num_failed : int
        Those that cannot be judged.
    labels : mapping of Label to int
        Bad for each label; a photo may be so for several.
    """

    num_photos: int
    ratings: Mapping[Rating, int]
    num_failed: int
    labels: Mapping[Label, int]


class Pages:
    """The pages of an open catalog; see `Catalog.pages`.

    Every method raises CatalogError as those of `Catalog` do. Odds that are stale count as those of
    photos that cannot be judged: see `clearshot.listing`, which brings them up to date.
    """

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self._connection = connection
        self._path = path

    def find(
        self,
        rules: Rules,
        wanted: Filter = Filter(),
        order: tuple[Order, Label | None] = (Order.WORST, None),
        *,
        num_photos: int | None = None,
        start: Found | int = 0,
    ) -> tuple[Found, ...]:
        """Find the photos of a page.

        Parameters
        ----------
        rules : Rules
            When a photo is bad or unsure.
        wanted : Filter
            Which photos.
        order : tuple of (Order, Label or None)
            By the log odds of a label, by the greatest of the three where it is None, or by path.
        num_photos : int or None
            At most so many; None for all.
        start : Found or int
            After this photo of the same order, or after so many photos.

        Returns
        -------
        tuple of Found
            In order; equal ones by their number.
        """
        sql, values = write_find(rules, wanted, order, num_photos, start)
        with explained(self._path):
            found = self._connection.execute(sql, values).fetchall()
        return tuple(Found(row["number"], row["score"]) for row in found)

    def count(self, rules: Rules) -> Counts:
        """Count the photos of each verdict and label, all at one moment.

        Parameters
        ----------
        rules : Rules
            When a photo is bad or unsure.

        Returns
        -------
        Counts
            Of the whole library.
        """
        sql, values = write_count(rules)
        with explained(self._path):
            [row] = self._connection.execute(sql, values).fetchall()
        total, failed, bad, doubtful, *labels = row
        ratings = {
            Rating.GOOD: total - failed - doubtful,
            Rating.BAD: bad,
            Rating.UNSURE: doubtful - bad,
        }
        return Counts(total, ratings, failed, dict(zip(Label, labels, strict=True)))


def write_find(
    rules: Rules,
    wanted: Filter,
    order: tuple[Order, Label | None],
    num_photos: int | None,
    start: Found | int,
) -> tuple[str, _Values]:
    """Write the query of a page; see `Pages.find`.

    Parameters
    ----------
    rules, wanted, order, num_photos, start
        As there.

    Returns
    -------
    tuple of (str, list)
        SQL and its values.
    """
    where, values = _write_filter(rules, wanted)
    score, score_values = _write_score(rules, order[1])
    after, after_values = _write_start(order[0], score, score_values, start)
    tables, by = "odds", f"score {'ASC' if order[0] is Order.BEST else 'DESC'}, photo_id"
    if order[0] is Order.PATH:
        # Walks the index of the paths: the other way around all photos would be sorted.
        tables, by = "photos CROSS JOIN odds ON photo_id = photos.id", "path"
    skipped = start if isinstance(start, int) else 0
    limit = -1 if num_photos is None else num_photos
    sql = (
        f"SELECT photo_id AS number, {score} AS score FROM {tables} "  # noqa: S608 - no values in it
        f"WHERE {where} AND {after} ORDER BY {by} LIMIT ? OFFSET ?"
    )
    return sql, [*score_values, *values, *after_values, limit, skipped]


def write_count(rules: Rules) -> tuple[str, _Values]:
    """Write the query of the counts; see `Pages.count`.

    Parameters
    ----------
    rules : Rules
        As there.

    Returns
    -------
    tuple of (str, list)
        SQL and its values.
    """
    parts = [
        ("1", []),
        (_write_failed(rules), []),
        _write_bad(rules, list(Label)),
        _write_doubtful(rules),
        *(_write_bad(rules, [label]) for label in Label),
    ]
    counts = ", ".join(f"(SELECT count(*) FROM odds WHERE {where})" for where, _ in parts)  # noqa: S608
    return f"SELECT {counts}", [value for _, values in parts for value in values]


def _write_filter(rules: Rules, wanted: Filter) -> tuple[str, _Values]:
    """Write which photos are wanted. Bounds of the index come first, then what decides."""
    parts: list[tuple[str, _Values]] = []
    if wanted.is_failed:
        parts.append((_write_failed(rules), []))
    if wanted.ratings is not None:
        parts.append(_write_ratings(rules, frozenset(wanted.ratings)))
    if wanted.labels is not None:
        parts.append(_write_bad(rules, wanted.labels) if wanted.labels else ("0", []))
    where = " AND ".join(f"({text})" for text, _ in parts) or "1"
    return where, [value for _, values in parts for value in values]


def _write_ratings(rules: Rules, ratings: frozenset[Rating]) -> tuple[str, _Values]:
    bad, bad_values = _write_bad(rules, list(Label))
    doubtful, doubtful_values = _write_doubtful(rules)
    good, good_values = _write_good(rules)
    not_bad, not_bad_values = f"{doubtful} AND NOT ({bad})", [*doubtful_values, *bad_values]
    match sorted(ratings):
        case []:
            return "0", []
        case [Rating.BAD]:
            return bad, bad_values
        case [Rating.GOOD]:
            return good, good_values
        case [Rating.UNSURE]:
            return not_bad, not_bad_values
        case [Rating.BAD, Rating.UNSURE]:
            return doubtful, doubtful_values
        case [Rating.BAD, Rating.GOOD]:
            return f"({bad}) OR ({good})", [*bad_values, *good_values]
        case [Rating.GOOD, Rating.UNSURE]:
            return f"{_write_judged(rules)} AND NOT ({bad})", bad_values
        case _:
            return _write_judged(rules), []


def _write_judged(rules: Rules) -> str:
    # In these words one index is made for photos that were measured at 100 %.
    _, worst = _name_columns(rules)
    return f"({worst} > {_NOTHING})"


def _write_failed(rules: Rules) -> str:
    _, worst = _name_columns(rules)
    return f"{worst} <= {_NOTHING}"


def _write_bad(rules: Rules, labels: Collection[Label]) -> tuple[str, _Values]:
    """Write that a photo reaches the limit of one of the labels."""
    places = [list(Label).index(label) for label in labels]
    least = min(rule.limits[at] for rule in rules.listed for at in places)
    return _write_reached(rules, places, lambda rule: rule.limits, least)


def _write_doubtful(rules: Rules) -> tuple[str, _Values]:
    """Write that a photo is unsure or bad."""
    least = min(min(rule.doubts) for rule in rules.listed)
    return _write_reached(rules, [0, 1, 2], lambda rule: rule.doubts, least)


def _write_good(rules: Rules) -> tuple[str, _Values]:
    """Write that a photo reaches nothing."""
    blurry, worst = _name_columns(rules)
    most = max(max(rule.doubts) for rule in rules.listed)

    def write(rule: Rule) -> tuple[str, _Values]:
        return " AND ".join(f"{name} < ?" for name in _list_names(blurry)), list(rule.doubts)

    each, values = _write_cases(rules, write)
    return f"{worst} < ? AND {_write_judged(rules)} AND ({each})", [most, *values]


def _write_reached(
    rules: Rules, places: list[int], choose: Callable[[Rule], tuple[float, ...]], least: float
) -> tuple[str, _Values]:
    blurry, worst = _name_columns(rules)
    names = _list_names(blurry)

    def write(rule: Rule) -> tuple[str, _Values]:
        reached = [f"{names[at]} >= ?" for at in places]
        return " OR ".join(reached), [choose(rule)[at] for at in places]

    each, values = _write_cases(rules, write)
    # SQLite begins at the first bound from below, so this has to be the narrow one.
    judged = f" AND {_write_judged(rules)}" if rules.is_full else ""
    return f"{worst} >= ?{judged} AND ({each})", [max(least, -MOST), *values]


def _write_cases(rules: Rules, write: Callable[[Rule], tuple[str, _Values]]) -> tuple[str, _Values]:
    """Write an expression for each camera that has a rule of its own, and for the others."""
    common, common_values = write(rules.common)
    if not rules.cameras:
        return common, common_values
    text, values = "CASE coalesce(camera, '')", list[float | int | str | None]()
    for camera, rule in rules.cameras.items():
        each, each_values = write(rule)
        text += f" WHEN ? THEN {each}"
        values += [camera, *each_values]
    return f"{text} ELSE {common} END", [*values, *common_values]


def _write_score(rules: Rules, label: Label | None) -> tuple[str, _Values]:
    """Write what orders photos: a column where all curves keep its order, else the curves."""
    blurry, worst = _name_columns(rules)
    names = _list_names(blurry)
    places = [0, 1, 2] if label is None else [list(Label).index(label)]
    lines = {rule.curves[at] for rule in rules.listed for at in places}
    if len(lines) == 1:
        return (worst if label is None else names[places[0]]), []

    def write(rule: Rule) -> tuple[str, _Values]:
        odds = [f"? * {names[at]} + ?" for at in places]
        values: _Values = [each for at in places for each in rule.curves[at]]
        return (f"max({', '.join(odds)})" if len(odds) > 1 else odds[0]), values

    text, values = _write_cases(rules, write)
    return f"iif({_write_judged(rules)}, {text}, {_NOTHING})", values


def _write_start(
    order: Order, score: str, score_values: _Values, start: Found | int
) -> tuple[str, _Values]:
    if isinstance(start, int):
        return "1", []
    if order is Order.PATH:
        return "path > (SELECT path FROM photos WHERE id = ?)", [start.number]
    reached, beyond = (">=", ">") if order is Order.BEST else ("<=", "<")
    text = f"{score} {reached} ? AND ({score} {beyond} ? OR photo_id > ?)"
    return text, [*score_values, start.score, *score_values, start.score, start.number]


def _name_columns(rules: Rules) -> tuple[str, str]:
    return ("blurry_full", "worst_full") if rules.is_full else ("blurry", "worst")


def _list_names(blurry: str) -> list[str]:
    return [blurry, Label.DARK, Label.OVEREXPOSED]
