"""Examples carry the error that was made; scenes that are dark on purpose stay scenes."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pytest

pytest.importorskip("torch", reason="the extra `train` is not installed")

from clearshot.optics import to_encoded
from clearshot.scoring.exposure import NUM_STATISTICS, SQUARE_PX
from clearshot.training import lights
from clearshot.training.config import ExposureConfig
from clearshot.training.exposures import draw_examples, label_exposure, measure_lost
from clearshot.training.film import draw_film_curve

if TYPE_CHECKING:
    from pathlib import Path

CONFIG = ExposureConfig(num_workers=1)
SCENES = (
    lights.spotlight, lights.night, lights.stars, lights.silhouette, lights.low_key,
    lights.vignette, lights.bright_background, lights.cutout, lights.backlight, lights.fog,
    lights.snow, lights.frame,
)  # fmt: skip


@pytest.mark.parametrize("seed", range(8))
def test_a_curve_rises_from_black_to_white_and_can_be_turned_round(seed: int) -> None:
    curve = draw_film_curve(rng=np.random.default_rng(seed))
    light = np.exp2(np.linspace(-12, 6, 200)).astype(np.float32)
    encoded = curve.photograph(light)
    assert (np.diff(encoded) >= 0).all()
    assert encoded[0] < 0.02
    assert encoded[-1] > 0.98
    levels = np.linspace(0.05, 0.97, 50).astype(np.float32)
    assert np.abs(curve.photograph(curve.find_light(levels)) - levels).max() < 0.01


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("change", SCENES)
def test_scenes_are_light(change: object, seed: int) -> None:
    assert callable(change)
    rng = np.random.default_rng(seed)
    light = rng.random((90, 120, 3), dtype=np.float32)
    before = light.copy()
    changed = change(light, (0.4, 0.6), rng=rng)
    assert changed.shape == light.shape
    assert changed.dtype == np.float32
    assert np.isfinite(changed).all()
    assert changed.min() >= 0
    assert np.array_equal(light, before)


def test_a_spotlight_lights_its_subject() -> None:
    rng = np.random.default_rng(0)
    light = np.full((100, 150, 3), 0.2, np.float32)
    lit = lights.spotlight(light, (0.5, 0.5), rng=rng)
    assert lit[50, 75].mean() > 4 * lit.mean(axis=2).min()


@pytest.mark.parametrize("seed", range(8))
def test_stars_shine_in_a_dim_sky(seed: int) -> None:
    light = np.full((200, 300, 3), 0.2, np.float32)
    sky = lights.stars(light, (0.5, 0.5), rng=np.random.default_rng(seed))
    assert np.median(sky) < 0.1
    assert sky.max() > 4 * np.median(sky)


@pytest.mark.parametrize("seed", range(8))
def test_what_is_cut_out_is_before_white(seed: int) -> None:
    light = np.full((100, 150, 3), 0.2, np.float32)
    picture = lights.cutout(light, (0.5, 0.5), rng=np.random.default_rng(seed))
    assert picture[50, 75].max() < 0.9
    assert picture[0, 0].min() > 0.9


def test_what_is_white_by_itself_is_not_lost() -> None:
    curve = draw_film_curve(rng=np.random.default_rng(0))
    light = np.full((100, 100, 3), 64.0, np.float32)
    light[:20] = 0.2
    light[:10] = 0.1
    shares = [measure_lost(light, light * np.float32(2.0**n), curve) for n in range(-1, 10)]
    assert shares[:2] == [0.0, 0.0]
    # Paper is four fifths of it; of the rest first one half clips, then the other.
    assert set(np.round(shares, 6)) == {0.0, 0.5, 1.0}


def test_labels_need_an_error_and_what_comes_of_it() -> None:
    dark, usual = np.full((64, 64), 8, np.uint8), np.full((64, 64), 110, np.uint8)
    assert label_exposure(-4.0, dark, 0.0).tolist() == [-4.0, 1.0, 0.0]
    assert label_exposure(0.0, dark, 0.0)[1] == 0  # a night
    assert label_exposure(-4.0, usual, 0.0)[1] == 0  # snow, as a camera meters it
    assert label_exposure(4.0, usual, 0.3).tolist() == [4.0, 0.0, 1.0]
    assert label_exposure(4.0, usual, 0.0)[2] == 0  # nothing is lost
    assert label_exposure(0.0, usual, 0.0).tolist() == [0.0, 0.0, 0.0]
    series = [label_exposure(-error, dark, 0.0)[1] for error in np.linspace(0, 4, 9)]
    assert all(a <= b for a, b in pairwise(series))


def test_examples_do_not_depend_on_the_number_of_workers(clear_photos: Path) -> None:
    photos = sorted(clear_photos.rglob("*.*"))[:2]
    sets = [
        draw_examples(photos, ExposureConfig(num_workers=n), num_examples=6, seed=3) for n in (1, 2)
    ]
    for name in ("luma", "statistics", "labels"):
        assert np.array_equal(getattr(sets[0], name), getattr(sets[1], name))
    assert sets[0].luma.shape == (6, SQUARE_PX, SQUARE_PX)
    assert sets[0].statistics.shape == (6, NUM_STATISTICS)


def test_more_light_makes_brighter_examples(clear_photos: Path) -> None:
    photos = sorted(clear_photos.rglob("*.*"))[:3]
    examples = draw_examples(photos, CONFIG, num_examples=60, seed=0)
    error, means = examples.labels[:, 0], examples.luma.mean(axis=(1, 2))
    assert means[error < -2].mean() + 60 < means[error > 2].mean()
    assert examples.labels[error > -1, 1].max() == 0
    assert examples.labels[error < 1, 2].max() == 0


def test_linear_light_of_the_sample_curve_is_srgb() -> None:
    # The curve without shoulder and contrast is sRGB's, so that stops mean stops.
    light = np.exp2(np.linspace(-6, -2, 9)).astype(np.float32)
    curves = [draw_film_curve(rng=np.random.default_rng(seed)) for seed in range(40)]
    nearest = min(np.abs(curve.photograph(light) - to_encoded(light)).max() for curve in curves)
    assert nearest < 0.02
