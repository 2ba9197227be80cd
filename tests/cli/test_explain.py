from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import Result
from PIL import Image

from clearshot.catalog.catalog import Catalog
from clearshot.catalog.place import default_path
from clearshot.photo import Choice, Label
from clearshot.scoring.calibration import read_calibration
from clearshot.scoring.recalibration import Curve, Part, Recalibration, write_recalibration
from clearshot.scoring.tolerance import Tail, TailPair, digest_calibration
from cli.conftest import decide

Run = Callable[..., Result]


def test_picture_is_written_and_kept_without_force(run: Run, library: Path, tmp_path: Path) -> None:
    output = tmp_path / "why.png"
    result = run("explain", library / "blurred.jpg", "-o", output)
    assert result.exit_code == 0
    assert "blurry" in result.stdout
    with Image.open(output) as picture:
        assert picture.format == "PNG"
    before = output.read_bytes()
    again = run("explain", library / "clear.jpg", "-o", output)
    assert again.exit_code == 3
    assert "--force" in again.stderr
    assert output.read_bytes() == before
    assert run("explain", library / "clear.jpg", "-o", output, "--force", "-q").output == ""
    assert output.read_bytes() != before


def test_a_photo_is_never_replaced_by_a_picture(run: Run, library: Path, tmp_path: Path) -> None:
    photo = tmp_path / "mine.png"
    with Image.open(library / "clear.jpg") as picture:
        picture.save(photo)
    before = photo.read_bytes()
    result = run("explain", library / "blurred.jpg", "-o", photo, "--force")
    assert result.exit_code == 3
    assert photo.read_bytes() == before


def test_photo_that_cannot_be_read(run: Run, broken_photos: Path, tmp_path: Path) -> None:
    for name in ("a-empty.jpg", "c-truncated.jpg", "missing.jpg"):
        result = run("explain", broken_photos / name, "-o", tmp_path / "why.png")
        assert result.exit_code == 1
        assert name in result.stderr
    assert not (tmp_path / "why.png").exists()


def test_what_is_no_photo_is_refused_as_score_refuses_it(
    run: Run, library: Path, tmp_path: Path
) -> None:
    output = tmp_path / "why.png"
    missing = run("explain", tmp_path / "nothere", "-o", output)
    scored = run("score", tmp_path / "nothere")
    assert missing.exit_code == scored.exit_code == 3
    assert missing.stderr == scored.stderr
    folder = run("explain", library, "-o", output)
    assert folder.exit_code == 3
    assert "is a folder; name one photo" in folder.stderr
    assert not output.exists()


def test_photo_is_never_replaced(run: Run, library: Path, tmp_path: Path) -> None:
    for name, suffix in (("clear", ".png"), ("white", ".jpg")):
        photo = (library / f"{name}.jpg").rename(tmp_path / f"photo{suffix}")
        before = photo.read_bytes()
        assert run("explain", photo, "-o", photo, "--force").exit_code == 2
        assert photo.read_bytes() == before


def test_pixels_are_limited(run: Run, clear_photos: Path, tmp_path: Path) -> None:
    words = ("explain", clear_photos / "scene0.jpg", "-o", tmp_path / "why.png")
    result = run(*words, "--max-megapixels", "0.1")
    assert result.exit_code == 1
    assert "512 x 384 px is more than 100,000 pixels" in result.stderr
    assert run(*words).exit_code == 0


def calibrate(library: Path, catalog_path: Path | None = None) -> None:
    """Give a library a calibration by which every photo is blurry."""
    none = TailPair(Tail((), (), 0.0, is_bad=False), Tail((), (), 0.0, is_bad=True))
    curves = dict.fromkeys(Label, Curve()) | {Label.BLURRY: Curve(offset=60.0)}
    part = Part(curves, dict.fromkeys(Label, none))
    own = Recalibration(part, {}, digest_calibration(read_calibration()), "a test")
    with Catalog.open(library, path=catalog_path) as catalog:
        catalog.calibrations.add(write_recalibration(own))


def test_a_photo_is_judged_as_its_library_judges_it(
    run: Run, scanned_library: Path, tmp_path: Path
) -> None:
    photo, output = scanned_library / "clear.jpg", tmp_path / "why.png"
    calibrate(scanned_library)
    scanned = run("scan", scanned_library)
    assert "clear.jpg" in run("sort", scanned_library, "--to", tmp_path / "bad").stdout
    told = run("explain", photo, "-o", output)
    assert told.exit_code == 0
    assert f"{photo}: blurry" in told.stdout
    words = " ".join(told.stderr.split())
    assert f"Judged as in the library {scanned_library}." in words
    assert "By the calibration of" in words
    assert f"clearshot explain {scanned_library}" in scanned.stdout


