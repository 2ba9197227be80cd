"""Records of an evaluation: what was measured, at which thresholds, and how sure it is."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from clearshot.photo import Label

if TYPE_CHECKING:
    from pathlib import Path

    from clearshot.evaluation.labels import LabelledPhoto
    from clearshot.photo import Failure

# Shares of clear photos that the thresholds may lose.
RATES: Final = (0.02, 0.005)

# Raw scores by label; in each the higher score is the worse one.
Measures = Mapping[Label, float]


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number with its 95 % bootstrap interval.

    The ends are NaN where no resample defines it, or all photos of a source are of one scene: what
    another scene would give nobody knows.

    Attributes
    ----------
    value, low, high : float
        The number and the ends of its interval.
    """

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Threshold:
    """One threshold over all sources; photos with higher scores are called bad.

    Attributes
    ----------
    value : float
        The threshold, on the raw score; of the shipped one, the number just before it.
    rate : float or None
        Share of the clear photos that it may lose; None for the shipped threshold.
    """

    value: float
    rate: float | None

    @property
    def name(self) -> str:
        """E.g. `at 2 %`, or `as shipped`."""
        return "as shipped" if self.rate is None else f"at {100 * self.rate:g} %"

    @property
    def given(self) -> float:
        """The shipped threshold as it was given; any other as it is."""
        # Without the zero, the number after the one before 0 would be -0.
        return self.value if self.rate is not None else math.nextafter(self.value, math.inf) + 0.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one threshold does to the photos of one source.

    Attributes
    ----------
    found : Estimate or None
        Share of bad photos called bad; None without bad photos.
    lost : Estimate or None
        Share of clear photos called bad; None without clear photos.
    """

    found: Estimate | None
    lost: Estimate | None


@dataclass(frozen=True, slots=True)
class SourceResult:
    """Accuracy on the photos of one source.

    Attributes
    ----------
    source : str
        Its name; empty for all sources together.
    num_clear, num_bad, num_scenes : int
        Photos that were measured; scenes, a photo without one being its own.
    auc : Estimate or None
        Area under the ROC curve; None unless there are photos of both kinds.
    outcomes : tuple of Outcome
        One for each threshold.
    """

    source: str
    num_clear: int
    num_bad: int
    num_scenes: int
    auc: Estimate | None
    outcomes: tuple[Outcome, ...]


@dataclass(frozen=True, slots=True)
class ScoredPhoto:
    """One measured photo.

    Attributes
    ----------
    photo : LabelledPhoto
        The photo, clear or with the label in question.
    score : float
        Its raw score for that label.
    """

    photo: LabelledPhoto
    score: float


@dataclass(frozen=True, slots=True)
class LabelResult:
    """Accuracy for one label against clear photos.

    Attributes
    ----------
    label : Label
        The label.
    threshold_sources : tuple of str
        The sources whose clear photos set the thresholds.
    thresholds : tuple of Threshold
        One for each of `RATES`, then the shipped one where it was given.
    sources : tuple of SourceResult
        By name; those without bad photos tell the share of clear photos that is kept.
    total : SourceResult
        All photos together.
    photos : tuple of ScoredPhoto
        All measured photos, for plots.
    """

    label: Label
    threshold_sources: tuple[str, ...]
    thresholds: tuple[Threshold, ...]
    sources: tuple[SourceResult, ...]
    total: SourceResult
    photos: tuple[ScoredPhoto, ...]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Accuracy on labelled photos.

    Attributes
    ----------
    results : tuple of LabelResult
        One for each label that the photos have.
    failures : tuple of (Path, Failure)
        Photos that could not be measured; they count nowhere else.
    num_resamples, seed : int
        Of the bootstrap; photos are resampled by scene where scenes are known.
    """

    results: tuple[LabelResult, ...]
    failures: tuple[tuple[Path, Failure], ...]
    num_resamples: int
    seed: int
