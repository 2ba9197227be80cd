"""The light of a scene before the lens: highlights above white, nights, lamps.

A lamp many times brighter than white draws a bright trail only if it is still brighter than white
when the blur is applied [1]_. Letters in shapes: H rows, W columns.

References
----------
.. [1] J. Rim et al., "Realistic blur synthesis for learning image deblurring", ECCV 2022.
   arXiv:2202.08771
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from PIL import Image, ImageDraw

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

# Lamps are drawn this many times as large, and reduced, so that their outlines are smooth.
_LAMP_DETAIL: Final = 4
# Area with one lamp on average [px^2], and the most lamps of a scene.
_LAMP_AREA_PX: Final = 20_000
_MAX_LAMPS: Final = 25
# Share of days with highlights above white.
_HIGHLIGHT_SHARE: Final = 0.3
# Range of the number of lights in a scene full of small ones.
_SMALL_LIGHTS: Final = (5, 60)
# Ranges of the number of rows of lights in a scene, and of the lights in one that is no tube.
_NUM_ROWS: Final = (1, 4)
_LIGHTS_IN_ROW: Final = (5, 60)
# A curve is drawn as that many straight pieces or a few more.
_PIECES: Final = 64


@dataclass(frozen=True, slots=True)
class SceneMix:
    """How often scenes of a kind occur.

    Attributes
    ----------
    night_share : float
        Share of scenes at night, in [0, 1].
    lamp_share : float
        Share of nights with a few lamps, tubes and signs, in [0, 1].
    small_lights_share : float
        Share of nights with many small lights, as of a town or on wet ground, in [0, 1].
    rows_share : float
        Share of nights with long rows of lights: tubes along a roof, chains, lit rails, in [0, 1].
    """

    night_share: float = 0.22
    lamp_share: float = 0.6
    small_lights_share: float = 0.0
    rows_share: float = 0.0


def relight(
    linear_hw: NDArray[np.float32],
    mix: SceneMix = SceneMix(),
    *,
    rng: np.random.Generator,
) -> NDArray[np.float32]:
    """Give a picture the light that a camera meets: highlights above white, at times a night.

    Parameters
    ----------
    linear_hw : ndarray of float32, shape (H, W)
        Linear light, white = 1.
    mix : SceneMix
        How often it is night, and what shines then.
    rng : numpy.random.Generator
        Source of the light.

    Returns
    -------
    ndarray of float32, shape (H, W)
        Linear light; lamps and reflections may be up to 64 times white.
    """
    light = linear_hw
    is_night = rng.random() < mix.night_share
    if is_night:
        # A steeper curve empties the shadows; what stays bright becomes a lamp.
        light = light ** rng.uniform(1.0, 1.8) * 2.0 ** rng.uniform(-1.5, 0.0)
    if is_night or rng.random() < _HIGHLIGHT_SHARE:
        knee = float(np.quantile(light, rng.uniform(0.9, 0.997)))
        boost = 2.0 ** rng.uniform(1.0, 6.0 if is_night else 4.0)
        excess = np.clip((light - knee) / max(1.0 - knee, 0.05), 0.0, 1.0)
        light = light * (1.0 + (boost - 1.0) * excess**2)
    if is_night and rng.random() < mix.lamp_share:
        light = _add_lamps(light, rng=rng)
    if is_night and mix.small_lights_share and rng.random() < mix.small_lights_share:
        light = _add_small_lights(light, rng=rng)
    if is_night and mix.rows_share and rng.random() < mix.rows_share:
        light = _add_rows(light, rng=rng)
    return light.astype(np.float32)


def _add_lamps(light: NDArray[np.float32], *, rng: np.random.Generator) -> NDArray[np.float32]:
    """Add a few lamps, tubes and signs, sharp as the scene is before the blur."""
    # About the same number of lamps per area in a patch and in a whole photo.
    num_lamps = min(1 + int(rng.poisson(light.size / _LAMP_AREA_PX)), _MAX_LAMPS)
    return np.maximum(light, _draw_lights(light.shape, _draw_lamp, num_lamps, rng=rng))


def _add_rows(light: NDArray[np.float32], *, rng: np.random.Generator) -> NDArray[np.float32]:
    """Add long rows of lights; moved across, they draw bands with outlines as sharp as a roof's."""
    rows = _draw_lights(light.shape, _draw_row, int(rng.integers(*_NUM_ROWS)), rng=rng)
    # Beside what shines the rest may well be black.
    others: NDArray[np.float32] = light * 2.0 ** rng.uniform(-6.0, 0.0)
    return np.maximum(others, rows)


