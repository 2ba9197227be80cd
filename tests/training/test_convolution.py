from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch", reason="the extra `train` is not installed")

import torch
from keras import layers

from clearshot.training.backend import prepare_backend
from clearshot.training.convolution import LumaConvolution

pytestmark = pytest.mark.filterwarnings("ignore")

LUMA = np.random.default_rng(0).uniform(0, 9, (3, 1, 22, 30)).astype(np.float32)


def differentiate(kind: type[Any], side: int, stride: int) -> tuple[Any, Any]:
    prepare_backend(seed=1)
    layer = kind(5, side, strides=stride, use_bias=False)
    answer = layer(torch.from_numpy(LUMA), training=True)
    layer.zero_grad()
    (answer**3).sum().backward()
    return answer.detach().numpy(), layer.kernel.value.grad.numpy()


class PlainConvolution(layers.Conv2D):  # type: ignore[misc]
    def call(self, inputs: Any, training: bool | None = None) -> Any:
        return super().call(inputs)


@pytest.mark.parametrize(("side", "stride"), [(4, 2), (3, 1), (5, 3), (2, 2)])
def test_it_answers_and_learns_as_the_convolution(side: int, stride: int) -> None:
    expected = differentiate(PlainConvolution, side, stride)
    for answer, other in zip(differentiate(LumaConvolution, side, stride), expected, strict=True):
        np.testing.assert_allclose(answer, other, rtol=1e-3, atol=1e-3)


def test_a_network_that_answers_has_the_same_layer() -> None:
    layer = LumaConvolution(5, 4, strides=2, use_bias=False)
    luma = torch.from_numpy(LUMA)
    for_learning, for_answering = (layer(luma, training=t).detach() for t in (True, False))
    np.testing.assert_allclose(for_learning, for_answering, rtol=1e-3, atol=1e-3)
