from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from clearshot.catalog.catalog import Catalog
from clearshot.photo import Choice, Label
from clearshot.scoring.recalibration import parse_recalibration
from clearshot.terminal import to_command
from cli.conftest import decide

Run = Callable[..., Result]


@pytest.fixture
def labels(scanned_library: Path) -> Path:
    """A CSV that labels the photos of `scanned_library`."""
    rows = ["file,label"]
    rows += [
        f"library/{name}.jpg,{label}"
        for name, label in (
            ("clear", "clear"),
            ("blurred", "blurred"),
            ("black", "dark"),
            ("white", "overexposed"),
        )
    ]
    path = scanned_library.parent / "labels-of-mine.csv"
    path.write_text("\n".join(rows) + "\n")
    return path


def decide_all(library: Path) -> None:
    """Keep the clear photo of `scanned_library` and reject the others."""
    bad = {"black.jpg", "white.jpg", "blurred.jpg"}
    decide(library, {"clear.jpg": Choice.KEEP, **dict.fromkeys(bad, Choice.REJECT)})


def test_calibration_is_kept_used_listed_and_taken_back(
    run: Run, scanned_library: Path, labels: Path
) -> None:
    done = run("calibrate", labels, "--library", scanned_library, "--tolerance", "2%")
    assert done.exit_code == 0, done.output
    assert "Kept as version 1" in done.stdout
    assert "Too few for 2 %" in done.stdout
    assert "113 more good photos" in done.stdout  # 114 keep 2 % with 90 %

    used = run("scan", scanned_library, "--workers", "1")
    assert "By the calibration of " in used.stdout
    assert "at most 2 %" in used.stdout
    for words in (
        ["sort", scanned_library, "--to", labels.parent / "bad"],
        ["report", scanned_library, "--csv", "-"],
    ):
        assert "version 1" in run(*words).stderr

    assert "in use" in run("calibrate", scanned_library, "--list").stdout
    gone = run("calibrate", scanned_library, "--undo")
    assert "in use: the shipped thresholds" in gone.stdout
    assert "taken back" in run("calibrate", scanned_library, "--list").stdout
    assert "By the calibration" not in run("scan", scanned_library, "--workers", "1").stdout
    assert run("calibrate", scanned_library, "--undo").exit_code == 3


def test_another_tolerance_needs_no_new_calibration(
    run: Run, scanned_library: Path, labels: Path
) -> None:
    run("calibrate", labels, "--library", scanned_library)
    other = run("scan", scanned_library, "--workers", "1", "--tolerance", "5%")
    assert "version 1" in other.stdout
    assert "at most 5 %" in other.stdout
    by_hand = [
        word
        for label in ("blurry", "dark", "overexposed")
        for word in ("--threshold", f"{label}=0.7")
    ]
    assert "at most" not in run("scan", scanned_library, "--workers", "1", *by_hand).stdout


def test_calibration_travels_as_a_file(
    run: Run, scanned_library: Path, labels: Path, tmp_path: Path
) -> None:
    out = tmp_path / "mine.json"
    assert run("calibrate", labels, "--library", scanned_library).exit_code == 0
    assert run("calibrate", scanned_library, "--export", out).exit_code == 0
    other = Path(shutil.copytree(scanned_library, tmp_path / "other"))
    shutil.rmtree(other / ".clearshot")
    assert run("calibrate", out, "--library", other).exit_code == 0
    with Catalog.open(other) as catalog:
        kept = catalog.calibrations.read_current()
    assert kept is not None
    assert kept.content == out.read_text()
    assert "/" not in kept.content  # no path

    assert run("calibrate", out).exit_code == 2
    assert run("calibrate", scanned_library, "--export", out).exit_code == 3
    record = json.loads(out.read_text())
    (tmp_path / "old.json").write_text(json.dumps(record | {"made_for": "another"}))
    refused = run("calibrate", tmp_path / "old.json", "--library", other)
    assert refused.exit_code == 3
    assert "another network" in refused.stderr


