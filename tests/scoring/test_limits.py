from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from clearshot.photo import Label, Rating
from clearshot.scoring.calibration import to_probability
from clearshot.scoring.limits import Wishes, forecast, measure_thresholds, set_thresholds
from clearshot.scoring.recalibration import Curve, LabelledScore, recalibrate
from clearshot.scoring.scorer import Scorer
from clearshot.scoring.tolerance import Basis, TailPair, Tolerance, ToleranceTable, build_tail
from clearshot.scoring.verdict import Thresholds, judge, rate
from scoring.records import make_scores

RNG = np.random.default_rng(0)
GOOD, BAD = RNG.normal(-3, 1, 1000), RNG.normal(3, 1, 1000)


def make_table(*, shift: float = 0.0) -> ToleranceTable:
    """Good photos about -3, bad ones about 3, nearer by a shift each."""
    pair = TailPair(build_tail(GOOD + shift, is_bad=False), build_tail(BAD - shift, is_bad=True))
    return ToleranceTable(dict.fromkeys(Label, pair), dict.fromkeys(Label, "drawn"))


def wish(lost: float = 0.01, missed: float = 0.05) -> Wishes:
    return Wishes(tolerances=dict.fromkeys(Label, Tolerance(lost, missed)))


def test_more_tolerance_finds_more_and_loses_more() -> None:
    table = make_table(shift=2.0)
    found, lost, limits = [], [], []
    for share in (0.01, 0.05, 0.2):
        thresholds = set_thresholds(wish(share), table=table)
        each = forecast(thresholds, table=table)[Label.BLURRY]
        assert each.lost_basis is Basis.CONFIDENT
        assert each.lost.value <= share
        found.append(each.found.value)
        lost.append(each.lost.value)
        limits.append(thresholds.blurry)
    assert found == sorted(found)
    assert lost == sorted(lost)
    assert limits == sorted(limits, reverse=True)


def test_unsure_is_where_neither_error_is_bounded() -> None:
    easy, hard = make_table(), make_table(shift=2.5)
    wide, none = (set_thresholds(wish(), table=table) for table in (hard, easy))
    assert none.find_unsure(Label.BLURRY) == none.blurry
    assert wide.find_unsure(Label.BLURRY) < wide.blurry
    # A larger share of either error makes the band narrower, from its own side.
    fewer_lost = set_thresholds(wish(lost=0.1), table=hard)
    assert fewer_lost.blurry < wide.blurry
    assert fewer_lost.find_unsure(Label.BLURRY) == wide.find_unsure(Label.BLURRY)
    more_missed = set_thresholds(wish(missed=0.2), table=hard)
    assert more_missed.blurry == wide.blurry
    assert more_missed.find_unsure(Label.BLURRY) > wide.find_unsure(Label.BLURRY)


def test_what_cannot_be_bounded_is_not_claimed() -> None:
    thresholds = set_thresholds(wish(lost=0.0001, missed=0.0001), table=make_table())
    assert thresholds.blurry == math.inf
    assert thresholds.find_unsure(Label.BLURRY) == 0.0
    assert rate(1.0, thresholds.blurry, 0.0) is Rating.UNSURE
    told = forecast(thresholds, table=make_table())[Label.BLURRY]
    assert told.lost_basis is told.missed_basis is Basis.NONE
    assert told.found.value == told.lost.value == 0.0


def test_a_threshold_by_hand_leaves_the_other_labels_their_tolerance() -> None:
    wishes = Wishes({Label.DARK: 0.8}, wish().tolerances)
    thresholds = set_thresholds(wishes, table=make_table())
    assert thresholds.dark == 0.8
    assert thresholds.find_unsure(Label.DARK) == 0.4
    assert thresholds.blurry != 0.5
    assert set(forecast(thresholds, table=make_table())) == {Label.BLURRY, Label.OVEREXPOSED}


def test_no_wish_changes_nothing() -> None:
    thresholds = set_thresholds(Wishes())
    assert thresholds == Thresholds(wishes=Wishes())
    assert forecast(thresholds) == {}


def test_photo_that_sets_a_limit_is_not_lost_itself() -> None:
    table = make_table()
    limit, _ = table.pairs[Label.BLURRY].good.find_limit(0.01, 0.9)
    assert limit is not None
    thresholds = set_thresholds(wish(), table=table)
    assert to_probability(limit) < thresholds.blurry


def decide(good: np.ndarray, bad: np.ndarray, camera: str = "") -> list[LabelledScore]:
    made = [LabelledScore(dict.fromkeys(Label, float(x)), None, camera) for x in good]
    for label in Label:
        made += [LabelledScore(dict.fromkeys(Label, float(x)), label, camera) for x in bad]
    return made


def test_own_photos_set_the_limits_where_they_are_enough() -> None:
    decisions = decide(GOOD[:400] + 1, BAD[:100] + 1)
    own = recalibrate(decisions, tolerances=wish().tolerances, made_for="x", origin="test")
    thresholds = set_thresholds(Wishes(), own, make_table())
    told = forecast(thresholds, own, make_table())[Label.BLURRY]
    assert told.is_own
    assert told.lost_basis is Basis.CONFIDENT
    curve, worst = own.common.curves[Label.BLURRY], np.sort(GOOD[:400] + 1)[::-1]
    is_lost = [to_probability(curve.apply(x)) >= thresholds.blurry for x in worst]
    assert sum(is_lost) == 1  # P(at most 1 of 400 | 1 %) = 0.09


