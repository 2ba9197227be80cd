"""What photos and their sidecars shall say about them: the plan of `clearshot tag`."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from clearshot.actions.atomic import read_stamp
from clearshot.actions.embedding import find_protection, is_write_protected
from clearshot.actions.plan import Kind, Plan, Step
from clearshot.actions.writing import read_content
from clearshot.discover import RAW_SUFFIXES, Ownership, list_photo_names
from clearshot.errors import SidecarError, describe_cause
from clearshot.paths import anchor
from clearshot.photo import Color, FileStamp, Rating, Skip
from clearshot.sidecars.exiftool import Wish, draft_exchanges, find_exiftool
from clearshot.sidecars.jpeg import gather_xmp, holds_own_metadata, read_packet
from clearshot.sidecars.marks import Marks, may_have_notes, merge_marks
from clearshot.sidecars.names import Naming, list_sidecars

if TYPE_CHECKING:
    from collections.abc import Sequence

    from clearshot.actions.apply import Progress
    from clearshot.photo import Photo
    from clearshot.sidecars.exiftool import Exchange

# The rating that says rejected: XMP specification part 1, 8.4.
_REJECTED_RATING = -1

# digiKam's digikam_globals.h: pick labels and colour labels.
_PICK_REJECTED, _PICK_PENDING = "1", "2"
_COLORS = {Color.RED: "1", Color.YELLOW: "3", Color.GREEN: "4", Color.BLUE: "5"}

# Photos that exiftool gets at once: its start takes longer than one of them.
_MAX_WISHES = 8


class Program(StrEnum):
    """Who shall read the sidecars."""

    LIGHTROOM = "lightroom"
    DARKTABLE = "darktable"
    DIGIKAM = "digikam"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class Judgement:
    """What clearshot thinks of a photo and what its owner decided, as one.

    Attributes
    ----------
    rating : Rating
        Good, bad or unsure.
    words : tuple of str
        What is wrong with a bad photo, the most probable first: labels, or `rejected`.
    stars : int
        The owner's, 0 to 5; 0 means none.
    color : Color or None
        The owner's coloured mark.
    is_rejected : bool
        Whether the owner rejected it.
    """

    rating: Rating
    words: tuple[str, ...] = ()
    stars: int = 0
    color: Color | None = None
    is_rejected: bool = False


@dataclass(frozen=True, slots=True)
class TagStyle:
    """How judgements are written down.

    Attributes
    ----------
    program : Program
        For whom.
    rating : int or None
        What bad photos get: -1 for rejected, or 1 to 5 stars; None writes no rating.
    naming : Naming
        How sidecars are called. `auto` updates those that are there; a photo without one gets
        the name that the program reads, for all programs both. `embed` does so too, but a JPEG
        without a RAW file gets no new sidecar: it is written itself.
    overwrites : bool
        Whether ratings and labels that others gave are replaced.
    """

    program: Program = Program.ALL
    rating: int | None = _REJECTED_RATING
    naming: Naming = Naming.AUTO
    overwrites: bool = False


@dataclass(frozen=True, slots=True)
class TagPlan:
    """What would be written, and what not.

    Attributes
    ----------
    plan : Plan
        The sidecars and photos that change; a group for each photo.
    skipped : tuple of Skip
        Photos and sidecars that are left alone, and why.
    kept : tuple of Skip
        Sidecars in which a value of someone else stays, and which.
    unread : tuple of Path
        Photos of the plan whose sidecars Lightroom does not read, where it was to read them.
    """

    plan: Plan
    skipped: tuple[Skip, ...]
    kept: tuple[Skip, ...]
    unread: tuple[Path, ...]


def plan_tags(
    folder: Path,
    judged: Sequence[tuple[Photo, Judgement]],
    style: TagStyle,
    progress: Progress | None = None,
) -> TagPlan:
    """Plan what the sidecars of photos, and photos, shall say. Nothing is touched.

    Bad and unsure photos are marked, and those with stars or a coloured mark. Other good ones get
    no sidecar; marks that clearshot set on them before are taken away, and nothing else. A plan
    made again after it was applied is empty.

    Parameters
    ----------
    folder : Path
        The library folder.
    judged : sequence of (Photo, Judgement)
        All photos of the library, with the companions of the moment, see
        `clearshot.sorting.find_companions`.
    style : TagStyle
        How judgements are written down.
    progress : callable or None
        Called after each photo with the number of photos looked at and the number of all.

    Returns
    -------
    TagPlan
        In the order of `judged`.

    Raises
    ------
    MissingExtraError
        If lxml is not installed, or photos are to be written and exiftool is not.
    """
    if style.naming is Naming.EMBED:
        find_exiftool()
    planner = _Planner(style)
    for group, (photo, judgement) in enumerate(judged):
        planner.add(group, photo, judgement)
        if progress is not None:
            progress(group + 1, len(judged))
    planner.finish()
    plan = Plan(anchor(folder), tuple(planner.steps))
    return TagPlan(plan, tuple(planner.skipped), tuple(planner.kept), tuple(planner.unread))


def choose_marks(judgement: Judgement, style: TagStyle) -> Marks:
    """Choose what sidecars shall say about a photo.

    Parameters
    ----------
    judgement : Judgement
        What is thought of it. The owner's stars and coloured mark stand in place of those that
        clearshot gives; only a rejected photo stays rejected whatever its stars.
    style : TagStyle
        How judgements are written down.

    Returns
    -------
    Marks
        Empty for a good photo without stars and coloured mark.
    """
    simple: dict[str, str] = {}
    lists: dict[str, tuple[str, ...]] = {}
    is_for_digikam = style.program in {Program.DIGIKAM, Program.ALL}
    rating, color = _choose_rating(judgement, style), judgement.color
    if judgement.rating is not Rating.GOOD:
        is_bad = judgement.rating is Rating.BAD
        color = color or (Color.RED if is_bad else Color.YELLOW)
        words = judgement.words if is_bad else (Rating.UNSURE.value,)
        keywords = tuple(f"clearshot|{word}" for word in words)
        lists = {"dc:subject": keywords, "lr:hierarchicalSubject": keywords}
        if is_for_digikam:
            simple["digiKam:PickLabel"] = _PICK_REJECTED if is_bad else _PICK_PENDING
            lists["digiKam:TagsList"] = tuple(word.replace("|", "/") for word in keywords)
    if rating is not None:
        simple["xmp:Rating"] = str(rating)
    if color is not None:
        simple["xmp:Label"] = color.value.capitalize()
        if is_for_digikam:
            simple["digiKam:ColorLabel"] = _COLORS[color]
    return Marks(simple, lists)


def _choose_rating(judgement: Judgement, style: TagStyle) -> int | None:
    stars = judgement.stars or None
    # digiKam's ratings are 0 to 5; its pick label says rejected.
    says_rejected = style.rating == _REJECTED_RATING and style.program is not Program.DIGIKAM
    if judgement.is_rejected and says_rejected:
        return _REJECTED_RATING
    if stars is not None or judgement.rating is not Rating.BAD:
        return stars
    return style.rating if style.rating != _REJECTED_RATING or says_rejected else None


@dataclass(slots=True)
class _Draft:
    """What is planned for one photo, and what it shall hold itself if that has to change."""

    group: int
    photo: Photo
    why: str
    steps: list[Step] = field(default_factory=list)
    kept: list[Skip] = field(default_factory=list)
    wish: Wish | None = None
    is_unread: bool = False


class _Planner:
    """The plan in the making."""

    def __init__(self, style: TagStyle) -> None:
        self._style = style
        self._read_ownership = cache(lambda folder: Ownership(list_photo_names(folder)))
        self._drafts: list[_Draft] = []
        self.steps: list[Step] = []
        self.skipped: list[Skip] = []
        self.kept: list[Skip] = []
        self.unread: list[Path] = []

    def add(self, group: int, photo: Photo, judgement: Judgement) -> None:
        """Plan the sidecars of one photo, and the photo, all or none."""
        why = judgement.words[0] if judgement.words else judgement.rating.value
        draft = _Draft(group, photo, why)
        try:
            if read_stamp(photo.path) != photo.stamp:
                self.skipped.append(Skip(photo.path, "changed since the scan; scan again"))
                return
            self._look(draft, choose_marks(judgement, self._style))
        except SidecarError as error:
            self.skipped.append(Skip(error.path or photo.path, error.message))
            return
        except OSError as error:
            path = photo.path if error.filename is None else Path(error.filename)
            self.skipped.append(Skip(path, describe_cause(error)))
            return
        self._drafts.append(draft)
        # Counted after a wish alone: without any, all drafts wait for the end.
        if draft.wish and sum(each.wish is not None for each in self._drafts) == _MAX_WISHES:
            self.finish()

    def finish(self) -> None:
        """Plan what is to be exchanged in the photos that were added last."""
        wishes = [draft.wish for draft in self._drafts if draft.wish is not None]
        exchanges = iter(draft_exchanges(wishes) if wishes else ())
        for draft in self._drafts:
            if draft.wish is not None:
                exchange = next(exchanges)
                if isinstance(exchange, SidecarError):
                    self.skipped.append(Skip(draft.photo.path, exchange.message))
                    continue
                draft.steps.insert(0, _plan_exchange(draft, exchange))
            self.steps += draft.steps
            self.kept += draft.kept
            if draft.steps and draft.is_unread:
                self.unread.append(draft.photo.path)
        self._drafts.clear()

    def _look(self, draft: _Draft, marks: Marks) -> None:
        """Look at the photo and its sidecars for what has to change.

        Raises
        ------
        SidecarError
            If the photo cannot or may not be changed, or a sidecar cannot.
        """
        photo, is_marked = draft.photo, marks != Marks()
        is_embedded = (
            self._style.naming is Naming.EMBED
            and not _has_raw(photo, counts_dng=True)
            and holds_own_metadata(photo.path)
        )
        if is_embedded:
            self._look_at_photo(draft, marks)
        is_new_wanted = is_marked and not is_embedded
        for path in self._choose_sidecars(photo, is_new_wanted=is_new_wanted):
            self._look_at_sidecar(draft, path, marks)
        is_for_lightroom = self._style.program in {Program.LIGHTROOM, Program.ALL}
        is_seen = is_embedded or _has_raw(photo, counts_dng=False)
        draft.is_unread = is_for_lightroom and is_marked and not is_seen

    def _look_at_photo(self, draft: _Draft, marks: Marks) -> None:
        path = draft.photo.path
        packet = _read_packet(path, is_wanted=marks != Marks())
        merged = self._merge(draft, path, packet, marks)
        if merged != packet:
            if protection := find_protection(path):
                raise SidecarError(protection)
            draft.wish = Wish(path, merged)

    def _look_at_sidecar(self, draft: _Draft, path: Path, marks: Marks) -> None:
        content = read_content(path)
        merged = self._merge(draft, path, content, marks)
        if merged != content:
            if content is not None and is_write_protected(path):
                raise SidecarError("is write-protected", path=path)
            draft.steps.append(_plan_write(draft, path, content, merged))

    def _merge(
        self, draft: _Draft, path: Path, content: bytes | None, marks: Marks
    ) -> bytes | None:
        try:
            merge = merge_marks(content, marks, overwrites=self._style.overwrites)
        except SidecarError as error:
            raise SidecarError(error.message, path=path) from error
        draft.kept += [Skip(path, value) for value in merge.kept]
        return merge.content

    def _choose_sidecars(self, photo: Photo, *, is_new_wanted: bool) -> tuple[Path, ...]:
        existing = list_sidecars(photo, (Naming.AUTO,))
        if not is_new_wanted:
            return existing
        if self._style.naming in {Naming.AUTO, Naming.EMBED}:
            if existing:
                return existing
            namings = _NAMINGS[self._style.program]
        else:
            namings = (self._style.naming,)
        paths = list_sidecars(photo, namings)
        chosen = [path for path in paths if self._is_own(photo, path)]
        # What an earlier run wrote under another naming shall not say something else.
        others = (path for path in existing if path not in chosen)
        return (*chosen, *(path for path in others if may_have_notes(read_content(path) or b"")))

    def _is_own(self, photo: Photo, path: Path) -> bool:
        """Tell whether a sidecar belongs, or would belong, to a photo alone."""
        if path in photo.companions:
            return True
        owners = self._read_ownership(path.parent).find(path.name)
        reason = "may belong to several photos; written for none"
        if owners == [photo.path.name]:
            if not os.path.lexists(path):
                return True
            reason = "is there as a link or in another spelling; left as it is"
        elif len(owners) == 1:
            reason = f"belongs to {owners[0]}"
        self.skipped.append(Skip(path, reason))
        return False


_NAMINGS = {
    Program.LIGHTROOM: (Naming.STEM,),
    Program.DARKTABLE: (Naming.FULL,),
    Program.DIGIKAM: (Naming.FULL,),
    Program.ALL: (Naming.STEM, Naming.FULL),
}


def _has_raw(photo: Photo, *, counts_dng: bool) -> bool:
    """Tell whether a photo is or has a RAW file. Lightroom reads no sidecar of DNG."""
    suffixes = RAW_SUFFIXES if counts_dng else RAW_SUFFIXES - {".dng"}
    return any(path.suffix.lower() in suffixes for path in (photo.path, *photo.companions))


def _read_packet(photo: Path, *, is_wanted: bool) -> bytes | None:
    """Read the XMP packet of a JPEG; None also for one that cannot be read and need not be.

    Raises
    ------
    SidecarError
        If it cannot be read, and marks are wanted or clearshot's may be there.
    """
    try:
        return read_packet(photo)
    except SidecarError:
        if is_wanted or may_have_notes(gather_xmp(photo)):
            raise
        return None


def _plan_write(draft: _Draft, path: Path, before: bytes | None, after: bytes | None) -> Step:
    stamp = FileStamp(0, 0) if before is None else read_stamp(path)
    group, why = draft.group, draft.why
    return Step(path, path, stamp, group, why, Kind.WRITE, before=before, after=after)


def _plan_exchange(draft: _Draft, exchange: Exchange) -> Step:
    photo = draft.photo
    return Step(
        photo.path,
        photo.path,
        photo.stamp,
        draft.group,
        draft.why,
        Kind.EMBED,
        before=exchange.before,
        after=exchange.after,
        offset=exchange.offset,
        sha256_before=exchange.sha256_before,
        sha256_after=exchange.sha256_after,
    )
