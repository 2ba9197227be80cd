"""From what the user asks for, and what labelled photos say, to thresholds and what to expect."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final, NamedTuple

from clearshot.photo import Label, SharpAt
from clearshot.scoring.calibration import to_logit, to_probability
from clearshot.scoring.recalibration import Curve
from clearshot.scoring.tolerance import Basis, Tolerance, read_table
from clearshot.scoring.verdict import Thresholds

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from clearshot.scoring.recalibration import Part, Recalibration
    from clearshot.scoring.tolerance import Tail, TailPair, ToleranceTable

# From this many photos of a kind on, a library speaks for itself about what to expect.
MIN_OWN_PHOTOS: Final = 20


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the user asked for.

    Attributes
    ----------
    probabilities : mapping of Label to float
        Thresholds by hand; a photo is bad from this probability on.
    tolerances : mapping of Label to Tolerance
        For other labels, where asked for.
    sharp_at : SharpAt
        How large photos are seen.
    """

    probabilities: Mapping[Label, float] = field(default_factory=dict)
    tolerances: Mapping[Label, Tolerance] = field(default_factory=dict)
    sharp_at: SharpAt = SharpAt.SCREEN


class Limit(NamedTuple):
    """Where an error is bounded.

    Attributes
    ----------
    logit : float or None
        Log odds on the library's curve; None where there are too few photos to bound it.
    basis : Basis
        What it rests on.
    is_own : bool
        Whether it rests on the owner's photos, not on the shipped table.
    """

    logit: float | None
    basis: Basis
    is_own: bool


@dataclass(frozen=True, slots=True)
class Share:
    """A share of photos with its 95 % interval.

    Attributes
    ----------
    value, low, high : float
        In [0, 1].
    """

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Forecast:
    """What thresholds will do to the photos of one label, as far as labelled photos tell.

    Attributes
    ----------
    lost : Share
        Of the good photos, those called bad.
    found : Share
        Of the bad photos, those called bad.
    missed : Share
        Of the bad photos, those called good; the others are unsure.
    lost_basis, missed_basis : Basis
        What keeps `Tolerance.lost` and `Tolerance.missed`; `NONE` where nothing does.
    confidence, missed_confidence : float
        With which the shares of good and of bad photos are kept, see `Tail.reach_confidence`.
    is_own : bool
        Whether the library's own photos tell, not the shipped table.
    """

    lost: Share
    found: Share
    missed: Share
    lost_basis: Basis
    missed_basis: Basis
    confidence: float
    missed_confidence: float
    is_own: bool


def set_thresholds(
    wishes: Wishes, own: Recalibration | None = None, table: ToleranceTable | None = None
) -> Thresholds:
    """Set thresholds for what the user asked for.

    A label with a tolerance is called bad above the score that at most `lost` of the good photos
    exceed, and good below the one that at most `missed` of the bad photos fall short of; between
    them no error can be bounded, and the photo is unsure. The owner's photos set a limit where they
    are enough for it; else the shipped table does, and they can make it stricter, see `find_limit`.
    Where nothing bounds an error, no photo is called bad, or good.

    Parameters
    ----------
    wishes : Wishes
        What the user asked for.
    own : Recalibration or None
        The library's own calibration; its tolerances hold where the wishes say nothing.
    table : ToleranceTable or None
        The shipped one by default; read only where it is needed.

    Returns
    -------
    Thresholds
        For all photos, and for cameras of their own.
    """
    tolerances = merge_tolerances(wishes, own)
    if tolerances and table is None:
        table = read_table()
    common = _set_part(wishes, tolerances, None if own is None else own.common, table)
    if own is None or not own.cameras:
        return common
    parts = own.cameras.items()
    cameras = {camera: _set_part(wishes, tolerances, part, table) for camera, part in parts}
    return replace(common, cameras=cameras)


