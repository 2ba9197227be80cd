"""What shall be done to files, as data: printing a plan is the dry run, and only a plan is done."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from clearshot.photo import FileStamp

if TYPE_CHECKING:
    from collections.abc import Mapping

    from clearshot.photo import Skip


@dataclass(frozen=True, slots=True)
class Move:
    """One step: a file gets another place.

    Attributes
    ----------
    source, target : Path
        Where the file is and where it goes, absolute. The target must not exist.
    stamp : FileStamp
        State of the file at planning; a file that differs when its turn comes is left alone.
    group : int
        Files with the same number move all or none (a photo and its companions).
    why : str
        The reason in plain words, such as a label.
    renamed : bool
        True when the name was taken and the target got a number.
    restored_mtime_ns : int or None
        Time of last change that the file gets at its target [ns since the epoch]; None keeps the
        time of `stamp`. An undo sets it where the disk in between stored the time less finely.
    """

    source: Path
    target: Path
    stamp: FileStamp
    group: int
    why: str
    renamed: bool = False
    restored_mtime_ns: int | None = None

    @property
    def size_bytes(self) -> int:
        """Size of the file [bytes]."""
        return self.stamp.size_bytes

    def as_row(self) -> dict[str, object]:
        """Give the step as a row of JSON values."""
        return {
            "source": str(self.source),
            "target": str(self.target),
            "size_bytes": self.stamp.size_bytes,
            "mtime_ns": self.stamp.mtime_ns,
            "group": self.group,
            "why": self.why,
            "renamed": self.renamed,
            "restored_mtime_ns": self.restored_mtime_ns,
        }

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Move:
        """Read a step from the row that `as_row` gave.

        Parameters
        ----------
        row : mapping
            JSON values.

        Returns
        -------
        Move
            Equal to the step that was written.
        """
        return cls(
            source=Path(row["source"]),
            target=Path(row["target"]),
            stamp=FileStamp(row["size_bytes"], row["mtime_ns"]),
            group=row["group"],
            why=row["why"],
            renamed=row["renamed"],
            restored_mtime_ns=row["restored_mtime_ns"],
        )


@dataclass(frozen=True, slots=True)
class Plan:
    """Steps in the order in which they are carried out.

    Attributes
    ----------
    folder : Path
        The library folder that the plan is about, absolute.
    moves : tuple of Move
        The steps; the files of one group follow one another.
    """

    folder: Path
    moves: tuple[Move, ...]

    @property
    def size_bytes(self) -> int:
        """Size of all files of the plan together [bytes]."""
        return sum(move.size_bytes for move in self.moves)

    def as_rows(self) -> list[dict[str, object]]:
        """Give the steps as rows of JSON values, in order."""
        return [move.as_row() for move in self.moves]


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run ended.

    Attributes
    ----------
    journal : Path
        The journal of the run; its stem is the name that undo takes.
    moved : tuple of Move
        The steps whose file is at its target now.
    skipped : tuple of Skip
        The files that were left alone, and why.
    recovered : tuple of Outcome
        What became of interrupted runs that were put in order before this one.
    """

    journal: Path
    moved: tuple[Move, ...]
    skipped: tuple[Skip, ...]
    recovered: tuple[Outcome, ...] = ()
