"""Make the pictures of the documentation: `python docs/pictures.py docs/images`.

A tour through the demo library, run as a person would run it; the terminal's text becomes SVG.
"""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.text import Text

_WIDTH = 88

_TOUR = {"scan.svg": ["clearshot scan demo"]}
_EXPLAINED = {
    "explain-sharp-subject.png": "photographer-blurred-background.jpg",
}


def main(folder: Path) -> None:
    """Make all pictures.

    Parameters
    ----------
    folder : Path
        Where to; pictures of the same names are replaced.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        run("clearshot demo demo", place)
        for picture, commands in _TOUR.items():
            console = Console(record=True, width=_WIDTH, file=(place / "log").open("w"))
            for command in commands:
                console.print(Text.assemble(("$ ", "bold green"), (command, "bold")))
                console.print(Text.from_ansi(run(command, place)))
            (folder / picture).write_text(console.export_svg(title="clearshot"), encoding="utf-8")
        for picture, photo in _EXPLAINED.items():
            run(f"clearshot explain demo/{photo} -o {picture}", place)
            (folder / picture).write_bytes((place / picture).read_bytes())


def run(command: str, place: Path) -> str:
    """Run a command of clearshot in a folder; give what it prints, with colours."""
    words = [sys.executable, "-m", *shlex.split(command)]
    environment = os.environ | {"FORCE_COLOR": "1", "COLUMNS": str(_WIDTH)}
    done = subprocess.run(  # noqa: S603 - the commands above
        words, cwd=place, env=environment, stdout=subprocess.PIPE, check=True
    )
    # The folder of this run is nobody's; show the place that a reader would have.
    return done.stdout.decode("utf-8").replace(str(place), "~/photos")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
