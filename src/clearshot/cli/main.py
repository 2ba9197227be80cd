"""The program `clearshot`: its commands, and the border where errors become exit codes."""

from __future__ import annotations

import errno
import io
import os
import signal
import sys
import threading
import time
from contextlib import contextmanager, suppress
from typing import IO, TYPE_CHECKING, Any, Final, NoReturn

import click

from clearshot.cli.audit import audit
from clearshot.cli.bench import bench
from clearshot.cli.calibrate import calibrate
from clearshot.cli.demo import demo
from clearshot.cli.evaluate import evaluate
from clearshot.cli.explain import explain
from clearshot.cli.options import is_verbose, verbosity_options
from clearshot.cli.report import report
from clearshot.cli.review import review
from clearshot.cli.scan import scan
from clearshot.cli.score import score
from clearshot.cli.screen import print_error
from clearshot.cli.sort import sort
from clearshot.cli.tag import tag
from clearshot.cli.train import train
from clearshot.cli.undo import undo
from clearshot.errors import ClearshotError, InputError, explain_refusal

if TYPE_CHECKING:
    from collections.abc import Iterator
    from multiprocessing.process import BaseProcess
    from types import FrameType

# As a shell reports a program that was ended by a signal, by SIGPIPE, and sysexits.h an own fault.
_ENDED_BY_SIGNAL: Final = 128
_PIPE_CLOSED: Final = 141
_OWN_FAULT: Final = 70

_HINTS: Final = {
    "review": "every decision is kept; the next sort or undo first puts in order what is half done",
    "scan": "what was scored is kept; the next scan goes on from there",
    "sort": "each photo is done as a whole or not at all; `clearshot undo` takes it back",
    "tag": "each sidecar is written as a whole or not at all; `clearshot undo` takes it back",
    "undo": "each photo is back as a whole or not at all; the next undo goes on from there",
}


_EPILOG: Final = """\
\b
Example:
  clearshot demo /tmp/demo
  clearshot scan /tmp/demo
  clearshot review /tmp/demo
  clearshot sort /tmp/demo --to /tmp/demo-bad
  clearshot sort /tmp/demo --to /tmp/demo-bad --apply
  clearshot undo /tmp/demo --apply

\b
Exit codes:
  0    all well
  1    finished, but some photos failed or some folders could not be read
  2    wrong usage
  3    a folder or file cannot be used
  4    the catalog cannot be used
  5    a file action was refused or failed
  6    a network file is missing or was changed
  7    an optional part of clearshot is not installed
  70   a fault of clearshot itself; -v shows where
  129  stopped because the terminal was closed
  130  stopped with Ctrl-C
  141  the reader of the output went away
  143  stopped by the system or by `kill`
"""

# How long what goes on behind a command that has ended may take to end as well [s].
_LAST_PATIENCE_S: Final = 1.0

# What a full or broken disk behind stdout says.
_NO_ROOM: Final = {errno.ENOSPC, errno.EDQUOT, errno.EIO}

# Signals other than that of Ctrl-C that ended the program.
_heard: list[int] = []


class _Failure(click.ClickException):
    """A message of one line on stderr, and an exit code."""

    def __init__(self, message: str, exit_code: int) -> None:
        super().__init__(message)
        # click declares it for the class, but reads it from the instance.
        vars(self)["exit_code"] = exit_code

    def show(self, file: IO[Any] | None = None) -> None:
        del file
        print_error(self.message)


