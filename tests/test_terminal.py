from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from clearshot.terminal import to_command, to_printable


def test_names_cannot_drive_the_terminal() -> None:
    name = os.fsdecode(b"a\x1b[2J\n\xff.jpg")
    assert to_printable(name) == r"a\x1b[2J\n\udcff.jpg"


def test_printable_keeps_letters_of_any_language() -> None:
    assert to_printable("Müller 山.jpg") == "Müller 山.jpg"


def test_command_is_quoted() -> None:
    assert to_command("clearshot", "scan", "my photos") in (
        "clearshot scan 'my photos'",
        'clearshot scan "my photos"',
    )


def test_a_name_like_an_option_is_printed_as_a_path() -> None:
    assert to_command("clearshot", "scan", Path("-dash"), "-q") == "clearshot scan ./-dash -q"


@pytest.mark.skipif(sys.platform == "win32", reason="no name there holds such bytes")
def test_a_name_that_is_no_text_is_spelled_for_the_shell_alone() -> None:
    name = os.fsdecode("Müller's\n".encode() + b"\xff0\\")
    assert to_command("clearshot", "scan", name) == r"clearshot scan $'Müller\'s\012\3770\\'"


@pytest.mark.skipif(os.name == "nt" or not shutil.which("bash"), reason="needs bash")
def test_a_shell_reads_every_byte_as_it_was_meant() -> None:
    # A digit behind each, for it must not be taken for a part of an escape.
    meant = [b"a" + bytes([byte]) + b"7" for byte in range(1, 256)]
    meant += ["Müller 山\u202e\u2028".encode(), b"", b"it's\n\\"]
    command = to_command("printf", r"%s\0", *map(os.fsdecode, meant))
    assert command.isprintable()
    read = subprocess.run(["bash", "-c", command], capture_output=True, check=True).stdout
    assert read.split(b"\0")[:-1] == meant
