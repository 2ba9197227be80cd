"""Mirrored and transposed training data keep labels that are true."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("torch", reason="the extra `train` is not installed")

from clearshot import optics
from clearshot.training.batches import ExposureBatches, PatchBatches, ShuffledBatches
from clearshot.training.classifier_data import SquareBatches, Squares
from clearshot.training.exposures import ExposureSet
from clearshot.training.kernels import Blur
from clearshot.training.networks import NUM_SIGMAS
from clearshot.training.patches import FIRST, NOBODY, SECOND, PatchSet


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
    both = np.stack([labels, labels], axis=1)
    return PatchSet(np.stack(luma), both, np.full((num, 4, 4), FIRST, np.uint8))


def test_augmented_patches_match_their_labels() -> None:
    batches = PatchBatches(_make_lamp_patches(8), batch_size=4, seed=0, is_training=True)
    seen = set()
    for epoch in range(10):
        batches.begin_epoch(epoch)
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
    assert np.allclose(target[:, :NUM_SIGMAS, 0, 0], patches.log2_sigma[:, 0])


def test_every_cell_gets_the_label_of_its_owner() -> None:
    patches = _make_lamp_patches(4)
    patches.log2_sigma[:, 1] += 1.0
    patches.owner[:, 0] = SECOND
    patches.owner[:, 3] = NOBODY
    _, target = PatchBatches(patches, batch_size=4, seed=0, is_training=False)[0]
    first, second = (patches.log2_sigma[:, i, :, None] for i in (0, 1))
    assert np.allclose(target[:, :NUM_SIGMAS, 0], second)
    assert np.allclose(target[:, :NUM_SIGMAS, 1], first)
    assert (target[:, NUM_SIGMAS, :3] == 1).all()
    assert (target[:, NUM_SIGMAS, 3] == 0).all()


def test_answers_of_another_network_are_turned_with_the_patches() -> None:
    patches = _make_lamp_patches(8)
    # An answer that says what the label says, and a variance that names its direction.
    means = np.broadcast_to(patches.log2_sigma[:, 0, :, None, None], (8, NUM_SIGMAS, 4, 4))
    answers = np.concatenate([means, 2 * means], axis=1)
    batches = PatchBatches(patches, batch_size=4, seed=0, is_training=True, answers=answers)
    for epoch in range(10):
        batches.begin_epoch(epoch)
        for index in range(len(batches)):
            _, target = batches[index]
            labels, told = target[:, :NUM_SIGMAS], target[:, NUM_SIGMAS + 1 :]
            assert np.allclose(told[:, :NUM_SIGMAS], labels)
            assert np.allclose(told[:, NUM_SIGMAS:], 2 * labels)


def _make_batches(kind: str, seed: int) -> ShuffledBatches:
    rng, num = np.random.default_rng(2), 20  # so many have no order twice by chance
    luma = rng.integers(0, 256, (num, 64, 64)).astype(np.uint8)
    if kind == "exposure":
        examples = ExposureSet(luma, np.zeros((num, 2), np.float32), np.zeros((num, 3), np.float32))
        return ExposureBatches(examples, batch_size=4, seed=seed, is_training=True)
    if kind == "squares":
        squares = Squares(np.stack([luma] * 3, axis=-1), np.zeros(num, np.uint8))
        return SquareBatches(squares, batch_size=4, seed=seed, is_training=True)
    return PatchBatches(_make_lamp_patches(num), batch_size=4, seed=seed, is_training=True)


def _see_epoch(batches: Any) -> bytes:
    """See the pictures of an epoch in their order."""
    pictures = (batches[index][0] for index in range(len(batches)))
    return b"".join(
        (picture[0] if isinstance(picture, tuple) else picture).tobytes() for picture in pictures
    )


@pytest.mark.parametrize("kind", ["patches", "exposure", "squares"])
@given(seed=st.integers(0, 99), looked_at=st.lists(st.integers(0, 1), max_size=5))
@settings(max_examples=10)
def test_a_run_that_goes_on_sees_what_it_would_have_seen(
    kind: str, seed: int, looked_at: list[int]
) -> None:
    whole, later = _make_batches(kind, seed), _make_batches(kind, seed)
    seen = []
    for epoch in range(4):
        whole.begin_epoch(epoch)
        seen.append(_see_epoch(whole))
    assert len(set(seen)) == 4, "each epoch has an order of its own"
    for index in looked_at:  # as Keras does to learn shapes
        _ = later[index]
    for epoch in (2, 3):
        later.begin_epoch(epoch)
        assert _see_epoch(later) == seen[epoch]
