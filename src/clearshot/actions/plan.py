"""What shall be done to files, as data: printing a plan is the dry run, and only a plan is done."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from clearshot.errors import InputError
from clearshot.photo import FileStamp

if TYPE_CHECKING:
    from collections.abc import Mapping

    from clearshot.photo import Skip

# Stands for the system's trash, which chooses the place itself; KDE writes it so.
TRASH_PLACE = Path("trash:")


class Kind(StrEnum):
    """What a step does to its file. Every kind has another that takes it back."""

    MOVE = "move"
    COPY = "copy"
    HARDLINK = "hardlink"
    SYMLINK = "symlink"
    TRASH = "trash"
    WRITE = "write"
    EMBED = "embed"
    REMOVE_COPY = "remove-copy"
    REMOVE_HARDLINK = "remove-hardlink"
    REMOVE_SYMLINK = "remove-symlink"
    RESTORE = "restore"

    @property
    def inverse(self) -> Kind:
        """The kind that takes this one back."""
        return _INVERSES[self]


_BACK = {
    Kind.MOVE: Kind.MOVE,
    Kind.WRITE: Kind.WRITE,
    Kind.EMBED: Kind.EMBED,
    Kind.COPY: Kind.REMOVE_COPY,
    Kind.HARDLINK: Kind.REMOVE_HARDLINK,
    Kind.SYMLINK: Kind.REMOVE_SYMLINK,
    Kind.TRASH: Kind.RESTORE,
}
_INVERSES = _BACK | {back: kind for kind, back in _BACK.items()}


@dataclass(frozen=True, slots=True)
class Step:
    """What is done to one file.

    Attributes
    ----------
    source, target : Path
        Where the file is and where it goes, absolute. What makes a file needs a free target.
        For `remove-...` the source is the copy or link that goes away and the target is the file
        that stays; for `write` and `embed` both are the file that is written; `TRASH_PLACE` is the
        trash.
    stamp : FileStamp
        State of the source at planning; a file that differs when its turn comes is left alone.
        Zeros where a file is to be written that does not exist yet.
    group : int
        Files with the same number are done all or none (a photo and its companions).
    why : str
        The reason in plain words, such as a label.
    kind : Kind
        What is done.
    renamed : bool
        True when the name was taken and the target got a number.
    restored_mtime_ns : int or None
        Time of last change that the file gets at its target [ns since the epoch]; None keeps the
        time of `stamp`. An undo sets it where the disk in between stored the time less finely.
    before, after : bytes or None
        For `write`: what is in the file and what will be; None where there is no file. For
        `embed`: the segments of a JPEG that are exchanged.
    offset : int
        For `embed`: where in the file they begin [bytes].
    sha256_before, sha256_after : str
        For `embed`: SHA-256 of the whole file, in hexadecimal digits.
    """

    source: Path
    target: Path
    stamp: FileStamp
    group: int
    why: str
    kind: Kind = Kind.MOVE
    renamed: bool = False
    restored_mtime_ns: int | None = None
    before: bytes | None = None
    after: bytes | None = None
    offset: int = 0
    sha256_before: str = ""
    sha256_after: str = ""

    @property
    def size_bytes(self) -> int:
        """Size of the file [bytes]; for `write` and `embed` what it will be."""
        if self.kind is Kind.WRITE:
            return len(self.after or b"")
        # Nothing is exchanged by other kinds.
        return self.stamp.size_bytes + len(self.after or b"") - len(self.before or b"")

    def invert(self, mtime_ns: int) -> Step:
        """Give the step that takes this one back after it was done.

        Parameters
        ----------
        mtime_ns : int
            Time of last change that the file got by this step [ns since the epoch].

        Returns
        -------
        Step
            From the target to the source, where the file gets its old time again.
        """
        inverse = self.kind.inverse
        return replace(
            self,
            source=self.target,
            target=TRASH_PLACE if inverse is Kind.TRASH else self.source,
            stamp=FileStamp(0 if self._makes_nothing else self.size_bytes, mtime_ns),
            kind=inverse,
            renamed=False,
            restored_mtime_ns=None if self._is_from_nothing else self.stamp.mtime_ns,
            before=self.after,
            after=self.before,
            sha256_before=self.sha256_after,
            sha256_after=self.sha256_before,
        )

    @property
    def _makes_nothing(self) -> bool:
        return self.kind is Kind.WRITE and self.after is None

    @property
    def _is_from_nothing(self) -> bool:
        return self.kind is Kind.WRITE and self.before is None

    def as_row(self) -> dict[str, object]:
        """Give the step as a row of JSON values."""
        row: dict[str, object] = {
            "kind": self.kind.value,
            "source": str(self.source),
            "target": str(self.target),
            "size_bytes": self.stamp.size_bytes,
            "mtime_ns": self.stamp.mtime_ns,
            "group": self.group,
            "why": self.why,
            "renamed": self.renamed,
            "restored_mtime_ns": self.restored_mtime_ns,
        }
        if self.kind in {Kind.WRITE, Kind.EMBED}:
            row |= {"before": _to_text(self.before), "after": _to_text(self.after)}
        if self.kind is Kind.EMBED:
            names = ("offset", "sha256_before", "sha256_after")
            row |= {name: getattr(self, name) for name in names}
        return row

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Step:
        """Read a step from the row that `as_row` gave.

        Parameters
        ----------
        row : mapping
            JSON values. Without a `kind` it is a move.

        Returns
        -------
        Step
            Equal to the step that was written.
        """
        return cls(
            source=Path(row["source"]),
            target=Path(row["target"]),
            stamp=FileStamp(row["size_bytes"], row["mtime_ns"]),
            group=row["group"],
            why=row["why"],
            kind=Kind(row.get("kind", Kind.MOVE)),
            renamed=row["renamed"],
            restored_mtime_ns=row["restored_mtime_ns"],
            before=_to_bytes(row.get("before")),
            after=_to_bytes(row.get("after")),
            offset=row.get("offset", 0),
            sha256_before=row.get("sha256_before", ""),
            sha256_after=row.get("sha256_after", ""),
        )


@dataclass(frozen=True, slots=True)
class Plan:
    """Steps in the order in which they are carried out.

    Attributes
    ----------
    folder : Path
        The library folder that the plan is about, absolute.
    steps : tuple of Step
        The steps; the files of one group follow one another.
    """

    folder: Path
    steps: tuple[Step, ...]

    @property
    def size_bytes(self) -> int:
        """Size of all files of the plan together [bytes]."""
        return sum(step.size_bytes for step in self.steps)

    def as_rows(self) -> list[dict[str, object]]:
        """Give the steps as rows of JSON values, in order."""
        return [step.as_row() for step in self.steps]

    def as_document(self) -> dict[str, object]:
        """Give the plan as one JSON object with its `folder` and its `steps`."""
        return {"folder": str(self.folder), "steps": self.as_rows()}

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Plan:
        """Read a plan from the object that `as_document` gave; other keys are ignored.

        Parameters
        ----------
        document : mapping
            JSON values.

        Returns
        -------
        Plan
            Equal to the plan that was written.

        Raises
        ------
        InputError
            If it is no plan, or names a place that is not absolute.
        """
        try:
            plan = cls(Path(document["folder"]), tuple(map(Step.from_row, document["steps"])))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise InputError(f"this is not a plan: {type(error).__name__} {error}") from error
        places = {plan.folder, *(p for step in plan.steps for p in (step.source, step.target))}
        for place in places - {TRASH_PLACE}:
            if not place.is_absolute():
                raise InputError("a plan needs absolute paths", path=place)
        return plan


@dataclass(frozen=True, slots=True)
class Rewriting:
    """A photo whose metadata was exchanged, and nothing else of it.

    Attributes
    ----------
    path : Path
        The photo.
    before, after : FileStamp
        Its state before, and since.
    """

    path: Path
    before: FileStamp
    after: FileStamp


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run ended.

    Attributes
    ----------
    journal : Path
        The journal of the run; its stem is the name that undo takes.
    done : tuple of Step
        The steps that are done now.
    skipped : tuple of Skip
        The files that were left alone, and why.
    recovered : tuple of Outcome
        What became of interrupted runs that were put in order before this one.
    rewritten : tuple of Rewriting
        The photos that are the same picture with other metadata now.
    """

    journal: Path
    done: tuple[Step, ...]
    skipped: tuple[Skip, ...]
    recovered: tuple[Outcome, ...] = ()
    rewritten: tuple[Rewriting, ...] = ()


def _to_text(content: bytes | None) -> str | None:
    # Bytes that are no UTF-8 come through as lone surrogates, as in file names.
    return None if content is None else content.decode("utf-8", "surrogateescape")


def _to_bytes(text: str | None) -> bytes | None:
    return None if text is None else text.encode("utf-8", "surrogateescape")
