from __future__ import annotations

import io
import re
import struct
import time
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from PIL.TiffImagePlugin import IFDRational

from clearshot.decode.metadata import read_facts
from clearshot.photo import Facts

if TYPE_CHECKING:
    from pathlib import Path

MAKE, MODEL, ORIENTATION = 0x010F, 0x0110, 0x0112
EXPOSURE, F_NUMBER, ISO, ORIGINAL, OFFSET, SUBSEC = 0x829A, 0x829D, 0x8827, 0x9003, 0x9011, 0x9291
CHANGED_OFFSET = 0x9010
AREA, NOTE, WIDTH, HEIGHT, LENS = 0x9214, 0x927C, 0xA002, 0xA003, 0xA434

FIELDS: dict[int, Any] = {
    EXPOSURE: IFDRational(1, 250),
    F_NUMBER: IFDRational(28, 10),
    ISO: 400,
    ORIGINAL: "2024:05:06 07:08:09",
    OFFSET: "+02:00",
    SUBSEC: "25",
    LENS: "50 mm  Prime\0",
    AREA: (300, 100),
    WIDTH: 400,
    HEIGHT: 200,
}


def make_exif(
    fields: dict[int, Any],
    *,
    make: str = "NIKON CORPORATION",
    model: str = "NIKON Z 6",
    orientation: int = 1,
) -> Image.Exif:
    exif = Image.Exif()
    exif.endian = "<"
    exif[MAKE], exif[MODEL], exif[ORIENTATION] = make, model, orientation
    exif.get_ifd(0x8769).update(fields)
    return exif


def save(path: Path, exif: Image.Exif) -> Path:
    Image.new("RGB", (64, 64)).save(path, exif=exif)
    return path


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp", ".avif"])
def test_facts_are_those_of_the_camera(tmp_path: Path, suffix: str) -> None:
    facts = read_facts(save(tmp_path / f"photo{suffix}", make_exif(FIELDS)))
    zone = timezone(timedelta(hours=2))
    assert facts == Facts(
        camera="NIKON Z 6",
        lens="50 mm Prime",
        iso=400,
        shutter_s=1 / 250,
        aperture=2.8,
        taken_at=datetime(2024, 5, 6, 7, 8, 9, 250_000, tzinfo=zone),
        focus_x=0.75,
        focus_y=0.5,
    )
    assert facts.describe() == (
        "NIKON Z 6, 50 mm Prime, 1/250 s, f/2.8, ISO 400, 2024-05-06 07:08+02:00"
    )


def test_facts_that_a_png_holds_as_text_are_read(tmp_path: Path) -> None:
    block = make_exif(FIELDS).tobytes()
    info = PngInfo()
    digits = re.sub(r"(.{72})", r"\1\n", block.hex())
    info.add_text("Raw profile type exif", f"\nexif\n{len(block):8}\n{digits}\n", zip=True)
    Image.new("RGB", (64, 64)).save(tmp_path / "photo.png", pnginfo=info)
    expected = read_facts(save(tmp_path / "photo.jpg", make_exif(FIELDS)))
    assert read_facts(tmp_path / "photo.png") == expected
    assert expected.iso == 400


@pytest.mark.parametrize(
    "before",
    [
        b"\xff\xe1" + struct.pack(">H", 9000) + b"http://ns.adobe.com/xap/1.0/\0".ljust(8998),
        (b"\xff\xe2" + struct.pack(">H", 3002) + b"ICC_PROFILE\0".ljust(3000)) * 40,
        b"\xff\xfe" + struct.pack(">H", 6002) + bytes(6000),
        b"\xff",
    ],
    ids=["xmp", "profile", "comment", "fill"],
)
def test_facts_are_read_wherever_they_stand(tmp_path: Path, before: bytes) -> None:
    path = save(tmp_path / "photo.jpg", make_exif(FIELDS))
    expected, content = read_facts(path), path.read_bytes()
    start = content.index(b"\xff\xe1")
    path.write_bytes(content[:start] + before + content[start:])
    assert read_facts(path) == expected
    assert expected.iso == 400


