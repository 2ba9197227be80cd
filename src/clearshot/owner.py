"""What the owner of a library decided about photos, and the thresholds that follow from it."""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

import numpy as np

from clearshot.errors import InputError, UsageError, describe_cause
from clearshot.intervals import count_needed
from clearshot.listing import find_scores
from clearshot.photo import Choice, Failure, Label, SharpAt
from clearshot.report import judge_entry, read_choices
from clearshot.scoring.calibration import compute_logits, read_calibration, to_logit
from clearshot.scoring.limits import find_limits, set_thresholds
from clearshot.scoring.recalibration import Curve, LabelledScore, parse_recalibration, recalibrate
from clearshot.scoring.tolerance import Basis, digest_calibration, read_table
from clearshot.scoring.verdict import Thresholds
from clearshot.scoring.wishes import find_wishes

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from clearshot.catalog.catalog import Catalog, Entry
    from clearshot.photo import Scores
    from clearshot.scoring.recalibration import Recalibration
    from clearshot.scoring.tolerance import Tolerance

# A photo that was rejected without a word why counts for the label that it most looks like, but
# only from this probability on: people reject photos for many reasons.
_LEAST_PROBABILITY: Final = 0.05

# Frames of one camera that follow each other within this time are one burst [s]: bursts and
# brackets, and what is tried again at once.
BURST_S: Final = 5.0
_BURST: Final = timedelta(seconds=BURST_S)

# How probably a random sample may look like none, all labels together.
_FALSE_ALARM: Final = 0.001


@dataclass(frozen=True, slots=True)
class OwnerDecision:
    """What the owner decided about one photo.

    Attributes
    ----------
    path : Path
        The photo, absolute.
    is_bad : bool
        Whether it is rejected.
    label : Label or None
        Why; None for a good photo, or where the owner did not say.
    """

    path: Path
    is_bad: bool
    label: Label | None = None


@dataclass(frozen=True, slots=True)
class LabelReport:
    """What a calibration rests on, for one label.

    Attributes
    ----------
    num_good, num_bad : int
        Photos that count.
    lost_basis, missed_basis : Basis
        What keeps the tolerance, by the owner's photos or by the shipped table.
    is_lost_own, is_missed_own : bool
        Whether it is the owner's photos.
    confidence : float
        With which the share of good photos is kept.
    num_good_missing, num_bad_missing : int
        Photos of each kind that are still to be decided about until the owner's own keep the
        tolerance with its confidence; 0 where they do.
    """

    num_good: int
    num_bad: int
    lost_basis: Basis
    missed_basis: Basis
    is_lost_own: bool
    is_missed_own: bool
    confidence: float
    num_good_missing: int
    num_bad_missing: int


def read_decisions(catalog: Catalog) -> list[OwnerDecision]:
    """Read what the owner decided about photos of a library.

    Parameters
    ----------
    catalog : Catalog
        Open.

    Returns
    -------
    list of OwnerDecision
        Photos that are undecided are not in it.
    """
    choices = read_choices(catalog)
    return [OwnerDecision(path, choice is Choice.REJECT) for path, choice in choices.items()]


def find_own(catalog: Catalog) -> tuple[Recalibration | None, str]:
    """Find the calibration that a library uses.

    Parameters
    ----------
    catalog : Catalog
        Open.

    Returns
    -------
    tuple of (Recalibration or None, str)
        The calibration and a sentence about it; an empty one where the library has none. A
        calibration that was made for another shipped curve is not used.
    """
    kept = catalog.calibrations.read_current()
    if kept is None:
        return None, ""
    own, day = parse_recalibration(kept.content), f"{kept.made_at:%Y-%m-%d}"
    if own.made_for != digest_calibration(read_calibration()):
        message = f"The calibration of {day} (version {kept.version}) is not used: it was made for "
        return None, message + "another network; calibrate again."
    return own, f"By the calibration of {day} (version {kept.version}) on {own.origin}."


def settle(thresholds: Thresholds, own: Recalibration | None) -> Thresholds:
    """Give the thresholds that hold in a library.

    Parameters
    ----------
    thresholds : Thresholds
        As the user asked for them.
    own : Recalibration or None
        The library's calibration.

    Returns
    -------
    Thresholds
        Those of the calibration where the user asked for nothing else; the same without one.
    """
    if own is None:
        return thresholds
    return set_thresholds(find_wishes(thresholds), own)


