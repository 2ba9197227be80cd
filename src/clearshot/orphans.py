"""Processes of a pool whose program was killed: they would wait for work for ever.

They hold both ends of the pipe from which they read, so that it never ends.
"""

from __future__ import annotations

import multiprocessing
import os
from threading import Thread


def end_with_parent() -> None:
    """See to it that this process ends when the one that started it does."""
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def end() -> None:
        parent.join()
        os._exit(1)

    Thread(target=end, daemon=True).start()
