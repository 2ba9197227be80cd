"""The journal of one run: its plan, then line by line what was about to happen and what happened.

A JSON Lines file that is only appended to, synced line by line. Each line carries the CRC-32 of the
rest of the line, so that the torn last line of a crash is told from a whole one.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import zlib
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from clearshot.actions.atomic import read_stamp, sync_folder
from clearshot.actions.plan import Plan, Step
from clearshot.actions.premises import find_trespass
from clearshot.errors import ActionError
from clearshot.paths import anchor

if TYPE_CHECKING:
    from collections.abc import Iterator

FORMAT = 3

# How the time begins a journal's name; names sort as times do.
_NAME_TIME = "%Y%m%dT%H%M%S.%f"

# Journals that were never begun, as `create_journal` names them; no other file is taken for one.
UNBEGUN = "????????T??????.??????Z-????????.part"

# Journals of format 1 know moves alone, and call the steps so; those of format 2 know no `embed`.
_READABLE_FORMATS = {1: "moves", 2: "steps", 3: "steps"}

# Longer than the line that ends a journal.
_TAIL_BYTES = 256


class Place(StrEnum):
    """One of the two ends of a step."""

    SOURCE = "source"
    TARGET = "target"

    @property
    def opposite(self) -> Place:
        """The other end."""
        return Place.TARGET if self is Place.SOURCE else Place.SOURCE


@dataclass(frozen=True, slots=True)
class StepState:
    """How far a step came.

    Attributes
    ----------
    mtime_ns : int
        Time of last change that the file has there [ns since the epoch].
    place : Place
        `target` when the step is done, `source` when it is not or was taken back.
    heading : Place or None
        To which of them it is about to go; None when the step is not open.
    is_reserved : bool
        True when the open step may have created an empty file at the place it heads for.
    """

    mtime_ns: int
    place: Place = Place.SOURCE
    heading: Place | None = None
    is_reserved: bool = False


class Journal:
    """A journal file and what it says. Each method that records writes one line and syncs it.

    Parameters
    ----------
    path : Path
        An existing journal. A torn last line is ignored, and cut off by the next record.

    Attributes
    ----------
    path : Path
        The journal file.
    name : str
        Its name for undo: UTC time of its start and a random word.
    plan : Plan
        What the run was to do.
    time : datetime
        When the run began, UTC.
    undoes : str or None
        Name of the journal that the run takes back; None for a plan of its own.
    leftovers : tuple of Path
        Folders that the run is to remove if they are empty at its end.
    gone : frozenset of Path
        Sidecars that were not there any more when their photos went back, and are in no step.
    states : list of StepState
        How far each step of the plan came.
    folders : list of Path
        Folders that the run made, in order.
    is_finished : bool
        True when the run came to its end; False while it goes on, or after a crash.

    Raises
    ------
    ActionError
        If the journal cannot be read, is damaged before its last line, has another format, is of
        another library, or reaches out of this one.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.name = path.stem
        header, *records = self._read()
        self.folders: list[Path] = []
        self.is_finished = False
        try:
            self._begin(header)
            for record in records:
                self._follow(record)
            # Names that no disk can have fail here, too.
            reason = find_trespass(self.plan, _find_library(path.parent))
        except (LookupError, TypeError, ValueError, AttributeError) as error:
            raise ActionError(
                f"damaged journal: {type(error).__name__} {error}", path=path
            ) from error
        except (OSError, RuntimeError) as error:
            raise ActionError(f"journal refused: {error}", path=path) from error
        if reason:
            raise ActionError(f"journal refused: {reason}", path=path)

    @property
    def open_steps(self) -> list[int]:
        """Numbers of the steps that have begun and are not done."""
        return [step for step, state in enumerate(self.states) if state.heading is not None]

    @property
    def done_steps(self) -> list[int]:
        """Numbers of the steps that are done."""
        return [step for step, state in enumerate(self.states) if state.place is Place.TARGET]

    def record_intent(self, step: int, heading: Place, *, is_reserved: bool = False) -> None:
        """Record that a step is about to be done or taken back.

        Parameters
        ----------
        step : int
            Number of the step, from 0.
        heading : Place
            `target` to do it, `source` to take it back.
        is_reserved : bool
            True when an empty file is about to be created there.
        """
        self._append(event="intent", step=step, heading=heading, is_reserved=is_reserved)

    def record_done(self, step: int, place: Place, mtime_ns: int) -> None:
        """Record that a step was done, taken back, or has not happened.

        Parameters
        ----------
        step : int
            Number of the step, from 0.
        place : Place
            `target` when it is done, else `source`.
        mtime_ns : int
            Time of last change that it has there [ns since the epoch].
        """
        self._append(event="done", step=step, place=place, mtime_ns=mtime_ns)

    def record_folder(self, folder: Path) -> None:
        """Record that a folder is about to be made.

        Parameters
        ----------
        folder : Path
            The folder, absolute.
        """
        self._append(event="folder", path=str(folder))

    def record_end(self) -> None:
        """Record that nothing is left to do."""
        self._append(event="end")

    def _begin(self, header: dict[str, Any]) -> None:
        if header["event"] != "plan":
            raise ActionError("damaged journal, line 1", path=self.path)
        if header["format"] not in _READABLE_FORMATS:
            raise ActionError(
                f"journal of format {header['format']}, this version reads {FORMAT}", path=self.path
            )
        rows = header[_READABLE_FORMATS[header["format"]]]
        steps = tuple(Step.from_row(row) for row in rows)
        self.plan = Plan(Path(header["folder"]), steps)
        self.time = datetime.fromisoformat(header["time"])
        self.undoes: str | None = header["undoes"]
        self.leftovers = tuple(Path(folder) for folder in header["leftovers"])
        self.gone = frozenset(Path(sidecar) for sidecar in header.get("gone", ()))
        self.states = [StepState(step.stamp.mtime_ns) for step in steps]

    def _read(self) -> list[dict[str, Any]]:
        with _translate_errors(self.path, "read"):
            content = self.path.read_bytes()
        records: list[dict[str, Any]] = []
        self._size_bytes = 0
        lines = content.splitlines(keepends=True)
        for line in lines:
            record = _decode(line)
            if record is None:
                break
            records.append(record)
            self._size_bytes += len(line)
        if not records or len(records) < len(lines) - 1:
            raise ActionError(f"damaged journal, line {len(records) + 1}", path=self.path)
        return records

    def _append(self, **record: object) -> None:
        line = _encode(record)
        with _translate_errors(self.path, "write"), self.path.open("r+b") as stream:
            stream.truncate(self._size_bytes)
            stream.seek(self._size_bytes)
            _write(stream, line)
        self._size_bytes += len(line)
        self._follow(record)

    def _follow(self, record: dict[str, Any]) -> None:
        match record["event"]:
            case "intent":
                step = self._number(record)
                self.states[step] = replace(
                    self.states[step],
                    heading=Place(record["heading"]),
                    is_reserved=record["is_reserved"],
                )
            case "done":
                mtime_ns, place = int(record["mtime_ns"]), Place(record["place"])
                self.states[self._number(record)] = StepState(mtime_ns, place)
            case "folder":
                self.folders.append(Path(record["path"]))
            case "end":
                self.is_finished = True
            case event:
                raise ActionError(f"unknown record {event!r} in the journal", path=self.path)

    def _number(self, record: dict[str, Any]) -> int:
        step = int(record["step"])
        if not 0 <= step < len(self.states):
            raise ValueError(f"there is no step {step}")
        return step


