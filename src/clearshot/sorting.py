"""Which bad photo goes where: the plan of `clearshot sort`."""

from __future__ import annotations

import contextlib
import errno
import itertools
import os
import unicodedata
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from clearshot.actions.atomic import is_writable, read_stamp
from clearshot.actions.duplicates import is_duplicate
from clearshot.actions.plan import TRASH_PLACE, Kind, Plan, Step
from clearshot.actions.trash import find_refusal
from clearshot.config import OWN_FOLDER
from clearshot.discover import find_photos, name_shots
from clearshot.errors import InputError, UsageError
from clearshot.paths import anchor
from clearshot.photo import COMPANION_SUFFIXES, REJECTED, Label, Skip

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from clearshot.photo import FileStamp, Photo

_Judgement = TypeVar("_Judgement")


def plan_sort(
    folder: Path,
    bad: Sequence[tuple[Photo, str]],
    target: Path,
    *,
    kind: Kind = Kind.MOVE,
    is_flat: bool = False,
) -> Plan:
    """Plan to move, copy or link bad photos, with their companions, to a folder per label.

    A photo goes to `target/<label>/<its path in folder>`. Where one of its names is taken, there
    or by another step, the photo and its companions all get the same number, so that their base
    names still match. So it is where the base name is that of another shot, whose raw file or
    sidecar would be taken for the photo's. Names count as taken in any case and any Unicode form,
    because disks differ in what they tell apart. A photo whose copies or links are there already is
    left out. Nothing is touched.

    Raises UsageError if the target is `folder` itself or inside clearshot's own folder, a photo is
    not inside `folder`, or hard links are asked for on another disk, and InputError if the target
    is a file or inside one, is on a drive that is not there, or cannot be written.

    Parameters
    ----------
    folder : Path
        The library folder, parent of all photos.
    bad : sequence of (Photo, str)
        The photos and their first label, or `rejected`, with the companions of the moment, see
        `find_companions`. Photos that are in the target already are left
        out, and so are companions that are gone. Copies and links whose pictures are there are not
        made again, also when a sidecar was written since.
    target : Path
        Where the photos go; need not exist. It may be inside `folder`.
    kind : Kind
        One of move, copy, hardlink and symlink.
    is_flat : bool
        True puts all photos of a label into one folder, `target/<label>/<name>`.

    Returns
    -------
    Plan
        One group for each photo, the photo first, in the order of `bad`. The stamps of the photos
        are those of `bad`: a photo that changed since it was judged is left alone.
    """
    # Unlike `Path.resolve`, it takes a link that leads to itself for a place.
    folder, target = anchor(folder), Path(os.path.realpath(target))
    _check_target(folder, target)
    if kind is Kind.HARDLINK:
        _check_same_disk(folder, target)
    is_home = _find_homes(folder, target)
    resolve = cache(Path.resolve)
    names = _TakenNames()
    steps: list[Step] = []
    planned: set[Path] = set()
    for group, (photo, label) in enumerate(bad):
        place = resolve(photo.path.parent)
        if photo.path in planned or is_home(place):
            continue
        stamps = _read_stamps(photo, planned)
        planned.update(stamps)
        inner = [_find_relative(path, folder) for path in stamps]
        wanted = [target / label / (path.name if is_flat else path) for path in inner]
        wishes = [
            Step(path, wish, stamp, group, str(label), kind)
            for (path, stamp), wish in zip(stamps.items(), wanted, strict=True)
        ]
        there = None if kind is Kind.MOVE else _find_copies(wishes, names, photo.path)
        if there is not None:
            names.hold(there, photo.path)
            continue
        given = names.take(wanted, photo.path)
        steps += [
            replace(wish, target=goal, renamed=goal != wish.target)
            for wish, goal in zip(wishes, given, strict=True)
        ]
    return Plan(folder, tuple(steps))


def plan_trash(folder: Path, bad: Sequence[tuple[Photo, str]]) -> tuple[Plan, tuple[Skip, ...]]:
    """Plan to send bad photos, with their companions, to the system's trash. Nothing is touched.

    Parameters
    ----------
    folder : Path
        The library folder.
    bad : sequence of (Photo, str)
        As for `plan_sort`.

    Returns
    -------
    tuple of (Plan, tuple of Skip)
        One group for each photo, the photo first, in the order of `bad`; and the files of photos
        that the trash refuses, and why.
    """
    steps: list[Step] = []
    refused: list[Skip] = []
    planned: set[Path] = set()
    for group, (photo, label) in enumerate(bad):
        if photo.path in planned:
            continue
        stamps = _read_stamps(photo, planned)
        planned.update(stamps)
        if skips := _find_refusals(list(stamps)):
            refused += skips
            continue
        steps += [
            Step(path, TRASH_PLACE, stamp, group, str(label), Kind.TRASH)
            for path, stamp in stamps.items()
        ]
    return Plan(anchor(folder), tuple(steps)), tuple(refused)


