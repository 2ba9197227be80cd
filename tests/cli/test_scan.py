from __future__ import annotations

import errno
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import pytest
from click.testing import Result

from clearshot.actions.apply import apply_plan
from clearshot.actions.plan import Outcome, Plan
from clearshot.cli.review import suggest_target
from clearshot.cli.scan import count_results
from clearshot.photo import BlurKind, Choice, Label, Rating, Region, Verdict
from cli.conftest import decide

Run = Callable[..., Result]


def read_counts(stdout: str) -> dict[str, int]:
    return {name: int(num) for name, num in re.findall(r"^ *(\w+) +(\d+) +\S+ %", stdout, re.M)}


def test_summary_counts_every_photo_once(run: Run, library: Path) -> None:
    result = run("scan", library, "--workers", "1")
    assert result.exit_code == 0
    first = result.stdout.splitlines()[0]
    assert first.startswith(f"{library}: 4 new; scored in ")
    assert re.search(r"photos/s, [\d.]+ [kM]?B/s\)$", first)
    counts = read_counts(result.stdout)
    # The black one is blurry, too.
    assert counts == {
        "good": 1, "unsure": 0, "bad": 3, "blurry": 2, "dark": 1, "overexposed": 1,
    }  # fmt: skip


def test_kinds_of_blur_add_up_to_the_blurry_photos() -> None:
    def make_verdict(kind: BlurKind, *labels: Label) -> Verdict:
        region = Region(0, 0, 9, 9)
        return Verdict(Rating.BAD, labels, 0.9, 0.9, 0.0, kind, 0.1, region, ("because",))

    verdicts = [
        make_verdict(BlurKind.MOTION, Label.BLURRY),
        make_verdict(BlurKind.DEFOCUS, Label.BLURRY, Label.DARK),
        make_verdict(BlurKind.MOTION, Label.DARK, Label.BLURRY),
    ]
    rows = {name: (num, remark) for name, num, remark in count_results(list(verdicts))}
    assert rows["blurry"] == (3, "1 by defocus, 2 by motion; 1 with a worse label")
    assert rows["dark"] == (2, "1 with a worse label")
    assert rows["bad"][0] == 3


def test_what_a_label_counts_without_the_worse_ones_is_what_its_folder_gets(
    run: Run, scanned_library: Path, tmp_path: Path
) -> None:
    told = run("scan", scanned_library).stdout
    assert "Plan to move the bad ones, each by its worst label:" in told
    planned = run("sort", scanned_library, "--to", tmp_path / "bad").stdout
    for label, num in read_counts(told).items():
        if label in set(Label):
            line = re.search(rf"^ *{label} .*$", told, re.M)
            assert line is not None
            worse = re.search(r"(\d+) with a worse label", line[0])
            moved = re.search(rf"^{label} +(\d+)", planned, re.M)
            goes = int(moved[1]) if moved else 0
            assert goes == num - (int(worse[1]) if worse else 0)


def test_next_steps_can_be_pasted(run: Run, scanned_library: Path, tmp_path: Path) -> None:
    lines = run("scan", scanned_library).stdout.splitlines()
    steps = [line.split()[1:] for line in lines if line.startswith("  clearshot ")]
    assert [step[0] for step in steps] == ["review", "explain", "sort", "report"]
    assert steps[0][1:] == [str(scanned_library)]
    assert Path(steps[1][1]).parent == scanned_library
    assert run(*steps[2]).exit_code == 0


def test_who_decided_about_all_unsure_photos_is_not_sent_to_them(
    run: Run, scanned_library: Path
) -> None:
    words = ("scan", scanned_library, "--tolerance", "0.1%")
    told = run(*words).stdout
    assert re.search(r"^unsure +[1-9].*look at them$", told, re.M)
    assert "Look at them and decide:" in told
    names = [path.name for path in scanned_library.glob("*.jpg")]
    decide(scanned_library, dict.fromkeys(names, Choice.REJECT))
    told = run(*words).stdout
    assert re.search(r"^unsure +[1-9]", told, re.M)
    assert "look at them" not in told
    assert "and decide" not in told


def test_sort_is_offered_where_it_moves_a_photo(run: Run, scanned_library: Path) -> None:
    names = [path.name for path in scanned_library.glob("*.jpg")]
    decide(scanned_library, dict.fromkeys(names, Choice.KEEP))
    assert "clearshot sort" not in run("scan", scanned_library).stdout
    # A good photo that is rejected goes, too.
    decide(scanned_library, {"clear.jpg": Choice.REJECT})
    told = run("scan", scanned_library).stdout
    assert "clearshot explain" not in told
    offered = re.search(r"^Plan to move the rejected ones:\n  clearshot (sort .*)$", told, re.M)
    assert offered is not None
    assert "clear.jpg" in run(*offered[1].split()).stdout
    # There is nothing to move of what is gone.
    (scanned_library / "clear.jpg").unlink()
    assert "clearshot sort" not in run("scan", scanned_library).stdout


