from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import click
import pytest
from click.testing import Result

import clearshot.cli.main
from clearshot import errors
from clearshot.catalog.catalog import Catalog

Run = Callable[..., Result]


def list_errors() -> list[type[errors.ClearshotError]]:
    classes = [value for value in vars(errors).values() if isinstance(value, type)]
    return [each for each in classes if issubclass(each, errors.ClearshotError)]


def raise_in_scan(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(Catalog, "open", fail)


def test_version_is_that_of_the_package(run: Run) -> None:
    from importlib.metadata import version

    assert run("--version").stdout == f"clearshot {version('clearshot')}\n"


def test_help_imports_nothing_that_is_slow() -> None:
    code = "import sys, clearshot.cli.main; print(*sys.modules)"
    program = [sys.executable, "-c", code]
    loaded = subprocess.run(program, capture_output=True, check=True, text=True)
    slow = {"rich", "numpy", "PIL", "onnxruntime", "matplotlib", "keras"}
    assert not slow & set(loaded.stdout.split())


@pytest.mark.parametrize("arguments", [["scann"], ["scan"], ["scan", "x", "--workers", "0"]])
def test_wrong_usage_exits_with_2(run: Run, arguments: list[str]) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert "Usage: clearshot" in result.stderr


@pytest.mark.parametrize("error_class", list_errors())
def test_errors_become_one_line_and_their_exit_code(
    run: Run, monkeypatch: pytest.MonkeyPatch, error_class: type[errors.ClearshotError]
) -> None:
    raise_in_scan(monkeypatch, error_class("went\nwrong", path=Path("x.jpg")))
    result = run("scan", "folder")
    assert result.exit_code == error_class.exit_code
    assert result.stderr == "clearshot: x.jpg: went\\nwrong\n"
    assert result.stdout == ""


def test_ctrl_c_exits_with_130_and_says_how_to_go_on(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    raise_in_scan(monkeypatch, KeyboardInterrupt())
    result = run("scan", "folder")
    assert result.exit_code == 130
    assert result.stderr.startswith("clearshot: stopped; ")


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="the system has no such signals")
@pytest.mark.parametrize("is_in_background", [False, True])
@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP"])
def test_a_scan_that_is_told_to_end_says_how_to_go_on(
    tmp_path: Path, name: str, *, is_in_background: bool
) -> None:
    """A shell script has programs in the background ignore Ctrl-C, and they stay deaf to that."""
    code = f"""
import signal, sys, time
import clearshot.cli.main
from clearshot.catalog.catalog import Catalog

def work(*_, **__):
    print("begun", flush=True)
    time.sleep(90)

def stay_deaf(*heard):
    hear(*heard)
    print("deaf", flush=True)

hear, clearshot.cli.main._interrupt_if_heard = clearshot.cli.main._interrupt_if_heard, stay_deaf
Catalog.open = work
signal.signal(signal.SIGINT, signal.SIG_IGN if {is_in_background} else signal.default_int_handler)
clearshot.cli.main.run()
"""
    command = [sys.executable, "-c", code, "scan", str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as program:
        assert program.stdout
        assert program.stdout.readline() == b"begun\n"
        if is_in_background:
            program.send_signal(signal.SIGINT)
            assert program.stdout.readline() == b"deaf\n"
        number = getattr(signal, name)
        program.send_signal(number)
        assert program.wait(60) == 128 + number
        assert program.stderr
        assert program.stderr.read().startswith(b"clearshot: stopped; what was scored is kept")


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="the system has no such signal")
def test_nohup_keeps_a_closed_terminal_from_a_program() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with clearshot.cli.main._other_signals_heeded():
            assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


def test_own_fault_is_no_failed_photo(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    raise_in_scan(monkeypatch, ZeroDivisionError("by zero"))
    result = run("scan", "folder")
    assert result.exit_code == 70
    assert result.stderr == "clearshot: unexpected ZeroDivisionError: by zero (-v shows where)\n"
    assert isinstance(run("scan", "folder", "-v").exception, ZeroDivisionError)


def test_closed_pipe_is_quiet(clear_photos: Path) -> None:
    program = [sys.executable, "-m", "clearshot", "score", str(clear_photos), "--workers", "1"]
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(program, stdout=writing, stderr=subprocess.PIPE, check=False)
    os.close(writing)
    assert (done.returncode, done.stderr) == (141, b"")


def test_refusal_by_the_system_names_the_path_and_the_cause(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    raise_in_scan(monkeypatch, PermissionError(13, "Permission denied", Path("locked/x.jpg")))
    result = run("scan", "folder", "-v")
    assert result.exit_code == 3
    assert result.stderr == f"clearshot: {Path('locked/x.jpg')}: Permission denied\n"
    raise_in_scan(monkeypatch, OSError(22, "Invalid argument"))
    assert run("scan", "folder").exit_code == 70


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a disk that is always full")
def test_a_full_disk_behind_the_output_is_no_own_fault(clear_photos: Path) -> None:
    with Path("/dev/full").open("wb") as full:
        program = [sys.executable, "-m", "clearshot", "score", str(clear_photos), "--workers", "1"]
        result = subprocess.run(program, stdout=full, stderr=subprocess.PIPE, check=False)
    assert result.returncode == 3
    assert b"the output cannot be written: No space left on device" in result.stderr


def test_closed_streams_are_none(clear_photos: Path, tmp_path: Path) -> None:
    photo = str(sorted(clear_photos.iterdir())[0])
    line = 'exec "$0" -m clearshot score "$1" --format jsonl 2>&- >"$2"'
    out = tmp_path / "out.jsonl"
    subprocess.run(["sh", "-c", line, sys.executable, photo, str(out)], check=True)
    assert json.loads(out.read_text())["path"] == photo
    line = 'exec "$0" -m clearshot score "$1" >&-'
    subprocess.run(["sh", "-c", line, sys.executable, photo], check=True)


def test_names_outside_the_character_set_are_printed_with_escapes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    printed = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(printed, "cp1252", write_through=True))
    monkeypatch.setattr(clearshot.cli.main, "cli", lambda **_: click.echo("Müller \u5c71.jpg"))
    clearshot.cli.main.run()
    assert printed.getvalue().decode("cp1252").split("\n")[0].strip() == "Müller \\u5c71.jpg"


@pytest.mark.parametrize(
    "hanging",
    [
        "threading.Thread(target=time.sleep, args=(90,))",
        "multiprocessing.get_context('spawn').Process(target=time.sleep, args=(90,))",
    ],
)
def test_what_hangs_behind_a_command_is_not_waited_for(hanging: str) -> None:
    code = f"""
import multiprocessing, sys, threading, time
import clearshot.cli.main

def end(**_):
    {hanging}.start()
    print("told")
    sys.exit(130)

if __name__ == "__main__":
    multiprocessing.process.BaseProcess.kill = lambda _self: None
    clearshot.cli.main.cli = end
    clearshot.cli.main.run()
"""
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as program:
        assert program.wait(60) == 130
        assert program.stdout
        assert program.stdout.readline() == b"told\n"


def test_a_scan_behind_a_command_ends_with_it(tmp_path: Path) -> None:
    code = f"""
import sys, threading, time
from pathlib import Path
import clearshot.cli.main
from clearshot.workers import score_unordered
from luma_scorer import LumaScorer

scorer = LumaScorer(Path({str(tmp_path / "log")!r}))

def scan():
    print(list(score_unordered([Path(f"hang{{n}}.png") for n in range(9)], scorer, num_workers=2)))

def end(**_):
    threading.Thread(target=scan, daemon=True).start()
    while len(scorer.begun()) < 2:
        time.sleep(0.01)
    sys.exit(0)

if __name__ == "__main__":
    clearshot.cli.main.cli = end
    clearshot.cli.main.run()
"""
    paths = os.pathsep.join([str(Path(__file__).parents[1]), *filter(None, sys.path)])
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"PYTHONPATH": paths},
        capture_output=True,
        check=False,
        timeout=100,  # less than the two photos take that each worker has at hand
    )
    # The pipes are at their end as well: no worker is left.
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.parametrize("word", ["--help", "--version"])
def test_help_to_a_full_disk_is_no_traceback(word: str) -> None:
    with Path("/dev/full").open("wb") as full:
        command = [sys.executable, "-m", "clearshot", word]
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 3
    assert done.stderr.startswith("clearshot: the output cannot be written")
    assert "Traceback" not in done.stderr
