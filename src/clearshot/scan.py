"""Score the photos of a library: find, skip the unchanged, measure in worker processes, record.

The workers measure; this process alone writes the catalog.
"""

from __future__ import annotations

import os
import time
from contextlib import closing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from clearshot.config import PHOTO_TIMEOUT_S, ScanSettings, usable_cores
from clearshot.decode.formats import list_cured_failures
from clearshot.discover import count_twins, find_photos
from clearshot.errors import (
    ChangedPhotoError,
    InputError,
    MissingPhotoError,
    UnreadablePhotoError,
    check_folder,
    describe_cause,
)
from clearshot.paths import anchor
from clearshot.photo import Failure, covers
from clearshot.workers import score_unordered

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable
    from pathlib import Path

    from clearshot.catalog.catalog import Catalog, PhotoState
    from clearshot.catalog.odds import Gauge
    from clearshot.discover import Discovery
    from clearshot.photo import Photo, Scores, Skip
    from clearshot.workers import PhotoScorer, Result

# Failures that tell of a moment and not of the file: a drive that was taken out, a file that could
# not be read yet. They leave the file's state as it is, so that would not bring it back.
_FLEETING: Final = frozenset(
    {MissingPhotoError.kind, UnreadablePhotoError.kind, ChangedPhotoError.kind}
)


@dataclass(frozen=True, slots=True)
class ScanProgress:
    """How far a scan is.

    Attributes
    ----------
    num_done, num_total : int
        Photos that were measured, and that this scan has to measure.
    num_failed : int
        Those of `num_done` that failed.
    size_bytes : int
        Size of the photos that were measured [bytes].
    """

    num_done: int
    num_total: int
    num_failed: int
    size_bytes: int


@dataclass(frozen=True, slots=True)
class ScanSummary:
    """What a scan found and did.

    Attributes
    ----------
    num_new : int
        Photos measured for the first time.
    num_changed : int
        Photos measured again because they changed.
    num_unchanged : int
        Photos that were left as they are in the catalog.
    num_failed : int
        Photos of all three kinds that have a failure instead of scores now.
    num_missing : int
        Photos that went since the last scan, unless a plan moved them; decisions about them are
        kept.
    num_ignored : int
        Files that are neither photos nor companions.
    skipped : tuple of Skip
        What could not be read or was left out on purpose.
    size_bytes : int
        Size of the photos that were measured [bytes].
    seconds : float
        How long the scan took [s].
    num_paired : int
        Photos of whose shot there is a raw or HEIC file, too: a companion, and not judged.
    num_renewed : int
        Photos measured again that did not change: by another network, at another size, or because
        they had failed.
    """

    num_new: int
    num_changed: int
    num_unchanged: int
    num_failed: int
    num_missing: int
    num_ignored: int
    skipped: tuple[Skip, ...]
    size_bytes: int
    seconds: float
    num_paired: int = 0
    num_renewed: int = 0


def scan(
    folder: Path,
    catalog: Catalog,
    scorer: PhotoScorer[Scores],
    *,
    settings: ScanSettings | None = None,
    progress: Callable[[ScanProgress], None] | None = None,
    gauge: Gauge | None = None,
) -> ScanSummary:
    """Measure every new or changed photo of a folder and record the results.

    Whatever ends a scan early, the results that came in are in the catalog and the next scan goes
    on with the others: after an exception, Ctrl-C included, all of them; after a kill all but the
    last batch. A photo that cannot be measured becomes a failure in the catalog. Raises InputError
    if the folder is missing or no folder, also if it goes while its photos are measured.

    Parameters
    ----------
    folder : Path
        The catalog's library or a folder in it.
    catalog : Catalog
        Open; only this process writes it.
    scorer : PhotoScorer
        Measures the photos, in the workers.
    settings : ScanSettings or None
        None for the defaults: one worker per usable core.
    progress : callable or None
        Called once before the first photo and after every photo.
    gauge : Gauge or None
        As `clearshot.listing.build_gauge` gives it: the odds of each photo are then recorded with
        its scores. Without it the first page of photos makes them.

    Returns
    -------
    ScanSummary
        What was found and done.

    Raises
    ------
    ValueError
        If the folder is not in the catalog's library.
    """
    started = time.perf_counter()
    settings = settings or ScanSettings()
    folder = anchor(folder)
    if not folder.is_relative_to(catalog.library):
        raise ValueError(f"{folder} is not in the library {catalog.library}")
    check_folder(folder)
    found = find_photos([folder])
    known = {path: state for path, state in catalog.states().items() if path.is_relative_to(folder)}
    num_missing = _note_presence(catalog, found, known)
    backlog = _compare(found, known, scorer.recipe, retry_failed=settings.retry_failed)
    if gauge is not None:
        catalog.odds.adopt(gauge.digest)
    writer = _Writer(catalog, scorer.recipe, settings, gauge)
    end = _measure(backlog.due, writer, scorer, progress, _Ground(folder))
    return ScanSummary(
        num_new=backlog.num_new,
        num_changed=backlog.num_changed,
        num_unchanged=backlog.num_unchanged,
        num_failed=end.num_failed + backlog.num_failed_before,
        num_missing=num_missing,
        num_ignored=found.num_ignored,
        skipped=found.skipped,
        size_bytes=end.size_bytes,
        seconds=time.perf_counter() - started,
        num_paired=sum(count_twins(photo) > 0 for photo in found.photos),
        num_renewed=len(backlog.due) - backlog.num_new - backlog.num_changed,
    )