def forecast(
    thresholds: Thresholds, own: Recalibration | None = None, table: ToleranceTable | None = None
) -> dict[Label, Forecast]:
    """Tell what thresholds will do, for each label with a tolerance.

    Shares of good and of bad photos are measured on the library's own decisions where there are
    `MIN_OWN_PHOTOS` of both kinds, else on the labelled photos of the shipped table.

    Parameters
    ----------
    thresholds : Thresholds
        As `set_thresholds` gave them.
    own : Recalibration or None
        The same as there.
    table : ToleranceTable or None
        The same as there.

    Returns
    -------
    dict of Label to Forecast
        Empty without a tolerance.
    """
    tolerances = {} if thresholds.wishes is None else merge_tolerances(thresholds.wishes, own)
    if not tolerances:
        return {}
    table = read_table() if table is None else table
    part = None if own is None else own.common
    return {
        label: _forecast_label(label, tolerances[label], thresholds, part, table.pairs[label])
        for label in Label
        if label in tolerances
    }


@dataclass(frozen=True, slots=True)
class Prospect:
    """What each of many thresholds on one label will do.

    Attributes
    ----------
    lost, found : tuple of float
        Share of the good and of the bad photos that are called bad; one for each threshold.
    num_good, num_bad : int
        Independent photos on which that was measured.
    is_own : bool
        Whether they are the library's own, not those of the shipped table.
    """

    lost: tuple[float, ...]
    found: tuple[float, ...]
    num_good: int
    num_bad: int
    is_own: bool


def measure_thresholds(
    label: Label,
    limits: Sequence[float],
    own: Recalibration | None = None,
    table: ToleranceTable | None = None,
) -> Prospect:
    """Tell what thresholds on one label will do, measured as in `forecast`.

    Parameters
    ----------
    label : Label
        Which one.
    limits : sequence of float
        Thresholds: a photo is bad from this probability on.
    own : Recalibration or None
        The library's own calibration, whose probabilities these are.
    table : ToleranceTable or None
        The shipped one by default.

    Returns
    -------
    Prospect
        In the order of `limits`.
    """
    table = read_table() if table is None else table
    part = None if own is None else own.common
    pair, curve, is_own = _choose_pair(label, part, table.pairs[label])
    logits = [curve.invert(_to_limit(limit)) for limit in limits]
    return Prospect(
        lost=tuple(pair.good.measure_share(logit) for logit in logits),
        found=tuple(1 - pair.bad.measure_share(logit) for logit in logits),
        num_good=math.floor(pair.good.num_scenes),
        num_bad=math.floor(pair.bad.num_scenes),
        is_own=is_own,
    )


def merge_tolerances(wishes: Wishes, own: Recalibration | None) -> dict[Label, Tolerance]:
    """Give the tolerances that hold: those of the library, then what was asked for.

    Parameters
    ----------
    wishes : Wishes
        What the user asked for; a threshold by hand takes the tolerance's place.
    own : Recalibration or None
        The library's own calibration.

    Returns
    -------
    dict of Label to Tolerance
        In the order of the labels.
    """
    held = {**({} if own is None else own.tolerances), **wishes.tolerances}
    return {label: held[label] for label in Label if label in held.keys() - wishes.probabilities}


def _set_part(
    wishes: Wishes,
    tolerances: Mapping[Label, Tolerance],
    part: Part | None,
    table: ToleranceTable | None,
) -> Thresholds:
    limits = dict.fromkeys(Label, Thresholds().blurry) | dict(wishes.probabilities)
    unsure_from = {}
    for label, tolerance in tolerances.items():
        assert table is not None
        curve = Curve() if part is None else part.curves[label]
        pair = None if part is None else part.pairs[label]
        found = find_limits(tolerance, curve, pair, table.pairs[label])
        lost, missed = (limit.logit for limit in found)
        # The photo that set the limit is not to be lost itself.
        bad_from = math.inf if lost is None else math.nextafter(to_probability(lost), math.inf)
        limits[label] = bad_from
        unsure_from[label] = 0.0 if missed is None else min(to_probability(missed), bad_from)
    return Thresholds(
        blurry=limits[Label.BLURRY],
        dark=limits[Label.DARK],
        overexposed=limits[Label.OVEREXPOSED],
        sharp_at=wishes.sharp_at,
        unsure_from=unsure_from or None,
        curves=None if part is None else part.curves,
        wishes=wishes,
    )