class _Program(click.Group):
    """Runs a command and turns what it raises into a message and an exit code."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        del ctx
        return list(self.commands)

    def make_context(self, *args: Any, **kwargs: Any) -> click.Context:
        # Help and version are printed in here.
        with _border():
            return super().make_context(*args, **kwargs)

    def invoke(self, ctx: click.Context) -> Any:
        with _border(ctx):
            result = super().invoke(ctx)
            sys.stdout.flush()
        return result


@contextmanager
def _border(context: click.Context | None = None) -> Iterator[None]:
    """Turn what the body raises into a message and an exit code.

    Raises
    ------
    _Failure
        With both, for nearly everything.
    click.exceptions.Exit
        If the reader of the output went away, and as click raises it.
    click.ClickException
        As click raises it.
    click.Abort
        As click raises it.
    """
    try:
        yield
    except ClearshotError as error:
        raise _Failure(str(error), error.exit_code) from error
    except KeyboardInterrupt as error:
        command = None if context is None else context.invoked_subcommand
        hint = _HINTS.get(command or "", "")
        code = _ENDED_BY_SIGNAL + (_heard[0] if _heard else signal.SIGINT)
        raise _Failure("stopped" + (f"; {hint}" if hint else ""), code) from error
    except BrokenPipeError:
        # What is left in the buffer cannot be written either when Python ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise click.exceptions.Exit(_PIPE_CLOSED) from None
    except (click.ClickException, click.exceptions.Exit, click.Abort):
        raise
    except Exception as error:  # the border: an own fault is no failed photo
        failure = _explain(error)
        if context is not None and is_verbose() and failure.exit_code == _OWN_FAULT:
            raise
        raise failure from error


def _explain(error: Exception) -> _Failure:
    """Tell what the system refused from an own fault."""
    # Any question about a file may be refused, for example below a locked folder.
    if isinstance(error, OSError) and (refusal := explain_refusal(error)):
        return _Failure(str(refusal), refusal.exit_code)
    if isinstance(error, OSError) and error.errno in _NO_ROOM:
        refusal = InputError(f"the output cannot be written: {error.strerror}")
        return _Failure(str(refusal), refusal.exit_code)
    message = f"unexpected {type(error).__name__}: {error} (-v shows where)"
    return _Failure(message, _OWN_FAULT)


@click.group(cls=_Program, epilog=_EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="clearshot", message="clearshot %(version)s")
@verbosity_options
def cli() -> None:
    """Find the blurry, dark and overexposed photos in a library.

    clearshot measures each photo on this machine, says why it is bad, and moves bad photos out of
    the way. It never deletes a photo, and touches none without --apply.
    """


for _command in (
    scan, score, explain, review, sort, tag, undo, report, calibrate, audit, evaluate, train,
    bench, demo,
):  # fmt: skip
    cli.add_command(_command)


def run() -> None:
    """Run the program with the arguments of this process; it ends the process.

    Raises
    ------
    SystemExit
        As click raises it.
    """
    # A stream that the caller has closed is none here.
    sys.stdout = sys.stdout or open(os.devnull, "w")  # noqa: PTH123, SIM115
    sys.stderr = sys.stderr or open(os.devnull, "w")  # noqa: PTH123, SIM115
    # A name that the terminal's character set lacks is spelled with escapes.
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        with _other_signals_heeded():
            cli(prog_name="clearshot")
    except SystemExit as end:
        if _is_held_up():
            _leave(int(end.code or 0))
        raise


@contextmanager
def _other_signals_heeded() -> Iterator[None]:
    """End as after Ctrl-C when the system or a closed terminal asks for it."""
    before = {
        number: signal.getsignal(number)
        for name in ("SIGTERM", "SIGHUP", "SIGINT")
        if (number := getattr(signal, name, None)) is not None
    }
    for number, handler in before.items():
        # What is ignored stays so: `nohup` keeps a closed terminal from a program, and a shell
        # script Ctrl-C from one in the background.
        if number == signal.SIGINT and handler is signal.SIG_IGN:
            signal.signal(number, _interrupt_if_heard)
        elif number != signal.SIGINT and handler is signal.SIG_DFL:
            signal.signal(number, _take_for_interrupt)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _take_for_interrupt(number: int, frame: FrameType | None) -> None:
    _heard.append(number)
    # Not raised as a signal: a read that waits would go on before that is heard.
    on_interrupt = signal.getsignal(signal.SIGINT)
    if callable(on_interrupt):
        on_interrupt(signal.SIGINT, frame)


def _interrupt_if_heard(_number: int, _frame: FrameType | None) -> None:
    if _heard:
        raise KeyboardInterrupt


def _is_held_up() -> bool:
    """Tell whether Python would wait for what goes on in other threads and processes.

    That may be for ever: a read from a network drive that is gone can be neither given up nor
    killed. What changes files or the catalog has ended.
    """
    main = threading.main_thread()
    others = [each for each in threading.enumerate() if not each.daemon and each is not main]
    until = time.monotonic() + _LAST_PATIENCE_S
    # Whoever presses Ctrl-C now does not want to wait.
    with suppress(KeyboardInterrupt):
        for other in others:
            other.join(max(0.0, until - time.monotonic()))
    return any(other.is_alive() for other in others) or bool(_list_workers())


def _list_workers() -> list[BaseProcess]:
    if "multiprocessing" not in sys.modules:
        return []
    from multiprocessing import active_children

    return active_children()


def _leave(exit_code: int) -> NoReturn:
    """End the process as it is, and its workers."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    # Last of all: a scan that the page began and that still goes on would start others.
    for worker in _list_workers():
        with suppress(ValueError):
            worker.kill()
    os._exit(exit_code)