@pytest.mark.parametrize(
    ("make", "model", "camera"),
    [
        ("Canon", "Canon EOS 6D", "Canon EOS 6D"),
        ("SONY", "ILCE-7M3", "SONY ILCE-7M3"),
        ("OLYMPUS OPTICAL CO.,LTD", "C40Z", "OLYMPUS C40Z"),
        ("SANYO Electric Co.,Ltd.", "S1", "SANYO S1"),
        ("RICOH IMAGING COMPANY, LTD.", "PENTAX K-1 Mark II", "RICOH PENTAX K-1 Mark II"),
        ("Apple", "iPhone 7", "Apple iPhone 7"),
        ("", "X100", "X100"),
        ("Corporation", "", None),
    ],
)
def test_cameras_are_named_as_people_name_them(
    tmp_path: Path, make: str, model: str, camera: str | None
) -> None:
    path = save(tmp_path / "photo.jpg", make_exif({}, make=make, model=model))
    assert read_facts(path).camera == camera


@pytest.mark.parametrize(
    ("fields", "name", "expected"),
    [
        ({ORIGINAL: "2024:05:06 07:08:09"}, "taken_at", datetime(2024, 5, 6, 7, 8, 9)),  # noqa: DTZ001
        ({ORIGINAL: "2024:05:06 07:08:09", OFFSET: "Z"}, "taken_at",
         datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC)),
        ({ORIGINAL: "2024:05:06 07:08:09", OFFSET: "+25:00"}, "taken_at",
         datetime(2024, 5, 6, 7, 8, 9)),  # noqa: DTZ001
        ({ORIGINAL: "2024:05:06 07:08:09", CHANGED_OFFSET: "+02:00"}, "taken_at",
         datetime(2024, 5, 6, 7, 8, 9)),  # noqa: DTZ001
        ({AREA: (50,), WIDTH: 400, HEIGHT: 200, ISO: 800}, "iso", 800),
        ({ORIGINAL: "0000:00:00 00:00:00"}, "taken_at", None),
        ({ORIGINAL: "2024:13:45 07:08:09"}, "taken_at", None),
        ({ORIGINAL: "yesterday"}, "taken_at", None),
        ({ISO: 65535, 0x8832: 102400}, "iso", 102400),
        ({ISO: 0}, "iso", None),
        ({EXPOSURE: IFDRational(0, 1)}, "shutter_s", None),
        ({AREA: (0, 0), WIDTH: 400, HEIGHT: 200}, "focus_x", None),
        ({AREA: (900, 100), WIDTH: 400, HEIGHT: 200}, "focus_x", None),
        ({AREA: (300, 100)}, "focus_x", None),
        ({AREA: (300, 100, 60), WIDTH: 400, HEIGHT: 200}, "focus_x", 0.75),
        ({AREA: (300, 100, 200, 200), WIDTH: 400, HEIGHT: 200}, "focus_x", 0.75),
        # The middle of a picture of a phone that a program made smaller, EXIF's size included.
        ({AREA: (960, 539, 1056, 475), WIDTH: 1080, HEIGHT: 1440}, "focus_x", None),
        ({AREA: (300, 150, 110), WIDTH: 400, HEIGHT: 200}, "focus_x", None),
        ({ISO: "800"}, "iso", None),
        ({EXPOSURE: "1/100"}, "shutter_s", None),
    ],
)  # fmt: skip
def test_what_is_not_credible_is_left_out(
    tmp_path: Path, fields: dict[int, Any], name: str, expected: object
) -> None:
    facts = read_facts(save(tmp_path / "photo.jpg", make_exif(fields)))
    assert getattr(facts, name) == expected


@pytest.mark.parametrize(
    ("orientation", "point"),
    [(1, (0.75, 0.5)), (2, (0.25, 0.5)), (3, (0.25, 0.5)), (4, (0.75, 0.5)),
     (5, (0.5, 0.75)), (6, (0.5, 0.75)), (7, (0.5, 0.25)), (8, (0.5, 0.25))],
)  # fmt: skip
def test_the_focus_point_is_turned_with_the_photo(
    tmp_path: Path, orientation: int, point: tuple[float, float]
) -> None:
    path = save(tmp_path / "photo.jpg", make_exif(FIELDS, orientation=orientation))
    facts = read_facts(path)
    assert (facts.focus_x, facts.focus_y) == point


