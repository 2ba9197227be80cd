from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch", reason="the extra `train` is not installed")

import keras
from keras import layers

from clearshot.training.backend import prepare_backend
from clearshot.training.normalization import FusedNormalization, fuse_normalization

pytestmark = pytest.mark.filterwarnings("ignore")

PHOTOS = np.random.default_rng(0).uniform(0, 9, (8, 3, 16, 16)).astype(np.float32)


def build(*, scale: bool) -> Any:
    prepare_backend(seed=1)
    picture = keras.Input((3, 16, 16))
    x = layers.Conv2D(5, 3, name="conv")(picture)
    x = layers.BatchNormalization(axis=1, scale=scale, name="norm")(x)
    model = keras.Model(picture, layers.ReLU()(x), name="plain")
    rng = np.random.default_rng(1)
    model.set_weights([rng.uniform(0.1, 1, w.shape).astype(w.dtype) for w in model.get_weights()])
    return model


@pytest.mark.parametrize("scale", [True, False])
def test_a_fused_copy_answers_and_learns_as_its_model(scale: bool) -> None:
    plain = build(scale=scale)
    fused = fuse_normalization(plain)
    assert isinstance(fused.get_layer("norm"), FusedNormalization)
    assert not isinstance(plain.get_layer("norm"), FusedNormalization)
    names = [layer.name for layer in plain.layers]
    assert [layer.name for layer in fused.layers][1:] == names[1:]
    for is_training in (False, True):
        expected, answer = (
            keras.ops.convert_to_numpy(model(PHOTOS, training=is_training))
            for model in (plain, fused)
        )
        np.testing.assert_allclose(answer, expected, atol=1e-4)
    # The second of these passes has moved the statistics.
    for moved, expected in zip(fused.get_weights(), plain.get_weights(), strict=True):
        np.testing.assert_allclose(moved, expected, rtol=1e-3)
