"""Rows of an Excel sheet, as the labels of public sets are handed out."""

from __future__ import annotations

import warnings
import zlib
from typing import TYPE_CHECKING, Final
from zipfile import BadZipFile

from clearshot.errors import InputError, MissingExtraError, describe_cause

if TYPE_CHECKING:
    from pathlib import Path

# What openpyxl lets through on a file that is no workbook or a broken one; a SyntaxError is that of
# its XML parser.
_READER_ERRORS: Final = (
    BadZipFile,
    zlib.error,
    EOFError,
    LookupError,
    ValueError,
    TypeError,
    AttributeError,
    RuntimeError,
    SyntaxError,
)


def read_sheet(path: Path) -> list[list[str]]:
    """Read the first sheet of a workbook as text.

    Parameters
    ----------
    path : Path
        An `.xlsx` file.

    Returns
    -------
    list of list of str
        Cells row by row, without blanks around them; an empty cell is an empty string, a whole
        number has no decimals. Rows may differ in length.

    Raises
    ------
    MissingExtraError
        If openpyxl is not installed.
    InputError
        If the file cannot be read or is no workbook.
    """
    try:
        import openpyxl
    except ImportError as error:
        msg = "label sheets need openpyxl: pip install 'clearshot[evaluate]'"
        raise MissingExtraError(msg, path=path) from error
    try:
        with path.open("rb") as stream, warnings.catch_warnings():
            # About styles and extensions that do not matter here.
            warnings.simplefilter("ignore")
            book = openpyxl.load_workbook(stream, read_only=True, data_only=True)
            sheet = book.worksheets[0]
            # The size that is stated in the file may be wrong, and cuts off what lies beyond it.
            sheet.reset_dimensions()
            return [[_to_text(cell) for cell in row] for row in sheet.iter_rows(values_only=True)]
    except OSError as error:
        raise InputError(f"cannot be read: {describe_cause(error)}", path=path) from error
    except _READER_ERRORS as error:
        raise InputError(f"is no Excel workbook (.xlsx): {error}", path=path) from error


def _to_text(cell: object) -> str:
    if cell is None:
        return ""
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    return str(cell).strip()
