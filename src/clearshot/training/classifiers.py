"""The classifiers of the original experiment, as plain functions that return Keras models.

Both take squares `photo`, float32 (N, S, S, 3), sRGB 0-255, and give `probabilities`, float32
(N, 2): clear, blurry. Scaling and the backend's own order of axes are inside. Letters in shapes: N
photos, S the side of the square [px].
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final, Literal

import keras
from keras import layers

from clearshot.errors import InputError, NetworkError
from clearshot.training.normalization import fuse_normalization

# Where the weights of Inception's base come from; a path is a file with them.
Weights = Literal["imagenet", "none"] | Path

# What the two probabilities stand for, in order.
CLASSES: Final = ("clear", "blurry")

# The layer of InceptionV3 below which weights stay as they are when upper blocks are tuned: above
# it are the two blocks of the 8 x 8 grid and the step down to it.
_TUNED_ABOVE: Final = "mixed7"

# InceptionV3 has five steps of 2 without padding.
_MIN_INCEPTION_PX: Final = 75

# With 0.99, Keras' default, statistics of random weights lag behind by hundreds of steps, and a
# short training would be stopped before validation shows what it has learnt.
_SCRATCH_MOMENTUM: Final = 0.9


def build_lenet(side_px: int = 192) -> Any:
    """Build the original LeNet: two convolutions, three dense layers.

    Convolutions of 5 x 5 without padding, 32 and 64 channels, each with ReLU and a pool of 2;
    dense layers of 1024 and 512 with ReLU, each with dropout 0.5; softmax over 2. At 192 px it has
    133,290,946 parameters, all but 0.6 million of them in the first dense layer.

    Parameters
    ----------
    side_px : int
        Side of the square [px], >= 16.

    Returns
    -------
    keras.Model
        As the module says; values are divided by 255.
    """
    photo = keras.Input((side_px, side_px, 3), name="photo")
    x = _to_backend_order(layers.Rescaling(1 / 255)(photo))
    for num_channels in (32, 64):
        x = layers.Conv2D(num_channels, 5, activation="relu")(x)
        x = layers.MaxPooling2D(2)(x)
    x = layers.Flatten()(x)
    for num_units in (1024, 512):
        x = layers.Dense(num_units, activation="relu")(x)
        x = layers.Dropout(0.5)(x)
    return keras.Model(photo, _classify(x), name="lenet")


def build_inception(side_px: int = 299, *, weights: Weights = "imagenet") -> Any:
    """Build InceptionV3 [1]_ with a new head: average over the picture, dense, dropout, softmax.

    A base that brings weights is frozen, and its batch normalisation keeps its statistics also when
    blocks are tuned later. One with random weights is not: what a random base makes of a photo
    hardly tells sharp from blurred, so a head alone could learn next to nothing from it.

    Parameters
    ----------
    side_px : int
        Side of the square [px], >= 75.
    weights : Weights
        `imagenet` (downloaded by Keras, 88 MB, and kept in its folder), `none`, or a `.h5` or
        `.weights.h5` file with weights of InceptionV3 without its top.

    Returns
    -------
    keras.Model
        As the module says; values are scaled to -1 to 1. 22.3 million parameters; the base is the
        layer `inception_v3`.

    Raises
    ------
    NetworkError
        If the ImageNet weights cannot be downloaded.
    InputError
        If the weights file is missing or holds something else.
    ValueError
        If the side is too short.

    References
    ----------
    .. [1] C. Szegedy et al., "Rethinking the Inception Architecture for Computer Vision", CVPR
       2016. doi:10.1109/CVPR.2016.308
    """
    if side_px < _MIN_INCEPTION_PX:
        raise ValueError(f"side_px must be at least {_MIN_INCEPTION_PX}, not {side_px}")
    photo = keras.Input((side_px, side_px, 3), name="photo")
    x = _to_backend_order(layers.Rescaling(1 / 127.5, offset=-1.0)(photo))
    base = fuse_normalization(_build_base(tuple(x.shape[1:]), weights))
    if weights == "none":
        for layer in base.layers:
            if isinstance(layer, layers.BatchNormalization):
                layer.momentum = _SCRATCH_MOMENTUM
        x = base(x)
    else:
        base.trainable = False
        x = base(x, training=False)
    x = layers.GlobalAveragePooling2D()(x)
    x = layers.Dense(256, activation="relu")(x)
    x = layers.Dropout(0.5)(x)
    return keras.Model(photo, _classify(x), name="inception")


def free_upper_blocks(model: Any) -> None:
    """Let the upper blocks of Inception learn; batch normalisation and all below stay frozen.

    Parameters
    ----------
    model : keras.Model
        Of `build_inception`, with weights. It has to be compiled again.
    """
    base = model.get_layer("inception_v3")
    base.trainable = True
    is_upper = False
    for layer in base.layers:
        layer.trainable = is_upper and not isinstance(layer, layers.BatchNormalization)
        is_upper = is_upper or layer.name == _TUNED_ABOVE


def _to_backend_order(x: Any) -> Any:
    """Bring photos, whose channels are last, into the order in which the backend convolves."""
    is_first = keras.config.image_data_format() == "channels_first"
    return layers.Permute((3, 1, 2))(x) if is_first else x


def _classify(x: Any) -> Any:
    return layers.Dense(len(CLASSES), activation="softmax", name="probabilities")(x)


def _build_base(shape: tuple[int, ...], weights: Weights) -> Any:
    base = {"include_top": False, "input_shape": shape, "name": "inception_v3"}
    if weights == "none":
        return keras.applications.InceptionV3(weights=None, **base)
    if weights == "imagenet":
        try:
            return keras.applications.InceptionV3(weights="imagenet", **base)
        except Exception as error:  # Keras raises nothing narrower when a download fails
            msg = f"the ImageNet weights of InceptionV3 could not be downloaded ({error}); "
            msg += "--weights FILE takes a file that you have, --weights none starts from random "
            msg += "weights"
            raise NetworkError(msg) from error
    model = keras.applications.InceptionV3(weights=None, **base)
    try:
        model.load_weights(str(weights))
    except (OSError, ValueError, KeyError, IndexError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        msg = f"cannot be loaded as weights of InceptionV3 without its top: {reason}"
        raise InputError(msg, path=weights) from error
    return model
