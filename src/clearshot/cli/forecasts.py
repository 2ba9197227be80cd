"""What to expect of a tolerance, in plain sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING

from clearshot.cli.screen import print_remark
from clearshot.cli.text import to_exact_percent, to_interval, to_percent
from clearshot.photo import Label, SharpAt
from clearshot.terminal import to_printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from clearshot.catalog.catalog import Catalog
    from clearshot.scoring.limits import Forecast, Share
    from clearshot.scoring.recalibration import Recalibration
    from clearshot.scoring.tolerance import Basis, Tolerance
    from clearshot.scoring.verdict import Thresholds


def settle_thresholds(catalog: Catalog, thresholds: Thresholds) -> tuple[Thresholds, list[str]]:
    """Give the thresholds that hold in a library, and say what they rest on.

    Parameters
    ----------
    catalog : Catalog
        Open.
    thresholds : Thresholds
        As the user asked for them.

    Returns
    -------
    tuple of (Thresholds, list of str)
        Those of the library's own calibration where it has one; sentences about it and about what
        to expect.
    """
    from clearshot.owner import find_own, settle

    own, sentence = find_own(catalog)
    settled = settle(thresholds, own)
    return settled, [*([sentence] if sentence else []), *describe_forecast(settled, own)]


def describe_forecast(thresholds: Thresholds, own: Recalibration | None = None) -> list[str]:
    """Say what the thresholds will do, as far as labelled photos tell.

    Parameters
    ----------
    thresholds : Thresholds
        As `clearshot.scoring.limits.set_thresholds` gave them.
    own : Recalibration or None
        The library's own calibration, as there.

    Returns
    -------
    list of str
        Sentences; empty where no tolerance was asked for.
    """
    from clearshot.scoring.limits import forecast, merge_tolerances
    from clearshot.scoring.tolerance import read_table

    found = forecast(thresholds, own)
    has_shipped = any(not each.is_own for each in found.values())
    if not found or thresholds.wishes is None:
        return []
    tolerances = merge_tolerances(thresholds.wishes, own)
    lines = [_describe_label(label, each, tolerances[label]) for label, each in found.items()]
    if has_shipped:
        sources = sorted({read_table().sources[label] for label in found})
        where = f"Shares with 95 % intervals, on one photo a scene of {'; '.join(sources)}."
        lines.append(f"{where} Your photos may differ: `clearshot audit` measures yours.")
    else:
        lines.append("Shares with 95 % intervals.")
    if thresholds.cameras:
        cameras = ", ".join(map(to_printable, thresholds.cameras))
        lines.append(f"Photos of {cameras} have limits of their own: they may differ from this.")
    if thresholds.sharp_at is SharpAt.FULL:
        lines.append("All this was measured on a screen; at 100 % nothing is known.")
    return lines


def announce(lines: Sequence[str]) -> None:
    """Say on stderr what thresholds rest on.

    Parameters
    ----------
    lines : sequence of str
        As `settle_thresholds` or `describe_forecast` gave them.
    """
    for line in lines:
        print_remark(to_printable(line))


def _describe_label(label: Label, forecast: Forecast, tolerance: Tolerance) -> str:
    whose = ", by your photos" if forecast.is_own else ""
    lost = _describe_bound(tolerance.lost, forecast.lost_basis, forecast.confidence, "bad")
    missed = _describe_bound(
        tolerance.missed, forecast.missed_basis, forecast.missed_confidence, "good"
    )
    return (
        f"{label.value}{whose}: finds {_write(forecast.found)} of the bad photos and misses "
        f"{_write(forecast.missed)} ({missed}), the others are unsure; "
        f"loses {_write(forecast.lost)} of the good ones ({lost})."
    )


def _describe_bound(share: float, basis: Basis, confidence: float, verdict: str) -> str:
    """Say how surely a share of errors is kept, or that no photo gets the verdict that risks it."""
    if basis == "none":
        return f"too few were measured to keep {to_exact_percent(share)}: none is called {verdict}"
    return f"at most {to_exact_percent(share)}, {to_percent(confidence)} sure"


def _write(share: Share) -> str:
    return to_interval(share.value, share.low, share.high)
