"""The page's plans: made by the functions of the command line, shown, and carried out as shown."""

from __future__ import annotations

import secrets
from collections import defaultdict
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from clearshot.actions.apply import apply_plan
from clearshot.actions.plan import Kind
from clearshot.actions.recovery import find_interruptions
from clearshot.actions.undo import UndoPlan, apply_undo, plan_undo
from clearshot.catalog.catalog import Catalog
from clearshot.errors import UsageError
from clearshot.notary import Notary, catch_up, find_journals, note_outcome
from clearshot.photo import Skip
from clearshot.review import list_bad
from clearshot.scoring.wishes import write_options
from clearshot.sorting import find_companions, plan_sort
from clearshot.terminal import to_command
from clearshot.web.jobs import JobKind
from clearshot.web.names import spell

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from clearshot.actions.plan import Outcome, Plan, Step
    from clearshot.scoring.verdict import Thresholds
    from clearshot.web.jobs import Report

# Files that are listed by name; the others are counted.
_MAX_ROWS: Final = 200


@dataclass(frozen=True, slots=True)
class Offer:
    """A plan that is shown and may be carried out.

    Attributes
    ----------
    kind : JobKind
        Sort or undo.
    plan : Plan
        The steps.
    skipped : tuple of Skip
        What is left alone, and why.
    command : str
        What does the same in a terminal.
    target : Path or None
        Where photos go.
    undo : UndoPlan or None
        What is taken back.
    thresholds : Thresholds or None
        By which photos were chosen to go.
    key : str
        Names the offer.
    """

    kind: JobKind
    plan: Plan
    skipped: tuple[Skip, ...]
    command: str
    target: Path | None = None
    undo: UndoPlan | None = None
    thresholds: Thresholds | None = None
    key: str = field(default_factory=lambda: secrets.token_urlsafe(12))


