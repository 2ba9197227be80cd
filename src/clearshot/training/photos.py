"""Whole synthetic photos with a known blur of their subject: what the pooling is trained on.

A photo is as sharp as its sharpest subject. So a photo blurred as a whole has the blur of its
kernel, and a sharp subject before a blurred background, or before one that streams past a panning
camera, has none. Letters in shapes: H, W pixels; h, w cells; N photos.
"""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from multiprocessing import get_context
from typing import TYPE_CHECKING, Final

import numpy as np
from PIL import Image

from clearshot import optics
from clearshot.decode.image import CELL_PX
from clearshot.training import degrade
from clearshot.training.patches import measure_softness, read_luma

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from clearshot.scoring.focus import FocusNetwork
    from clearshot.training.config import FocusConfig

# Sizes of the focus maps (rows, columns): few, so that photos can be batched; 512 to 1024 px.
GRIDS: Final = ((24, 32), (32, 24), (32, 32), (40, 40), (36, 56), (42, 64), (48, 64), (64, 48))

# Kinds of photo and how often each is drawn.
SCENES: Final = {
    "clear": 0.26,
    "blurred": 0.36,  # one kernel for all
    "uneven": 0.08,  # two kernels: rotation, depth
    "bokeh": 0.16,  # sharp subject, blurred background
    "panning": 0.05,  # sharp subject, background streaming past
    "subject": 0.09,  # blurred subject before a more blurred background
}

# A clear photo has at least this share of cells that are softer by less than this [px].
_SHARP_DETAIL_PX: Final = 0.7
_SHARP_DETAIL_SHARE: Final = 0.04

# Blur that still counts as none: a sharp photo is allowed this much [px].
_SHARP_SIGMA_PX: Final = 0.5


@dataclass(frozen=True, slots=True)
class MapSet:
    """Focus maps of photos of one size, and the blur of their subjects.

    Attributes
    ----------
    cells : ndarray of float16, shape (N, 10, h, w)
        Output of the focus map network.
    log2_sigma : ndarray of float32, shape (N,)
        log2 of the longest axis of the sharpest subject's blur [px].
    scene : ndarray of int8, shape (N,)
        Kind of photo: position in `SCENES`.
    """

    cells: NDArray[np.float16]
    log2_sigma: NDArray[np.float32]
    scene: NDArray[np.int8]


def draw_maps(
    photos: Sequence[Path],
    network: FocusNetwork,
    config: FocusConfig,
    *,
    num_photos: int,
    seed: int,
    progress: Callable[[int], None] = lambda done: None,
) -> list[MapSet]:
    """Make synthetic photos and measure their focus maps.

    Parameters
    ----------
    photos : sequence of Path
        Clear photos.
    network : FocusNetwork
        Measures the maps; pickled into the workers.
    config : FocusConfig
        Range of the blur; number of worker processes.
    num_photos : int
        Number of photos.
    seed : int
        The same seed gives the same photos, whatever the number of workers.
    progress : callable
        Called with the number of photos made so far.

    Returns
    -------
    list of MapSet
        One for each size that occurs in `GRIDS`.
    """
    draw = partial(_visit, list(photos), network, config, seed)
    drawn = []
    # Not forked: a fork copies the locks of the threads that the backend has started.
    context = get_context("spawn")
    with ProcessPoolExecutor(config.num_workers, mp_context=context) as pool:
        for item in pool.map(draw, range(num_photos), chunksize=8):
            drawn.append(item)
            progress(len(drawn))
    sets = []
    for shape in sorted({cells.shape for cells, _, _ in drawn}):
        part = [item for item in drawn if item[0].shape == shape]
        sets.append(
            MapSet(
                np.stack([cells for cells, _, _ in part]),
                np.array([sigma for _, sigma, _ in part], dtype=np.float32),
                np.array([scene for _, _, scene in part], dtype=np.int8),
            )
        )
    return sets


