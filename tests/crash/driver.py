"""Runs file actions in processes that end at a chosen moment; a script, told by lines of JSON.

Each line on standard input asks for one run in a process of its own: `command` (apply, undo, redo
or recover), `journals`, the `plan`, the `data` folder that holds the trash, the `way` in which the
disk lets files be moved, and when to send which `signal`: before the operation below `root` with
the number `at`, or `after_s` seconds. The answer is the exit code; a negative one names the signal
that ended it.
"""

from __future__ import annotations

import errno
import json
import os
import signal
import sys
import time
import traceback
from pathlib import Path
from typing import Any

from clearshot.actions.apply import apply_plan
from clearshot.actions.journal import list_journals
from clearshot.actions.plan import Plan
from clearshot.actions.recovery import recover
from clearshot.actions.undo import apply_undo, plan_undo

OPERATIONS = {
    "open", "os.chmod", "os.link", "os.mkdir", "os.remove", "os.rename", "os.rmdir",
    "os.symlink", "os.utime"
}  # fmt: skip
WAYS = {
    "link": {},
    "reserve": {"": errno.EPERM, ".part": errno.EPERM},
    "copy": {"": errno.EXDEV},
    "copy and reserve": {"": errno.EXDEV, ".part": errno.EPERM},
}


def refuse_links(way: str) -> None:
    link, codes = os.link, WAYS[way]

    def refuse(source: Path, target: Path) -> None:
        code = codes.get(".part" if source.suffix == ".part" else "")
        # A disk that has made hard links goes on to do so when they are the aim.
        is_aim = sys._getframe(1).f_code.co_name == "make_link"
        if code is not None and not is_aim:
            raise OSError(code, os.strerror(code))
        link(source, target)

    os.link = refuse  # type: ignore[assignment]


def is_below(path: Any, folder: str) -> bool:
    """Tell whether a path, which may be bytes or a descriptor, is below a folder."""
    return not isinstance(path, int) and os.fsdecode(path).startswith(folder)


def send_signal_at(number: int, signal_number: int, folder: str) -> None:
    num_operations = 0

    def count(event: str, args: tuple[Any, ...]) -> None:
        nonlocal num_operations
        if event in OPERATIONS and is_below(args[0], folder):
            num_operations += 1
            if num_operations == number:
                os.kill(os.getpid(), signal_number)

    sys.addaudithook(count)


def run(order: dict[str, Any]) -> None:
    journals = Path(order["journals"])
    os.environ["XDG_DATA_HOME"] = order["data"]
    refuse_links(order["way"])
    if order["at"] is not None:
        # A killed program leaves what it wrote; only a power cut asks for syncs.
        os.fsync = lambda fd: None
        send_signal_at(order["at"], order["signal"], order["root"])
    match order["command"]:
        case "apply":
            apply_plan(Plan.from_document(order["plan"]), journals)
        case "undo":
            apply_undo(plan_undo(journals), journals)
        case "redo":
            last_undo = list_journals(journals)[-1].stem
            apply_undo(plan_undo(journals, last_undo), journals)
        case "recover":
            recover(journals)


def run_apart(order: dict[str, Any]) -> int:
    process = os.fork()
    if process == 0:
        code = 1
        try:
            run(order)
            code = 0
        except KeyboardInterrupt:
            code = 130
        except Exception:  # noqa: BLE001 - whatever it is, the test sees the exit code
            traceback.print_exc()
        finally:
            os._exit(code)
    if order["after_s"] is not None:
        time.sleep(order["after_s"])
        os.kill(process, order["signal"])
    _, status = os.waitpid(process, 0)
    return os.waitstatus_to_exitcode(status)


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for line in sys.stdin:
        sys.stdout.write(f"{run_apart(json.loads(line))}\n")
        sys.stdout.flush()
