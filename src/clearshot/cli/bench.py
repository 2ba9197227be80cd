"""`clearshot bench`: how fast it is here, beside a bare decoder and others."""

from __future__ import annotations

import json
import tempfile
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from clearshot.cli.files import check_free
from clearshot.cli.options import NamedPath, show_example, verbosity_options
from clearshot.cli.screen import print_line, print_remark, show_progress
from clearshot.cli.tables import print_table
from clearshot.config import usable_cores
from clearshot.errors import UsageError
from clearshot.terminal import to_printable

if TYPE_CHECKING:
    from clearshot.bench.race import Course, Lap

# Also in `clearshot.bench`, which --help must not wait for.
_RACERS: Final = ("bare decode", "clearshot", "CleanVision", "Laplacian")
_OWN: Final = "clearshot"

_PLOT_SUFFIXES: Final = (".png", ".svg", ".pdf")


@click.command(
    short_help="Measure the speed beside others.",
    epilog=show_example(
        "clearshot bench", "clearshot bench --photos 40 --workers 1 --workers 2 --plot speed.png"
    ),
)
@click.option(
    "--photos",
    "num_photos",
    type=click.IntRange(min=1),
    default=200,
    show_default=True,
    help="Photos of each size; a few of them are drawn, the others are links to these.",
)
@click.option(
    "--megapixels",
    "sizes",
    type=click.IntRange(1, 150),
    multiple=True,
    default=(24,),
    help="Size of the photos (24); may be repeated.",
)
@click.option(
    "--workers",
    "workers",
    type=click.IntRange(min=1),
    multiple=True,
    help="Processes (as many as cores); may be repeated.",
)
@click.option(
    "--only",
    "racers",
    type=click.Choice(_RACERS),
    multiple=True,
    default=_RACERS,
    help="What to run beside the bare decoder (all); may be repeated.",
)
@click.option(
    "--previews",
    "has_previews",
    is_flag=True,
    help="Race clearshot again through the photos with a large preview in them, as many cameras "
    "write it.",
)
@click.option(
    "--rounds",
    "num_rounds",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="How often each one runs; the fastest run counts.",
)
@click.option(
    "--folder",
    type=NamedPath(file_okay=False),
    help="Keep the photos here for the next time (a temporary folder).",
)
@click.option(
    "--plot",
    "plot_path",
    metavar="OUT",
    type=NamedPath(),
    help="Write a plot of the speed over processes and sizes: PNG, SVG or PDF by its name.",
)
@click.option("--force", is_flag=True, help="Replace a plot that exists.")
@verbosity_options
def bench(  # noqa: PLR0913 - one argument per option
    num_photos: int,
    sizes: tuple[int, ...],
    workers: tuple[int, ...],
    racers: tuple[str, ...],
    num_rounds: int,
    folder: Path | None,
    plot_path: Path | None,
    *,
    has_previews: bool,
    force: bool,
) -> None:
    """Measure how fast clearshot is on this machine.

    It draws photos as a large camera writes them, and goes through them with a bare libjpeg-turbo
    decoder of reduced luma, with clearshot, with CleanVision and with a script that computes
    OpenCV's Laplacian, one after the other. The last line of the output is JSON. All but clearshot
    and the bare decoder need the extra `bench`.
    """
    if plot_path is not None:
        _check_plot(plot_path, force=force)
    from clearshot.bench.racers import check_racers
    from clearshot.bench.table import BASE, tabulate, to_json

    names = list(dict.fromkeys((BASE, *racers, *[_OWN] * has_previews)))
    check_racers(names)
    counts = dict.fromkeys(workers or (usable_cores(),))
    place = nullcontext(str(folder)) if folder else tempfile.TemporaryDirectory()
    laps: list[Lap] = []
    with place as name:
        for size in dict.fromkeys(sizes):
            courses = [(_draw(Path(name), size, num_photos), names)]
            if has_previews:
                courses += [(_draw(Path(name), size, num_photos, has_previews=True), [_OWN])]
            for num_workers in counts:
                for course, those in courses:
                    laps += _race(course, those, num_workers, num_rounds)
            print_table(tabulate([lap for lap in laps if lap.megapixels == size]))
    print_line(json.dumps(to_json(laps)))
    if plot_path is not None:
        from clearshot.bench.plots import plot_speed

        plot_speed(laps, plot_path)
        print_remark(f"plot written to {to_printable(plot_path)}")


def _check_plot(path: Path, *, force: bool) -> None:
    """Refuse a plot that could not be written, before the race.

    Raises
    ------
    UsageError
        If its name has the suffix of no kind of plot.
    """
    from clearshot.evaluation.figure import check_matplotlib

    if path.suffix.lower() not in _PLOT_SUFFIXES:
        raise UsageError(
            f"needs a name that ends with one of {', '.join(_PLOT_SUFFIXES)}", path=path
        )
    check_free(path, force=force)
    check_matplotlib()


def _draw(folder: Path, size: int, num_photos: int, *, has_previews: bool = False) -> Course:
    from clearshot.bench.photos import write_photos
    from clearshot.bench.race import Course

    own = folder / (f"{size}mp-{num_photos}" + "-previews" * has_previews)
    with show_progress("Drawing photos") as move:
        write_photos(own, size, num_photos, has_previews=has_previews, progress=move)
    return Course(own, size, has_previews)


def _race(course: Course, names: list[str], num_workers: int, num_rounds: int) -> list[Lap]:
    from clearshot.bench.race import race

    with show_progress("Racing", unit="laps") as move:
        return race(course, names, num_workers=num_workers, num_rounds=num_rounds, progress=move)
