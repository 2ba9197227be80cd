from __future__ import annotations

import errno
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from clearshot.actions.lock import hold_lock
from clearshot.errors import ActionError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

fcntl = pytest.importorskip("fcntl", reason="Windows locks in another way")

HOLDER = """
import pathlib, sys
from clearshot.actions.lock import hold_lock
with hold_lock(pathlib.Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_the_message_names_the_other_process(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"held\n"
        with (
            pytest.raises(ActionError, match=rf"another clearshot \(process {other.pid}\)") as info,
            hold_lock(tmp_path),
        ):
            pass
        assert info.value.path == tmp_path
        other.kill()
        other.wait()
        with hold_lock(tmp_path):
            assert (tmp_path / "lock").read_text() == str(os.getpid())


def test_a_lock_is_free_again_after_an_error(tmp_path: Path) -> None:
    with pytest.raises(KeyError), hold_lock(tmp_path / "new"):
        raise KeyError
    with (
        hold_lock(tmp_path / "new"),
        pytest.raises(ActionError, match=str(os.getpid())),
        hold_lock(tmp_path / "new"),
    ):
        pass


@pytest.mark.parametrize(
    ("code", "message"),
    [
        (errno.ENOLCK, "lock: cannot lock: No locks available"),
        (errno.EACCES, r"another clearshot \(process unknown\)"),
    ],
)
def test_a_lock_that_is_refused_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, message: str
) -> None:
    def fail(stream: object, flags: int) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(fcntl, "flock", fail)
    with pytest.raises(ActionError, match=message), hold_lock(tmp_path):
        pass


def test_a_place_without_lock_files_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with (
        pytest.raises(ActionError, match="lock: cannot lock: Not a directory"),
        hold_lock(tmp_path / "file" / "below"),
    ):
        pass


@pytest.mark.parametrize("make", [os.symlink, os.link])
def test_a_lock_that_leads_to_another_file_leaves_it_alone(
    tmp_path: Path, make: Callable[[Path, Path], None]
) -> None:
    victim = tmp_path / "victim"
    victim.write_bytes(b"mine")
    (tmp_path / ".clearshot").mkdir()
    make(victim, tmp_path / ".clearshot" / "lock")
    with pytest.raises(ActionError, match="lock: cannot lock"), hold_lock(tmp_path / ".clearshot"):
        pass
    assert victim.read_bytes() == b"mine"


def test_a_file_that_is_no_lock_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "lock").write_bytes(b"a diary that is called lock")
    with pytest.raises(ActionError, match="something else than a lock"), hold_lock(tmp_path):
        pass
    assert (tmp_path / "lock").read_bytes() == b"a diary that is called lock"
