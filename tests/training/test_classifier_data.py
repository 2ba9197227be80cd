from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="the extra `train` is not installed")

from clearshot.decode.square import read_square
from clearshot.training.classifier_config import LeNetConfig
from clearshot.training.classifier_data import SquareBatches, Squares, blur, draw_squares

CONFIG = LeNetConfig(side_px=96, num_crops=2)


@pytest.fixture(scope="module")
def squares(clear_photos: Path) -> Squares:
    return draw_squares(sorted(clear_photos.glob("*.jpg")), CONFIG, seed=3)


def measure_detail(photo_nhwc: np.ndarray) -> np.ndarray:
    luma = photo_nhwc.astype(np.float64).mean(axis=-1)
    steps = [np.abs(np.diff(luma, axis=axis)).mean(axis=(1, 2)) for axis in (1, 2)]
    return np.asarray(steps[0] + steps[1])


def test_every_view_comes_clear_and_blurred(squares: Squares) -> None:
    assert squares.photo_nhwc.shape == (6 * 2 * 3, 96, 96, 3)
    assert squares.is_blurry.tolist() == [0, 1] * 18


def test_blurred_copies_are_blurrier(squares: Squares) -> None:
    detail = measure_detail(squares.photo_nhwc)
    assert (detail[1::2] < 0.9 * detail[::2]).all()


def test_copies_show_the_same(squares: Squares) -> None:
    clear, blurred = (squares.photo_nhwc[first::2].astype(float) for first in (0, 1))
    for one, other in zip(clear, blurred, strict=True):
        assert np.corrcoef(one.ravel(), other.ravel())[0, 1] > 0.6


def test_whole_photos_are_as_they_are_read_to_be_judged(
    squares: Squares, clear_photos: Path
) -> None:
    for index, path in enumerate(sorted(clear_photos.glob("*.jpg"))):
        np.testing.assert_array_equal(squares.photo_nhwc[6 * index], read_square(path, 96))


def test_equal_seeds_draw_equal_squares_and_others_do_not(
    squares: Squares, clear_photos: Path
) -> None:
    photos = sorted(clear_photos.glob("*.jpg"))
    again = draw_squares(photos, CONFIG, seed=3)
    np.testing.assert_array_equal(again.photo_nhwc, squares.photo_nhwc)
    other = draw_squares(photos, CONFIG, seed=4)
    assert (other.photo_nhwc[1] != squares.photo_nhwc[1]).any()


def test_larger_kernels_blur_more_and_small_photos_get_the_same_share() -> None:
    rng = np.random.default_rng(0)
    photo = rng.integers(0, 256, (192, 256, 3)).astype(np.uint8)
    detail = [measure_detail(blur(photo, kernel_px)[None])[0] for kernel_px in (1, 21, 41, 91)]
    assert detail == sorted(detail, reverse=True)
    assert (blur(photo, 1) != photo).any()
    # A quarter of 1024 px: kernels of 41 px become 11 px, and 43 px too.
    np.testing.assert_array_equal(blur(photo, 41), blur(photo, 43))
    assert (blur(photo, 41) != blur(photo, 53)).any()


def test_batches_flip_sideways_only_and_lose_nothing() -> None:
    photo = np.arange(5 * 2 * 4 * 3).reshape(5, 2, 4, 3).astype(np.uint8)
    squares = Squares(photo, np.array([0, 1, 0, 1, 1], np.uint8))
    before = photo.copy()
    batches = SquareBatches(squares, batch_size=2, seed=0, is_training=True)
    flips = set()
    for _ in range(5):
        parts = [batches[index] for index in range(len(batches))]
        served = np.concatenate([part for part, _ in parts])
        assert len(served) == 5
        for picture, is_blurry in zip(
            served, np.concatenate([label for _, label in parts]), strict=True
        ):
            index = int(picture.min()) // 24
            is_flipped = bool((picture == photo[index, :, ::-1]).all())
            assert is_flipped or (picture == photo[index]).all()
            assert is_blurry == squares.is_blurry[index]
            flips.add((index, is_flipped))
        batches.on_epoch_end()
    assert {is_flipped for _, is_flipped in flips} == {False, True}
    np.testing.assert_array_equal(photo, before)


def test_validation_comes_as_it_is(squares: Squares) -> None:
    batches = SquareBatches(squares, batch_size=8, seed=0, is_training=False)
    served = np.concatenate([batches[index][0] for index in range(len(batches))])
    np.testing.assert_array_equal(served, squares.photo_nhwc)


def test_no_crops_leave_whole_photos(clear_photos: Path) -> None:
    photos = sorted(clear_photos.glob("*.jpg"))[:2]
    squares = draw_squares(photos, replace(CONFIG, num_crops=0), seed=3)
    assert squares.is_blurry.tolist() == [0, 1, 0, 1]
