"""Take an applied plan back: the journal backwards. An undo is a run with a journal of its own."""

from __future__ import annotations

import os
from collections import defaultdict
from dataclasses import dataclass, replace
from functools import partial
from itertools import groupby
from typing import TYPE_CHECKING

from clearshot.actions.apply import carry_out_plan, find_obstacles
from clearshot.actions.atomic import read_stamp
from clearshot.actions.history import History
from clearshot.actions.journal import create_journal, list_journals
from clearshot.actions.plan import Kind, Outcome, Plan
from clearshot.actions.step import find_in_trash
from clearshot.actions.trash import TrashListing
from clearshot.discover import SIDECAR_SUFFIXES, Ownership, list_photo_names
from clearshot.errors import ActionError, describe_cause
from clearshot.photo import Skip

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from clearshot.actions.apply import Progress, Witness
    from clearshot.actions.journal import Journal
    from clearshot.actions.plan import Step


@dataclass(frozen=True, slots=True)
class UndoPlan:
    """What taking back a run would do.

    Attributes
    ----------
    name : str
        Name of the journal that is taken back.
    plan : Plan
        The steps back, the last one of the run first, each photo with the companions that came to
        it since.
    leftovers : tuple of Path
        Folders that the run made; they are removed if they are empty then.
    refused : tuple of Skip
        Files of the plan that cannot go back as the disk is now, and why.
    staying : tuple of Skip
        Companions that came to a photo since and do not go back with it, and why.
    damaged : tuple of Skip
        Journals of other runs that cannot be read, and why. What they say is not known.
    edited : frozenset of Path
        Sidecars of the plan that were changed since they moved, and go back as they are now.
    gone : tuple of Step
        What is left out of the plan: the steps of sidecars that are not there any more.
    """

    name: str
    plan: Plan
    leftovers: tuple[Path, ...]
    refused: tuple[Skip, ...]
    staying: tuple[Skip, ...] = ()
    damaged: tuple[Skip, ...] = ()
    edited: frozenset[Path] = frozenset()
    gone: tuple[Step, ...] = ()


def plan_undo(journal_folder: Path, name: str | None = None) -> UndoPlan:
    """Plan to take back a run. Looks only: nothing is written, and no file is moved.

    What a crash left half-done is planned as `recover` would put it in order; call that first to be
    exact where a disk stores times coarsely.

    Parameters
    ----------
    journal_folder : Path
        Where the journals of the library are.
    name : str or None
        Name of a journal. That of an undo is allowed: taking back an undo is a redo. None takes
        the last applied plan that is not taken back as a whole.

    Returns
    -------
    UndoPlan
        The steps back for all that the run did and that no undo has taken back since.

    Raises
    ------
    ActionError
        If there is nothing to take back, or the journal that is named, or one of an interrupted
        run, cannot be read. Other damaged journals are passed over.
    """
    if name is not None and name not in {path.stem for path in list_journals(journal_folder)}:
        raise ActionError(f"no plan is named {name}")
    history = History(journal_folder, needed=name)
    candidates = [
        journal
        for journal in reversed(history.journals)
        if (journal.undoes is None if name is None else journal.name == name)
    ]
    for journal in candidates:
        if numbers := history.find_effective_steps(journal):
            return replace(_plan_back(journal, numbers), damaged=history.damaged)
    reasons = [f"; passed over {skip.path.name}: {skip.reason}" for skip in history.damaged]
    if name is not None:
        fate = "was taken back" if candidates[0].done_steps else "did nothing"
        reasons.insert(0, f": plan {name} {fate}")
    # The folder tells nothing but where the journals are that were passed over.
    where = journal_folder if history.damaged else None
    raise ActionError(f"nothing to undo{''.join(reasons)}", path=where)


def apply_undo(
    undo: UndoPlan,
    journal_folder: Path,
    progress: Progress | None = None,
    witness: Witness | None = None,
) -> Outcome:
    """Take a run back: names, places, times and bytes are as they were before it.

    A sidecar that was moved and edited since goes back as it was when this was planned; one that
    was gone then stays away. Other files that changed since the run, are gone, or whose old place
    is occupied are left alone with the files of their group; once the cause is gone, another undo
    takes them back. Folders that the run made are removed if they are empty. Raises ActionError as
    `clearshot.actions.apply.apply_plan` does.

    Parameters
    ----------
    undo : UndoPlan
        What to do.
    journal_folder : Path
        Where the journals of the library are.
    progress : callable or None
        Called after each group with the number of steps looked at and the number of all steps.
    witness : callable or None
        Called after each group with the photos that it wrote anew, if there are any.

    Returns
    -------
    Outcome
        What went back, what was left alone and why.
    """
    plan, skipped = _spare_returned(undo)
    begin = partial(
        create_journal,
        undoes=undo.name,
        leftovers=undo.leftovers,
        gone=tuple(step.source for step in undo.gone),
    )
    outcome = carry_out_plan(plan, journal_folder, begin=begin, progress=progress, witness=witness)
    return replace(outcome, skipped=(*skipped, *outcome.skipped))


