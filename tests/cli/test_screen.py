from __future__ import annotations

import io
import sys
import time

import pytest

from clearshot.cli.screen import open_console, print_failures, show_progress


class Terminal(io.StringIO):
    """A stream that claims to be a terminal."""

    def isatty(self) -> bool:
        return True


def open_terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    stream = Terminal()
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.setenv("TERM", "xterm")
    return stream


def test_bar_shows_count_and_failures_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = open_terminal(monkeypatch)
    with show_progress("Scanning") as move:
        move(0, 10)
        move(10, 10, 2)
    assert "Scanning" in terminal.getvalue()
    assert "10/10" in terminal.getvalue()
    assert "2 failed" in terminal.getvalue()


def test_bar_shows_how_much_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = open_terminal(monkeypatch)
    with show_progress("Scanning") as move:
        move(1, 10)
        time.sleep(0.02)
        move(10, 10, size_bytes=50_000_000)
    assert "photos/s, " in terminal.getvalue()
    assert "B/s" in terminal.getvalue()


def test_bar_is_left_out_where_it_would_tear_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = open_terminal(monkeypatch)
    with show_progress("Scoring", is_wanted=False) as move:
        move(1, 10)
    assert terminal.getvalue() == ""


def test_bar_is_left_out_without_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    with show_progress("Scanning") as move:
        move(1, 10)
    assert capsys.readouterr() == ("", "")


def test_a_handful_of_failures_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    print_failures("Failed:", [(f"{number}.jpg", "why\x1b") for number in range(7)], rest="read on")
    lines = capsys.readouterr().err.splitlines()
    assert lines[:2] == ["Failed:", "  0.jpg: why\\x1b"]
    assert lines[-1] == "  and 2 more: read on"
    assert len(lines) == 7
    print_failures("Failed:", [], rest="read on")
    assert capsys.readouterr().err == ""


def test_a_closed_pipe_is_told_to_the_border_of_the_program() -> None:
    class Closed(io.StringIO):
        def write(self, text: str) -> int:
            raise BrokenPipeError

    with pytest.raises(BrokenPipeError):
        open_console(Closed()).print("a table")
