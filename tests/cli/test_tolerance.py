from __future__ import annotations

import json
from collections.abc import Callable
from importlib import resources
from pathlib import Path

import pytest
from click.testing import Result

from clearshot.catalog.catalog import Catalog
from clearshot.photo import Choice, Label
from clearshot.scoring.calibration import read_calibration
from clearshot.scoring.recalibration import LabelledScore, recalibrate, write_recalibration
from clearshot.scoring.tolerance import Tolerance, digest_calibration, parse_table
from cli.conftest import decide

Run = Callable[..., Result]


def test_scan_says_what_a_tolerance_does(run: Run, library: Path) -> None:
    result = run("scan", library, "--workers", "1", "--tolerance", "1%")
    assert result.exit_code == 0
    words = " ".join(result.stdout.split())
    assert "blurry: finds " in words
    assert "(at most 1 %, 90 % sure)" in words
    assert "kwentar" in words
    # The commands that it suggests repeat the tolerance.
    assert f"clearshot sort {library} --to {library}-bad --tolerance 1%" in words


def test_what_too_few_photos_cannot_bound_is_said(run: Run, scanned_library: Path) -> None:
    words = ["report", scanned_library, "--json", "-", "--tolerance", "2%"]
    usual, strict = run(*words), run(*words, "--miss", "0.1%")
    assert "(at most 5 %, 90 % sure), the others are unsure" in usual.stderr
    assert "too few were measured to keep 0.1 %: none is called good" in strict.stderr
    assert "good" not in {row["verdict"] for row in json.loads(strict.stdout)}
    hardly = run(*words[:-1], "0.01%")
    assert "too few were measured to keep 0.01 %: none is called bad" in hardly.stderr
    assert "bad" not in {row["verdict"] for row in json.loads(hardly.stdout)}


@pytest.mark.parametrize("command", ["report", "sort", "score", "explain"])
def test_every_command_that_judges_takes_a_tolerance(
    run: Run, scanned_library: Path, tmp_path: Path, command: str
) -> None:
    words: dict[str, list[str | Path]] = {
        "report": ["report", scanned_library, "--json", tmp_path / "report.json"],
        "sort": ["sort", scanned_library, "--to", tmp_path / "bad"],
        "score": ["score", scanned_library / "clear.jpg", "--workers", "1"],
        "explain": ["explain", scanned_library / "clear.jpg", "-o", tmp_path / "why.png"],
    }
    result = run(*words[command], "--tolerance", "2%", "--miss", "10%")
    assert result.exit_code == 0, result.output
    assert "at most 2 %" in result.output
    plain = run(*words[command], *(["--force"] if command in {"report", "explain"} else []))
    assert "at most" not in plain.output


def test_less_tolerance_never_calls_more_photos_bad(run: Run, scanned_library: Path) -> None:
    counts = []
    for share in ("20%", "5%", "1%", "0.01%"):
        result = run("report", scanned_library, "--json", "-", "--tolerance", share, "-q")
        rows = json.loads(result.stdout)
        counts.append(sum(row["verdict"] == "bad" for row in rows))
    assert counts == sorted(counts, reverse=True)
    assert counts[-1] == 0


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--tolerance", "1"], "write 1%"),
        (["--tolerance", "100%"], "is not a share"),
        (["--tolerance", "few"], "is not a share"),
        (["--tolerance", "0.5"], "could mean 0.5% and 50%; write the % sign"),
        (["--tolerance", "blurry=0.1"], "could mean 0.1% and 10%"),
        (["--miss", "0.25"], "could mean 0.25% and 25%"),
        (["--tolerance", "soft=1%"], "no label 'soft'"),
        (["--tolerance", "1%", "--tolerance", "2%"], "given twice"),
        (["--tolerance", "dark=1%", "--threshold", "dark=0.4"], "give one of them"),
        (["--tolerance", "0%"], "accept a share above 0 %"),
        (["--tolerance", "dark=0"], "accept a share above 0 %"),
        (["--tolerance", "nan"], "is not a share"),
        (["--tolerance", "nan%"], "is not a share"),
        (["--tolerance", "-0.5%"], "is not a share"),
        (["--tolerance", ""], "is not a share"),
        (["--miss", "-1%"], "is not a share"),
        (["--miss", "0%"], "not one bad photo passes as good; accept a share above 0 %"),
        (["--miss", "0"], "accept a share above 0 %"),
        (["--miss", "100%"], "is not a share"),
        (["--miss", "inf"], "is not a share"),
        (["--miss", "few"], "is not a share"),
        (["--threshold", "dark=0"], "above 0, at most 1"),
        (["--threshold", "dark=1.1"], "above 0, at most 1"),
        (["--threshold", "dark=nan"], "above 0, at most 1"),
        (["--threshold", "dark=-0.1"], "above 0, at most 1"),
        (["--threshold", "dark=half"], "is not LABEL=P"),
        (["--threshold", "dark"], "is not LABEL=P"),
        (["--threshold", "dark=0.4", "--threshold", "dark=0.5"], "given twice"),
        (["--timeout", "nan"], "is not a number above 0"),
        (["--timeout", "inf"], "is not a number above 0"),
        (["--timeout", "0"], "not in the range"),
        (["--max-megapixels", "nan"], "is not a number above 0"),
        (["--max-megapixels", "-5"], "not in the range"),
        (["--workers", "0"], "not in the range"),
    ],
)
def test_nonsense_is_refused(run: Run, library: Path, words: list[str], message: str) -> None:
    result = run("scan", library, *words)
    assert result.exit_code == 2
    assert message in " ".join(result.output.split())