def test_unchanged_photos_are_not_scored_again(run: Run, scanned_library: Path) -> None:
    assert "4 unchanged\n" in run("scan", scanned_library).stdout


def test_threshold_judges_anew(run: Run, scanned_library: Path) -> None:
    # No probability is below this one.
    counts = read_counts(run("scan", scanned_library, "--threshold", "dark=1e-30").stdout)
    assert (counts["good"], counts["bad"]) == (0, 4)
    assert run("scan", scanned_library, "--threshold", "blurry=2").exit_code == 2
    assert run("scan", scanned_library, "--threshold", "bad=0.5").exit_code == 2


def test_failed_photos_are_named_and_counted(run: Run, broken_photos: Path) -> None:
    result = run("scan", broken_photos, "--workers", "1")
    assert result.exit_code == 1
    assert read_counts(result.stdout)["failed"] == 3
    assert "3 photos could not be judged:\n  a-empty.jpg: " in result.stderr


def test_many_failures_are_a_handful_and_the_way_to_see_all(run: Run, tmp_path: Path) -> None:
    for number in range(8):
        (tmp_path / f"{number}.jpg").touch()
    result = run("scan", tmp_path, "--workers", "1")
    assert result.exit_code == 1
    assert "and 3 more: clearshot report" in result.stderr
    assert "7.jpg" not in result.stderr
    assert "7.jpg" in run("scan", tmp_path, "-v").stderr


def test_quiet_scan_prints_nothing(run: Run, scanned_library: Path) -> None:
    result = run("scan", "-q", scanned_library)
    assert (result.exit_code, result.output) == (0, "")
    assert run("-q", "scan", scanned_library).output == ""


def test_quiet_scan_names_what_failed(run: Run, tmp_path: Path) -> None:
    (tmp_path / "empty.jpg").touch()
    result = run("scan", "-q", tmp_path, "--workers", "1")
    assert (result.exit_code, result.stdout) == (1, "")
    heading, line = result.stderr.splitlines()
    assert heading == "1 photo could not be judged:"
    assert line.startswith("  empty.jpg: ")


def test_folders_without_photos_are_named(run: Run, tmp_path: Path) -> None:
    empty, other = tmp_path / "empty", tmp_path / "other"
    empty.mkdir()
    other.mkdir()
    (other / "notes.txt").write_text("no photo")
    for folder in (empty, other):
        result = run("scan", folder)
        assert (result.exit_code, result.stdout) == (3, "")
        assert result.stderr == f"clearshot: {folder}: no photos found\n"


def test_missing_folder(run: Run, tmp_path: Path) -> None:
    result = run("scan", tmp_path / "missing")
    assert result.exit_code == 3
    assert "missing: there is no such folder" in result.stderr


def test_a_folder_that_is_not_there_stops_no_other(run: Run, library: Path, tmp_path: Path) -> None:
    result = run("scan", tmp_path / "unplugged", library)
    assert result.exit_code == 3
    assert "unplugged: there is no such folder" in result.stderr
    assert (library / ".clearshot" / "catalog.sqlite").exists()


def test_a_photo_is_no_folder(run: Run, library: Path) -> None:
    for words in (("scan",), ("sort", "--trash"), ("undo",)):
        result = run(words[0], library / "clear.jpg", *words[1:])
        assert result.exit_code == 3
        assert "is a file; name its folder" in result.stderr


