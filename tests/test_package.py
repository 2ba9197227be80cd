"""What the package loads and what its source archive holds.

Seconds are not tested, the modules that would cost them are.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

import clearshot

ROOT = Path(__file__).resolve().parents[1]

HEAVY = {"numpy", "PIL", "onnxruntime", "rich", "exifread", "sqlite3", "multiprocessing"}
EXTRA = ("cv2", "lxml", "matplotlib", "pillow_heif", "rawpy", "scipy", "skimage", "starlette")


def list_modules(code: str) -> set[str]:
    command = [sys.executable, "-c", f"import sys; {code}; print('loaded', *sys.modules)"]
    done = subprocess.run(command, capture_output=True, check=True, text=True)
    return set(done.stdout.splitlines()[-1].split())


def test_importing_the_package_loads_nothing_that_is_slow() -> None:
    modules = list_modules("import clearshot")
    assert "clearshot" in modules
    assert not HEAVY & modules


def test_help_loads_nothing_that_is_slow() -> None:
    code = "from clearshot.cli.main import cli; cli(['--help'], standalone_mode=False)"
    modules = list_modules(code)
    assert "clearshot.cli.scan" in modules
    assert not HEAVY & modules


def test_public_names_are_listed_before_they_are_used() -> None:
    modules = list_modules("import clearshot; assert {*clearshot.__all__} <= {*dir(clearshot)}")
    assert "clearshot.scoring" not in modules


def test_no_public_name_loads_onnx_runtime() -> None:
    names = ", ".join(clearshot.__all__)
    modules = list_modules(f"from clearshot import {names}")
    assert "clearshot.scoring.scorer" in modules
    assert "onnxruntime" not in modules


def test_judging_a_photo_leaves_nothing_at_home_and_sends_nothing(tmp_path: Path) -> None:
    # ONNX Runtime's telemetry keeps a number of the machine and what is to be sent below ~/.cache.
    home, photo = tmp_path / "home", tmp_path / "photo.png"
    home.mkdir()
    Image.new("L", (640, 480), 128).save(photo)
    code = f"import clearshot, pathlib; clearshot.Scorer().score(pathlib.Path({str(photo)!r}))"
    # It is silent on the machines of a CI, which it tells by variables like these.
    silent = {name for name in os.environ if name.startswith(("CI", "GIT", "ORT_", "XDG_"))}
    environment = {name: os.environ[name] for name in os.environ.keys() - silent}
    subprocess.run([sys.executable, "-c", code], env={**environment, "HOME": str(home)}, check=True)
    assert not list(home.iterdir())


def test_demo_needs_no_extra(tmp_path: Path) -> None:
    hide = f"sys.modules.update(dict.fromkeys({EXTRA}))"
    folder = f"__import__('pathlib').Path({str(tmp_path / 'demo')!r})"
    list_modules(f"{hide}; from clearshot.demo import write_demo; write_demo({folder})")
    assert len(list((tmp_path / "demo").glob("*.jpg"))) >= 16


def test_source_archive_holds_all_that_its_tests_read() -> None:
    sdist = pytest.importorskip("hatchling.builders.sdist", reason="hatchling is not installed")
    files = sdist.SdistBuilder(str(ROOT)).recurse_included_files()
    held = {file.distribution_path for file in files}
    for pattern in ("tests/**/*.py", "benchmarks/*.*", "docs/**/*.*", ".ci/run", "Makefile"):
        wanted = {path.relative_to(ROOT).as_posix() for path in ROOT.glob(pattern)}
        assert wanted, pattern
        assert wanted <= held, pattern
