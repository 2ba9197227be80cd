"""Paths as they are kept: absolute, and the same from every folder that a command is run in."""

from __future__ import annotations

import os
from pathlib import Path


def anchor(path: Path) -> Path:
    """Make a path absolute, without steps up.

    Links are kept as they are spelled, but for those before a step up: where `..` leads depends on
    them, and the folder that was stepped through may be gone tomorrow.

    Parameters
    ----------
    path : Path
        Any path; need not exist.

    Returns
    -------
    Path
        Absolute, without `..`.
    """
    parts = path.absolute().parts
    if os.pardir not in parts:
        return path.absolute()
    behind = len(parts) - parts[::-1].index(os.pardir)
    return Path(os.path.realpath(Path(*parts[:behind])), *parts[behind:])
