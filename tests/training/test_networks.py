"""Networks take pictures of any size and lose nothing on the way to ONNX."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch", reason="the extra `train` is not installed")

from typing import TYPE_CHECKING

import keras

from clearshot.errors import NetworkError
from clearshot.scoring.focus import FocusNetwork
from clearshot.training import export, networks
from clearshot.training.backend import prepare_backend

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(scope="module")
def focus() -> object:
    prepare_backend(1)
    model = networks.build_focus_map()
    # An untrained batch normalisation passes values through that grow from layer to layer.
    rng = np.random.default_rng(0)
    for weight in model.weights:
        if "moving_variance" in weight.path:
            weight.assign(rng.uniform(0.5, 60.0, weight.shape))
    return model


@pytest.mark.parametrize(("height", "width"), [(64, 64), (96, 160), (688, 1024)])
def test_one_cell_for_16_pixels(focus: object, height: int, width: int) -> None:
    cells = focus(np.zeros((1, height, width), np.float32))  # type: ignore[operator]
    assert tuple(cells.shape) == (1, 10, height // 16, width // 16)


def test_onnx_computes_what_keras_computes(focus: object, tmp_path: Path) -> None:
    path = tmp_path / "focus.onnx"
    file = export.export_onnx(focus, path, export.FOCUS_ENDS, measure=export.measure_focus_parity)
    assert path.read_bytes() == file.content
    assert path.stat().st_size < 1_000_000
    luma = np.random.default_rng(1).integers(0, 256, (96, 128)).astype(np.uint8)
    focus_map = FocusNetwork(file).measure(luma)
    expected = focus(luma[None].astype(np.float32))  # type: ignore[operator]
    reference = keras.ops.convert_to_numpy(expected)[0]
    assert np.abs(focus_map.log2_sigma - reference[:5]).max() < 2e-3
    assert np.allclose(focus_map.deviation, np.exp(reference[5:] / 2), rtol=2e-3)


def test_export_refuses_a_network_that_differs(focus: object, tmp_path: Path) -> None:
    path = tmp_path / "focus.onnx"
    with pytest.raises(NetworkError, match=r"differs from Keras by 0\.5"):
        export.export_onnx(focus, path, export.FOCUS_ENDS, measure=lambda *_: 0.5)
    assert not path.exists()


def test_the_exposure_network_is_small_and_survives_its_export(tmp_path: Path) -> None:
    prepare_backend(0)
    model = networks.build_exposure()
    path = tmp_path / "exposure.onnx"
    measure = export.measure_exposure_parity
    file = export.export_onnx(model, path, export.EXPOSURE_ENDS, measure=measure)
    assert path.stat().st_size < 100_000
    assert measure(model, file) < 1e-3
    other = networks.build_exposure()
    assert measure(other, file) > 1e-3
