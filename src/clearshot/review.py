"""Looking at photos before they go: the queue, the owner's decisions, and what follows from both.

A decision outranks the verdict: a photo that the owner keeps is never bad, one that he rejects
always is.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Final

from clearshot.errors import UsageError
from clearshot.listing import OUTDATED, find_bad_and_failed
from clearshot.photo import REJECTED, Choice, Decision, Failure, Rating, Skip, Verdict
from clearshot.report import judge_entry
from clearshot.tagging import Judgement

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from clearshot.catalog.catalog import Catalog, Entry
    from clearshot.photo import Color, Photo
    from clearshot.scoring.verdict import Thresholds

# How far decisions can be taken back.
_MAX_CHANGES: Final = 1000


@dataclass(frozen=True, slots=True)
class Case:
    """A photo of the queue.

    Attributes
    ----------
    entry : Entry
        What the catalog holds about it.
    decision : Decision
        What the owner decided.
    """

    entry: Entry
    decision: Decision


def read_queue(catalog: Catalog, *, with_missing: bool = False) -> list[Case]:
    """Read the photos that can be reviewed.

    Parameters
    ----------
    catalog : Catalog
        Open.
    with_missing : bool
        Whether photos that the last scan did not find are among them.

    Returns
    -------
    list of Case
        Ordered by the bytes of the path.
    """
    decisions = catalog.decisions.read()
    return _build_cases(catalog.entries(with_missing=with_missing), decisions)


def _build_cases(entries: list[Entry], decisions: Mapping[int, Decision]) -> list[Case]:
    return [Case(entry, decisions.get(entry.number, Decision())) for entry in entries]


def list_bad(
    catalog: Catalog, thresholds: Thresholds
) -> tuple[list[tuple[Photo, str]], tuple[Skip, ...]]:
    """List the photos that shall go: bad ones that are not kept, and rejected ones.

    No other photo is judged, unless the catalog is not up to date and cannot be written.

    Parameters
    ----------
    catalog : Catalog
        Open.
    thresholds : Thresholds
        When a photo is called bad.

    Returns
    -------
    tuple of (list of (Photo, str), tuple of Skip)
        The photos with their first label, or `rejected` where there is none; and those that cannot
        be judged any more and about which nothing is decided.
    """
    numbers, decisions = find_bad_and_failed(catalog, thresholds), catalog.decisions.read()
    if numbers is not None:
        numbers += [n for n, decision in decisions.items() if decision.choice is Choice.REJECT]
    cases = _build_cases(catalog.entries(numbers), decisions)
    judged, outdated = _judge_cases(cases, thresholds)
    return [(photo, each.words[0]) for photo, each in judged if each.rating is Rating.BAD], outdated


def list_judged(
    catalog: Catalog, thresholds: Thresholds
) -> tuple[list[tuple[Photo, Judgement]], tuple[Skip, ...]]:
    """List what verdicts and decisions together say about the photos of a library.

    Parameters
    ----------
    catalog : Catalog
        Open.
    thresholds : Thresholds
        When a photo is called bad.

    Returns
    -------
    tuple of (list of (Photo, Judgement), tuple of Skip)
        The photos about which anything is known; and those that cannot be judged any more and
        that are neither kept nor rejected.
    """
    return _judge_cases(read_queue(catalog), thresholds)


def _judge_cases(
    cases: Iterable[Case], thresholds: Thresholds
) -> tuple[list[tuple[Photo, Judgement]], tuple[Skip, ...]]:
    judged: list[tuple[Photo, Judgement]] = []
    outdated: list[Skip] = []
    for case in cases:
        photo, verdict = case.entry.photo, judge_entry(case.entry, thresholds)
        if isinstance(verdict, Failure) and case.decision.choice is None:
            if verdict.kind == OUTDATED.kind:
                outdated.append(Skip(photo.path, verdict.message))
                continue
            if case.decision == Decision():
                continue
        judged.append((photo, merge_decision(verdict, case.decision)))
    return judged, tuple(outdated)


def merge_decision(verdict: Verdict | Failure, decision: Decision) -> Judgement:
    """Say as one what clearshot thinks of a photo and what the owner decided.

    Parameters
    ----------
    verdict : Verdict or Failure
        What came of the photo.
    decision : Decision
        It outranks the verdict.

    Returns
    -------
    Judgement
        Bad where it is rejected, good where it is kept; else as the verdict says.
    """
    # A photo without a verdict is bad only where the owner says so.
    rating, words = Rating.GOOD, tuple[str, ...]()
    if isinstance(verdict, Verdict):
        rating, words = verdict.rating, tuple(label.value for label in verdict.labels)
    is_rejected = decision.choice is Choice.REJECT
    if is_rejected:
        rating, words = Rating.BAD, words or (REJECTED,)
    elif decision.choice is Choice.KEEP:
        rating, words = Rating.GOOD, ()
    return Judgement(rating, words, decision.stars, decision.color, is_rejected=is_rejected)


@dataclass(frozen=True, slots=True)
class _Change:
    """A change of decisions: what was, and what is now, by the photo's number."""

    before: Mapping[int, Decision]
    after: Mapping[int, Decision]


