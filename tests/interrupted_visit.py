"""A visit at which somebody presses Ctrl-C; in a module, so that worker processes can import it."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class InterruptedVisit:
    """Notes a dot for each visit, and a mark for Ctrl-C.

    That comes at the visit with the number `at`; below 0 it comes while both workers start.
    """

    notes: str
    at: int

    def __call__(self, number: int) -> int:
        self.note(".")
        if number == self.at:
            self.interrupt()
        return number

    def __reduce__(self) -> tuple[Callable[[str, int], InterruptedVisit], tuple[str, int]]:
        return _arrive, (self.notes, self.at)

    def note(self, sign: str) -> None:
        with Path(self.notes).open("a") as file:
            file.write(sign)

    def interrupt(self) -> None:
        """As a terminal does: every process of the program hears it."""
        self.note("!")
        os.killpg(0, signal.SIGINT)


def _arrive(notes: str, at: int) -> InterruptedVisit:
    visit, here = InterruptedVisit(notes, at), Path(f"{notes}.{os.getpid()}")
    if at < 0 and not here.exists():
        here.touch()
        while len(arrived := sorted(here.parent.glob("*.*"))) < 2:
            time.sleep(0.01)
        if here == arrived[0]:
            visit.interrupt()
        while not Path(notes).exists():
            time.sleep(0.01)
    return visit