def test_calibration_for_another_network_is_not_used(
    run: Run, scanned_library: Path, labels: Path
) -> None:
    run("calibrate", labels, "--library", scanned_library)
    with Catalog.open(scanned_library) as catalog:
        kept = catalog.calibrations.read_current()
        assert kept is not None
        catalog.calibrations.add(json.dumps(json.loads(kept.content) | {"made_for": "another"}))
    result = run("scan", scanned_library, "--workers", "1")
    assert "is not used" in result.stdout
    assert "at most" not in result.stdout


def test_without_a_library_nothing_is_kept(run: Run, labels: Path, scanned_library: Path) -> None:
    result = run("calibrate", labels)
    assert result.exit_code == 0
    assert "Nothing was kept" in result.stdout
    with Catalog.open(scanned_library) as catalog:
        assert catalog.calibrations.list_all() == []


@pytest.mark.parametrize(
    ("words", "exit_code", "message"),
    [
        (["--from-decisions"], 3, "you have not decided about any photo yet"),
        (["--list", "--undo"], 2, "give only one of"),
        (["--undo"], 3, "no calibration to take back"),
    ],
)
def test_what_cannot_be_done_is_said(
    run: Run, scanned_library: Path, words: list[str], exit_code: int, message: str
) -> None:
    result = run("calibrate", scanned_library, *words)
    assert result.exit_code == exit_code
    assert message in result.stderr


def test_nobody_can_promise_to_lose_nothing(run: Run, labels: Path) -> None:
    result = run("calibrate", labels, "--tolerance", "0%")
    assert result.exit_code == 2
    assert "accept a share above 0 %" in result.stderr


def test_decisions_of_the_review_calibrate(run: Run, scanned_library: Path) -> None:
    decide_all(scanned_library)
    result = run("calibrate", scanned_library, "--from-decisions", "--tolerance", "5%")
    assert result.exit_code == 0, result.output
    assert "4 decisions" in result.stdout
    # A rejected photo counts for the label that it most looks like.
    assert "blurry: 1 good, 1 bad" in result.stdout
    assert "dark: 1 good, 1 bad" in result.stdout


