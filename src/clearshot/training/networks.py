"""The networks as plain functions that return a Keras model, for any backend.

Letters in shapes: N photos or patches, H and W rows and columns of pixels, h = H / 16 and
w = W / 16 rows and columns of cells. A model takes luma (N, H, W) whatever the backend's own order
of axes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import keras
import numpy as np
from keras import layers, ops

from clearshot.scoring.exposure import NUM_STATISTICS, SQUARE_PX
from clearshot.training.convolution import LumaConvolution
from clearshot.training.normalization import FusedNormalization

if TYPE_CHECKING:
    from collections.abc import Sequence

# Blur along 0, 45, 90, 135 degrees and along its longest axis.
NUM_SIGMAS: Final = 5

# Bounds of the predicted log variance: 0.02 to 20 octaves of standard deviation.
_LOG_VARIANCE_RANGE: Final = (-8.0, 6.0)


def build_focus_map(widths: Sequence[int] = (8, 32, 64, 80)) -> Any:
    """Build the network that measures blur cell by cell.

    Two full convolutions with stride 2 read the profile of edges; depthwise-separable ones with
    two more strides of 2 reach the grid of cells and look at the neighbourhood, twice. About
    29,000 parameters by default.

    Parameters
    ----------
    widths : sequence of int
        Channels at a half, a quarter, an eighth and a sixteenth of the resolution.

    Returns
    -------
    keras.Model
        Luma float32 (N, H, W), 0-255, H and W multiples of 16, to float32 (N, 10, h, w): the mean
        of log2 sigma [px] for five directions, then the natural log of each one's variance.
    """
    axis = _channel_axis()
    luma = keras.Input((None, None), name="luma")
    x = ops.expand_dims(luma, axis)
    # Normalisation after the first layer takes the range of luma as it is.
    x = _convolve(x, widths[0], side=4, stride=2, kind=LumaConvolution)
    # Half of the time would go into a second layer of 3 x 3; the first one overlaps already.
    x = _convolve(x, widths[1], side=2, stride=2)
    x = _separate(x, widths[2], side=3, stride=2)
    x = _separate(x, widths[3], side=3, stride=2)
    x = _separate(x, widths[3], side=5, stride=1)
    x = _refine(x, widths[3], side=5)
    x = layers.Conv2D(2 * NUM_SIGMAS, 1, name="head")(x)
    if axis == -1:
        x = ops.transpose(x, (0, 3, 1, 2))
    mean, log_variance = x[:, :NUM_SIGMAS], x[:, NUM_SIGMAS:]
    log_variance = ops.clip(log_variance, *_LOG_VARIANCE_RANGE)
    outputs = ops.concatenate([mean, log_variance], axis=1)
    return keras.Model(luma, outputs, name="focus_map")


def build_exposure(widths: Sequence[int] = (12, 24, 32), *, num_hidden: int = 48) -> Any:
    """Build the network that judges the exposure of a whole photo.

    Three convolutions with stride 2 look at the square in levels and in stops; what they find
    anywhere and on average joins the statistics, and two dense layers judge. About 22,000
    parameters by default.

    Parameters
    ----------
    widths : sequence of int
        Channels at a half, a quarter and an eighth of the resolution.
    num_hidden : int
        Width of the dense layer.

    Returns
    -------
    keras.Model
        Luma float32 (N, 64, 64), 0-255, and statistics float32 (N, 18) to float32 (N, 3): error of
        the exposure [stops], log odds of too dark and of overexposed.
    """
    axis = _channel_axis()
    luma = keras.Input((SQUARE_PX, SQUARE_PX), name="luma")
    statistics = keras.Input((NUM_STATISTICS,), name="statistics")
    levels = luma / 255.0
    # A gamma of 2.2 in stops, with a floor of half a level.
    stops = ops.log(luma + 0.5) * (2.2 / np.log(2.0)) / 16.0
    x = ops.stack([levels, stops], axis)
    x = _convolve(x, widths[0], side=4, stride=2)
    x = _convolve(x, widths[1], side=4, stride=2)
    x = _convolve(x, widths[2], side=4, stride=2)
    places = (1, 2) if axis == -1 else (2, 3)
    pooled = [ops.mean(x, axis=places), ops.max(x, axis=places)]
    x = layers.Concatenate()([*pooled, statistics])
    x = layers.Dense(num_hidden, activation="relu")(layers.Dropout(0.1)(x))
    outputs = layers.Dense(3, name="head")(x)
    return keras.Model([luma, statistics], outputs, name="exposure")


def _channel_axis() -> int:
    return 1 if keras.config.image_data_format() == "channels_first" else -1


def _convolve(
    x: Any, width: int, *, side: int, stride: int, kind: type[Any] = layers.Conv2D
) -> Any:
    x, padding = _pad(x, side, stride)
    x = kind(width, side, strides=stride, padding=padding, use_bias=False)(x)
    return _activate(x)


def _separate(x: Any, width: int, *, side: int, stride: int) -> Any:
    return layers.ReLU()(_convolve_separably(x, width, side=side, stride=stride))


def _refine(x: Any, width: int, *, side: int) -> Any:
    """Look at the neighbourhood once more and add what it tells."""
    return layers.ReLU()(x + _convolve_separably(x, width, side=side, stride=1))


def _convolve_separably(x: Any, width: int, *, side: int, stride: int) -> Any:
    x, padding = _pad(x, side, stride)
    x = layers.DepthwiseConv2D(side, strides=stride, padding=padding, use_bias=False)(x)
    return _normalize(layers.Conv2D(width, 1, use_bias=False)(_activate(x)))


def _pad(x: Any, side: int, stride: int) -> tuple[Any, str]:
    if stride == 1:
        return x, "same"
    # With `same` and a stride the padding would depend on the size of the picture, and an exporter
    # writes down that of one example.
    before = (side - stride) // 2
    return layers.ZeroPadding2D(((before, side - stride - before),) * 2)(x), "valid"


def _activate(x: Any) -> Any:
    return layers.ReLU()(_normalize(x))


def _normalize(x: Any) -> Any:
    # Statistics that follow the last few hundred batches: the network changes fast at first.
    return FusedNormalization(axis=_channel_axis(), momentum=0.98)(x)
