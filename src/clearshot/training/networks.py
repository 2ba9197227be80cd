"""The networks as plain functions that return a Keras model, for any backend.

Letters in shapes: N photos or patches, H and W rows and columns of pixels, h = H / 16 and
w = W / 16 rows and columns of cells. A model takes luma (N, H, W) and gives (N, 10, h, w) whatever
the backend's own order of axes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import keras
from keras import layers, ops

if TYPE_CHECKING:
    from collections.abc import Sequence

# Blur along 0, 45, 90, 135 degrees and along its longest axis.
NUM_SIGMAS: Final = 5

# The pooled output answers "is the blur of the sharpest subject larger than this?" [px].
POOL_STEPS_PX: Final = (0.6, 0.85, 1.2, 1.7, 2.4, 3.4)

# What one attention head averages over the cells.
_HEAD_VALUES: Final = 4

# Bounds of the predicted log variance: 0.02 to 20 octaves of standard deviation.
_LOG_VARIANCE_RANGE: Final = (-8.0, 6.0)


def build_focus_map(widths: Sequence[int] = (32, 64, 96), *, num_blocks: int = 2) -> Any:
    """Build the network that measures blur cell by cell.

    An 8x8 convolution with stride 4 reads fine detail at the price of a quarter of the resolution,
    two 3x3 convolutions with stride 2 reach the grid of cells, and inverted residual blocks with
    5x5 depthwise convolutions look at the neighbourhood. 159,000 parameters by default.

    Parameters
    ----------
    widths : sequence of int
        Channels after the three convolutions with a stride.
    num_blocks : int
        Residual blocks on the grid of cells.

    Returns
    -------
    keras.Model
        Luma float32 (N, H, W), 0-255, H and W multiples of 16, to float32 (N, 10, h, w): the mean
        of log2 sigma [px] for five directions, then the natural log of each one's variance.
    """
    axis = _channel_axis()
    luma = keras.Input((None, None), name="luma")
    x = layers.Rescaling(1 / 255, offset=-0.5)(luma)
    x = ops.expand_dims(x, axis)
    for width, side, stride in zip(widths, (8, 3, 3), (4, 2, 2), strict=True):
        x = _convolve(x, width, side, stride)
    for _ in range(num_blocks):
        x = _mix(x, widths[-1])
    x = layers.Conv2D(2 * NUM_SIGMAS, 1, name="head")(x)
    if axis == -1:
        x = ops.transpose(x, (0, 3, 1, 2))
    mean, log_variance = x[:, :NUM_SIGMAS], x[:, NUM_SIGMAS:]
    log_variance = ops.clip(log_variance, *_LOG_VARIANCE_RANGE)
    outputs = ops.concatenate([mean, log_variance], axis=1)
    return keras.Model(luma, outputs, name="focus_map")


def build_pooling(*, width: int = 32, num_heads: int = 12) -> Any:
    """Build the network that turns a focus map into one answer for the photo.

    Each cell looks at its neighbours; attention then chooses the cells that count. 23,000
    parameters by default.

    Parameters
    ----------
    width : int
        Channels of a cell.
    num_heads : int
        Attention maps, each with its own choice of cells.

    Returns
    -------
    keras.Model
        Focus map float32 (N, 10, h, w) to logits float32 (N, 6), one for each of `POOL_STEPS_PX`.
    """
    axis = _channel_axis()
    focus_map = keras.Input((2 * NUM_SIGMAS, None, None), name="focus_map")
    x = ops.transpose(focus_map, (0, 2, 3, 1)) if axis == -1 else focus_map
    x = layers.Conv2D(width, 1, activation="relu")(x)
    x = layers.Conv2D(width, 3, padding="same", activation="relu")(x)
    x = layers.Conv2D(width, 3, padding="same", dilation_rate=2, activation="relu")(x)
    pooled = _attend(x, num_heads)
    pooled = layers.Dense(width, activation="relu")(pooled)
    logits = layers.Dense(len(POOL_STEPS_PX), name="logits")(pooled)
    return keras.Model(focus_map, logits, name="pooling")


def join(focus_map: Any, pooling: Any) -> Any:
    """Join both networks into the one that ships.

    Parameters
    ----------
    focus_map, pooling : keras.Model
        Trained networks.

    Returns
    -------
    keras.Model
        Luma (N, H, W) to the focus map (N, 10, h, w) and the logits (N, 6).
    """
    luma = keras.Input((None, None), name="luma")
    cells = focus_map(luma)
    return keras.Model(luma, [cells, pooling(cells)], name="focus")


def _channel_axis() -> int:
    return 1 if keras.config.image_data_format() == "channels_first" else -1


def _convolve(x: Any, width: int, side: int, stride: int) -> Any:
    # Padding is explicit: with `same` and a stride it would depend on the size of the picture, and
    # an exporter writes down that of one example.
    before = (side - stride) // 2
    after = side - stride - before
    if after > 0:
        x = layers.ZeroPadding2D(((before, after), (before, after)))(x)
    x = layers.Conv2D(width, side, strides=stride, padding="valid", use_bias=False)(x)
    return layers.ReLU()(layers.BatchNormalization(axis=_channel_axis())(x))


def _mix(x: Any, width: int) -> Any:
    axis = _channel_axis()
    y = layers.DepthwiseConv2D(5, padding="same", use_bias=False)(x)
    y = layers.BatchNormalization(axis=axis)(y)
    y = _convolve(y, 2 * width, 1, 1)
    y = layers.BatchNormalization(axis=axis)(layers.Conv2D(width, 1, use_bias=False)(y))
    return layers.Add()([x, y])


def _attend(x: Any, num_heads: int) -> Any:
    """Average values over all cells, weighted by each head's softmax over the cells."""
    values, scores = layers.Conv2D(num_heads * _HEAD_VALUES, 1)(x), layers.Conv2D(num_heads, 1)(x)
    if _channel_axis() == -1:
        values, scores = (ops.transpose(y, (0, 3, 1, 2)) for y in (values, scores))
    values = layers.Reshape((num_heads, _HEAD_VALUES, -1))(values)
    weights = ops.softmax(layers.Reshape((num_heads, 1, -1))(scores), axis=-1)
    return layers.Reshape((num_heads * _HEAD_VALUES,))(ops.sum(values * weights, axis=-1))
