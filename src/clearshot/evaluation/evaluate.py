"""Measure how many bad photos are found, and how many clear ones lost, source by source."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from clearshot.errors import InputError, UsageError
from clearshot.evaluation.metrics import bootstrap, threshold_at_false_alarms
from clearshot.photo import Failure, Label

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from clearshot.evaluation.labels import LabelledPhoto

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


def check_sources(
    labelled: Sequence[LabelledPhoto], threshold_sources: Collection[str] | None = None
) -> None:
    """Refuse photos that no threshold can be set on, before they are measured.

    Parameters
    ----------
    labelled : sequence of LabelledPhoto
        Photos with their labels.
    threshold_sources : collection of str or None
        As in `evaluate`.

    Raises
    ------
    InputError
        If no photo is clear.
    UsageError
        If a threshold source has no clear photo.
    """
    has_clear = {photo.source for photo in labelled if photo.label is None}
    if not has_clear:
        raise InputError(f"none of the {len(labelled)} photos is clear")
    if threshold_sources is not None:
        _check_given(threshold_sources, has_clear)


def evaluate(
    labelled: Sequence[LabelledPhoto],
    measures: Mapping[Path, Measures | Failure],
    *,
    threshold_sources: Collection[str] | None = None,
    shipped: Mapping[Label, float] | None = None,
    num_resamples: int = 1000,
    seed: int = 0,
) -> Evaluation:
    """Measure labelled photos and tell the accuracy for each label they have.

    Each label is told from clear photos by one threshold over all sources, set on the clear photos
    of the threshold sources; photos with other labels take no part. The intervals hold the
    uncertainty of the thresholds too: each resample sets its own. What the threshold sources lose
    together at a rate is set, not measured; sources with clear photos only are a true test.

    Parameters
    ----------
    labelled : sequence of LabelledPhoto
        Photos with their labels.
    measures : mapping of Path to Measures or Failure
        The raw scores of each photo by label, the higher the worse, or why there are none.
    threshold_sources : collection of str or None
        Sources whose clear photos set the thresholds; by default those with photos of both kinds,
        or all if there is none.
    shipped : mapping of Label to float or None
        Thresholds on the raw scores to show beside those for `RATES`; a photo is called bad
        from this score on, as in a verdict.
    num_resamples : int
        Bootstrap resamples, >= 1.
    seed : int
        Seed of the bootstrap.

    Returns
    -------
    Evaluation
        Accuracy by label and source.

    Raises
    ------
    InputError
        If no clear photo could be measured, or there is no other and no shipped threshold.
    UsageError
        If a threshold source has no clear photo.
    ValueError
        If a photo has no score, or NaN, for a label of the photos.
    """
    measured, failures = _look_up(measures, labelled)
    labels = [label for label in Label if any(p.label is label for p in measured)]
    if not any(p.label is None for p in measured):
        message = f"none of the {len(labelled)} photos is clear and could be measured"
        if failures:
            path, failure = failures[0]
            message += f"; {len(failures)} failed, the first one {path}: {failure.message}"
        raise InputError(message)
    # Clear photos alone still tell how many of them the shipped thresholds keep.
    labels = labels or [label for label in Label if label in (shipped or {})]
    if not labels:
        raise InputError("only clear photos: thresholds need blurred, dark or overexposed ones")
    results = []
    for label in labels:
        photos = tuple(
            ScoredPhoto(photo, _get_score(scores, label, photo))
            for photo, scores in measured.items()
            if photo.label in {None, label}
        )
        task = _Task(photos, (shipped or {}).get(label), threshold_sources)
        results.append(_evaluate_label(label, task, num_resamples, seed))
    return Evaluation(tuple(results), tuple(failures), num_resamples, seed)


def _look_up(
    measures: Mapping[Path, Measures | Failure], labelled: Sequence[LabelledPhoto]
) -> tuple[dict[LabelledPhoto, Measures], list[tuple[Path, Failure]]]:
    found = [(photo, measures[photo.path]) for photo in labelled]
    measured = {photo: each for photo, each in found if not isinstance(each, Failure)}
    failures = [(photo.path, each) for photo, each in found if isinstance(each, Failure)]
    return measured, failures


def _get_score(scores: Measures, label: Label, photo: LabelledPhoto) -> float:
    score = float(scores.get(label, math.nan))
    if math.isnan(score):
        raise ValueError(f"there is no {label.value} score for {photo.path}")
    return score


class _Task:
    """The photos of one label as arrays, and the numbers that are computed on (re)samples of them.

    Numbers have the shape (all and each source, area and two for each threshold).
    """

    def __init__(
        self,
        photos: tuple[ScoredPhoto, ...],
        shipped: float | None,
        threshold_sources: Collection[str] | None,
    ) -> None:
        self.photos = photos
        self.scores = np.array([p.score for p in photos])
        self.is_bad = np.array([p.photo.label is not None for p in photos])
        source = np.array([p.photo.source for p in photos])
        self.sources = sorted(set(source.tolist()))
        # Row 0: all photos; then one row for each source.
        self.masks = np.stack([np.ones(source.size, bool), *(source == s for s in self.sources)])
        self.scenes = [(p.photo.source, p.photo.scene or f"\0{i}") for i, p in enumerate(photos)]
        self.groups = np.unique(["\0".join(s) for s in self.scenes], return_inverse=True)[1]
        # Source, and the label where photos are drawn one by one: the counts stay then.
        self.strata = [f"{p.photo.source}/{'' if p.photo.scene else p.photo.label}" for p in photos]
        # All photos by score, then those of each source by score: a row is a run of these places.
        rows = [np.flatnonzero(mask) for mask in self.masks]
        self.order = np.concatenate([row[np.argsort(self.scores[row])] for row in rows])
        sizes = np.array([row.size for row in rows])
        self.begins = np.cumsum(sizes) - sizes
        self.ranked, self.is_bad_there = self.scores[self.order], self.is_bad[self.order]
        # For each place, the first one of its row that scores as high, and the first one higher.
        runs = np.split(self.ranked, self.begins[1:])
        self.ties = [
            np.concatenate([np.searchsorted(run, run, side) for run in runs])
            + np.repeat(self.begins, sizes)
            for side in ("left", "right")
        ]
        # "From this score on" is "above the number before it".
        self.shipped = None if shipped is None else float(np.nextafter(shipped, -np.inf))
        self.threshold_sources = self._choose_sources(threshold_sources)
        self.sets_threshold = ~self.is_bad & np.isin(source, self.threshold_sources)

    def set_thresholds(self, at: NDArray[np.intp]) -> tuple[Threshold, ...]:
        """Set the thresholds on some photos."""
        clear = self.scores[at][self.sets_threshold[at]]
        rates = RATES if self.is_bad.any() else ()
        values = [threshold_at_false_alarms(clear, r) if clear.size else math.nan for r in rates]
        thresholds = [Threshold(v, r) for v, r in zip(values, rates, strict=True)]
        return (*thresholds, *([] if self.shipped is None else [Threshold(self.shipped, None)]))

    def measure(self, at: NDArray[np.intp]) -> NDArray[np.float64]:
        """Compute all numbers on some photos; NaN where a kind of photo is missing."""
        counts = np.bincount(at, minlength=self.scores.size)[self.order]
        clear, bad = counts * ~self.is_bad_there, counts * self.is_bad_there
        num_clear, num_bad = (self._sum(kind) for kind in (clear, bad))
        # As `compute_auc`: a bad photo is above clear ones that score lower, half above ties.
        sums = np.concatenate([[0], np.cumsum(clear)])
        below = sums[self.ties[0]] + sums[self.ties[1]]
        above = self._sum(below * bad) - 2 * sums[self.begins] * num_bad
        columns = [_divide(above, 2 * num_clear * num_bad)]
        for threshold in self.set_thresholds(at):
            is_called = self.ranked > threshold.value
            for kind, num in ((bad, num_bad), (clear, num_clear)):
                # Without any clear photo to set it there is no threshold.
                num_known = num * (not math.isnan(threshold.value))
                columns.append(_divide(self._sum(kind * is_called), num_known))
        return np.stack(columns, axis=1)

    def _sum(self, values: NDArray[np.intp]) -> NDArray[np.intp]:
        """Sum over the places of each row."""
        return np.add.reduceat(values, self.begins)

    def _choose_sources(self, given: Collection[str] | None) -> tuple[str, ...]:
        has_clear, has_bad = (
            {p.photo.source for p in self.photos if (p.photo.label is not None) is is_bad}
            for is_bad in (False, True)
        )
        if given is None:
            return tuple(sorted(has_clear & has_bad or has_clear))
        _check_given(given, has_clear)
        return tuple(sorted(set(given)))


def _check_given(given: Collection[str], has_clear: set[str]) -> None:
    if not given or not set(given) <= has_clear:
        wrong = ", ".join(sorted(set(given) - has_clear)) or "nothing"
        msg = f"thresholds cannot be set on {wrong}: "
        raise UsageError(f"{msg}sources with clear photos are {', '.join(sorted(has_clear))}")


def _divide(part: NDArray[np.intp], whole: NDArray[np.intp]) -> NDArray[np.float64]:
    """Divide; NaN where there is nothing to divide by."""
    shares = np.full(part.size, np.nan)
    np.divide(part, whole, out=shares, where=whole > 0)
    return shares


def _evaluate_label(label: Label, task: _Task, num_resamples: int, seed: int) -> LabelResult:
    everything = np.arange(len(task.photos))
    ends = bootstrap(
        task.measure, task.groups, strata=task.strata, num_resamples=num_resamples, seed=seed
    )
    numbers = np.stack([task.measure(everything), *ends])  # value, low, high
    total, *sources = (
        _describe(task, name, mask, numbers[:, i])
        for i, (name, mask) in enumerate(zip(["", *task.sources], task.masks, strict=True))
    )
    return LabelResult(
        label=label,
        threshold_sources=task.threshold_sources,
        thresholds=task.set_thresholds(everything),
        sources=tuple(sources),
        total=total,
        photos=task.photos,
    )


def _describe(
    task: _Task, name: str, mask: NDArray[np.bool_], numbers: NDArray[np.float64]
) -> SourceResult:
    """Turn the numbers of one source, shape (3, columns), into its record."""
    groups = {(task.strata[i], task.groups[i]) for i in np.flatnonzero(mask)}
    if len(groups) == len({stratum for stratum, _ in groups}):  # each draw gives the same photos
        numbers = np.stack([numbers[0], *np.full_like(numbers[1:], np.nan)])
    auc, *shares = (
        None if math.isnan(value) else Estimate(float(value), float(low), float(high))
        for value, low, high in numbers.T
    )
    return SourceResult(
        source=name,
        num_clear=int((mask & ~task.is_bad).sum()),
        num_bad=int((mask & task.is_bad).sum()),
        num_scenes=len(np.unique(task.groups[mask])),
        auc=auc,
        outcomes=tuple(Outcome(*shares[i : i + 2]) for i in range(0, len(shares), 2)),
    )
