"""The shipped network on real photos: more blur never scores sharper, turning changes nothing."""

from __future__ import annotations

import pickle
from functools import cache
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from clearshot import Scorer, judge
from clearshot.errors import MissingPhotoError
from clearshot.evaluation.labelled import read_labelled
from clearshot.evaluation.metrics import compute_auc
from clearshot.optics import blur, draw_disc, draw_gaussian, draw_line, to_encoded, to_linear
from clearshot.photo import BlurKind, Label, Rating

skimage_data = pytest.importorskip("skimage.data", reason="the extra `bench` is not installed")


@cache
def _read_light(name: str) -> np.ndarray:
    """Read a sample photo of scikit-image as linear light, (H, W, 3)."""
    return to_linear(getattr(skimage_data, name)() / 255)


def _save(path: Path, light: np.ndarray) -> Path:
    Image.fromarray(np.round(to_encoded(light) * 255).astype(np.uint8)).save(path, quality=95)
    return path


def _blur(light: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    return np.stack([blur(light[..., c], kernel) for c in range(3)], axis=-1)


@pytest.mark.parametrize("name", ["astronaut", "coffee", "rocket"])
@pytest.mark.parametrize("draw", [draw_gaussian, draw_disc])
def test_more_blur_never_scores_sharper(tmp_path: Path, name: str, draw: object) -> None:
    assert callable(draw)
    scorer, light = Scorer(), _read_light(name)
    photos = [light, *(_blur(light, draw(sigma_px)) for sigma_px in (0.8, 1.6, 3.2, 6.4))]
    scores = [
        scorer.score(_save(tmp_path / f"{number}.jpg", photo)).focus.blur
        for number, photo in enumerate(photos)
    ]
    assert all(sharper < blurrier for sharper, blurrier in pairwise(scores))


def test_a_sharp_photo_is_good_and_a_blurred_one_bad(tmp_path: Path) -> None:
    light = _read_light("astronaut")
    sharp = judge(Scorer().score(_save(tmp_path / "sharp.jpg", light)))
    blurred = judge(Scorer().score(_save(tmp_path / "blurred.jpg", _blur(light, draw_disc(3.0)))))
    assert sharp.rating is Rating.GOOD
    assert blurred.labels == (Label.BLURRY,)
    assert blurred.blur_kind is BlurKind.DEFOCUS


@pytest.mark.parametrize("name", ["astronaut", "coffee", "rocket"])
def test_blur_beyond_all_that_was_trained_is_bad(tmp_path: Path, name: str) -> None:
    lost = _save(tmp_path / "lost.jpg", _blur(_read_light(name), draw_gaussian(24.0)))
    assert Label.BLURRY in judge(Scorer().score(lost)).labels


@pytest.mark.parametrize("angle_rad", [0.0, np.pi / 4, np.pi / 2])
def test_a_movement_is_motion(tmp_path: Path, angle_rad: float) -> None:
    moved = _blur(_read_light("coffee"), draw_line(5.0, angle_rad=angle_rad))
    verdict = judge(Scorer().score(_save(tmp_path / "moved.jpg", moved)))
    assert verdict.labels == (Label.BLURRY,)
    assert verdict.blur_kind is BlurKind.MOTION


def test_a_sharp_subject_before_a_blurred_background_is_good(tmp_path: Path) -> None:
    light = _read_light("astronaut")
    y, x = np.mgrid[0:512, 0:512]
    subject = np.clip((150 - np.hypot(x - 225, y - 130)) / 20, 0, 1)[..., None]
    photo = subject * light + (1 - subject) * _blur(light, draw_disc(6.0))
    scores = Scorer().score(_save(tmp_path / "bokeh.jpg", photo))
    assert judge(scores).rating is Rating.GOOD
    middle_x = scores.focus.sharpest.x + scores.focus.sharpest.width / 2
    middle_y = scores.focus.sharpest.y + scores.focus.sharpest.height / 2
    assert np.hypot(middle_x - 225, middle_y - 130) < 150


def test_less_light_is_darker_and_more_is_brighter(tmp_path: Path) -> None:
    light, scorer = _read_light("coffee"), Scorer()
    verdicts = [
        judge(scorer.score(_save(tmp_path / f"{stops}.png", light * 2.0**stops)))
        for stops in range(-6, 5, 2)
    ]
    assert all(a.p_dark >= b.p_dark for a, b in pairwise(verdicts))
    assert all(a.p_overexposed <= b.p_overexposed for a, b in pairwise(verdicts))
    assert Label.DARK in verdicts[0].labels
    assert Label.OVEREXPOSED in verdicts[-1].labels
    assert verdicts[3].labels == ()  # as it was taken


def test_a_turned_photo_has_the_same_scores(tmp_path: Path) -> None:
    picture = Image.fromarray(skimage_data.coffee())
    picture.save(tmp_path / "upright.png")
    exif = Image.Exif()
    exif[0x0112] = 6
    picture.transpose(Image.Transpose.ROTATE_90).save(tmp_path / "turned.png", exif=exif)
    first, second = (Scorer().score(tmp_path / f"{name}.png") for name in ("upright", "turned"))
    assert first == second


def test_a_photo_may_be_named_by_text(tmp_path: Path) -> None:
    photo = _save(tmp_path / "sharp.jpg", _read_light("coffee"))
    assert Scorer().score(str(photo)) == Scorer().score(photo)
    with pytest.raises(MissingPhotoError, match=r"nothing\.jpg"):
        Scorer().score(str(tmp_path / "nothing.jpg"))
    # No photo is at fault where the program is.
    with pytest.raises(TypeError):
        Scorer().score(photo.read_bytes())  # type: ignore[arg-type]


def test_a_scorer_that_has_scored_can_be_sent_elsewhere(tmp_path: Path) -> None:
    path = _save(tmp_path / "photo.jpg", _read_light("coffee"))
    scorer = Scorer()
    scores = scorer.score(path)
    content = pickle.dumps(scorer)
    assert len(content) < 1_000  # the network stays in the package
    copy = pickle.loads(content)
    assert copy.recipe == scorer.recipe
    assert copy.score(path) == scores


@pytest.mark.realdata
def test_phone_photos_are_told_apart(real_photos: Path) -> None:
    photos = [p for p in read_labelled(real_photos / "blur").photos if p.source == "kwentar"]
    scorer = Scorer()
    scores = {photo: scorer.score(photo.path).focus.blur for photo in photos}
    clear = np.array([score for photo, score in scores.items() if photo.label is None])
    blurry = np.array([score for photo, score in scores.items() if photo.label is Label.BLURRY])
    assert (len(clear), len(blurry)) == (12, 24)
    assert compute_auc(clear, blurry) > 0.95
