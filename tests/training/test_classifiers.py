from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch", reason="the extra `train` is not installed")

import keras
from keras import layers

from clearshot.errors import InputError, NetworkError
from clearshot.training import classifiers
from clearshot.training.backend import prepare_backend
from clearshot.training.classifier_export import export_classifier

pytestmark = pytest.mark.filterwarnings("ignore")

SMALLEST_PX = 75


@pytest.fixture(autouse=True, scope="module")
def restored_order() -> Iterator[None]:
    """Leave the order of axes to other tests as it was."""
    order = keras.config.image_data_format()
    yield
    keras.config.set_image_data_format(order)


@pytest.fixture(autouse=True)
def prepared() -> None:
    prepare_backend(seed=1)


@pytest.fixture(scope="module")
def random_inception() -> Any:
    """Inception with random weights."""
    prepare_backend(seed=1)
    return classifiers.build_inception(SMALLEST_PX, weights="none")


@pytest.fixture(scope="module")
def plain_base() -> Any:
    """InceptionV3 without its top, as Keras builds it."""
    prepare_backend(seed=2)
    shape = (3, SMALLEST_PX, SMALLEST_PX)
    return keras.applications.InceptionV3(weights=None, include_top=False, input_shape=shape)


@pytest.fixture(scope="module")
def weights_file(plain_base: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its weights in a file, as users have them."""
    path = Path(tmp_path_factory.mktemp("weights") / "base.weights.h5")
    plain_base.save_weights(str(path))
    return path


def describe(layer: Any) -> tuple[object, ...]:
    match layer:
        case layers.Conv2D():
            activation = layer.activation.__name__
            return "conv", layer.filters, layer.kernel_size, layer.padding, activation
        case layers.MaxPooling2D():
            return "pool", layer.pool_size, layer.strides
        case layers.Dense():
            return "dense", layer.units, layer.activation.__name__
        case layers.Dropout():
            return "dropout", layer.rate
        case _:
            return (type(layer).__name__,)


def test_lenet_is_that_of_the_original_experiment() -> None:
    model = classifiers.build_lenet()
    assert model.input_shape == (None, 192, 192, 3)
    assert model.output_shape == (None, 2)
    listed = [describe(layer) for layer in model.layers]
    without_order = [entry for entry in listed if entry != ("Permute",)]
    assert without_order == [
        ("InputLayer",),
        ("Rescaling",),
        ("conv", 32, (5, 5), "valid", "relu"),
        ("pool", (2, 2), (2, 2)),
        ("conv", 64, (5, 5), "valid", "relu"),
        ("pool", (2, 2), (2, 2)),
        ("Flatten",),
        ("dense", 1024, "relu"),
        ("dropout", 0.5),
        ("dense", 512, "relu"),
        ("dropout", 0.5),
        ("dense", 2, "softmax"),
    ]
    assert model.count_params() == 133_290_946


def test_both_orders_of_axes_compute_the_same() -> None:
    photo = np.random.default_rng(0).integers(0, 256, (2, 24, 24, 3)).astype(np.float32)
    answers = []
    weights: list[Any] = []
    for order in ("channels_first", "channels_last"):
        keras.config.set_image_data_format(order)
        model = classifiers.build_lenet(24)
        if weights:
            model.set_weights(weights)
        weights = model.get_weights()
        answers.append(model.predict_on_batch(photo))
    np.testing.assert_allclose(answers[0], answers[1], atol=1e-5)


def test_inception_with_a_weights_file_is_frozen_until_its_upper_blocks_are_freed(
    plain_base: Any, weights_file: Path
) -> None:
    model = classifiers.build_inception(SMALLEST_PX, weights=weights_file)
    base = model.get_layer("inception_v3")
    assert base.count_params() == 21_802_784
    for loaded, expected in zip(base.get_weights(), plain_base.get_weights(), strict=True):
        np.testing.assert_array_equal(loaded, expected)
    assert not base.trainable_weights
    head = [describe(layer)[0] for layer in model.layers if layer.trainable_weights]
    assert head == ["dense", "dense"]
    assert any(isinstance(layer, layers.GlobalAveragePooling2D) for layer in model.layers)

    classifiers.free_upper_blocks(model)
    free = {layer.name for layer in base.layers if layer.trainable_weights}
    frozen = {layer.name for layer in base.layers if layer.weights} - free
    names = [layer.name for layer in base.layers]
    assert free
    assert min(map(names.index, free)) > names.index("mixed7")
    norms = {layer.name for layer in base.layers if isinstance(layer, layers.BatchNormalization)}
    assert norms <= frozen


def test_random_weights_all_train(random_inception: Any) -> None:
    base = random_inception.get_layer("inception_v3")
    assert base.trainable_weights
    assert len(base.trainable_weights) == sum(len(layer.trainable_weights) for layer in base.layers)


def test_inception_is_exported(random_inception: Any, tmp_path: Path) -> None:
    # Export compares the file with Keras itself.
    photo = np.random.default_rng(0).integers(0, 256, (2, SMALLEST_PX, SMALLEST_PX, 3))
    path = tmp_path / "inception.onnx"
    sha256 = export_classifier(random_inception, path, photo_nhwc=photo.astype(np.uint8))
    assert hashlib.sha256(path.read_bytes()).hexdigest() == sha256


def test_files_with_something_else_are_refused(tmp_path: Path) -> None:
    (tmp_path / "text.weights.h5").write_text("no weights")
    classifiers.build_lenet(24).save_weights(str(tmp_path / "lenet.weights.h5"))
    for name in ("text.weights.h5", "lenet.weights.h5", "missing.h5"):
        with pytest.raises(InputError, match="InceptionV3 without its top") as caught:
            classifiers.build_inception(SMALLEST_PX, weights=tmp_path / name)
        assert caught.value.path == tmp_path / name


def test_without_internet_the_other_choices_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_arguments: object, **_options: object) -> None:
        # Keras raises no narrower class.
        raise Exception("URL fetch failure: no route to host")

    monkeypatch.setattr("keras.src.utils.file_utils.get_file", refuse)
    with pytest.raises(NetworkError, match="no route to host") as caught:
        classifiers.build_inception(SMALLEST_PX, weights="imagenet")
    assert "--weights FILE" in str(caught.value)
    assert "--weights none" in str(caught.value)


def test_inception_needs_a_side() -> None:
    with pytest.raises(ValueError, match="at least 75"):
        classifiers.build_inception(74, weights="none")
