"""Other programs read back every property that is written."""

from __future__ import annotations

import json
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from clearshot.sidecars.marks import Marks, merge_marks
from clearshot.sidecars.packet import Packet
from sidecars.programs import ALL
from sidecars.test_marks import BAD

if TYPE_CHECKING:
    from pathlib import Path

CONTENTS = {"new": None, **ALL}


@pytest.fixture(params=CONTENTS)
def sidecar(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A sidecar with clearshot's marks in it, new or from another program."""
    content = merge_marks(CONTENTS[request.param], BAD, overwrites=True).content
    assert content is not None
    path = tmp_path / "IMG.xmp"
    path.write_bytes(content)
    return path


def run_client(name: str, *arguments: str | Path) -> str:
    program = shutil.which(name)
    if program is None:
        pytest.skip(f"{name} is not installed")
    command = [program, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def test_exiftool_reads_everything(sidecar: Path) -> None:
    text = run_client("exiftool", "-j", "-G1", "-a", "-struct", sidecar)
    (tags,) = json.loads(text)
    assert "ExifTool:Warning" not in tags
    assert tags["XMP-xmp:Rating"] == -1
    assert tags["XMP-xmp:Label"] == "Red"
    assert tags["XMP-digiKam:PickLabel"] == 1
    assert tags["XMP-digiKam:ColorLabel"] == 1
    for name, word in (
        ("XMP-dc:Subject", "clearshot|dark"),
        ("XMP-lr:HierarchicalSubject", "clearshot|dark"),
        ("XMP-digiKam:TagsList", "clearshot/dark"),
    ):
        value = tags[name]
        assert word in (value if isinstance(value, list) else [value])


def test_exiv2_reads_everything(sidecar: Path) -> None:
    text = run_client("exiv2", "-PXkt", "pr", sidecar)
    values: dict[str, str] = dict(
        line.split(maxsplit=1) for line in text.splitlines() if len(line.split(maxsplit=1)) == 2
    )
    assert values["Xmp.xmp.Rating"] == "-1"
    assert values["Xmp.xmp.Label"] == "Red"
    assert values["Xmp.digiKam.PickLabel"] == "1"
    assert values["Xmp.digiKam.ColorLabel"] == "1"
    assert "clearshot|dark" in values["Xmp.dc.subject"].split(", ")
    assert "clearshot|dark" in values["Xmp.lr.hierarchicalSubject"].split(", ")
    assert "clearshot/dark" in values["Xmp.digiKam.TagsList"].split(", ")


@pytest.mark.parametrize("program", ALL)
def test_nothing_of_others_is_lost_to_exiftool(tmp_path: Path, program: str) -> None:
    before, after = tmp_path / "before.xmp", tmp_path / "after.xmp"
    before.write_bytes(ALL[program])
    content = merge_marks(ALL[program], BAD).content
    assert content is not None
    after.write_bytes(content)
    olds, news = (
        json.loads(run_client("exiftool", "-j", "-G1", "-a", "-struct", "-XMP:all", path))[0]
        for path in (before, after)
    )
    for name, value in olds.items():
        if name in {"SourceFile", "XMP-xmp:Rating", "XMP-digiKam:ColorLabel"}:
            continue
        kept = news[name] if isinstance(news[name], list) else [news[name]]
        assert all(item in kept for item in (value if isinstance(value, list) else [value])), name


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("exiftool", ["-q", "-overwrite_original", "-XMP-xmp:Nickname=Oma", "-XMP-xmp:Rating=4"]),
        ("exiv2", ["-M", "set Xmp.xmp.Nickname Oma", "-M", "set Xmp.xmp.Rating 4", "modify"]),
    ],
)
@pytest.mark.parametrize("program", ["new", "darktable", "lightroom"])
def test_notes_survive_a_program_that_writes_the_sidecar_anew(
    tmp_path: Path, name: str, arguments: list[str], program: str
) -> None:
    """What the user set there stays, what clearshot wrote goes."""
    content = merge_marks(CONTENTS[program], BAD, overwrites=True).content
    assert content is not None
    path = tmp_path / "IMG.xmp"
    path.write_bytes(content)
    run_client(name, *arguments, path)
    again = merge_marks(path.read_bytes(), BAD)
    assert again.kept == ("xmp:Rating 4",)
    cleaned = merge_marks(path.read_bytes(), Marks()).content
    assert cleaned is not None
    values = Packet(cleaned).read_all()
    assert values.pop("xmp:Nickname") == ("Oma",)
    assert values.pop("xmp:Rating") == ("4",)
    original = {} if CONTENTS[program] is None else Packet(ALL[program]).read_all()
    # exiftool drops lists that are empty.
    empty = {"darktable:masks_history"}
    assert values.keys() - empty == original.keys() - empty - {"xmp:Rating"}
    for key in ("dc:subject", "xmp:Label", "crs:Exposure2012", "darktable:xmp_version"):
        assert values.get(key) == original.get(key)
