"""How a run comes to its end: the same after success, error, Ctrl-C and crash.

The end of a run looks at the disk to settle what is open, takes back the groups done in part,
and removes the folders that stayed empty. `find_interruptions` tells beforehand what it would do.
"""

from __future__ import annotations

import contextlib
import os
from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from clearshot.actions.deeds import is_done_on_disk
from clearshot.actions.journal import UNBEGUN, Journal, Place, has_ended, list_journals
from clearshot.actions.lock import hold_lock
from clearshot.actions.plan import Kind, Outcome, Rewriting
from clearshot.actions.step import do_step, face, settle_step
from clearshot.errors import ActionError
from clearshot.photo import FileStamp, Skip

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from clearshot.actions.plan import Step


@dataclass(frozen=True, slots=True)
class Interruption:
    """What a crash left of a run, and what `recover` would make of it.

    Attributes
    ----------
    name : str
        Name of the run's journal.
    half_done : tuple of (Path, str)
        Where each half-done file will be, and what is done to it, in plain words.
    """

    name: str
    half_done: tuple[tuple[Path, str], ...]


def recover(journal_folder: Path) -> tuple[Outcome, ...]:
    """Bring runs to their end that a crash interrupted. Does nothing, fast, when there are none.

    Raises ActionError if another program is changing files of this library, or a journal cannot
    be read or written.

    Parameters
    ----------
    journal_folder : Path
        Where the journals of the library are; may be missing.

    Returns
    -------
    tuple of Outcome
        What became of each interrupted run; files that could not be put right are named there and
        tried again the next time.
    """
    if not _list_unfinished(journal_folder):
        return ()
    with hold_lock(journal_folder.parent):
        return recover_locked(journal_folder)


def find_interruptions(journal_folder: Path) -> tuple[Interruption, ...]:
    """Tell what `recover` would do. Looks only; fast when there is nothing to do.

    Raises ActionError as `recover` does.

    Parameters
    ----------
    journal_folder : Path
        Where the journals of the library are; may be missing.

    Returns
    -------
    tuple of Interruption
        One for each interrupted run, the oldest first.
    """
    unfinished = _list_unfinished(journal_folder)
    if not unfinished:
        return ()
    # A run that goes on is not interrupted: it holds the lock.
    with hold_lock(journal_folder.parent):
        return tuple(foresee_end(_open_unfinished(path)) for path in unfinished)


def recover_locked(journal_folder: Path) -> tuple[Outcome, ...]:
    """Do what `recover` does, while the caller holds the lock.

    Parameters
    ----------
    journal_folder : Path
        Where the journals of the library are.

    Returns
    -------
    tuple of Outcome
        As for `recover`.
    """
    for part in journal_folder.glob(UNBEGUN):
        with contextlib.suppress(OSError):
            part.unlink()  # a journal that was never begun
    return tuple(end_run(path) for path in _list_unfinished(journal_folder))


def end_run(path: Path) -> Outcome:
    """Settle what a journal left open, so that each group is done or is not.

    Parameters
    ----------
    path : Path
        The journal. It is read anew: nothing in memory is trusted, because an interrupt may have
        come at any moment.

    Returns
    -------
    Outcome
        What was done; skipped are only the files that could not be put right.
    """
    journal = _open_unfinished(path)
    skipped = _settle_open_steps(journal)
    skipped += _take_back_split_groups(journal)
    _remove_empty_folders(journal)
    if not journal.open_steps:
        journal.record_end()
    done = tuple(journal.plan.steps[number] for number in journal.done_steps)
    return Outcome(path, done, tuple(skipped), rewritten=list_rewritten(journal))


def foresee_end(journal: Journal) -> Interruption:
    """Tell by a look at the disk what `end_run` would do. Nothing is written.

    Parameters
    ----------
    journal : Journal
        Of a run that did not end. Its `states` are brought to what they would be then.

    Returns
    -------
    Interruption
        The files that are half-done.
    """
    half_done: dict[int, tuple[Path, str]] = {}
    for number in journal.open_steps:
        state = journal.states[number]
        assert state.heading is not None
        step = face(journal, number, state.heading)
        is_done = _looks_done(step, is_reserved=state.is_reserved)
        place = state.heading if is_done else state.heading.opposite
        journal.states[number] = replace(state, place=place, heading=None)
        half_done[number] = _describe_end(step, is_done=is_done)
    for number in _find_split_steps(journal):
        step = journal.plan.steps[number]
        journal.states[number] = replace(journal.states[number], place=Place.SOURCE)
        from_where = "" if step.target == step.source else f" from {step.target}"
        half_done[number] = (step.source, f"taken back{from_where}")
    return Interruption(journal.name, tuple(half_done.values()))