def test_decisions_about_the_worst_photos_alone_are_named_no_sample(
    run: Run, scanned_library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    decide(scanned_library, {"blurred.jpg": Choice.REJECT})
    words = ["calibrate", scanned_library, "--from-decisions"]
    assert "not a random sample" not in run(*words).stderr  # one photo shows nothing
    monkeypatch.setattr("clearshot.owner._FALSE_ALARM", 5.0)
    result = run(*words)
    assert result.exit_code == 0
    assert "not a random sample: their scores differ" in result.stderr
    command = to_command("clearshot", "audit", scanned_library, "--whole", "--csv", "OUT")
    assert command in result.stderr


def test_sorting_takes_no_decision_out_of_a_calibration(run: Run, scanned_library: Path) -> None:
    decide_all(scanned_library)
    before = run("calibrate", scanned_library, "--from-decisions").stdout
    run("sort", scanned_library, "--to", scanned_library.parent / "sorted", "--apply")
    assert not (scanned_library / "black.jpg").exists()
    after = run("calibrate", scanned_library, "--from-decisions")
    assert after.exit_code == 0
    assert "left out" not in after.stderr
    assert after.stdout.replace("version 2", "version 1") == before


def test_a_labelled_folder_that_is_a_library_too_is_calibrated_on(
    run: Run, scanned_library: Path
) -> None:
    folder = scanned_library.parent / "mine"
    for name, label in (("clear", "clear"), ("blurred", "blurry")):
        (folder / label).mkdir(parents=True)
        shutil.copy(scanned_library / f"{name}.jpg", folder / label)
    run("scan", folder, "--workers", "1")
    out = folder.parent / "exported"  # a name without an ending is read back, too
    assert run("calibrate", folder, "--export", out).exit_code == 0
    assert "2 labelled photos of mine" in parse_recalibration(out.read_text()).origin
    assert run("calibrate", out, "--library", scanned_library).exit_code == 0
    assert "2 labelled photos of mine" in run("calibrate", scanned_library, "--list").stdout


def test_a_file_takes_a_tolerance_and_is_written_with_it(
    run: Run, scanned_library: Path, labels: Path, tmp_path: Path
) -> None:
    source, out = tmp_path / "mine.json", tmp_path / "changed.json"
    assert run("calibrate", labels, "--export", source, "--tolerance", "2%").exit_code == 0
    words = ["calibrate", source, "--library", scanned_library, "--export", out]
    assert run(*words, "--tolerance", "dark=7%").exit_code == 0
    with Catalog.open(scanned_library) as catalog:
        kept = catalog.calibrations.read_current()
    assert kept is not None
    assert kept.content == out.read_text()
    tolerances = parse_recalibration(kept.content).tolerances
    shares = {label.value: tolerance.lost for label, tolerance in tolerances.items()}
    assert shares == {"blurry": 0.02, "dark": 0.07, "overexposed": 0.02}
    assert parse_recalibration(source.read_text()).tolerances[Label.DARK].lost == 0.02


def test_a_catalog_elsewhere_is_exported_and_named(
    run: Run, scanned_library: Path, labels: Path, tmp_path: Path
) -> None:
    (scanned_library / ".clearshot" / "catalog.sqlite").rename(tmp_path / "c.sqlite")
    (scanned_library / ".clearshot").rename(tmp_path / "gone")
    options, out = ["--catalog", tmp_path / "c.sqlite"], tmp_path / "mine.json"
    done = run("calibrate", labels, "--library", scanned_library, *options)
    assert done.exit_code == 0, done.output
    line = f"clearshot calibrate {scanned_library} --undo --catalog {tmp_path / 'c.sqlite'}"
    assert line in done.stdout
    exported = run("calibrate", scanned_library, "--export", out, *options)
    assert exported.exit_code == 0, exported.output
    again = run("calibrate", scanned_library, "--export", out, *options)
    assert again.exit_code == 3
    assert "exists already; name another file" in again.stderr
    assert run("calibrate", scanned_library, "--undo", *options).exit_code == 0


@pytest.mark.parametrize(
    "words",
    [
        ["{library}", "--from-decisions", "--library", "{library}"],
        ["{library}", "--undo", "--export", "out.json"],
        ["{library}", "--list", "--library", "{library}"],
        ["calibration.json", "--from-decisions"],
    ],
)
def test_options_that_would_have_no_effect_are_refused(
    run: Run, scanned_library: Path, words: list[str]
) -> None:
    result = run("calibrate", *(word.format(library=scanned_library) for word in words))
    assert result.exit_code == 2


def test_photos_that_fail_are_named_and_exit_1(
    run: Run, labels: Path, scanned_library: Path
) -> None:
    broken = scanned_library / "broken.jpg"
    broken.write_bytes(b"no picture")
    labels.write_text(labels.read_text() + "library/broken.jpg,dark\n")
    result = run("calibrate", labels)
    assert result.exit_code == 1
    assert str(broken) in result.stderr


def test_an_export_to_stdout_is_nothing_else(run: Run, labels: Path) -> None:
    result = run("calibrate", labels, "--export", "-")
    assert result.exit_code == 0
    json.loads(result.stdout)


def test_a_name_cannot_command_the_terminal(run: Run, labels: Path, scanned_library: Path) -> None:
    odd = labels.rename(labels.with_name("odd\x1b[31m.csv"))
    results = [
        run("calibrate", odd, "--library", scanned_library),
        run("calibrate", scanned_library, "--list"),
        run("scan", scanned_library, "--workers", "1"),
        run("report", scanned_library, "--csv", "-"),
    ]
    assert all(result.exit_code == 0 for result in results)
    assert not any("\x1b[31m" in result.stdout + result.stderr for result in results)
