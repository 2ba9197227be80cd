"""HEIF files written by hand: items of any content, told about as writers of many kinds do."""

from __future__ import annotations

from collections.abc import Sequence

Item = tuple[bytes, bytes]  # kind, content


def make_heif(
    items: Sequence[Item], *, version: int = 0, is_wide: bool = False, is_open: bool = False
) -> bytes:
    """Write a file of items.

    `version` is that of the table of places, `is_wide` gives `mdat` a length of 64 bits, and
    `is_open` says that it lasts as long as the file.
    """
    kinds = [_make_kind(number, kind) for number, (kind, _) in enumerate(items, start=1)]
    iinf = _make_box(b"iinf", bytes(4) + len(items).to_bytes(2, "big") + b"".join(kinds))
    start = _make_box(b"ftyp", b"heic" + bytes(4) + b"mif1heic")
    head = b"\0\0\0\1mdat" + bytes(8) if is_wide else bytes(4) + b"mdat"
    content = b"".join(content for _, content in items)

    def join(first: int) -> bytes:
        return start + _make_box(b"meta", bytes(4) + iinf + _make_places(items, first, version))

    data_size = len(head) + len(content)
    if is_wide:
        head = head[:8] + data_size.to_bytes(8, "big")
    elif not is_open:
        head = data_size.to_bytes(4, "big") + head[4:]
    # The table is as long, whatever it says.
    return join(len(join(0)) + len(head)) + head + content


def _make_kind(number: int, kind: bytes) -> bytes:
    """Name an item with a number of 16 and of 32 bits, in turns."""
    if number % 2:
        return _make_box(b"infe", b"\2\0\0\0" + number.to_bytes(2, "big") + bytes(2) + kind + b"\0")
    return _make_box(b"infe", b"\3\0\0\0" + number.to_bytes(4, "big") + bytes(2) + kind + b"\0")


def _make_places(items: Sequence[Item], first: int, version: int) -> bytes:
    """Tell where items lie: from one base on, with offsets and lengths of 4 bytes each."""
    width = 4 if version == 2 else 2
    body = bytes([version, 0, 0, 0, 0x44, 0x40]) + len(items).to_bytes(width, "big")
    at = 0
    for number, (_, content) in enumerate(items, start=1):
        body += number.to_bytes(width, "big") + bytes(4 if version else 2)
        body += first.to_bytes(4, "big") + b"\0\1"
        body += at.to_bytes(4, "big") + len(content).to_bytes(4, "big")
        at += len(content)
    return _make_box(b"iloc", body)


def _make_box(kind: bytes, content: bytes) -> bytes:
    return (8 + len(content)).to_bytes(4, "big") + kind + content
