from __future__ import annotations

import numpy as np
import pytest

from clearshot.photo import Label, Rating, SharpAt
from clearshot.scoring.limits import Wishes, set_thresholds
from clearshot.scoring.recalibration import LabelledScore, Recalibration, recalibrate
from clearshot.scoring.tolerance import Tolerance
from clearshot.scoring.verdict import Thresholds, rate
from clearshot.scoring.wishes import find_wishes, set_by_hand, write_options

TOLERANCES = dict.fromkeys(Label, Tolerance(0.05, 0.1))


def make_own() -> Recalibration:
    """A library's calibration, with limits of their own for one camera."""
    rng = np.random.default_rng(1)
    decisions = []
    for camera, shift in (("one", 0.0), ("two", 1.0)):
        for label in (None, *Label):
            for x in rng.normal(shift + (-3 if label is None else 3), 1, 80):
                logits = dict.fromkeys(Label, float(x))
                decisions.append(LabelledScore(logits, label, camera if shift else ""))
    return recalibrate(decisions, tolerances=TOLERANCES, made_for="x", origin="test")


@pytest.mark.parametrize("own", [None, make_own()])
@pytest.mark.parametrize("tolerances", [{}, {Label.DARK: Tolerance(0.02)}, TOLERANCES])
def test_by_hand_is_as_if_it_had_been_asked_for_at_once(
    own: Recalibration | None, tolerances: dict[Label, Tolerance]
) -> None:
    before = set_thresholds(Wishes({Label.OVEREXPOSED: 0.9}, tolerances), own)
    by_hand = {Label.DARK: 0.3}
    rest = dict(tolerances)
    rest.pop(Label.DARK, None)
    asked = set_thresholds(Wishes({Label.OVEREXPOSED: 0.9} | by_hand, rest), own)
    after = set_by_hand(before, by_hand)

    assert after == asked
    assert after.find_unsure(Label.DARK) == 0.15
    if own is not None:
        assert after.for_camera("two") is not after
        assert after.for_camera("two").dark == 0.3
    assert set_by_hand(before, {}) is before


def test_a_threshold_by_hand_brings_back_what_no_tolerance_kept() -> None:
    wishes = Wishes(tolerances=dict.fromkeys(Label, Tolerance(0.0, 0.0)))
    thresholds = set_by_hand(set_thresholds(wishes), {Label.BLURRY: 0.5})
    assert rate(0.6, thresholds.blurry, thresholds.find_unsure(Label.BLURRY)) is Rating.BAD
    assert rate(0.6, thresholds.dark, thresholds.find_unsure(Label.DARK)) is Rating.UNSURE


def test_thresholds_without_wishes_were_set_by_hand() -> None:
    thresholds = Thresholds(dark=0.7, sharp_at=SharpAt.FULL)
    assert find_wishes(thresholds) == Wishes({Label.DARK: 0.7}, sharp_at=SharpAt.FULL)
    wishes = Wishes({Label.DARK: 0.5})
    assert find_wishes(set_thresholds(wishes)) is wishes


@pytest.mark.parametrize(
    ("wishes", "words"),
    [
        (Wishes(), ""),
        (Wishes({Label.DARK: 0.5}), "--threshold dark=0.5"),
        (Wishes(tolerances=TOLERANCES), "--tolerance 5% --miss 10%"),
        (Wishes(tolerances={Label.DARK: Tolerance(0.001)}), "--tolerance dark=0.1%"),
        (
            Wishes({Label.DARK: 0.25}, {Label.BLURRY: Tolerance()}, SharpAt.FULL),
            "--tolerance blurry=1% --threshold dark=0.25 --sharp-at full",
        ),
    ],
)
def test_wishes_are_written_as_options(wishes: Wishes, words: str) -> None:
    # What a calibration made of them is not repeated: the command looks for it again.
    for own in (None, make_own()):
        assert " ".join(write_options(set_thresholds(wishes, own))) == words
