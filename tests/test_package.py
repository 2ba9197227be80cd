"""What starting up loads: seconds are not tested, the modules that would cost them are."""

from __future__ import annotations

import subprocess
import sys

import clearshot

HEAVY = {"numpy", "PIL", "onnxruntime", "rich", "exifread", "sqlite3", "multiprocessing"}


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


def test_no_public_name_loads_onnx_runtime() -> None:
    names = ", ".join(clearshot.__all__)
    modules = list_modules(f"from clearshot import {names}")
    assert "clearshot.scoring.scorer" in modules
    assert "onnxruntime" not in modules
