"""The command line reference, written from the help of the commands.

`python -m clearshot.cli.reference` prints `docs/cli-reference.md`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from clearshot.cli.main import cli
from clearshot.cli.screen import print_line

if TYPE_CHECKING:
    from collections.abc import Iterator

_WIDTH = 88


def list_commands() -> Iterator[tuple[str, click.Command]]:
    """List the program and its commands.

    Yields
    ------
    tuple of (str, click.Command)
        What one types, and the command; a group comes before its commands.
    """
    yield from _list_below("clearshot", cli)


def write_reference() -> str:
    """Write the reference of the command line.

    Returns
    -------
    str
        Markdown: the help of every command.
    """
    parts = ["# Command line reference", ""]
    parts.append("Written by `python -m clearshot.cli.reference`; a test keeps it up to date.")
    for path, command in list_commands():
        level = "#" * min(2 + path.count(" "), 4)
        parts += ["", f"{level} `{path}`", "", "```text", write_help(path, command), "```"]
    return "\n".join(parts)


def write_help(path: str, command: click.Command) -> str:
    """Write what `--help` prints, at a fixed width.

    Parameters
    ----------
    path : str
        What one types.
    command : click.Command
        The command.

    Returns
    -------
    str
        Lines of text.
    """
    # A command takes the settings of the program from the context above it.
    above = click.Context(cli, **cli.context_settings)
    context = click.Context(command, above, info_name=path, terminal_width=_WIDTH)
    return command.get_help(context)


def _list_below(path: str, command: click.Command) -> Iterator[tuple[str, click.Command]]:
    yield path, command
    if isinstance(command, click.Group):
        for name, child in command.commands.items():
            yield from _list_below(f"{path} {name}", child)


if __name__ == "__main__":
    print_line(write_reference())