def draw_photo(
    photo: Image.Image, config: FocusConfig, *, rng: np.random.Generator
) -> tuple[NDArray[np.uint8], float, str]:
    """Make a synthetic photo.

    Parameters
    ----------
    photo : PIL.Image.Image
        A clear photo, mode L.
    config : FocusConfig
        Range of the blur.
    rng : numpy.random.Generator
        Source of everything drawn.

    Returns
    -------
    luma_hw : ndarray of uint8, shape (H, W)
        The photo; H and W as one of `GRIDS` says.
    log2_sigma : float
        log2 of the longest axis of the sharpest subject's blur [px].
    scene : str
        One of `SCENES`.
    """
    camera = degrade.draw_camera(rng=rng)
    grid = _choose_grid(photo, camera.scale, rng=rng)
    if grid is None:
        camera = replace(camera, scale=1.0)
        grid = _choose_grid(photo, 1.0, rng=rng) or GRIDS[0]
    rows, cols = grid
    luma = _frame(photo, *_measure_frame(grid, camera.scale), rng=rng)
    light = degrade.relight(optics.to_linear(luma / np.float32(255)), rng=rng)
    scene = str(rng.choice(list(SCENES), p=list(SCENES.values())))
    light, subject = _blur_scene(light, luma, scene, config, rng=rng)
    shot = degrade.photograph(light, camera, rng=rng)
    height, width = rows * CELL_PX, cols * CELL_PX
    top, left = (shot.shape[0] - height) // 2, (shot.shape[1] - width) // 2
    cut = shot[top : top + height, left : left + width]
    return cut, float(subject.log2_sigmas(camera.scale)[-1]), scene


def _visit(
    photos: list[Path], network: FocusNetwork, config: FocusConfig, seed: int, visit: int
) -> tuple[NDArray[np.float16], float, int]:
    rng = np.random.default_rng([seed, 1, visit])
    photo = read_luma(photos[visit % len(photos)])
    luma, log2_sigma, scene = draw_photo(photo, config, rng=rng)
    cells = network.run(luma)[0][0].astype(np.float16)
    return cells, log2_sigma, list(SCENES).index(scene)


def _choose_grid(
    photo: Image.Image, scale: float, *, rng: np.random.Generator
) -> tuple[int, int] | None:
    """Choose a size that the photo fills before its last resize by `scale`; None if none does."""
    fitting = []
    for grid in GRIDS:
        height, width = _measure_frame(grid, scale)
        if height <= photo.height and width <= photo.width:
            fitting.append(grid)
    return fitting[int(rng.integers(len(fitting)))] if fitting else None


def _measure_frame(grid: tuple[int, int], scale: float) -> tuple[int, int]:
    """Give height and width [px] that hold a grid after a resize by `scale`."""
    rim = 0 if scale == 1.0 else 1
    height, width = (int(np.ceil(n * CELL_PX / scale)) + rim for n in grid)
    return height, width


def _frame(
    photo: Image.Image, height: int, width: int, *, rng: np.random.Generator
) -> NDArray[np.uint8]:
    """Crop and shrink a photo to a size, so that something sharp is in the frame.

    A photo that is too small is completed by its mirror image.
    """
    if photo.width < width or photo.height < height:
        luma = np.asarray(photo, dtype=np.uint8)
        pad = [(0, max(0, n - have)) for n, have in zip((height, width), luma.shape, strict=True)]
        return np.pad(luma, pad, mode="symmetric")[:height, :width]
    for _ in range(5):
        framed = photo.resize(
            (width, height), Image.Resampling.BOX, box=_draw_crop(photo, height, width, rng=rng)
        )
        luma = np.asarray(framed, dtype=np.uint8)
        if _has_sharp_detail(luma):
            break
    return luma


def _draw_crop(
    photo: Image.Image, height: int, width: int, *, rng: np.random.Generator
) -> tuple[float, float, float, float]:
    """Draw a crop between the tightest and the whole photo, at times squeezed; (x0, y0, x1, y1)."""
    room = min(photo.width / width, photo.height / height)
    zoom = np.exp(rng.uniform(0, np.log(room))) if rng.random() < 0.5 else room
    factors = [zoom, zoom]
    if rng.random() < 0.25:
        factors[int(rng.integers(2))] *= rng.uniform(0.6, 1.0)
    # Never smaller than the frame, and never beyond the photo, however the powers are rounded.
    crop_w = min(max(width, width * factors[0]), photo.width)
    crop_h = min(max(height, height * factors[1]), photo.height)
    left = rng.uniform(0, photo.width - crop_w)
    top = rng.uniform(0, photo.height - crop_h)
    return left, top, left + crop_w, top + crop_h


