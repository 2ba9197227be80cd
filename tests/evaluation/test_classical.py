from __future__ import annotations

import math
import pickle
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from clearshot.errors import MissingExtraError, PhotoError
from clearshot.evaluation.classical import (
    METRICS,
    CleanVisionDetector,
    MetricDetector,
    measure_laplacian,
    measure_tile_laplacian,
)
from clearshot.optics import blur, draw_gaussian
from clearshot.photo import Label
from conftest import draw_scene


@pytest.mark.parametrize("metric", METRICS)
def test_more_blur_never_scores_sharper(metric: str) -> None:
    pytest.importorskip("skimage", reason="blur-effect needs the extra `bench`")
    luma = draw_scene(3, width=256, height=192)[..., 1]
    scores = [METRICS[metric](luma)]
    for sigma_px in (0.7, 1.5, 3.0, 6.0):
        blurred = blur(luma.astype(np.float32) / np.float32(255), draw_gaussian(sigma_px))
        scores.append(METRICS[metric](np.clip(blurred * 255, 0, 255).astype(np.uint8)))
    assert scores == sorted(scores)


@pytest.mark.parametrize("metric", METRICS)
def test_a_flat_picture_is_as_blurry_as_can_be(metric: str) -> None:
    pytest.importorskip("skimage", reason="blur-effect needs the extra `bench`")
    flat = METRICS[metric](np.full((64, 96), 90, np.uint8))
    assert math.isfinite(flat)
    assert flat > METRICS[metric](draw_scene(1, width=96, height=64)[..., 0])


def test_laplacian_is_that_of_four_neighbours() -> None:
    luma = np.zeros((9, 9), np.uint8)
    luma[4, 4] = 10
    # 49 places: one of -40, four of 10.
    variance = (40**2 + 4 * 10**2) / 49
    assert measure_laplacian(luma) == pytest.approx(-math.log(variance))


def test_tiles_see_a_sharp_subject_that_the_whole_photo_hides() -> None:
    rng = np.random.default_rng(0)
    bokeh = np.full((192, 192), 100, np.uint8)
    bokeh[:80, :80] = rng.integers(60, 140, (80, 80))
    soft = np.clip(100 + rng.normal(0, 6, (192, 192)), 0, 255).astype(np.uint8)
    gain = measure_laplacian(soft) - measure_laplacian(bokeh)
    assert measure_tile_laplacian(soft) - measure_tile_laplacian(bokeh) > gain


def test_cleanvision_scores_as_the_package_does(tmp_path: Path) -> None:
    pytest.importorskip("cleanvision", reason="needs the extra `bench`")
    from cleanvision import Imagelab

    paths = [tmp_path / name for name in ("clear.png", "dark.png", "light.jpg")]
    scene = draw_scene(2, width=300, height=200).astype(float)
    for path, gain in zip(paths, (1.0, 0.05, 9.0), strict=True):
        Image.fromarray(np.clip(scene * gain, 0, 255).astype(np.uint8)).save(path)
    lab = Imagelab(filepaths=[str(path) for path in paths])
    lab.find_issues({"blurry": {}, "dark": {}, "light": {}}, n_jobs=1, verbose=False)
    detector: CleanVisionDetector = pickle.loads(pickle.dumps(CleanVisionDetector("cv")))
    assert detector.name == "cv"
    names = {Label.BLURRY: "blurry", Label.DARK: "dark", Label.OVEREXPOSED: "light"}
    for path in paths:
        scores = detector.score(path)
        for label, issue in names.items():
            row = lab.issues.loc[str(path)]
            assert scores[label] == pytest.approx(-row[f"{issue}_score"])
            assert (scores[label] >= detector.shipped[label]) == row[f"is_{issue}_issue"]


def test_missing_libraries_name_the_extra(
    clear_photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("skimage.measure", "cleanvision.issue_managers.image_property_issue_manager"):
        monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(MissingExtraError, match=r"pip install 'clearshot\[bench\]'"):
        MetricDetector("b", "blur-effect").score(clear_photos / "scene0.jpg")
    monkeypatch.setitem(sys.modules, "skimage", None)
    # Known before any photo is read.
    with pytest.raises(MissingExtraError, match=r"blur-effect needs scikit-image: pip install"):
        MetricDetector("b", "blur-effect")
    with pytest.raises(MissingExtraError, match=r"pip install 'clearshot\[bench\]'"):
        CleanVisionDetector("cleanvision")


def test_metrics_read_photos_as_clearshot_judges_them(tmp_path: Path) -> None:
    (tmp_path / "cut.jpg").write_bytes(b"\xff\xd8\xff\xe0")
    detector = MetricDetector("row", "laplacian")
    with pytest.raises(PhotoError):
        detector.score(tmp_path / "cut.jpg")
    Image.fromarray(draw_scene(0)).save(tmp_path / "a.png")
    assert set(detector.score(tmp_path / "a.png")) == detector.labels == {Label.BLURRY}
