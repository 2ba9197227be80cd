"""`clearshot explain`: draw why a photo is good or bad."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import click

from clearshot.cli.files import MAKER, MAKER_KEY, check_free, write_file
from clearshot.cli.forecasts import announce, describe_forecast, settle_thresholds
from clearshot.cli.limits import pixels_option, read_max_pixels
from clearshot.cli.options import (
    NamedPath,
    catalog_option,
    is_quiet,
    judging_options,
    show_example,
    verbosity_options,
)
from clearshot.cli.screen import print_line
from clearshot.errors import CatalogError, InputError, UsageError
from clearshot.paths import anchor
from clearshot.photo import CHOICE_WORDS
from clearshot.terminal import to_printable

if TYPE_CHECKING:
    from pathlib import Path

    from clearshot.catalog.catalog import Catalog
    from clearshot.photo import Choice
    from clearshot.scoring.verdict import Thresholds


@click.command(
    short_help="Draw the focus map, the light and the reasons of one photo.",
    epilog=show_example("clearshot explain IMG_0001.jpg -o why.png"),
)
@click.argument("photo", type=NamedPath())
@click.option(
    "-o",
    "--output",
    required=True,
    metavar="OUT.png",
    type=NamedPath(),
    help="The picture to write.",
)
@click.option("--force", is_flag=True, help="Replace the picture if it exists.")
@judging_options
@pixels_option
@catalog_option
@verbosity_options
def explain(
    photo: Path,
    output: Path,
    thresholds: Thresholds,
    catalog_path: Path | None,
    *,
    force: bool,
) -> None:
    """Draw why PHOTO is good or bad: the focus map over it, its sharpest region, its light.

    The verdict is printed too. It is that of the library that PHOTO lies in, by the library's own
    calibration where it has one; what you decided about PHOTO, or about the shot whose raw or HEIC
    file it is, is told beside it. The catalog is only looked into: where it cannot be read, or is
    of another version, PHOTO is judged as shipped, and a line says why.
    """
    _check_photo(photo)
    _check_output(output, photo)
    check_free(output, force=force)
    from PIL.PngImagePlugin import PngInfo

    from clearshot.explain import draw_explanation
    from clearshot.scoring.scorer import Scorer

    thresholds, remarks, choice = _settle(photo, thresholds, catalog_path)
    scorer = Scorer(sharp_at=thresholds.sharp_at, max_pixels=read_max_pixels())
    explanation = draw_explanation(photo, scorer, thresholds, choice=choice)
    stream = io.BytesIO()
    mark = PngInfo()
    mark.add_text(MAKER_KEY, MAKER)
    explanation.picture.save(stream, format="PNG", pnginfo=mark)
    write_file(output, stream.getvalue(), force=force)
    if not is_quiet():
        verdict = explanation.verdict
        decided = [] if choice is None else [CHOICE_WORDS[choice]]
        told = ", ".join([*(verdict.labels or [verdict.rating]), *decided])
        print_line(f"{to_printable(photo)}: {told}")
        scores = explanation.scores
        facts = scores.facts.describe()
        print_line(f"  {to_printable(facts)} ({scores.reader})" if facts else f"  {scores.reader}")
        for reason in verdict.reasons:
            print_line(f"  {reason}")
        announce(remarks)
        print_line(f"Written to {to_printable(output)}")


def _settle(
    photo: Path, thresholds: Thresholds, catalog_path: Path | None
) -> tuple[Thresholds, list[str], Choice | None]:
    """Give the thresholds that hold for the photo, what they rest on, and what the owner decided.

    Raises
    ------
    CatalogError
        If a catalog is named and it cannot be read.
    InputError
        If its calibration cannot.
    UsageError
        If the photo does not lie in the library of that catalog.
    """
    from clearshot.catalog.place import find_library
    from clearshot.catalog.reading import open_to_read

    library = find_library(photo, path=catalog_path)
    if library is None:
        if catalog_path is not None:
            raise UsageError("is not in the library of this catalog", path=photo)
        return thresholds, describe_forecast(thresholds), None
    try:
        with open_to_read(library, path=catalog_path) as catalog:
            settled, remarks = settle_thresholds(catalog, thresholds)
            choice = _find_choice(catalog, anchor(photo))
    except (CatalogError, InputError) as error:
        # To see why a photo is bad takes no catalog; nobody asked for this one.
        if catalog_path is not None:
            raise
        reason = to_printable(str(error))
        remark = f"Judged by the shipped calibration, not as in the library: {reason}"
        return thresholds, [remark, *describe_forecast(thresholds)], None
    if settled is not thresholds:
        remarks = [f"Judged as in the library {to_printable(library)}.", *remarks]
    return settled, remarks, choice


def _find_choice(catalog: Catalog, path: Path) -> Choice | None:
    """Find what the owner decided about a photo, also where its raw or HEIC file is named."""
    from clearshot.report import read_choices

    choices = read_choices(catalog)
    # A shot that is one photo has its decision under the name of the judged file beside this one.
    # Reading the states of all photos takes a while.
    beside = {other for other in choices if other.parent == path.parent}
    if path in beside or not beside:
        return choices.get(path)
    shots = (state.photo for state in catalog.states().values() if not state.is_missing)
    own = (shot.path for shot in shots if shot.path in beside and path in shot.companions)
    found = next(own, None)
    return None if found is None else choices[found]


def _check_photo(photo: Path) -> None:
    # As `clearshot score` does: a photo that is missing has failed, a name of no photo is wrong.
    from clearshot.discover import PHOTO_SUFFIXES

    if photo.is_dir():
        raise InputError("is a folder; name one photo", path=photo)
    if photo.suffix.lower() not in PHOTO_SUFFIXES and not photo.exists():
        raise InputError("there is no such photo or folder", path=photo)


def _check_output(output: Path, photo: Path) -> None:
    if output.suffix.lower() != ".png":
        raise UsageError("the picture is a PNG: name a file that ends with .png", path=output)
    if output.exists() and photo.exists() and output.samefile(photo):
        raise UsageError("is the photo itself; name another file", path=output)
