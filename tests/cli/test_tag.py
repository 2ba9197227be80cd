from __future__ import annotations

import hashlib
import json
import shutil
import sys
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

import click
import pytest
from click.testing import Result

from clearshot.actions.apply import apply_plan
from clearshot.actions.atomic import read_stamp
from clearshot.actions.lock import hold_lock
from clearshot.actions.plan import Outcome, Plan
from clearshot.catalog.catalog import Catalog
from clearshot.cli.plans import print_plan
from clearshot.owner import calibrate
from clearshot.photo import Choice, Color, Label
from clearshot.review import Decider
from clearshot.scoring.recalibration import Recalibration, write_recalibration
from clearshot.scoring.tolerance import Tolerance
from clearshot.sidecars.jpeg import read_packet
from clearshot.sidecars.packet import Packet
from cli.test_sort import list_tree
from jpegs import draw_jpeg, make_step
from scoring.records import make_scores
from sidecars.programs import DARKTABLE

pytest.importorskip("lxml", reason="needs the extra `tag`")

Run = Callable[..., Result]


def make_own(tolerance: Tolerance) -> Recalibration:
    """Calibrate on drawn scores."""
    good = [(Path(f"g{i}"), make_scores(blur=-6 + i / 100), None) for i in range(60)]
    bad = [(Path(f"b{i}"), make_scores(blur=1 + i / 100), Label.BLURRY) for i in range(20)]
    return calibrate([*good, *bad], dict.fromkeys(Label, tolerance), origin="test")


@pytest.fixture
def tagged_library(scanned_library: Path) -> Path:
    """A scanned library where darktable has rated the black photo, and one sidecar is broken."""
    (scanned_library / "black.jpg.xmp").write_bytes(DARKTABLE)
    return scanned_library


def test_the_plan_writes_nothing(run: Run, tagged_library: Path) -> None:
    before = list_tree(tagged_library)
    result = run("tag", tagged_library)
    assert result.exit_code == 0
    assert "black.jpg.xmp (changed)" in result.stdout
    assert "+ dc:subject clearshot|dark" in result.stdout
    assert "white.jpg.xmp (new)" in result.stdout
    assert "clearshot:" not in result.stdout
    assert "Nothing was written. To write 3 sidecars:" in result.stdout
    assert "Kept, --overwrite would replace: 1 value" in result.stderr
    assert "black.jpg.xmp: xmp:Rating 3" in result.stderr
    assert "blurred.xmp: is XML, but not XMP" in result.stderr
    assert "Lightroom reads no sidecars of JPEG, TIFF and DNG: 2 photos" in result.stderr
    assert list_tree(tagged_library) == before
    assert "clearshot:Wrote" in run("tag", tagged_library, "-v").stdout


def test_apply_again_and_undo(run: Run, tagged_library: Path) -> None:
    (tagged_library / "blurred.xmp").unlink()
    before = list_tree(tagged_library)
    words = ["tag", tagged_library, "--for", "darktable", "--rating", "1", "--sidecar", "full"]
    shown = run(*words)
    assert "--for darktable --rating 1 --sidecar full --apply" in shown.stdout
    applied = run(*words, "--apply")
    assert applied.exit_code == 0
    assert "3 photos tagged (3 files)" in applied.stdout
    sidecar = Packet((tagged_library / "blurred.jpg.xmp").read_bytes())
    assert sidecar.get("xmp:Rating") == "1"
    assert "Nothing to write" in run(*words, "--apply").stdout
    assert "(removed)" in run("undo", tagged_library).stdout
    assert run("undo", tagged_library, "--apply").exit_code == 0
    assert list_tree(tagged_library) == before


def test_photos_that_are_left_alone_do_not_say_what_they_shall(
    run: Run, tagged_library: Path
) -> None:
    words = ["tag", tagged_library, "--apply"]
    run(*words)
    result = run(*words)
    assert "blurred.xmp: is XML, but not XMP" in result.stderr
    assert "are up to date" not in result.stdout
    assert "Nothing can be written now; left alone: 1 file." in result.stdout
    assert result.exit_code == 1


def test_overwrite_and_back(run: Run, tagged_library: Path) -> None:
    words = ["tag", tagged_library, "--for", "darktable", "--rating", "none", "--overwrite"]
    assert "--rating none --overwrite --apply" in run(*words).stdout
    sidecar = tagged_library / "blurred.xmp"
    sidecar.write_bytes(DARKTABLE)
    run("tag", tagged_library, "--overwrite", "--apply")
    assert Packet(sidecar.read_bytes()).get("xmp:Rating") == "-1"
    run("tag", tagged_library, "--apply", "--threshold", "blurry=1")
    packet = Packet(sidecar.read_bytes())
    assert packet.get("xmp:Rating") == "3", "unsure photos get no rating: the old one is back"
    assert packet.get_items("dc:subject") == ("clearshot|unsure",)