def place_note(
    path: Path,
    make: str,
    note: bytes,
    *,
    size: tuple[int, int] | None = (400, 200),
    orientation: int = 1,
    later: int = 8,
    moved: int = 0,
) -> Path:
    """Write a JPEG whose EXIF holds a maker's note.

    In it @@@@ becomes the offset of what follows ####, and %%%% that of what is so much later; both
    are too small where a program moved the note and left them.
    """
    fields = {NOTE: note} | ({} if size is None else {WIDTH: size[0], HEIGHT: size[1]})
    make, _, model = make.partition(" ")
    exif = make_exif(fields, make=make, model=model or "Camera", orientation=orientation)
    save(path, exif)
    content = bytearray(path.read_bytes())
    tiff = content.index(b"Exif\0\0") + 6
    start = content.index(note)
    base = start if note.startswith(b"FUJIFILM") else tiff
    for mark, skipped in ((b"@@@@", 4), (b"%%%%", 4 + later)):
        if mark in note:
            offset = start + note.index(b"####") + skipped - base - moved
            at = start + note.index(mark)
            content[at : at + 4] = struct.pack("<I", offset)
    path.write_bytes(content)
    return path


def make_note(head: bytes, tag: int, values: tuple[int, ...], *, kind: int = 3) -> bytes:
    content = struct.pack(f"<{len(values)}{'H' if kind == 3 else 'I'}", *values)
    count = len(values) if kind == 3 else len(values) // 2
    entry = struct.pack("<HHHI", 1, tag, kind, count)
    inline = kind == 3 and len(content) <= 4
    return head + entry + (content.ljust(4, b"\0") if inline else b"@@@@") + b"####" + content


def make_nikon_note(version: bytes, place: int, *, order: str = "<", by_contrast: int = 1) -> bytes:
    record = version + bytes([by_contrast]) + bytes(place - 5)
    record += struct.pack(order + "4H", 6000, 4000, 1500, 3000)
    start = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "I", 8)
    entry = struct.pack(order + "HHHII", 1, 0x00B7, 7, len(record), 26)
    return b"Nikon\0\x02\x11\0\0" + start + entry + bytes(4) + record


def make_sony_note(point: tuple[int, int], frame: tuple[int, int, int]) -> bytes:
    entries = struct.pack("<HHHI", 2, 0x2027, 3, 4) + b"@@@@"
    entries += struct.pack("<HHI", 0x2037, 7, 6) + b"%%%%"
    values = struct.pack("<7H", 6000, 4000, *point, *frame)
    return b"SONY DSC \0\0\0" + entries + b"####" + values


CANON_AF = (90, 2, 9, 9, 5472, 3648, 5472, 3648, *[100] * 9, *[100] * 9)
CANON_X = (0, 0x10000 - 1368, 1368, 0, 0, 0, 0, 0, 0)
EOS_Y = (912, 912, 912, 0, 0, 0, 0x10000 - 912, 0x10000 - 912, 0x10000 - 912)
# Room for 1,053 areas, of which one is in use.
MIRRORLESS = (8704, 2, 1053, 1, *[8192, 5464] * 2, *[300, *[0] * 1052] * 2, 0x10000 - 2048,
              *[0] * 1052, 1366, *[0] * 1052, 1, *[0] * 65, 1, *[0] * 65)  # fmt: skip
POWERSHOT = (*CANON_AF, *CANON_X, *EOS_Y[::-1], 0b10)