class Decider:
    """Writes decisions to the catalog at once, and can take them back.

    What is decided is on the disk when a method returns. How to take it back is only known until
    the program ends.

    Parameters
    ----------
    catalog : Catalog
        Open for as long as decisions are made.
    """

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._done: list[_Change] = []
        self._undone: list[_Change] = []

    def choose(self, numbers: Iterable[int], choice: Choice | None) -> Mapping[int, Decision]:
        """Keep or reject photos, or leave them undecided.

        Parameters
        ----------
        numbers : iterable of int
            The photos' numbers.
        choice : Choice or None
            None for undecided.

        Returns
        -------
        mapping of int to Decision
            What is decided now, where it changed.
        """
        return self._change(numbers, lambda decision: replace(decision, choice=choice))

    def rate(self, numbers: Iterable[int], stars: int) -> Mapping[int, Decision]:
        """Give photos stars.

        Raises ValueError if there are too few or too many.

        Parameters
        ----------
        numbers : iterable of int
            The photos' numbers.
        stars : int
            0 to 5.

        Returns
        -------
        mapping of int to Decision
            What is decided now, where it changed.
        """
        return self._change(numbers, lambda decision: replace(decision, stars=stars))

    def mark(self, numbers: Iterable[int], color: Color | None) -> Mapping[int, Decision]:
        """Give photos a coloured mark.

        Parameters
        ----------
        numbers : iterable of int
            The photos' numbers.
        color : Color or None
            None for no mark.

        Returns
        -------
        mapping of int to Decision
            What is decided now, where it changed.
        """
        return self._change(numbers, lambda decision: replace(decision, color=color))

    def undo(self) -> Mapping[int, Decision]:
        """Take the last change back.

        Returns
        -------
        mapping of int to Decision
            What is decided now, where it changed.

        Raises
        ------
        UsageError
            If there is none.
        """
        if not self._done:
            raise UsageError("no decision to take back")
        change = self._done[-1]
        now = self._turn(change.after, change.before)
        self._undone.append(self._done.pop())
        return now

    def redo(self) -> Mapping[int, Decision]:
        """Make the change again that was taken back last.

        Returns
        -------
        mapping of int to Decision
            What is decided now, where it changed.

        Raises
        ------
        UsageError
            If there is none.
        """
        if not self._undone:
            raise UsageError("no decision to make again")
        change = self._undone[-1]
        now = self._turn(change.before, change.after)
        self._done.append(self._undone.pop())
        return now

    def _turn(
        self, left: Mapping[int, Decision], wanted: Mapping[int, Decision]
    ) -> Mapping[int, Decision]:
        """Write what is wanted in place of what this program left; what others wrote stays."""
        present = self._catalog.decisions.read(left)
        after: dict[int, Decision] = {}
        for number, old in left.items():
            before = present.get(number, Decision())
            values = {
                field.name: getattr(wanted[number], field.name)
                for field in fields(Decision)
                if getattr(before, field.name) == getattr(old, field.name)
            }
            after[number] = replace(before, **values)
        self._catalog.decisions.write(after)
        return after

    def _change(
        self, numbers: Iterable[int], change: Callable[[Decision], Decision]
    ) -> Mapping[int, Decision]:
        known = self._catalog.decisions.find_known(numbers)
        decisions = self._catalog.decisions.read(known)
        before = {number: decisions.get(number, Decision()) for number in known}
        after = {
            number: change(decision)
            for number, decision in before.items()
            if change(decision) != decision
        }
        if after:
            self._catalog.decisions.write(after)
            self._done.append(_Change({number: before[number] for number in after}, after))
            del self._done[:-_MAX_CHANGES]
            self._undone.clear()
        return after
