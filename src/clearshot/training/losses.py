"""Losses of both stages, written with Keras operations for any backend."""

from __future__ import annotations

from typing import Any

from keras import ops

from clearshot.training.networks import NUM_SIGMAS


def measure_map_loss(target: Any, output: Any) -> Any:
    """Gaussian negative log-likelihood of log2 sigma, over the cells that count.

    Parameters
    ----------
    target : tensor, shape (N, 6, h, w)
        log2 sigma in five directions, then 1 for cells that count and 0 for others.
    output : tensor, shape (N, 10, h, w)
        Five means, five natural logs of the variance.

    Returns
    -------
    tensor, shape (N,)
        Loss of each patch.

    References
    ----------
    .. [1] D. A. Nix, A. S. Weigend, "Estimating the mean and variance of the target probability
       distribution", ICNN 1994, equation 3. doi:10.1109/ICNN.1994.374138
    """
    truth, counts = target[:, :NUM_SIGMAS], target[:, NUM_SIGMAS:]
    mean, log_variance = output[:, :NUM_SIGMAS], output[:, NUM_SIGMAS:]
    likelihood = 0.5 * (ops.square(truth - mean) * ops.exp(-log_variance) + log_variance)
    return ops.sum(likelihood * counts, axis=(1, 2, 3)) / (
        NUM_SIGMAS * ops.sum(counts, axis=(1, 2, 3)) + 1e-6
    )


def measure_octave_error(target: Any, output: Any) -> Any:
    """Mean absolute error of log2 sigma along the longest axis, in octaves.

    Parameters
    ----------
    target, output : tensor
        As for `measure_map_loss`.

    Returns
    -------
    tensor, shape ()
        Weighted by the certainty that the network claims, so that flat cells hardly count.
    """
    error = ops.abs(target[:, NUM_SIGMAS - 1] - output[:, NUM_SIGMAS - 1])
    weight = ops.exp(-output[:, 2 * NUM_SIGMAS - 1]) * target[:, NUM_SIGMAS]
    return ops.sum(error * weight) / (ops.sum(weight) + 1e-6)


def measure_exposure_loss(target: Any, output: Any) -> Any:
    """Loss of the exposure network: a Huber loss of the error and two cross-entropies.

    Parameters
    ----------
    target : tensor, shape (N, 3)
        Error of the exposure [stops]; how far the photo is too dark and overexposed, in [0, 1].
    output : tensor, shape (N, 3)
        Predicted error; log odds of both.

    Returns
    -------
    tensor, shape (N,)
        Loss of each example.
    """
    distance = ops.abs(target[:, 0] - output[:, 0])
    huber = ops.where(distance < 1.0, 0.5 * ops.square(distance), distance - 0.5)
    truth, logits = target[:, 1:], output[:, 1:]
    entropy = ops.softplus(logits) - truth * logits
    return huber + ops.sum(entropy, axis=1)


def measure_stop_error(target: Any, output: Any) -> Any:
    """Mean absolute error of the exposure, in stops.

    Parameters
    ----------
    target, output : tensor
        As for `measure_exposure_loss`.

    Returns
    -------
    tensor, shape ()
        Over all examples.
    """
    return ops.mean(ops.abs(target[:, 0] - output[:, 0]))
