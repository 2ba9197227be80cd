"""Run clearshot: as the installed program, and as `python -m clearshot`."""

from __future__ import annotations

import sys


def run() -> None:
    """Run the program with the arguments of this process; it ends the process.

    Raises
    ------
    SystemExit
        If it is stopped while it is loaded.
    """
    try:
        from clearshot.cli.main import run as run_program
    except KeyboardInterrupt:
        # Loading takes a moment, and nothing has begun yet.
        sys.stderr.write("clearshot: stopped\n")
        raise SystemExit(130) from None
    run_program()


if __name__ == "__main__":
    run()
