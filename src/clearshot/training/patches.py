"""Patches with a known blur, cut from clear photos: what the focus map is trained on.

Some patches hold two blurs with a border between them, as where a subject stands before its
background: a network that saw one blur a patch would learn to ask the neighbours. A clear photo
also holds blurred backgrounds: cells in which the photo itself is already soft do not count in the
loss. Letters in shapes: N patches, P patch side, C cells along a patch side.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

import numpy as np
from PIL import Image

from clearshot import optics
from clearshot.decode.image import CELL_PX, read_luma
from clearshot.training import cameras, kernels, scenes, strands
from clearshot.training.softness import measure_softness
from clearshot.training.structure import find_lines, measure_structure
from clearshot.training.visits import join_parts, visit_in_turn

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from clearshot.training.config import FocusConfig

PATCH_PX: Final = 192
PATCH_CELLS: Final = PATCH_PX // CELL_PX
# All that is blurred by more has this label [px]: a patch shows no more, and pooling asks no more.
MOST_TOLD_PX: Final = 12.0
# Margin around a patch, so that a kernel draws from real light and not from a mirror.
_MARGIN_PX: Final = 32
# Softness from which a cell is left out [px].
_SOFT_SIGMA_PX: Final = 1.0
_PATCHES_PER_VISIT: Final = 16
# Places that are looked at for one that runs in one direction.
_NUM_PLACES: Final = 12
# What hard patches have more of.
_HARD_SMEAR_SHARE: Final = 0.4
_HARD_LINED_SHARE: Final = 0.4
_HARD_COAT_SHARE: Final = 0.2
_HARD_GRAIN_SHARE: Final = 0.2
# Share of coats that cover a photo as a whole.
_WHOLE_COAT_SHARE: Final = 0.4
_HARD_SCENES: Final = scenes.SceneMix(
    night_share=0.55, lamp_share=0.4, small_lights_share=0.5, rows_share=0.35
)
# Values of `PatchSet.owner`: the cell has the first blur, the second one, or cannot be trusted.
FIRST, SECOND, NOBODY = range(3)
# A cell belongs to a blur that covers at least this share of it.
_OWNED_SHARE: Final = 0.9
# Share of patches with two blurs that have a sharp side.
_CLEAR_SHARE_AT_BORDER: Final = 0.45
# Shortest side that a training photo must have: a patch before the strongest later reduction.
MIN_PHOTO_PX: Final = int(np.ceil(PATCH_PX / cameras.MIN_SCALE)) + 2 * _MARGIN_PX


@dataclass(frozen=True, slots=True)
class PatchSet:
    """Patches and their labels.

    Attributes
    ----------
    luma : ndarray of uint8, shape (N, P, P)
        Patches.
    log2_sigma : ndarray of float32, shape (N, 2, 5)
        log2 of the first and the second blur [px] along 0, 45, 90, 135 degrees and along its
        longest axis, `MOST_TOLD_PX` at most; both are the same where there is one.
    owner : ndarray of uint8, shape (N, C, C)
        Which blur a cell has: `FIRST`, `SECOND`, or `NOBODY` where the label cannot be trusted.
    """

    luma: NDArray[np.uint8]
    log2_sigma: NDArray[np.float32]
    owner: NDArray[np.uint8]

    def first(self, count: int) -> PatchSet:
        """Give the first patches, all where there are fewer."""
        return PatchSet(self.luma[:count], self.log2_sigma[:count], self.owner[:count])


def draw_patches(
    photos: Sequence[Path],
    config: FocusConfig,
    *,
    num_patches: int,
    seed: int,
    is_hard: bool = False,
    progress: Callable[[int], None] = lambda done: None,
) -> PatchSet:
    """Draw patches from clear photos, every photo about as often as any other.

    Parameters
    ----------
    photos : sequence of Path
        Clear photos.
    config : FocusConfig
        Range of the blur; number of worker processes.
    num_patches : int
        Number of patches N.
    seed : int
        The same seed gives the same patches, whatever the number of workers.
    is_hard : bool
        Draw what networks find hard: nights full of lights, phones that smear texture, strong
        grain, fur and hair, and places that run in one direction, most of them moved along it.
    progress : callable
        Called with the number of patches drawn so far.

    Returns
    -------
    PatchSet
        The patches, photos in turn.
    """
    num_visits = -(-num_patches // _PATCHES_PER_VISIT)
    draw = partial(_visit, list(photos), config, seed, is_hard)
    parts: list[PatchSet] = []
    for part in visit_in_turn(draw, range(num_visits), num_workers=config.num_workers):
        parts.append(part)
        progress(min(len(parts) * _PATCHES_PER_VISIT, num_patches))
    return join_parts(parts).first(num_patches)


def shrink(photo: Image.Image, *, rng: np.random.Generator, min_side_px: int) -> Image.Image:
    """Shrink a clear photo at random, so that it is sharp at the level of its pixels.

    At times one side shrinks more than the other, as in pictures squeezed for the web.

    Parameters
    ----------
    photo : PIL.Image.Image
        A clear photo.
    rng : numpy.random.Generator
        Source of factor and filter.
    min_side_px : int
        Neither side becomes smaller than this, unless it is already.

    Returns
    -------
    PIL.Image.Image
        The shrunk photo.
    """
    factor = rng.uniform(0.4, 1.0)
    squeeze = rng.uniform(0.55, 1.0) if rng.random() < 0.3 else 1.0
    factors = (factor * squeeze, factor) if rng.random() < 0.5 else (factor, factor * squeeze)
    size = (
        min(photo.width, max(round(photo.width * factors[0]), min_side_px)),
        min(photo.height, max(round(photo.height * factors[1]), min_side_px)),
    )
    filters = (Image.Resampling.BOX, Image.Resampling.BICUBIC, Image.Resampling.LANCZOS)
    return photo.resize(size, filters[rng.integers(len(filters))])


@dataclass(frozen=True, slots=True)
class _Photo:
    """A shrunk photo: linear light (H, W), and by cell its softness and its structure (3, h, w).

    Hard patches alone are placed by structure; it is measured for them only. `mix` tells how often
    it is night where they are not.
    """

    linear: NDArray[np.float32]
    softness: NDArray[np.float32]
    structure: NDArray[np.float32] | None
    mix: scenes.SceneMix


def _visit(
    photos: list[Path], config: FocusConfig, seed: int, is_hard: bool, visit: int
) -> PatchSet:
    """Shrink one photo once and draw a handful of patches from it."""
    rng = np.random.default_rng([seed, visit])
    shrunk = shrink(read_luma(photos[visit % len(photos)]), rng=rng, min_side_px=MIN_PHOTO_PX)
    luma = np.asarray(shrunk, dtype=np.uint8)
    mix = _HARD_SCENES if is_hard else scenes.SceneMix()
    if is_hard and rng.random() < _HARD_COAT_SHARE:
        luma = _grow_coat(luma, rng=rng)
        # Fur among lamps at night would hardly be seen.
        mix = scenes.SceneMix()
    linear = optics.to_linear(luma / np.float32(255))
    structure = measure_structure(luma) if is_hard else None
    photo = _Photo(linear, measure_softness(luma), structure, mix)
    patches = [_draw_patch(photo, config, rng=rng) for _ in range(_PATCHES_PER_VISIT)]
    return PatchSet(
        np.stack([patch[0] for patch in patches]),
        np.stack([patch[1] for patch in patches]),
        np.stack([patch[2] for patch in patches]),
    )


def _grow_coat(luma_hw: NDArray[np.uint8], *, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Grow fur, hair or grass on a part of a photo, or on all of it."""
    linear = optics.to_linear(luma_hw / np.float32(255))
    height, width = linear.shape
    ground = np.ones_like(linear)
    if rng.random() >= _WHOLE_COAT_SHARE:
        ground = draw_mask(max(height, width), rng=rng)[:height, :width]
    furry = strands.grow(linear, ground, strands.draw_coat(rng=rng), rng=rng)
    return np.round(np.clip(optics.to_encoded(furry), 0, 1) * 255).astype(np.uint8)


