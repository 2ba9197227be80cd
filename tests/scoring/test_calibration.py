"""Log odds and probabilities are inverse; a manifest without constants is refused."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearshot.errors import NetworkError
from clearshot.photo import Label
from clearshot.scoring.calibration import (
    Calibration,
    compute_logits,
    join_calibrations,
    parse_calibration,
    read_calibration,
    to_logit,
    to_probability,
)
from clearshot.scoring.weights import NetworkFile
from scoring.records import make_scores


def test_log_odds_and_probability_are_inverse() -> None:
    for probability in (0.001, 0.3, 0.5, 0.99):
        assert to_probability(to_logit(probability)) == pytest.approx(probability)
    assert to_logit(1.0) == math.inf
    assert to_logit(0.0) == -math.inf
    assert to_probability(1e9) == pytest.approx(1.0)


def test_logits_are_weighted_features() -> None:
    table = {"blurry": [2.0, 1.0], "dark": [1.0, -2.0, -1.0], "overexposed": [2.0, 9.0, -1.0]}
    logits = compute_logits(
        make_scores(
            blur=3.0, anisotropy=0.0, error_stops=2.0, dark_logit=-8.0, overexposed_logit=2.5
        ),
        parse_calibration(table),
    )
    assert logits == {Label.BLURRY: 7.0, Label.DARK: -13.0, Label.OVEREXPOSED: 4.0}


def test_the_packaged_constants_go_the_right_way() -> None:
    curve = read_calibration()
    assert curve.blurry[0] > 0  # a higher blur score is blurrier
    assert curve.dark[0] > 0  # what the network finds dark is dark
    assert curve.dark[1] < 0  # more light is less dark
    assert min(curve.overexposed[:-1]) > 0


def test_each_network_brings_its_own_constants() -> None:
    def make_file(name: str, calibration: dict[str, list[float]]) -> NetworkFile:
        return NetworkFile(name, "0", calibration, b"")

    light = {"dark": [1.0, 2.0, 3.0], "overexposed": [4.0, 5.0, 6.0]}
    # Constants for light in the file of a focus network are of an older version.
    focus = make_file("focus", {"blurry": [7.0, 8.0], "dark": [0.0]})
    joined = join_calibrations(focus, make_file("exposure", light))
    assert joined == Calibration((7.0, 8.0), (1.0, 2.0, 3.0), (4.0, 5.0, 6.0))
    with pytest.raises(NetworkError, match="no calibration of 'dark' yet; `clearshot train"):
        join_calibrations(focus, make_file("exposure", {}))


@pytest.mark.parametrize("table", [{"blurry": [1.0]}, {"blurry": "1.0"}])
def test_incomplete_constants_are_refused(table: dict[str, object]) -> None:
    with pytest.raises(NetworkError, match="'blurry' must hold 2 numbers"):
        parse_calibration(table)


@given(st.floats(-2, 4), st.floats(0, 4))
def test_more_blur_never_lowers_the_odds(blur: float, more: float) -> None:
    curve = read_calibration()
    logits = [
        compute_logits(make_scores(blur=each), curve)[Label.BLURRY] for each in (blur, blur + more)
    ]
    assert logits[1] >= logits[0]