def score_paths(
    paths: Iterable[Path],
    scorer: PhotoScorer[Result],
    *,
    num_workers: int | None = None,
    timeout_s: float | None = PHOTO_TIMEOUT_S,
) -> Generator[tuple[Path, Result | Failure]]:
    """Measure photos in worker processes, without a catalog.

    Parameters
    ----------
    paths : iterable of Path
        Photos; taken as they are needed.
    scorer : PhotoScorer
        Measures the photos, in the workers.
    num_workers : int or None
        Worker processes, >= 1; None for one per usable core.
    timeout_s : float or None
        A photo that takes longer has failed [s]; None for no limit.

    Yields
    ------
    tuple of (Path, result or Failure)
        In the order of `paths`. Close the generator to stop the workers early.
    """
    num_workers = usable_cores() if num_workers is None else num_workers
    finished: dict[int, tuple[Path, Result | Failure]] = {}
    due = 0
    scoring = score_unordered(paths, scorer, num_workers=num_workers, timeout_s=timeout_s)
    with closing(scoring) as results:
        for index, path, result in results:
            finished[index] = (path, result)
            while due in finished:
                yield finished.pop(due)
                due += 1


@dataclass(frozen=True, slots=True)
class _Backlog:
    """What a scan has to do: `due` holds the photos to measure."""

    due: list[Photo]
    num_new: int
    num_changed: int
    num_unchanged: int
    num_failed_before: int  # of the unchanged ones


def _compare(
    found: Discovery, known: dict[Path, PhotoState], recipe: str, *, retry_failed: bool
) -> _Backlog:
    due: list[Photo] = []
    num_new = num_changed = num_failed_before = 0
    passing = _FLEETING | list_cured_failures()
    for photo in found.photos:
        state = known.get(photo.path)
        if state is None:
            num_new += 1
            due.append(photo)
        elif state.photo.stamp != photo.stamp:
            num_changed += 1
            due.append(photo)
        elif (
            not covers(state.recipe, recipe)
            or (state.is_failed and retry_failed)
            or state.failure_kind in passing
        ):
            due.append(photo)
        else:
            num_failed_before += state.is_failed
    num_unchanged = len(found.photos) - len(due)
    return _Backlog(due, num_new, num_changed, num_unchanged, num_failed_before)


def _note_presence(catalog: Catalog, found: Discovery, known: dict[Path, PhotoState]) -> int:
    """Record which known photos are there and which are not; return how many went."""
    differing = [
        photo
        for photo in found.photos
        if (state := known.get(photo.path))
        and (state.is_missing or state.photo.companions != photo.companions)
    ]
    here = {photo.path for photo in found.photos}
    # Nothing is known about what lies in a folder that could not be read. What was left out on
    # purpose, as the library of another program, is no part of this one any more.
    unseen = {skip.path for skip in found.skipped if skip.is_unreadable}
    missing = [
        path for path in known if path not in here and unseen.isdisjoint((path, *path.parents))
    ]
    if differing:
        catalog.update_found(differing)
    if newly_missing := [path for path in missing if not known[path].is_missing]:
        catalog.mark_missing(newly_missing)
    return len(newly_missing)


def _measure(
    due: list[Photo],
    writer: _Writer,
    scorer: PhotoScorer[Scores],
    progress: Callable[[ScanProgress], None] | None,
    ground: _Ground,
) -> ScanProgress:
    state = ScanProgress(num_done=0, num_total=len(due), num_failed=0, size_bytes=0)
    paths = (photo.path for photo in due)
    measuring = score_unordered(
        paths,
        scorer,
        num_workers=writer.settings.num_workers,
        timeout_s=writer.settings.timeout_s,
    )
    try:
        with closing(measuring) as results:
            if progress is not None:
                progress(state)
            for index, _, result in results:
                if isinstance(result, Failure) and result.kind in _FLEETING:
                    ground.check()
                writer.add(due[index], result)
                state = replace(
                    state,
                    num_done=state.num_done + 1,
                    num_failed=state.num_failed + isinstance(result, Failure),
                    size_bytes=state.size_bytes + due[index].stamp.size_bytes,
                )
                if progress is not None:
                    progress(state)
    finally:
        # Also after Ctrl-C: what is finished need not be measured again.
        writer.flush()
    return state


class _Ground:
    """The folder that is scanned, on the disk on which its photos were found."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._device = folder.stat().st_dev

    def check(self) -> None:
        """Check that it is still there: without it every photo would fail.

        Raises
        ------
        InputError
            If it is not.
        """
        reason = "is on another disk than before"
        try:
            with os.scandir(self._folder):
                if self._folder.stat().st_dev == self._device:
                    return
        except OSError as error:
            reason = describe_cause(error)
        message = (
            f"disappeared during the scan ({reason}); what was scored is kept, and the next scan "
            "goes on from there"
        )
        raise InputError(message, path=self._folder)


class _Writer:
    """Commits results in batches: a commit waits for the disk, a crash costs at most a batch."""

    def __init__(
        self, catalog: Catalog, recipe: str, settings: ScanSettings, gauge: Gauge | None
    ) -> None:
        self.settings = settings
        self._catalog = catalog
        self._recipe = recipe
        self._gauge = gauge
        self._batch: list[tuple[Photo, Scores | Failure]] = []
        self._last_commit = time.monotonic()

    def add(self, photo: Photo, result: Scores | Failure) -> None:
        self._batch.append((photo, result))
        is_late = time.monotonic() - self._last_commit >= self.settings.batch_s
        if is_late or len(self._batch) >= self.settings.batch_photos:
            self.flush()

    def flush(self) -> None:
        if self._batch:
            self._catalog.record(self._batch, recipe=self._recipe, gauge=self._gauge)
            self._batch = []
        self._last_commit = time.monotonic()