def find_companions(
    folder: Path, judged: Sequence[tuple[Photo, _Judgement]]
) -> tuple[list[tuple[Photo, _Judgement]], tuple[Skip, ...]]:
    """Give photos the companions that they have on the disk now. No file is opened.

    Raises InputError if the folder cannot be listed.

    Parameters
    ----------
    folder : Path
        The library folder, parent of all photos.
    judged : sequence of (Photo, any)
        Photos as they were when they were judged, each with what was found, such as its label.

    Returns
    -------
    tuple of (list of (Photo, any), tuple of Skip)
        Those that are there, with the stamps they had; and those that are not or have changed, and
        why.
    """
    found = find_photos([folder])
    present = {photo.path: photo for photo in found.photos}
    causes = {
        companion: f"belongs to {photo.path.name} now; scan again"
        for photo in found.photos
        for companion in photo.companions
    }
    causes |= {skip.path: skip.reason for skip in found.skipped}
    updated: list[tuple[Photo, _Judgement]] = []
    absent: list[Skip] = []
    for photo, judgement in judged:
        if photo.path in present and present[photo.path].stamp != photo.stamp:
            absent.append(Skip(photo.path, "changed since the scan; scan again"))
        elif photo.path in present:
            updated.append((present[photo.path], judgement))
        else:
            places = (photo.path, *photo.path.parents)
            reasons = (causes[place] for place in places if place in causes)
            absent.append(Skip(photo.path, next(reasons, "is not there any more")))
    return updated, tuple(absent)


class _TakenNames:
    """The places that are taken: by files on the disk and by the photos looked at so far."""

    def __init__(self) -> None:
        self._held: set[str] = set()
        # By base name at the target, the one where the shot comes from.
        self._shots: dict[str, Path] = {}
        list_spelled = cache(_list_names)
        self._list_names = cache(lambda folder: frozenset(map(_fold, list_spelled(folder))))
        self._list_shots = cache(lambda folder: _list_shots(list_spelled(folder)))

    def take(self, wanted: Sequence[Path], photo: Path) -> list[Path]:
        """Take a free place for each file of a photo, its own first, alike numbered."""
        shot = photo.with_suffix("")
        numbered = self._count_up(wanted, photo.stem)
        places = next(places for places in numbered if self._is_free(places, shot))
        self.hold(places, photo)
        return list(places)

    def hold(self, places: Sequence[Path], photo: Path) -> None:
        """Give places to a photo: of its steps, or of its copies that are there already.

        A place on the disk counts in its own folder. One that is held counts also in folders that
        some disk holds to be the same.
        """
        self._held.update(map(_fold, places))
        self._shots |= dict.fromkeys(_name_bases(places), photo.with_suffix(""))

    def list_passed(self, wanted: Sequence[Path], photo: Path) -> Iterator[tuple[Path, ...]]:
        """Give the places that `take` passes because they are taken, in its order."""
        shot = photo.with_suffix("")
        numbered = self._count_up(wanted, photo.stem)
        return itertools.takewhile(lambda places: not self._is_free(places, shot), numbered)

    def _count_up(self, wanted: Sequence[Path], base: str) -> Iterator[tuple[Path, ...]]:
        distinct: list[Path] = []
        for path in wanted:
            # Two companions that differ in case alone cannot share one number.
            others = {_fold(other) for other in distinct}
            distinct.append(next(p for p in _count_up(path, base) if _fold(p) not in others))
        return zip(*(_count_up(path, base) for path in distinct), strict=True)

    def _is_free(self, places: tuple[Path, ...], shot: Path) -> bool:
        # Two pictures of one base name that come from one folder were beside each other before.
        is_own = all(self._shots.get(base, shot) == shot for base in _name_bases(places))
        is_held = any(_fold(place) in self._held for place in places)
        return is_own and not is_held and not self._are_used(places)

    def _are_used(self, places: tuple[Path, ...]) -> bool:
        if any(_fold(base.name) in self._list_shots(base.parent) for base in _list_bases(places)):
            return True
        return any(_fold(place.name) in self._list_names(place.parent) for place in places)


def _check_target(folder: Path, target: Path) -> None:
    if target == folder.resolve() or (target.exists() and target.samefile(folder)):
        raise UsageError("the target is the library folder itself", path=target)
    if any(part.casefold() == OWN_FOLDER for part in target.parts):
        raise UsageError(f"{OWN_FOLDER} is clearshot's own; choose another target", path=target)
    existing = next(filter(os.path.lexists, (target, *target.parents)), None)
    if existing is None:
        raise InputError("there is no such drive", path=Path(target.anchor))
    if not existing.is_dir():
        raise InputError("the target needs a folder here, but this is a file", path=existing)
    if not is_writable(target):
        raise InputError("the target cannot be written", path=target)


