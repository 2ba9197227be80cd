"""What the journals of a library say together: which plans were applied and are still in effect."""

from __future__ import annotations

import contextlib
from collections import Counter, defaultdict
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from clearshot.actions.journal import Journal, has_ended, list_journals
from clearshot.actions.plan import Kind
from clearshot.actions.recovery import foresee_end, list_rewritten
from clearshot.errors import ActionError
from clearshot.photo import Skip

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from pathlib import Path

    from clearshot.actions.plan import Rewriting, Step

# As journals write it.
_EMBED_KEY = b'"kind":"embed"'


class Effect(StrEnum):
    """What is left of a plan on the disk, as far as the journals tell."""

    WHOLE = "in effect"
    PARTLY = "partly taken back"
    NONE = "taken back"
    EMPTY = "did nothing"


@dataclass(frozen=True, slots=True)
class AppliedPlan:
    """A plan that was applied.

    Attributes
    ----------
    name : str
        The name that undo takes.
    time : datetime
        When it was applied, UTC.
    kinds : tuple of (Kind, int)
        What it did, and to how many files.
    undoes : str or None
        Name of the plan that it took back.
    effect : Effect
        What is left of it.
    is_interrupted : bool
        True when a crash ended it and the next run will put it in order.
    """

    name: str
    time: datetime
    kinds: tuple[tuple[Kind, int], ...]
    undoes: str | None
    effect: Effect
    is_interrupted: bool


class History:
    """The journals of a library, as they are after a recovery. Nothing is written.

    Parameters
    ----------
    folder : Path
        Where the journals are; may be missing.
    needed : str or None
        Name of a journal that must be readable.

    Attributes
    ----------
    journals : list of Journal
        The oldest first.
    damaged : tuple of Skip
        Journals that cannot be read, and why. What they say is not known.

    Raises
    ------
    ActionError
        If the one that is needed, or one of an interrupted run, is damaged.
    """

    def __init__(self, folder: Path, *, needed: str | None = None) -> None:
        self.journals: list[Journal] = []
        damaged: list[Skip] = []
        for path in list_journals(folder):
            is_finished = has_ended(path)
            try:
                journal = Journal(path)
            except ActionError as error:
                if path.stem == needed or not is_finished:
                    raise
                damaged.append(Skip(path, error.message))
                continue
            if not is_finished:
                foresee_end(journal)
            self.journals.append(journal)
        self.damaged = tuple(damaged)
        self._undoings: Mapping[str, list[Journal]] = defaultdict(list)
        for journal in self.journals:
            if journal.undoes is not None:
                self._undoings[journal.undoes].append(journal)

    def find_effective_steps(self, journal: Journal) -> list[int]:
        """Find the steps of a run that were done and that no undo in effect took back.

        Nor are sidecars listed that were gone when an undo took their photos back.

        Parameters
        ----------
        journal : Journal
            One of `journals`.

        Returns
        -------
        list of int
            Numbers of the steps.
        """
        steps = journal.plan.steps
        taken_back: set[Path] = set()
        for undoing in self._undoings.get(journal.name, ()):
            back = [undoing.plan.steps[number] for number in self.find_effective_steps(undoing)]
            taken_back.update(map(_name_origin, back))
            # A sidecar that was gone when its photo went back is not waited for.
            groups = {step.group for step in back}
            ends = (step.target for step in steps if step.group in groups)
            taken_back.update(undoing.gone.intersection(ends))
        return [
            number for number in journal.done_steps if _name_end(steps[number]) not in taken_back
        ]

    def summarize(self) -> tuple[AppliedPlan, ...]:
        """Tell what each plan did and what is left of it, the oldest first."""
        return tuple(map(self._summarize, self.journals))

    def _summarize(self, journal: Journal) -> AppliedPlan:
        num_done, num_left = len(journal.done_steps), len(self.find_effective_steps(journal))
        kinds = Counter(journal.plan.steps[number].kind for number in journal.done_steps)
        return AppliedPlan(
            name=journal.name,
            time=journal.time,
            kinds=tuple(sorted(kinds.items())),
            undoes=journal.undoes,
            effect=_judge_effect(num_done, num_left),
            is_interrupted=not journal.is_finished,
        )


def list_rewritten_photos(folder: Path) -> list[Rewriting]:
    """List all photos that runs wrote anew with the same picture in them, and that undos did.

    Parameters
    ----------
    folder : Path
        Where the journals are; may be missing.

    Returns
    -------
    list of Rewriting
        The first run first. Those of runs that did not end, and of damaged journals, are left out.
    """
    found: list[Rewriting] = []
    for path in list_journals(folder):
        # A look, because long journals of moves take long to be read.
        with contextlib.suppress(ActionError, OSError):
            if _EMBED_KEY in path.read_bytes() and has_ended(path):
                found += list_rewritten(Journal(path))
    return found


def _judge_effect(num_done: int, num_left: int) -> Effect:
    if num_done == 0:
        return Effect.EMPTY
    if num_left == 0:
        return Effect.NONE
    return Effect.WHOLE if num_left == num_done else Effect.PARTLY


def _name_end(step: Step) -> Path:
    """Name the place that tells a done step from the others of its plan."""
    return step.source if step.kind is Kind.TRASH else step.target


def _name_origin(step: Step) -> Path:
    """Name the same place in the step that takes it back."""
    return step.target if step.kind is Kind.RESTORE else step.source
