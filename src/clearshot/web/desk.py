"""What the page works on: the queue in memory, and the catalog behind it.

The catalog belongs to one thread; `Desk.call` runs work there. Everything else is read from
records that are replaced as a whole, so that it can be read from any thread.
"""

from __future__ import annotations

import asyncio
import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Final, TypeVar

from clearshot.catalog.catalog import Catalog
from clearshot.errors import MissingPhotoError
from clearshot.owner import find_own, settle
from clearshot.photo import Decision, Facts
from clearshot.report import build_row, judge_entry
from clearshot.review import Case, Decider, list_probabilities, read_queue
from clearshot.scoring.verdict import Thresholds
from clearshot.web.document import (
    describe_decision,
    describe_limits,
    describe_photos,
    describe_thresholds,
    write_time,
)
from clearshot.web.names import spell

if TYPE_CHECKING:
    from asyncio import Future
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from clearshot.web.document import Probabilities

_Result = TypeVar("_Result")

# The catalog is read again at most so often while another program writes it [s].
_RELOAD_S: Final = 2.0
# The page counts as being served until so long after its last request [s].
_QUIET_S: Final = 0.3

_UNDECIDED: Final = Decision()


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
    """

    library: Path
    catalog_path: Path | None
    target: Path
    thresholds: Thresholds = field(default_factory=Thresholds)


class Desk:
    """The photos under review.

    Parameters
    ----------
    desktop : Desktop
        Where everything is.
    """

    def __init__(self, desktop: Desktop) -> None:
        self.desktop = desktop
        self.cases: Mapping[int, Case] = {}
        self.revision = 0
        # Counts how often the catalog was read.
        self.generation = 0
        self.probabilities: Mapping[int, Probabilities | None] = {}
        # Those that hold in the library.
        self.thresholds = desktop.thresholds
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="catalog")
        self._lock = threading.Lock()
        self._num_waiting = 0
        self._reloaded_s = 0.0
        self._version = 0
        self._asked_s = 0.0
        # All that the page is told about the library but decisions.
        self._document = b"{}"
        self._rules: dict[str, Any] = {}
        self._thread.submit(self._open).result()

    def _open(self) -> None:
        desktop = self.desktop
        self._catalog = Catalog.open(desktop.library, path=desktop.catalog_path)
        self.decider = Decider(self._catalog)
        self._reload()

    def close(self) -> None:
        """Close the catalog."""
        self._thread.submit(self._catalog.close).result()
        self._thread.shutdown()

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

    def find(self, number: int) -> Case:
        """Find a photo whose file may be shown.

        Parameters
        ----------
        number : int
            Its number in the catalog.

        Returns
        -------
        Case
            The photo.

        Raises
        ------
        MissingPhotoError
            If there is none, or the catalog leads out of the library.
        """
        case = self.cases.get(number)
        if case is None:
            raise MissingPhotoError("the library has no such photo")
        # A catalog that came with a library from elsewhere may name any file of this machine.
        if not case.entry.photo.path.resolve().is_relative_to(self.desktop.library.resolve()):
            raise MissingPhotoError("the file is not in the library")
        return case

    def refresh(self) -> None:
        """Read the catalog again if another program has written it. In the catalog's thread."""
        if time.monotonic() - self._reloaded_s < _RELOAD_S:
            return
        if self._catalog.decisions.read_version() != self._version:
            self._reload()

    def expect_news(self) -> None:
        """Note that the catalog was written here, so that the next look at it is not put off."""
        self._reloaded_s = 0.0

    def _reload(self) -> None:
        self._version = self._catalog.decisions.read_version()
        queue = read_queue(self._catalog)
        own, origin = find_own(self._catalog)
        self.thresholds = settle(self.desktop.thresholds, own)
        found = list_probabilities([case.entry for case in queue], self.thresholds)
        self._rules = describe_thresholds(found, self.thresholds, own) | {"origin": origin}
        self.cases = {case.number: case for case in queue}
        self.probabilities = dict(zip(self.cases, found, strict=True))
        self.generation += 1
        self.renew()
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

    def renew(self) -> None:
        """Write the document anew, with what has become known, and tell the page to ask for it."""
        generation, cases, probabilities = self.generation, self.cases, self.probabilities
        rules = self._rules
        desktop = self.desktop
        with self._lock:
            revision = self.revision + 1
        document = {
            "revision": revision,
            "library": spell(desktop.library),
            "target": spell(desktop.target),
            **describe_photos(cases.values(), probabilities, desktop.library),
            **rules,
        }
        content = json.dumps(document, separators=(",", ":")).encode("ascii")
        with self._lock:
            # The catalog may have been read again in the meantime.
            if generation == self.generation and revision > self.revision:
                self.revision, self._document = revision, content

    def write_document(self) -> bytes:
        """Write what the page needs to know about the whole library. In the catalog's thread.

        The photos were written before, so that nothing large is left to do when a page opens.

        Returns
        -------
        bytes
            JSON.
        """
        decided = {
            number: case.decision
            for number, case in self.cases.items()
            if case.decision != _UNDECIDED
        }
        decisions = json.dumps(self.describe_changes(decided), separators=(",", ":"))
        return self._document[:-1] + b"," + decisions.encode("ascii")[1:]

    def describe_changes(self, changed: Mapping[int, Decision]) -> dict[str, Any]:
        """Describe decisions that were just made, and what can be taken back.

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
            "undoable": self.decider.num_undoable,
            "redoable": self.decider.num_redoable,
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
        cases = dict(self.cases)
        for number, decision in changed.items():
            if number in cases:
                cases[number] = Case(number, cases[number].entry, decision)
        self.cases = cases
        return self.describe_changes(changed)

    def describe_photo(self, number: int, thresholds: Thresholds) -> dict[str, Any]:
        """Describe one photo in words.

        Raises MissingPhotoError as `find`.

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
        case = self.find(number)
        entry = case.entry
        row = build_row(entry.photo.path, judge_entry(entry, thresholds))
        del row["path"]
        facts = entry.scores.facts if entry.scores else Facts()
        return row | {
            "name": spell(entry.photo.path.name),
            "limits": describe_limits(thresholds.for_camera(facts.camera)),
            "companions": [spell(path.name) for path in entry.photo.companions],
            "bytes": entry.photo.stamp.size_bytes,
            "facts": asdict(facts) | {"taken_at": write_time(facts)},
        }
