from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from clearshot.actions.lock import hold_lock
from clearshot.sidecars.packet import Packet
from cli.test_sort import list_tree
from sidecars.programs import DARKTABLE

pytest.importorskip("lxml", reason="needs the extra `tag`")

Run = Callable[..., Result]


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
    assert "blurred.xmp: left alone: is XML, but no XMP" in result.stderr
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
