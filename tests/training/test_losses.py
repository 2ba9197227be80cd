"""Losses prefer the truth, honest doubt, and what another network answers."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch", reason="the extra `train` is not installed")

import keras

from clearshot.training.losses import (
    measure_exposure_loss,
    measure_map_loss,
    measure_octave_error,
    measure_taught_loss,
)
from clearshot.training.networks import NUM_SIGMAS

pytestmark = pytest.mark.filterwarnings("ignore")


def test_exposure_loss_prefers_truth() -> None:
    target = np.array([[-3.0, 1.0, 0.0]], np.float32)

    def loss(*output: float) -> float:
        row = np.array([output], np.float32)
        tensors = (keras.ops.convert_to_tensor(x) for x in (target, row))
        return float(measure_exposure_loss(*tensors)[0])

    assert loss(-3.0, 9.0, -9.0) < 0.01
    assert loss(-3.0, 9.0, -9.0) < loss(-2.0, 9.0, -9.0) < loss(0.0, 9.0, -9.0)
    assert loss(-3.0, 9.0, -9.0) < loss(-3.0, -9.0, -9.0)
    assert loss(-3.0, 9.0, -9.0) < loss(-3.0, 9.0, 9.0)


def test_loss_prefers_truth_and_honest_doubt() -> None:
    target = np.zeros((1, 6, 4, 4), np.float32)
    target[:, 5] = 1.0

    def loss(error: float, log_variance: float) -> float:
        output = np.full((1, 10, 4, 4), error, np.float32)
        output[:, 5:] = log_variance
        tensors = (keras.ops.convert_to_tensor(x) for x in (target, output))
        return float(measure_map_loss(*tensors)[0])

    assert loss(0.1, 0.0) < loss(1.0, 0.0)
    assert loss(0.0, -2.0) < loss(0.0, 0.0)


def test_cells_that_do_not_count_change_nothing() -> None:
    target = np.zeros((1, 6, 4, 4), np.float32)
    target[:, 5, :2] = 1.0
    output = np.zeros((1, 10, 4, 4), np.float32)
    wrong = output.copy()
    wrong[:, :5, 2:] = 9.0
    as_tensor = keras.ops.convert_to_tensor
    for measure in (measure_map_loss, measure_octave_error):
        same = [
            np.asarray(keras.ops.convert_to_numpy(measure(as_tensor(target), as_tensor(x))))
            for x in (output, wrong)
        ]
        assert np.array_equal(same[0], same[1])


def test_taught_loss_prefers_the_answer_that_it_was_told() -> None:
    told_mean, told_log_variance = 1.0, -2.0
    target = np.zeros((1, 3 * NUM_SIGMAS + 1, 2, 2), np.float32)
    # No label counts here, so the answers alone do.
    target[:, NUM_SIGMAS + 1 : 2 * NUM_SIGMAS + 1] = told_mean
    target[:, 2 * NUM_SIGMAS + 1 :] = told_log_variance

    def loss(mean: float, log_variance: float) -> float:
        output = np.empty((1, 2 * NUM_SIGMAS, 2, 2), np.float32)
        output[:, :NUM_SIGMAS], output[:, NUM_SIGMAS:] = mean, log_variance
        tensors = (keras.ops.convert_to_tensor(values) for values in (target, output))
        return float(measure_taught_loss(*tensors)[0])

    least = loss(told_mean, told_log_variance)
    assert least == pytest.approx(0.0, abs=1e-6)
    for mean, log_variance in ((0.5, -2.0), (1.5, -2.0), (1.0, -3.0), (1.0, -1.0)):
        assert loss(mean, log_variance) > least + 0.01
    # With labels that count, one that differs from the answer costs.
    target[:, :NUM_SIGMAS], target[:, NUM_SIGMAS] = 2.0, 1.0
    assert loss(1.2, -2.0) < loss(1.0, -2.0)
