"""Sharp at 100 %: the blur of a photo's sharpest parts, measured on the pixels of the file."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from clearshot.config import MAX_PIXELS
from clearshot.decode.image import CELL_PX, JUDGED_PX, fit_region, read_crops, read_despite_preview
from clearshot.photo import Region, SharpAt
from clearshot.scoring.focus import LONGEST, FocusMap, sum_windows
from clearshot.scoring.pooling import measure_anisotropy, measure_blur

if TYPE_CHECKING:
    from pathlib import Path

    from clearshot.photo import Scores
    from clearshot.scoring.focus import FocusNetwork

_Window = tuple[slice, slice]  # rows and columns of cells

# Raise when the choice of crops or their pooling changes so that old native scores cannot be
# compared with new ones.
NATIVE_RECIPE: Final = 2

# How many crops of the photo are measured, and their side [px of the photo].
NUM_CROPS: Final = 3
CROP_PX: Final = 512

# A blur that reads no longer than this at the judged size may come from the reduction itself [px].
# What is longer is in the photo, whatever noise makes of its pixels.
_HIDDEN_SIGMA_PX: Final = 0.5

# Photos that are sharp on a screen are softer than that pixel by pixel, by this many octaves in the
# middle: lens, demosaic and denoising of real cameras. docs/decisions/0006 has the figures.
SOFT_OCTAVES: Final = 0.65


def is_judged_in_full(width_px: int, height_px: int) -> bool:
    """Tell whether a photo is judged pixel by pixel anyway.

    Parameters
    ----------
    width_px, height_px : int
        Size of the photo [px].

    Returns
    -------
    bool
        Whether its long side is at most 1024 px, so that nothing is reduced.
    """
    return max(width_px, height_px) <= JUDGED_PX


def choose_blur(scores: Scores, sharp_at: SharpAt) -> float:
    """Choose the blur that decides whether a photo is blurry.

    At 100 % the native score counts, eased by what real cameras lose pixel by pixel: by 0.65
    octaves, less for photos of less than 1607 px, not at all up to 1024 px. No photo is sharper at
    100 % than on a screen.

    Parameters
    ----------
    scores : Scores
        Raw scores.
    sharp_at : SharpAt
        How large the photo is seen.

    Returns
    -------
    float
        log2 of a standard deviation, on the scale of `FocusScores.blur`.

    Raises
    ------
    ValueError
        If the photo was not measured at 100 % but is to be judged there.
    """
    focus = scores.focus
    if sharp_at == SharpAt.SCREEN:
        return focus.blur
    if focus.native_blur is None:
        raise ValueError("the photo was not measured at 100 %; use Scorer(sharp_at=SharpAt.FULL)")
    reduction = max(0.0, float(np.log2(max(scores.width_px, scores.height_px) / JUDGED_PX)))
    return max(focus.blur, focus.native_blur - min(SOFT_OCTAVES, reduction))


def measure_native_blur(
    path: Path,
    focus_map: FocusMap,
    judged: Region,
    network: FocusNetwork,
    *,
    max_pixels: int = MAX_PIXELS,
) -> tuple[float, float]:
    """Measure how blurred the sharpest part of a photo is at 100 %, and whether along a direction.

    The crops are those of `choose_crops`. In each the worst direction counts, as at the judged
    size, and a crop is never sharper than the reduced photo is there. The sharpest crop answers.

    Parameters
    ----------
    path : Path
        The photo's file.
    focus_map : FocusMap
        Local blur of the whole photo at the judged size.
    judged : Region
        The part of the upright photo that the cells cover [px].
    network : FocusNetwork
        Measures the crops.
    max_pixels : int
        A photo with more pixels is refused before it is decoded.

    Returns
    -------
    tuple of float
        log2 of the blur's standard deviation [px of the photo], and its anisotropy, see
        `clearshot.scoring.pooling.measure_anisotropy`; both of the crop that answers.

    Raises
    ------
    PhotoError
        If the photo cannot be read; see `clearshot.decode.image.decode`.
    """
    crops = choose_crops(focus_map, judged)
    regions = [crop.region for crop in crops]
    pixels = read_despite_preview(
        lambda with_preview: read_crops(
            path, regions, max_pixels=max_pixels, with_preview=with_preview
        )
    )
    cells = max(focus_map.log2_sigma.shape[1:])
    scale = max(1.0, max(judged.width, judged.height) / (CELL_PX * cells))
    found = []
    for crop, luma_hw in zip(crops, pixels, strict=True):
        close = network.measure(luma_hw)
        blur = max(measure_blur(close), _find_least_blur(focus_map, crop.window, scale))
        found.append((blur, measure_anisotropy(close)))
    return min(found)


class Crop(NamedTuple):
    """A part of a photo that is seen at 100 %.

    Attributes
    ----------
    window : tuple of slice
        Rows and columns of the cells that it was chosen for.
    region : Region
        The part [px of the photo], around the middle of these cells.
    """

    window: _Window
    region: Region


def choose_crops(focus_map: FocusMap, judged: Region) -> list[Crop]:
    """Choose the parts of a photo that tell how sharp it is at 100 %.

    Parameters
    ----------
    focus_map : FocusMap
        Local blur of the whole photo at the judged size.
    judged : Region
        The part of the upright photo that the cells cover [px].

    Returns
    -------
    list of Crop
        One to three parts that share no cell, the sharpest first, of 512 x 512 px where that part
        has room.
    """
    windows = _choose_windows(focus_map, judged)
    return [Crop(window, _find_region(window, focus_map, judged)) for window in windows]


def _choose_windows(focus_map: FocusMap, judged: Region) -> list[_Window]:
    """Choose the windows with the most sharp cells, greedily and apart from each other."""
    rows, cols = focus_map.log2_sigma.shape[1:]
    cell_width, cell_height = judged.width / cols, judged.height / rows
    height = min(rows, max(1, round(CROP_PX / cell_height)))
    width = min(cols, max(1, round(CROP_PX / cell_width)))
    # An uncertain cell counts as blurred as it may well be; few sharp cells outweigh many others.
    sharpness = np.exp2(-focus_map.log2_sigma[LONGEST] - focus_map.deviation[LONGEST])
    totals = sum_windows(sharpness, height, width)
    windows: list[_Window] = []
    while len(windows) < NUM_CROPS and np.isfinite(totals).any():
        top, left = (int(n) for n in np.unravel_index(int(totals.argmax()), totals.shape))
        windows.append((slice(top, top + height), slice(left, left + width)))
        near = (
            slice(max(0, top - height + 1), top + height),
            slice(max(0, left - width + 1), left + width),
        )
        totals[near] = -np.inf
    return windows


def _find_region(window: _Window, focus_map: FocusMap, judged: Region) -> Region:
    """Find the crop around the middle of a window."""
    rows, cols = focus_map.log2_sigma.shape[1:]
    middle_y = (window[0].start + window[0].stop) / 2 * judged.height / rows
    middle_x = (window[1].start + window[1].stop) / 2 * judged.width / cols
    corner = round(middle_x - CROP_PX / 2), round(middle_y - CROP_PX / 2)
    crop = fit_region(Region(*corner, CROP_PX, CROP_PX), judged.width, judged.height)
    return replace(crop, x=judged.x + crop.x, y=judged.y + crop.y)


def _find_least_blur(focus_map: FocusMap, window: _Window, scale: float) -> float:
    """Bound the blur of a window from below by what is seen of it at the judged size.

    Noise and compression draw sharp specks over a large blur, which the reduction averages out.
    Gives log2 of the standard deviation [px of the photo]; minus infinity where all the blur that
    is seen may come from the reduction.
    """
    part = FocusMap(focus_map.log2_sigma[:, *window], focus_map.deviation[:, *window])
    variance = 4.0 ** measure_blur(part) - _HIDDEN_SIGMA_PX**2
    return float(0.5 * np.log2(variance) + np.log2(scale)) if variance > 0 else -np.inf
