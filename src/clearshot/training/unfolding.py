"""Puts the weights of an exported network back into a Keras model, so that it can learn on.

In the file each normalisation is folded into the convolution before it. Its mean and its variance
are measured anew on pictures, and what it does to them is chosen so that nothing changes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import keras
import numpy as np
import onnx
from keras import layers, ops
from onnx import numpy_helper

from clearshot.errors import NetworkError
from clearshot.training.normalization import FusedNormalization

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from clearshot.scoring.weights import NetworkFile

    # Kernel and bias of each convolution.
    Weights = list[tuple[NDArray[np.float32], NDArray[np.float32]]]

_CONVOLUTIONS: Final = (layers.Conv2D, layers.DepthwiseConv2D)
# Pictures that are measured at once.
_BATCH_SIZE: Final = 32


def read_weights(model: Any, file: NetworkFile) -> Weights:
    """Read kernel and bias of each convolution of a network file, and check that they fit.

    Parameters
    ----------
    model : keras.Model
        The network as a model.
    file : NetworkFile
        The network as `clearshot.training.export.export_onnx` wrote it.

    Returns
    -------
    list of (ndarray of float32, ndarray of float32)
        Kernels and biases in the order of the model's convolutions, with their order of axes.

    Raises
    ------
    NetworkError
        If the file holds another network.
    """
    return fit_kernels(model, read_kernels(file), name=file.name)


def fit_kernels(model: Any, kernels: list[list[NDArray[np.float32]]], *, name: str) -> Weights:
    """Bring what each convolution of a network file holds into a model's order of axes.

    Parameters
    ----------
    model : keras.Model
        The network as a model.
    kernels : list of list of ndarray of float32
        What `read_kernels` read.
    name : str
        The network's, for messages.

    Returns
    -------
    list of (ndarray of float32, ndarray of float32)
        As `read_weights`.

    Raises
    ------
    NetworkError
        If they are of another network.
    """
    convolutions = list_convolutions(model)
    if [[array.shape for array in given] for given in kernels] != [
        _list_shapes(layer) for layer in convolutions
    ]:
        raise NetworkError(f"the file of network {name!r} holds another network")
    return [
        (kernel.transpose(np.argsort(_order_axes(layer))), bias)
        for layer, (kernel, bias) in zip(convolutions, kernels, strict=True)
    ]


def read_kernels(file: NetworkFile) -> list[list[NDArray[np.float32]]]:
    """Read what each convolution of a network file holds, whatever network it is.

    Parameters
    ----------
    file : NetworkFile
        A network.

    Returns
    -------
    list of list of ndarray of float32
        Kernel, with ONNX' order of axes: out, in, rows, columns; and bias, if it has one.
    """
    graph = onnx.load_from_string(file.content).graph
    arrays = {item.name: numpy_helper.to_array(item) for item in graph.initializer}
    return [
        [arrays[name] for name in node.input if name in arrays]
        for node in graph.node
        if node.op_type == "Conv"
    ]


def list_convolutions(model: Any) -> list[Any]:
    """List the convolutions of a model in their order.

    Parameters
    ----------
    model : keras.Model
        A network.

    Returns
    -------
    list of keras.layers.Layer
        Full and depthwise ones.
    """
    return [layer for layer in model.layers if isinstance(layer, _CONVOLUTIONS)]


def see_batches(
    model: Any, luma_nhw: NDArray[np.uint8], *, axis: int
) -> Iterator[NDArray[np.float32]]:
    """Show pictures to a model, some at a time.

    Parameters
    ----------
    model : keras.Model
        Ends at any layer of a network.
    luma_nhw : ndarray of uint8, shape (N, H, W)
        Pictures.
    axis : int
        Where the channels are in what the model gives.

    Yields
    ------
    ndarray of float32, shape (n, h, w, C)
        What it gives for the next n pictures, channels last.
    """
    for start in range(0, len(luma_nhw), _BATCH_SIZE):
        given = model(luma_nhw[start : start + _BATCH_SIZE].astype(np.float32))
        yield np.moveaxis(ops.convert_to_numpy(given), axis, -1)


def unfold_network(model: Any, weights: Weights, luma_nhw: NDArray[np.uint8]) -> None:
    """Give a model the weights of a network file; it then computes what the file computes.

    Parameters
    ----------
    model : keras.Model
        Each convolution but the last is followed by a `FusedNormalization`.
    weights : list of (ndarray of float32, ndarray of float32)
        What `read_weights` read for this model.
    luma_nhw : ndarray of uint8, shape (N, H, W)
        Pictures as those that it will learn from, on which its normalisations are measured.
    """
    normalizations = [layer for layer in model.layers if isinstance(layer, FusedNormalization)]
    *inner, head = zip(list_convolutions(model), weights, strict=True)
    for (layer, (kernel, bias)), normalization in zip(inner, normalizations, strict=True):
        layer.kernel.assign(kernel)
        mean, variance = _measure_channels(
            keras.Model(model.input, layer.output), luma_nhw, axis=normalization.axis
        )
        normalization.moving_mean.assign(mean)
        normalization.moving_variance.assign(variance)
        # Stretches and shifts back what the normalisation does, and adds the bias of the file.
        normalization.gamma.assign(np.sqrt(variance + normalization.epsilon))
        normalization.beta.assign(mean + bias)
    last, (kernel, bias) = head
    last.kernel.assign(kernel)
    last.bias.assign(bias)


def _order_axes(layer: Any) -> tuple[int, ...]:
    """Order the axes of Keras' kernel as ONNX has them: out, in, rows, columns."""
    return (2, 3, 0, 1) if isinstance(layer, layers.DepthwiseConv2D) else (3, 2, 0, 1)


def _list_shapes(layer: Any) -> list[tuple[int, ...]]:
    """List the shapes of a convolution's kernel and of its bias in a file."""
    kernel = tuple(layer.kernel.shape[axis] for axis in _order_axes(layer))
    return [kernel, kernel[:1]]


def _measure_channels(
    model: Any, luma_nhw: NDArray[np.uint8], *, axis: int
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Measure mean and variance of each channel that a model gives."""
    sums = []
    for seen in see_batches(model, luma_nhw, axis=axis):
        values = seen.reshape(-1, seen.shape[-1]).astype(np.float64)
        sums.append((len(values), values.sum(axis=0), (values**2).sum(axis=0)))
    count, total, squares = (sum(part) for part in zip(*sums, strict=True))
    mean = total / count
    variance = np.maximum(squares / count - mean**2, 0.0)
    return mean.astype(np.float32), variance.astype(np.float32)
