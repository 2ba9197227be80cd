"""Tables of numbers on the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from clearshot.cli.options import is_quiet
from clearshot.cli.screen import open_console
from clearshot.terminal import to_printable

if TYPE_CHECKING:
    from clearshot.evaluation.table import Table

# Columns of text that a table in a file may take.
_MAX_WIDTH: Final = 1000


def print_table(cells: Table) -> None:
    """Print a table on stdout, and its notes below it unless the user wants quiet.

    Parameters
    ----------
    cells : Table
        Its text.
    """
    from rich.measure import Measurement
    from rich.table import Table as RichTable

    table = RichTable(title=cells.title, title_justify="left", box=None, padding=(0, 2, 0, 0))
    for index, name in enumerate(cells.columns):
        table.add_column(name, justify="right" if index else "left", overflow="fold")
    for row in cells.rows:
        table.add_row(*(to_printable(cell) for cell in row))
    console = open_console()
    if not console.is_terminal:
        # A file has no width that the table must fit.
        endless = console.options.update(max_width=_MAX_WIDTH)
        console.width = max(console.width, Measurement.get(console, endless, table).maximum)
    console.print(table)
    if not is_quiet():
        for note in cells.notes:
            console.print(to_printable(note), style="dim")
    console.print()
