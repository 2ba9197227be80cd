"""Photos of a catalog by their verdict, without judging each: limits as ranges of log odds.

Every label is judged by one number, its log odds by the shipped calibration. The catalog keeps it
for each photo beside the scores it was made of. Curves and thresholds rise with it, so that any of
them is a limit on it: `build_rules` finds the least number that `clearshot.scoring.verdict.rate`
calls bad, or unsure, by asking the functions that `judge` uses. Nothing is approximated.
"""

from __future__ import annotations

import hashlib
import math
import struct
from typing import TYPE_CHECKING, Final

from clearshot.catalog.odds import MOST, NOTHING, Gauge, Odds
from clearshot.catalog.pages import Filter, Rule, Rules
from clearshot.errors import CatalogError
from clearshot.photo import Failure, Label, Rating, SharpAt, covers
from clearshot.scoring.calibration import compute_logits, read_calibration, to_probability
from clearshot.scoring.recalibration import Curve
from clearshot.scoring.scorer import Scorer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from clearshot.catalog.catalog import Catalog, Entry
    from clearshot.catalog.glimpses import Glimpse
    from clearshot.photo import Scores
    from clearshot.scoring.verdict import Thresholds

# Scores cannot be judged by a calibration that was made for another network.
OUTDATED: Final = Failure("outdated", "scored with another network; scan again")
_NOT_AT_FULL: Final = Failure(
    OUTDATED.kind, "not measured at 100 %; scan again with --sharp-at full"
)

# Raise when all odds have to be made anew: they are made of scores in another way than before, or
# may be wrong (1: two programs at once could leave a photo with the odds of its earlier scores).
_VERSION: Final = 2

_BATCH_PHOTOS: Final = 2000


def find_scores(entry: Entry, sharp_at: SharpAt) -> Scores | Failure:
    """Find the scores by which a photo of the catalog can be judged.

    Parameters
    ----------
    entry : Entry
        What the catalog holds about it.
    sharp_at : SharpAt
        How large the photo is seen.

    Returns
    -------
    Scores or Failure
        The failure where there are no scores. Its kind is `outdated` where they come from another
        network than the packaged one, whose calibration does not fit them, or were not taken at the
        size that counts.
    """
    if entry.scores is None:
        return entry.failure or Failure("unscored", "the catalog holds no scores")
    if not covers(entry.scores.recipe, Scorer().recipe):
        return OUTDATED
    if not covers(entry.scores.recipe, Scorer(sharp_at=sharp_at).recipe):
        return _NOT_AT_FULL
    return entry.scores


def build_gauge() -> Gauge:
    """Build what makes odds of scores, by the packaged networks and their calibration.

    Returns
    -------
    Gauge
        For the catalog.
    """
    calibration = read_calibration()
    recipe, full_recipe = Scorer().recipe, Scorer(sharp_at=SharpAt.FULL).recipe
    words = repr((_VERSION, recipe, full_recipe, calibration))

    def measure(scores: Scores) -> Odds | None:
        if not covers(scores.recipe, recipe):
            return None
        full = None
        try:
            logits = compute_logits(scores, calibration)
            if covers(scores.recipe, full_recipe):
                full = compute_logits(scores, calibration, SharpAt.FULL)[Label.BLURRY]
        except ValueError:
            # Numbers that no photo can have: the catalog was changed by another program.
            return None
        if any(math.isnan(each) for each in (*logits.values(), full or 0.0)):
            return None
        light = logits[Label.DARK], logits[Label.OVEREXPOSED]
        return Odds(scores.facts.camera, logits[Label.BLURRY], *light, full)

    return Gauge(hashlib.sha256(words.encode()).hexdigest()[:16], measure)


def refresh(catalog: Catalog, *, progress: Callable[[int, int], None] | None = None) -> int:
    """Make the odds that are missing or out of date.

    A scan makes those of what it measures; there is more to do after an update of clearshot only,
    and then once.

    Parameters
    ----------
    catalog : Catalog
        Open.
    progress : callable or None
        Called with how many photos are done and how many there are.

    Returns
    -------
    int
        How many photos there were to look at.
    """
    gauge = build_gauge()
    catalog.odds.adopt(gauge.digest)
    stale = catalog.odds.find_stale()
    for start in range(0, len(stale), _BATCH_PHOTOS):
        numbers = stale[start : start + _BATCH_PHOTOS]
        # Scores that another program records in between would get the odds of those before.
        with catalog.odds.writing():
            odds = [
                (entry.number, gauge.measure(entry.scores) if entry.scores else None)
                for entry in catalog.entries(numbers, with_missing=True)
            ]
            catalog.odds.put(odds, gauge.digest)
        if progress is not None:
            progress(start + len(numbers), len(stale))
    return len(stale)


def list_probabilities(
    glimpses: Iterable[Glimpse], thresholds: Thresholds
) -> list[tuple[float, float, float] | None]:
    """Give the probability of each label for each photo, as `judge` computes it.

    Parameters
    ----------
    glimpses : iterable of Glimpse
        Photos of a catalog whose odds are up to date.
    thresholds : Thresholds
        Hold the library's own curves, and how large a photo is seen when its sharpness is judged.

    Returns
    -------
    list of (float, float, float) or None
        Blurry, dark and overexposed, in [0, 1]; None for a photo that cannot be judged.
    """
    is_full = thresholds.sharp_at is SharpAt.FULL
    cameras: dict[str | None, list[Curve]] = {}
    found: list[tuple[float, float, float] | None] = []
    for each in glimpses:
        blurry = each.blurry_full if is_full else each.blurry
        if blurry == NOTHING:
            found.append(None)
            continue
        if each.camera not in cameras:
            curves = thresholds.for_camera(each.camera).curves or {}
            cameras[each.camera] = [curves.get(label, Curve()) for label in Label]
        of_blur, of_dark, of_light = cameras[each.camera]
        found.append(
            (
                to_probability(of_blur.apply(blurry)),
                to_probability(of_dark.apply(each.dark)),
                to_probability(of_light.apply(each.overexposed)),
            )
        )
    return found