def test_a_scan_without_photos_leaves_nothing(run: Run, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert run("scan", tmp_path / "empty").exit_code == 3
    assert list((tmp_path / "empty").iterdir()) == []
    assert run("report", tmp_path / "empty", "--csv", "-").exit_code == 4
    catalog = tmp_path / "kept" / "c.sqlite"
    catalog.parent.mkdir()
    assert run("scan", tmp_path / "empty", "--catalog", catalog).exit_code == 3
    assert list(catalog.parent.iterdir()) == []


def test_several_folders(run: Run, scanned_library: Path, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    assert run("scan", scanned_library, empty).exit_code == 0
    assert run("scan", scanned_library, empty, "--catalog", tmp_path / "c.sqlite").exit_code == 2


def test_catalog_elsewhere_leaves_the_library_as_it_is(
    run: Run, library: Path, tmp_path: Path
) -> None:
    before = sorted(library.rglob("*"))
    catalog = tmp_path / "catalog.sqlite"
    result = run("scan", library, "--catalog", catalog, "--workers", "1")
    assert result.exit_code == 0
    assert sorted(library.rglob("*")) == before
    assert f"--catalog {catalog}" in result.stdout


def test_folder_that_cannot_be_read_is_named_and_exit_1(
    run: Run, scanned_library: Path, lock_folders: Callable[[str], None]
) -> None:
    (scanned_library / "locked").mkdir()
    lock_folders("locked")
    result = run("scan", scanned_library)
    assert result.exit_code == 1
    assert "4 unchanged" in result.stdout
    named = f"  {scanned_library / 'locked'}: Permission denied\n"
    assert result.stderr == f"1 file or folder could not be read:\n{named}"


def test_what_is_left_out_on_purpose_is_no_failure(run: Run, scanned_library: Path) -> None:
    (scanned_library / "link.jpg").symlink_to(scanned_library / "clear.jpg")
    (scanned_library / "notes.txt").touch()
    result = run("scan", scanned_library)
    assert result.exit_code == 0
    assert "1 file or folder left out or left alone:" in result.stderr
    assert "4 unchanged; 1 other file ignored\n" in result.stdout


def test_target_is_suggested_beside_the_library(
    run: Run, scanned_library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (scanned_library / "sub").mkdir()
    monkeypatch.chdir(scanned_library / "sub")
    assert f"sort .. --to {scanned_library.resolve()}-bad\n" in run("scan", "..").stdout


def test_target_is_suggested_inside_a_drive() -> None:
    root = Path(Path.cwd().anchor)
    assert suggest_target(root) == root / "bad"


def test_way_to_see_all_failures_names_the_catalog(run: Run, tmp_path: Path) -> None:
    folder, catalog = tmp_path / "library", tmp_path / "catalog.sqlite"
    folder.mkdir()
    for number in range(6):
        (folder / f"{number}.jpg").touch()
    result = run("scan", folder, "--catalog", catalog, "--workers", "1")
    assert f"and 1 more: clearshot report {folder} --csv - --catalog {catalog}" in result.stderr


def test_limits_are_those_that_were_asked_for(run: Run, library: Path) -> None:
    result = run("scan", library, "--workers", "1", "--max-megapixels", "0.1")
    assert result.exit_code == 1
    assert "512 x 384 px is more than 100,000 pixels" in result.stderr
    assert run("scan", library, "--max-megapixels", "0").exit_code == 2
    assert run("scan", library, "--timeout", "0").exit_code == 2
    result = run("scan", library, "--workers", "1", "--retry-failed", "--timeout", "0.001")
    assert "took longer than 0.001 s" in result.stderr


@pytest.mark.skipif(shutil.which("exiftool") is None, reason="exiftool is not installed")
def test_photos_that_an_interrupted_run_wrote_anew_keep_their_scores(
    run: Run, scanned_library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(done: int, total: int) -> NoReturn:
        raise KeyboardInterrupt

    def begin(plan: Plan, journals: Path, *_: object) -> Outcome:
        return apply_plan(plan, journals, interrupt)

    before = {path: path.read_bytes() for path in scanned_library.glob("*.jpg")}
    monkeypatch.setattr("clearshot.actions.apply.apply_plan", begin)
    run("tag", scanned_library, "--for", "lightroom", "--sidecar", "embed", "--apply")
    monkeypatch.undo()
    assert any(path.read_bytes() != content for path, content in before.items())
    again = run("scan", scanned_library, "--workers", "1").stdout.splitlines()[0]
    assert again == f"{scanned_library}: {len(before)} unchanged"


def test_folders_that_cannot_be_scanned_stop_no_other(
    run: Run, library: Path, tmp_path: Path, lock_folders: Callable[[str], None]
) -> None:
    (tmp_path / "locked").mkdir()
    lock_folders("locked")
    places = [tmp_path / "gone1", tmp_path / "locked", library, tmp_path / "gone2"]
    result = run("scan", *places, "--workers", "1")
    assert result.exit_code == 3
    assert read_counts(result.stdout)["bad"] == 3
    named = [line.split(": ")[1] for line in result.stderr.splitlines() if "clearshot: " in line]
    assert named == [str(place) for place in (places[0], places[1], places[3])]


def test_a_disk_that_fails_stops_no_scan_of_another(
    run: Run, library: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = tmp_path / "broken"
    is_dir = Path.is_dir

    def fail(path: Path) -> bool:
        if path == broken:
            raise OSError(errno.EIO, "Input/output error", str(path))
        return is_dir(path)

    monkeypatch.setattr(Path, "is_dir", fail)
    result = run("scan", broken, library, "--workers", "1")
    assert result.exit_code == 3
    assert read_counts(result.stdout)["bad"] == 3
    assert f"clearshot: {broken}: Input/output error" in result.stderr


def test_a_narrow_terminal_shows_every_number(
    run: Run, library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    assert read_counts(run("scan", library, "--workers", "1").stdout)["overexposed"] == 1
