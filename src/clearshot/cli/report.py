"""`clearshot report`: what the catalog knows, as a file to keep or send."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from clearshot.cli.files import check_distinct, check_free, encode, is_stdout, write_file
from clearshot.cli.forecasts import announce, settle_thresholds
from clearshot.cli.options import (
    NamedPath,
    catalog_option,
    judging_options,
    show_example,
    verbosity_options,
)
from clearshot.cli.screen import print_failures, print_remark, show_progress
from clearshot.cli.text import to_count
from clearshot.errors import UsageError
from clearshot.photo import Label, Rating
from clearshot.terminal import to_printable

if TYPE_CHECKING:
    from pathlib import Path

    from clearshot.photo import FileStamp
    from clearshot.scoring.verdict import Thresholds


_FILTERS_KEY = "clearshot.filters"
# Fields that hold one of a few words: a slip of the pen is no empty report.
_CLOSED_FIELDS = {"verdict": tuple(Rating), "labels": tuple(Label)}


def _note_filters(
    context: click.Context, _parameter: click.Parameter, values: tuple[str, ...]
) -> None:
    pairs: list[tuple[str, str]] = []
    context.meta[_FILTERS_KEY] = pairs
    if not values:
        return
    # Imported here: it brings NumPy, which --help can do without.
    from clearshot.report import FILTER_FIELDS

    for value in values:
        field, separator, text = value.partition("=")
        if field not in FILTER_FIELDS or not separator:
            fields = ", ".join(FILTER_FIELDS)
            raise click.BadParameter(f"{value!r} is not FIELD=TEXT with one of {fields}")
        words = _CLOSED_FIELDS.get(field, ())
        if words and text.casefold() not in words:
            raise click.BadParameter(f"{field} cannot be {text!r}; expected {', '.join(words)}")
        pairs.append((field, text))


@click.command(
    short_help="Write the verdicts of a library as HTML, CSV or JSON.",
    epilog=show_example(
        "clearshot report ~/Pictures/2026 --html report.html",
        "clearshot report ~/Pictures/2026 --csv report.csv",
        "clearshot report ~/Pictures/2026 --csv - --where camera=6D --where taken_at=2026-06",
        "clearshot report ~/Pictures/2026 --json - --where verdict=bad | jq '.[].path'",
    ),
)
@click.argument("folder", type=NamedPath())
@click.option(
    "--html",
    "html_path",
    metavar="OUT",
    type=NamedPath(),
    help="Write one HTML file with small pictures of bad and unsure photos.",
)
@click.option(
    "--csv",
    "csv_path",
    metavar="OUT",
    type=NamedPath(),
    help="Write CSV with a header; - is the standard output.",
)
@click.option(
    "--json",
    "json_path",
    metavar="OUT",
    type=NamedPath(),
    help="Write a JSON array; - is the standard output.",
)
@click.option(
    "--where",
    metavar="FIELD=TEXT",
    multiple=True,
    expose_value=False,
    callback=_note_filters,
    help="Only photos whose verdict or label is TEXT, or whose camera, lens, reader or taken_at "
    "contains it, in upper or lower case; may be repeated, then all must hold.",
)
@click.option(
    "--unsure-first",
    "is_unsure_first",
    is_flag=True,
    help="List the unsure photos that you have not decided about first, the most doubtful at the "
    "top.",
)
@click.option("--force", is_flag=True, help="Replace a report that exists.")
@judging_options
@catalog_option
@verbosity_options
def report(  # noqa: PLR0913 - one argument per option
    folder: Path,
    html_path: Path | None,
    csv_path: Path | None,
    json_path: Path | None,
    thresholds: Thresholds,
    catalog_path: Path | None,
    *,
    is_unsure_first: bool,
    force: bool,
) -> None:
    """Write the verdicts of the last scan of FOLDER, one row per photo.

    The fields are those of `clearshot score`; `relative_path`, which begins at FOLDER; the
    companions of the photo; what the camera wrote: camera, lens, iso, shutter_s, aperture,
    taken_at, focus_point; and your decision: keep, reject or nothing. Another threshold judges anew
    what was measured; photos are read again for the pictures of --html alone.

    In CSV a file name that a spreadsheet would run as a formula (=, +, -, @) begins with ./ and
    other such text with an apostrophe.
    """
    outputs = _list_outputs(html_path, csv_path, json_path)
    for path in outputs:
        check_free(path, force=force)
    from clearshot.catalog.catalog import Catalog
    from clearshot.listing import find_entries
    from clearshot.report import (
        REPORT_FIELDS,
        build_report,
        filter_rows,
        format_csv,
        format_json,
        put_doubtful_first,
        read_choices,
    )

    with Catalog.open(folder, path=catalog_path, create=False) as catalog:
        thresholds, remarks = settle_thresholds(catalog, thresholds)
        filters = click.get_current_context().meta[_FILTERS_KEY]
        entries = find_entries(catalog, thresholds, filters)
        choices = read_choices(catalog)
        if is_unsure_first:
            entries = put_doubtful_first(entries, thresholds, choices=choices)
        rows = build_report(entries, thresholds, library=catalog.library, choices=choices)
    stamps = {entry.photo.path: entry.photo.stamp for entry in entries}
    rows = filter_rows(rows, filters)
    announce(remarks)
    if filters and not rows:
        print_remark(f"no photo has {to_printable(_describe_filters(filters))}")
    if html_path is not None:
        shown = _describe_choice(filters, thresholds)
        content = _write_html(
            rows, catalog.library, stamps, [*shown, *remarks], is_unsure_first=is_unsure_first
        )
        write_file(html_path, encode(content), force=force)
    if csv_path is not None:
        write_file(csv_path, encode(format_csv(rows, fields=REPORT_FIELDS)), force=force)
    if json_path is not None:
        write_file(json_path, encode(format_json(rows)), force=force)
    names = " and ".join(to_printable(path) for path in outputs if not is_stdout(path))
    if names:
        print_remark(f"{to_count(len(rows), 'photo')} written to {names}")


def _describe_choice(filters: list[tuple[str, str]], thresholds: Thresholds) -> list[str]:
    """Say which photos are shown, and by which options they were judged."""
    from clearshot.scoring.wishes import write_options

    lines = []
    if filters:
        chosen = _describe_filters(filters)
        lines.append(f"Only photos with {chosen}; the others are not counted.")
    if options := write_options(thresholds):
        lines.append(f"Judged with `{' '.join(options)}`.")
    return lines


def _describe_filters(filters: list[tuple[str, str]]) -> str:
    return " and ".join(f"`{field}={text}`" for field, text in filters)


def _write_html(
    rows: list[dict[str, Any]],
    library: Path,
    stamps: dict[Path, FileStamp],
    remarks: list[str],
    *,
    is_unsure_first: bool,
) -> str:
    from datetime import datetime

    from clearshot.html_report import find_outdated, write_html

    outdated = find_outdated(rows, stamps)
    print_failures(f"{to_count(len(outdated), 'photo')} not shown:", list(outdated.items()))
    with show_progress("Reading pictures") as move:
        # The reader's own clock: the report is for people.
        now = datetime.now().astimezone()
        return write_html(
            rows,
            library,
            now,
            is_unsure_first=is_unsure_first,
            remarks=remarks,
            outdated=outdated,
            progress=move,
        )


def _list_outputs(*paths: Path | None) -> list[Path]:
    outputs = [path for path in paths if path is not None]
    if not outputs:
        raise UsageError("name what to write: --html OUT, --csv OUT or --json OUT")
    check_distinct(outputs)
    return outputs
