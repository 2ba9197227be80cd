"""Laps as a table and as JSON, each beside the bare decoder on the same photos."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

from clearshot.evaluation.table import Table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from clearshot.bench.race import Lap

# What all others are compared with; a key of `clearshot.bench.racers.RACERS`.
BASE: Final = "bare decode"

_COLUMNS: Final = ("processes", "photos/s", "MB/s", "time", "MB of memory")


def tabulate(laps: Sequence[Lap]) -> Table:
    """Lay out the laps of one size of photos.

    Parameters
    ----------
    laps : sequence of Lap
        All of the same photos, with or without previews; at least one, the first without.

    Returns
    -------
    Table
        One row each.
    """
    first = laps[0]
    title = f"{first.num_photos:,} JPEG of {first.megapixels} MP, "
    title += f"{first.size_bytes / first.num_photos / 1e6:.1f} MB each"
    rows = tuple(
        (
            lap.name,
            str(lap.num_workers),
            f"{lap.photos_per_s:.1f}",
            f"{lap.mb_per_s:.0f}",
            f"{ratio:.2f} x" if (ratio := compare(lap, laps)) else "-",
            f"{lap.peak_mb:.0f}" if lap.peak_mb else "-",
        )
        for lap in laps
    )
    notes = (
        "Time is that of the bare decoder, 1.00 x: luma alone, at the scale of a verdict, with as "
        "many processes. Memory is that of the largest process.",
        *(note for lap in laps if (note := _tell_gain(lap, laps))),
    )
    return Table(title, ("", *_COLUMNS), rows, notes)


def to_json(laps: Sequence[Lap]) -> list[dict[str, Any]]:
    """Write laps for JSON.

    Parameters
    ----------
    laps : sequence of Lap
        Any.

    Returns
    -------
    list of dict
        The fields of each lap, `photos_per_s`, `mb_per_s`, and `times_bare_decode`, which is None
        without a lap of the bare decoder.
    """
    return [
        {
            **asdict(lap),
            "photos_per_s": round(lap.photos_per_s, 2),
            "mb_per_s": round(lap.mb_per_s, 1),
            "times_bare_decode": compare(lap, laps),
        }
        for lap in laps
    ]


def compare(lap: Lap, laps: Sequence[Lap]) -> float | None:
    """Divide a lap's time by that of the bare decoder.

    Parameters
    ----------
    lap : Lap
        A lap.
    laps : sequence of Lap
        All laps.

    Returns
    -------
    float or None
        The ratio to the bare decoder with as many processes on the same photos, without previews;
        None without one.
    """
    base = _find_without_previews(BASE, lap, laps)
    return round(lap.seconds / base.seconds, 3) if base else None


def _tell_gain(lap: Lap, laps: Sequence[Lap]) -> str | None:
    """Say what previews gain; None for a lap without them."""
    plain = _find_without_previews(lap.racer, lap, laps)
    if not lap.has_previews or plain is None:
        return None
    times = f"{plain.seconds / lap.seconds:.1f} times as fast"
    processes = "1 process" if lap.num_workers == 1 else f"{lap.num_workers} processes"
    return f"With a large preview in each photo {lap.racer} is {times} ({processes})."


def _find_without_previews(racer: str, lap: Lap, laps: Sequence[Lap]) -> Lap | None:
    """Find a racer's lap through the same photos without previews, with as many processes."""
    wanted = (racer, lap.megapixels, lap.num_workers, False)
    for each in laps:
        if (each.racer, each.megapixels, each.num_workers, each.has_previews) == wanted:
            return each
    return None
