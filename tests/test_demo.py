from __future__ import annotations

from importlib import resources
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from clearshot.demo import ORIGIN_NAME, write_demo
from clearshot.errors import InputError
from clearshot.optics import to_linear
from clearshot.photo import BlurKind, Label, Rating
from clearshot.scoring.scorer import Scorer
from clearshot.scoring.verdict import judge

SAMPLES = Path(str(resources.files("clearshot"))) / "samples"
PHOTOGRAPHS = sorted([*SAMPLES.glob("*.jpg"), *SAMPLES.glob("*.webp")])


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo library."""
    folder = tmp_path_factory.mktemp("demo") / "new" / "library"
    write_demo(folder)
    return folder


def read_light(path: Path) -> np.ndarray:
    return to_linear(np.asarray(Image.open(path).convert("L"), dtype=np.float32) / 255)


def measure_detail(path: Path) -> float:
    luma = np.asarray(Image.open(path).convert("L"), dtype=float)
    return float(np.abs(np.diff(luma, axis=0)).mean() + np.abs(np.diff(luma, axis=1)).mean())


def to_rgb(pixels: np.ndarray) -> np.ndarray:
    return pixels if pixels.ndim == 3 else np.repeat(pixels[..., None], 3, axis=-1)


def test_every_kind_is_there(demo: Path) -> None:
    names = [path.stem for path in demo.glob("*.jpg")]
    assert 16 <= len(names) <= 24
    for kind in ("clear", "out-of-focus", "shaken", "blurred-background", "dark", "overexposed"):
        assert sum(name.endswith(f"-{kind}") for name in names) >= 2


def test_variants_are_what_they_are_called(demo: Path) -> None:
    for path in demo.glob("*.jpg"):
        scene, kind = path.stem.split("-", 1)
        clear = demo / f"{scene}-clear.jpg"
        brighter = float(np.median(read_light(path)) / np.median(read_light(clear)))
        if kind in {"out-of-focus", "shaken", "blurred-background"}:
            assert measure_detail(path) < 0.9 * measure_detail(clear)
            assert 0.7 < brighter < 1.4
        elif kind == "dark":
            assert brighter < 0.15
        elif kind == "overexposed":
            assert brighter > 2


def test_each_photo_is_judged_as_it_is_called(demo: Path) -> None:
    labels = {"dark": Label.DARK, "overexposed": Label.OVEREXPOSED}
    kinds = {"out-of-focus": BlurKind.DEFOCUS, "shaken": BlurKind.MOTION}
    scorer = Scorer()
    for path in sorted(demo.glob("*.jpg")):
        kind = path.stem.split("-", 1)[1]
        verdict = judge(scorer.score(path))
        if kind in labels:
            assert labels[kind] in verdict.labels, path.stem
        elif kind in kinds:
            assert verdict.labels == (Label.BLURRY,), path.stem
            assert verdict.blur_kind is kinds[kind], path.stem
        else:
            assert verdict.rating is Rating.GOOD, path.stem


def test_origin_names_every_scene_and_its_rights(demo: Path) -> None:
    text = (demo / ORIGIN_NAME).read_text(encoding="utf-8")
    for scene in {path.stem.split("-", 1)[0] for path in demo.glob("*.jpg")}:
        assert f"\n{scene}-*.jpg: " in text
    assert text.count("CC0 by the photographer") + text.count("public domain") >= 5


def test_photos_are_the_same_every_time(demo: Path, tmp_path: Path) -> None:
    for path in write_demo(tmp_path / "again"):
        assert path.read_bytes() == (demo / path.name).read_bytes()


def test_photographs_and_their_rights_are_those_of_scikit_image() -> None:
    data = pytest.importorskip("skimage.data", reason="the extra `bench` is not installed")
    originals = (data.astronaut, data.chelsea, data.coffee, data.camera, data.rocket)
    for path, original in zip(PHOTOGRAPHS, originals, strict=True):
        assert "CC0" in original.__doc__ or "public domain" in original.__doc__
        with Image.open(path) as picture:
            assert np.array_equal(np.asarray(picture.convert("RGB")), to_rgb(original())), path.name


def test_note_beside_the_photographs_says_what_the_demo_says(demo: Path) -> None:
    note = (SAMPLES / ORIGIN_NAME).read_text(encoding="utf-8")
    said = (demo / ORIGIN_NAME).read_text(encoding="utf-8")
    for path in PHOTOGRAPHS:
        title_and_rights = said.split(f"\n{path.stem}-*.jpg: ")[1].splitlines()[:2]
        assert f"\n{path.name}: " + "\n".join(title_and_rights) in note


def test_folder_with_something_in_it_is_refused(tmp_path: Path) -> None:
    (tmp_path / ".hidden").touch()
    with pytest.raises(InputError, match="not empty"):
        write_demo(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [".hidden"]


def test_file_in_place_of_the_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="file: the demo library cannot be written"):
        write_demo(tmp_path / "file")