def _check_same_disk(folder: Path, target: Path) -> None:
    existing = next(filter(os.path.lexists, (target, *target.parents)))
    if existing.stat().st_dev != folder.stat().st_dev:
        raise UsageError("hard links need the disk that the library is on", path=target)


def _find_copies(
    wishes: Sequence[Step], names: _TakenNames, photo: Path
) -> tuple[Path, ...] | None:
    """Find where a photo was copied or linked before, under its names or under numbered ones.

    Its pictures decide: a sidecar that was written since asks for no second copy of them.
    """
    passed = names.list_passed([wish.target for wish in wishes], photo)
    return next((places for places in passed if _are_there(wishes, places)), None)


def _are_there(wishes: Sequence[Step], places: Sequence[Path]) -> bool:
    return all(
        _is_there(replace(wish, target=place))
        for wish, place in zip(wishes, places, strict=True)
        if wish.source.suffix.lower() not in COMPANION_SUFFIXES
    )


def _is_there(step: Step) -> bool:
    """Tell whether a copy or link is there; a copy by its size and time, or by its bytes."""
    try:
        # Some disks round times, and some lose them.
        is_alike = step.kind is Kind.COPY and read_stamp(step.target) == step.stamp
        return is_alike or is_duplicate(step)
    except OSError:
        return False


def _find_homes(folder: Path, target: Path) -> Callable[[Path], bool]:
    """Find the folders whose photos are in the target already; give what tells them."""
    own = _identify(folder)
    is_inside = own is not None and own in map(_identify, target.parents)
    # The target is elsewhere, or around the library folder: only what is sorted is in it.
    homes = {target} if is_inside else {target / word for word in (*Label, REJECTED)}
    # Disks that do not tell upper from lower case know a folder by more than one path.
    known = {*map(_identify, homes)} - {None}
    identify = cache(_identify)

    @cache
    def is_home(place: Path) -> bool:
        around = (place, *place.parents)
        return any(each in homes or identify(each) in known for each in around)

    return is_home


def _identify(folder: Path) -> tuple[int, int] | None:
    """Name a folder as its disk does; None where there is none."""
    try:
        status = folder.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _find_relative(path: Path, folder: Path) -> Path:
    for parent in (folder, folder.resolve()):
        with contextlib.suppress(ValueError):
            return path.relative_to(parent)
    raise UsageError(f"not inside the library folder {folder}", path=path)


def _read_stamps(photo: Photo, planned: set[Path]) -> dict[Path, FileStamp]:
    """Give the files of a photo with their states, the photo first."""
    stamps = {photo.path: photo.stamp}
    for companion in photo.companions:
        if companion not in planned:
            with contextlib.suppress(OSError):
                stamps[companion] = read_stamp(companion)
    return stamps


def _find_refusals(paths: Sequence[Path]) -> list[Skip]:
    """Name the files of a photo if the trash refuses one of them: all go, or none."""
    reasons = {path: reason for path in paths if (reason := find_refusal(path))}
    if not reasons:
        return []
    stays = f"stays with {next(iter(reasons)).name}"
    return [Skip(path, reasons.get(path, stays)) for path in paths]


def _count_up(path: Path, base: str) -> itertools.chain[Path]:
    """Give the path itself, then with the numbers (2), (3), ... behind its base name."""
    if not path.name.startswith(base):
        base = path.stem
    rest = path.name[len(base) :]
    numbered = (path.with_name(f"{base} ({number}){rest}") for number in itertools.count(2))
    return itertools.chain([path], numbered)


def _name_bases(places: Sequence[Path]) -> set[str]:
    """Give the base names that files would belong to at their places."""
    return {_fold(base) for base in _list_bases(places)}


def _list_bases(places: Sequence[Path]) -> list[Path]:
    names = {place.name for place in places}
    return [place.with_name(shot) for place in places for shot in name_shots(place.name, names)]


def _list_names(folder: Path) -> frozenset[str]:
    try:
        return frozenset(path.name for path in folder.iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return frozenset()
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG:
            # Only this photo cannot go there; its step says so.
            return frozenset()
        raise InputError(f"cannot be listed: {error.strerror}", path=folder) from error


def _list_shots(names: frozenset[str]) -> frozenset[str]:
    # Names belong together as they are spelled.
    return frozenset(_fold(shot) for name in names for shot in name_shots(name, names))


def _fold(path: Path | str) -> str:
    """Give one spelling for all that some disk holds to be the same name."""
    folded = unicodedata.normalize("NFD", str(path)).casefold()
    return unicodedata.normalize("NFC", folded)
