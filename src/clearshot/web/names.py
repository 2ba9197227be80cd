"""How file names are spelled in what is sent to the page: they need not be text."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def spell(name: Path | str) -> str:
    r"""Spell a name so that it can be sent; bytes that are no text become `\x..`.

    Parameters
    ----------
    name : Path or str
        As the system gave it, or a message that quotes one.

    Returns
    -------
    str
        Valid text.
    """
    return os.fsencode(name).decode("utf-8", "backslashreplace")
