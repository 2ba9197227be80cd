from __future__ import annotations

import unicodedata
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from clearshot import explain
from clearshot.decode.image import find_judged_region
from clearshot.errors import PhotoError
from clearshot.explain import draw_explanation, draw_overlay
from clearshot.photo import Facts, Region
from clearshot.scoring.focus import FocusMap, FocusNetwork
from clearshot.scoring.scorer import Scorer
from clearshot.scoring.verdict import Thresholds, judge
from conftest import draw_scene


class CountingNetwork(FocusNetwork):
    """Counts how often it runs."""

    num_runs = 0

    def measure(self, luma_hw: NDArray[np.uint8]) -> FocusMap:
        self.num_runs += 1
        return super().measure(luma_hw)


@pytest.fixture(scope="module")
def scorer() -> Scorer:
    return Scorer()


def save(path: Path, *, width: int, height: int) -> Path:
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (height, width, 3)).astype(np.uint8)
    Image.fromarray(pixels).save(path)
    return path


@pytest.mark.parametrize(
    ("width", "height"), [(640, 480), (480, 640), (64, 64), (2000, 130), (130, 2000)]
)
def test_any_shape_fits(scorer: Scorer, tmp_path: Path, width: int, height: int) -> None:
    path = save(tmp_path / "photo.png", width=width, height=height)
    picture = draw_explanation(path, scorer, Thresholds()).picture
    assert picture.width == 1480
    assert 500 < picture.height < 1600


def test_verdict_changes_the_picture(scorer: Scorer, clear_photos: Path) -> None:
    path = clear_photos / "scene0.jpg"
    usual = draw_explanation(path, scorer, Thresholds()).picture
    strict = draw_explanation(path, scorer, Thresholds(blurry=1e-9)).picture
    assert usual.size == strict.size
    assert usual.tobytes() != strict.tobytes()
    again = draw_explanation(path, scorer, Thresholds()).picture
    assert usual.tobytes() == again.tobytes()


def test_unreadable_photo_is_named(scorer: Scorer, tmp_path: Path) -> None:
    (tmp_path / "empty.jpg").touch()
    with pytest.raises(PhotoError, match=r"empty\.jpg"):
        draw_explanation(tmp_path / "empty.jpg", scorer, Thresholds())


def test_scale_gets_brighter_with_sharpness() -> None:
    log2_sigma = np.linspace(4, -2, 60, dtype=np.float32)[None]
    luma = np.asarray(Image.fromarray(explain._to_color(log2_sigma)).convert("L"), dtype=int)
    assert (np.diff(luma[0]) >= -1).all()
    assert luma[0, -1] - luma[0, 0] > 150


def test_long_reasons_and_foreign_names_fit() -> None:
    lines = explain._wrap("one two three " * 30, 20, 300)
    font = explain._load_font(20)
    assert all(font.getlength(line) <= 300 for line in lines)
    assert " ".join(lines).split() == ("one two three " * 30).split()
    assert explain._to_ascii("Müller 山.jpg") == r"Muller \u5c71.jpg"
    # Two voices of one letter, and letters apart from their accents, as some systems write them.
    names = ["ガ.jpg", "カ.jpg", "я.jpg", "ب.jpg", "\udce9.jpg"]
    assert len({explain._to_ascii(name) for name in names}) == len(names)
    assert all("?" not in explain._to_ascii(name) for name in names)
    assert explain._to_ascii(unicodedata.normalize("NFD", "Müller")) == "Muller"
    assert explain._fit("x" * 200, 20, 100).endswith("...")


def test_picture_and_verdict_come_from_one_measurement(clear_photos: Path) -> None:
    path = clear_photos / "scene0.jpg"
    network = CountingNetwork()
    explanation = draw_explanation(path, Scorer(network), Thresholds())
    assert network.num_runs == 1
    assert explanation.verdict == judge(Scorer().score(path))


def test_map_covers_what_was_judged() -> None:
    # 7 px of 79 are left out before the cells, 8 behind them.
    cells = (5, 4, 4)
    focus_map = FocusMap(np.full(cells, 3.0, np.float32), np.full(cells, 0.1, np.float32))
    grey = Image.new("RGB", (79, 79), (120, 120, 120))
    judged, sharpest = find_judged_region(79, 79), Region(30, 30, 10, 10)
    drawn = np.asarray(explain._draw_photo(grey, focus_map, judged, sharpest), dtype=int)
    is_colored = np.ptp(drawn, axis=-1)[200] > 0
    factor = len(is_colored) / 79
    assert np.flatnonzero(is_colored)[[0, -1]] == pytest.approx([7 * factor, 71 * factor], abs=2)


def test_the_focus_point_of_the_camera_is_marked(scorer: Scorer, tmp_path: Path) -> None:
    pixels = draw_scene(1)
    Image.fromarray(pixels).save(tmp_path / "plain.jpg")
    exif = Image.Exif()
    exif.get_ifd(0x8769).update({0xA002: 512, 0xA003: 384, 0x9214: (128, 96)})
    Image.fromarray(pixels).save(tmp_path / "focused.jpg", exif=exif)
    plain, focused = (
        draw_explanation(tmp_path / name, scorer, Thresholds())
        for name in ("plain.jpg", "focused.jpg")
    )
    assert (focused.scores.facts.focus_x, focused.scores.facts.focus_y) == (0.25, 0.25)
    differs = np.asarray(plain.picture) != np.asarray(focused.picture)
    rows, cols, _ = differs[:1000].nonzero()
    assert (rows.max() - rows.min(), cols.max() - cols.min()) < (100, 120)


@pytest.mark.parametrize("x", [0.0, 0.995])
def test_words_beside_the_rim_are_whole(x: float) -> None:
    def mark(focus_x: float) -> NDArray[np.uint8]:
        photo = Image.new("RGB", (300, 200), (120, 120, 120))
        explain._draw_focus_point(photo, Facts(focus_x=focus_x, focus_y=0.2))
        # Only letters have white between black there: below the cross.
        return np.asarray(photo.convert("L"))[68:]

    def count(marked_hw: NDArray[np.uint8]) -> list[int]:
        return [int((marked_hw > 200).sum()), int((marked_hw < 60).sum())]

    assert count(mark(x)) == count(mark(0.5))


def test_a_focus_point_of_another_picture_is_not_marked(scorer: Scorer, tmp_path: Path) -> None:
    exif = Image.Exif()
    exif.get_ifd(0x8769).update({0xA002: 512, 0xA003: 384, 0x9214: (128, 96)})
    # Turned by a program that kept EXIF.
    Image.fromarray(np.rot90(draw_scene(1))).save(tmp_path / "turned.jpg", exif=exif)
    facts = draw_explanation(tmp_path / "turned.jpg", scorer, Thresholds()).scores.facts
    assert (facts.focus_x, facts.focus_y) == (None, None)


def test_the_overlay_has_the_photos_proportions_and_shows_only_what_is_certain(
    scorer: Scorer, clear_photos: Path, tmp_path: Path
) -> None:
    overlay = draw_overlay(scorer.measure(clear_photos / "scene0.jpg"), long_side_px=256)
    assert overlay.mode == "RGBA"
    assert overlay.size == (256, 192)
    flat = tmp_path / "flat.png"
    Image.new("RGB", (512, 384), "grey").save(flat)
    opacity = np.asarray(overlay.getchannel("A"), dtype=float).mean()
    empty = draw_overlay(scorer.measure(flat), long_side_px=256).getchannel("A")
    assert np.asarray(empty, dtype=float).mean() < opacity / 4
