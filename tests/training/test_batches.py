"""Mirrored and transposed training data keep labels that are true."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch", reason="the extra `train` is not installed")

from clearshot import optics
from clearshot.training.batches import MapBatches, PatchBatches
from clearshot.training.degrade import Blur
from clearshot.training.networks import NUM_SIGMAS
from clearshot.training.patches import PatchSet
from clearshot.training.photos import MapSet


def _make_lamp_patches(num: int) -> PatchSet:
    """Make patches that show one lamp each: the picture is the kernel, so the label is in it."""
    rng = np.random.default_rng(1)
    luma, labels = [], []
    for _ in range(num):
        kernel = optics.draw_line(4.0, angle_rad=rng.uniform(0, np.pi))
        radius = kernel.shape[0] // 2
        plane = np.zeros((64, 64), np.float32)
        plane[32 - radius : 33 + radius, 32 - radius : 33 + radius] = kernel
        luma.append(np.round(plane / plane.max() * 255).astype(np.uint8))
        labels.append(Blur(kernel, optics.measure_covariance(kernel)).log2_sigmas())
    return PatchSet(np.stack(luma), np.stack(labels), np.ones((num, 4, 4), bool))


def test_augmented_patches_match_their_labels() -> None:
    batches = PatchBatches(_make_lamp_patches(8), batch_size=4, seed=0, is_training=True)
    seen = set()
    for _ in range(10):
        for index in range(len(batches)):
            luma, target = batches[index]
            for plane, label in zip(luma, target, strict=True):
                kernel = (plane / plane.sum()).astype(np.float32)
                measured = Blur(kernel, optics.measure_covariance(kernel)).log2_sigmas()
                assert np.allclose(label[:NUM_SIGMAS, 0, 0], measured, atol=0.08)
                seen.add(plane.tobytes())
    assert len(seen) > 8  # some were turned


def test_validation_is_left_as_it_is() -> None:
    patches = _make_lamp_patches(4)
    batches = PatchBatches(patches, batch_size=4, seed=0, is_training=False)
    luma, target = batches[0]
    assert np.array_equal(luma, patches.luma.astype(np.float32))
    assert np.allclose(target[:, :NUM_SIGMAS, 0, 0], patches.log2_sigma)


def test_augmented_maps_keep_directions_together() -> None:
    # Blur along x everywhere: direction 0 is high, 90 degrees low, in means and in variances.
    cells = np.zeros((8, 10, 6, 8), np.float16)
    cells[:, 0], cells[:, 5] = 3.0, 1.0
    sets = [MapSet(cells, np.full(8, 1.0, np.float32), np.zeros(8, np.int8))]
    batches = MapBatches(sets, batch_size=8, seed=3, is_training=True)
    directions = set()
    for _ in range(20):
        maps, target = batches[0]
        strongest = int(maps[0, :NUM_SIGMAS].mean(axis=(1, 2)).argmax())
        assert maps[0, NUM_SIGMAS:].mean(axis=(1, 2)).argmax() == strongest
        # Transposed maps have their sides exchanged along with their directions.
        assert maps.shape[2:] == ((6, 8) if strongest == 0 else (8, 6))
        directions.add(strongest)
        assert target[0].tolist() == [1, 1, 1, 1, 0, 0]  # 2 px is above the first four steps
    assert directions == {0, 2}