@pytest.mark.parametrize(
    ("make", "note", "point"),
    [
        ("FUJIFILM", make_note(b"FUJIFILM" + struct.pack("<I", 12), 0x1023, (100, 150)),
         (0.25, 0.75)),
        ("SONY", make_note(b"SONY DSC \0\0\0", 0x2027, (6000, 4000, 1500, 3000)), (0.25, 0.75)),
        # Without a frame around it, the middle of the picture says that nothing is known.
        ("SONY", make_sony_note((3000, 2000), (300, 200, 257)), (0.5, 0.5)),
        ("SONY", make_sony_note((3000, 2000), (0, 0, 0)), None),
        ("SONY", make_sony_note((3000, 2000), (300, 200, 0)), None),
        ("SONY", make_sony_note((1500, 3000), (0, 0, 0)), (0.25, 0.75)),
        ("Panasonic", make_note(b"Panasonic\0\0\0", 0x004D, (1, 4, 3, 4), kind=5), (0.25, 0.75)),
        ("NIKON CORPORATION", make_nikon_note(b"0100", 0x10, order=">"), (0.25, 0.75)),
        ("NIKON CORPORATION", make_nikon_note(b"0101", 0x46), (0.25, 0.75)),
        ("NIKON CORPORATION", make_nikon_note(b"0301", 0x2A), (0.25, 0.75)),
        ("NIKON CORPORATION", make_nikon_note(b"0301", 0x2A, by_contrast=2), (0.25, 0.75)),
        # Through the viewfinder of a D500, bits of its 153 sensors are there.
        ("NIKON CORPORATION", make_nikon_note(b"0100", 0x10, by_contrast=0), None),
        ("NIKON CORPORATION", make_nikon_note(b"9999", 0x10), None),
        ("Canon EOS", make_note(b"", 0x0026, (*CANON_AF, *CANON_X, *EOS_Y, 0b10)), (0.25, 0.25)),
        ("Canon PowerShot", make_note(b"", 0x0026, POWERSHOT), (0.25, 0.25)),
        ("Canon EOS", make_note(b"", 0x0026, (*CANON_AF, *CANON_X, *EOS_Y, 0b110)), (0.5, 0.25)),
        ("Canon EOS", make_note(b"", 0x0026, (*CANON_AF, *CANON_X, *EOS_Y, 0)), None),
        ("Canon", make_note(b"", 0x0012, (9, 9, 400, 200, 400, 200, 10, 10,
                                          *[100] * 9, *[0] * 9, 1)), (0.75, 0.5)),
        ("Canon EOS", make_note(b"", 0x0026, MIRRORLESS), (0.25, 0.25)),
        ("Canon EOS", make_note(b"", 0x0026, (96, 2, 0, 0, *CANON_AF[4:8], 1, 1)), None),
        ("Panasonic", make_note(b"Panasonic\0\0\0", 0x004D, (1, 0, 3, 4), kind=5), None),
    ],
)  # fmt: skip
def test_makers_tell_where_they_focused(
    tmp_path: Path, make: str, note: bytes, point: tuple[float, float] | None
) -> None:
    facts = read_facts(place_note(tmp_path / "photo.jpg", make, note))
    found = None if facts.focus_x is None else (facts.focus_x, facts.focus_y)
    assert found == point
    assert facts.camera is not None


def test_a_note_that_a_program_moved_tells_no_point(tmp_path: Path) -> None:
    # The age of a child before the point; both offsets are those of 20 bytes earlier.
    entries = struct.pack("<HHHI", 2, 0x0033, 2, 20) + b"@@@@" + struct.pack("<HHI", 0x004D, 5, 2)
    values = b"9999:99:99 00:00:00\0" + struct.pack("<4I", 256, 1024, 768, 1024)
    note = b"Panasonic\0\0\0" + entries + b"%%%%####" + values
    path = place_note(tmp_path / "photo.jpg", "Panasonic", note, later=20)
    assert read_facts(path).focus_x == 0.25
    path = place_note(tmp_path / "photo.jpg", "Panasonic", note, later=20, moved=20)
    assert read_facts(path).focus_x is None
    assert read_facts(path).camera == "Panasonic Camera"


SONY_NOTE = make_note(b"SONY DSC \0\0\0", 0x2027, (6000, 4000, 1500, 3000))
# A PowerShot counts areas in a picture of proportions that no photo has.
SQUARE_NOTE = make_note(b"", 0x0026, (90, 2, 9, 9, 400, 300, 100, 100, *POWERSHOT[8:26],
                                      *[0] * 18, 1))  # fmt: skip