@dataclass(frozen=True, slots=True)
class Shelf:
    """Makes and carries out the plans of one library.

    Attributes
    ----------
    library : Path
        The library's folder, absolute.
    catalog_path : Path or None
        The catalog, where it is not in the library.
    """

    library: Path
    catalog_path: Path | None = None

    def offer_sort(self, thresholds: Thresholds, target: Path) -> Offer:
        """Plan to move the photos that shall go; nothing is touched.

        Raises ClearshotError as `clearshot sort` does.

        Parameters
        ----------
        thresholds : Thresholds
            When a photo is called bad.
        target : Path
            Where the photos go, absolute.

        Returns
        -------
        Offer
            The plan of `clearshot sort`.

        Raises
        ------
        UsageError
            If the target is no absolute path.
        """
        if not target.is_absolute():
            raise UsageError("give the whole path of the folder", path=target)
        with self._open() as catalog:
            catch_up(catalog)
            bad, outdated = list_bad(catalog, thresholds)
        bad, absent = find_companions(self.library, bad)
        plan = plan_sort(self.library, bad, target)
        words = ["sort", str(self.library), "--to", str(target)]
        words += self._repeat_options(thresholds)
        command = to_command("clearshot", *words, "--apply")
        skipped = (*outdated, *absent)
        return Offer(JobKind.SORT, plan, skipped, command, target, thresholds=thresholds)

    def offer_undo(self) -> Offer:
        """Plan to take back the last applied plan; nothing is touched.

        Raises ActionError if there is nothing to take back.

        Returns
        -------
        Offer
            The plan of `clearshot undo`.
        """
        undo = plan_undo(find_journals(self.library))
        words = ["undo", str(self.library), *self._repeat_options(None)]
        command = to_command("clearshot", *words, "--apply")
        skipped = (*undo.refused, *undo.staying, *undo.damaged)
        return Offer(JobKind.UNDO, undo.plan, skipped, command, undo=undo)

    def carry_out(self, offer: Offer, report: Report) -> dict[str, Any]:
        """Carry out a plan as it was shown, and note in the catalog what moved.

        Raises ClearshotError as `clearshot sort --apply` and `clearshot undo --apply` do.

        Parameters
        ----------
        offer : Offer
            What was shown.
        report : callable
            Is told how many files are done, and how many there are.

        Returns
        -------
        dict
            Numbers of photos and files that moved, and what was left alone and why; also in runs
            that a crash had interrupted and that were put in order before.
        """
        journals = find_journals(self.library)
        spared: list[Skip] = []
        if offer.undo is None:
            plan, spared = self._spare_decided(offer)
            outcome = apply_plan(plan, journals, report)
        else:
            notary = Notary(self.library, self.catalog_path)
            outcome = apply_undo(offer.undo, journals, report, notary.note)
        note_outcome(self.library, self.catalog_path, outcome)
        described = self._describe_outcome(outcome)
        return described | {"skipped": [*self._describe_skipped(spared), *described["skipped"]]}

    def _spare_decided(self, offer: Offer) -> tuple[Plan, list[Skip]]:
        """Leave photos out of a plan that shall not go any more: someone has kept them since."""
        if offer.thresholds is None:
            return offer.plan, []
        with self._open() as catalog:
            bad, _ = list_bad(catalog, offer.thresholds)
        paths = {photo.path for photo, _ in bad}
        # The photo is the first file of its group.
        photos = {step.group: step.source for step in reversed(offer.plan.steps)}
        spared = {group for group, path in photos.items() if path not in paths}
        steps = tuple(step for step in offer.plan.steps if step.group not in spared)
        reason = "kept or judged otherwise since the plan was shown"
        return replace(offer.plan, steps=steps), [Skip(photos[g], reason) for g in sorted(spared)]

    def describe(self, offer: Offer) -> dict[str, Any]:
        """Describe a plan for the page.

        Parameters
        ----------
        offer : Offer
            A plan.

        Returns
        -------
        dict
            JSON values: totals, one row per label, the first files, what is left alone.
        """
        steps = offer.plan.steps
        edited = frozenset() if offer.undo is None else offer.undo.edited
        gone = () if offer.undo is None else offer.undo.gone
        return {
            "key": offer.key,
            "kind": offer.kind.value,
            "command": spell(offer.command),
            "target": None if offer.target is None else spell(offer.target),
            "photos": len({step.group for step in steps}),
            "files": len(steps),
            "bytes": offer.plan.size_bytes,
            "renamed": sum(step.renamed for step in steps),
            "edited": len(edited),
            "gone": len(gone),
            "interrupted": len(find_interruptions(find_journals(self.library))),
            "groups": _count_groups(steps),
            "moves": [
                {
                    "from": self._name(step.source),
                    "to": self._name(step.target),
                    "deed": _name_deed(step),
                    "bytes": step.size_bytes,
                    "why": step.why,
                    "renamed": step.renamed,
                    "edited": step.source in edited,
                }
                for step in steps[:_MAX_ROWS]
            ],
            "skipped": self._describe_skipped(offer.skipped),
        }

    def _open(self) -> Catalog:
        return Catalog.open(self.library, path=self.catalog_path, create=False)

    def _describe_outcome(self, outcome: Outcome) -> dict[str, Any]:
        return {
            "photos": len({step.group for step in outcome.done}),
            "files": len(outcome.done),
            "plan": outcome.journal.stem,
            "skipped": self._describe_skipped(
                [skip for each in (*outcome.recovered, outcome) for skip in each.skipped]
            ),
        }

    def _describe_skipped(self, skipped: Sequence[Skip]) -> list[dict[str, str]]:
        return [{"path": self._name(skip.path), "reason": skip.reason} for skip in skipped]

    def _name(self, path: Path) -> str:
        """Name a file as a person does: from the library on where it lies there."""
        is_inside = path.is_relative_to(self.library)
        return spell(path.relative_to(self.library) if is_inside else path)

    def _repeat_options(self, thresholds: Thresholds | None) -> list[str]:
        words = [] if thresholds is None else write_options(thresholds)
        if self.catalog_path is not None:
            words += ["--catalog", str(self.catalog_path)]
        return words


def _name_deed(step: Step) -> str:
    """Name what a person sees happen to the file of a step that moves it or takes another back."""
    if step.kind in {Kind.MOVE, Kind.RESTORE}:
        return "move"
    if step.kind is Kind.EMBED:
        return "embed"
    return "remove" if step.after is None else "write"


def _count_groups(steps: Sequence[Step]) -> list[dict[str, Any]]:
    by_word: dict[str, list[Step]] = defaultdict(list)
    for step in steps:
        by_word[step.why].append(step)
    return [
        {
            "why": word,
            "photos": len({step.group for step in found}),
            "files": len(found),
            "bytes": sum(step.size_bytes for step in found),
        }
        for word, found in sorted(by_word.items())
    ]