def _plan_back(journal: Journal, numbers: list[int]) -> UndoPlan:
    listing = TrashListing()
    inverses = [
        find_in_trash(journal.plan.steps[number].invert(journal.states[number].mtime_ns), listing)
        for number in reversed(numbers)
    ]
    gone = _find_gone(inverses)
    left_out = {step.source for step in gone}
    inverses = [step for step in inverses if step.source not in left_out]
    steps = tuple(map(_follow_edit, inverses))
    late, left = _plan_latecomers(steps)
    groups = [[*group, *late[n]] for n, group in groupby(steps, key=lambda step: step.group)]
    refused = tuple(skip for group in groups for skip in find_obstacles(group))
    plan = Plan(journal.plan.folder, tuple(step for group in groups for step in group))
    edited = frozenset(now.source for now, then in zip(steps, inverses, strict=True) if now != then)
    edited -= {skip.path for skip in refused}
    return UndoPlan(
        name=journal.name,
        plan=plan,
        leftovers=tuple(journal.folders),
        refused=refused,
        staying=tuple(left),
        edited=edited,
        gone=gone,
    )


def _follow_edit(step: Step) -> Step:
    """Let a sidecar go back as it is now: programs that open its folder write it anew.

    What removes a file stays as it is: the edits would be lost.
    """
    if not _is_moved_sidecar(step):
        return step
    try:
        stamp = read_stamp(step.source)
    except OSError:
        # The step itself fails and says why.
        return step
    return step if stamp == step.stamp else replace(step, stamp=stamp, restored_mtime_ns=None)


def _is_moved_sidecar(step: Step) -> bool:
    return step.kind is Kind.MOVE and step.source.suffix.lower() in SIDECAR_SUFFIXES


def _find_gone(steps: Sequence[Step]) -> tuple[Step, ...]:
    """Find the sidecars that someone deleted since they moved: they keep no photo from going back.

    Where nothing else of the photo is in their folder, it may be the drive that is not there.
    """
    absent = [step for step in steps if _is_moved_sidecar(step) and _is_absent(step.source)]
    groups = {step.group for step in absent}
    there = {
        (step.group, step.source.parent)
        for step in steps
        if step.group in groups and os.path.lexists(step.source)
    }
    return tuple(step for step in absent if (step.group, step.source.parent) in there)


def _is_absent(path: Path) -> bool:
    """Tell whether a file is not in its folder, which can be read."""
    try:
        path.lstat()
    except FileNotFoundError:
        return _is_readable(path.parent)
    except OSError:
        return False
    return False


def _is_readable(folder: Path) -> bool:
    try:
        with os.scandir(folder):
            return True
    except OSError:
        return False


def _spare_returned(undo: UndoPlan) -> tuple[Plan, list[Skip]]:
    """Leave alone the photos with a sidecar that was gone and is there again: it would stay."""
    returned = {step.group: step.source for step in undo.gone if os.path.lexists(step.source)}
    steps = tuple(step for step in undo.plan.steps if step.group not in returned)
    skipped = [Skip(path, "is there again since planning") for path in returned.values()]
    skipped += [
        Skip(step.source, f"stays with {returned[step.group].name}")
        for step in undo.plan.steps
        if step.group in returned
    ]
    return replace(undo.plan, steps=steps), skipped


def _plan_latecomers(steps: Sequence[Step]) -> tuple[dict[int, list[Step]], list[Skip]]:
    """Plan the way of companions that came to photos after these were moved, by group.

    Those whose place is taken stay and are named: they keep no photo from going back.
    """
    moves = {step.source: step for step in steps if step.kind is Kind.MOVE}
    late: dict[int, list[Step]] = defaultdict(list)
    left: list[Skip] = []
    for folder in dict.fromkeys(source.parent for source in moves):
        for path, owner in _find_companions(folder):
            # IMG.CR2.xmp is of IMG.CR2, also where a JPEG that was saved since stands for the shot.
            photo = next((each for each in (owner, path.with_suffix("")) if each in moves), None)
            if path in moves or photo is None:
                continue
            move = moves[photo]
            target = move.target.with_name(move.target.stem + path.name.removeprefix(photo.stem))
            try:
                step = replace(move, source=path, target=target, stamp=read_stamp(path))
            except OSError as error:
                left.append(Skip(path, describe_cause(error)))
                continue
            if os.path.lexists(target):
                left.append(Skip(path, f"came after the move and stays: {target} is occupied"))
            else:
                late[move.group].append(replace(step, restored_mtime_ns=None))
    return late, left


def _find_companions(folder: Path) -> list[tuple[Path, Path]]:
    """List the companions in a folder that belong to one photo there, each with that photo."""
    try:
        ownership = Ownership(list_photo_names(folder))
        names = sorted(path.name for path in folder.iterdir())
    except OSError:
        # The photos' own steps fail and say why.
        return []
    owners = {name: ownership.find(name) for name in names}
    owners |= {twin: [photo] for twin, photo in ownership.twins.items()}
    return [(folder / name, folder / found[0]) for name, found in owners.items() if len(found) == 1]
