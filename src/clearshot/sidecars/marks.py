"""clearshot's marks in a sidecar: set beside what others wrote there, and taken away again.

What clearshot wrote is noted in the sidecar itself, in two lists of its own namespace:
`clearshot:Wrote` holds `name=value` for each property and keyword that it set, and
`clearshot:Replaced` what was there before. So a later run, also on another computer, takes away
exactly its own marks; a value that someone changed since is theirs.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from clearshot.sidecars.packet import NAMESPACES, Packet

if TYPE_CHECKING:
    from collections.abc import Mapping

_WROTE, _REPLACED = "clearshot:Wrote", "clearshot:Replaced"

# Noted when the file itself is clearshot's.
_WHOLE_FILE = "file"

SIMPLE = ("xmp:Rating", "xmp:Label", "digiKam:PickLabel", "digiKam:ColorLabel")
LISTS = ("dc:subject", "lr:hierarchicalSubject", "digiKam:TagsList")

# Values that say that nobody has decided: XMP part 1, 8.4, and digiKam's digikam_globals.h.
_UNSET = {
    "xmp:Rating": {"0", ""},
    "xmp:Label": {""},
    "digiKam:PickLabel": {"0"},
    "digiKam:ColorLabel": {"0"},
}


@dataclass(frozen=True, slots=True)
class Marks:
    """What a sidecar shall say about a photo.

    Attributes
    ----------
    simple : mapping of str to str
        Values by property, each one of `SIMPLE`.
    keywords : mapping of str to tuple of str
        Keywords by property, each one of `LISTS`.
    """

    simple: Mapping[str, str] = field(default_factory=dict)
    keywords: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Merge:
    """What became of a sidecar.

    Attributes
    ----------
    content : bytes or None
        The file as it shall be; None where none is needed.
    kept : tuple of str
        Values of others that were left, such as `xmp:Rating 3`.
    """

    content: bytes | None
    kept: tuple[str, ...] = ()


def merge_marks(content: bytes | None, marks: Marks, *, overwrites: bool = False) -> Merge:
    """Bring a sidecar to say what it shall about a photo.

    Marks that clearshot set before and that are not wanted any more are taken away; where there are
    none and none are wanted, the file may be anything. Values that
    others set stay, unless `overwrites`; then they come back when the mark is taken away.

    Parameters
    ----------
    content : bytes or None
        The file as it is; None where there is none.
    marks : Marks
        What it shall say.
    overwrites : bool
        Whether values of others are replaced.

    Returns
    -------
    Merge
        Its content is that of the file, byte by byte, where nothing changes.

    Raises
    ------
    SidecarError
        If the file is no XMP, or has a form that cannot be changed without loss.
    MissingExtraError
        If lxml is not installed.
    """
    if content is not None and marks == Marks() and not may_have_notes(content):
        return Merge(content)
    packet = Packet(content)
    before = packet.read_all()
    book = _Book(packet)
    if content is None:
        book.wrote[_WHOLE_FILE] = ""
    kept = [
        _merge_simple(packet, book, name, marks.simple.get(name), overwrites) for name in SIMPLE
    ]
    for name in LISTS:
        _merge_list(packet, book, name, marks.keywords.get(name, ()))
    is_ours = book.wrote.pop(_WHOLE_FILE, None) is not None
    book.write()
    others = packet.read_all().keys()
    if is_ours and not others:
        return Merge(None)
    if is_ours and book.wrote:
        book.wrote[_WHOLE_FILE] = ""
        book.write()
    is_changed = packet.read_all() != before
    return Merge(packet.write() if is_changed else content, tuple(filter(None, kept)))


def may_have_notes(content: bytes) -> bool:
    """Tell by a fast look whether clearshot may have written into a sidecar or packet.

    Parameters
    ----------
    content : bytes
        XMP, or anything.

    Returns
    -------
    bool
        False where its namespace is not named.
    """
    # UTF-16 and UTF-32 have zeros between the letters.
    return NAMESPACES["clearshot"].encode() in content.replace(b"\0", b"")


class _Book:
    """What clearshot wrote into a packet, and what it replaced there."""

    def __init__(self, packet: Packet) -> None:
        self._packet = packet
        self.wrote = dict.fromkeys(packet.get_items(_WROTE), "")
        self.replaced = dict(_split(item) for item in packet.get_items(_REPLACED))

    def find(self, name: str) -> str | None:
        """Give the value that was written for a simple property."""
        prefix = f"{name}="
        found = (item for item in self.wrote if item.startswith(prefix))
        item = next(found, None)
        return None if item is None else item.removeprefix(prefix)

    def forget(self, name: str) -> None:
        """Forget a simple property."""
        self.wrote.pop(f"{name}={self.find(name)}", None)
        self.replaced.pop(name, None)

    def write(self) -> None:
        """Write it down in the packet."""
        self._packet.set_items(_WROTE, tuple(self.wrote))
        pairs = tuple(f"{name}={value}" for name, value in self.replaced.items())
        self._packet.set_items(_REPLACED, pairs)


def _merge_simple(
    packet: Packet, book: _Book, name: str, wish: str | None, overwrites: bool
) -> str:
    """Set or take away one property; say whose value was kept, if one was."""
    current, wrote = packet.get(name), book.find(name)
    is_ours = wrote is not None and current == wrote
    if wish is None:
        if is_ours:
            packet.set(name, book.replaced.get(name))
        book.forget(name)
        return ""
    if not is_ours:
        # Whatever was noted: someone has changed the value since.
        book.forget(name)
        if current == wish:
            return ""
        if current is not None and current not in _UNSET[name] and not overwrites:
            return f"{name} {current}"
        if current is not None:
            book.replaced[name] = current
    else:
        book.wrote.pop(f"{name}={wrote}", None)
    packet.set(name, wish)
    book.wrote[f"{name}={wish}"] = ""
    return ""


def _merge_list(packet: Packet, book: _Book, name: str, wishes: tuple[str, ...]) -> None:
    items = packet.get_items(name)
    ours = {item for item in items if f"{name}={item}" in book.wrote}
    for item in [item for item in book.wrote if item.startswith(f"{name}=")]:
        if _split(item)[1] not in wishes or _split(item)[1] not in items:
            del book.wrote[item]
    new = [wish for wish in wishes if wish not in items]
    book.wrote |= {f"{name}={wish}": "" for wish in new}
    kept = [item for item in items if item not in ours or item in wishes]
    if [*kept, *new] != list(items):
        packet.set_items(name, (*kept, *new))


def _split(item: str) -> tuple[str, str]:
    name, _, value = item.partition("=")
    return name, value
