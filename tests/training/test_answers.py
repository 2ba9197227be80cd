"""Teachers answer patches, alone and together."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("onnx", reason="the extra `train` is not installed")

import onnx
from onnx import numpy_helper

from clearshot.scoring.weights import NetworkFile, read_packaged_network
from clearshot.training.answers import answer_patches


def _shift(file: NetworkFile, amount: float) -> NetworkFile:
    """Let a network say more by an amount everywhere."""
    model = onnx.load_from_string(file.content)
    *_, head = (node for node in model.graph.node if node.op_type == "Conv")
    (bias,) = (item for item in model.graph.initializer if item.name == head.input[2])
    bias.CopyFrom(
        numpy_helper.from_array(numpy_helper.to_array(bias) + np.float32(amount), bias.name)
    )
    return replace(file, content=model.SerializeToString())


def test_several_answer_with_their_mean() -> None:
    luma = np.random.default_rng(2).integers(0, 256, (70, 32, 48), np.uint8)
    file = read_packaged_network("focus")
    alone = answer_patches([file], luma).astype(np.float32)
    together = answer_patches([file, _shift(file, 1.0), _shift(file, -4.0)], luma)
    assert alone.shape == (70, 10, 2, 3)
    np.testing.assert_allclose(together.astype(np.float32), alone - 1.0, atol=0.01)


def test_a_patch_is_answered_the_same_beside_others() -> None:
    luma = np.random.default_rng(3).integers(0, 256, (40, 32, 32), np.uint8)
    file = read_packaged_network("focus")
    np.testing.assert_allclose(
        answer_patches([file], luma)[37], answer_patches([file], luma[37:38])[0], atol=0.01
    )
