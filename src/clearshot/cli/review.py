"""`clearshot review`: look at photos on a local page before any of them goes."""

from __future__ import annotations

from dataclasses import replace
from importlib.util import find_spec
from typing import TYPE_CHECKING

import click

from clearshot.cli.limits import (
    pixels_option,
    read_max_pixels,
    read_timeout,
    timeout_option,
    workers_option,
)
from clearshot.cli.options import (
    NamedPath,
    catalog_option,
    is_quiet,
    judging_options,
    show_example,
    verbosity_options,
)
from clearshot.cli.screen import print_line, print_remark
from clearshot.cli.text import to_count
from clearshot.config import ScanSettings
from clearshot.errors import MissingExtraError, check_folder
from clearshot.paths import anchor
from clearshot.terminal import to_printable

if TYPE_CHECKING:
    from pathlib import Path

    from clearshot.scoring.verdict import Thresholds
    from clearshot.web.jobs import Job


@click.command(
    short_help="Look at the photos on a local page: filter, decide, apply, undo.",
    epilog=show_example(
        "clearshot review ~/Pictures/2026",
        "clearshot review ~/Pictures/2026 --to ~/Pictures/2026-bad --no-browser",
    ),
)
@click.argument("folder", type=NamedPath())
@click.option(
    "--to",
    "target",
    metavar="DIR",
    type=NamedPath(),
    help="Where bad and rejected photos go (a folder beside FOLDER; the page can change it).",
)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=0,
    help="The port to listen on (any free one).",
)
@click.option(
    "--browser/--no-browser",
    "is_opened",
    default=True,
    help="Open the page in the browser, or only print its address.",
)
@judging_options
@workers_option
@timeout_option
@pixels_option
@catalog_option
@verbosity_options
def review(  # noqa: PLR0913 - one argument per option
    folder: Path,
    target: Path | None,
    port: int,
    thresholds: Thresholds,
    workers: int | None,
    catalog_path: Path | None,
    *,
    is_opened: bool,
) -> None:
    """Look at the photos of FOLDER in the browser, decide, and move bad ones out of the way.

    The page is served by this program to this machine alone, until Ctrl-C. What you decide is kept
    in the catalog and outranks the verdict. A folder that was never scanned is scanned at once;
    --workers, --timeout and --max-megapixels are for that scan and those that the page starts.
    """
    _check(folder)
    from clearshot.web.desk import Desktop
    from clearshot.web.server import ReviewServer

    settings = ScanSettings(timeout_s=read_timeout())
    if workers is not None:
        settings = replace(settings, num_workers=workers)
    library = anchor(folder)
    desktop = Desktop(
        library=library,
        catalog_path=None if catalog_path is None else anchor(catalog_path),
        target=suggest_target(library) if target is None else anchor(target),
        thresholds=thresholds,
        settings=settings,
        max_pixels=read_max_pixels(),
    )
    server = ReviewServer(desktop, port=port)

    def announce(address: str) -> None:
        if not is_quiet():
            print_line(f"Reviewing {to_printable(folder)} at")
        print_line(f"  {address}")
        print_remark("Ctrl-C ends it; every decision is kept.")
        if is_opened:
            _open(address)

    server.run(ready=announce, waiting=_tell_waiting)


def _check(folder: Path) -> None:
    """Check that there is something to review, and something to review it with.

    Raises InputError if the folder is none.

    Raises
    ------
    MissingExtraError
        If Starlette or uvicorn is not installed.
    """
    check_folder(folder)
    missing = [name for name in ("starlette", "uvicorn") if find_spec(name) is None]
    if missing:
        message = f"{missing[0]} is not installed: pip install 'clearshot[web]'"
        raise MissingExtraError(message)


def suggest_target(folder: Path) -> Path:
    """Suggest where the bad photos of a folder may go.

    Parameters
    ----------
    folder : Path
        A library.

    Returns
    -------
    Path
        A folder beside it.
    """
    # Resolved, because `..` has no name beside which another could be; a drive has none at all.
    home = folder.resolve()
    return home.with_name(f"{home.name}-bad") if home.name else home / "bad"


def _tell_waiting(job: Job) -> None:
    what = "An undo" if job.kind == "undo" else "A move"
    files = f"{job.num_done:,} of {to_count(job.num_total, 'file')}"
    print_remark(
        f"{what} is under way ({files}); clearshot ends when it is done. Ctrl-C again stops it "
        "half-way."
    )


def _open(address: str) -> None:
    from clearshot.web.server import open_browser

    if not open_browser(address):
        print_remark("No browser was found; open the address above in one on this machine.")