def _draw_patch(
    photo: _Photo, config: FocusConfig, *, rng: np.random.Generator
) -> tuple[NDArray[np.uint8], NDArray[np.float32], NDArray[np.uint8]]:
    """Draw one patch: luma (P, P), log2 sigma of both blurs (2, 5), owners (C, C)."""
    is_hard = photo.structure is not None
    shares = (_HARD_SMEAR_SHARE, _HARD_GRAIN_SHARE) if is_hard else (cameras.SMEAR_SHARE, 0.0)
    camera = cameras.draw_camera(*shares, rng=rng)
    side = min(int(np.ceil(PATCH_PX / camera.scale)) + 2 * _MARGIN_PX, *photo.linear.shape)
    if photo.structure is not None and rng.random() < _HARD_LINED_SHARE:
        mix = scenes.SceneMix()
        top, left, along = _find_lined_place(photo, photo.structure, side, rng=rng)
        blurs = _draw_causes(config, rng=rng, along_rad=along)
    else:
        mix = photo.mix
        blurs = _draw_causes(config, rng=rng)
        top, left = _find_place(photo, side, _limit_softness(blurs), rng=rng)
    light = scenes.relight(photo.linear[top : top + side, left : left + side], mix, rng=rng)
    owner = np.full((PATCH_CELLS, PATCH_CELLS), FIRST, np.uint8)
    if len(blurs) == 2:
        mask = draw_mask(side, rng=rng)
        light = kernels.compose(light, mask, front=blurs[0], back=blurs[1])
        owner = _find_owners(mask, camera.scale)
    else:
        light = optics.blur(light, blurs[0].kernel)
    soft = _crop_cells(photo.softness, top, left, side)
    owner[~_resize_cells(soft < _limit_softness(blurs))] = NOBODY
    luma = cameras.photograph(light, camera, rng=rng)
    row, col = ((n - PATCH_PX) // 2 for n in luma.shape)
    cut = luma[row : row + PATCH_PX, col : col + PATCH_PX]
    labels = np.stack([blurs[i].log2_sigmas(camera.scale) for i in (0, -1)])
    return cut, np.minimum(labels, np.float32(np.log2(MOST_TOLD_PX))), owner


def _limit_softness(blurs: list[kernels.Blur]) -> float:
    """Say from which softness [px] on a cell hides what was added to it."""
    shortest = min(np.linalg.eigvalsh(blur.covariance)[0] for blur in blurs)
    return max(_SOFT_SIGMA_PX, 0.4 * float(np.sqrt(max(shortest, 0.0))))


def _find_place(
    photo: _Photo, side: int, soft_limit_px: float, *, rng: np.random.Generator
) -> tuple[int, int]:
    """Find a place with something to see, if four tries do; its top and its left edge [px]."""
    for _ in range(4):
        top, left = (int(rng.integers(0, n - side + 1)) for n in photo.linear.shape)
        soft = _crop_cells(photo.softness, top, left, side)
        if (soft < soft_limit_px).mean() > 0.4 and (soft > 0).mean() > 0.3:
            break
    return top, left


def _find_lined_place(
    photo: _Photo, structure: NDArray[np.float32], side: int, *, rng: np.random.Generator
) -> tuple[int, int, float]:
    """Find the place, among a dozen, that runs most in one direction; its edges [px], the angle."""
    places = []
    for _ in range(_NUM_PLACES):
        top, left = _find_place(photo, side, _SOFT_SIGMA_PX, rng=rng)
        coherence, along = find_lines(_crop_cells(structure, top, left, side))
        places.append((coherence, top, left, along))
    return max(places)[1:]


def draw_mask(side_px: int, *, rng: np.random.Generator) -> NDArray[np.float32]:
    """Draw the outline of something that stands in front of something else.

    Parameters
    ----------
    side_px : int
        Side S of the mask [px].
    rng : numpy.random.Generator
        Source of its shape.

    Returns
    -------
    ndarray of float32, shape (S, S)
        1 where the front is, 0 where the back is, with a border about a pixel wide.
    """
    num_knots = int(rng.integers(3, 12))
    knots = Image.fromarray(rng.normal(size=(num_knots, num_knots)).astype(np.float32))
    field = np.asarray(knots.resize((side_px, side_px), Image.Resampling.BICUBIC))
    axis = np.linspace(-1, 1, side_px, dtype=np.float32)
    angle = rng.uniform(0, 2 * np.pi)
    tilt = np.cos(angle) * axis[None, :] + np.sin(angle) * axis[:, None]
    field = field + rng.uniform(0, 3) * tilt
    field = field - np.quantile(field, rng.uniform(0.15, 0.85))
    steepness = np.hypot(*np.gradient(field)) + 1e-3
    return np.asarray(np.clip(0.5 + field / steepness, 0, 1), dtype=np.float32)


def _find_owners(mask: NDArray[np.float32], scale: float) -> NDArray[np.uint8]:
    inner = min(round(PATCH_PX / scale), len(mask))
    start = (len(mask) - inner) // 2
    cut = Image.fromarray(mask[start : start + inner, start : start + inner])
    share = np.asarray(cut.resize((PATCH_CELLS, PATCH_CELLS), Image.Resampling.BOX))
    owner = np.full(share.shape, NOBODY, np.uint8)
    owner[share >= _OWNED_SHARE] = FIRST
    owner[share <= 1 - _OWNED_SHARE] = SECOND
    return owner


def _draw_causes(
    config: FocusConfig, *, rng: np.random.Generator, along_rad: float | None = None
) -> list[kernels.Blur]:
    """Draw the blur of a patch, or those of the front and the back."""
    draw = partial(_draw_cause, config, along_rad=along_rad, rng=rng)
    if rng.random() >= config.border_share:
        return [draw(config.clear_share)]
    blurs = [draw(_CLEAR_SHARE_AT_BORDER), draw(0.0)]
    return blurs if rng.random() < 0.6 else blurs[::-1]


def _draw_cause(
    config: FocusConfig,
    clear_share: float,
    *,
    along_rad: float | None,
    rng: np.random.Generator,
) -> kernels.Blur:
    if rng.random() < clear_share:
        return kernels.no_blur()
    least_px, most_px = config.min_sigma_px, config.max_sigma_px
    if rng.random() < config.large_share:
        least_px, most_px = most_px, config.max_large_sigma_px
    sigma_px = float(np.exp(rng.uniform(np.log(least_px), np.log(most_px))))
    return kernels.draw_blur(sigma_px, rng=rng, along_rad=along_rad)


def _crop_cells(cells: NDArray[np.float32], top: int, left: int, side: int) -> NDArray[np.float32]:
    """Cut the cells of the inner part of a crop: what is left once the margin is gone."""
    inner = max(side - 2 * _MARGIN_PX, CELL_PX)
    offset = (side - inner) // 2
    rows = slice((top + offset) // CELL_PX, -(-(top + offset + inner) // CELL_PX))
    cols = slice((left + offset) // CELL_PX, -(-(left + offset + inner) // CELL_PX))
    return cells[..., rows, cols]


def _resize_cells(cells: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Bring a small map of cells to the grid of a patch, by nearest neighbour."""
    rows = (np.arange(PATCH_CELLS) + 0.5) * cells.shape[0] / PATCH_CELLS
    cols = (np.arange(PATCH_CELLS) + 0.5) * cells.shape[1] / PATCH_CELLS
    return np.asarray(cells[rows.astype(int)[:, None], cols.astype(int)[None, :]])
