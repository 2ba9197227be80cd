"""What a person sees: the console, the progress bar, the failures.

Results go to stdout; progress and remarks go to stderr, and only to a terminal. rich is imported
when something is drawn, because `--help` must not wait for it.
"""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Protocol

import click

from clearshot.cli.options import is_quiet, is_verbose
from clearshot.cli.text import to_count, to_size
from clearshot.terminal import to_printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from rich.console import Console
    from rich.progress import ProgressColumn

    from clearshot.photo import Skip

_MAX_FAILURES = 5

# How to see those that are not named.
_ALL_SHOWN = "-v lists all"


class PhotoProgress(Protocol):
    """Tells the progress bar how far the work is."""

    def __call__(
        self, num_done: int, num_total: int, num_failed: int = 0, *, size_bytes: int = 0
    ) -> None:
        """Move the bar; `size_bytes` is that of the photos that are done, where it is known."""


def open_console(stream: IO[str] | None = None) -> Console:
    """Open the console on stdout, or another stream, without markup in what is printed.

    Parameters
    ----------
    stream : file object or None
        Text stream; None for stdout.

    Returns
    -------
    rich.console.Console
        Plain text where the stream is no terminal.
    """
    from rich.console import Console

    class QuietConsole(Console):
        """Leaves it to the border of the program what a closed pipe means."""

        def on_broken_pipe(self) -> None:
            raise BrokenPipeError

    return QuietConsole(file=stream or sys.stdout, highlight=False, markup=False, emoji=False)


def print_line(text: str = "") -> None:
    """Print a line of a result on stdout, as it is.

    Parameters
    ----------
    text : str
        Without a line break.
    """
    click.echo(text)


def print_remark(text: str) -> None:
    """Print a remark on stderr unless the user wants quiet.

    Parameters
    ----------
    text : str
        One line.
    """
    if not is_quiet():
        click.echo(text, err=True)


def print_failures(
    heading: str,
    failures: Sequence[tuple[Path | str, str]],
    *,
    rest: str = _ALL_SHOWN,
    is_error: bool = True,
) -> None:
    """Name what failed on stderr: a handful, or all with -v. Nothing where there is none.

    Parameters
    ----------
    heading : str
        What happened to them; one line.
    failures : sequence of (Path or str, str)
        What failed, and why.
    rest : str
        How to see those that are not named.
    is_error : bool
        False for what is as it shall be: -q leaves it out.
    """
    if not failures or (is_quiet() and not is_error):
        return
    click.echo(heading, err=True)
    num_shown = len(failures) if is_verbose() else _MAX_FAILURES
    for name, reason in failures[:num_shown]:
        click.echo(f"  {to_printable(name)}: {to_printable(reason)}", err=True)
    if (num_rest := len(failures) - num_shown) > 0:
        click.echo(f"  and {num_rest:,} more: {rest}", err=True)


def print_error(message: str) -> None:
    """Print an error on stderr as those look that end the program.

    Parameters
    ----------
    message : str
        What happened.
    """
    click.echo(f"clearshot: {to_printable(message)}", err=True)


@contextmanager
def show_progress(
    what: str, *, unit: str = "photos", is_wanted: bool = True
) -> Iterator[PhotoProgress]:
    """Show a progress bar on stderr while the body works, if that is a terminal.

    Parameters
    ----------
    what : str
        The work in one or two words.
    unit : str
        What is counted, in the plural.
    is_wanted : bool
        False where the body prints to the same terminal.

    Yields
    ------
    PhotoProgress
        To be called after every photo.
    """
    if not is_wanted or is_quiet() or not sys.stderr.isatty():
        yield _ignore
        return
    from rich.progress import Progress

    console = open_console(sys.stderr)
    with Progress(*_build_columns(unit), console=console, transient=True) as bar:
        task = bar.add_task(what, total=None, failed="", size_bytes=0)

        def move(
            num_done: int, num_total: int, num_failed: int = 0, *, size_bytes: int = 0
        ) -> None:
            failed = f"{num_failed:,} failed" if num_failed else ""
            bar.update(
                task, completed=num_done, total=num_total, failed=failed, size_bytes=size_bytes
            )

        yield move


def _ignore(num_done: int, num_total: int, num_failed: int = 0, *, size_bytes: int = 0) -> None:
    del num_done, num_total, num_failed, size_bytes


def _build_columns(unit: str) -> tuple[ProgressColumn, ...]:
    from rich import progress
    from rich.text import Text

    class Speed(progress.ProgressColumn):
        """Speed with its units."""

        def render(self, task: progress.Task) -> Text:
            speed = task.finished_speed or task.speed
            if speed is None:
                return Text("")
            words = [f"{speed:.1f} {unit}/s"]
            if task.fields["size_bytes"] and task.completed:
                size_bytes = task.fields["size_bytes"] / task.completed
                words.append(f"{to_size(round(speed * size_bytes))}/s")
            return Text(", ".join(words))

    return (
        progress.TextColumn("{task.description}"),
        progress.BarColumn(),
        progress.MofNCompleteColumn(),
        Speed(),
        progress.TextColumn("{task.fields[failed]}", style="red"),
        progress.TimeRemainingColumn(compact=True),
    )


def print_skipped(skipped: Sequence[Skip], *, rest: str = _ALL_SHOWN) -> None:
    """Name what could not be read, and what was left out on purpose, on stderr.

    Parameters
    ----------
    skipped : sequence of Skip
        What was left out, and why.
    rest : str
        How to see those that are not named.
    """
    for is_unreadable, what in ((True, "could not be read:"), (False, "left out or left alone:")):
        part = [skip for skip in skipped if skip.is_unreadable is is_unreadable]
        nouns = "file or folder" if len(part) == 1 else "files or folders"
        heading = f"{len(part):,} {nouns} {what}"
        named = [(skip.path, skip.reason) for skip in part]
        print_failures(heading, named, rest=rest, is_error=is_unreadable)


def describe_failures(num: int) -> str:
    """Say how many photos failed.

    Parameters
    ----------
    num : int
        How many.

    Returns
    -------
    str
        A sentence without its end.
    """
    return f"{to_count(num, 'photo')} could not be judged"
