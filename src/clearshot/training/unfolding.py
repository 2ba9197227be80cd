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
    from numpy.typing import NDArray

    from clearshot.scoring.weights import NetworkFile

_CONVOLUTIONS: Final = (layers.Conv2D, layers.DepthwiseConv2D)
# Pictures that are measured at once.
_BATCH_SIZE: Final = 32


def check_network(model: Any, file: NetworkFile) -> None:
    """Check that a file holds the network that a model is.

    Parameters
    ----------
    model : keras.Model
        As for `unfold_network`.
    file : NetworkFile
        The file.

    Raises
    ------
    NetworkError
        If it holds another network.
    """
    kernels = [kernel.shape for kernel, _ in _match(model, file)]
    if kernels != [tuple(layer.kernel.shape) for layer in _list_convolutions(model)]:
        raise NetworkError(f"the file of network {file.name!r} holds another network")


def unfold_network(model: Any, file: NetworkFile, luma_nhw: NDArray[np.uint8]) -> None:
    """Give a model the weights of a network file; it then computes what the file computes.

    Parameters
    ----------
    model : keras.Model
        Each convolution but the last is followed by a `FusedNormalization`.
    file : NetworkFile
        The same network as `clearshot.training.export.export_onnx` wrote it.
    luma_nhw : ndarray of uint8, shape (N, H, W)
        Pictures as those that it will learn from, on which its normalisations are measured.

    Raises
    ------
    NetworkError
        If the file holds another network.
    """
    check_network(model, file)
    normalizations = [layer for layer in model.layers if isinstance(layer, FusedNormalization)]
    *inner, head = zip(_list_convolutions(model), _match(model, file), strict=True)
    for (layer, (kernel, bias)), normalization in zip(inner, normalizations, strict=True):
        layer.kernel.assign(kernel)
        mean, variance = _measure_channels(keras.Model(model.input, layer.output), luma_nhw)
        normalization.moving_mean.assign(mean)
        normalization.moving_variance.assign(variance)
        # Stretches and shifts back what the normalisation does, and adds the bias of the file.
        normalization.gamma.assign(np.sqrt(variance + normalization.epsilon))
        normalization.beta.assign(mean + bias)
    last, (kernel, bias) = head
    last.kernel.assign(kernel)
    last.bias.assign(bias)


def _list_convolutions(model: Any) -> list[Any]:
    return [layer for layer in model.layers if isinstance(layer, _CONVOLUTIONS)]


def _match(model: Any, file: NetworkFile) -> list[tuple[NDArray[np.float32], NDArray[np.float32]]]:
    """Give kernel and bias of the file's convolutions with the axes that the model's have."""
    return [
        (_turn(kernel, is_depthwise=isinstance(layer, layers.DepthwiseConv2D)), bias)
        for layer, (kernel, bias) in zip(
            _list_convolutions(model), _read_convolutions(file), strict=False
        )
    ]


def _read_convolutions(file: NetworkFile) -> list[tuple[NDArray[np.float32], NDArray[np.float32]]]:
    """Read kernel and bias of each convolution, in the order of the graph."""
    graph = onnx.load_from_string(file.content).graph
    weights = {item.name: numpy_helper.to_array(item) for item in graph.initializer}
    found = [node for node in graph.node if node.op_type == "Conv"]
    return [(weights[node.input[1]], weights[node.input[2]]) for node in found]


def _turn(kernel: NDArray[np.float32], *, is_depthwise: bool) -> NDArray[np.float32]:
    """Bring a kernel from ONNX' order of axes (out, in, rows, columns) to that of Keras."""
    if is_depthwise:
        return kernel[:, 0].transpose(1, 2, 0)[..., None]
    return kernel.transpose(2, 3, 1, 0)


def _measure_channels(
    model: Any, luma_nhw: NDArray[np.uint8]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Measure mean and variance of each channel that a model gives."""
    axis = 1 if keras.config.image_data_format() == "channels_first" else -1
    sums = []
    for start in range(0, len(luma_nhw), _BATCH_SIZE):
        given = model(luma_nhw[start : start + _BATCH_SIZE].astype(np.float32))
        values = np.moveaxis(ops.convert_to_numpy(given), axis, 0).astype(np.float64)
        values = values.reshape(len(values), -1)
        sums.append((values.shape[1], values.sum(axis=1), (values**2).sum(axis=1)))
    count, total, squares = (sum(part) for part in zip(*sums, strict=True))
    mean = total / count
    variance = np.maximum(squares / count - mean**2, 0.0)
    return mean.astype(np.float32), variance.astype(np.float32)
