from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearshot.errors import InputError
from clearshot.photo import Label
from clearshot.scoring.recalibration import (
    MIN_PHOTOS,
    OFFSET_SPREAD,
    SLOPE_SPREAD,
    Curve,
    LabelledScore,
    fit_curve,
    parse_recalibration,
    recalibrate,
    write_recalibration,
)
from clearshot.scoring.tolerance import Tolerance

PRIOR = 0.25


def draw(
    num: int, *, shift: float = 0.0, seed: int = 0, prior: float = PRIOR
) -> tuple[np.ndarray, np.ndarray]:
    """Draw the log odds of good and of bad photos of a library that scores higher by a shift.

    Without one the shipped curve holds: log odds x are bad with probability 1 / (1 + exp(-x)).
    """
    rng = np.random.default_rng(seed)
    # Two bells whose ratio is exp(x), as many photos of each kind as the prior says.
    spread = 3.0
    centre = np.log(prior / (1 - prior))
    num_bad = rng.binomial(num, prior)
    good = rng.normal(centre - spread**2 / 2, spread, num - num_bad)
    bad = rng.normal(centre + spread**2 / 2, spread, num_bad)
    return good + shift, bad + shift


def fit(good: np.ndarray, bad: np.ndarray) -> Curve:
    return fit_curve(good, bad, prior_bad=PRIOR)


@pytest.mark.parametrize("prior", [0.1, 0.25, 0.5])
def test_a_library_like_the_labelled_photos_keeps_its_curve(prior: float) -> None:
    offsets = [
        fit_curve(*draw(120, seed=seed, prior=prior), prior_bad=prior).offset for seed in range(40)
    ]
    assert abs(np.mean(offsets)) < 0.2
    assert np.std(offsets) < 0.4


def test_a_shift_is_found_the_better_the_more_photos_tell() -> None:
    few, many = fit(*draw(40, shift=1.5)), fit(*draw(4000, shift=1.5))
    assert -1.9 < many.apply(0.0) < -1.1
    assert many.offset < few.offset < -0.1


@given(seed=st.integers(0, 10_000), centre=st.floats(-6, 6), spread=st.floats(0.2, 6))
def test_the_curve_is_the_best_one_also_where_scores_tell_nothing(
    seed: int, centre: float, spread: float
) -> None:
    rng = np.random.default_rng(seed)
    good = rng.normal(0, 3, rng.integers(5, 60))
    bad = rng.normal(centre, spread, rng.integers(5, 60))
    total = min(good.size / (1 - PRIOR), bad.size / PRIOR)
    weights = total * (1 - PRIOR) / good.size, total * PRIOR / bad.size

    def cost(log_slope: float, offset: float) -> float:
        slope = np.exp(log_slope)
        told = weights[0] * np.logaddexp(0, slope * good + offset).sum()
        told += weights[1] * np.logaddexp(0, -slope * bad - offset).sum()
        prior = (log_slope / SLOPE_SPREAD) ** 2 + (offset / OFFSET_SPREAD) ** 2
        return float(told + prior / 2)

    curve = fit(good, bad)
    found = np.log(curve.slope), curve.offset
    for step in ((1e-2, 0), (-1e-2, 0), (0, 1e-2), (0, -1e-2)):
        assert cost(*found) <= cost(found[0] + step[0], found[1] + step[1]) + 1e-9


def test_what_share_of_the_decisions_is_bad_moves_nothing() -> None:
    good, bad = draw(20000)
    even, rare = fit(good, bad), fit(good, bad[::20])
    assert even.offset == pytest.approx(rare.offset, abs=0.15)
    assert even.slope == pytest.approx(rare.slope, abs=0.1)


def test_too_few_photos_leave_the_shipped_curve() -> None:
    enough = np.zeros(MIN_PHOTOS)
    assert fit(enough[1:], enough) == fit(enough, enough[1:]) == Curve()


def test_photos_that_contradict_the_scores_cannot_wreck_the_curve() -> None:
    curve = fit(np.full(15, 4.0), np.full(15, -4.0))
    # It still rises, so that no decision changes which photo looks worse.
    assert 0.2 < curve.slope < 1
    assert abs(curve.offset) < 2
    huge = fit(np.full(15, -1e6), np.full(15, 1e6))
    assert np.isfinite([huge.slope, huge.offset]).all()


def test_inverting_a_curve_takes_it_back() -> None:
    curve = Curve(1.7, -0.4)
    assert curve.invert(curve.apply(0.3)) == pytest.approx(0.3)


def make_decisions(num: int, camera: str = "") -> list[LabelledScore]:
    rng = np.random.default_rng(num)
    labels = [None, *Label]
    return [
        LabelledScore(
            {label: float(np.round(rng.normal(), 1)) for label in Label}, labels[i % 4], camera
        )
        for i in range(num)
    ]


def test_a_written_calibration_is_read_as_it_was() -> None:
    decisions = make_decisions(80, "Nikon D3400") + make_decisions(30, "E5")
    own = recalibrate(
        decisions,
        tolerances={Label.BLURRY: Tolerance(0.02, 0.1)},
        made_for="0123",
        origin="110 decisions",
    )
    assert set(own.cameras) == {"Nikon D3400"}
    assert parse_recalibration(write_recalibration(own)) == own


def test_a_camera_without_bad_photos_is_judged_as_the_library() -> None:
    def make(num: int, label: Label | None, centre: float, camera: str) -> list[LabelledScore]:
        rng = np.random.default_rng(num)
        return [
            LabelledScore(dict.fromkeys(Label, float(rng.normal(centre))), label, camera)
            for _ in range(num)
        ]

    decisions = make(70, None, -3, "A") + make(200, None, -3, "B")
    decisions += make(100, Label.BLURRY, 5, "B")
    own = recalibrate(decisions, tolerances={}, made_for="x", origin="y")
    assert own.cameras["A"].curves == own.common.curves
    assert own.cameras["A"].pairs == own.common.pairs
    assert own.cameras["B"].curves[Label.BLURRY] != own.common.curves[Label.BLURRY]


@pytest.mark.parametrize(
    "content",
    ["", "[]", "{}", "null", '{"format": "clearshot-calibration-9"}', '{"format": ['],
)
def test_something_else_is_no_calibration(content: str) -> None:
    with pytest.raises(InputError, match="is no calibration"):
        parse_recalibration(content)


@pytest.mark.parametrize(
    ("field", "value"), [("slope", -1.0), ("slope", 0), ("good", ["x"]), ("bad", [None])]
)
def test_a_changed_calibration_is_refused(field: str, value: object) -> None:
    own = recalibrate(make_decisions(20), tolerances={}, made_for="x", origin="y")
    record = json.loads(write_recalibration(own))
    record["common"]["dark"][field] = value
    with pytest.raises(InputError, match="is no calibration"):
        parse_recalibration(json.dumps(record))
