"""What the page works on: the queue in memory, and the catalog behind it.

The catalog belongs to one thread; `Desk.call` runs work there. Everything else is read from
records that are replaced as a whole, so that it can be read from any thread. Of a large library the
worst photos come first, for a page to begin with; the others are read behind it.
"""

from __future__ import annotations

import asyncio
import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Final, TypeVar

from clearshot.catalog.catalog import Catalog
from clearshot.config import MAX_PIXELS, ScanSettings
from clearshot.errors import MissingPhotoError
from clearshot.listing import build_rules, list_probabilities, refresh
from clearshot.owner import find_own, settle
from clearshot.photo import Decision, Facts, SharpAt
from clearshot.report import build_row, judge_entry
from clearshot.review import Decider
from clearshot.scoring.verdict import Thresholds
from clearshot.web.document import (
    describe_counts,
    describe_decision,
    describe_doubts,
    describe_limits,
    describe_photos,
    describe_thresholds,
    write_time,
)
from clearshot.web.names import spell
from clearshot.web.states import check_state

if TYPE_CHECKING:
    from asyncio import Future
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from clearshot.catalog.catalog import Entry
    from clearshot.catalog.glimpses import Glimpse
    from clearshot.catalog.pages import Counts
    from clearshot.photo import Photo
    from clearshot.scoring.recalibration import Recalibration
    from clearshot.web.document import Probabilities

_Result = TypeVar("_Result")

# The catalog is read again at most so often while another program writes it [s].
_RELOAD_S: Final = 2.0
# The page counts as being served until so long after its last request [s].
_QUIET_S: Final = 0.3
# How long to wait for the catalog when the page ends [s].
_PATIENCE_S: Final = 5.0
# A library with more photos than this is read in two steps; so many come first.
MANY_PHOTOS: Final = 5000
_FIRST_PHOTOS: Final = 200


@dataclass(frozen=True, slots=True)
class Desktop:
    """Where everything of a library is.

    Attributes
    ----------
    library : Path
        The library's folder, absolute.
    catalog_path : Path or None
        The catalog, where it is not in the library.
    target : Path
        Where photos go unless the page says otherwise.
    thresholds : Thresholds
        As the user asked for them; the library's own calibration may set others.
    settings : ScanSettings
        How a scan that the page starts works.
    max_pixels : int
        Such a scan refuses a photo with more pixels before it is decoded.
    """

    library: Path
    catalog_path: Path | None
    target: Path
    thresholds: Thresholds = field(default_factory=Thresholds)
    settings: ScanSettings = field(default_factory=ScanSettings)
    max_pixels: int = MAX_PIXELS


