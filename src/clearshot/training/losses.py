"""Losses and errors of the focus and the exposure network, for any backend of Keras."""

from __future__ import annotations

from typing import Any, Final

from keras import ops

from clearshot.training.networks import NUM_SIGMAS

# How much the labels count beside another network's answers, which have less noise.
_LABEL_PART: Final = 0.3


def measure_map_loss(target: Any, output: Any) -> Any:
    """Compute the negative log-likelihood of log2 sigma [1]_, over the cells that count.

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


def measure_taught_loss(target: Any, output: Any) -> Any:
    """Mix the loss of the labels with the distance from what another network answers [1]_.

    Parameters
    ----------
    target : tensor, shape (N, 16, h, w)
        As for `measure_map_loss`; then the other network's five means and five natural logs of the
        variance.
    output : tensor, shape (N, 10, h, w)
        Five means, five natural logs of the variance.

    Returns
    -------
    tensor, shape (N,)
        Loss of each patch. The distance is the Kullback-Leibler divergence from the normal
        distributions that the other network answers to those of the output. It counts in all
        cells, also where there is no label.

    References
    ----------
    .. [1] G. Hinton, O. Vinyals, J. Dean, "Distilling the knowledge in a neural network", 2015,
       section 2. arXiv:1503.02531
    """
    answer = target[:, NUM_SIGMAS + 1 :]
    told_mean, told_log_variance = answer[:, :NUM_SIGMAS], answer[:, NUM_SIGMAS:]
    mean, log_variance = output[:, :NUM_SIGMAS], output[:, NUM_SIGMAS:]
    error = ops.square(told_mean - mean) + ops.exp(told_log_variance)
    divergence = 0.5 * (error * ops.exp(-log_variance) + log_variance - told_log_variance - 1.0)
    labels = measure_map_loss(target[:, : NUM_SIGMAS + 1], output)
    return _LABEL_PART * labels + (1.0 - _LABEL_PART) * ops.mean(divergence, axis=(1, 2, 3))


def measure_octave_error(target: Any, output: Any) -> Any:
    """Compute the mean absolute error of log2 sigma along the longest axis [octaves].

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
    """Compute the loss of the exposure network: Huber of the error, plus two cross-entropies.

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
    """Compute the mean absolute error of the exposure [stops].

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