def create_journal(
    folder: Path,
    plan: Plan,
    *,
    undoes: str | None = None,
    leftovers: tuple[Path, ...] = (),
    gone: tuple[Path, ...] = (),
) -> Journal:
    """Begin the journal of a run.

    Parameters
    ----------
    folder : Path
        Where the journals of the library are; made if it is missing.
    plan : Plan
        What the run is to do.
    undoes : str or None
        Name of the journal that the run takes back.
    leftovers : tuple of Path
        Folders that the run is to remove if they are empty at its end.
    gone : tuple of Path
        Sidecars that would go back with their photos, were they still there.

    Returns
    -------
    Journal
        With its first line on the disk: it is never seen without a plan.

    Raises
    ------
    ActionError
        If it cannot be written, or the plan reaches out of the library.
    """
    if reason := find_trespass(plan, _find_library(folder)):
        raise ActionError(f"plan refused: {reason}", path=plan.folder)
    time = datetime.now(UTC)
    path = folder / f"{_choose_time(folder, time):{_NAME_TIME}}Z-{secrets.token_hex(4)}.jsonl"
    part = path.with_suffix(".part")
    header: dict[str, object] = {
        "event": "plan",
        "format": FORMAT,
        "time": time.isoformat(),
        "folder": str(plan.folder),
        "undoes": undoes,
        "leftovers": [str(leftover) for leftover in leftovers],
        "gone": [str(sidecar) for sidecar in gone],
        "steps": plan.as_rows(),
    }
    with _translate_errors(path, "write"):
        folder.mkdir(parents=True, exist_ok=True)
        with part.open("xb") as stream:
            _write(stream, _encode(header))
        part.rename(path)
        # Up to the library: the first run of all makes these folders.
        for changed in (folder, *folder.parents[:2]):
            sync_folder(changed)
    return Journal(path)