def build_rules(thresholds: Thresholds) -> Rules:
    """Turn thresholds into limits on shipped log odds.

    Parameters
    ----------
    thresholds : Thresholds
        When a photo is called bad.

    Returns
    -------
    Rules
        A photo reaches a limit exactly if `clearshot.scoring.verdict.judge` says so.
    """
    parts = (thresholds.cameras or {}).items()
    return Rules(
        _build_rule(thresholds),
        {camera: _build_rule(part) for camera, part in parts},
        is_full=thresholds.sharp_at is SharpAt.FULL,
    )


def find_entries(
    catalog: Catalog, thresholds: Thresholds, wanted: Iterable[tuple[str, str]]
) -> list[Entry]:
    """List the photos that `clearshot.report.filter_rows` can keep, without judging the others.

    Parameters
    ----------
    catalog : Catalog
        Open.
    thresholds : Thresholds
        When a photo is called bad.
    wanted : iterable of (str, str)
        As there. What is said about `verdict` and `labels` is asked of the odds
        that the catalog keeps, where it can be written; the rest is left to that function.

    Returns
    -------
    list of Entry
        Ordered by the bytes of the path.
    """
    ratings, labels = set(Rating), set(Label)
    texts = [(field, text.casefold()) for field, text in wanted]
    for field, text in texts:
        if field == "verdict":
            ratings = {rating for rating in ratings if text in rating}
        if field == "labels":
            labels = {label for label in labels if text in label}
    # A photo may have two labels, of which each fits one text: then all have to be looked at.
    has_labels = sum(field == "labels" for field, _ in texts) == 1
    if ratings == set(Rating) and not has_labels:
        return catalog.entries()
    try:
        refresh(catalog)
    except CatalogError:
        return catalog.entries()
    which = Filter(ratings, labels if has_labels else None)
    found = catalog.pages.find(build_rules(thresholds), which)
    return catalog.entries([each.number for each in found])


def find_bad_and_failed(catalog: Catalog, thresholds: Thresholds) -> list[int] | None:
    """Tell which photos of a library are bad, and which cannot be judged.

    Parameters
    ----------
    catalog : Catalog
        Open; it is brought up to date.
    thresholds : Thresholds
        When a photo is called bad.

    Returns
    -------
    list of int or None
        Their numbers, in no order; None where the catalog is not up to date and cannot be written.
    """
    try:
        refresh(catalog)
    except CatalogError:
        return None
    return _find_rated(catalog, build_rules(thresholds), [Rating.BAD])


def find_all_but_good(catalog: Catalog, thresholds: Thresholds) -> tuple[list[Entry], int]:
    """List all photos of a library but the good ones, and count these.

    Parameters
    ----------
    catalog : Catalog
        Open; it is brought up to date.
    thresholds : Thresholds
        When a photo is called bad.

    Returns
    -------
    tuple of (list of Entry, int)
        Bad and unsure photos and those that cannot be judged, ordered by the bytes of the path;
        and how many others there are.
    """
    refresh(catalog)
    rules = build_rules(thresholds)
    found = _find_rated(catalog, rules, [Rating.BAD, Rating.UNSURE])
    return catalog.entries(found), catalog.pages.count(rules).ratings[Rating.GOOD]


def _find_rated(catalog: Catalog, rules: Rules, ratings: list[Rating]) -> list[int]:
    """Give the numbers of the photos that have one of some ratings, and of those that have none."""
    wanted = (Filter(ratings), Filter(is_failed=True))
    return [each.number for which in wanted for each in catalog.pages.find(rules, which)]


def find_least_logit(p: float, curve: Curve) -> float:
    """Find the least log odds that reach a probability.

    Parameters
    ----------
    p : float
        Probability; none is reached above 1.
    curve : Curve
        Of the library.

    Returns
    -------
    float
        The least shipped log odds whose probability is at least `p`, to the last bit; infinite
        where there are none.
    """

    def reaches(number: int) -> bool:
        return to_probability(curve.apply(_to_float(number))) >= p

    most = _to_integer(MOST)
    if not reaches(most):
        return math.inf
    low, high = -most - 1, most  # not reached, reached
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if reaches(middle) else (middle, high)
    return _to_float(high)


def _build_rule(part: Thresholds) -> Rule:
    curves = part.curves or dict.fromkeys(Label, Curve())
    limits = (part.find_bad(label) for label in Label)
    return Rule(
        tuple(find_least_logit(p, curves[label]) for label, p in zip(Label, limits, strict=True)),
        tuple(find_least_logit(part.find_unsure(label), curves[label]) for label in Label),
        tuple((curves[label].slope, curves[label].offset) for label in Label),
    )


# The bits of floats above zero, read as integers, are in the order of the floats. So a search by
# halves takes 64 steps and ends at one float.
def _to_float(number: int) -> float:
    [value] = struct.unpack("<d", struct.pack("<q", abs(number)))
    return float(value) if number >= 0 else -float(value)


def _to_integer(value: float) -> int:
    [number] = struct.unpack("<q", struct.pack("<d", abs(value)))
    return int(number) if value >= 0 else -int(number)
