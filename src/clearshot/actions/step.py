"""One step of a run, carried out and journaled. A step that fails stays open in the journal."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from clearshot.actions.deeds import carry_out, note_arrival, settle
from clearshot.actions.journal import Place
from clearshot.actions.plan import TRASH_PLACE
from clearshot.actions.trash import TrashListing

if TYPE_CHECKING:
    from pathlib import Path

    from clearshot.actions.journal import Journal
    from clearshot.actions.plan import Step


def do_step(journal: Journal, number: int, heading: Place) -> None:
    """Do one step, or take it back, journaled. Raises OSError if it fails; it is open then.

    Parameters
    ----------
    journal : Journal
        The journal of the run.
    number : int
        Number of the step, from 0.
    heading : Place
        Where the file goes; it is at the other end.

    Raises
    ------
    FileExistsError
        If the place is taken; the step is not open then.
    """
    step = face(journal, number, heading)
    journal.record_intent(number, heading)
    try:
        carry_out(
            step,
            _name_part(journal, number, step),
            lambda: journal.record_intent(number, heading, is_reserved=True),
        )
    except FileExistsError:
        # Known now and not later: what is at the goal is another program's.
        _record_stay(journal, number, heading.opposite)
        raise
    journal.record_done(number, heading, note_arrival(step, is_settled=False))


def settle_step(journal: Journal, number: int) -> None:
    """Bring an open step to one of its ends by what is on the disk.

    Raises OSError if it cannot be done; the step stays open.

    Parameters
    ----------
    journal : Journal
        The journal of the run.
    number : int
        Number of an open step.
    """
    state = journal.states[number]
    assert state.heading is not None
    step = face(journal, number, state.heading)
    if settle(step, _name_part(journal, number, step), is_reserved=state.is_reserved):
        journal.record_done(number, state.heading, note_arrival(step, is_settled=True))
    else:
        _record_stay(journal, number, state.heading.opposite)


def face(journal: Journal, number: int, heading: Place) -> Step:
    """Turn a step so that its file goes from its source to its target.

    Parameters
    ----------
    journal : Journal
        The journal of the run.
    number : int
        Number of the step.
    heading : Place
        Where the file goes.

    Returns
    -------
    Step
        The step itself, or the one that takes it back.
    """
    step = journal.plan.steps[number]
    if heading is Place.TARGET:
        return step
    back = step.invert(journal.states[number].mtime_ns)
    return find_in_trash(back, TrashListing())


def find_in_trash(step: Step, listing: TrashListing) -> Step:
    """Give a step that restores from the trash the place where its file is.

    Parameters
    ----------
    step : Step
        Any step; others stay as they are.
    listing : TrashListing
        The trash.

    Returns
    -------
    Step
        From where the file is; from `TRASH_PLACE` still where the trash does not tell.
    """
    if step.source != TRASH_PLACE:
        return step
    return replace(step, source=listing.find(step.target, step.stamp) or TRASH_PLACE)


def _name_part(journal: Journal, number: int, step: Step) -> Path:
    """Give the name of a file in the making."""
    return step.target.with_name(f".clearshot-{journal.name}-{number}.part")


def _record_stay(journal: Journal, number: int, place: Place) -> None:
    """Record that a file has not moved."""
    journal.record_done(number, place, journal.states[number].mtime_ns)
