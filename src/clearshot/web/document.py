"""What the page is told about a library: one JSON document, the photos as columns."""

from __future__ import annotations

import hashlib
import math
import os
import time
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from clearshot.photo import Label, SharpAt
from clearshot.scoring.calibration import to_probability
from clearshot.scoring.foresight import foresee
from clearshot.scoring.limits import measure_thresholds
from clearshot.scoring.tolerance import read_table
from clearshot.web.names import spell

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from clearshot.catalog.glimpses import Glimpse
    from clearshot.catalog.pages import Counts
    from clearshot.photo import Decision
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
    glimpses: Iterable[Glimpse], probabilities: Mapping[int, Probabilities | None]
) -> dict[str, Any]:
    """Describe photos as columns, because there may be tens of thousands.

    Parameters
    ----------
    glimpses : iterable of Glimpse
        The photos.
    probabilities : mapping of int to (float, float, float) or None
        By the photo's number; None for a photo that cannot be judged.

    Returns
    -------
    dict
        JSON values: the columns under `photos`, and the names that `folder` and `camera` count.
    """
    folders: dict[bytes, int] = {}
    cameras: dict[str, int] = {}
    rows = [
        _describe_glimpse(each, probabilities.get(each.number), folders, cameras)
        for each in glimpses
    ]
    columns = map(list, zip(*rows, strict=True)) if rows else ([] for _ in _COLUMNS)
    return {
        "photos": dict(zip(_COLUMNS, columns, strict=True)),
        "folders": [spell(os.fsdecode(folder)) for folder in folders],
        "cameras": list(cameras),
    }


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


def describe_doubts(thresholds: Thresholds) -> dict[str, float]:
    """Describe from which probability on a photo is unsure.

    Parameters
    ----------
    thresholds : Thresholds
        For the photo's camera.

    Returns
    -------
    dict
        By label; at most the limit of the label.
    """
    return {label.value: _cap(thresholds.find_unsure(label)) for label in Label}


def _describe_rule(thresholds: Thresholds) -> dict[str, list[float]]:
    """Describe what `clearshot.scoring.verdict.rate` compares with, by label."""
    return {
        "limits": list(describe_limits(thresholds).values()),
        "doubts": list(describe_doubts(thresholds).values()),
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


def describe_counts(counts: Counts) -> dict[str, Any]:
    """Describe how many photos there are, for a page that does not have all of them yet.

    Parameters
    ----------
    counts : Counts
        Of the library.

    Returns
    -------
    dict
        JSON values: by verdict, `all` and `failed`; under `labels` a list in their order.
    """
    ratings = {rating.value: num for rating, num in counts.ratings.items()}
    labels = [counts.labels[label] for label in Label]
    return {"all": counts.num_photos, "failed": counts.num_failed, **ratings, "labels": labels}


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


def _describe_glimpse(
    glimpse: Glimpse,
    ps: Probabilities | None,
    folders: dict[bytes, int],
    cameras: dict[str, int],
) -> tuple[Any, ...]:
    """Describe a photo in the order of `_COLUMNS`."""
    folder, _, name = glimpse.path.rpartition(b"/")
    camera, taken_at = glimpse.camera, glimpse.taken_at
    return (
        glimpse.number,
        spell(os.fsdecode(name)),
        folders.setdefault(folder, len(folders)),
        _name_state(glimpse),
        3 if glimpse.width_px is None else glimpse.width_px,
        2 if glimpse.height_px is None else glimpse.height_px,
        glimpse.size_bytes,
        write_time(datetime.fromisoformat(taken_at)) if taken_at else _to_time(glimpse.mtime_ns),
        -1 if camera is None else cameras.setdefault(camera, len(cameras)),
        # Every digit: a threshold may lie just above the probability of one photo.
        ps,
        glimpse.failure,
    )


def _name_state(glimpse: Glimpse) -> str:
    """Name the state of a photo's file: photos of one burst may have one time, and one number."""
    words = b"%d %d " % (glimpse.size_bytes, glimpse.mtime_ns)
    return hashlib.blake2b(words + glimpse.path, digest_size=8).hexdigest()


def write_time(taken_at: datetime) -> str:
    """Write when a photo was taken, on the camera's clock.

    Parameters
    ----------
    taken_at : datetime
        As `Facts` have it.

    Returns
    -------
    str
        ISO 8601 without a zone, to the second.
    """
    return taken_at.replace(tzinfo=None).isoformat(timespec="seconds")


def _to_time(mtime_ns: int) -> str:
    """Write a file's time as cameras do, on this machine's clock."""
    seconds = mtime_ns / 1e9
    if not math.isfinite(seconds) or not 0 <= seconds < 1e11:
        return ""
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.localtime(seconds))
