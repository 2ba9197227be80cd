"""What `clearshot score --network` judges photos with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from clearshot.config import MAX_PIXELS
from clearshot.errors import UsageError
from clearshot.photo import Failure, Label, Rating, SharpAt

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from pathlib import Path

    from clearshot.evaluation.results import Measures
    from clearshot.photo import Scores
    from clearshot.scoring.exposure import ExposureNetwork
    from clearshot.scoring.focus import FocusNetwork
    from clearshot.scoring.verdict import Thresholds
    from clearshot.workers import PhotoScorer

# The word of `clearshot evaluate` for what judges by default.
_PACKAGED: Final = "focus"


@dataclass(frozen=True, slots=True)
class Judge:
    """What measures photos in the workers, and what makes rows of their results here.

    Attributes
    ----------
    scorer : PhotoScorer
        Measures a photo.
    build_row : callable
        Takes the photo's path and what was measured; gives the fields of `clearshot score`.
    num_workers : int or None
        Worker processes where the user names no number; None for one per usable core.
    """

    scorer: PhotoScorer[Any]
    build_row: Callable[[Path, Any], dict[str, Any]]
    num_workers: int | None = None


def open_judge(word: str | None, thresholds: Thresholds, *, max_pixels: int = MAX_PIXELS) -> Judge:
    """Open what judges photos.

    Parameters
    ----------
    word : str or None
        A network as `clearshot evaluate --network` takes it; the packaged one by default.
    thresholds : Thresholds
        When a photo is called bad.
    max_pixels : int
        The packaged network refuses a photo with more pixels before it is decoded.

    Returns
    -------
    Judge
        For one run.

    Raises
    ------
    UsageError
        If the word is no network that gives probabilities, or it cannot tell what is sharp at 100 %
        or a label when that is asked for.
    NetworkError
        If its file is missing, changed or not understood.
    MissingExtraError
        If a library is not installed.
    """
    from clearshot.scoring.exposure import ExposureNetwork
    from clearshot.scoring.focus import FocusNetwork

    if word in {None, _PACKAGED}:
        return _judge_own(FocusNetwork(), ExposureNetwork(), thresholds, max_pixels)
    if thresholds.unsure_from is not None:
        raise UsageError(f"--tolerance needs the packaged network; {word} may score otherwise")
    # Imported here: the comparison of networks is no part of the common case.
    from clearshot.evaluation.detectors import FocusDetector
    from clearshot.evaluation.memory import count_workers
    from clearshot.evaluation.networks import open_detectors

    detector, *others = open_detectors([word])
    if isinstance(detector, FocusDetector) and not others:
        return _judge_own(detector.network, detector.exposure_network, thresholds, max_pixels)
    if others or not detector.has_log_odds:
        raise UsageError(f"{word} gives no probabilities; name one network")
    if thresholds.sharp_at is not SharpAt.SCREEN:
        raise UsageError(f"{word} cannot tell what is sharp at 100 %; --sharp-at needs focus")
    _check_labels(word, detector.labels, thresholds)

    def build_row(path: Path, result: Measures | Failure) -> dict[str, Any]:
        return _build_row(path, result, thresholds)

    return Judge(detector, build_row, count_workers(detector))


def _check_labels(word: str, labels: Collection[Label], thresholds: Thresholds) -> None:
    """Refuse a threshold for what a network cannot tell.

    Raises
    ------
    UsageError
        If there is one.
    """
    usual = type(thresholds)()
    for label in Label:
        is_set = thresholds.find_bad(label) != usual.find_bad(label)
        if is_set and label not in labels:
            option = f"--threshold {label.value}=..."
            raise UsageError(f"{word} cannot tell {label.value} photos; {option} needs focus")


def _judge_own(
    network: FocusNetwork,
    exposure_network: ExposureNetwork,
    thresholds: Thresholds,
    max_pixels: int,
) -> Judge:
    from clearshot import report
    from clearshot.scoring.calibration import join_calibrations
    from clearshot.scoring.scorer import Scorer
    from clearshot.scoring.verdict import judge

    calibration = join_calibrations(network.file, exposure_network.file)

    def build_row(path: Path, result: Scores | Failure) -> dict[str, Any]:
        verdict = result if isinstance(result, Failure) else judge(result, thresholds, calibration)
        return report.build_row(path, verdict)

    scorer = Scorer(network, exposure_network, sharp_at=thresholds.sharp_at, max_pixels=max_pixels)
    return Judge(scorer, build_row)


def _build_row(path: Path, result: Measures | Failure, thresholds: Thresholds) -> dict[str, Any]:
    """Build a row of a network that tells no more than whether a photo is blurry."""
    from clearshot import report
    from clearshot.scoring.calibration import to_probability
    from clearshot.scoring.verdict import rate

    if isinstance(result, Failure):
        return report.build_row(path, result)
    p = to_probability(result[Label.BLURRY])
    rating = rate(p, thresholds.blurry, thresholds.find_unsure(Label.BLURRY))
    return dict.fromkeys(report.FIELDS) | {
        "path": str(path),
        "verdict": rating.value,
        "labels": [Label.BLURRY.value] if rating is Rating.BAD else [],
        "p_blurry": report.round_probability(p),
        "reasons": [],
    }
