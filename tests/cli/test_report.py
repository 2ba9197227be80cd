from __future__ import annotations

import csv
import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result
from PIL import Image

from clearshot.catalog.catalog import Catalog
from clearshot.photo import Choice, Decision
from clearshot.report import REPORT_FIELDS
from cli.conftest import run_program
from conftest import draw_scene

Run = Callable[..., Result]


def test_csv_and_json_tell_the_same(run: Run, scanned_library: Path, tmp_path: Path) -> None:
    outputs = [tmp_path / "r.csv", tmp_path / "r.json"]
    result = run("report", scanned_library, "--csv", outputs[0], "--json", outputs[1])
    assert result.exit_code == 0
    table = list(csv.DictReader(outputs[0].read_text("utf-8").splitlines()))
    rows = json.loads(outputs[1].read_text("utf-8"))
    assert tuple(table[0]) == tuple(rows[0]) == REPORT_FIELDS
    assert [row["relative_path"] for row in table] == [row["relative_path"] for row in rows]
    assert [row["verdict"] for row in table] == [row["verdict"] for row in rows]


def test_standard_output_holds_only_the_report(run: Run, scanned_library: Path) -> None:
    result = run("report", scanned_library, "--json", "-")
    assert len(json.loads(result.stdout)) == 4
    assert result.stderr == ""


def test_existing_file_is_kept_without_force(
    run: Run, scanned_library: Path, tmp_path: Path
) -> None:
    output = tmp_path / "report.csv"
    output.write_text("mine")
    assert run("report", scanned_library, "--csv", output).exit_code == 3
    assert output.read_text() == "mine"
    assert run("report", scanned_library, "--csv", output, "--force").exit_code == 0
    assert output.read_text().startswith("path,verdict,")


@pytest.mark.parametrize("option", ["--html", "--csv", "--json"])
def test_a_photo_is_never_replaced(run: Run, scanned_library: Path, option: str) -> None:
    photo = scanned_library / "clear.jpg"
    before = photo.read_bytes()
    result = run("report", scanned_library, option, photo, "--force")
    assert result.exit_code == 3
    assert "is a photo, which is never replaced" in result.stderr
    raw = scanned_library / "raw.NEF"
    raw.write_bytes(b"what no reader knows")
    assert run("report", scanned_library, option, raw, "--force").exit_code == 3
    assert (photo.read_bytes(), raw.read_bytes()) == (before, b"what no reader knows")


