"""What the page is told about a library: one JSON document, the photos as columns."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING, Any, Final

from clearshot.photo import Facts, Label, SharpAt
from clearshot.scoring.calibration import to_probability
from clearshot.scoring.foresight import foresee
from clearshot.scoring.limits import measure_thresholds
from clearshot.scoring.tolerance import read_table
from clearshot.web.names import spell

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from clearshot.photo import Decision
    from clearshot.review import Case
    from clearshot.scoring.foresight import Expectation
    from clearshot.scoring.limits import Prospect
    from clearshot.scoring.recalibration import Recalibration
    from clearshot.scoring.verdict import Thresholds

# Blurry, dark and overexposed, in [0, 1].
Probabilities = tuple[float, float, float]

# Thresholds that the page offers: log odds from -6 to 6, which is 0.25 % to 99.75 %.
_LIMITS: Final = tuple(round(to_probability(step / 10), 4) for step in range(-60, 61))

# More digits of a share than any measurement can justify.
_DIGITS: Final = 6

_COLUMNS: Final = (
    "id", "name", "folder", "version", "width", "height", "bytes", "time", "camera", "p",
    "failure",
)  # fmt: skip


def describe_photos(
    cases: Iterable[Case],
    probabilities: Mapping[int, Probabilities | None],
    library: Path,
) -> dict[str, Any]:
    """Describe photos as columns, because there may be tens of thousands.

    Parameters
    ----------
    cases : iterable of Case
        The photos.
    probabilities : mapping of int to (float, float, float) or None
        By the photo's number; None for a photo that cannot be judged.
    library : Path
        The library's folder, absolute.

    Returns
    -------
    dict
        JSON values: the columns under `photos`, and the names that `folder` and `camera` count.
    """
    folders: dict[str, int] = {}
    cameras: dict[str, int] = {}
    columns: dict[str, list[Any]] = {name: [] for name in _COLUMNS}
    for case in cases:
        row = _describe_case(case, library)
        row["folder"] = folders.setdefault(row["folder"], len(folders))
        camera = row["camera"]
        row["camera"] = -1 if camera is None else cameras.setdefault(camera, len(cameras))
        ps = probabilities.get(case.number)
        # Every digit: a threshold may lie just above the probability of one photo.
        row["p"] = None if ps is None else list(ps)
        for name in _COLUMNS:
            columns[name].append(row[name])
    return {"photos": columns, "folders": list(folders), "cameras": list(cameras)}


def describe_thresholds(
    probabilities: Iterable[Probabilities | None],
    thresholds: Thresholds,
    own: Recalibration | None = None,
) -> dict[str, Any]:
    """Describe the thresholds that hold and those that the page offers, and what each would do.

    Parameters
    ----------
    probabilities : iterable of (float, float, float) or None
        Of each photo.
    thresholds : Thresholds
        Where the page starts; they are among those offered.
    own : Recalibration or None
        The library's own calibration, which set them.

    Returns
    -------
    dict
        JSON values: `thresholds`, `unsure`; under `rules` the limits of photos, and of those of
        some cameras; for each label under `limits` the thresholds offered, the shares of good
        photos lost and bad ones found, and on what that was measured.
    """
    judged = [each for each in probabilities if each is not None]
    limits = {}
    for place, label in enumerate(Label):
        at = sorted({*_LIMITS, _cap(getattr(thresholds, label.value))})
        if label is Label.BLURRY and thresholds.sharp_at is SharpAt.FULL:
            # No labelled photo was measured at 100 %.
            told = _describe_guess(foresee([ps[place] for ps in judged], at))
        else:
            told = _describe_prospect(label, measure_thresholds(label, at, own))
        limits[label.value] = {"at": at} | told
    cameras = (thresholds.cameras or {}).items()
    return {
        "thresholds": describe_limits(thresholds),
        "unsure": thresholds.unsure,
        "rules": {
            "common": _describe_rule(thresholds),
            "cameras": [[camera, _describe_rule(part)] for camera, part in cameras],
        },
        "limits": limits,
    }


def describe_limits(thresholds: Thresholds) -> dict[str, float]:
    """Describe from which probability on a photo is bad.

    Parameters
    ----------
    thresholds : Thresholds
        For the photo's camera.

    Returns
    -------
    dict
        By label; above 1 where no photo is.
    """
    return {label.value: _cap(getattr(thresholds, label.value)) for label in Label}


def _describe_rule(thresholds: Thresholds) -> dict[str, list[float]]:
    """Describe what `clearshot.scoring.verdict.rate` compares with, by label."""
    return {
        "limits": list(describe_limits(thresholds).values()),
        "doubts": [_cap(thresholds.find_unsure(label)) for label in Label],
    }


def _cap(limit: float) -> float:
    """Give a limit that JSON can hold; above 1 all say the same."""
    return min(limit, 2.0)


def _describe_guess(expected: Sequence[Expectation]) -> dict[str, Any]:
    return {
        "lost": [round(each.lost_share, _DIGITS) for each in expected],
        "found": [round(each.found_share, _DIGITS) for each in expected],
        "by": "guess",
    }


def _describe_prospect(label: Label, prospect: Prospect) -> dict[str, Any]:
    return {
        "lost": [round(each, _DIGITS) for each in prospect.lost],
        "found": [round(each, _DIGITS) for each in prospect.found],
        "by": "own" if prospect.is_own else "shipped",
        "good": prospect.num_good,
        "bad": prospect.num_bad,
        "sources": "" if prospect.is_own else read_table().sources[label],
    }


def describe_decision(decision: Decision) -> dict[str, Any]:
    """Describe a decision.

    Parameters
    ----------
    decision : Decision
        What the owner decided.

    Returns
    -------
    dict
        JSON values: `choice`, `stars` and `color`.
    """
    return {"choice": decision.choice, "stars": decision.stars, "color": decision.color}


def _describe_case(case: Case, library: Path) -> dict[str, Any]:
    entry = case.entry
    facts = entry.scores.facts if entry.scores else Facts()
    path, stamp = entry.photo.path, entry.photo.stamp
    folder = path.parent.relative_to(library).as_posix()
    return {
        "id": case.number,
        "name": spell(path.name),
        "folder": "" if folder == "." else spell(folder),
        # Beyond 53 bits numbers of JavaScript are no longer exact.
        "version": f"{stamp.mtime_ns & (2**64 - 1):x}",
        "width": entry.scores.width_px if entry.scores else 3,
        "height": entry.scores.height_px if entry.scores else 2,
        "bytes": stamp.size_bytes,
        "time": write_time(facts) or _to_time(stamp.mtime_ns),
        "camera": facts.camera,
        "failure": None if entry.failure is None else entry.failure.message,
    }


def write_time(facts: Facts) -> str | None:
    """Write when a photo was taken, on the camera's clock.

    Parameters
    ----------
    facts : Facts
        What the camera wrote.

    Returns
    -------
    str or None
        ISO 8601 without a zone, to the second; None where the camera wrote none.
    """
    if facts.taken_at is None:
        return None
    return facts.taken_at.replace(tzinfo=None).isoformat(timespec="seconds")


def _to_time(mtime_ns: int) -> str:
    """Write a file's time as cameras do, on this machine's clock."""
    seconds = mtime_ns / 1e9
    if not math.isfinite(seconds) or not 0 <= seconds < 1e11:
        return ""
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.localtime(seconds))
