"""How doubtful a verdict is: which photos a person should look at first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from clearshot.photo import Label, Rating
from clearshot.scoring.calibration import to_logit

if TYPE_CHECKING:
    from clearshot.photo import Verdict
    from clearshot.scoring.verdict import Thresholds

# Limits beyond these log odds count as these: an open band has a middle, too.
_MAX_LOGIT: Final = 6.0


def measure_doubt(verdict: Verdict, thresholds: Thresholds) -> float:
    """Measure how much is learned by looking at a photo.

    In the middle of the band between good and bad neither answer would surprise; at its ends one of
    them would.

    Parameters
    ----------
    verdict : Verdict
        Of a photo.
    thresholds : Thresholds
        Those that it was judged by.

    Returns
    -------
    float
        1 in the middle of the band of a label, falling in proportion of log odds to 0 at its ends;
        0 unless the photo is unsure.
    """
    if verdict.rating is not Rating.UNSURE:
        return 0.0
    return max(_measure_label(label, verdict, thresholds) for label in Label)


def _measure_label(label: Label, verdict: Verdict, thresholds: Thresholds) -> float:
    p = float(getattr(verdict, f"p_{label.value}"))
    limit, unsure_from = thresholds.find_bad(label), thresholds.find_unsure(label)
    if not unsure_from <= p < limit:
        return 0.0
    low, high, at = (_to_finite_logit(each) for each in (unsure_from, limit, p))
    if high <= low:
        return 0.0
    return max(0.0, 1.0 - abs(2 * (at - low) / (high - low) - 1.0))


def _to_finite_logit(p: float) -> float:
    return max(-_MAX_LOGIT, min(to_logit(min(max(p, 0.0), 1.0)), _MAX_LOGIT))
