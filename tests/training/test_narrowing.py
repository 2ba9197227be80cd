"""A narrower network begins near what the wider one computes."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch", reason="the extra `train` is not installed")

from typing import TYPE_CHECKING, Any

from clearshot.errors import NetworkError
from clearshot.scoring.weights import read_packaged_network
from clearshot.training import networks
from clearshot.training.backend import prepare_backend
from clearshot.training.export import PARITY_TOLERANCE, measure_focus_parity
from clearshot.training.narrowing import narrow_network, read_wide
from clearshot.training.networks import NUM_SIGMAS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(scope="module")
def luma() -> NDArray[np.uint8]:
    """Pictures with edges, dots and noise, of many strengths."""
    rng = np.random.default_rng(4)
    coarse = rng.normal(0, 50, (24, 12, 12)).repeat(8, axis=1).repeat(8, axis=2)
    fine = rng.normal(0, 1, coarse.shape) * rng.uniform(0, 6, (24, 1, 1))
    return np.clip(coarse + fine + 128, 0, 255).astype(np.uint8)


def _narrow(widths: Sequence[int], luma: NDArray[np.uint8]) -> Any:
    model = networks.build_focus_map(widths)
    narrow_network(model, read_wide(read_packaged_network("focus"), model), luma)
    return model


def test_a_network_of_the_same_width_stays_as_it_is(luma: NDArray[np.uint8]) -> None:
    prepare_backend(3)
    file = read_packaged_network("focus")
    model = networks.build_focus_map()
    narrow_network(model, read_wide(file, model), luma)
    assert measure_focus_parity(model, file) < PARITY_TOLERANCE


def test_the_narrower_the_farther_and_never_as_far_as_by_chance(luma: NDArray[np.uint8]) -> None:
    prepare_backend(3)
    whole = read_wide(read_packaged_network("focus"), networks.build_focus_map()).widths
    first, second, third, fourth = whole
    picture = luma.astype(np.float32)
    wanted = _narrow(whole, luma).predict(picture, verbose=0)
    errors = []
    for widths in (
        (first, second, third, fourth - 8),
        (first, second - 8, third - 16, fourth - 24),
        (first // 2, second // 2, third // 2, fourth // 2),
    ):
        given = _narrow(widths, luma).predict(picture, verbose=0)
        errors.append(np.abs(given - wanted)[:, :NUM_SIGMAS].mean())
    spread = np.abs(wanted - wanted.mean(axis=(0, 2, 3), keepdims=True))[:, :NUM_SIGMAS].mean()
    assert errors[0] < errors[1] < errors[2] < spread
    assert errors[0] < 0.25 * spread


def test_what_is_narrower_or_another_network_cannot_be_narrowed() -> None:
    prepare_backend(3)
    wider = networks.build_focus_map((64, 64, 64, 128))
    with pytest.raises(NetworkError, match="less than"):
        read_wide(read_packaged_network("focus"), wider)
    with pytest.raises(NetworkError, match="holds another network"):
        read_wide(read_packaged_network("exposure"), wider)