@pytest.mark.parametrize(
    ("choice", "words"), [(Choice.KEEP, "kept by you"), (Choice.REJECT, "rejected by you")]
)
def test_what_the_owner_decided_is_told(
    run: Run, scanned_library: Path, tmp_path: Path, choice: Choice, words: str
) -> None:
    photo, output = scanned_library / "black.jpg", tmp_path / "why.png"
    assert f"{photo}: dark, blurry\n" in run("explain", photo, "-o", output).stdout
    undecided = output.read_bytes()
    decide(scanned_library, {"black.jpg": choice})
    told = run("explain", photo, "-o", output, "--force")
    assert f"{photo}: dark, blurry, {words}\n" in told.stdout
    assert output.read_bytes() != undecided


def test_what_the_owner_decided_about_a_shot_is_told_of_each_of_its_files(
    run: Run, scanned_library: Path, tmp_path: Path
) -> None:
    # Files are read by their content: this is a raw file by its name alone.
    raw = scanned_library / "black.NEF"
    shutil.copy(scanned_library / "clear.jpg", raw)
    decide(scanned_library, {"black.jpg": Choice.REJECT, "clear.jpg": Choice.KEEP})
    words = ("explain", raw, "-o", tmp_path / "why.png", "--force")
    assert f"{raw}: good\n" in run(*words).stdout, "no scan has seen that it belongs to the shot"
    assert run("scan", scanned_library, "--workers", "1").exit_code == 0
    assert f"{raw}: good, rejected by you\n" in run(*words).stdout


def test_a_photo_outside_of_a_library_is_judged_as_shipped(
    run: Run, scanned_library: Path, tmp_path: Path
) -> None:
    calibrate(scanned_library)
    photo = (scanned_library / "clear.jpg").rename(tmp_path / "clear.jpg")
    told = run("explain", photo, "-o", tmp_path / "why.png")
    assert f"{photo}: good" in told.stdout
    assert "library" not in told.stderr


def test_a_library_whose_catalog_is_elsewhere_is_named(
    run: Run, library: Path, tmp_path: Path
) -> None:
    kept = tmp_path / "kept.sqlite"
    assert run("scan", library, "--workers", "1", "--catalog", kept).exit_code == 0
    calibrate(library, kept)
    words = ("explain", library / "clear.jpg", "-o", tmp_path / "why.png", "--force")
    assert "clear.jpg: good" in run(*words).stdout
    assert "clear.jpg: blurry" in run(*words, "--catalog", kept).stdout
    other = (library / "white.jpg").rename(tmp_path / "white.jpg")
    outside = run("explain", other, "-o", tmp_path / "why.png", "--force", "--catalog", kept)
    assert outside.exit_code == 2
    assert "is not in the library of this catalog" in outside.stderr
    missing = run(*words, "--catalog", tmp_path / "none.sqlite")
    assert missing.exit_code == 4
    assert "there is no such catalog" in missing.stderr


def read_files(folder: Path) -> dict[Path, tuple[int, bytes]]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in files}


def test_nothing_is_written_into_the_library(
    run: Run, scanned_library: Path, tmp_path: Path
) -> None:
    calibrate(scanned_library)
    # As on a read-only disk: SQLite cannot make what it needs beside a write-ahead log.
    (default_path(scanned_library).with_name("catalog.sqlite-shm")).mkdir()
    before = read_files(scanned_library)
    photo = scanned_library / "clear.jpg"
    told = run("explain", photo, "-o", tmp_path / "why.png")
    assert told.exit_code == 0
    assert f"{photo}: blurry" in told.stdout
    assert read_files(scanned_library) == before


def test_a_scan_that_runs_does_not_hide_the_calibration(
    run: Run, scanned_library: Path, tmp_path: Path
) -> None:
    with Catalog.open(scanned_library) as catalog:
        calibrate(scanned_library)  # stays in the log for as long as the catalog is open
        assert catalog.path.with_name("catalog.sqlite-wal").stat().st_size
        told = run("explain", scanned_library / "clear.jpg", "-o", tmp_path / "why.png")
    assert "clear.jpg: blurry" in told.stdout


def damage(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content[:4096] + b"\xff" * (len(content) - 4096))


def make_older(path: Path) -> None:
    change(path, "DELETE FROM migrations WHERE name > '0006'")


def change_calibration(path: Path) -> None:
    change(path, "UPDATE calibrations SET content = 'no JSON'")


def change(path: Path, statement: str) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(statement)
        connection.commit()


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (damage, "the catalog is damaged"),
        (make_older, "written by an older clearshot"),
        (change_calibration, "is no calibration"),
    ],
)
def test_a_catalog_that_cannot_be_read_keeps_no_picture_back(
    spoil: Callable[[Path], None], why: str, run: Run, scanned_library: Path, tmp_path: Path
) -> None:
    calibrate(scanned_library)
    catalog, output = default_path(scanned_library), tmp_path / "why.png"
    spoil(catalog)
    before = read_files(scanned_library)
    words = ("explain", scanned_library / "clear.jpg", "-o", output)
    told = run(*words)
    assert told.exit_code == 0
    assert "clear.jpg: good" in told.stdout
    [line] = told.stderr.splitlines()
    assert line.startswith("Judged by the shipped calibration, not as in the library")
    assert why in line
    assert output.is_file()
    assert run(*words, "--force", "--catalog", catalog).exit_code in {3, 4}
    assert read_files(scanned_library) == before
