"""A verdict follows from scores alone: worse scores are never judged better."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from math import log2

import pytest

from clearshot.photo import BlurKind, Label, Rating, Region, SharpAt, Verdict
from clearshot.scoring.blur import SHARP_SIGMA_PX
from clearshot.scoring.calibration import Calibration
from clearshot.scoring.recalibration import Curve
from clearshot.scoring.verdict import Thresholds, judge, rate
from scoring.records import make_scores

CURVE = Calibration(blurry=(1.0, 0.0), dark=(1.0, -0.5, 0.0), overexposed=(1.0, 0.5, 0.0))


def test_a_good_photo_is_good_and_says_why() -> None:
    verdict = judge(make_scores(blur=-2.0), calibration=CURVE)
    assert verdict.rating is Rating.GOOD
    assert verdict.labels == ()
    assert verdict.blur_kind is None
    assert verdict.effective_mp is None
    assert verdict.reasons == (
        "Sharp: the sharpest part is blurred by only 0.2 px, seen at 1024 px.",
    )


def test_probabilities_rise_with_scores() -> None:
    blurry = [judge(make_scores(blur=b), calibration=CURVE).p_blurry for b in range(-80, 80, 5)]
    dark = [judge(make_scores(dark_logit=d), calibration=CURVE).p_dark for d in range(-12, 12)]
    white = [
        judge(make_scores(overexposed_logit=w), calibration=CURVE).p_overexposed
        for w in range(-12, 12)
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


@pytest.mark.parametrize("label", Label)
def test_by_default_even_odds_are_bad_and_half_of_them_unsure(label: Label) -> None:
    thresholds = Thresholds()
    assert thresholds.find_bad(label) == 0.5
    assert thresholds.find_unsure(label) == 0.25


def test_a_camera_has_its_own_thresholds_and_any_other_those_of_all() -> None:
    own = Thresholds(blurry=0.9)
    thresholds = Thresholds(cameras={"X-T5": own})
    assert thresholds.for_camera("X-T5") is own
    for camera in ("D3400", "", None):
        assert thresholds.for_camera(camera) is thresholds
        assert own.for_camera(camera) is own


def test_several_labels_come_most_probable_first() -> None:
    verdict = judge(make_scores(blur=1.0, dark_logit=8.0), calibration=CURVE)
    assert verdict.labels == (Label.DARK, Label.BLURRY)
    assert len(verdict.reasons) == 2


@pytest.mark.parametrize(("anisotropy", "kind"), [(0.1, BlurKind.DEFOCUS), (1.5, BlurKind.MOTION)])
def test_blur_with_a_direction_is_motion(anisotropy: float, kind: BlurKind) -> None:
    scores = make_scores(blur=5.0, anisotropy=anisotropy)
    verdict = judge(scores, calibration=CURVE)
    assert verdict.blur_kind is kind
    assert ("as if moved" in verdict.reasons[0]) is (kind is BlurKind.MOTION)


def test_what_decides_tells_the_kind_of_blur() -> None:
    full = Thresholds(sharp_at=SharpAt.FULL)
    moved = make_scores(blur=-2.0, anisotropy=0.0, native_blur=2.0, native_anisotropy=1.5)
    unfocused = make_scores(blur=-2.0, anisotropy=1.5, native_blur=2.0, native_anisotropy=0.0)
    assert judge(moved, full, CURVE).blur_kind is BlurKind.MOTION
    assert "as if moved" in judge(moved, full, CURVE).reasons[0]
    assert judge(unfocused, full, CURVE).blur_kind is BlurKind.DEFOCUS
    # Blurred on a screen already, so that its native pixels tell nothing more.
    screen = make_scores(blur=2.0, anisotropy=1.5, native_blur=2.0, native_anisotropy=0.0)
    for thresholds in (full, Thresholds()):
        assert judge(screen, thresholds, CURVE).blur_kind is BlurKind.MOTION


def read_effective_mp(
    *, blur: float = -2.0, native_blur: float | None = None, octaves: float = 0.0
) -> float:
    """Read megapixels where the blur is longer along one direction by `octaves`."""
    scores = make_scores(
        blur=blur,
        anisotropy=octaves,
        native_blur=native_blur,
        native_anisotropy=None if native_blur is None else octaves,
    )
    megapixels = judge(scores, calibration=CURVE).effective_mp
    assert megapixels is not None
    return megapixels


def test_more_blur_leaves_fewer_megapixels() -> None:
    octaves = log2(SHARP_SIGMA_PX)
    native = [read_effective_mp(native_blur=octaves + more) for more in (-0.5, 0, 1, 2)]
    assert native == pytest.approx([24.0, 24.0, 6.0, 1.5])  # never more than there are
    screen = [read_effective_mp(blur=octaves + more) for more in (2, 3, 4)]
    judged_mp = 1024 * 682.67 / 1e6
    assert screen == pytest.approx([judged_mp / 16, judged_mp / 64, judged_mp / 256], rel=0.01)


def test_a_movement_costs_megapixels_along_itself_only() -> None:
    sharp = log2(SHARP_SIGMA_PX)
    # Four times as long as a pixel shows, and across as sharp as it can be, or twice that.
    native = [read_effective_mp(native_blur=sharp + 2, octaves=octaves) for octaves in (0, 1, 2, 3)]
    assert native == pytest.approx([1.5, 3.0, 6.0, 6.0])
    screen = [read_effective_mp(blur=sharp + 2, octaves=octaves) for octaves in (0, 2)]
    assert screen[1] == pytest.approx(4 * screen[0])


@pytest.mark.parametrize("native_blur", [None, 1.0])
def test_a_frame_holds_no_detail(native_blur: float | None) -> None:
    plain = make_scores(blur=2.0, native_blur=native_blur, native_anisotropy=0.0)
    framed = replace(plain, inside=Region(600, 400, 3000, 2000))
    whole, inside = (judge(each, calibration=CURVE).effective_mp for each in (plain, framed))
    assert whole is not None
    assert inside == pytest.approx(whole / 4)


def test_a_photo_that_is_sharp_on_a_screen_tells_no_megapixels_without_a_native_score() -> None:
    assert judge(make_scores(), calibration=CURVE).effective_mp is None
    assert judge(make_scores(native_blur=-1.0), calibration=CURVE).effective_mp is not None


def test_the_size_that_was_asked_for_decides_and_is_named() -> None:
    soft = make_scores(blur=-2.0, native_blur=2.0)
    on_a_screen = judge(soft, calibration=CURVE)
    at_full = judge(soft, Thresholds(sharp_at=SharpAt.FULL), CURVE)
    assert on_a_screen.rating is Rating.GOOD
    assert on_a_screen.reasons[0].endswith("seen at 1024 px.")
    assert at_full.labels == (Label.BLURRY,)
    assert at_full.reasons[0].endswith("by about 4.0 px, seen at 100 %.")


def test_no_photo_is_sharper_at_full_size_than_on_a_screen() -> None:
    blurred = make_scores(blur=2.0, native_blur=-1.0)
    at_full = judge(blurred, Thresholds(sharp_at=SharpAt.FULL), CURVE)
    assert at_full.p_blurry == judge(blurred, calibration=CURVE).p_blurry
    assert at_full.reasons[0].endswith("seen at 1024 px.")


def test_what_was_not_measured_at_full_size_cannot_be_judged_there() -> None:
    with pytest.raises(ValueError, match="not measured at 100 %"):
        judge(make_scores(), Thresholds(sharp_at=SharpAt.FULL), CURVE)


@pytest.mark.parametrize(
    ("p", "expected"),
    [(0.8, Rating.BAD), (0.79, Rating.UNSURE), (0.4, Rating.UNSURE), (0.39, Rating.GOOD)],
)
def test_a_probability_is_rated_from_its_limit_on(p: float, expected: Rating) -> None:
    assert rate(p, 0.8, 0.4) is expected


def test_reasons_of_light_are_in_stops_and_shares() -> None:
    dark = make_scores(dark_logit=8.0, error_stops=-3.4, median_stops=-8.0, black_share=0.62)
    assert judge(dark, calibration=CURVE).reasons[0] == (
        "Dark: about 3.5 stops too dark; 62 % of the picture is too dark to hold detail; the "
        "sharpest part lies 8 stops below white."
    ).replace("62 %", "62%")
    bright = make_scores(overexposed_logit=8.0, error_stops=0.9, white_share=0.3)
    assert judge(bright, calibration=CURVE).reasons[0] == (
        "Overexposed: about 1 stop too bright; 30% of the picture is clipped to white."
    )
    unclear = make_scores(dark_logit=8.0, error_stops=-0.2)
    assert "stops too dark" not in judge(unclear, calibration=CURVE).reasons[0]


def test_what_the_raw_file_holds_is_not_overexposed() -> None:
    def judge_raw(share: float | None) -> Verdict:
        scores = make_scores(
            overexposed_logit=8.0, error_stops=2.0, white_share=0.3, sensor_white_share=share
        )
        return judge(scores, calibration=CURVE)

    held, lost, jpeg = judge_raw(0.001), judge_raw(0.2), judge_raw(None)
    assert held.rating is Rating.GOOD
    assert held.reasons[-1] == (
        "Bright, but not lost: the raw file still holds the highlights; 0.1% of its values are "
        "saturated."
    )
    assert lost.labels == jpeg.labels == (Label.OVEREXPOSED,)
    assert "20% of the raw file's values are saturated" in lost.reasons[0]
    assert not any("raw" in reason for reason in jpeg.reasons)
    series = [judge_raw(share).p_overexposed for share in (0.0, 0.001, 0.01, 0.02, 0.1, 1.0)]
    assert all(a < b for a, b in pairwise(series[:-1]))
    assert series[-1] <= jpeg.p_overexposed


def test_a_raw_file_is_told_of_only_where_it_changes_the_rating() -> None:
    scores = make_scores(overexposed_logit=8.0, white_share=0.3, sensor_white_share=0.001)
    label = Label.OVEREXPOSED
    for unsure_from, is_told in ((0.0, False), (0.5, True)):
        # No photo is called overexposed; only the band in which it is unsure counts.
        thresholds = Thresholds(overexposed=2.0, unsure_from={label: unsure_from})
        reasons = judge(scores, thresholds, CURVE).reasons
        assert reasons[-1].startswith("Bright, but not lost") == is_told
    lower = dict.fromkeys(Label, Curve(1.0, -100.0))
    reasons = judge(scores, Thresholds(curves=lower), CURVE).reasons
    assert not reasons[-1].startswith("Bright"), "by the library's own curve it is good as it is"


def test_a_good_raw_photo_says_nothing_of_its_sensor() -> None:
    good = judge(make_scores(sensor_white_share=0.0), calibration=CURVE)
    assert good.rating is Rating.GOOD
    assert len(good.reasons) == 1