@pytest.mark.parametrize(
    ("make", "note", "size", "orientation", "is_shown"),
    [
        ("SONY", SONY_NOTE, (3000, 2000), 1, True),  # smaller
        ("SONY", SONY_NOTE, (2000, 3000), 6, True),  # upright
        ("SONY", SONY_NOTE, (2000, 3000), 1, False),  # turned by a program
        ("SONY", SONY_NOTE, (3000, 3000), 1, False),  # cropped
        ("Canon PowerShot", SQUARE_NOTE, (2000, 1500), 1, True),
        ("Canon PowerShot", SQUARE_NOTE, (1500, 2000), 1, False),
        ("NIKON", make_nikon_note(b"0301", 0x2A), (1920, 1080), 1, False),
    ],
)
def test_a_point_noted_for_a_picture_of_other_proportions_is_left_out(
    tmp_path: Path,
    make: str,
    note: bytes,
    size: tuple[int, int],
    orientation: int,
    is_shown: bool,
) -> None:
    path = place_note(tmp_path / "photo.jpg", make, note, size=None, orientation=orientation)
    assert read_facts(path).focus_x is not None
    assert (read_facts(path, size).focus_x is not None) is is_shown


@pytest.mark.parametrize(
    ("size", "orientation", "is_shown"),
    [
        ((400, 200), 1, True),
        ((200, 400), 8, True),
        ((1003, 501), 1, True),  # rounded
        # Phones and libraries turn the pixels of a HEIC and leave EXIF's size as it was.
        ((200, 400), 1, False),
        ((300, 200), 1, False),
    ],
)
def test_a_point_of_a_size_that_is_not_the_photos_is_left_out(
    tmp_path: Path, size: tuple[int, int], orientation: int, is_shown: bool
) -> None:
    path = save(tmp_path / "photo.jpg", make_exif(FIELDS, orientation=orientation))
    facts = read_facts(path, size)
    assert (facts.focus_x is not None, facts.focus_y is not None) == (is_shown, is_shown)
    assert facts.iso == 400


def test_the_boxes_of_a_cr3_are_read(tmp_path: Path) -> None:
    first = make_exif({}, make="Canon", model="Canon EOS R5").tobytes()[6:]
    second = Image.Exif()
    for tag, value in FIELDS.items():
        second[tag] = value
    boxes = b"".join(
        struct.pack(">I", 8 + len(content)) + name + content
        for name, content in ((b"CMT1", first), (b"CMT2", second.tobytes()[6:]))
    )
    path = tmp_path / "photo.cr3"
    path.write_bytes(struct.pack(">I", 24) + b"ftypcrx \0\0\0\1crx isom" + boxes)
    facts = read_facts(path)
    assert (facts.camera, facts.iso, facts.focus_x) == ("Canon EOS R5", 400, 0.75)


def test_the_jpeg_in_a_raf_is_read(tmp_path: Path) -> None:
    stream = io.BytesIO()
    Image.new("RGB", (64, 64)).save(stream, "JPEG", exif=make_exif(FIELDS))
    head = b"FUJIFILMCCD-RAW 0201".ljust(84, b"\0") + struct.pack(">I", 200)
    (tmp_path / "photo.raf").write_bytes(head.ljust(200, b"\0") + stream.getvalue())
    assert read_facts(tmp_path / "photo.raf").camera == "NIKON Z 6"