class Desk:
    """The photos under review.

    Parameters
    ----------
    desktop : Desktop
        Where everything is.
    """

    def __init__(self, desktop: Desktop) -> None:
        self.desktop = desktop
        self.glimpses: Mapping[int, Glimpse] = {}
        self.decisions: Mapping[int, Decision] = {}
        # How many photos there are, also while most of them are not read yet.
        self.num_photos = 0
        # Counts how often the catalog was read.
        self.revision = 0
        # Counts what was decided here: each open page learns of what was decided on the others.
        self.num_changes = 0
        self.probabilities: Mapping[int, Probabilities | None] = {}
        # Those that hold in the library.
        self.thresholds = desktop.thresholds
        # What a page is told before all photos are read; None when they are.
        self.first: bytes | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="catalog")
        self._lock = threading.Lock()
        self._num_waiting = 0
        self._reloaded_s = 0.0
        self._is_news_expected = False
        self._version = -1
        self._asked_s = 0.0
        # All that the page is told about the library but decisions.
        self._document = b"{}"
        self._library = desktop.library.resolve()
        try:
            self._thread.submit(self._open).result()
            reading = self._thread.submit(self._reload)
            if self.first is None:
                reading.result()
        except BaseException:
            # A thread that waits for work would hold up the end of the program.
            self._thread.shutdown(wait=False)
            raise

    def _open(self) -> None:
        desktop = self.desktop
        self._catalog = Catalog.open(desktop.library, path=desktop.catalog_path)
        self.decider = Decider(self._catalog)
        refresh(self._catalog)
        own, origin = self._settle()
        counts = self._catalog.pages.count(build_rules(self.thresholds))
        self.num_photos = counts.num_photos
        # What a limit at 100 % does is guessed from all photos.
        if counts.num_photos > MANY_PHOTOS and self.thresholds.sharp_at is SharpAt.SCREEN:
            self.first = self._write_first(counts, own, origin)

    def _settle(self) -> tuple[Recalibration | None, str]:
        own, origin = find_own(self._catalog)
        self.thresholds = settle(self.desktop.thresholds, own)
        return own, origin

    def _write_first(self, counts: Counts, own: Recalibration | None, origin: str) -> bytes:
        """Write what the page needs to show the worst photos, and how many there are of each kind.

        The same as the document of all photos, with `counts` beside it.
        """
        page = self._catalog.pages.find(build_rules(self.thresholds), num_photos=_FIRST_PHOTOS)
        glimpses = self._catalog.glimpses([found.number for found in page])
        found = list_probabilities(glimpses, self.thresholds)
        self.glimpses = {each.number: each for each in glimpses}
        self.decisions = self._catalog.decisions.read(self.glimpses)
        rules = describe_thresholds(found, self.thresholds, own) | {"origin": origin}
        document = {
            **self._build_document(0, dict(zip(self.glimpses, found, strict=True)), rules),
            **self.describe_changes(self.decisions),
            "counts": describe_counts(counts),
        }
        return _write_json(document)

    def close(self) -> None:
        """Close the catalog; a read from a disk that is gone is waited for a moment only."""
        closing = self._thread.submit(self._catalog.close)
        with suppress(TimeoutError):
            closing.result(_PATIENCE_S)
        self._thread.shutdown(wait=False)

    def call(self, work: Callable[[], _Result]) -> Future[_Result]:
        """Run work in the catalog's thread.

        Parameters
        ----------
        work : callable
            May use the catalog, through `decider`.

        Returns
        -------
        Future
            Of its result; to be awaited.
        """
        return asyncio.get_running_loop().run_in_executor(self._thread, work)

    def find(self, number: int) -> Photo:
        """Find a photo whose file may be shown: it is still the one that was scanned.

        Raises UnreadablePhotoError and ChangedPhotoError as `check_state`.

        Parameters
        ----------
        number : int
            Its number in the catalog.

        Returns
        -------
        Photo
            The photo, without its companions.

        Raises
        ------
        MissingPhotoError
            If there is none any more, or the catalog leads out of the library.
        """
        glimpse = self.glimpses.get(number)
        if glimpse is None:
            raise MissingPhotoError("the library has no such photo")
        photo = glimpse.find_photo(self.desktop.library)
        # A catalog that came with a library from elsewhere may name any file of this machine.
        if not photo.path.resolve().is_relative_to(self._library):
            raise MissingPhotoError("the file is not in the library")
        check_state(photo)
        return photo

    def refresh(self) -> None:
        """Read the catalog again if another program has written it. In the catalog's thread."""
        is_due = time.monotonic() - self._reloaded_s >= _RELOAD_S
        if not (is_due or self._is_news_expected):
            return
        # Before the look: what is written during it is news the next time.
        self._is_news_expected = False
        if self._catalog.decisions.read_version() != self._version:
            self._reload()

    def expect_news(self) -> None:
        """Note that the catalog was written here, so that the next look at it is not put off."""
        self._is_news_expected = True

    def _reload(self) -> None:
        # What is written while this reads is news the next time.
        version = self._catalog.decisions.read_version()
        refresh(self._catalog)
        glimpses = self._catalog.glimpses()
        own, origin = self._settle()
        found = list_probabilities(glimpses, self.thresholds)
        rules = describe_thresholds(found, self.thresholds, own) | {"origin": origin}
        self.decisions = self._catalog.decisions.read()
        self.glimpses = {each.number: each for each in glimpses}
        self.probabilities = dict(zip(self.glimpses, found, strict=True))
        self.num_photos = len(glimpses)
        self._version = version
        document = self._build_document(self.revision + 1, self.probabilities, rules)
        self._document = _write_json(document)
        self.revision += 1
        self.first = None
        self._reloaded_s = time.monotonic()

    @contextmanager
    def serving_page(self) -> Iterator[None]:
        """Tell who reads ahead that the page is being served."""
        with self._lock:
            self._num_waiting += 1
        try:
            yield
        finally:
            with self._lock:
                self._num_waiting -= 1
                self._asked_s = time.monotonic()

    @property
    def is_serving(self) -> bool:
        """Whether the page asks for something, or did so a moment ago."""
        return self._num_waiting > 0 or time.monotonic() - self._asked_s < _QUIET_S

    def _build_document(
        self,
        revision: int,
        probabilities: Mapping[int, Probabilities | None],
        rules: Mapping[str, Any],
    ) -> dict[str, Any]:
        return {
            "revision": revision,
            "library": spell(self.desktop.library),
            "target": spell(self.desktop.target),
            **describe_photos(self.glimpses.values(), probabilities),
            **rules,
        }

    def write_document(self) -> bytes:
        """Write what the page needs to know about the whole library. In the catalog's thread.

        The photos were written before, so that nothing large is left to do when a page opens.

        Returns
        -------
        bytes
            JSON.
        """
        if self.revision == 0:
            # Reading all photos failed behind the first ones: here somebody hears why.
            self._reload()
        decided = {
            number: decision
            for number, decision in self.decisions.items()
            if number in self.glimpses
        }
        return self._document[:-1] + b"," + _write_json(self.describe_changes(decided))[1:]

    def describe_changes(self, changed: Mapping[int, Decision]) -> dict[str, Any]:
        """Describe decisions that were just made, and the number of changes made here so far.

        Parameters
        ----------
        changed : mapping of int to Decision
            By the photo's number.

        Returns
        -------
        dict
            JSON values.
        """
        return {
            "changed": {number: describe_decision(each) for number, each in changed.items()},
            "decided": self.num_changes,
        }

    def note(self, changed: Mapping[int, Decision]) -> dict[str, Any]:
        """Take decisions that were written over into the queue. In the catalog's thread.

        Parameters
        ----------
        changed : mapping of int to Decision
            By the photo's number.

        Returns
        -------
        dict
            As `describe_changes`.
        """
        if changed:
            self.num_changes += 1
        decisions = {**self.decisions, **changed}
        self.decisions = {n: each for n, each in decisions.items() if each != Decision()}
        return self.describe_changes(changed)

    def describe_photo(self, number: int, thresholds: Thresholds) -> dict[str, Any]:
        """Describe one photo in words, whatever its file is now. In the catalog's thread.

        Raises MissingPhotoError if the catalog has no such photo.

        Parameters
        ----------
        number : int
            Its number.
        thresholds : Thresholds
            When a photo is called bad.

        Returns
        -------
        dict
            JSON values: the row of `clearshot report`, facts and companions.
        """
        entry = self.read_entry(number)
        row = build_row(entry.photo.path, judge_entry(entry, thresholds))
        del row["path"]
        facts = entry.scores.facts if entry.scores else Facts()
        own = thresholds.for_camera(facts.camera)
        return row | {
            "name": spell(entry.photo.path.name),
            "limits": describe_limits(own),
            "doubts": describe_doubts(own),
            "companions": [spell(path.name) for path in entry.photo.companions],
            "bytes": entry.photo.stamp.size_bytes,
            "facts": asdict(facts) | {"taken_at": facts.taken_at and write_time(facts.taken_at)},
        }

    def read_entry(self, number: int) -> Entry:
        """Read all that is known of a photo. In the catalog's thread.

        Parameters
        ----------
        number : int
            Its number.

        Returns
        -------
        Entry
            The photo, also a missing one.

        Raises
        ------
        MissingPhotoError
            If there is none.
        """
        entries = self._catalog.entries([number], with_missing=True)
        if not entries:
            raise MissingPhotoError("the library has no such photo")
        return entries[0]


def _write_json(document: Mapping[str, Any]) -> bytes:
    return json.dumps(document, separators=(",", ":")).encode("ascii")
