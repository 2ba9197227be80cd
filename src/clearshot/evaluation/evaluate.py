"""Measure how many bad photos are found, and how many clear ones lost, source by source."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from clearshot.errors import InputError, UsageError
from clearshot.evaluation.bootstrap import bootstrap
from clearshot.evaluation.metrics import threshold_at_false_alarms
from clearshot.evaluation.results import (
    RATES,
    Estimate,
    Evaluation,
    LabelResult,
    Outcome,
    ScoredPhoto,
    SourceResult,
    Threshold,
)
from clearshot.photo import Failure, Label

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from clearshot.evaluation.labels import LabelledPhoto
    from clearshot.evaluation.results import Measures


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
        sample = _LabelPhotos(photos, (shipped or {}).get(label), threshold_sources)
        results.append(_evaluate_label(label, sample, num_resamples, seed))
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


class _LabelPhotos:
    """The photos of one label as arrays, and the numbers that are computed on resamples of them.

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
        scenes = [(p.photo.source, p.photo.scene or f"\0{i}") for i, p in enumerate(photos)]
        self.groups = np.unique(["\0".join(s) for s in scenes], return_inverse=True)[1]
        # Source, and the label where photos are drawn one by one: the counts stay then.
        self.strata = [f"{p.photo.source}/{'' if p.photo.scene else p.photo.label}" for p in photos]
        # "From this score on" is "above the number before it".
        self.shipped = None if shipped is None else float(np.nextafter(shipped, -np.inf))
        self.threshold_sources = self._choose_sources(threshold_sources)
        self.sets_threshold = ~self.is_bad & np.isin(source, self.threshold_sources)
        self._arrange_by_score()

    def _arrange_by_score(self) -> None:
        """Sort once, so that a resample only changes how often each photo counts in sums.

        All photos come by score, then those of each source: a row is a run of these places.
        """
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


def _evaluate_label(
    label: Label, sample: _LabelPhotos, num_resamples: int, seed: int
) -> LabelResult:
    everything = np.arange(len(sample.photos))
    ends = bootstrap(
        sample.measure, sample.groups, strata=sample.strata, num_resamples=num_resamples, seed=seed
    )
    numbers = np.stack([sample.measure(everything), *ends])  # value, low, high
    total, *sources = (
        _make_result(sample, name, mask, numbers[:, i])
        for i, (name, mask) in enumerate(zip(["", *sample.sources], sample.masks, strict=True))
    )
    return LabelResult(
        label=label,
        threshold_sources=sample.threshold_sources,
        thresholds=sample.set_thresholds(everything),
        sources=tuple(sources),
        total=total,
        photos=sample.photos,
    )


def _make_result(
    sample: _LabelPhotos, name: str, mask: NDArray[np.bool_], numbers: NDArray[np.float64]
) -> SourceResult:
    """Turn the numbers of one source, shape (3, columns), into its record."""
    groups = {(sample.strata[i], sample.groups[i]) for i in np.flatnonzero(mask)}
    if len(groups) == len({stratum for stratum, _ in groups}):  # each draw gives the same photos
        numbers = np.stack([numbers[0], *np.full_like(numbers[1:], np.nan)])
    auc, *shares = (
        None if math.isnan(value) else Estimate(float(value), float(low), float(high))
        for value, low, high in numbers.T
    )
    return SourceResult(
        source=name,
        num_clear=int((mask & ~sample.is_bad).sum()),
        num_bad=int((mask & sample.is_bad).sum()),
        num_scenes=len(np.unique(sample.groups[mask])),
        auc=auc,
        outcomes=tuple(Outcome(*shares[i : i + 2]) for i in range(0, len(shares), 2)),
    )