def _add_small_lights(
    light: NDArray[np.float32], *, rng: np.random.Generator
) -> NDArray[np.float32]:
    """Add many lights of about a pixel, alike in brightness, in a part of the scene."""
    height, width = light.shape
    num_lights = int(rng.integers(*_SMALL_LIGHTS))
    brightness = 2.0 ** rng.uniform(1.0, 6.0)
    centre, spread = rng.uniform(0.2, 0.8, 2), rng.uniform(0.1, 0.5)
    lit = light.copy()
    for _ in range(num_lights):
        row, col = (rng.normal(centre, spread) * (height, width)).astype(int)
        side = int(rng.integers(1, 4))
        lit[max(row, 0) : max(row + side, 0), max(col, 0) : max(col + side, 0)] = (
            brightness * rng.uniform(0.3, 1.0)
        )
    return lit


def _draw_lights(
    shape: tuple[int, ...], draw: Callable[..., None], count: int, *, rng: np.random.Generator
) -> NDArray[np.float32]:
    """Draw lights over black, sharp as the scene is before the blur."""
    height, width = shape
    large = Image.new("F", (width * _LAMP_DETAIL, height * _LAMP_DETAIL))
    for _ in range(count):
        draw(large, rng=rng)
    return np.asarray(large.reduce(_LAMP_DETAIL), dtype=np.float32)


def _draw_lamp(large: Image.Image, *, rng: np.random.Generator) -> None:
    """Draw a dot, a straight tube, a frame or an arc somewhere in a scene.

    Sizes are those of the reduced scene [px].
    """
    pen = ImageDraw.Draw(large)
    width, height = (side // _LAMP_DETAIL for side in large.size)
    brightness = 2.0 ** rng.uniform(0.0, 5.0)
    x, y = rng.uniform(0, width), rng.uniform(0, height)
    reach, angle = rng.uniform(2, 30), rng.uniform(0, 2 * np.pi)
    end_x, end_y = x + reach * np.cos(angle), y + reach * np.sin(angle)
    edges = (min(x, end_x), min(y, end_y), max(x, end_x) + 1, max(y, end_y) + 1)
    left, top, right, bottom = (_LAMP_DETAIL * edge for edge in edges)
    thickness = max(1, round(_LAMP_DETAIL * rng.uniform(0.7, 3.0)))
    match rng.integers(5):
        case 0 | 1:
            radius = rng.uniform(0.6, 3.0)
            dot = [_LAMP_DETAIL * v for v in (x - radius, y - radius, x + radius, y + radius)]
            pen.ellipse(dot, fill=brightness)
        case 2:
            rows = (top, bottom) if rng.random() < 0.5 else (bottom, top)
            pen.line((left, rows[0], right, rows[1]), fill=brightness, width=thickness)
        case 3:
            pen.rectangle((left, top, right, bottom), outline=brightness, width=thickness)
        case _:
            begin, end = sorted(rng.uniform(0, 360, 2))
            pen.arc((left, top, right, bottom), begin, end, fill=brightness, width=thickness)


def _draw_row(large: Image.Image, *, rng: np.random.Generator) -> None:
    """Draw lights along a bent line through a scene, at times a second line beside it.

    Sizes are those of the reduced scene [px].
    """
    pen = ImageDraw.Draw(large)
    # A quadratic Bezier curve: its ends and the point that bends it may lie outside.
    ends = rng.uniform(-0.3, 1.3, (3, 2)) * large.size
    num_lights = 1 if rng.random() < 0.4 else int(rng.integers(*_LIGHTS_IN_ROW))
    lit_share = rng.uniform(0.3, 0.95)
    brightness = 2.0 ** rng.uniform(0.0, 6.0)
    thickness = max(1, round(_LAMP_DETAIL * rng.uniform(0.7, 3.0)))
    num_copies = 2 if rng.random() < 0.3 else 1
    offset = rng.normal(scale=8.0 * _LAMP_DETAIL, size=2)
    for light in range(num_lights):
        begin, num_points = light / num_lights, _PIECES // num_lights + 2
        t = np.linspace(begin, begin + lit_share / num_lights, num_points)[:, None]
        curve = (1 - t) ** 2 * ends[0] + 2 * t * (1 - t) * ends[1] + t**2 * ends[2]
        for copy in range(num_copies):
            points = [tuple(point) for point in curve + copy * offset]
            pen.line(points, fill=brightness, width=thickness)