def calibrate(
    photos: Iterable[tuple[Path, Scores, Label | None]],
    tolerances: Mapping[Label, Tolerance],
    *,
    origin: str,
    sharp_at: SharpAt = SharpAt.SCREEN,
) -> Recalibration:
    """Calibrate on photos whose label is known.

    The photos are taken for independent: drawn at random from the library, or one a scene.

    Parameters
    ----------
    photos : iterable of (Path, Scores, Label or None)
        Photos and what is wrong with them.
    tolerances : mapping of Label to Tolerance
        What the owner accepts.
    origin : str
        Where the decisions came from, in words, e.g. `214 decisions`.
    sharp_at : SharpAt
        How large photos are seen.

    Returns
    -------
    Recalibration
        The calibration.

    Raises
    ------
    InputError
        If there is no photo.
    """
    constants = read_calibration()
    parts = [
        LabelledScore(compute_logits(scores, constants, sharp_at), label, scores.facts.camera or "")
        for _, scores, label in photos
    ]
    if not parts:
        raise InputError("there is no decided photo to calibrate on")
    made_for = digest_calibration(constants)
    return recalibrate(parts, tolerances=tolerances, made_for=made_for, origin=origin)


def match_decisions(
    decisions: Sequence[OwnerDecision], entries: Sequence[Entry], sharp_at: SharpAt
) -> tuple[list[tuple[Path, Scores, Label | None]], int]:
    """Find the scores of decided photos.

    A rejected photo without a label counts for the one that it most looks like; if it looks like
    none, it was rejected for another reason and is left out.

    Parameters
    ----------
    decisions : sequence of OwnerDecision
        About photos of a library.
    entries : sequence of Entry
        Its catalog's.
    sharp_at : SharpAt
        How large photos are seen.

    Returns
    -------
    tuple of (list of (Path, Scores, Label or None), int)
        Photos for `calibrate`; how many decisions were left out.
    """
    known = {entry.photo.path: entry for entry in entries}
    found: list[tuple[Path, Scores, Label | None]] = []
    for decision in decisions:
        entry = known.get(decision.path)
        if entry is None or entry.scores is None:
            continue
        if isinstance(judge_entry(entry, Thresholds(sharp_at=sharp_at)), Failure):
            continue
        label = decision.label
        if decision.is_bad and label is None:
            label = _guess_label(entry.scores, sharp_at)
            if label is None:
                continue
        found.append((decision.path, entry.scores, label))
    return found, len(decisions) - len(found)


def choose_one_per_burst(
    photos: Sequence[tuple[Path, Scores, Label | None]],
) -> list[tuple[Path, Scores, Label | None]]:
    """Choose one photo of each burst and kind, always the same one.

    Frames of a burst are nearly the same picture: as several decisions they would claim a
    confidence that one picture cannot give [1]_. A burst are photos of one camera of which each was
    taken at most `BURST_S` after the one before.

    Parameters
    ----------
    photos : sequence of (Path, Scores, Label or None)
        Photos and what is wrong with them, as `match_decisions` gives them.

    Returns
    -------
    list of (Path, Scores, Label or None)
        In their order. A photo whose time nobody knows is one of its own.

    References
    ----------
    .. [1] Dunn, Wasserman, Ramdas, "Distribution-free prediction sets for two-layer hierarchical
       models", JASA 118, 2023. doi:10.1080/01621459.2022.2060112
    """
    frames = sorted(
        (scores.facts.camera or "", label or "", scores.facts.taken_at.replace(tzinfo=None), path)
        for path, scores, label in photos
        if scores.facts.taken_at is not None
    )
    bursts: list[list[tuple[str, str, datetime, Path]]] = []
    for frame in frames:
        last = bursts[-1][-1] if bursts else None
        if last is not None and last[:2] == frame[:2] and frame[2] - last[2] <= _BURST:
            bursts[-1].append(frame)
        else:
            bursts.append([frame])
    lots = [sorted((path for *_, path in burst), key=_draw_lot) for burst in bursts]
    passed_over = {path for _, *others in lots for path in others}
    return [each for each in photos if each[0] not in passed_over]


