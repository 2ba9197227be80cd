"""Fur, hair and grass, drawn over a photo strand by strand: sharp across, alike along.

Few clear photos hold a coat of fur, and a network that has met none takes it for something that
moved along its strands. Letters in shapes: H rows, W columns, S strands, K knots of a strand.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from PIL import Image, ImageDraw

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Strands are drawn this many times as large, and reduced, so that their outlines are smooth.
_DETAIL: Final = 4
# Points along a strand.
_NUM_KNOTS: Final = 6
# Markings of a coat are the photo's own light in blocks of this side [px].
_MARKING_PX: Final = 24
# Darkest light of a coat, white = 1.
_DARKEST: Final = 0.02
# Most strands of a coat: a bound on the time that one takes.
_MAX_STRANDS: Final = 60_000
# Share of coats with whiskers or loose hair over them, and how many at most.
_LOOSE_SHARE: Final = 0.4
_MAX_LOOSE: Final = 30


@dataclass(frozen=True, slots=True)
class Coat:
    """What one kind of fur, hair or grass looks like.

    Attributes
    ----------
    length_px : float
        Of a strand, in the middle of their range [px].
    width_px : float
        Of a strand at its root, in the middle of their range [px].
    cover : float
        Area of all strands by the area that they stand on.
    angle_rad : float
        Direction of growth, on average [rad, from x towards y].
    waves : int
        Knots of the field that bends the direction, along a side; more of them make locks.
    bend_rad : float
        Standard deviation of that field [rad].
    stray_rad : float
        Standard deviation by which a strand leaves its neighbours' direction [rad].
    contrast : float
        Standard deviation of a strand's light against its neighbours', as a natural logarithm.
    shade : float
        Light between the strands by that of the strands, in (0, 1].
    """

    length_px: float
    width_px: float
    cover: float
    angle_rad: float
    waves: int
    bend_rad: float
    stray_rad: float
    contrast: float
    shade: float


def draw_coat(*, rng: np.random.Generator) -> Coat:
    """Draw a coat, from a short pelt to long hair.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of every property.

    Returns
    -------
    Coat
        Its properties.
    """
    return Coat(
        length_px=float(np.exp(rng.uniform(np.log(6.0), np.log(90.0)))),
        width_px=float(np.exp(rng.uniform(np.log(0.5), np.log(3.0)))),
        cover=rng.uniform(1.5, 5.0),
        angle_rad=rng.uniform(0, 2 * np.pi),
        waves=int(rng.integers(2, 9)),
        bend_rad=rng.uniform(0.0, 1.2),
        stray_rad=float(np.exp(rng.uniform(np.log(0.03), np.log(0.6)))),
        contrast=float(np.exp(rng.uniform(np.log(0.08), np.log(0.8)))),
        shade=rng.uniform(0.25, 0.9),
    )


def grow(
    linear_hw: NDArray[np.float32],
    ground_hw: NDArray[np.float32],
    coat: Coat,
    *,
    rng: np.random.Generator,
) -> NDArray[np.float32]:
    """Grow a coat on a part of a picture; it keeps the picture's large light and dark parts.

    Parameters
    ----------
    linear_hw : ndarray of float32, shape (H, W)
        Linear light, white = 1.
    ground_hw : ndarray of float32, shape (H, W)
        1 where strands have their roots, 0 elsewhere.
    coat : Coat
        What the strands look like.
    rng : numpy.random.Generator
        Source of the strands.

    Returns
    -------
    ndarray of float32, shape (H, W)
        Linear light; strands reach over the border of the ground.
    """
    markings = np.maximum(_smooth(linear_hw), _DARKEST)
    skin = linear_hw * (1 - ground_hw) + markings * coat.shade * ground_hw
    height, width = linear_hw.shape
    large = Image.fromarray(skin.astype(np.float32)).resize(
        (width * _DETAIL, height * _DETAIL), Image.Resampling.NEAREST
    )
    count = min(int(coat.cover * ground_hw.sum() / (coat.length_px * coat.width_px)), _MAX_STRANDS)
    _paint(large, coat, _find_roots(ground_hw, count, rng=rng), markings, rng=rng)
    if rng.random() < _LOOSE_SHARE:
        loose = _draw_loose(coat, rng=rng)
        roots = _find_roots(ground_hw, int(rng.integers(1, _MAX_LOOSE)), rng=rng)
        _paint(large, loose, roots, markings * np.float32(rng.uniform(0.5, 3.0)), rng=rng)
    return np.asarray(large.reduce(_DETAIL), dtype=np.float32)


def _draw_loose(coat: Coat, *, rng: np.random.Generator) -> Coat:
    """Draw whiskers or loose hair that go with a coat: a few long strands that stray."""
    return Coat(
        length_px=rng.uniform(60.0, 200.0),
        width_px=rng.uniform(0.7, 2.5),
        cover=0.0,
        angle_rad=coat.angle_rad,
        waves=2,
        bend_rad=rng.uniform(0.0, 1.2),
        stray_rad=0.4,
        contrast=0.3,
        shade=1.0,
    )


def _find_roots(
    ground_hw: NDArray[np.float32], count: int, *, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Find places on the ground, x and y [px], shape (S, 2) with S up to `count`."""
    height, width = ground_hw.shape
    num_tries = int(count / max(float(ground_hw.mean()), 0.02))
    roots = rng.uniform(0, 1, (num_tries, 2)) * (width, height)
    columns, rows = roots.astype(int).T
    return np.asarray(roots[ground_hw[rows, columns] > 0.5][:count])


