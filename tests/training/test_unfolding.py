"""A network comes back from its file as it was, and can learn on."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("torch", reason="the extra `train` is not installed")

import onnx
from keras import ops

from clearshot.errors import NetworkError
from clearshot.scoring.weights import read_packaged_network
from clearshot.training import networks
from clearshot.training.backend import prepare_backend
from clearshot.training.export import PARITY_TOLERANCE, measure_focus_parity
from clearshot.training.unfolding import read_weights, unfold_network

pytestmark = pytest.mark.filterwarnings("ignore")


def test_the_model_computes_what_the_file_computes() -> None:
    prepare_backend(3)
    file = read_packaged_network("focus")
    model = networks.build_focus_map()
    assert measure_focus_parity(model, file) > 0.1
    luma = np.random.default_rng(1).integers(0, 256, (40, 64, 64)).astype(np.uint8)
    unfold_network(model, read_weights(model, file), luma)
    assert measure_focus_parity(model, file) < PARITY_TOLERANCE


def test_what_is_normalised_has_mean_and_variance_of_the_pictures() -> None:
    prepare_backend(3)
    model = networks.build_focus_map()
    luma = np.random.default_rng(2).integers(0, 256, (40, 64, 64)).astype(np.uint8)
    unfold_network(model, read_weights(model, read_packaged_network("focus")), luma)
    # So learning, which normalises by the batch, begins where the file stands.
    answered, learning = (
        ops.convert_to_numpy(model(luma.astype(np.float32), training=is_training))
        for is_training in (False, True)
    )
    assert np.abs(answered - learning).max() < 0.05


def test_another_network_is_refused() -> None:
    prepare_backend(3)
    file = read_packaged_network("focus")
    for other in (networks.build_exposure(), networks.build_focus_map((8, 16, 32, 48))):
        with pytest.raises(NetworkError, match="holds another network"):
            read_weights(other, file)
    with pytest.raises(NetworkError, match="holds another network"):
        read_weights(networks.build_focus_map(), read_packaged_network("exposure"))


def test_a_convolution_without_a_bias_is_another_network() -> None:
    prepare_backend(3)
    file = read_packaged_network("focus")
    model = onnx.load_from_string(file.content)
    first = next(node for node in model.graph.node if node.op_type == "Conv")
    del first.input[2]
    with pytest.raises(NetworkError, match="holds another network"):
        read_weights(networks.build_focus_map(), replace(file, content=model.SerializeToString()))