def test_a_pipe_is_not_replaced_by_a_file(run: Run, scanned_library: Path, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    result = run("report", scanned_library, "--csv", pipe, "--force")
    assert result.exit_code == 3
    assert "is a pipe or a device; name a file" in result.stderr
    assert pipe.is_fifo()


def test_two_outputs_do_not_mix(run: Run, scanned_library: Path, tmp_path: Path) -> None:
    for place in ("-", tmp_path / "r.out"):
        result = run("report", scanned_library, "--csv", place, "--json", place)
        assert result.exit_code == 2
        assert result.stdout == ""
    assert not (tmp_path / "r.out").exists()


@pytest.mark.parametrize("text", ["verdict=unsurely", "verdict=oo", "verdict=", "labels=blur"])
def test_a_slip_of_the_pen_is_no_empty_report(run: Run, scanned_library: Path, text: str) -> None:
    result = run("report", scanned_library, "--csv", "-", "--where", text)
    assert result.exit_code == 2
    assert "expected" in result.stderr


def test_filters_that_exclude_each_other_are_no_riddle(run: Run, scanned_library: Path) -> None:
    words = ("--where", "verdict=bad", "--where", "verdict=unsure")
    result = run("report", scanned_library, "--csv", "-", *words)
    assert result.exit_code == 0
    assert result.stdout.count("\n") == 1
    assert result.stderr == "no photo has `verdict=bad` and `verdict=unsure`\n"
    assert run("report", scanned_library, "--csv", "-", *words[:2]).stderr == ""


def test_output_must_be_named_and_possible(run: Run, scanned_library: Path, tmp_path: Path) -> None:
    assert run("report", scanned_library).exit_code == 2
    assert run("report", scanned_library, "--csv", tmp_path).exit_code == 3
    assert run("report", scanned_library, "--csv", tmp_path / "no" / "r.csv").exit_code == 3


def test_folder_that_was_not_scanned(run: Run, library: Path) -> None:
    assert run("report", library, "--csv", "-").exit_code == 4


@pytest.fixture(scope="module")
def library_of_two_cameras(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A scanned library that no test changes."""
    folder = tmp_path_factory.mktemp("cameras")
    for number, (camera, time) in enumerate((("EOS 6D", "2024:05"), ("X100", "2023:01"))):
        exif = Image.Exif()
        exif[0x0110] = camera
        exif.get_ifd(0x8769)[0x9003] = f"{time}:01 10:00:00"
        Image.fromarray(draw_scene(number)).save(folder / f"{number}.jpg", exif=exif)
    (folder / "0.cr2").write_text("the same shot")
    result = run_program("scan", folder, "--workers", "1")
    assert "; 1 shot with a raw or HEIC file beside the judged picture" in result.stdout
    return folder


@pytest.mark.parametrize(
    ("options", "names"),
    [
        ((), ["0.jpg", "1.jpg"]),
        (("--where", "camera=eos"), ["0.jpg"]),
        (("--where", "camera=X", "--where", "taken_at=2023-01"), ["1.jpg"]),
        (("--where", "camera=X", "--where", "taken_at=2024"), []),
        (("--where", "lens=50"), []),
        (("--where", "camera=no such camera"), []),
        (("--where", "camera="), ["0.jpg", "1.jpg"]),
        (("--where", "reader=jpeg"), ["0.jpg", "1.jpg"]),
    ],
)
def test_photos_are_chosen_by_what_the_camera_wrote(
    run: Run, library_of_two_cameras: Path, options: tuple[str, ...], names: list[str]
) -> None:
    rows = json.loads(run("report", library_of_two_cameras, "--json", "-", *options).stdout)
    assert [row["relative_path"] for row in rows] == names


def test_facts_and_companions_are_in_the_report(run: Run, library_of_two_cameras: Path) -> None:
    row, _ = json.loads(run("report", library_of_two_cameras, "--json", "-").stdout)
    assert row["companions"] == ["0.cr2"]
    assert (row["camera"], row["reader"]) == ("EOS 6D", "JPEG")
    assert row["taken_at"] == "2024-05-01T10:00:00"
    assert row["lens"] is row["iso"] is row["focus_point"] is None
    table = run("report", library_of_two_cameras, "--csv", "-").stdout.splitlines()
    assert table[1].endswith(",0.jpg,0.cr2,JPEG,EOS 6D,,,,,2024-05-01T10:00:00,,")


@pytest.mark.parametrize("wrong", ["camera", "reasons=blurred", "=x"])
def test_filters_are_checked(run: Run, scanned_library: Path, wrong: str) -> None:
    result = run("report", scanned_library, "--json", "-", "--where", wrong)
    assert result.exit_code == 2
    assert "is not FIELD=TEXT with one of verdict, labels, camera, lens" in result.stderr


def test_html_has_pictures_of_the_bad_photos(
    run: Run, scanned_library: Path, tmp_path: Path
) -> None:
    output = tmp_path / "report.html"
    result = run("report", scanned_library, "--html", output)
    assert result.exit_code == 0
    assert "4 photos written to" in result.stderr
    page = output.read_text("utf-8")
    table = run("report", scanned_library, "--json", "-").stdout
    num_shown = sum(row["verdict"] in {"bad", "unsure"} for row in json.loads(table))
    assert num_shown > 0
    assert page.count("<img") == num_shown
    assert run("report", scanned_library, "--html", output).exit_code == 3


def test_html_says_what_is_shown_and_by_which_thresholds(
    run: Run, scanned_library: Path, tmp_path: Path
) -> None:
    output = tmp_path / "report.html"
    words = ("--where", "verdict=bad", "--threshold", "blurry=0.4", "--html", output)
    assert run("report", scanned_library, *words).exit_code == 0
    page = output.read_text("utf-8")
    assert "Only photos with <code>verdict=bad</code>; the others are not counted." in page
    assert "Judged with <code>--threshold blurry=0.4</code>." in page
    assert 'alt=""' not in page


def test_decisions_of_the_review_are_reported(
    run: Run, scanned_library: Path, tmp_path: Path
) -> None:
    with Catalog.open(scanned_library) as catalog:
        numbers = catalog.decisions.list_numbers()
        decided = {"black.jpg": Decision(Choice.KEEP), "clear.jpg": Decision(Choice.REJECT)}
        decided["white.jpg"] = Decision(stars=3)
        catalog.decisions.write({numbers[scanned_library / n]: d for n, d in decided.items()})
    outputs = [tmp_path / name for name in ("r.csv", "r.json", "r.html")]
    words = [w for pair in zip(("--csv", "--json", "--html"), outputs, strict=True) for w in pair]
    assert run("report", scanned_library, *words).exit_code == 0
    rows = json.loads(outputs[1].read_text("utf-8"))
    expected = {"black.jpg": "keep", "blurred.jpg": None, "clear.jpg": "reject", "white.jpg": None}
    assert {row["relative_path"]: row["decision"] for row in rows} == expected
    table = csv.DictReader(outputs[0].read_text("utf-8").splitlines())
    assert [row["decision"] for row in table] == ["keep", "", "reject", ""]
    page = outputs[2].read_text("utf-8")
    assert "<b>kept by you</b> black.jpg" in page
    assert "decision" not in json.loads(run("score", scanned_library / "clear.jpg").stdout)


@pytest.mark.parametrize("name", ["clear.xmp", "clear.MOV", ".clearshot/catalog.sqlite"])
def test_what_belongs_to_photos_is_never_replaced(
    run: Run, scanned_library: Path, name: str
) -> None:
    path = scanned_library / name
    if not path.exists():
        path.write_bytes(b"<x:xmpmeta/>")
    before = path.read_bytes()
    result = run("report", scanned_library, "--csv", path, "--force")
    assert result.exit_code == 3
    assert "belongs to photos and is never replaced" in result.stderr
    assert path.read_bytes() == before
