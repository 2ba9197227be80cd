"""Carry out a plan: step by step, journaled, and never onto an existing file."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from dataclasses import replace
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from clearshot.actions.atomic import is_writable, sync_folder
from clearshot.actions.deeds import find_obstacle
from clearshot.actions.journal import Journal, Place, create_journal
from clearshot.actions.lock import hold_lock
from clearshot.actions.plan import Kind, Outcome, Plan, Rewriting, Step
from clearshot.actions.recovery import end_run, list_rewritten, recover_locked
from clearshot.actions.step import do_step
from clearshot.errors import ActionError, describe_cause
from clearshot.photo import Skip

if TYPE_CHECKING:
    from collections.abc import Sequence

# Called with the number of steps looked at and the number of all steps.
Progress = Callable[[int, int], None]
# Called, while the run goes on, with the photos that a group wrote anew: the same pictures.
Witness = Callable[[tuple[Rewriting, ...]], None]

_DISK_ERRORS = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.ENODEV}
_GONE = (errno.ENODEV, "its folder has gone, perhaps with its drive")
_DENIALS = {errno.EACCES, errno.EPERM}

# Kinds whose files go below one place, so that a denial there concerns all of them.
_TO_ONE_PLACE = {Kind.MOVE, Kind.COPY, Kind.HARDLINK, Kind.SYMLINK}


def apply_plan(
    plan: Plan,
    journal_folder: Path,
    progress: Progress | None = None,
    witness: Witness | None = None,
) -> Outcome:
    """Carry out a plan. What a crash left of earlier runs is put in order first.

    The steps of a group are done all or none. A group with a file that changed since planning, is
    gone, or refuses its step is left as it was, and the run goes on. However the run ends, also by
    Ctrl-C, each group is done or is not, and the journal says which.

    Raises ActionError if the disk is full or cannot be written, the library is not there, another
    program is changing files of the library, or the journal cannot be written.

    Parameters
    ----------
    plan : Plan
        What to do.
    journal_folder : Path
        Where the journals of the library are; made if it is missing. Its parent holds the lock.
    progress : callable or None
        Called after each group with the number of steps looked at and the number of all steps.
    witness : callable or None
        Called after each group with the photos that it wrote anew, if there are any.

    Returns
    -------
    Outcome
        What was done, what was left alone and why.
    """
    return carry_out_plan(plan, journal_folder, progress=progress, witness=witness)


def carry_out_plan(
    plan: Plan,
    journal_folder: Path,
    *,
    begin: Callable[[Path, Plan], Journal] = create_journal,
    progress: Progress | None = None,
    witness: Witness | None = None,
) -> Outcome:
    """Carry out a plan of any kind; see `apply_plan`.

    Parameters
    ----------
    plan : Plan
        What to do.
    journal_folder : Path
        Where the journals of the library are.
    begin : callable
        Begins the journal, as `create_journal` does; that of an undo says more.
    progress, witness : callable or None
        As for `apply_plan`.

    Returns
    -------
    Outcome
        What was done, what was left alone and why.

    Raises
    ------
    ActionError
        As `apply_plan` does.
    """
    if not os.path.lexists(plan.folder):
        raise ActionError("the library folder is not there", path=plan.folder)
    with hold_lock(journal_folder.parent):
        recovered = recover_locked(journal_folder)
        journal = begin(journal_folder, plan)
        try:
            skipped = _do_groups(journal, progress, witness)
        finally:
            ended = end_run(journal.path)
    return replace(ended, skipped=(*skipped, *ended.skipped), recovered=recovered)


def find_obstacles(steps: Sequence[Step]) -> tuple[Skip, ...]:
    """Find what keeps a group from being done, by a look at the disk.

    Parameters
    ----------
    steps : sequence of Step
        The steps of one group.

    Returns
    -------
    tuple of Skip
        Empty when all can be done; else one for each file of the group.
    """
    reasons = [find_obstacle(step) for step in steps]
    if not any(reasons):
        return ()
    culprit = next(step for step, reason in zip(steps, reasons, strict=True) if reason)
    stays = f"stays with {_name_file(culprit).name}"
    return tuple(
        Skip(_name_file(step), reason or stays) for step, reason in zip(steps, reasons, strict=True)
    )


def _name_file(step: Step) -> Path:
    """Give the file that a remark about a step names."""
    return step.target if step.kind is Kind.RESTORE else step.source


def _do_groups(journal: Journal, progress: Progress | None, witness: Witness | None) -> list[Skip]:
    skipped: list[Skip] = []
    num_steps = len(journal.plan.steps)
    root = _find_root(journal.plan)
    folders = _Folders(journal)
    for _, group in groupby(range(num_steps), key=lambda n: journal.plan.steps[n].group):
        numbers = list(group)
        left = _do_group(journal, numbers, root, folders)
        if witness is not None and not left and (rewritten := list_rewritten(journal, numbers)):
            witness(rewritten)
        skipped += left
        if progress is not None:
            progress(numbers[-1] + 1, num_steps)
    return skipped


def _find_root(plan: Plan) -> Path | None:
    """Find the folder below which all files go that go to one place; None where there are none."""
    goals = {step.target.parent for step in plan.steps if step.kind in _TO_ONE_PLACE}
    return Path(os.path.commonpath(goals)) if goals else None


def _do_group(
    journal: Journal, numbers: list[int], root: Path | None, folders: _Folders
) -> tuple[Skip, ...]:
    steps = [journal.plan.steps[number] for number in numbers]
    if obstacles := find_obstacles(steps):
        return obstacles
    for number, step in zip(numbers, steps, strict=True):
        try:
            folders.make(step.target.parent)
            do_step(journal, number, Place.TARGET)
        except OSError as error:
            reason = describe_cause(error)
            if _ends_run(error, step, root):
                message = f"{reason}; stopped, journal {journal.name} says what was done before"
                raise ActionError(message, path=step.target) from error
            stays = f"stays with {_name_file(step).name}"
            return tuple(
                Skip(_name_file(each), reason if each is step else stays) for each in steps
            )
    return ()


class _Folders:
    """The folders of a run's targets, on the disks on which they were when it began."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._devices: dict[Path, int] = {}

    def make(self, folder: Path) -> None:
        """Make a folder where it is not there yet.

        Raises
        ------
        OSError
            If it or one above it was there before and has gone. What would be made at the place of
            a drive that was taken out is on another disk, and out of sight when the drive is back.
        """
        if folder.is_dir():
            self._note(folder)
            return
        if folder in self._devices:
            raise OSError(*_GONE, str(folder))
        if folder == folder.parent:
            raise OSError(errno.ENODEV, "there is no such drive", str(folder))
        self.make(folder.parent)
        self._journal.record_folder(folder)
        folder.mkdir()
        sync_folder(folder.parent)
        self._note(folder)

    def _note(self, folder: Path) -> None:
        is_known = folder in self._devices
        for each in (folder,) if is_known else (folder, *folder.parents):
            device = each.stat().st_dev
            if self._devices.setdefault(each, device) != device:
                raise OSError(*_GONE, str(each))


def _ends_run(error: OSError, step: Step, root: Path | None) -> bool:
    """Tell an error that every further step would meet from one of this file or folder alone."""
    if error.errno in _DISK_ERRORS:
        return True
    is_denied = error.errno in _DENIALS and step.kind in _TO_ONE_PLACE
    return is_denied and root is not None and not is_writable(root)