def is_evidently_chosen(
    decisions: Sequence[OwnerDecision],
    entries: Sequence[Entry],
    num_independent: int,
    sharp_at: SharpAt = SharpAt.SCREEN,
) -> bool:
    """Tell whether the decided photos score so unlike the library that no lot drew them.

    Limits on photos that were looked at because of their scores promise what does not hold: who
    goes through the worst ones first never sees the bad ones that look good.

    Parameters
    ----------
    decisions : sequence of OwnerDecision
        About photos of a library.
    entries : sequence of Entry
        Its catalog's.
    num_independent : int
        As how many photos the decided ones count, see `choose_one_per_burst`.
    sharp_at : SharpAt
        How large photos are seen.

    Returns
    -------
    bool
        Whether the shares of both beyond some score differ by more than they do in one of a
        thousand random samples [1]_, for any label; such differences are missed among few photos.

    References
    ----------
    .. [1] Massart, "The tight constant in the Dvoretzky-Kiefer-Wolfowitz inequality", Annals of
       Probability 18, 1990. doi:10.1214/aop/1176990746
    """
    constants, decided = read_calibration(), {decision.path for decision in decisions}
    logits = {
        entry.photo.path: compute_logits(scores, constants, sharp_at)
        for entry in entries
        if not isinstance(scores := find_scores(entry, sharp_at), Failure)
    }
    mine = [logits[path] for path in decided & logits.keys()]
    if not mine or num_independent < 1:
        return False
    most = math.sqrt(math.log(2 * len(Label) / _FALSE_ALARM) / (2 * num_independent))
    return any(
        _measure_gap([each[label] for each in mine], [each[label] for each in logits.values()])
        > most
        for label in Label
    )


def _measure_gap(part: Sequence[float], whole: Sequence[float]) -> float:
    """Measure by how much the shares of a part and of the whole up to some value differ at most."""
    every = np.sort(whole)
    shares = [np.searchsorted(np.sort(each), every, "right") / len(each) for each in (part, whole)]
    return float(np.abs(shares[0] - shares[1]).max())


def report_labels(own: Recalibration) -> dict[Label, LabelReport]:
    """Tell what a calibration rests on, and what is missing.

    Parameters
    ----------
    own : Recalibration
        The calibration.

    Returns
    -------
    dict of Label to LabelReport
        For each label with a tolerance.
    """
    table = read_table()
    reports = {}
    for label, tolerance in own.tolerances.items():
        pair = own.common.pairs[label]
        lost, missed = find_limits(tolerance, Curve(), pair, table.pairs[label])
        num_good, num_bad = (math.floor(tail.num_scenes) for tail in (pair.good, pair.bad))
        reports[label] = LabelReport(
            num_good=num_good,
            num_bad=num_bad,
            lost_basis=lost.basis,
            missed_basis=missed.basis,
            is_lost_own=lost.is_own,
            is_missed_own=missed.is_own,
            confidence=(pair if lost.is_own else table.pairs[label]).good.reach_confidence(
                tolerance.lost, tolerance.confidence
            ),
            num_good_missing=_count_missing(num_good, tolerance.lost, tolerance.confidence),
            num_bad_missing=_count_missing(num_bad, tolerance.missed, tolerance.confidence),
        )
    return reports


def read_calibration_file(path: Path) -> Recalibration:
    """Read a calibration that another library exported.

    Parameters
    ----------
    path : Path
        JSON, as `clearshot.scoring.recalibration.write_recalibration` writes it.

    Returns
    -------
    Recalibration
        The calibration.

    Raises
    ------
    InputError
        If the file cannot be read, is none, or was made for another shipped calibration.
    """
    try:
        own = parse_recalibration(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"cannot be read: {describe_cause(error)}", path=path) from error
    except UnicodeDecodeError as error:
        raise InputError("is not in UTF-8", path=path) from error
    except InputError as error:
        raise InputError(error.message, path=path) from error
    if own.made_for != digest_calibration(read_calibration()):
        raise InputError("was made for another network; calibrate again", path=path)
    return own


def check_tolerances(tolerances: Mapping[Label, Tolerance]) -> None:
    """Refuse what no number of decisions can keep.

    Parameters
    ----------
    tolerances : mapping of Label to Tolerance
        What the owner accepts.

    Raises
    ------
    UsageError
        If a share is 0.
    """
    for label, tolerance in tolerances.items():
        if min(tolerance.lost, tolerance.missed) <= 0:
            message = f"{label.value}: no number of decisions can show that not one photo is lost"
            raise UsageError(f"{message}; accept a share above 0 %")


def _count_missing(num: int, share: float, confidence: float) -> int:
    return max(0, count_needed(share, confidence) - num)


def _guess_label(scores: Scores, sharp_at: SharpAt) -> Label | None:
    logits = compute_logits(scores, read_calibration(), sharp_at)
    label = max(Label, key=lambda each: logits[each])
    return label if logits[label] >= to_logit(_LEAST_PROBABILITY) else None


def _draw_lot(path: Path) -> str:
    """Draw by the name, so that another folder or another order gives the same photo."""
    name = path.name.encode("utf-8", "surrogateescape")
    return hashlib.sha256(name).hexdigest() + str(path)