def _paint(
    large: Image.Image,
    coat: Coat,
    roots: NDArray[np.float64],
    markings: NDArray[np.float32],
    *,
    rng: np.random.Generator,
) -> None:
    """Paint strands over a picture, those in front last."""
    if not len(roots):
        return
    outlines = _draw_outlines(coat, roots, markings.shape, rng=rng) * _DETAIL
    columns, rows = roots.astype(int).T
    light = markings[rows, columns] * np.exp(rng.normal(scale=coat.contrast, size=len(roots)))
    # What lies deeper gets less light.
    depth = rng.uniform(0, 1, len(roots))
    light = light * (1 - (1 - coat.shade) * depth)
    pen = ImageDraw.Draw(large)
    for strand in np.argsort(-depth):
        pen.polygon(outlines[strand].ravel().tolist(), fill=float(light[strand]))


def _draw_outlines(
    coat: Coat, roots: NDArray[np.float64], shape: tuple[int, ...], *, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Draw the outlines of strands, x and y [px], shape (S, 2 K, 2): along one side and back."""
    count = len(roots)
    bends = _draw_field(shape, coat.waves, rng=rng) * coat.bend_rad
    length = coat.length_px * np.exp(rng.normal(scale=0.35, size=count))
    half_width = coat.width_px / 2 * np.exp(rng.normal(scale=0.3, size=count))
    stray = rng.normal(scale=coat.stray_rad, size=count)
    curl = rng.normal(scale=coat.stray_rad, size=count)
    left, right, point = [], [], roots.copy()
    for knot in range(_NUM_KNOTS):
        column = np.clip(point[:, 0].astype(int), 0, shape[1] - 1)
        row = np.clip(point[:, 1].astype(int), 0, shape[0] - 1)
        part = knot / (_NUM_KNOTS - 1)
        angle = coat.angle_rad + bends[row, column] + stray + curl * part
        ahead = np.stack([np.cos(angle), np.sin(angle)], axis=1)
        aside = np.stack([-ahead[:, 1], ahead[:, 0]], axis=1)
        # A strand tapers: to a third of its width at the tip.
        reach = (half_width * (1 - 2 / 3 * part**2))[:, None]
        left.append(point + aside * reach)
        right.append(point - aside * reach)
        point = point + ahead * (length / (_NUM_KNOTS - 1))[:, None]
    return np.stack(left + right[::-1], axis=1)


def _draw_field(
    shape: tuple[int, ...], num_knots: int, *, rng: np.random.Generator
) -> NDArray[np.float32]:
    """Draw a smooth field (H, W) of values around 0 with standard deviation about 1."""
    knots = Image.fromarray(rng.normal(size=(num_knots, num_knots)).astype(np.float32))
    return np.asarray(knots.resize((shape[1], shape[0]), Image.Resampling.BICUBIC))


def _smooth(linear_hw: NDArray[np.float32]) -> NDArray[np.float32]:
    """Keep the light of large parts alone."""
    height, width = linear_hw.shape
    small = (max(width // _MARKING_PX, 1), max(height // _MARKING_PX, 1))
    picture = Image.fromarray(linear_hw)
    blocks = picture.resize(small, Image.Resampling.BOX)
    return np.asarray(blocks.resize(picture.size, Image.Resampling.BICUBIC), dtype=np.float32)
