"""What the page works on: the queue in memory, the catalog behind it, and who reads ahead.

The catalog belongs to one thread; `Desk.call` runs work there. Everything else is read from
records that are replaced as a whole, so that it can be read from any thread.
"""

from __future__ import annotations

import json
import math
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Final, TypeVar

from clearshot.catalog.catalog import Catalog
from clearshot.errors import MissingPhotoError
from clearshot.photo import Decision, Label
from clearshot.report import judge_entry
from clearshot.review import Case, Decider, foresee, list_probabilities, read_queue
from clearshot.scoring.calibration import to_probability
from clearshot.scoring.verdict import Thresholds
from clearshot.web.facts import Facts, read_facts

if TYPE_CHECKING:
    from asyncio import Future
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from clearshot.photo import Photo
    from clearshot.web.thumbnails import Thumbnails

_Result = TypeVar("_Result")
_Probabilities = tuple[float, float, float]

# Thresholds that the page offers: log odds from -6 to 6, which is 0.25 % to 99.75 %.
_LIMITS: Final = tuple(round(to_probability(step / 10), 4) for step in range(-60, 61))

# The catalog is read again at most so often while another program writes it [s].
_RELOAD_S: Final = 2.0
# What was read ahead is shown at most so often [s].
_NEWS_S: Final = 3.0
# How long who reads ahead waits while the page asks for pictures itself [s].
_YIELD_S: Final = 0.05
# The page counts as being served until so long after its last picture [s].
_QUIET_S: Final = 0.3
# How long a page has to open before anything is read ahead [s].
_HEAD_START_S: Final = 2.0


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
        Where the page starts.
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
    thumbnails : Thumbnails
        Drawn ahead.
    """

    def __init__(self, desktop: Desktop, thumbnails: Thumbnails) -> None:
        self.desktop = desktop
        self.thumbnails = thumbnails
        self.cases: Mapping[int, Case] = {}
        self.facts: dict[int, Facts] = {}
        self.revision = 0
        # Pictures that the page waits for.
        self.num_waiting = 0
        self._probabilities: Mapping[int, _Probabilities | None] = {}
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="catalog")
        self._is_closing = threading.Event()
        self._reader: threading.Thread | None = None
        self._reloaded_s = 0.0
        self._version = 0
        self._asked_s = 0.0
        self._document: bytes | None = None
        self._document_revision = 0
        self._thread.submit(self._open).result()

    def _open(self) -> None:
        desktop = self.desktop
        self._catalog = Catalog.open(desktop.library, path=desktop.catalog_path)
        self.decider = Decider(self._catalog)
        self._reload()

    def close(self) -> None:
        """Stop reading ahead and close the catalog."""
        self._is_closing.set()
        if self._reader is not None:
            self._reader.join()
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
        import asyncio

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
        found = list_probabilities([case.entry for case in queue], self.desktop.thresholds)
        self.cases = {case.number: case for case in queue}
        self._probabilities = dict(zip(self.cases, found, strict=True))
        self.revision += 1
        self._reloaded_s = time.monotonic()
        self.write_document()

    def read_ahead(self) -> None:
        """Begin to read facts and to draw thumbnails in the background, the worst photos first."""
        self._reader = threading.Thread(target=self._read_ahead, name="ahead", daemon=True)
        self._reader.start()

    def _read_ahead(self) -> None:
        # The first picture matters most: nothing else runs while a page opens.
        self._is_closing.wait(_HEAD_START_S)
        while not self._is_closing.is_set():
            revision = self.revision
            self._note_facts()
            self._draw_thumbnails(revision)
            while self.revision == revision and not self._is_closing.wait(0.5):
                pass

    def _note_facts(self) -> None:
        shown_s = time.monotonic()
        num_new = 0
        for number in list(self.cases):
            if self._is_closing.is_set():
                return
            if number not in self.facts:
                self.facts[number] = read_facts(self.cases[number].entry.photo.path)
                num_new += 1
            if num_new and time.monotonic() - shown_s > _NEWS_S:
                self.revision += 1
                shown_s, num_new = time.monotonic(), 0
            self._let_page_first()
        self.revision += num_new > 0

    def _draw_thumbnails(self, revision: int) -> None:
        worst = {number: max(ps or (0.0,)) for number, ps in self._probabilities.items()}
        for number in sorted(worst, key=lambda number: -worst[number]):
            case = self.cases.get(number)
            if self._is_closing.is_set() or self.thumbnails.is_full() or case is None:
                return
            if self.revision > revision + 1:
                return
            photo = case.entry.photo
            if case.entry.scores is not None and not self.thumbnails.has(photo):
                self._draw(photo)
            self._let_page_first()

    def _draw(self, photo: Photo) -> None:
        from clearshot.errors import PhotoError

        try:
            self.thumbnails.read(photo)
        except PhotoError:
            # The page says so when the photo is looked at.
            return

    @contextmanager
    def serving_page(self) -> Iterator[None]:
        """Let who reads ahead wait while the page is being served."""
        self.num_waiting += 1
        try:
            yield
        finally:
            self.num_waiting -= 1
            self._asked_s = time.monotonic()

    def _let_page_first(self) -> None:
        while self.num_waiting or time.monotonic() - self._asked_s < _QUIET_S:
            if self._is_closing.wait(_YIELD_S):
                return

    def write_document(self) -> bytes:
        """Write what the page needs to know about the whole library. In the catalog's thread.

        Returns
        -------
        bytes
            JSON. It is kept until something in it changes.
        """
        if self._document is None or self._document_revision != self.revision:
            self._document_revision = self.revision
            document = self._describe()
            self._document = json.dumps(document, separators=(",", ":")).encode("ascii")
        return self._document

    def _describe(self) -> dict[str, Any]:
        """Describe the library; photos as columns, because there may be tens of thousands."""
        folders: dict[str, int] = {}
        cameras: dict[str, int] = {}
        columns: dict[str, list[Any]] = {name: [] for name in _COLUMNS}
        for number, case in self.cases.items():
            row = _describe_case(case, self.desktop.library, self.facts.get(number, Facts()))
            row["folder"] = folders.setdefault(row["folder"], len(folders))
            camera = row["camera"]
            row["camera"] = -1 if camera is None else cameras.setdefault(camera, len(cameras))
            ps = self._probabilities.get(number)
            row["p"] = None if ps is None else [round(p, 6) for p in ps]
            for name in _COLUMNS:
                columns[name].append(row[name])
        thresholds = self.desktop.thresholds
        return {
            "revision": self.revision,
            "library": _to_text(str(self.desktop.library)),
            "target": _to_text(str(self.desktop.target)),
            "photos": columns,
            "folders": list(folders),
            "cameras": list(cameras),
            "thresholds": {label.value: getattr(thresholds, label.value) for label in Label},
            "unsure": thresholds.unsure,
            "limits": {label.value: self._foresee(label) for label in Label},
            **self.describe_changes({}),
        }

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
            "changed": {number: _describe_decision(each) for number, each in changed.items()},
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
        self._document = None
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
        from clearshot.report import build_row

        case = self.find(number)
        entry = case.entry
        row = build_row(entry.photo.path, judge_entry(entry, thresholds))
        del row["path"]
        facts = self.facts.get(number) or read_facts(entry.photo.path)
        return row | {
            "name": _to_text(entry.photo.path.name),
            "companions": [_to_text(path.name) for path in entry.photo.companions],
            "bytes": entry.photo.stamp.size_bytes,
            "facts": asdict(facts),
        }

    def _foresee(self, label: Label) -> dict[str, list[float]]:
        place = list(Label).index(label)
        ps = [each[place] for each in self._probabilities.values() if each is not None]
        limits = sorted({*_LIMITS, getattr(self.desktop.thresholds, label.value)})
        expected = foresee(ps, limits)
        return {
            "at": limits,
            "lost": [round(each.lost_share, 6) for each in expected],
            "found": [round(each.found_share, 6) for each in expected],
        }


_COLUMNS: Final = (
    "id", "name", "folder", "version", "width", "height", "bytes", "time", "camera", "p",
    "failure", "choice", "stars", "color",
)  # fmt: skip


def _describe_case(case: Case, library: Path, facts: Facts) -> dict[str, Any]:
    entry = case.entry
    path, stamp = entry.photo.path, entry.photo.stamp
    folder = path.parent.relative_to(library).as_posix()
    return {
        "id": case.number,
        "name": _to_text(path.name),
        "folder": "" if folder == "." else _to_text(folder),
        # Beyond 53 bits numbers of JavaScript are no longer exact.
        "version": f"{stamp.mtime_ns & (2**64 - 1):x}",
        "width": entry.scores.width_px if entry.scores else 3,
        "height": entry.scores.height_px if entry.scores else 2,
        "bytes": stamp.size_bytes,
        "time": facts.taken_at or _to_time(stamp.mtime_ns),
        "camera": facts.camera,
        "failure": None if entry.failure is None else entry.failure.message,
        **_describe_decision(case.decision),
    }


def _describe_decision(decision: Decision) -> dict[str, Any]:
    return {"choice": decision.choice, "stars": decision.stars, "color": decision.color}


def _to_time(mtime_ns: int) -> str:
    """Write a file's time as cameras do, on this machine's clock."""
    seconds = mtime_ns / 1e9
    if not math.isfinite(seconds) or not 0 <= seconds < 1e11:
        return ""
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.localtime(seconds))


def _to_text(name: str) -> str:
    """Spell a name that is no text, so that it can be sent."""
    return name.encode("utf-8", "backslashreplace").decode("utf-8")
