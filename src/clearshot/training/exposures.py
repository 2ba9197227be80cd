"""Photos with a known error of exposure, made from clear ones: what the exposure network learns.

A finished photo is taken back to the light of its scene by a film curve turned round, the scene may
become one that is dark or bright on purpose, and the same curve photographs it again with more or
less light: highlights clip or roll off, shadows drown in noise. Letters in shapes: N examples, H
and W rows and columns of pixels, S side of the network's square, K statistics.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

import numpy as np
from PIL import Image

from clearshot import optics
from clearshot.decode.image import decode, read_rgb
from clearshot.scoring.exposure import (
    BLACK_LEVEL,
    NUM_STATISTICS,
    SQUARE_PX,
    WHITE_LEVEL,
    describe_light,
    squeeze_luma,
)
from clearshot.scoring.focus import FocusMap, FocusNetwork, find_sharpest_cells
from clearshot.training.film import draw_film_curve
from clearshot.training.lights import LUMA_WEIGHTS, change_scene
from clearshot.training.visits import join_parts, visit_in_turn

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from clearshot.training.config import ExposureConfig
    from clearshot.training.film import FilmCurve

# Long side at which scenes are lit and photographed [px]: enough for statistics.
SCENE_PX: Final = 256

# Errors between these count more and more as too dark or too bright [stops].
_ERROR_STOPS: Final = (1.5, 2.5)
_OVER_STOPS: Final = (1.0, 2.0)
# Too dark is only what is dark: the median is this far below white [stops], ...
_DARK_STOPS: Final = (3.5, 5.0)
# ... and overexposed is only what lost highlights: shares of what need not clip.
_LOST_SHARES: Final = (0.02, 0.08)
# Where all but this share of a photo clips in any case, there is little left to lose.
_LEAST_KEPT: Final = 0.02


@dataclass(frozen=True, slots=True)
class ExposureSet:
    """Examples and their labels.

    Attributes
    ----------
    luma : ndarray of uint8, shape (N, S, S)
        Photos as the network sees them.
    statistics : ndarray of float32, shape (N, K)
        Their light.
    labels : ndarray of float32, shape (N, 3)
        Error of the exposure [stops], positive for too bright; how far the photo is too dark and
        how far it is overexposed, in [0, 1].
    """

    luma: NDArray[np.uint8]
    statistics: NDArray[np.float32]
    labels: NDArray[np.float32]


def draw_examples(
    photos: Sequence[Path],
    config: ExposureConfig,
    *,
    num_examples: int,
    seed: int,
    progress: Callable[[int], None] = lambda done: None,
) -> ExposureSet:
    """Draw examples from clear photos, every photo about as often as any other.

    Parameters
    ----------
    photos : sequence of Path
        Clear photos.
    config : ExposureConfig
        Range of the error; number of worker processes.
    num_examples : int
        Number of examples N.
    seed : int
        The same seed gives the same examples, whatever the number of workers.
    progress : callable
        Called with the number of examples drawn so far.

    Returns
    -------
    ExposureSet
        The examples, by photo.
    """
    counts = np.bincount(np.arange(num_examples) % len(photos), minlength=len(photos))
    draw = partial(_visit, config, seed)
    visits = range(len(photos)), photos, counts.tolist()
    parts: list[ExposureSet] = []
    done = 0
    for part in visit_in_turn(draw, *visits, num_workers=config.num_workers):
        parts.append(part)
        done += len(part.luma)
        progress(done)
    return join_parts(parts)


def _visit(
    config: ExposureConfig, seed: int, number: int, photo: Path, num_examples: int
) -> ExposureSet:
    """Draw all examples of one photo."""
    rng = np.random.default_rng([seed, number])
    rgb_hwc = read_rgb(photo, long_side_px=SCENE_PX)
    focus_map = FocusNetwork().measure(decode(photo).luma_hw)
    luma = np.empty((num_examples, SQUARE_PX, SQUARE_PX), np.uint8)
    statistics = np.empty((num_examples, NUM_STATISTICS), np.float32)
    labels = np.empty((num_examples, 3), np.float32)
    for index in range(num_examples):
        luma[index], statistics[index], labels[index] = _draw_example(
            rgb_hwc, focus_map, config, rng=rng
        )
    return ExposureSet(luma, statistics, labels)


def _draw_example(
    rgb_hwc: NDArray[np.uint8],
    focus_map: FocusMap,
    config: ExposureConfig,
    *,
    rng: np.random.Generator,
) -> tuple[NDArray[np.uint8], NDArray[np.float32], NDArray[np.float32]]:
    rgb_hwc, focus_map = _crop(rgb_hwc, focus_map, rng=rng)
    window = _find_subject(focus_map, config, rng=rng)
    curve = draw_film_curve(rng=rng)
    light = _see_scene(rgb_hwc, curve, rng=rng)
    if rng.random() < config.scene_share:
        middle = ((window[0] + window[2]) / 2, (window[1] + window[3]) / 2)
        light = change_scene(light, middle, rng=rng)
    error = _draw_error(config, rng=rng)
    exposed = light * np.float32(2.0**error)
    luma_hw = _photograph(exposed, curve, rng=rng)
    height, width = luma_hw.shape
    top, left, bottom, right = (
        round(edge * side) for edge, side in zip(window, (height, width) * 2, strict=True)
    )
    subject_hw = luma_hw[top : max(bottom, top + 1), left : max(right, left + 1)]
    labels = label_exposure(error, luma_hw, measure_lost(light, exposed, curve))
    return squeeze_luma(luma_hw), describe_light(luma_hw, subject_hw), labels


def label_exposure(
    error_stops: float, luma_hw: NDArray[np.uint8], lost_share: float
) -> NDArray[np.float32]:
    """Say how a photo with a known error is to be judged.

    Parameters
    ----------
    error_stops : float
        Error of the exposure [stops], positive for too bright.
    luma_hw : ndarray of uint8, shape (H, W)
        The photo.
    lost_share : float
        Share that clips because of the error of what would not clip without it, in [0, 1].

    Returns
    -------
    ndarray of float32, shape (3,)
        The error; how far the photo is too dark: exposed too little, and dark; how far it is
        overexposed: exposed too much, with highlights lost; both in [0, 1].
    """
    median = float(np.log2(optics.to_linear(np.array((np.median(luma_hw) + 0.5) / 256))))
    is_black = float((luma_hw <= BLACK_LEVEL).mean() > 0.9)
    dark = _ramp(-error_stops, _ERROR_STOPS) * max(_ramp(-median, _DARK_STOPS), is_black)
    over = _ramp(error_stops, _OVER_STOPS) * _ramp(lost_share, _LOST_SHARES)
    return np.array([error_stops, dark, over], dtype=np.float32)


def measure_lost(
    light: NDArray[np.float32], exposed: NDArray[np.float32], curve: FilmCurve
) -> float:
    """Measure which share of what is not white by itself an error of the exposure brings to white.

    Parameters
    ----------
    light, exposed : ndarray of float32, shape (H, W, 3)
        Linear light of a scene, white = 1, and the same with the error.
    curve : FilmCurve
        How light becomes levels.

    Returns
    -------
    float
        In [0, 1].
    """
    by_itself = _measure_clipped(light, curve)
    lost = _measure_clipped(exposed, curve) - by_itself
    return max(lost, 0.0) / max(1.0 - by_itself, _LEAST_KEPT)


def _ramp(value: float, ends: tuple[float, float]) -> float:
    return min(max((value - ends[0]) / (ends[1] - ends[0]), 0.0), 1.0)


def _crop(
    rgb_hwc: NDArray[np.uint8], focus_map: FocusMap, *, rng: np.random.Generator
) -> tuple[NDArray[np.uint8], FocusMap]:
    """Cut the same part out of a photo and its focus map; at times all of it."""
    rows, cols = focus_map.log2_sigma.shape[1:]
    shares = np.maximum(rng.uniform(0.5, 1.0, 2), 0.9 * (rng.random() < 0.35))
    height, width = max(4, round(rows * shares[0])), max(4, round(cols * shares[1]))
    top, left = (
        rng.integers(0, rows - height, endpoint=True),
        rng.integers(0, cols - width, endpoint=True),
    )
    cells = (slice(None), slice(top, top + height), slice(left, left + width))
    scale = rgb_hwc.shape[0] / rows, rgb_hwc.shape[1] / cols
    y0, y1 = round(top * scale[0]), round((top + height) * scale[0])
    x0, x1 = round(left * scale[1]), round((left + width) * scale[1])
    cropped = FocusMap(focus_map.log2_sigma[cells], focus_map.deviation[cells])
    cut = rgb_hwc[y0:y1, x0:x1]
    if min(cut.shape[:2]) < SQUARE_PX:
        return rgb_hwc, focus_map
    return cut, cropped


def _find_subject(
    focus_map: FocusMap, config: ExposureConfig, *, rng: np.random.Generator
) -> tuple[float, float, float, float]:
    """Find the sharpest window: top, left, bottom, right as shares of the sides.

    At times it is another one: noise and clipping mislead the focus network, too.
    """
    rows, cols = focus_map.log2_sigma.shape[1:]
    top, left, height, width = find_sharpest_cells(focus_map)
    if rng.random() < config.stray_share:
        top = int(rng.integers(0, rows - height, endpoint=True))
        left = int(rng.integers(0, cols - width, endpoint=True))
    return top / rows, left / cols, (top + height) / rows, (left + width) / cols


def _see_scene(
    rgb_hwc: NDArray[np.uint8], curve: FilmCurve, *, rng: np.random.Generator
) -> NDArray[np.float32]:
    """Find the light that a photo was taken of; what is near white may have been much brighter."""
    levels = (np.arange(256, dtype=np.float32) + np.float32(0.5)) / np.float32(256)
    light = curve.find_light(levels)[rgb_hwc]
    near_white = np.clip((rgb_hwc.min(axis=-1).astype(np.float32) - 225) / 30, 0, 1) ** 2
    boost = 2.0 ** rng.uniform(0.0, 5.0)
    return np.asarray(light * (1 + (boost - 1) * near_white)[..., None], dtype=np.float32)


def _draw_error(config: ExposureConfig, *, rng: np.random.Generator) -> float:
    if rng.random() < config.right_share:
        return float(rng.normal(0.0, 0.3))
    return float(rng.uniform(-config.max_error_stops, config.max_error_stops))


def _photograph(
    light: NDArray[np.float32], curve: FilmCurve, *, rng: np.random.Generator
) -> NDArray[np.uint8]:
    """Expose, develop and compress: the luma of a finished file."""
    if rng.random() < 0.7:
        shot, read = 10 ** rng.uniform(-5.0, -3.0), 10 ** rng.uniform(-4.5, -2.5)
        noise = rng.standard_normal(light.shape, dtype=np.float32)
        deviation = np.sqrt(np.float32(shot) * np.minimum(light, 1) + np.float32(read**2))
        light = light + deviation * noise
    encoded = curve.photograph(np.maximum(light, 0)) @ LUMA_WEIGHTS
    if rng.random() < 0.15:
        # Scans, screens and faded prints have no black.
        encoded = encoded * (1 - (fade := rng.uniform(0.01, 0.06))) + fade
    luma = Image.fromarray(np.round(np.clip(encoded, 0, 1) * 255).astype(np.uint8))
    if rng.random() < 0.5:
        buffer = io.BytesIO()
        luma.save(buffer, "JPEG", quality=int(rng.integers(60, 96)))
        luma = Image.open(buffer)
    return np.asarray(luma, dtype=np.uint8)


def _measure_clipped(light: NDArray[np.float32], curve: FilmCurve) -> float:
    """Measure the share of a picture that its curve brings to white in all channels."""
    white = curve.find_light(np.array([WHITE_LEVEL / 255], np.float32))[0]
    return float((light.min(axis=-1) >= white).mean())