def test_decisions_outrank_verdicts(run: Run, scanned_library: Path) -> None:
    (scanned_library / "blurred.xmp").unlink()
    with Catalog.open(scanned_library) as catalog:
        numbers = {path.stem: number for path, number in catalog.decisions.list_numbers().items()}
        decider = Decider(catalog)
        decider.choose([numbers["blurred"]], Choice.KEEP)
        decider.rate([numbers["blurred"]], 5)
        decider.choose([numbers["clear"]], Choice.REJECT)
        decider.mark([numbers["black"]], Color.GREEN)
    result = run("tag", scanned_library, "--for", "digikam", "--apply")
    assert result.exit_code == 0, result.output
    packets = {
        name: Packet((scanned_library / f"{name}.jpg.xmp").read_bytes())
        for name in ("blurred", "clear", "black", "white")
    }
    assert packets["blurred"].get("xmp:Rating") == "5"
    assert packets["blurred"].get_items("dc:subject") == ()
    assert packets["clear"].get("digiKam:PickLabel") == "1"
    assert packets["clear"].get_items("dc:subject") == ("clearshot|rejected",)
    assert packets["black"].get("digiKam:ColorLabel") == "4"
    assert packets["black"].get_items("dc:subject")[0] == "clearshot|dark"
    assert packets["white"].get("xmp:Label") == "Red"


def test_the_calibration_of_the_library_sets_the_thresholds(
    run: Run, scanned_library: Path
) -> None:
    assert "+ dc:subject clearshot|dark" in run("tag", scanned_library).stdout
    with Catalog.open(scanned_library) as catalog:
        catalog.calibrations.add(write_recalibration(make_own(Tolerance(0.0001, 0.0001))))
    result = run("tag", scanned_library)
    # Nothing keeps so small a share: no photo is called bad, and none good.
    assert "clearshot|dark" not in result.stdout
    assert "+ dc:subject clearshot|unsure" in result.stdout
    assert "By the calibration of " in result.stderr
    assert (
        "+ dc:subject clearshot|dark"
        in run("tag", scanned_library, "--threshold", "dark=0.5").stdout
    )


def test_json_tells_plan_and_outcome(run: Run, tagged_library: Path) -> None:
    plan = json.loads(run("tag", tagged_library, "--format", "json").stdout)
    outcome = json.loads(run("tag", tagged_library, "--format", "json", "--apply").stdout)
    assert outcome["steps"] == plan["steps"]
    assert {step["kind"] for step in plan["steps"]} == {"write"}
    assert plan["steps"][0]["before"] == DARKTABLE.decode()
    assert "clearshot|dark" in plan["steps"][0]["after"]
    assert [skip["reason"] for skip in plan["kept"]] == ["xmp:Rating 3"]
    assert [Path(skip["path"]).name for skip in plan["skipped"]] == ["blurred.xmp"]


def test_quiet_says_what_was_done(run: Run, tagged_library: Path) -> None:
    assert run("tag", tagged_library, "-q").stdout.count("\n") > 5
    result = run("tag", tagged_library, "-q", "--apply")
    assert result.stdout.startswith("2 photos tagged (3 files)")
    assert result.exit_code == 1


def test_the_missing_extra_is_named(
    run: Run, tagged_library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "lxml", None)
    result = run("tag", tagged_library)
    assert result.exit_code == 7
    assert "pip install 'clearshot[tag]'" in result.stderr


def test_a_folder_that_was_not_scanned(run: Run, library: Path) -> None:
    assert run("tag", library).exit_code == 4


def test_two_programs_at_once(run: Run, tagged_library: Path) -> None:
    before = list_tree(tagged_library)
    with hold_lock(tagged_library / ".clearshot"):
        result = run("tag", tagged_library, "--apply")
    assert result.exit_code == 5
    assert "another clearshot (process " in result.stderr
    assert list_tree(tagged_library) == before


