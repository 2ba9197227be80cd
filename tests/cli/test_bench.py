from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from typing import IO, TYPE_CHECKING

import pytest
from click.testing import CliRunner
from PIL import Image

from clearshot.bench import photos
from clearshot.cli.bench import _RACERS
from clearshot.cli.main import cli

if TYPE_CHECKING:
    from pathlib import Path


def test_choices_are_those_of_the_library() -> None:
    from clearshot.bench.racers import RACERS

    assert list(_RACERS) == list(RACERS)


def test_table_plot_and_a_last_line_of_json(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(photos.SIZES_PX, 24, (800, 600))
    plot = tmp_path / "speed.png"
    words = ["bench", "--photos", "3", "--workers", "1", "--only", "clearshot"]
    words += ["--folder", str(tmp_path / "kept"), "--plot", str(plot)]
    result = CliRunner().invoke(cli, words)
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    assert lines[0].startswith("3 JPEG of 24 MP")
    bare, own = json.loads(lines[-1])
    assert (bare["racer"], own["racer"]) == ("bare decode", "clearshot")
    assert bare["times_bare_decode"] == 1.0
    assert own["times_bare_decode"] == pytest.approx(own["seconds"] / bare["seconds"], abs=1e-3)
    assert plot.read_bytes().startswith(b"\x89PNG")
    assert len(list((tmp_path / "kept" / "24mp-3").iterdir())) == 3
    assert CliRunner().invoke(cli, words).exit_code == 3
    assert CliRunner().invoke(cli, [*words, "--force"]).exit_code == 0


def test_previews_are_raced_beside_the_same_photos_without(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(photos.SIZES_PX, 24, (1920, 1280))
    words = ["bench", "--photos", "1", "--workers", "1", "--only", "bare decode", "--previews"]
    result = CliRunner().invoke(cli, [*words, "--folder", str(tmp_path)])
    assert result.exit_code == 0, result.output
    laps = json.loads(result.stdout.splitlines()[-1])
    assert [(lap["racer"], lap["has_previews"]) for lap in laps] == [
        ("bare decode", False),
        ("clearshot", False),
        ("clearshot", True),
    ]
    assert "times as fast (1 process)." in result.stdout
    whole, preview = (tmp_path / name / "0000.jpg" for name in ("24mp-1", "24mp-1-previews"))
    with Image.open(whole) as one, Image.open(preview) as other:
        assert one.tobytes() == other.tobytes()
        assert [getattr(image, "n_frames", 1) for image in (one, other)] == [1, 2]


def test_a_missing_extra_is_named_before_photos_are_drawn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("clearshot.bench.racers.find_spec", lambda _: None)
    words = ["bench", "--photos", "1", "--folder", str(tmp_path / "kept")]
    result = CliRunner().invoke(cli, words)
    assert result.exit_code == 7
    assert "pip install 'clearshot[bench]'" in result.stderr
    assert not (tmp_path / "kept").exists()


@pytest.mark.parametrize(
    ("name", "words", "code"),
    [("photo.png", [], 3), ("photo.png", ["--force"], 3), ("plot.txt", [], 2), ("plot.jpg", [], 2)],
)
def test_a_plot_replaces_no_photo(tmp_path: Path, name: str, words: list[str], code: int) -> None:
    photo = tmp_path / "photo.png"
    Image.new("L", (64, 64)).save(photo)
    before = photo.read_bytes()
    result = CliRunner().invoke(cli, ["bench", "--plot", str(tmp_path / name), *words])
    assert result.exit_code == code, result.output
    assert photo.read_bytes() == before


def test_a_plot_that_cannot_be_written_is_refused_before_the_race(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.access", lambda path, _mode: path != tmp_path)
    words = ["--folder", str(tmp_path / "kept"), "--plot", str(tmp_path / "plot.png")]
    result = CliRunner().invoke(cli, ["bench", "--only", "clearshot", *words])
    assert result.exit_code == 3
    assert "cannot be written" in result.stderr
    assert not (tmp_path / "kept").exists()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no named pipes")
def test_a_race_that_is_terminated_leaves_nothing_behind(tmp_path: Path) -> None:
    scratch, photo = tmp_path / "scratch", tmp_path / "kept" / "24mp-1" / "0000.jpg"
    photo.parent.mkdir(parents=True)
    scratch.mkdir()
    os.mkfifo(photo)
    words = ["bench", "--photos", "1", "--workers", "1", "--only", "clearshot"]
    command = [sys.executable, "-m", "clearshot", *words, "--folder", str(tmp_path / "kept")]
    environment = {**os.environ, "TMPDIR": str(scratch)}
    with subprocess.Popen(command, stderr=subprocess.DEVNULL, env=environment) as program:
        with photo.open("wb") as pipe:  # opens when the program does: it reads all before the race
            os.mkfifo(tmp_path / "next")
            (tmp_path / "next").replace(photo)
            pipe.write(b"no photo")
        with photo.open("wb", buffering=0) as pipe:  # opens when the bare decoder does
            program.terminate()
            assert program.wait(60) == 128 + signal.SIGTERM
            assert list(scratch.iterdir()) == []
            # Nobody reads on: the lap has ended, too.
            with pytest.raises(BrokenPipeError):
                write_on(pipe, seconds=60)


def write_on(pipe: IO[bytes], *, seconds: float) -> None:
    """Write now and then, for some time."""
    for _ in range(round(10 * seconds)):
        pipe.write(b"-")
        time.sleep(0.1)
