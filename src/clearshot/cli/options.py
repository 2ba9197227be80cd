"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NoReturn, TypeVar

import click

from clearshot.photo import Label, SharpAt

if TYPE_CHECKING:
    from collections.abc import Callable

    from clearshot.scoring.tolerance import Tolerance
    from clearshot.scoring.verdict import Thresholds


# From here on a share without the % sign may be one that lacks it: 0.5 for 0.5 %.
_LEAST_AMBIGUOUS_SHARE: Final = 0.1


class NamedPath(click.Path):
    """A path on the command line. An empty one is refused: a variable of a script was empty."""

    def __init__(self, *, dir_okay: bool = True, file_okay: bool = True) -> None:
        super().__init__(path_type=Path, readable=False, dir_okay=dir_okay, file_okay=file_okay)

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> Any:  # Path, which click's own type does not tell
        """Give the path, or say that it has no name.

        Parameters
        ----------
        value, param, ctx
            As click gives them.

        Returns
        -------
        Path
            The path.
        """
        if value == "":
            self.fail("the path is empty; write . for the current folder", param, ctx)
        return super().convert(value, param, ctx)


_Function = TypeVar("_Function", bound="Callable[..., Any]")

_META_KEY = "clearshot.verbosity"
_SHARP_AT_KEY = "clearshot.sharp_at"
_TOLERANCE_KEY = "clearshot.tolerance"
_MISS_KEY = "clearshot.miss"


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
        help="Print more: every failed photo, and where an unexpected error comes from.",
    )
    quiet = click.option(
        "-q",
        "--quiet",
        is_flag=True,
        expose_value=False,
        callback=_note_quiet,
        help="Print only results and errors.",
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
    """Give a command --tolerance, --miss, --threshold and --sharp-at.

    Parameters
    ----------
    function : callable
        The command's function; it gets `thresholds`, a `Thresholds`.

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
        # These are read before --threshold, whose value holds all of them.
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
        help="Probability from which a photo counts as blurry, dark or overexposed, above 0 and up "
        "to 1 (0.5 each); from half of it the photo is unsure. May be given once for each label.",
    )
    return tolerance_options(threshold(sharp_at(function)))


def tolerance_options(function: _Function) -> _Function:
    """Give a command --tolerance and --miss; see `read_tolerances`.

    Parameters
    ----------
    function : callable
        The command's function; it gets no argument from them.

    Returns
    -------
    callable
        The same.
    """
    tolerance = click.option(
        "--tolerance",
        metavar="[LABEL=]SHARE",
        multiple=True,
        is_eager=True,
        expose_value=False,
        callback=_note_tolerance,
        help="Share of good photos that may be lost, such as 1%; it sets the thresholds of all "
        "labels, or of one. `calibrate` takes 1% by default.",
    )
    miss = click.option(
        "--miss",
        metavar="SHARE",
        is_eager=True,
        expose_value=False,
        callback=_note_miss,
        help="Share of bad photos that may pass as good where a tolerance is set (5%); photos "
        "between the two limits are unsure.",
    )
    return tolerance(miss(function))


def read_tolerances(context: click.Context) -> dict[Label, Tolerance]:
    """Read what --tolerance and --miss asked for.

    Parameters
    ----------
    context : click.Context
        Of the command.

    Returns
    -------
    dict of Label to Tolerance
        Empty where neither was given.
    """
    from clearshot.scoring.tolerance import Tolerance

    shares: dict[Label | None, float] = context.meta.get(_TOLERANCE_KEY, {})
    missed = context.meta.get(_MISS_KEY)
    usual = Tolerance()
    labels = [label for label in Label if label in shares or None in shares]
    if missed is not None and not labels:
        labels = list(Label)
    return {
        label: Tolerance(
            shares.get(label, shares.get(None, usual.lost)),
            usual.missed if missed is None else missed,
        )
        for label in labels
    }


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
        type=NamedPath(dir_okay=False),
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
        "--apply",
        "is_applied",
        is_flag=True,
        help="Carry the plan out; without it no file is touched.",
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
        from clearshot.scoring.wishes import write_options

        words += write_options(thresholds)
    if catalog_path is not None:
        words += ["--catalog", catalog_path]
    return words


def parse_share(value: str) -> float:
    """Read a share as a person writes it.

    Parameters
    ----------
    value : str
        `1%`, `1 %` or `0.01`.

    Returns
    -------
    float
        In [0, 1).

    Raises
    ------
    BadParameter
        If it is something else; `1` alone could mean 1 % or everything, `0.5` 0.5 % or a half.
    """
    number = value.strip()
    is_percent = number.endswith("%")
    try:
        share = float(number.removesuffix("%")) / (100 if is_percent else 1)
    except ValueError:
        share = -1.0
    if not 0 <= share < 1:
        hint = f"; write {number}%" if share >= 1 and not is_percent else ""
        raise click.BadParameter(f"{value!r} is not a share such as 1% or 0.01{hint}")
    if share >= _LEAST_AMBIGUOUS_SHARE and not is_percent:
        meanings = f"{number}% and {100 * share:g}%"
        raise click.BadParameter(f"{value!r} could mean {meanings}; write the % sign")
    return share


def _note_tolerance(
    context: click.Context, _parameter: click.Parameter, values: tuple[str, ...]
) -> None:
    shares: dict[Label | None, float] = {}
    for value in values:
        name, sign, number = value.rpartition("=")
        if sign and name not in set(Label):
            raise click.BadParameter(f"{value!r}: no label {name!r}, only {', '.join(Label)}")
        label = Label(name) if sign else None
        if label in shares:
            raise click.BadParameter(f"{value!r}: given twice for the same")
        shares[label] = _parse_lost(number)
    context.meta[_TOLERANCE_KEY] = shares


def _note_miss(context: click.Context, _parameter: click.Parameter, value: str | None) -> None:
    missed = None if value is None else parse_share(value)
    if missed == 0:
        _refuse_zero(str(value), "not one bad photo passes as good")
    context.meta[_MISS_KEY] = missed


def _parse_lost(value: str) -> float:
    share = parse_share(value)
    if share == 0:
        _refuse_zero(value, "not one photo is lost")
    return share


def _refuse_zero(value: str, what: str) -> NoReturn:
    message = f"{value!r}: no limit can promise that {what}; accept a share above 0 %"
    raise click.BadParameter(message)


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
        if label.value in limits:
            raise click.BadParameter(f"{value!r}: given twice for the same")
        limits[label.value] = limit
    return _set_thresholds(context, {Label(name): limit for name, limit in limits.items()})


def _set_thresholds(context: click.Context, limits: dict[Label, float]) -> Thresholds:
    # Imported here: it brings NumPy and Pillow, which --help can do without.
    from clearshot.scoring.limits import Wishes, set_thresholds

    tolerances = read_tolerances(context)
    for label in limits:
        # A tolerance for all labels leaves out those that have a threshold.
        if label in context.meta.get(_TOLERANCE_KEY, {}):
            message = f"{label.value} has a tolerance and a threshold; give one of them"
            raise click.BadParameter(message)
        tolerances.pop(label, None)
    return set_thresholds(Wishes(limits, tolerances, context.meta[_SHARP_AT_KEY]))
