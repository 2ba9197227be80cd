"""Makes a narrower focus network of a trained one, so that it need not learn again from nothing.

Of each layer the channels stay without which the next one changes least, and that one is fitted
anew, by least squares, to give what it gave. The narrower network then has to learn what was lost.
Letters in shapes: N pictures, H, W pixels, P places, S channels of one place that a convolution
reads, C channels that it gives.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import keras
import numpy as np

from clearshot.errors import NetworkError
from clearshot.training import networks
from clearshot.training.unfolding import (
    fit_kernels,
    list_convolutions,
    read_kernels,
    see_batches,
    unfold_network,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from clearshot.scoring.weights import NetworkFile
    from clearshot.training.unfolding import Weights


class _Group(NamedTuple):
    """Channels that stay or go together, by the places of convolutions in the network.

    The last reader chooses. What gives or carries a channel is cut; what reads it is fitted anew.
    """

    givers: tuple[int, ...]
    readers: tuple[int, ...]
    # Which of the network's widths it has.
    width: int


# Of `networks.build_focus_map`; 2, 4, 6 and 8 are depthwise, and 9 adds to what 7 gives.
_GROUPS: Final = (
    _Group((0,), (1,), 0),
    _Group((1, 2), (3,), 1),
    _Group((3, 4), (5,), 2),
    _Group((5, 6), (7,), 3),
    _Group((7, 8, 9), (9, 10), 3),
)
# The convolutions whose outputs are the network's widths.
_WIDTH_PLACES: Final = (0, 1, 3, 5)

# Keeps what is solved for finite where channels say the same, as a share of their mean square.
_RIDGE: Final = 1e-6


class WideNetwork(NamedTuple):
    """A network that is to be narrowed.

    Attributes
    ----------
    model : keras.Model
        It, or what will be it when its weights are unfolded.
    weights : list of (ndarray of float32, ndarray of float32)
        Kernels and biases of its convolutions.
    widths : tuple of int
        As `clearshot.training.networks.build_focus_map` takes them.
    """

    model: Any
    weights: Weights
    widths: tuple[int, ...]


def read_wide(file: NetworkFile, model: Any) -> WideNetwork:
    """Read a focus network that is as wide as a model, or wider.

    Parameters
    ----------
    file : NetworkFile
        The network.
    model : keras.Model
        Of `clearshot.training.networks.build_focus_map`.

    Returns
    -------
    WideNetwork
        For `narrow_network`.

    Raises
    ------
    NetworkError
        If the file holds a network of another kind, or one that is narrower somewhere.
    """
    kernels = read_kernels(file)
    if len(kernels) <= max(_WIDTH_PLACES) or not all(kernels):
        raise NetworkError(f"the file of network {file.name!r} holds another network")
    widths = tuple(len(kernels[place][0]) for place in _WIDTH_PLACES)
    wide = networks.build_focus_map(widths)
    weights = fit_kernels(wide, kernels, name=file.name)
    if any(own < least for own, least in zip(widths, _find_widths(model), strict=True)):
        message = f"network {file.name!r} has widths {widths}, less than {_find_widths(model)}"
        raise NetworkError(message)
    return WideNetwork(wide, weights, widths)


def narrow_network(model: Any, wide: WideNetwork, luma_nhw: NDArray[np.uint8]) -> None:
    """Give a model the weights of a network that is as wide as it, or wider.

    Parameters
    ----------
    model : keras.Model
        Of `clearshot.training.networks.build_focus_map`. If the network is as wide, the model then
        computes what it computes.
    wide : WideNetwork
        What `read_wide` read for this model.
    luma_nhw : ndarray of uint8, shape (N, H, W)
        Pictures as those that the model will learn from.
    """
    unfold_network(wide.model, wide.weights, luma_nhw)
    weights = list(wide.weights)
    widths = _find_widths(model)
    for group in _GROUPS:
        if wide.widths[group.width] > widths[group.width]:
            _narrow_group(wide.model, weights, group, widths[group.width], luma_nhw)
    unfold_network(model, weights, luma_nhw)


def _find_widths(model: Any) -> tuple[int, ...]:
    convolutions = list_convolutions(model)
    return tuple(convolutions[place].kernel.shape[-1] for place in _WIDTH_PLACES)


def _narrow_group(
    wide: Any, weights: Weights, group: _Group, width: int, luma_nhw: NDArray[np.uint8]
) -> None:
    """Leave a number of the channels of a group, in kernels and biases."""
    layers = list_convolutions(wide)
    moments = {place: _measure_moments(wide, layers[place], luma_nhw) for place in group.readers}
    chooser = group.readers[-1]
    kept = _choose_channels(moments[chooser], weights[chooser][0], width)
    for place in group.readers:
        kernel, bias = weights[place]
        kernel, shift = _refit(moments[place], kernel, kept)
        weights[place] = kernel, bias + shift
    for place in group.givers:
        kernel, bias = weights[place]
        # A depthwise kernel has its channels where another has those that it reads.
        is_depthwise = kernel.shape[-1] == 1
        weights[place] = kernel[:, :, kept] if is_depthwise else kernel[..., kept], bias[kept]


def _measure_moments(model: Any, layer: Any, luma_nhw: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Measure mean products of what a convolution reads at one place, and of 1; (S + 1, S + 1)."""
    seen = keras.Model(model.input, layer.input)
    axis = 1 if layer.data_format == "channels_first" else -1
    side = layer.kernel_size[0]
    total, num_places = np.zeros(()), 0
    for values in see_batches(seen, luma_nhw, axis=axis):
        places = _cut_places(values, side)
        total = total + (places.T @ places).astype(np.float64)
        num_places += len(places)
    moments = total / num_places
    moments[np.diag_indices_from(moments)] += _RIDGE * np.trace(moments) / len(moments)
    return moments