def _has_sharp_detail(luma: NDArray[np.uint8]) -> bool:
    """Tell whether a frame holds more than a blurred background."""
    softness = measure_softness(luma)
    return bool(((softness > 0) & (softness < _SHARP_DETAIL_PX)).mean() > _SHARP_DETAIL_SHARE)


def _blur_scene(
    light: NDArray[np.float32],
    luma: NDArray[np.uint8],
    scene: str,
    config: FocusConfig,
    *,
    rng: np.random.Generator,
) -> tuple[NDArray[np.float32], degrade.Blur]:
    """Blur a scene as its kind says; also give the blur of its sharpest subject."""
    if scene == "clear":
        subject = _draw_sharp(rng=rng)
        return optics.blur(light, subject.kernel), subject
    if scene == "blurred":
        subject = _draw_blur(config.min_sigma_px, config.max_sigma_px, rng=rng)
        return optics.blur(light, subject.kernel), subject
    if scene == "uneven":
        subject = _draw_blur(0.8, config.max_sigma_px / 2, rng=rng)
        sigma = float(2.0 ** subject.log2_sigmas()[-1])
        other = _draw_blur(sigma, sigma * 2, rng=rng)
    elif scene == "subject":
        subject = _draw_blur(1.0, 5.0, rng=rng)
        sigma = float(2.0 ** subject.log2_sigmas()[-1])
        other = _draw_blur(sigma * 1.3, max(sigma * 3, config.max_sigma_px), rng=rng)
    elif scene == "panning":
        subject = _draw_sharp(rng=rng)
        kernel = optics.draw_line(rng.uniform(2.0, 12.0), angle_rad=rng.normal(0.0, 0.3))
        other = degrade.Blur(kernel, optics.measure_covariance(kernel))
    else:
        subject = _draw_sharp(rng=rng)
        kernel = degrade.draw_kernel("disc", float(np.exp(rng.uniform(0.3, 2.5))), rng=rng)
        other = degrade.Blur(kernel, optics.measure_covariance(kernel))
    mask = _draw_mask(luma, rng=rng)
    near, far = optics.blur(light, subject.kernel), optics.blur(light, other.kernel)
    return mask * near + (1 - mask) * far, subject


def _draw_sharp(*, rng: np.random.Generator) -> degrade.Blur:
    if rng.random() < 0.5:
        return degrade.no_blur()
    return degrade.draw_blur(rng.uniform(0.2, _SHARP_SIGMA_PX), rng=rng)


def _draw_blur(low_px: float, high_px: float, *, rng: np.random.Generator) -> degrade.Blur:
    sigma_px = float(np.exp(rng.uniform(np.log(low_px), np.log(high_px))))
    return degrade.draw_blur(sigma_px, rng=rng)


def _draw_mask(luma: NDArray[np.uint8], *, rng: np.random.Generator) -> NDArray[np.float32]:
    """Draw a soft blob that covers a subject: around a place with sharp detail.

    The blob is a thresholded sum of waves around its centre and covers 4 to 50 % of the photo.
    """
    height, width = luma.shape
    row, col = _find_subject(luma, rng=rng)
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    area = np.exp(rng.uniform(np.log(0.04), np.log(0.5))) * height * width
    aspect = np.exp(rng.normal(0, 0.4))
    radius = np.sqrt(area / np.pi)
    angle = np.arctan2(y - row, x - col)
    distance = np.hypot((x - col) * aspect, (y - row) / aspect) / radius
    rim = 1.0 + sum(
        rng.normal(0, 0.25 / k) * np.cos(k * angle + rng.uniform(0, 2 * np.pi)) for k in range(1, 6)
    )
    softness_px = np.exp(rng.uniform(np.log(1.0), np.log(60.0)))
    mask = np.clip((rim - distance) * radius / softness_px + 0.5, 0, 1)
    return np.asarray(mask, dtype=np.float32)


def _find_subject(luma: NDArray[np.uint8], *, rng: np.random.Generator) -> tuple[float, float]:
    """Choose a place where the photo itself is sharp and has detail."""
    softness = measure_softness(luma)
    candidates = np.argwhere((softness > 0) & (softness < np.quantile(softness, 0.5) + 1e-3))
    if len(candidates) == 0:
        return luma.shape[0] / 2, luma.shape[1] / 2
    row, col = candidates[int(rng.integers(len(candidates)))]
    return (float(row) + 0.5) * CELL_PX, (float(col) + 0.5) * CELL_PX
