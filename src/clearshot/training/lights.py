"""Scenes that are dark or bright on purpose, made from ordinary photos: what has to survive.

A concert, a silhouette or fog is exposed well although its histogram says otherwise. Each function
changes the light of a scene before the camera meets it, so that the camera's error comes on top.
Light is linear RGB, white = 1, float32 (H, W, 3); values above 1 are highlights.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from PIL import Image

from clearshot.training import scenes

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Light = NDArray[np.float32]

# BT.601, as in JPEG.
LUMA_WEIGHTS: Final = np.array([0.299, 0.587, 0.114], dtype=np.float32)

# Still white after an error of -5.5 stops.
_ALWAYS_WHITE: Final = 64.0

_NIGHT: Final = scenes.SceneMix(night_share=1.0, lamp_share=0.7, small_lights_share=0.4)


def change_scene(light: Light, subject: tuple[float, float], *, rng: np.random.Generator) -> Light:
    """Turn a scene into one of those that are dark or bright on purpose.

    Parameters
    ----------
    light : ndarray of float32, shape (H, W, 3)
        Linear light; not modified.
    subject : tuple of float
        Row and column of the middle of its sharpest part, in [0, 1].
    rng : numpy.random.Generator
        Source of kind and strength.

    Returns
    -------
    ndarray of float32, shape (H, W, 3)
        The light of the new scene.
    """
    kinds: tuple[Callable[..., Light], ...] = (
        spotlight, spotlight, night, night, stars, silhouette, silhouette, low_key, vignette,
        bright_background, cutout, backlight, backlight, fog, snow, frame,
    )  # fmt: skip
    change = kinds[int(rng.integers(len(kinds)))]
    return change(light, subject, rng=rng)


def spotlight(light: Light, subject: tuple[float, float], *, rng: np.random.Generator) -> Light:
    """Light the subject and perhaps other places; the rest is black: stage, flash, studio."""
    shape = light.shape[:2]
    mask = _draw_pool(shape, subject, rng.uniform(0.12, 0.45), rng=rng)
    for _ in range(int(rng.integers(0, 3))):
        place = tuple(rng.uniform(0, 1, 2))
        mask = np.maximum(mask, _draw_pool(shape, place, rng.uniform(0.05, 0.25), rng=rng))
    floor = 2.0 ** rng.uniform(-9.0, -2.5)
    lit = _lift(light, mask, rng=rng)
    return _as_light(lit * (floor + (1 - floor) * mask)[..., None])


def night(light: Light, subject: tuple[float, float], *, rng: np.random.Generator) -> Light:
    """Make it night: lamps, and pools of their light."""
    luma = light @ LUMA_WEIGHTS
    relit = scenes.relight(np.minimum(luma, 1.0), _NIGHT, rng=rng)
    pools = np.full(luma.shape, 2.0 ** rng.uniform(-5.0, -1.0), np.float32)
    for _ in range(int(rng.integers(1, 5))):
        place = subject if rng.random() < 0.4 else tuple(rng.uniform(0, 1, 2))
        pools = np.maximum(pools, _draw_pool(luma.shape, place, rng.uniform(0.1, 0.5), rng=rng))
    is_lamp = relit > 4 * np.maximum(luma, 0.25)
    ratio = np.where(is_lamp, 0.0, relit / np.maximum(luma, 1e-4)) * pools
    return _as_light(light * ratio[..., None] + np.where(is_lamp, relit, 0.0)[..., None])


def stars(light: Light, _subject: tuple[float, float], *, rng: np.random.Generator) -> Light:
    """Make it a clear night far from lamps: stars in a dim sky over ground that is darker still."""
    shape = light.shape[:2]
    ground = _draw_outline(shape, rng=rng)[..., None]
    height = np.linspace(1, 0, shape[0], dtype=np.float32)[:, None, None]
    glow = 2.0 ** rng.uniform(-7.0, -4.0) + 2.0 ** rng.uniform(-8.0, -2.0) * (1 - height) ** 2
    if rng.random() < 0.4:
        # The Milky Way.
        band = _draw_pool(shape, tuple(rng.uniform(0.2, 0.8, 2)), rng.uniform(0.1, 0.3), rng=rng)
        glow = glow * (1 + rng.uniform(0.5, 3.0) * band[..., None])
    glow = glow * (1 + rng.uniform(0.0, 0.5) * (np.minimum(light, 1.0) - 0.5))
    is_star = rng.random(shape) < 2.0 ** rng.uniform(-10.0, -5.0)
    points = np.where(is_star, 2.0 ** rng.uniform(-5.0, 1.0, shape), 0.0)[..., None]
    floor = 2.0 ** rng.uniform(-9.0, -3.5)
    return _as_light((glow + points) * (1 - ground) + light * floor * ground)


def silhouette(light: Light, subject: tuple[float, float], *, rng: np.random.Generator) -> Light:
    """Darken what is darker already, or a part with an outline, before a bright background."""
    luma = light @ LUMA_WEIGHTS
    if rng.random() < 0.6:
        middle = max(float(np.quantile(luma, rng.uniform(0.3, 0.75))), 1e-3)
        mask = 1 / (1 + (np.maximum(luma, 1e-5) / middle) ** rng.uniform(2.0, 5.0))
    else:
        mask = _draw_outline(luma.shape, rng=rng)
        mask = np.maximum(mask, _draw_pool(luma.shape, subject, 0.2, rng=rng))
    darkness = 2.0 ** rng.uniform(-7.0, -2.5)
    lit = _lift(light, 1 - mask, rng=rng)
    return _as_light(lit * (1 - mask * (1 - darkness))[..., None])


def low_key(light: Light, _subject: tuple[float, float], *, rng: np.random.Generator) -> Light:
    """Steepen the tones: the highlights stay where they are, all else falls."""
    bright = max(float(np.quantile(light @ LUMA_WEIGHTS, 0.98)), 1e-2)
    gamma = rng.uniform(1.3, 2.6)
    return _as_light(bright * (light / bright) ** gamma)


def vignette(light: Light, subject: tuple[float, float], *, rng: np.random.Generator) -> Light:
    """Darken the rim, up to black."""
    place = subject if rng.random() < 0.5 else (0.5, 0.5)
    mask = _draw_pool(light.shape[:2], place, rng.uniform(0.4, 0.8), rng=rng)
    floor = 2.0 ** rng.uniform(-6.0, -1.0)
    return _as_light(light * (floor + (1 - floor) * mask)[..., None])


def bright_background(
    light: Light, subject: tuple[float, float], *, rng: np.random.Generator
) -> Light:
    """Put the subject before a white wall, a sky or a light tent: high key."""
    mask = _draw_pool(light.shape[:2], subject, rng.uniform(0.15, 0.45), rng=rng)
    if rng.random() < 0.2:
        luma = light @ LUMA_WEIGHTS
        middle = max(float(np.quantile(luma, rng.uniform(0.3, 0.7))), 1e-3)
        mask = 1 / (1 + (np.maximum(luma, 1e-5) / middle) ** rng.uniform(3.0, 6.0))
    wall = rng.uniform(0.6, 1.2) * (1 + rng.uniform(0.0, 0.1) * (light - light.mean()))
    return _as_light(light * mask[..., None] + wall * (1 - mask[..., None]))


def cutout(light: Light, subject: tuple[float, float], *, rng: np.random.Generator) -> Light:
    """Put the subject on a sweep that is lit beyond white, or cut it out: products, catalogues."""
    mask = _draw_pool(light.shape[:2], subject, rng.uniform(0.15, 0.5), rng=rng)
    lit = _lift(light, mask, rng=rng)
    if rng.random() < 0.5:
        # Paper is not exposed: its white stays white.
        return _as_light(np.where(mask[..., None] > 0.5, lit, _ALWAYS_WHITE))
    sweep = 2.0 ** rng.uniform(0.0, 3.0)
    return _as_light(lit * mask[..., None] + sweep * (1 - mask[..., None]))


def backlight(light: Light, _subject: tuple[float, float], *, rng: np.random.Generator) -> Light:
    """Let windows, a sky or lamps behind the subject shine far above white."""
    height, width = light.shape[:2]
    mask = np.zeros((height, width), np.float32)
    if rng.random() < 0.4:
        mask = _draw_outline((height, width), rng=rng)[::-1]
    else:
        for _ in range(int(rng.integers(1, 5))):
            rows, cols = rng.uniform(0.08, 0.5, 2) * (height, width)
            top, left = rng.uniform(-0.1, 0.9, 2) * (height, width)
            window = slice(max(int(top), 0), max(int(top + rows), 1))
            mask[window, max(int(left), 0) : max(int(left + cols), 1)] = 1.0
    return _as_light(light * np.exp2(mask * rng.uniform(1.0, 4.5))[..., None])


def fog(light: Light, _subject: tuple[float, float], *, rng: np.random.Generator) -> Light:
    """Wash the scene out with light of the air; little contrast is left."""
    air, clarity = rng.uniform(0.3, 0.9), rng.uniform(0.1, 0.7)
    nearest = 0.3 if rng.random() < 0.6 else 1.0
    depth = np.linspace(1, nearest, light.shape[0], dtype=np.float32)[:, None, None]
    share = (1 - clarity) * depth
    return _as_light(light * (1 - share) + air * share)


def snow(light: Light, _subject: tuple[float, float], *, rng: np.random.Generator) -> Light:
    """Cover a part of the scene with snow, sand or paper: bright, with a little texture."""
    mask = _draw_outline(light.shape[:2], rng=rng)[..., None]
    white = rng.uniform(0.6, 0.95)
    texture = 1 + rng.uniform(0.05, 0.3) * (np.minimum(light, 1.0) - 0.5)
    return _as_light(light * (1 - mask) + white * texture * mask)


def frame(light: Light, _subject: tuple[float, float], *, rng: np.random.Generator) -> Light:
    """Put a black or a white border around the picture, or at two of its sides."""
    height, width = light.shape[:2]
    rows, cols = (int(side * rng.uniform(0.03, 0.2)) for side in (height, width))
    kind = rng.integers(3)
    rows, cols = (rows if kind != 1 else 0), (cols if kind != 2 else 0)
    # Paper and screens are not exposed: their white stays white.
    framed = np.full_like(light, 0.0 if rng.random() < 0.6 else _ALWAYS_WHITE)
    framed[rows : height - rows, cols : width - cols] = light[
        rows : height - rows, cols : width - cols
    ]
    return framed


def _as_light(light: NDArray[np.floating]) -> Light:
    return np.asarray(light, dtype=np.float32)


def _lift(light: Light, mask: Light, *, rng: np.random.Generator) -> Light:
    """Expose what is lit as a camera would: its upper tones reach a good level."""
    weight = mask > 0.5
    if not weight.any():
        return light
    bright = max(float(np.quantile((light @ LUMA_WEIGHTS)[weight], 0.9)), 1e-3)
    wanted = 2.0 ** rng.uniform(-2.0, 0.0)
    return _as_light(light * min(max(wanted / bright, 0.7), 4.0))


def _draw_pool(
    shape: tuple[int, ...], place: tuple[float, ...], radius: float, *, rng: np.random.Generator
) -> Light:
    """Draw a pool of light: 1 inside, 0 outside, soft or hard at its rim; radius in sides."""
    rows = (np.arange(shape[0], dtype=np.float32) + 0.5) / shape[0] - place[0]
    cols = (np.arange(shape[1], dtype=np.float32) + 0.5) / shape[1] - place[1]
    stretch = 2.0 ** rng.uniform(-0.7, 0.7)
    distance = np.hypot(rows[:, None] * stretch, cols[None, :] / stretch) / radius
    return np.asarray(1 / (1 + distance ** rng.uniform(3.0, 16.0)), dtype=np.float32)


def _draw_outline(shape: tuple[int, ...], *, rng: np.random.Generator) -> Light:
    """Draw a part of the picture with a wavy border: 1 inside, 0 outside."""
    side = int(rng.integers(3, 7))
    knots = Image.fromarray(rng.normal(size=(side, side)).astype(np.float32))
    field = np.asarray(knots.resize((shape[1], shape[0]), Image.Resampling.BICUBIC))
    # More often below than above, as ground is.
    tilt = rng.normal(1.0, 1.5) * np.linspace(-1, 1, shape[0], dtype=np.float32)[:, None]
    field = field + tilt
    level = np.quantile(field, rng.uniform(0.25, 0.75))
    return np.asarray(1 / (1 + np.exp(-np.clip((field - level) * 12, -30, 30))), np.float32)