def list_rewritten(journal: Journal, numbers: Iterable[int] | None = None) -> tuple[Rewriting, ...]:
    """List the photos that a run wrote anew with the same picture in them.

    Parameters
    ----------
    journal : Journal
        Of a run that is at its end.
    numbers : iterable of int or None
        Steps of a group that is done, where the run goes on; all that are done by default.

    Returns
    -------
    tuple of Rewriting
        In the order in which it was planned.
    """
    numbers = journal.done_steps if numbers is None else numbers
    done = ((journal.plan.steps[number], journal.states[number]) for number in numbers)
    return tuple(
        Rewriting(step.target, step.stamp, FileStamp(step.size_bytes, state.mtime_ns))
        for step, state in done
        if step.kind is Kind.EMBED
    )


def _looks_done(step: Step, *, is_reserved: bool) -> bool:
    try:
        return is_done_on_disk(step, is_reserved=is_reserved)
    except OSError:
        # It will be tried again until it can be told; nothing counts as done before.
        return False


def _describe_end(step: Step, *, is_done: bool) -> tuple[Path, str]:
    if step.kind is not Kind.MOVE:
        return step.source, f"{step.kind}: {'is done' if is_done else 'not done'}"
    return (step.target, "has moved") if is_done else (step.source, "stays")


def _open_unfinished(path: Path) -> Journal:
    """Read the journal of a run that did not end.

    Raises
    ------
    ActionError
        If it is damaged, refused or out of reach; it says how to go on.
    """
    try:
        return Journal(path)
    except ActionError as error:
        if not os.path.lexists(path):
            message = (
                f"{error.message}. Its run did not end: when its drive is back, the next command "
                "with --apply puts in order what is half-done"
            )
            raise ActionError(message, path=path) from error
        message = (
            f"{error.message}. Its run did not end, so files may be half-done. Was the library "
            "moved? Move it back, run the command there with --apply, and move it again. Or look "
            f"at the files that the journal names, and rename it to {path.name}.aside: clearshot "
            "then goes on without it"
        )
        raise ActionError(message, path=path) from error


def _list_unfinished(journal_folder: Path) -> list[Path]:
    return [path for path in list_journals(journal_folder) if not has_ended(path)]


def _settle_open_steps(journal: Journal) -> list[Skip]:
    skipped = []
    for number in journal.open_steps:
        try:
            settle_step(journal, number)
        except OSError as error:
            step = journal.plan.steps[number]
            skipped.append(Skip(step.source, f"half-done, tried again later: {error}"))
    return skipped


def _take_back_split_groups(journal: Journal) -> list[Skip]:
    return [skip for number in _find_split_steps(journal) for skip in _take_back(journal, number)]


def _find_split_steps(journal: Journal) -> list[int]:
    """Find the steps that are done in a group that is not done as a whole, to take them back."""
    groups: dict[int, list[int]] = defaultdict(list)
    for number, step in enumerate(journal.plan.steps):
        groups[step.group].append(number)
    done = set(journal.done_steps)
    split = (numbers for numbers in groups.values() if not done.issuperset(numbers))
    return [number for numbers in split for number in reversed(numbers) if number in done]


def _take_back(journal: Journal, number: int) -> list[Skip]:
    try:
        do_step(journal, number, Place.SOURCE)
    except OSError as error:
        target = journal.plan.steps[number].target
        return [Skip(target, f"could not be taken back: {error}"), *_settle_open_steps(journal)]
    return []


def _remove_empty_folders(journal: Journal) -> None:
    """Remove what the run made, or was to remove, if nothing is in it; deepest folders first."""
    folders = {*journal.folders, *journal.leftovers}
    for folder in sorted(folders, key=lambda path: len(path.parts), reverse=True):
        with contextlib.suppress(OSError):
            folder.rmdir()
