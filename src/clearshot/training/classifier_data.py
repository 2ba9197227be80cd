"""Clear photos and blurred copies as squares, for the classifiers of the original experiment.

A photo is blurred before it is squeezed, at the size at which it is read: long side 4 S px, which
is 768 px for LeNet and 1196 px for Inception. OpenCV's Gaussian is used as there: a side of the
kernel is given, and OpenCV chooses the deviation, 0.15 side + 0.35 px. The side is drawn
anew for each copy, in px at a long side of 1024 px, and scaled to the photo, so that blur is the
same share of large and small photos. A kernel of 31 px leaves a deviation of 0.9 px in a square of
192 px, one of 201 px 5.7 px (more along the photo's shorter side, which is squeezed less). Less
could not be seen there.

Letters in shapes: N squares, S their side [px], H rows, W columns.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from clearshot.decode.square import read_unsqueezed, squeeze
from clearshot.training.batches import ShuffledBatches

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from clearshot.training.classifier_config import ClassifierConfig

# Long side for which the kernel's side is given [px].
_KERNEL_LONG_SIDE_PX: Final = 1024


@dataclass(frozen=True, slots=True)
class Squares:
    """Pictures as a classifier sees them.

    Attributes
    ----------
    photo_nhwc : ndarray of uint8, shape (N, S, S, 3)
        sRGB, 0-255.
    is_blurry : ndarray of uint8, shape (N,)
        0 clear, 1 blurry.
    """

    photo_nhwc: NDArray[np.uint8]
    is_blurry: NDArray[np.uint8]


def draw_squares(
    photos: Sequence[Path],
    config: ClassifierConfig,
    *,
    seed: int,
    progress: Callable[[int], object] = lambda _: None,
) -> Squares:
    """Draw the views of each photo, each of them clear and blurred.

    The views are the whole photo, as `clearshot.decode.square.read_square` gives it, and random
    crops.

    Parameters
    ----------
    photos : sequence of Path
        Clear photos.
    config : ClassifierConfig
        Side, crops and kernels.
    seed : int
        Seeds crops and kernels.
    progress : callable
        Called with the number of photos that are done.

    Returns
    -------
    Squares
        `2 (1 + num_crops)` squares of each photo, clear ones and their blurred copies in turn.

    Raises
    ------
    PhotoError
        If a photo cannot be read.
    """
    num_views = 2 * (1 + config.num_crops)
    side_px = config.side_px
    squares = np.empty((num_views * len(photos), side_px, side_px, 3), np.uint8)
    for index, path in enumerate(photos):
        # One generator for each photo: what is drawn from one does not move the others.
        rng = np.random.default_rng([seed, index])
        views = _draw_views(read_unsqueezed(path, side_px), config, rng)
        squares[num_views * index : num_views * (index + 1)] = list(views)
        progress(index + 1)
    return Squares(squares, np.tile(np.array([0, 1], np.uint8), len(squares) // 2))


def blur(rgb_hwc: NDArray[np.uint8], kernel_px: int) -> NDArray[np.uint8]:
    """Blur a picture with OpenCV's Gaussian.

    Parameters
    ----------
    rgb_hwc : ndarray of uint8, shape (H, W, 3)
        RGB, 0-255.
    kernel_px : int
        Side of the kernel [px at a long side of 1024 px], >= 1; scaled to the picture and made odd,
        at least 3 px.

    Returns
    -------
    ndarray of uint8, shape (H, W, 3)
        The blurred copy.
    """
    scaled = kernel_px * max(rgb_hwc.shape[:2]) / _KERNEL_LONG_SIDE_PX
    side = max(3, 2 * round((scaled - 1) / 2) + 1)
    return np.asarray(cv2.GaussianBlur(rgb_hwc, (side, side), 0), dtype=np.uint8)


class SquareBatches(ShuffledBatches):
    """Squares in batches; for training in random order, each one mirrored left to right or not.

    Parameters
    ----------
    squares : Squares
        Pictures and labels.
    batch_size : int
        Pictures in a batch; the last one may hold fewer.
    seed : int
        Seeds order and flips.
    is_training : bool
        Shuffle and flip.
    """

    def __init__(self, squares: Squares, *, batch_size: int, seed: int, is_training: bool) -> None:
        size = len(squares.is_blurry)
        super().__init__(
            size, batch_size=batch_size, seed=seed, is_training=is_training, with_rest=True
        )
        self.squares = squares

    def __getitem__(self, index: int) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
        chosen = self._choose(index)
        photo = self.squares.photo_nhwc[chosen]
        if self._is_training:
            is_flipped = self._make_rng(index).random(len(chosen)) < 0.5
            photo[is_flipped] = photo[is_flipped, :, ::-1]
        return photo.astype(np.float32), self.squares.is_blurry[chosen]


def _draw_views(
    rgb_hwc: NDArray[np.uint8], config: ClassifierConfig, rng: np.random.Generator
) -> Iterator[NDArray[np.uint8]]:
    for number in range(1 + config.num_crops):
        kernel_px = _draw_kernel_px(config, rng)
        # The first view is the whole photo.
        min_crop = config.min_crop if number else 1.0
        area = _draw_crop(rgb_hwc.shape, min_crop, rng)
        yield squeeze(rgb_hwc[area], config.side_px)
        # Blurred as a whole and then cropped: a crop has no more blur at its rim than inside.
        yield squeeze(blur(rgb_hwc, kernel_px)[area], config.side_px)


def _draw_kernel_px(config: ClassifierConfig, rng: np.random.Generator) -> int:
    lowest, highest = config.min_kernel_px // 2, config.max_kernel_px // 2
    return 2 * int(rng.integers(lowest, highest, endpoint=True)) + 1


def _draw_crop(
    shape: tuple[int, ...], min_crop: float, rng: np.random.Generator
) -> tuple[slice, slice]:
    sides = np.ceil(np.array(shape[:2]) * rng.uniform(min_crop, 1.0)).astype(int)
    top, left = rng.integers(0, np.array(shape[:2]) - sides, endpoint=True)
    return slice(top, top + sides[0]), slice(left, left + sides[1])