def _cut_places(values_nhwc: NDArray[np.float32], side: int) -> NDArray[np.float32]:
    """Cut into squares that do not overlap, as a kernel of that side and stride reads them."""
    num, height, width, channels = values_nhwc.shape
    squares = values_nhwc.reshape(num, height // side, side, width // side, side, channels)
    places = squares.transpose(0, 1, 3, 2, 4, 5).reshape(-1, side * side * channels)
    return np.concatenate([places, np.ones((len(places), 1), np.float32)], axis=1)


def _choose_channels(
    moments: NDArray[np.float64], kernel: NDArray[np.float32], width: int
) -> list[int]:
    """Drop one channel after the other, each time that which the convolution misses least."""
    side, _, num_channels, _ = kernel.shape
    kept = list(range(num_channels))
    while len(kept) > width:
        columns = _find_columns(kept, num_channels, side)
        inverse = np.linalg.inv(moments[np.ix_(columns, columns)])
        fitted = inverse @ moments[columns] @ _flatten(kernel)
        # What dropping variables adds to the squared error of least squares.
        costs = []
        for index in range(len(kept)):
            own = _find_columns([index], len(kept), side)[:-1]
            part = fitted[own]
            costs.append(float(np.sum(part * np.linalg.solve(inverse[np.ix_(own, own)], part))))
        kept.pop(int(np.argmin(costs)))
    return kept


def _refit(
    moments: NDArray[np.float64], kernel: NDArray[np.float32], kept: Sequence[int]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Fit a kernel that reads some channels to give what it gave; and what to add to its bias."""
    side, _, num_channels, width = kernel.shape
    columns = _find_columns(kept, num_channels, side)
    wanted = moments[columns] @ _flatten(kernel)
    fitted = np.linalg.solve(moments[np.ix_(columns, columns)], wanted).astype(np.float32)
    return fitted[:-1].reshape(side, side, len(kept), width), fitted[-1]


def _find_columns(channels: Sequence[int], num_channels: int, side: int) -> list[int]:
    """Find the columns of channels in what is read at one place, and that of the 1."""
    squares = range(side * side)
    columns = [square * num_channels + channel for square in squares for channel in channels]
    return [*columns, side * side * num_channels]


def _flatten(kernel: NDArray[np.float32]) -> NDArray[np.float64]:
    """Write a kernel as a matrix, with a row of zeros for the 1; shape (S + 1, C)."""
    rows = kernel.reshape(-1, kernel.shape[-1]).astype(np.float64)
    return np.concatenate([rows, np.zeros((1, rows.shape[1]))])
