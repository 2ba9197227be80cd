"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from clearshot.config import MAX_PIXELS, PHOTO_TIMEOUT_S
from clearshot.photo import Label, SharpAt

if TYPE_CHECKING:
    from collections.abc import Callable

    from clearshot.scoring.verdict import Thresholds

_Function = TypeVar("_Function", bound="Callable[..., Any]")

_META_KEY = "clearshot.verbosity"
_SHARP_AT_KEY = "clearshot.sharp_at"
_LIMIT_KEY = "clearshot.limit"


def verbosity_options(function: _Function) -> _Function:
    """Give a command the options -q and -v.

    Parameters
    ----------
    function : callable
        The command's function; it gets no argument from them, see `is_quiet` and `is_verbose`.

    Returns
    -------
    callable
        The same.
    """
    verbose = click.option(
        "-v",
        "--verbose",
        is_flag=True,
        expose_value=False,
        callback=_note_verbose,
        help="Say more: every failed photo, and where an unexpected error comes from.",
    )
    quiet = click.option(
        "-q",
        "--quiet",
        is_flag=True,
        expose_value=False,
        callback=_note_quiet,
        help="Say nothing but results that were asked for and errors.",
    )
    return quiet(verbose(function))


def show_example(*commands: str) -> str:
    """Write examples for the end of a command's help.

    Parameters
    ----------
    *commands : str
        Lines that can be pasted.

    Returns
    -------
    str
        The `epilog` of a command.
    """
    # The first line tells click to leave the line breaks as they are.
    return "\n".join(["\b", "Example:", *(f"  {command}" for command in commands)])


def is_quiet() -> bool:
    """Tell whether the user wants results and errors only."""
    return _read_verbosity() < 0


def is_verbose() -> bool:
    """Tell whether the user wants to read more."""
    return _read_verbosity() > 0


def judging_options(function: _Function) -> _Function:
    """Give a command --threshold and --sharp-at; its function gets `thresholds`, a `Thresholds`.

    Parameters
    ----------
    function : callable
        The command's function.

    Returns
    -------
    callable
        The same.
    """
    sharp_at = click.option(
        "--sharp-at",
        type=click.Choice([each.value for each in SharpAt]),
        default=SharpAt.SCREEN.value,
        show_default=True,
        # Read before --threshold, whose value holds both.
        is_eager=True,
        expose_value=False,
        callback=_note_sharp_at,
        help="What makes a photo sharp: sharp on a screen (1024 px) or sharp at 100 %.",
    )
    threshold = click.option(
        "--threshold",
        "thresholds",
        metavar="LABEL=P",
        multiple=True,
        callback=_parse_thresholds,
        help="Probability from which on a photo is blurry, dark or overexposed, above 0 to 1 "
        "(0.5 each); may be given once for each label.",
    )
    return threshold(sharp_at(function))


def catalog_option(function: _Function) -> _Function:
    """Give a command the option --catalog; its function gets `catalog_path`, a Path or None.

    Parameters
    ----------
    function : callable
        The command's function.

    Returns
    -------
    callable
        The same.
    """
    return click.option(
        "--catalog",
        "catalog_path",
        metavar="FILE",
        type=click.Path(path_type=Path, dir_okay=False),
        help="The catalog, where it is not FOLDER/.clearshot/catalog.sqlite.",
    )(function)


def apply_options(function: _Function) -> _Function:
    """Give a command the options --apply and --format; its function gets `is_applied`, `is_json`.

    Parameters
    ----------
    function : callable
        The command's function.

    Returns
    -------
    callable
        The same.
    """
    apply = click.option(
        "--apply", "is_applied", is_flag=True, help="Do it; without it no file is touched."
    )
    form = click.option(
        "--format",
        "is_json",
        type=click.Choice(["table", "json"]),
        default="table",
        show_default=True,
        callback=lambda _context, _parameter, value: value == "json",
        help="Print the plan as a table, or as one JSON object.",
    )
    return apply(form(function))


def workers_option(function: _Function) -> _Function:
    """Give a command the option --workers; its function gets `workers`, an int or None.

    Parameters
    ----------
    function : callable
        The command's function.

    Returns
    -------
    callable
        The same.
    """
    return click.option(
        "--workers",
        type=click.IntRange(min=1),
        metavar="N",
        help="Photos to score at the same time (one per processor core).",
    )(function)


