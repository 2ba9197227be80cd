"""Patches carry the label of the blur that was applied, whatever the number of workers."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from clearshot.training.config import FocusConfig
from clearshot.training.patches import (
    FIRST,
    MOST_TOLD_PX,
    NOBODY,
    PATCH_CELLS,
    PATCH_PX,
    SECOND,
    draw_mask,
    draw_patches,
    shrink,
)
from clearshot.training.structure import find_lines, measure_structure

if TYPE_CHECKING:
    from pathlib import Path


def test_patches_do_not_depend_on_the_number_of_workers(clear_photos: Path) -> None:
    photos = sorted(clear_photos.glob("*.jpg"))
    config = FocusConfig(num_workers=1)
    one = draw_patches(photos, config, num_patches=18, seed=3)
    two = draw_patches(photos, dataclasses.replace(config, num_workers=2), num_patches=18, seed=3)
    assert one.luma.shape == (18, PATCH_PX, PATCH_PX)
    assert np.array_equal(one.luma, two.luma)
    assert np.array_equal(one.log2_sigma, two.log2_sigma)
    assert np.array_equal(one.owner, two.owner)
    assert (one.owner != NOBODY).mean() > 0.7
    other = draw_patches(photos, config, num_patches=18, seed=4)
    assert not np.array_equal(one.luma, other.luma)


def test_labels_stay_in_range(clear_photos: Path) -> None:
    config = FocusConfig(num_workers=1)
    patches = draw_patches(sorted(clear_photos.glob("*.jpg")), config, num_patches=96, seed=1)
    sigma = 2.0**patches.log2_sigma
    assert sigma.min() > 0.3
    assert sigma.max() <= MOST_TOLD_PX + 1e-3
    assert (sigma[..., 4] + 1e-3 >= sigma[..., :4].max(axis=2)).all()
    is_clear = sigma[:, 0, 4] < 0.6
    assert 0.1 < is_clear.mean() < 0.6


def test_large_blurs_are_as_frequent_as_asked(clear_photos: Path) -> None:
    photos = sorted(clear_photos.glob("*.jpg"))
    found = []
    for share in (0.0, 1.0):
        config = FocusConfig(num_workers=1, border_share=0.0, max_sigma_px=4.0, large_share=share)
        patches = draw_patches(photos, config, num_patches=48, seed=9)
        # No combined blur and no enlarged picture makes more of the others.
        found.append(float((patches.log2_sigma[:, 0, 4] > np.log2(4.0 * 1.6 * 1.42)).mean()))
    assert found[0] == 0
    assert 0.3 < found[1] < 0.8


def test_borders_are_as_frequent_as_asked(clear_photos: Path) -> None:
    photos = sorted(clear_photos.glob("*.jpg"))
    for share in (0.0, 1.0):
        config = FocusConfig(num_workers=1, border_share=share)
        patches = draw_patches(photos, config, num_patches=32, seed=2)
        has_two = (patches.log2_sigma[:, 0] != patches.log2_sigma[:, 1]).any(axis=1)
        assert has_two.all() == has_two.any() == bool(share)
        assert (patches.owner == SECOND).any() == bool(share)


def test_hard_patches_hold_more_movements_along_lines(clear_photos: Path) -> None:
    photos = sorted(clear_photos.glob("*.jpg"))
    config = FocusConfig(num_workers=1, border_share=0.0)
    shares = []
    for is_hard in (False, True):
        patches = draw_patches(photos, config, num_patches=160, seed=6, is_hard=is_hard)
        angles = [find_lines(measure_structure(luma))[1] for luma in patches.luma]
        step = np.round(np.array(angles) / (np.pi / 4)).astype(int) % 4
        along, across = (
            np.take_along_axis(patches.log2_sigma[:, 0], (step[:, None] + k) % 4, axis=1)
            for k in (0, 2)
        )
        shares.append(float((along - across > 0.5).mean()))
    assert shares[1] > shares[0] + 0.04


def test_a_mask_has_both_sides_and_a_narrow_border() -> None:
    for seed in range(10):
        mask = draw_mask(176, rng=np.random.default_rng(seed))
        assert mask.min() == 0.0
        assert mask.max() == 1.0
        assert 0.1 < mask.mean() < 0.9
        assert ((mask > 0) & (mask < 1)).mean() < 0.2


def test_the_smaller_side_of_a_border_is_sharper_where_its_label_says_so(
    clear_photos: Path,
) -> None:
    config = FocusConfig(num_workers=1, border_share=1.0, min_sigma_px=3.0, max_sigma_px=6.0)
    photos = sorted(clear_photos.glob("*.jpg"))
    patches = draw_patches(photos, config, num_patches=96, seed=5)
    rows, cols = np.indices((PATCH_PX, PATCH_PX)) * PATCH_CELLS // PATCH_PX
    right = []
    for luma, labels, owner in zip(patches.luma, patches.log2_sigma, patches.owner, strict=True):
        if abs(labels[0, 4] - labels[1, 4]) < 2:
            continue
        detail = np.abs(np.diff(luma.astype(float), axis=0, append=luma[-1:]))
        sides = [detail[owner[rows, cols] == who] for who in (FIRST, SECOND)]
        if min(side.size for side in sides) > 2000:
            right.append((sides[0].mean() > sides[1].mean()) == (labels[0, 4] < labels[1, 4]))
    assert len(right) > 10
    assert np.mean(right) > 0.85


def test_shrinking_respects_the_shortest_side() -> None:
    rng = np.random.default_rng(0)
    photo = Image.new("L", (700, 300))
    for _ in range(30):
        small = shrink(photo, rng=rng, min_side_px=264)
        assert min(small.size) >= 264
        assert small.width <= 700
        assert small.height <= 300
