from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

import clearshot.cli.undo
from clearshot import errors

Run = Callable[..., Result]


def list_errors() -> list[type[errors.ClearshotError]]:
    classes = [value for value in vars(errors).values() if isinstance(value, type)]
    return [each for each in classes if issubclass(each, errors.ClearshotError)]


def raise_in_undo(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(clearshot.cli.undo, "find_journals", fail)


def test_version_is_that_of_the_package(run: Run) -> None:
    from importlib.metadata import version

    assert run("--version").stdout == f"clearshot {version('clearshot')}\n"


def test_help_imports_nothing_that_is_slow() -> None:
    code = "import sys, clearshot.cli.main; print(*sys.modules)"
    program = [sys.executable, "-c", code]
    loaded = subprocess.run(program, capture_output=True, check=True, text=True)
    assert not {"rich", "onnxruntime", "matplotlib", "keras"} & set(loaded.stdout.split())


@pytest.mark.parametrize("arguments", [["scann"], ["scan"], ["scan", "x", "--workers", "0"]])
def test_wrong_usage_exits_with_2(run: Run, arguments: list[str]) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert "Usage: clearshot" in result.stderr


@pytest.mark.parametrize("error_class", list_errors())
def test_errors_become_one_line_and_their_exit_code(
    run: Run, monkeypatch: pytest.MonkeyPatch, error_class: type[errors.ClearshotError]
) -> None:
    raise_in_undo(monkeypatch, error_class("went\nwrong", path=Path("x.jpg")))
    result = run("undo", "folder")
    assert result.exit_code == error_class.exit_code
    assert result.stderr == "clearshot: x.jpg: went\\nwrong\n"
    assert result.stdout == ""


def test_ctrl_c_exits_with_130_and_says_how_to_go_on(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    raise_in_undo(monkeypatch, KeyboardInterrupt())
    result = run("undo", "folder")
    assert result.exit_code == 130
    assert result.stderr.startswith("clearshot: stopped; ")


def test_own_fault_is_no_failed_photo(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    raise_in_undo(monkeypatch, ZeroDivisionError("by zero"))
    result = run("undo", "folder")
    assert result.exit_code == 70
    assert result.stderr == "clearshot: unexpected ZeroDivisionError: by zero (-v shows where)\n"
    assert isinstance(run("undo", "folder", "-v").exception, ZeroDivisionError)


def test_closed_pipe_is_quiet(clear_photos: Path) -> None:
    program = [sys.executable, "-m", "clearshot", "score", str(clear_photos), "--workers", "1"]
    with subprocess.Popen(program, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 141
