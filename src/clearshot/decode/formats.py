"""Tell the format of a file by its content.

Only the formats are told apart that need different readers. Pillow tells its own apart by itself; a
raw file that is a TIFF by its first bytes, as most are, would give it the thumbnail.
"""

from __future__ import annotations

from enum import StrEnum
from importlib.util import find_spec
from typing import TYPE_CHECKING, Final

from clearshot.decode.directories import walk_directories
from clearshot.errors import MissingHeifReaderError, MissingRawReaderError

if TYPE_CHECKING:
    from typing import BinaryIO


class Format(StrEnum):
    """Which reader a file needs."""

    PICTURE = "picture"  # one of Pillow's formats, or none at all
    HEIF = "HEIF"
    RAW = "RAW"


# First bytes of raw files that are no plain TIFF: Fujifilm RAF, Canon CRW, Minolta MRW, Sigma X3F,
# Olympus ORF (three spellings), Panasonic RW2, Phase One IIQ. From LibRaw's identify.cpp and
# ExifTool's %magicNumber.
_RAW_STARTS: Final = (
    b"FUJIFILMCCD-RAW",
    b"II\x1a\x00\x00\x00HEAPCCDR",
    b"\x00MRM",
    b"FOVb",
    b"IIRO",
    b"IIRS",
    b"MMOR",
    b"IIU\x00",
    b"IIII",
    b"MMMM",
)

_STARTS: Final = {
    b"\xff\xd8\xff": "JPEG",
    b"\x89PNG\r\n\x1a\n": "PNG",
    b"II*\x00": "TIFF",
    b"MM\x00*": "TIFF",
}

# Brands of ISO base media files. `mif1` and `msf1` say "a picture", coded in any way: the
# compatible brands behind them decide.
_HEIF_BRANDS: Final = frozenset(
    {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"msf1"}
    | {b"mif2", b"miaf", b"MiHE"}
)
_AVIF_BRANDS: Final = frozenset({b"avif", b"avis"})
_MAX_BRANDS: Final = 32

# Tags and values of TIFF 6.0, TIFF/EP and the DNG specification that only raw files have.
_COMPRESSION, _PHOTOMETRIC, _DNG_VERSION = 0x0103, 0x0106, 0xC612
_RAW_TAGS: Final = frozenset({_COMPRESSION, _PHOTOMETRIC, _DNG_VERSION})
_RAW_PHOTOMETRICS: Final = frozenset({32803, 34892})  # colour filter array, linear raw
# Nikon NEF, Sony ARW, Samsung SRW, Pentax PEF, Kodak DCR and KDC.
_RAW_COMPRESSIONS: Final = frozenset({34713, 32767, 32769, 32770, 32772, 65535, 65000, 262})
# The library that has to be installed for a photo that failed for want of it, by kind of failure.
_LIBRARIES: Final = {
    MissingHeifReaderError.kind: "pillow_heif",
    MissingRawReaderError.kind: "rawpy",
}


def sniff(stream: BinaryIO) -> Format:
    """Tell which reader a file needs.

    Parameters
    ----------
    stream : binary file
        Seekable; read from its start, left anywhere.

    Returns
    -------
    Format
        PICTURE also for what no reader knows: Pillow will say so.
    """
    stream.seek(0)
    head = stream.read(16)
    if head[4:8] == b"ftyp":
        return _sniff_boxes(stream, head)
    if head.startswith(_RAW_STARTS):
        return Format.RAW
    if head[:4] in {b"II*\x00", b"MM\x00*"}:
        return Format.RAW if head[8:10] == b"CR" or _is_raw_tiff(stream) else Format.PICTURE
    return Format.PICTURE


def name_start(stream: BinaryIO) -> str | None:
    """Name the format that a file claims to be by its first bytes.

    Parameters
    ----------
    stream : binary file
        Seekable; read from its start, left anywhere.

    Returns
    -------
    str or None
        As people name it; None for what no reader is for.
    """
    stream.seek(0)
    head = stream.read(16)
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "WebP"
    if head[4:8] == b"ftyp" and head[8:12] in _AVIF_BRANDS:
        return "AVIF"
    return next((name for start, name in _STARTS.items() if head.startswith(start)), None)


def list_cured_failures() -> frozenset[str]:
    """List the kinds of failure that a library which is installed now would not have again.

    Returns
    -------
    frozenset of str
        Kinds, see `clearshot.errors`.
    """
    return frozenset(kind for kind, name in _LIBRARIES.items() if find_spec(name) is not None)


def _sniff_boxes(stream: BinaryIO, head: bytes) -> Format:
    if head[8:12] == b"crx ":
        return Format.RAW  # Canon CR3
    length = min(int.from_bytes(head[:4], "big"), 16 + 4 * _MAX_BRANDS)
    more = stream.read(max(0, length - 16))
    brands = {head[8:12], *(more[at : at + 4] for at in range(0, len(more), 4))}
    if brands & _AVIF_BRANDS:
        return Format.PICTURE
    return Format.HEIF if brands & _HEIF_BRANDS else Format.PICTURE


def _is_raw_tiff(stream: BinaryIO) -> bool:
    """Look for values that only raw files have, in the main directories and their children."""
    for _, values in walk_directories(stream, _RAW_TAGS):
        if _DNG_VERSION in values:
            return True
        if _RAW_PHOTOMETRICS.intersection(values.get(_PHOTOMETRIC, ())):
            return True
        if _RAW_COMPRESSIONS.intersection(values.get(_COMPRESSION, ())):
            return True
    return False
