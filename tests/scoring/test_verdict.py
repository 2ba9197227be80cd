"""A verdict follows from scores alone: worse scores are never judged better."""

from __future__ import annotations

from itertools import pairwise

import pytest

from clearshot.photo import BlurKind, Label, Rating
from clearshot.scoring.calibration import Calibration
from clearshot.scoring.verdict import Thresholds, estimate_effective_mp, judge
from scoring.records import make_scores

CURVE = Calibration(blurry=(1.0, 0.0), dark=(-1.5, -0.5, -10.0), overexposed=(0.3, 0.3, 20.0, -4.0))


def test_a_good_photo_is_good_and_says_why() -> None:
    verdict = judge(make_scores(), calibration=CURVE)
    assert verdict.rating is Rating.GOOD
    assert verdict.labels == ()
    assert verdict.blur_kind is None
    assert verdict.effective_mp is None
    assert verdict.reasons == ("Sharp: the sharpest part is blurred by 0.5 px only.",)


def test_probabilities_rise_with_scores() -> None:
    blurry = [judge(make_scores(blur=b), calibration=CURVE).p_blurry for b in range(-80, 80, 5)]
    dark = [judge(make_scores(median_stops=-m), calibration=CURVE).p_dark for m in range(12)]
    white = [
        judge(make_scores(white_share=w / 20), calibration=CURVE).p_overexposed for w in range(21)
    ]
    for series in (blurry, dark, white):
        assert all(0 <= a <= b <= 1 for a, b in pairwise(series))
        assert series[0] < 0.5 < series[-1]


def test_the_threshold_decides_and_a_band_below_it_is_unsure() -> None:
    scores = make_scores(blur=0.2)  # p = 0.55
    assert judge(scores, calibration=CURVE).rating is Rating.BAD
    assert judge(scores, Thresholds(blurry=0.6), CURVE).rating is Rating.UNSURE
    strict = judge(scores, Thresholds(blurry=0.6, unsure=1.0), CURVE)
    assert strict.rating is Rating.GOOD
    unsure = judge(scores, Thresholds(blurry=0.6), CURVE)
    assert unsure.labels == ()
    assert unsure.reasons[0].startswith("Perhaps: ")


def test_several_labels_come_most_probable_first() -> None:
    verdict = judge(make_scores(blur=1.0, sigma_px=3.0, median_stops=-11), calibration=CURVE)
    assert verdict.labels == (Label.DARK, Label.BLURRY)
    assert len(verdict.reasons) == 2


@pytest.mark.parametrize(("anisotropy", "kind"), [(0.1, BlurKind.DEFOCUS), (1.5, BlurKind.MOTION)])
def test_blur_with_a_direction_is_motion(anisotropy: float, kind: BlurKind) -> None:
    scores = make_scores(blur=5.0, sigma_px=4.0, anisotropy=anisotropy)
    verdict = judge(scores, calibration=CURVE)
    assert verdict.blur_kind is kind
    assert ("as if moved" in verdict.reasons[0]) is (kind is BlurKind.MOTION)


def test_more_blur_leaves_fewer_megapixels() -> None:
    megapixels = [estimate_effective_mp(make_scores(sigma_px=s)) for s in (0.4, 0.5, 1, 2, 4, 8)]
    assert megapixels == sorted(megapixels, reverse=True)
    assert megapixels[0] == pytest.approx(1024 * 683 / 1e6, rel=0.01)
    assert megapixels[2] == pytest.approx(megapixels[1] / 4, rel=0.01)