@pytest.mark.skipif(shutil.which("exiftool") is None, reason="exiftool is not installed")
class TestEmbedding:
    """`--sidecar embed` writes into the photos themselves."""

    WORDS = ("--sidecar", "embed", "--for", "lightroom")

    def test_the_plan_names_photos(self, run: Run, tagged_library: Path) -> None:
        before = list_tree(tagged_library)
        result = run("tag", tagged_library, *self.WORDS)
        assert result.exit_code == 0, result.output
        assert "Photos and sidecars in " in result.stdout
        assert "black.jpg (XMP new)" in result.stdout
        assert "black.jpg.xmp (changed)" in result.stdout
        assert "Nothing was written. To write 1 sidecar and 2 photos:" in result.stdout
        assert "--for lightroom --sidecar embed --apply" in result.stdout
        assert "Lightroom reads no sidecars" not in result.stderr
        assert list_tree(tagged_library) == before
        assert "--sidecar embed writes into JPEG photos" in run("tag", tagged_library).stderr

    def test_apply_again_scan_and_undo(self, run: Run, tagged_library: Path) -> None:
        (tagged_library / "blurred.xmp").unlink()
        before = list_tree(tagged_library)
        applied = run("tag", tagged_library, *self.WORDS, "--apply")
        assert applied.exit_code == 0, applied.output
        assert "3 photos tagged (4 files)" in applied.stdout
        packet = read_packet(tagged_library / "blurred.jpg")
        assert packet is not None
        assert Packet(packet).get("xmp:Rating") == "-1"
        # The catalog knows the photos as they are now: nothing has to be scored again.
        again = run("tag", tagged_library, *self.WORDS, "--apply")
        assert "Nothing to write: photos and sidecars are up to date." in again.stdout
        assert again.exit_code == 0, again.output
        with Catalog.open(tagged_library) as catalog:
            states = catalog.states().values()
        assert all(read_stamp(state.photo.path) == state.photo.stamp for state in states)
        shown = run("undo", tagged_library)
        assert "blurred.jpg (XMP removed)" in shown.stdout
        assert "- xmp:Rating -1" in shown.stdout
        assert run("undo", tagged_library, "--apply").exit_code == 0
        assert list_tree(tagged_library) == before
        with Catalog.open(tagged_library) as catalog:
            states = catalog.states().values()
        assert all(read_stamp(state.photo.path) == state.photo.stamp for state in states)

    def test_an_open_page_hears_of_each_photo_while_the_run_goes_on(
        self, run: Run, tagged_library: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        noted: list[list[str]] = []

        def note(_self: Catalog, photos: Iterable[tuple[Path, object, object]]) -> None:
            noted.append([path.name for path, _, _ in photos])

        monkeypatch.setattr("clearshot.notary._NOTING_S", 0.0)
        monkeypatch.setattr(Catalog, "note_rewritten", note)
        run("tag", tagged_library, *self.WORDS, "--apply")
        *single, all_at_once = noted
        assert [name for [name] in single] == all_at_once != []
        noted.clear()
        run("undo", tagged_library, "--apply")
        *single, all_at_once = noted
        assert [name for [name] in single] == all_at_once != []

    def test_an_interrupted_run_needs_no_new_scan(
        self, run: Run, tagged_library: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Ctrl-C behind the first photo: the journal is at its end, the catalog knows nothing."""

        def interrupt(done: int, total: int) -> NoReturn:
            raise KeyboardInterrupt

        def begin(plan: Plan, journals: Path, *_: object) -> Outcome:
            return apply_plan(plan, journals, interrupt)

        monkeypatch.setattr("clearshot.actions.apply.apply_plan", begin)
        run("tag", tagged_library, *self.WORDS, "--apply")
        monkeypatch.undo()
        with Catalog.open(tagged_library) as catalog:
            states = list(catalog.states().values())
        changed = [s for s in states if read_stamp(s.photo.path) != s.photo.stamp]
        assert [state.photo.path.name for state in changed] == ["black.jpg"]
        result = run("tag", tagged_library, *self.WORDS)
        assert "changed since the scan" not in result.stderr
        assert "white.jpg (XMP new)" in result.stdout
        assert "black.jpg (XMP" not in result.stdout
        moved = run("sort", tagged_library, "--to", tagged_library / "bad", "--apply")
        assert "changed" not in moved.stderr

    def test_json_tells_what_is_exchanged(self, run: Run, tagged_library: Path) -> None:
        document = json.loads(run("tag", tagged_library, *self.WORDS, "--format", "json").stdout)
        steps = [step for step in document["steps"] if step["kind"] == "embed"]
        assert [Path(step["source"]).name for step in steps] == ["black.jpg", "white.jpg"]
        for step in steps:
            assert step["before"] == ""
            assert "clearshot|" in step["after"]
            content = Path(step["source"]).read_bytes()
            assert hashlib.sha256(content).hexdigest() == step["sha256_before"]

    def test_a_forged_plan_is_shown(
        self, capsys: pytest.CaptureFixture[str], tmp_path: Path
    ) -> None:
        path = tmp_path / "a.jpg"
        path.write_bytes(draw_jpeg())
        step = make_step(path, b"<x/>")
        twice = replace(step, after=(step.after or b"") * 2)
        for each in (twice, replace(step, after=b"junk")):
            with click.Context(click.Command("tag"), obj=None):
                print_plan(Plan(tmp_path, (each,)))
        assert "bytes before" in capsys.readouterr().out
