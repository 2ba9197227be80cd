"""Calibration uses its half of the scenes only and recovers a known curve."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from clearshot.errors import InputError
from clearshot.evaluation.labels import LabelledPhoto
from clearshot.evaluation.split import is_for_calibration
from clearshot.photo import Label
from clearshot.training.calibrate import fit_calibration, fit_logistic
from scoring.records import make_scores


def test_a_known_curve_is_recovered_up_to_the_prior() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(0, 2, (20_000, 1))
    is_bad = rng.random(20_000) < 1 / (1 + np.exp(-(1.5 * x[:, 0] + 0.2)))
    slope, offset = fit_logistic(x, is_bad, weights=np.ones(20_000), prior_bad=0.25, ridge=1e-6)
    assert slope == pytest.approx(1.5, rel=0.05)
    expected = 0.2 - np.log(is_bad.mean() / (1 - is_bad.mean()))
    assert offset - np.log(0.25 / (1 - 0.25)) == pytest.approx(expected, abs=0.1)


def test_separable_photos_do_not_run_away() -> None:
    x = np.concatenate([np.linspace(-3, -1, 30), np.linspace(1, 3, 30)])[:, None]
    constants = fit_logistic(x, x[:, 0] > 0, weights=np.ones(60), prior_bad=0.1)
    assert 0 < constants[0] < 20


def test_only_calibration_scenes_count() -> None:
    photos = []
    scores = {}
    for number in range(200):
        for label in (None, *Label):
            path = Path(f"{label}-{number}.jpg")
            photo = LabelledPhoto(path, label, "camera", f"scene{number}")
            photos.append(photo)
            is_swapped = not is_for_calibration(photo)  # would spoil every curve
            scores[path] = make_scores(
                blur=4.0 if (label is Label.BLURRY) != is_swapped else -4.0,
                dark_logit=5.0 if (label is Label.DARK) != is_swapped else -5.0,
                overexposed_logit=5.0 if (label is Label.OVEREXPOSED) != is_swapped else -5.0,
            )
    constants = fit_calibration(photos, scores)
    assert constants["blurry"][0] > 0
    assert constants["dark"][0] > 0
    assert constants["overexposed"][0] > 0
    light = fit_calibration(photos, scores, (Label.DARK, Label.OVEREXPOSED))
    assert light == {key: value for key, value in constants.items() if key != "blurry"}
    with pytest.raises(InputError, match="calibrating 'blurry' needs 8"):
        fit_calibration(photos[:12], scores)