def test_own_photos_that_are_few_do_not_ease_the_shipped_limit() -> None:
    # 30 good photos keep 5 % on the average only.
    decisions = decide(np.sort(GOOD)[:30], BAD[:5])
    own = recalibrate(decisions, tolerances=wish(lost=0.05).tolerances, made_for="x", origin="test")
    moved, shipped = (set_thresholds(wish(lost=0.05), each, make_table()) for each in (own, None))
    told = forecast(moved, own, make_table())[Label.BLURRY]
    assert told.lost_basis is Basis.AVERAGE
    assert 0.7 < told.confidence < 0.9
    assert moved.blurry >= shipped.blurry


def test_few_own_photos_move_the_shipped_limits() -> None:
    decisions = decide(GOOD[:15] + 2, BAD[:15] + 2)
    own = recalibrate(decisions, tolerances=wish().tolerances, made_for="x", origin="test")
    table = make_table()
    moved, shipped = set_thresholds(Wishes(), own, table), set_thresholds(wish(), table=table)
    assert moved.blurry == shipped.blurry
    assert moved.curves is not None
    # The library's good photos score higher, so a photo needs more to be called bad.
    assert moved.curves[Label.BLURRY].invert(0.0) > 0.2


def test_a_camera_with_enough_photos_has_its_own_limits() -> None:
    decisions = decide(GOOD[:300], BAD[:60], "old") + decide(GOOD[:9] + 2, BAD[:9] + 2, "new")
    own = recalibrate(decisions, tolerances=wish().tolerances, made_for="x", origin="test")
    thresholds = set_thresholds(Wishes(), own, make_table())
    assert set(own.cameras) == {"old"}
    assert thresholds.for_camera("new") is thresholds
    assert thresholds.for_camera(None) is thresholds
    assert thresholds.for_camera("old").blurry != thresholds.blurry


def test_own_curve_changes_probabilities_and_not_the_ranking() -> None:
    curves = dict.fromkeys(Label, Curve(0.5, 1.0))
    blurs = (-6.0, 0.0, 2.0)
    shipped = [judge(make_scores(blur=blur)).p_blurry for blur in blurs]
    own = [judge(make_scores(blur=blur), Thresholds(curves=curves)).p_blurry for blur in blurs]
    assert own == sorted(own)
    assert own != shipped


@pytest.mark.realdata
def test_a_tolerance_finds_real_blur_and_keeps_real_photos(real_photos: Path) -> None:
    thresholds = set_thresholds(wish(0.02))
    scorer = Scorer()
    shares = {}
    for kind in ("clear", "blurred"):
        photos = sorted((real_photos / "blur" / kind).glob("kwentar640_*.jpg"))[:40]
        ratings = [judge(scorer.score(photo), thresholds).p_blurry for photo in photos]
        shares[kind] = np.mean(np.array(ratings) >= thresholds.blurry)
    assert shares["clear"] <= 0.05
    assert shares["blurred"] >= 0.85


@pytest.mark.parametrize("num_decided", [0, 15, 100])
def test_prospect_of_a_threshold_is_its_forecast(num_decided: int) -> None:
    decisions = decide(GOOD[:num_decided] + 1, BAD[:num_decided] + 1)
    own = None
    if num_decided:
        own = recalibrate(decisions, tolerances=wish().tolerances, made_for="x", origin="test")
    table = make_table(shift=2.0)
    thresholds = set_thresholds(wish(), own, table)
    told = forecast(thresholds, own, table)[Label.DARK]
    prospect = measure_thresholds(Label.DARK, [0.01, thresholds.dark, 0.99, 2.0], own, table)
    assert prospect.is_own == told.is_own == (num_decided == 100)
    assert prospect.lost[1] == told.lost.value
    assert prospect.found[1] == told.found.value
    assert list(prospect.lost) == sorted(prospect.lost, reverse=True)
    assert list(prospect.found) == sorted(prospect.found, reverse=True)
    assert (prospect.lost[-1], prospect.found[-1]) == (0.0, 0.0)
    assert prospect.num_good == (100 if prospect.is_own else 1000)


def test_own_photos_tell_only_where_there_are_enough_of_both_kinds() -> None:
    for num_good, num_bad in ((200, 10), (10, 200)):
        decisions = decide(GOOD[:num_good], BAD[:num_bad])
        own = recalibrate(decisions, tolerances=wish().tolerances, made_for="x", origin="test")
        thresholds = set_thresholds(Wishes(), own, make_table())
        told = forecast(thresholds, own, make_table())
        # A photo that is bad for one label is good for the others.
        assert not told[Label.BLURRY].is_own


def test_intervals_hold_their_shares() -> None:
    table = make_table(shift=2.5)
    told = forecast(set_thresholds(wish(), table=table), table=table)[Label.BLURRY]
    for share in (told.lost, told.found, told.missed):
        assert share.low <= share.value <= share.high
        assert share.low < share.high


def test_photos_of_no_known_camera_are_no_camera() -> None:
    decisions = decide(GOOD[:300], BAD[:60], "")
    own = recalibrate(decisions, tolerances=wish().tolerances, made_for="x", origin="test")
    assert own.cameras == {}