def _choose_time(folder: Path, now: datetime) -> datetime:
    """Choose the time in a journal's name, by which journals are ordered: later than all others.

    A clock may have been set back since, or be that of another computer.
    """
    journals = list_journals(folder)
    if not journals:
        return now
    try:
        last = datetime.strptime(journals[-1].name.partition("-")[0], f"{_NAME_TIME}%z")
        return max(now, last + timedelta(microseconds=1))
    except (ValueError, OverflowError):
        # A name that someone made up.
        return now


def list_journals(folder: Path) -> list[Path]:
    """List the journals of a library.

    Parameters
    ----------
    folder : Path
        Where they are; may be missing.

    Returns
    -------
    list of Path
        The oldest first.
    """
    return sorted(folder.glob("*.jsonl"))


def has_ended(path: Path) -> bool:
    """Tell by its last line whether a journal came to its end; fast however long it is.

    Raises ActionError if it cannot be read.

    Parameters
    ----------
    path : Path
        A journal.

    Returns
    -------
    bool
        False after a crash, and while its run goes on.
    """
    with _translate_errors(path, "read"):
        # A look first: opening a pipe would wait for ever.
        size_bytes = read_stamp(path).size_bytes
        with path.open("rb") as stream:
            stream.seek(max(0, size_bytes - _TAIL_BYTES))
            lines = stream.read().splitlines(keepends=True)
    record = _decode(lines[-1]) if lines else None
    return record is not None and record.get("event") == "end"


def _find_library(journal_folder: Path) -> Path:
    """Give the folder that holds `.clearshot/journals`."""
    return anchor(journal_folder).parents[1]


def _encode(record: dict[str, object]) -> bytes:
    return _dump({**record, "crc32": zlib.crc32(_dump(record))}) + b"\n"


def _decode(line: bytes) -> dict[str, Any] | None:
    """Read a line; None when it is torn or damaged."""
    try:
        record: dict[str, Any] = json.loads(line)
        crc32 = record.pop("crc32")
    except (ValueError, TypeError, AttributeError, KeyError, RecursionError):
        return None
    return record if line.endswith(b"\n") and crc32 == zlib.crc32(_dump(record)) else None


def _dump(record: dict[str, object]) -> bytes:
    # ASCII: names that are no valid Unicode come through as escapes.
    return json.dumps(record, sort_keys=True, separators=(",", ":")).encode("ascii")


def _write(stream: IO[bytes], line: bytes) -> None:
    stream.write(line)
    stream.flush()
    os.fsync(stream.fileno())


@contextlib.contextmanager
def _translate_errors(path: Path, verb: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ActionError(f"cannot {verb} the journal: {error.strerror}", path=path) from error
