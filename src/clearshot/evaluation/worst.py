"""The photos that were judged most wrongly, for a look at them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from clearshot.evaluation.results import LabelResult, ScoredPhoto, Threshold

_NUM_WORST: Final = 10


@dataclass(frozen=True, slots=True)
class Worst:
    """Photos that were judged most wrongly for one label.

    Attributes
    ----------
    threshold : Threshold
        The one that judged: the shipped one, else the first.
    num_missed, num_lost : int
        Bad photos that it does not find, and clear ones that it calls bad.
    missed, lost : tuple of ScoredPhoto
        The worst of them first.
    """

    threshold: Threshold
    num_missed: int
    num_lost: int
    missed: tuple[ScoredPhoto, ...]
    lost: tuple[ScoredPhoto, ...]


def find_worst(result: LabelResult, *, num: int = _NUM_WORST) -> Worst:
    """Find the photos that were judged most wrongly.

    Parameters
    ----------
    result : LabelResult
        Accuracy for one label.
    num : int
        How many of each kind at most.

    Returns
    -------
    Worst
        Missed and lost photos.
    """
    shipped = [threshold for threshold in result.thresholds if threshold.rate is None]
    threshold = (shipped or result.thresholds)[0]
    ranked = sorted(result.photos, key=lambda each: each.score)
    missed = [p for p in ranked if p.photo.label is not None and not p.score > threshold.value]
    lost = [p for p in ranked if p.photo.label is None and p.score > threshold.value]
    return Worst(threshold, len(missed), len(lost), tuple(missed[:num]), tuple(lost[::-1][:num]))
