"""Disks that refuse: hard links, or what one call of the system does."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest


def fail_with(code: int) -> OSError:
    return OSError(code, os.strerror(code))


def refuse_links(monkeypatch: pytest.MonkeyPatch, code: int, *, parts: int | None = None) -> None:
    """Let hard links fail, of part files with another error or, if None, not at all."""
    link = os.link

    def refuse(source: Path, target: Path) -> None:
        if Path(source).suffix != ".part":
            raise fail_with(code)
        if parts is not None:
            raise fail_with(parts)
        link(source, target)

    monkeypatch.setattr(os, "link", refuse)