def pixels_option(function: _Function) -> _Function:
    """Give a command the option --max-megapixels; it reads it by `read_max_pixels`.

    Parameters
    ----------
    function : callable
        The command's function.

    Returns
    -------
    callable
        The same.
    """
    return click.option(
        "--max-megapixels",
        metavar="MP",
        type=click.FloatRange(min=0, min_open=True),
        default=MAX_PIXELS / 1e6,
        show_default=f"{MAX_PIXELS / 1e6:.0f}",
        expose_value=False,
        callback=_note_limit,
        help="Refuse larger photos before they are decoded.",
    )(function)


def timeout_option(function: _Function) -> _Function:
    """Give a command the option --timeout; it reads it by `read_timeout`.

    Parameters
    ----------
    function : callable
        The command's function.

    Returns
    -------
    callable
        The same.
    """
    return click.option(
        "--timeout",
        metavar="S",
        type=click.FloatRange(min=0, min_open=True),
        default=PHOTO_TIMEOUT_S,
        show_default=True,
        expose_value=False,
        callback=_note_limit,
        help="Seconds after which a photo is given up.",
    )(function)


def read_max_pixels() -> int:
    """Tell how many pixels a photo may have, in a command with `pixels_option`."""
    return round(float(click.get_current_context().meta[f"{_LIMIT_KEY}.max_megapixels"]) * 1e6)


def read_timeout() -> float:
    """Tell how long a photo may take, in a command with `timeout_option` [s]."""
    return float(click.get_current_context().meta[f"{_LIMIT_KEY}.timeout"])


def repeat_options(thresholds: Thresholds | None, catalog_path: Path | None) -> list[str | Path]:
    """Write the shared options again, for a command that the user can paste.

    Parameters
    ----------
    thresholds : Thresholds or None
        Those in use.
    catalog_path : Path or None
        The catalog, where it is not in the library.

    Returns
    -------
    list of str or Path
        Words of a command; empty when all are as they are by default.
    """
    words: list[str | Path] = []
    if thresholds is not None:
        usual = type(thresholds)()
        for label in Label:
            limit = getattr(thresholds, label.value)
            if limit != getattr(usual, label.value):
                words += ["--threshold", f"{label.value}={limit!r}"]
        if thresholds.sharp_at is not usual.sharp_at:
            words += ["--sharp-at", thresholds.sharp_at.value]
    if catalog_path is not None:
        words += ["--catalog", catalog_path]
    return words


def _read_verbosity() -> int:
    context = click.get_current_context(silent=True)
    return 0 if context is None else int(context.meta.get(_META_KEY, 0))


def _note_verbose(context: click.Context, _parameter: click.Parameter, value: bool) -> None:
    if value:
        context.meta[_META_KEY] = 1


def _note_quiet(context: click.Context, _parameter: click.Parameter, value: bool) -> None:
    if value:
        context.meta[_META_KEY] = -1


def _note_sharp_at(context: click.Context, _parameter: click.Parameter, value: str) -> None:
    context.meta[_SHARP_AT_KEY] = SharpAt(value)


def _note_limit(context: click.Context, parameter: click.Parameter, value: float) -> None:
    context.meta[f"{_LIMIT_KEY}.{parameter.name}"] = value


def _parse_thresholds(
    context: click.Context, _parameter: click.Parameter, values: tuple[str, ...]
) -> Thresholds:
    limits: dict[str, float] = {}
    for value in values:
        name, _, number = value.partition("=")
        try:
            limit = float(number)
            label = Label(name)
        except ValueError:
            labels = ", ".join(Label)
            message = f"{value!r} is not LABEL=P with one of {labels} and a number"
            raise click.BadParameter(message) from None
        if not 0 < limit <= 1:
            raise click.BadParameter(f"{value!r}: a probability above 0, at most 1, is needed")
        limits[label.value] = limit
    # Imported here: it brings NumPy and Pillow, which --help can do without.
    from clearshot.scoring.verdict import Thresholds

    return Thresholds(**limits, sharp_at=context.meta[_SHARP_AT_KEY])
