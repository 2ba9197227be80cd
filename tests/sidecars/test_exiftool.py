"""exiftool puts packets into copies of photos; whatever it does, only XMP may come of it."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
from PIL import Image

from clearshot.errors import MissingExtraError, SidecarError
from clearshot.sidecars import exiftool
from clearshot.sidecars.exiftool import Exchange, Wish, draft_exchanges, find_exiftool
from clearshot.sidecars.jpeg import MAX_PACKET_BYTES, find_packet, read_packet, read_segments
from clearshot.sidecars.marks import Marks, merge_marks
from clearshot.sidecars.packet import Packet
from jpegs import FILM, MOTION, XMP, draw_jpeg, draw_mpo, insert, wrap
from sidecars.programs import ALL, LIGHTROOM
from sidecars.test_clients import run_client
from sidecars.test_marks import BAD

needs_exiftool = pytest.mark.skipif(
    shutil.which("exiftool") is None, reason="exiftool is not installed"
)

NEW = merge_marks(None, BAD).content or b""
PACKET = b"<?xpacket?><x/>"

PHOTOS = {
    "plain": draw_jpeg(),
    "progressive": draw_jpeg(is_progressive=True),
    "lightroom": draw_jpeg(xmp=LIGHTROOM),
    "motion": draw_jpeg(xmp=MOTION, tail=FILM),
    "two pictures": draw_mpo(),
}


def draft(*wishes: tuple[Path, bytes | None]) -> list[Exchange | SidecarError]:
    return draft_exchanges([Wish(path, packet) for path, packet in wishes])


def draft_one(path: Path, packet: bytes | None) -> Exchange:
    (exchange,) = draft((path, packet))
    assert isinstance(exchange, Exchange), exchange
    return exchange


def carry_out(path: Path, exchange: Exchange) -> bytes:
    content = path.read_bytes()
    end = exchange.offset + len(exchange.before)
    assert content[exchange.offset : end] == exchange.before
    return content[: exchange.offset] + exchange.after + content[end:]


def draw_frames(content: bytes) -> list[np.ndarray[Any, Any]]:
    """Decode every picture of a file."""
    frames = []
    with Image.open(io.BytesIO(content)) as image:
        for number in range(getattr(image, "n_frames", 1)):
            image.seek(number)
            frames.append(np.asarray(image.convert("RGB")))
    return frames


@pytest.fixture(scope="module")
def embedded() -> Iterator[dict[str, tuple[Path, Path, Path]]]:
    """Photos of all kinds as they are, with marks in them, and with the marks taken away."""
    with TemporaryDirectory() as folder:
        paths = {
            name: tuple(Path(folder) / f"{number}-{state}.jpg" for state in "abc")
            for number, name in enumerate(PHOTOS)
        }
        for name, (path, *_) in paths.items():
            path.write_bytes(PHOTOS[name])
        for step, marks in ((0, BAD), (1, Marks())):
            pairs = [each[step : step + 2] for each in paths.values()]
            packets = [merge_marks(read_packet(path), marks).content for path, _ in pairs]
            wishes = zip((path for path, _ in pairs), packets, strict=True)
            for (path, goal), exchange in zip(pairs, draft(*wishes), strict=True):
                assert isinstance(exchange, Exchange), exchange
                goal.write_bytes(carry_out(path, exchange))
        yield paths  # type: ignore[misc]


@needs_exiftool
@pytest.mark.parametrize("name", PHOTOS)
def test_pixels_and_all_behind_them_stay(
    embedded: dict[str, tuple[Path, Path, Path]], name: str
) -> None:
    before, after, _ = (path.read_bytes() for path in embedded[name])
    assert before == PHOTOS[name]
    packet = merge_marks(read_packet(embedded[name][0]), BAD).content
    assert packet is not None
    assert packet in after
    olds, news = (read_segments(io.BytesIO(content)) for content in (before, after))
    assert after.endswith(before[2 + sum(map(len, olds)) :])
    assert [each for each in news if XMP not in each] == [each for each in olds if XMP not in each]
    old_frames, new_frames = draw_frames(before), draw_frames(after)
    assert len(old_frames) == len(new_frames)
    assert all(np.array_equal(*each) for each in zip(old_frames, new_frames, strict=True))


@needs_exiftool
@pytest.mark.parametrize("name", PHOTOS)
def test_what_came_goes_and_the_photo_is_as_before(
    embedded: dict[str, tuple[Path, Path, Path]], name: str
) -> None:
    before, _, cleaned = embedded[name]
    old, new = read_packet(before), read_packet(cleaned)
    if old is None:
        assert cleaned.read_bytes() == before.read_bytes()
    else:
        assert new is not None
        assert Packet(new).read_all() == Packet(old).read_all()


@needs_exiftool
@pytest.mark.parametrize("name", PHOTOS)
def test_exiftool_and_exiv2_read_everything_back(
    embedded: dict[str, tuple[Path, Path, Path]], name: str
) -> None:
    before, after, _ = embedded[name]
    text = run_client("exiftool", "-j", "-G1", "-a", "-struct", before, after)
    olds, news = json.loads(text)
    assert "ExifTool:Warning" not in news
    assert news["XMP-xmp:Rating"] == -1
    assert news["XMP-digiKam:PickLabel"] == 1
    assert "clearshot|dark" in news["XMP-lr:HierarchicalSubject"]
    ours = {"XMP-dc:Subject", "XMP-xmp:Label", "MPImage2:MPImageStart"}
    for tag, value in olds.items():
        if not tag.startswith(("System:", "SourceFile")) and tag not in ours:
            assert news[tag] == value, tag
    text = run_client("exiv2", "-PXkt", "pr", after)
    assert "Xmp.xmp.Rating" in text
    assert "clearshot|dark" in text
    assert ("Xmp.GCamera.MotionPhoto" in text) is (name == "motion")


@needs_exiftool
def test_xmp_behind_the_index_of_pictures_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(draw_mpo(xmp_behind_index=MOTION))
    assert len(draw_frames(path.read_bytes())) == 2
    (error,) = draft((path, merge_marks(MOTION, BAD).content))
    assert str(error) == "its other pictures would not be found: its XMP is behind their index"


@needs_exiftool
def test_a_packet_gets_its_wrapping_and_is_open_to_others(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(draw_jpeg())
    bare = NEW[NEW.index(b"<x:") : NEW.index(b"<?xpacket end")]
    marked = b"\xef\xbb\xbf" + bare
    for packet in (bare, marked, NEW.replace(b'end="w"', b'end="r"')):
        after = carry_out(path, draft_one(path, packet))
        found = find_packet(read_segments(io.BytesIO(after)))
        assert found is not None
        assert found.rstrip() == NEW.rstrip()


@needs_exiftool
@pytest.mark.parametrize("program", ["darktable", "digikam"])
def test_what_is_no_packet_is_refused(tmp_path: Path, program: str) -> None:
    """A sidecar has a declaration of XML, a photo has none."""
    path = tmp_path / "a.jpg"
    path.write_bytes(draw_jpeg())
    (error,) = draft((path, ALL[program]))
    assert str(error) == "has XMP of an unknown form"


@needs_exiftool
def test_no_name_is_taken_for_an_option(tmp_path: Path) -> None:
    names = ["-all=.jpg", "@args.jpg", "a\n-execute\n-all=\n.jpg", "📷.jpg", "%d.jpg", "$x;.jpg"]
    paths = [tmp_path / name for name in names]
    for path in paths:
        path.write_bytes(draw_jpeg())
    exchanges = draft(*((path, NEW) for path in paths))
    for path, exchange in zip(paths, exchanges, strict=True):
        assert isinstance(exchange, Exchange)
        assert NEW in carry_out(path, exchange)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(names)


@needs_exiftool
def test_one_bad_photo_does_not_concern_the_others(tmp_path: Path) -> None:
    contents = {
        "good.jpg": draw_jpeg(),
        "cut.jpg": draw_jpeg()[:-20],
        "png.jpg": b"\x89PNG\r\n\x1a\n" + bytes(100),
        "empty.jpg": b"",
        "gone.jpg": None,
        "other.jpg": draw_jpeg(),
    }
    for name, content in contents.items():
        if content is not None:
            (tmp_path / name).write_bytes(content)
    paths = [tmp_path / name for name in contents]
    drafts = dict(zip(contents, draft(*((path, NEW) for path in paths)), strict=True))
    reasons = {name: str(each) for name, each in drafts.items() if isinstance(each, SidecarError)}
    assert isinstance(drafts["good.jpg"], Exchange)
    assert isinstance(drafts["other.jpg"], Exchange)
    assert reasons["gone.jpg"] == "cannot be copied: No such file or directory"
    assert reasons["empty.jpg"] == "exiftool does not write it: Format error in file"
    assert reasons["png.jpg"].startswith("exiftool does not write it: ")
    assert "old" not in reasons["png.jpg"]


@needs_exiftool
def test_one_photo_that_cannot_be_read_back_does_not_concern_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = [tmp_path / f"{name}.jpg" for name in "abc"]
    for path in paths:
        path.write_bytes(draw_jpeg())
    run = exiftool._run

    def stumble(program: Path, folder: Path, words: list[str]) -> tuple[str, str]:
        said, complaints = run(program, folder, words)
        is_cut = "-j" in words and "old1.jpg" in words
        return said[:-20] if is_cut else said, complaints

    monkeypatch.setattr(exiftool, "_run", stumble)
    first, second, third = draft(*((path, NEW) for path in paths))
    assert isinstance(first, Exchange)
    assert str(second) == "exiftool does not read it back"
    assert isinstance(third, Exchange)


@needs_exiftool
def test_more_than_a_jpeg_holds_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(draw_jpeg())
    start = NEW.index(b"<?xpacket end")
    for more, is_fine in ((0, True), (1, False)):
        filler = b" " * (MAX_PACKET_BYTES - len(NEW) + more)
        (error,) = draft((path, NEW[:start] + filler + NEW[start:]))
        assert isinstance(error, Exchange) is is_fine
    assert str(error) == "has more XMP than fits into a JPEG"


@needs_exiftool
def test_more_than_a_journal_shall_hold_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(draw_jpeg())
    monkeypatch.setattr(exiftool, "MAX_EXCHANGE_BYTES", 100)
    assert "too much metadata" in str(draft((path, NEW))[0])


def test_without_exiftool_it_is_said_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    for run in (find_exiftool, lambda: draft_exchanges([])):
        with pytest.raises(MissingExtraError, match="apt install libimage-exiftool-perl"):
            run()


@pytest.fixture
def pretend(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., str]:
    """Put a program in place of exiftool that makes of a photo what it is told."""
    path = tmp_path / "a.jpg"
    path.write_bytes(draw_jpeg())

    def run(change: Callable[[bytes], bytes | None], rows: object = None) -> str:
        def stand_in(program: Path, folder: Path, words: list[str]) -> tuple[str, str]:
            if "-execute" in words:
                after = change((folder / "old0.jpg").read_bytes())
                if after is not None:
                    (folder / "new0.jpg").write_bytes(after)
                return "", "Error: no wish - old0.jpg\n" if after is None else ""
            same = [{"SourceFile": name, "A:B": 1} for name in ("old0.jpg", "new0.jpg")]
            return json.dumps(same if rows is None else rows), ""

        monkeypatch.setattr(exiftool, "find_exiftool", lambda: Path("exiftool"))
        monkeypatch.setattr(exiftool, "_run", stand_in)
        (found,) = draft((path, PACKET))
        return "" if isinstance(found, Exchange) else str(found)

    return run


class TestProof:
    """Whatever a program does to a photo, it is not taken over unless XMP alone changes."""

    GOOD = wrap(XMP + PACKET)

    def embed(self, content: bytes) -> bytes:
        return insert(content, self.GOOD, behind=2)

    def test_of_what_is_right(self, pretend: Callable[..., str]) -> None:
        assert pretend(self.embed) == ""

    @pytest.mark.parametrize(
        "spoil",
        [
            lambda content: content[:-1],
            lambda content: content + b"\0",
            lambda content: content.replace(b"Acme", b"Acne"),
            lambda content: content.replace(b"acsp", b"acsq"),
            lambda content: insert(content, wrap(b"more", marker=0xFE)),
            lambda content: content[:-40] + b"\0" + content[-39:],
            lambda content: content.replace(b"by hand", b"by Hand"),
        ],
    )
    def test_of_another_byte(
        self, pretend: Callable[..., str], spoil: Callable[[bytes], bytes]
    ) -> None:
        found = pretend(lambda content: spoil(self.embed(content)))
        assert found == "exiftool would change more than its XMP"

    def test_of_another_packet(self, pretend: Callable[..., str]) -> None:
        found = pretend(lambda content: insert(content, wrap(XMP + b"<y/>")))
        assert found == "exiftool would write another XMP than wanted"
        assert pretend(lambda content: content) == found

    def test_of_no_jpeg(self, pretend: Callable[..., str]) -> None:
        assert pretend(lambda content: b"junk") == "is not a JPEG"

    def test_of_nothing(self, pretend: Callable[..., str]) -> None:
        assert pretend(lambda content: None) == "exiftool does not write it: no wish"

    @pytest.mark.parametrize("rows", [[], [{}], {"a": 1}, [{"SourceFile": "new0.jpg"}]])
    def test_of_no_reading(self, pretend: Callable[..., str], rows: object) -> None:
        assert pretend(self.embed, rows) == "exiftool does not read it back"

    @pytest.mark.parametrize(
        ("old", "new", "is_fine"),
        [
            ({"A:MPImageStart": 500}, {"A:MPImageStart": 500 + len(GOOD)}, True),
            ({"A:MPImageStart": 500}, {"A:MPImageStart": 500}, True),
            ({"A:MPImageStart": 500}, {"A:MPImageStart": 501}, False),
            ({"A:Other": 500}, {"A:Other": 500 + len(GOOD)}, False),
            ({"A:Other": 500}, {}, False),
            ({}, {"ExifTool:Warning": "damaged"}, False),
        ],
    )
    def test_of_another_reading(
        self,
        pretend: Callable[..., str],
        old: dict[str, object],
        new: dict[str, object],
        *,
        is_fine: bool,
    ) -> None:
        rows = [{"SourceFile": "old0.jpg", **old}, {"SourceFile": "new0.jpg", **new}]
        found = pretend(self.embed, rows)
        assert (found == "") is is_fine
        if not is_fine:
            assert found == f"exiftool would change {next(iter(old | new))} too"


def test_a_program_that_hangs_or_does_not_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(draw_jpeg())
    monkeypatch.setattr(exiftool, "find_exiftool", lambda: tmp_path / "nothing")
    assert "No such file" in str(draft((path, NEW))[0])

    def hang(*args: object, **options: object) -> None:
        raise subprocess.TimeoutExpired("exiftool", 300)

    monkeypatch.setattr(subprocess, "run", hang)
    assert "timed out after 300 seconds" in str(draft((path, NEW))[0])


def test_a_program_that_says_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(draw_jpeg())
    monkeypatch.setattr(exiftool, "find_exiftool", lambda: Path("true"))
    assert str(draft((path, NEW))[0]) == "exiftool does not write it: no reason given"


@needs_exiftool
def test_what_the_user_has_configured_is_not_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mark = tmp_path / "was-run"
    config = f'open(my $mark, ">", "{mark}"); close($mark); 1;\n'
    (tmp_path / ".ExifTool_config").write_text(config)
    for name in ("HOME", "EXIFTOOL_HOME"):
        monkeypatch.setenv(name, str(tmp_path))
    subprocess.run([find_exiftool(), "-ver"], check=True, capture_output=True)
    assert mark.exists(), "this exiftool would run it"
    mark.unlink()
    path = tmp_path / "photo.jpg"
    path.write_bytes(draw_jpeg())
    assert NEW in carry_out(path, draft_one(path, NEW))
    assert not mark.exists()
