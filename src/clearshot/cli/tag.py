"""`clearshot tag`: ratings, labels and keywords in XMP, beside photos or in them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from clearshot.actions.plan import Kind
from clearshot.cli.forecasts import announce, settle_thresholds
from clearshot.cli.options import (
    NamedPath,
    apply_options,
    catalog_option,
    is_quiet,
    judging_options,
    repeat_options,
    show_example,
    verbosity_options,
)
from clearshot.cli.plans import (
    apply_shown,
    print_left_alone,
    print_left_out,
    print_outcome,
    print_plan,
    print_plan_json,
    print_way_back,
    put_in_order,
)
from clearshot.cli.screen import print_failures, print_line, print_remark, show_progress
from clearshot.cli.text import to_count
from clearshot.terminal import to_command

if TYPE_CHECKING:
    from pathlib import Path

    from clearshot.photo import Photo, Skip
    from clearshot.scoring.verdict import Thresholds
    from clearshot.tagging import Judgement, TagPlan, TagStyle

_RATINGS = {"reject": -1, "1": 1, "2": 2, "3": 3, "4": 4, "5": 5, "none": None}


@click.command(
    short_help="Plan ratings and labels in XMP sidecars; --apply writes them.",
    epilog=show_example(
        "clearshot tag ~/Pictures/2026",
        "clearshot tag ~/Pictures/2026 --for darktable --apply",
        "clearshot tag ~/Pictures/2026 --for lightroom --sidecar embed --apply",
    ),
)
@click.argument("folder", type=NamedPath())
@click.option(
    "--for",
    "program",
    type=click.Choice(["lightroom", "darktable", "digikam", "all"]),
    default="all",
    show_default=True,
    help="The program that reads the sidecars; it decides which properties are written, and under "
    "which file name. Marks that clearshot made for another program go, unless it is all.",
)
@click.option(
    "--rating",
    type=click.Choice(list(_RATINGS)),
    default="reject",
    show_default=True,
    help="What bad photos get: rejected (-1), stars, or no rating.",
)
@click.option(
    "--sidecar",
    "naming",
    type=click.Choice(["auto", "stem", "full", "embed"]),
    default="auto",
    show_default=True,
    help="Names: IMG.xmp (stem), IMG.CR2.xmp (full), or those that are there, else as --for reads "
    "(auto). embed: as auto, but JPEG photos without a RAW file are written themselves.",
)
@click.option(
    "--overwrite",
    "overwrites",
    is_flag=True,
    help="Replace ratings and labels that you or another program gave; without it they stay.",
)
@apply_options
@judging_options
@catalog_option
@verbosity_options
@click.pass_context
def tag(  # noqa: PLR0913 - one argument per option
    context: click.Context,
    folder: Path,
    program: str,
    rating: str,
    naming: str,
    thresholds: Thresholds,
    catalog_path: Path | None,
    *,
    overwrites: bool,
    is_applied: bool,
    is_json: bool,
) -> None:
    """Print what would be written into the XMP sidecars of FOLDER; with --apply, write it.

    Bad photos get a rating, a colour label and a keyword such as clearshot|blurry; photos that
    became good lose what clearshot wrote. What was decided in `clearshot review` outranks the
    verdict; its stars and colours are written too. What other programs keep in a sidecar stays.
    Photos themselves are written with --sidecar embed only, and of them nothing but their XMP.
    Every byte comes back by `clearshot undo`.
    """
    from clearshot.notary import note_outcome
    from clearshot.sidecars.names import Naming
    from clearshot.sorting import find_companions
    from clearshot.tagging import Program, TagStyle, plan_tags

    style = TagStyle(Program(program), _RATINGS[rating], Naming(naming), overwrites)
    skipped = put_in_order(folder, catalog_path, is_applied=is_applied)
    judged, outdated = _list_judged(folder, catalog_path, thresholds)
    judged, absent = find_companions(folder, judged)
    with show_progress("Reading sidecars") as move:
        tags = plan_tags(folder, judged, style, progress=move)
    options = repeat_options(thresholds, catalog_path)
    print_left_out(outdated, absent, to_command("clearshot", "scan", folder, *options))
    if tags.plan.steps and not is_json and not (is_applied and is_quiet()):
        print_plan(tags.plan)
    _print_remarks(tags, is_embedded=style.naming is Naming.EMBED)
    outcome = None
    if is_applied and tags.plan.steps:
        outcome = apply_shown(tags.plan, "Writing", catalog_path=catalog_path)
        note_outcome(folder, catalog_path, outcome)
    skipped += (*outdated, *absent, *tags.skipped)
    if is_json:
        print_plan_json(tags.plan, outcome, skipped, tags.kept)
    elif outcome is not None:
        print_outcome(outcome, what="tagged")
        if outcome.done:
            print_way_back(folder, catalog_path)
    elif not tags.plan.steps:
        _print_nothing(len(skipped), is_embedded=style.naming is Naming.EMBED)
    elif not is_quiet():
        words = ["clearshot", "tag", folder, *_repeat_style(style), *options, "--apply"]
        print_line(f"Nothing was written. To write {_count_files(tags)}:")
        print_line(f"  {to_command(*words)}")
    skipped += () if outcome is None else outcome.skipped
    context.exit(1 if is_applied and skipped else 0)


def _list_judged(
    folder: Path, catalog_path: Path | None, thresholds: Thresholds
) -> tuple[list[tuple[Photo, Judgement]], tuple[Skip, ...]]:
    """Judge the photos of a library, and list those that cannot be judged any more."""
    from clearshot.catalog.catalog import Catalog
    from clearshot.notary import catch_up
    from clearshot.review import list_judged

    with Catalog.open(folder, path=catalog_path, create=False) as catalog:
        thresholds, remarks = settle_thresholds(catalog, thresholds)
        announce(remarks)
        catch_up(catalog)
        return list_judged(catalog, thresholds)


def _print_nothing(num_skipped: int, *, is_embedded: bool) -> None:
    if num_skipped:
        print_line(f"Nothing can be written now; left alone: {to_count(num_skipped, 'file')}.")
        return
    places = "photos and sidecars" if is_embedded else "the sidecars"
    print_line(f"Nothing to write: {places} are up to date.")


def _print_remarks(tags: TagPlan, *, is_embedded: bool) -> None:
    print_left_alone(tags.skipped, "left alone")
    count = to_count(len(tags.kept), "value")
    heading = f"Kept, --overwrite would replace: {count} by you or another program"
    kept = [(skip.path, skip.reason) for skip in tags.kept]
    print_failures(heading, kept, is_error=False)
    if tags.unread:
        count = to_count(len(tags.unread), "photo")
        remedy = "" if is_embedded else " --sidecar embed writes into JPEG photos."
        print_remark(
            f"Lightroom reads no sidecars of JPEG, TIFF and DNG: {count} will show nothing there."
            f"{remedy}"
        )


def _count_files(tags: TagPlan) -> str:
    """Tell how many files of which kind a plan writes, such as `2 sidecars and 1 photo`."""
    num_photos = sum(step.kind is Kind.EMBED for step in tags.plan.steps)
    counts = {"sidecar": len(tags.plan.steps) - num_photos, "photo": num_photos}
    return " and ".join(to_count(count, word) for word, count in counts.items() if count)


def _repeat_style(style: TagStyle) -> list[str]:
    usual = type(style)()
    words: list[str] = []
    if style.program is not usual.program:
        words += ["--for", style.program.value]
    if style.rating != usual.rating:
        words += ["--rating", "none" if style.rating is None else str(style.rating)]
    if style.naming is not usual.naming:
        words += ["--sidecar", style.naming.value]
    return [*words, *(["--overwrite"] if style.overwrites else [])]
