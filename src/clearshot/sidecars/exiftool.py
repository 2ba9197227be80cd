"""XMP packets put into copies of JPEG photos by exiftool, and the proof that nothing else changed.

The photos themselves are only read. What comes out is the run of segments that differs between a
photo and its copy, for `clearshot.actions` to exchange.

exiftool [1]_ is a program of its own. It never sees the name of a photo: it works in a temporary
folder, on files that are called by numbers.

References
----------
.. [1] Phil Harvey, https://exiftool.org
"""

from __future__ import annotations

import hashlib
import io
import json
import re
import shutil
import subprocess
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final

from clearshot.errors import MissingExtraError, SidecarError, describe_cause
from clearshot.sidecars.jpeg import (
    HEAD_START,
    MAX_PACKET_BYTES,
    find_packet,
    has_index,
    is_xmp_exchange,
    read_segments,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

MAX_EXCHANGE_BYTES: Final = 4 << 20
"""The most that is exchanged in a photo, old and new together [bytes]: it goes into the journal."""

_TIMEOUT_S: Final = 300

_MISSING: Final = (
    "writing into photos needs exiftool; install it with: apt install libimage-exiftool-perl, "
    "brew install exiftool, or winget install OliverBetz.ExifTool"
)

# All that exiftool reads but the packet itself and the state of the file. Embedded pictures are
# among it, byte by byte. Videos are not: they are long, and behind the pixels, where all stays.
_READING: Final = (
    "-j", "-G1", "-a", "-b", "--XMP:all", "--System:all", "--EmbeddedVideoFile",
    "--MotionPhotoVideo",
)  # fmt: skip

# Where embedded pictures are in the file: they move by as much as it grows.
_PLACES: Final = ("ImageStart", "JpgFromRawStart", "ThumbnailOffset")

# XMP specification, part 1, 7.3.2. The end says whether a packet may be changed in place.
_WRAPPING: Final = (
    b'<?xpacket begin="\xef\xbb\xbf" id="W5M0MpCehiHzreSzNTczkc9d"?>\n',
    b'<?xpacket end="w"?>',
)
_READ_ONLY: Final = re.compile(rb"""(<\?xpacket end=["'])r""")


@dataclass(frozen=True, slots=True)
class Wish:
    """What shall be in a photo.

    Attributes
    ----------
    path : Path
        A JPEG photo.
    packet : bytes or None
        The whole XMP packet, with or without its wrapping; None for no XMP.
    """

    path: Path
    packet: bytes | None


@dataclass(frozen=True, slots=True)
class Exchange:
    """The one run of segments in which a photo and its copy differ.

    Attributes
    ----------
    offset : int
        Where it begins, in both [bytes].
    before, after : bytes
        Whole segments, of the photo and of the copy.
    sha256_before, sha256_after : str
        SHA-256 of the whole photo and of the whole copy, in hexadecimal digits.
    """

    offset: int
    before: bytes
    after: bytes
    sha256_before: str
    sha256_after: str


def find_exiftool() -> Path:
    """Find exiftool on the path of programs.

    Returns
    -------
    Path
        The program.

    Raises
    ------
    MissingExtraError
        If it is not installed.
    """
    program = shutil.which("exiftool")
    if program is None:
        raise MissingExtraError(_MISSING)
    return Path(program)


def draft_exchanges(wishes: Sequence[Wish]) -> list[Exchange | SidecarError]:
    """Find out what has to be exchanged in photos so that they hold the wished packets.

    One run of exiftool serves all; a second or so per run, some 50 ms per photo.

    Parameters
    ----------
    wishes : sequence of Wish
        Each different from what is in the photo. Copies of all are held in a temporary folder at
        the same time.

    Returns
    -------
    list of (Exchange or SidecarError)
        In the order of `wishes`. An error where exiftool refused the photo, or where the copy
        differs in anything but XMP: in a segment, in a byte from the first scan to the end of the
        file, or in what exiftool reads.

    Raises
    ------
    MissingExtraError
        If exiftool is not installed.
    """
    program = find_exiftool()
    # exiftool would do so, too.
    wishes = [replace(wish, packet=_wrap_packet(wish.packet)) for wish in wishes]
    with TemporaryDirectory(prefix="clearshot-") as name:
        folder = Path(name)
        causes = [_lay_out(folder, number, wish) for number, wish in enumerate(wishes)]
        numbers = [number for number, cause in enumerate(causes) if cause is None]
        complaints = _run(program, folder, _list_writes(wishes, numbers))[1]
        readings = _read(program, folder, numbers)
        drafts: list[Exchange | SidecarError] = []
        for number, (wish, cause) in enumerate(zip(wishes, causes, strict=True)):
            try:
                if cause is not None:
                    raise cause
                _check_written(folder, number, complaints)
                exchange = _compare(folder, number, wish)
                _check_readings(readings, number, len(exchange.after) - len(exchange.before))
                drafts.append(exchange)
            except SidecarError as error:
                drafts.append(error)
        return drafts


def _wrap_packet(packet: bytes | None) -> bytes | None:
    """Write a packet as photos have it: in its wrapping, and open to changes in place."""
    if packet is None:
        return None
    # A mark of the encoding is one at the very start only.
    packet = packet.removeprefix(b"\xef\xbb\xbf")
    if not packet.startswith(b"<?xpacket"):
        packet = _WRAPPING[0] + packet + _WRAPPING[1]
    return _READ_ONLY.sub(rb"\1w", packet)


def _lay_out(folder: Path, number: int, wish: Wish) -> SidecarError | None:
    """Copy a photo and its packet into the folder, under names made of its number."""
    packet = wish.packet or b""
    try:
        if b"<?xml " in packet:
            return SidecarError("has XMP of an unknown form")
        if len(packet) > MAX_PACKET_BYTES:
            return SidecarError("has more XMP than fits into a JPEG")
        shutil.copyfile(wish.path, folder / _name_old(number))
        (folder / _name_packet(number)).write_bytes(packet)
    except OSError as error:
        return SidecarError(f"cannot be copied: {describe_cause(error)}")
    return None


def _list_writes(wishes: Sequence[Wish], numbers: Sequence[int]) -> list[str]:
    words: list[str] = []
    for number in numbers:
        # The group says that XMP in JPEG is meant; a bare `-XMP` has the Exif segment written anew.
        is_wanted = wishes[number].packet is not None
        value = f"-XMP:XMP<={_name_packet(number)}" if is_wanted else "-XMP:XMP="
        words += ["-q", "-q", "-o", _name_new(number), value, _name_old(number), "-execute"]
    return words


def _read(
    program: Path, folder: Path, numbers: Sequence[int]
) -> Mapping[str, Mapping[str, object]]:
    """Read photos and copies; one that cannot be read does not concern the others."""
    names = [name for number in numbers for name in (_name_old(number), _name_new(number))]
    names = [name for name in names if (folder / name).exists()]
    if not names:
        return {}
    text = _run(program, folder, [*_READING, *names])[0]
    try:
        rows = json.loads(text)
        return {row.pop("SourceFile"): row for row in rows}
    except (ValueError, LookupError, AttributeError):
        # Where nothing came, the program itself is to blame: it did not start, or hung.
        if len(numbers) == 1 or not text:
            return {}
    alone = (_read(program, folder, [number]) for number in numbers)
    return {name: row for rows in alone for name, row in rows.items()}


def _run(program: Path, folder: Path, words: Sequence[str]) -> tuple[str, str]:
    """Run exiftool in the folder; give what it says and what it complains of."""
    # From a file: command lines are short on some systems.
    (folder / "arguments").write_text("\n".join(words) + "\n", encoding="ascii")
    # Without the settings that a user may have made for it.
    command = [str(program), "-config", "", "-@", "arguments"]
    try:
        done = subprocess.run(  # noqa: S603 - no word of it comes from outside
            command, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, timeout=_TIMEOUT_S,
            check=False,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as error:
        return "", f"Error: {error}"
    return done.stdout.decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace")


def _check_written(folder: Path, number: int, complaints: str) -> None:
    if (folder / _name_new(number)).exists():
        return
    suffix = f" - {_name_old(number)}"
    lines = [line.removesuffix(suffix) for line in complaints.splitlines() if suffix in line]
    reason = lines[-1] if lines else complaints.strip() or "no reason given"
    raise SidecarError(f"exiftool does not write it: {reason.removeprefix('Error: ')}")


def _compare(folder: Path, number: int, wish: Wish) -> Exchange:
    """Compare photo and copy byte by byte.

    Raises
    ------
    SidecarError
        If they differ in more than they shall.
    """
    old, new = ((folder / name(number)).read_bytes() for name in (_name_old, _name_new))
    olds, news = read_segments(io.BytesIO(old)), read_segments(io.BytesIO(new))
    start = _count_alike(olds, news)
    end = _count_alike(olds[start:][::-1], news[start:][::-1])
    before = b"".join(olds[start : len(olds) - end])
    after = b"".join(news[start : len(news) - end])
    offset = len(HEAD_START) + sum(map(len, olds[:start]))
    is_rest_alike = old[:offset] + after + old[offset + len(before) :] == new
    if not (is_rest_alike and is_xmp_exchange(before, after)):
        raise SidecarError("exiftool would change more than its XMP")
    if len(before) != len(after) and has_index(olds[:start]):
        raise SidecarError("its other pictures would not be found: its XMP is behind their index")
    if find_packet(news) != wish.packet:
        raise SidecarError("exiftool would write another XMP than wanted")
    if len(before) + len(after) > MAX_EXCHANGE_BYTES:
        raise SidecarError("has too much metadata to be kept for undo")
    hashes = [hashlib.sha256(content).hexdigest() for content in (old, new)]
    return Exchange(offset, before, after, *hashes)


def _count_alike(olds: Sequence[bytes], news: Sequence[bytes]) -> int:
    pairs = enumerate(zip(olds, news, strict=False))
    return next((n for n, (old, new) in pairs if old != new), min(len(olds), len(news)))


def _check_readings(
    readings: Mapping[str, Mapping[str, object]], number: int, growth_bytes: int
) -> None:
    """Check that exiftool reads the same from the copy as from the photo.

    Raises
    ------
    SidecarError
        If it does not, or cannot tell.
    """
    old, new = readings.get(_name_old(number)), readings.get(_name_new(number))
    if old is None or new is None:
        raise SidecarError("exiftool does not read it back")
    for name in old.keys() | new.keys():
        if not _is_same(name, old.get(name), new.get(name), growth_bytes):
            raise SidecarError(f"exiftool would change {name} too")


def _is_same(name: str, old: Any, new: Any, growth_bytes: int) -> bool:
    if name.endswith(_PLACES) and isinstance(old, int) and isinstance(new, int):
        return new - old in {0, growth_bytes}
    return bool(old == new)


def _name_old(number: int) -> str:
    return f"old{number}.jpg"


def _name_new(number: int) -> str:
    return f"new{number}.jpg"


def _name_packet(number: int) -> str:
    return f"{number}.xmp"