def test_what_holds_no_facts_gives_none(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    (tmp_path / "text").write_text("no photo")
    Image.new("RGB", (8, 8)).save(tmp_path / "plain.png")
    for name in ("empty", "text", "plain.png", "nowhere"):
        assert read_facts(tmp_path / name) == Facts()


def test_absurd_directories_end_soon(tmp_path: Path) -> None:
    # 65,535 entries that each claim 999 numbers, and lead to themselves.
    entries = struct.pack("<HHII", 0x9999, 4, 999, 8) * 65535
    ifd = struct.pack("<H", 65535) + entries + struct.pack("<I", 8)
    (tmp_path / "photo.tif").write_bytes(b"II*\0\x08\0\0\0" + ifd)
    begin = time.process_time()
    assert read_facts(tmp_path / "photo.tif") == Facts()
    assert time.process_time() - begin < 3


@pytest.mark.realdata
@pytest.mark.parametrize(
    ("name", "point"),
    # As ExifTool prints them: areas from the middle, in px of the whole.
    [
        # Its pixels were turned by 90 degrees, its note was not.
        ("Canon_PowerShot_A80", None),
        ("Canon_PowerShot_A720_IS", (0.5, 0.5)),
        ("FujiFilm_FinePixS5500", (1136 / 2272, 852 / 1704)),
    ],
)
def test_points_of_real_cameras_are_those_that_exiftool_prints(
    real_photos: Path, name: str, point: tuple[float, float] | None
) -> None:
    path = real_photos / "snapshots" / f"{name}.jpg"
    with Image.open(path) as picture:
        facts = read_facts(path, picture.size)
    found = None if facts.focus_x is None else (facts.focus_x, facts.focus_y)
    assert found == (None if point is None else pytest.approx(point))
    assert facts.taken_at is not None


@pytest.mark.parametrize("suffix", [".webp", ".avif"])
def test_facts_of_a_large_file_are_read(tmp_path: Path, suffix: str) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (1200, 900, 3), dtype=np.uint8)
    path = tmp_path / f"photo{suffix}"
    Image.fromarray(pixels).save(path, exif=make_exif(FIELDS), quality=100)
    assert path.stat().st_size > 1_000_000
    assert read_facts(path).camera == "NIKON Z 6"


@pytest.mark.parametrize("brand", [b"heic", b"mif1", b"heix", b"msf1", b"miaf"])
def test_facts_that_libheif_wrote_are_read(tmp_path: Path, brand: bytes) -> None:
    pillow_heif = pytest.importorskip("pillow_heif")
    path = tmp_path / "photo.heic"
    # Cameras write 10 bits.
    mode, letter = ("RGB;16", "H") if brand == b"heix" else ("RGB", "B")
    pixels = np.zeros((64, 64, 3), letter).tobytes()
    heif = pillow_heif.from_bytes(mode, (64, 64), pixels)
    heif.save(path, exif=make_exif(FIELDS).tobytes(), enc_params={"preset": "ultrafast"})
    content = path.read_bytes()
    path.write_bytes(content[:8] + brand + content[12:])
    assert read_facts(path) == read_facts(save(tmp_path / "photo.jpg", make_exif(FIELDS)))


def test_the_focus_point_of_a_heif_of_a_camera_is_turned(tmp_path: Path) -> None:
    pillow_heif = pytest.importorskip("pillow_heif")
    path = tmp_path / "photo.hif"
    heif = pillow_heif.from_bytes("RGB;16", (64, 64), bytes(64 * 64 * 6))
    exif = make_exif(FIELDS).tobytes()
    heif.save(path, exif=exif, enc_params={"preset": "ultrafast"})
    # libheif's own writer would turn the picture and take the orientation out.
    upright, turned = (struct.pack("<HHII", ORIENTATION, 3, 1, number) for number in (1, 6))
    content = path.read_bytes()
    assert content.count(upright) == 1
    path.write_bytes(content.replace(upright, turned))
    facts = read_facts(path)
    assert (facts.focus_x, facts.focus_y) == (0.5, 0.75)


@pytest.mark.parametrize("suffix", [".jpg", ".png"])
def test_a_block_that_repeats_a_megabyte_costs_little(tmp_path: Path, suffix: str) -> None:
    # Each of 2,000 entries claims the same megabyte of text behind them.
    count, size = 2000, 1_000_000
    text_at = 8 + 2 + 12 * count + 4
    entries = b"".join(struct.pack("<HHII", 0x9C00, 2, size, text_at) for _ in range(count))
    block = b"II*\0\x08\0\0\0" + struct.pack("<H", count) + entries + bytes(4)
    path = tmp_path / f"photo{suffix}"
    if suffix == ".png":
        Image.new("RGB", (64, 64)).save(path, exif=block + b"x" * size)
    else:
        buffer = io.BytesIO()
        Image.new("RGB", (64, 64)).save(buffer, "JPEG", exif=b"Exif\0\0" + block)
        path.write_bytes(buffer.getvalue() + b"x" * 2 * size)
    begin = time.process_time()
    assert read_facts(path) == Facts()
    assert time.process_time() - begin < 2