def find_limits(
    tolerance: Tolerance, curve: Curve, own: TailPair | None, shipped: TailPair
) -> tuple[Limit, Limit]:
    """Find the limits that bound both errors of a tolerance.

    Parameters
    ----------
    tolerance : Tolerance
        The shares.
    curve : Curve
        The library's; it moves the limits, and nothing that they rest on.
    own : TailPair or None
        The owner's photos.
    shipped : TailPair
        The labelled photos of the table.

    Returns
    -------
    tuple of Limit
        Beyond the first one good photos are lost, below the second one bad photos are missed.
    """
    good, bad = (None, None) if own is None else (own.good, own.bad)
    return (
        find_limit(tolerance.lost, tolerance.confidence, curve, good, shipped.good),
        find_limit(tolerance.missed, tolerance.confidence, curve, bad, shipped.bad),
    )


def find_limit(
    share: float, confidence: float, curve: Curve, own: Tail | None, shipped: Tail
) -> Limit:
    """Find a limit on the owner's photos, or else on the shipped table.

    The library's curve makes its photos score as the labelled ones did, so that the table's limit
    holds on it. A curve of few photos is uncertain: until the owner's photos keep the share with
    the confidence, they move the table's limit to the safe side only, never to the other.

    Parameters
    ----------
    share : float
        Share of such photos that may lie beyond it.
    confidence : float
        With which.
    curve : Curve
        The library's; the shipped one where it has none.
    own : Tail or None
        The owner's photos of a kind.
    shipped : Tail
        The labelled photos of that kind.

    Returns
    -------
    Limit
        Without log odds where there are too few photos of both.
    """
    choose = min if shipped.is_bad else max
    limit, basis = shipped.find_limit(share, confidence)
    if limit is not None:
        limit = choose(limit, curve.apply(limit))
    mine, own_basis = (None, Basis.NONE) if own is None else own.find_limit(share, confidence)
    if mine is None:
        return Limit(limit, basis, is_own=False)
    mine = curve.apply(mine)
    if own_basis is Basis.AVERAGE and limit is not None:
        mine = choose(mine, limit)
    return Limit(mine, own_basis, is_own=True)


def _forecast_label(
    label: Label, tolerance: Tolerance, thresholds: Thresholds, part: Part | None, shipped: TailPair
) -> Forecast:
    own = None if part is None else part.pairs[label]
    bad_from = _to_limit(thresholds.find_bad(label))
    good_below = _to_limit(thresholds.find_unsure(label))
    pair, curve, is_own = _choose_pair(label, part, shipped)
    high, low = curve.invert(bad_from), curve.invert(good_below)
    hidden = _estimate(pair.bad, high)
    lost, missed = find_limits(tolerance, Curve(), own, shipped)
    good = own.good if own is not None and lost.is_own else shipped.good
    bad = own.bad if own is not None and missed.is_own else shipped.bad
    return Forecast(
        lost=_estimate(pair.good, high),
        found=Share(1 - hidden.value, 1 - hidden.high, 1 - hidden.low),
        missed=_estimate(pair.bad, low),
        lost_basis=lost.basis,
        missed_basis=missed.basis,
        confidence=good.reach_confidence(tolerance.lost, tolerance.confidence),
        missed_confidence=bad.reach_confidence(tolerance.missed, tolerance.confidence),
        is_own=is_own,
    )


def _choose_pair(
    label: Label, part: Part | None, shipped: TailPair
) -> tuple[TailPair, Curve, bool]:
    """Choose the photos that tell what to expect, and the curve of their probabilities."""
    if part is None:
        return shipped, Curve(), False
    own = part.pairs[label]
    if min(own.good.num_scenes, own.bad.num_scenes) >= MIN_OWN_PHOTOS:
        return own, part.curves[label], True
    return shipped, Curve(), False


def _estimate(tail: Tail, logit: float) -> Share:
    return Share(tail.measure_share(logit), *tail.bound_share(logit))


def _to_limit(p: float) -> float:
    """Turn a threshold into log odds; one of 1 or more no photo reaches."""
    return math.inf if p >= 1 else to_logit(p)