def test_a_tolerance_for_all_goes_with_a_threshold_for_one(run: Run, library: Path) -> None:
    result = run("scan", library, "--workers", "1", "--tolerance", "1%", "--threshold", "dark=0.4")
    assert result.exit_code == 0
    assert "dark: finds" not in result.output
    words = "--tolerance blurry=1% --tolerance overexposed=1% --threshold dark=0.4"
    assert words in " ".join(result.output.split())


def test_unsure_photos_are_named_and_listed_first(run: Run, scanned_library: Path) -> None:
    result = run("scan", scanned_library, "--tolerance", "0.1%")
    assert "Look at these first" in result.output
    report = run("report", scanned_library, "--json", "-", "--tolerance", "0.1%", "--unsure-first")
    verdicts = [row["verdict"] for row in json.loads(report.stdout)]
    assert verdicts == sorted(verdicts, key=lambda word: word != "unsure")
    assert verdicts[0] == "unsure"
    page = run(
        "report", scanned_library, "--html", "-", "--threshold", "blurry=1", "--unsure-first"
    ).stdout
    assert page.index("<h2>Unsure") < page.index("<h2>Bad")


@pytest.mark.parametrize("choice", Choice)
def test_nobody_is_told_to_look_at_what_is_decided(
    run: Run, scanned_library: Path, choice: Choice
) -> None:
    report = ["report", scanned_library, "--json", "-", "--tolerance", "0.1%", "--unsure-first"]
    rows = json.loads(run(*report).stdout)
    unsure = [row["relative_path"] for row in rows if row["verdict"] == "unsure"]
    decide(scanned_library, {unsure[0]: choice})
    names = [row["relative_path"] for row in json.loads(run(*report).stdout)]
    assert names[: len(unsure) - 1] == unsure[1:]
    told = run("scan", scanned_library, "--tolerance", "0.1%").stdout
    assert f"{unsure[0]}: " not in told
    decide(scanned_library, dict.fromkeys(unsure, choice))
    assert "Look at these first" not in run("scan", scanned_library, "--tolerance", "0.1%").stdout


def test_a_plan_to_move_is_suggested_unless_all_are_kept(run: Run, scanned_library: Path) -> None:
    bad = ["black.jpg", "blurred.jpg", "white.jpg"]
    for choice in Choice:
        decide(scanned_library, dict.fromkeys(bad, choice))
        told = run("scan", scanned_library).stdout
        assert ("See why a photo is bad" in told) is (choice is Choice.REJECT)
        assert ("Plan to move the bad ones" in told) is (choice is Choice.REJECT)


def test_the_packaged_network_has_a_tolerance_also_by_its_name(run: Run, library: Path) -> None:
    words = ["score", library / "clear.jpg", "--tolerance", "1%"]
    named, usual = run(*words, "--network", "focus"), run(*words)
    assert named.exit_code == 0, named.stderr
    assert named.stdout == usual.stdout


def test_another_network_has_no_tolerance(run: Run, library: Path, tmp_path: Path) -> None:
    result = run("score", library, "--network", tmp_path, "--tolerance", "1%")
    assert result.exit_code == 2
    assert "--tolerance needs the packaged network" in result.stderr


def test_the_table_is_made_by_a_command(run: Run, spoilt_photos: Path, tmp_path: Path) -> None:
    weights = resources.files("clearshot") / "weights"
    for name in ("focus.onnx", "manifest.toml"):
        (tmp_path / name).write_bytes((weights / name).read_bytes())
    labels = {"clear": "clear", "blurred": "blurred", "black": "dark", "white": "overexposed"}
    rows = [f"{spoilt_photos / name}.jpg,{label}" for name, label in labels.items()]
    (tmp_path / "labels.csv").write_text("\n".join(["file,label", *rows]))
    result = run(
        "train", "tolerance", tmp_path / "labels.csv", "--network", tmp_path, "--workers", "1"
    )
    assert result.exit_code == 0, result.output
    table = parse_table((tmp_path / "tolerance.toml").read_text(), read_calibration())
    assert table.pairs[Label.BLURRY].good.num_scenes == 1


def test_cameras_with_limits_of_their_own_are_named(run: Run, scanned_library: Path) -> None:
    logits = [-5.0 - i / 100 for i in range(80)]
    own = recalibrate(
        [LabelledScore(dict.fromkeys(Label, each), None, "EOS\x1b 6D") for each in logits],
        tolerances=dict.fromkeys(Label, Tolerance()),
        made_for=digest_calibration(read_calibration()),
        origin="test",
    )
    with Catalog.open(scanned_library) as catalog:
        catalog.calibrations.add(write_recalibration(own))
    told = " ".join(run("report", scanned_library, "--csv", "-").stderr.split())
    assert "Photos of EOS\\x1b 6D have limits of their own: they may differ from this." in told
