"""`clearshot demo`: make a small library to try clearshot on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from clearshot.cli.options import NamedPath, is_quiet, show_example, verbosity_options
from clearshot.cli.screen import print_line
from clearshot.cli.text import to_count
from clearshot.terminal import to_command, to_printable

if TYPE_CHECKING:
    from pathlib import Path


@click.command(
    short_help="Make a small library of good and spoilt photos.",
    epilog=show_example("clearshot demo /tmp/demo", "clearshot scan /tmp/demo"),
)
@click.argument("folder", type=NamedPath())
@verbosity_options
def demo(folder: Path) -> None:
    """Make a small library of good and spoilt photos in FOLDER, which must be new or empty.

    They are made of five free photographs that clearshot brings along; nothing is downloaded.
    ORIGIN.txt beside them tells where they come from.
    """
    from clearshot.demo import write_demo

    photos = write_demo(folder)
    if not is_quiet():
        print_line(f"{to_count(len(photos), 'photo')} written to {to_printable(folder)}")
        print_line(f"Next: {to_command('clearshot', 'scan', folder)}")
