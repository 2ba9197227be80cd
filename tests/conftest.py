"""Fixtures named for a state, and the isolation that every test gets."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from PIL import Image

from clearshot.catalog.catalog import Catalog

# Each of several test processes has one core; threads of libraries would only stand in the way.
# Set before any of them is loaded.
if "PYTEST_XDIST_WORKER" in os.environ:
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ.setdefault(name, "1")

# The same code gets the same examples, and a busy machine may take long over one.
settings.register_profile(
    "clearshot", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("clearshot")

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture(autouse=True)
def isolated_home(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Keep every test away from the settings of whoever runs it."""
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home / ".config"))


@pytest.fixture
def library(tmp_path: Path) -> Path:
    """An empty library."""
    folder = tmp_path / "library"
    folder.mkdir()
    return folder


@pytest.fixture
def catalog(library: Path) -> Iterator[Catalog]:
    """The open, empty catalog of `library`."""
    with Catalog.open(library) as catalog:
        yield catalog


@pytest.fixture
def trash(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty trash as freedesktop.org describes it, on the device of `tmp_path`."""
    plat_other = pytest.importorskip("send2trash.plat_other", reason="needs a freedesktop trash")
    data = tmp_path / "data"
    monkeypatch.setenv("XDG_DATA_HOME", str(data))
    monkeypatch.setattr(plat_other, "XDG_DATA_HOME", os.fsencode(data))
    monkeypatch.setattr(plat_other, "HOMETRASH_B", os.fsencode(data / "Trash"))
    monkeypatch.setattr("send2trash.send2trash", plat_other.send2trash)
    return data / "Trash"


@pytest.fixture
def ordinary_user(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ask the mode of a file whether it can be written, which does not bind an administrator."""
    access = os.access

    def judge(path: str | bytes | Path, mode: int) -> bool:
        if not access(path, mode):
            return False
        return not mode & os.W_OK or bool(Path(os.fsdecode(path)).stat().st_mode & stat.S_IWUSR)

    monkeypatch.setattr(os, "access", judge)


@pytest.fixture
def real_photos() -> Path:
    """Folder of labelled real photos beside the checkout."""
    if not (DATA / "MANIFEST.csv").exists():
        pytest.skip("the labelled photos are not beside the checkout (../shared/data)")
    return DATA


@pytest.fixture(scope="session")
def clear_photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of six sharp drawn photos: edges, texture and flat parts, 512 x 384 px."""
    folder = tmp_path_factory.mktemp("clear")
    for number in range(6):
        Image.fromarray(draw_scene(number)).save(folder / f"scene{number}.jpg", quality=95)
    return folder


def draw_scene(seed: int, *, width: int = 512, height: int = 384) -> np.ndarray:
    """Draw a sharp scene: random polygons of all sizes with texture, RGB uint8 (H, W, 3)."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width]
    picture = np.zeros((height, width, 3)) + rng.uniform(40, 200, 3)
    for _ in range(120):
        angle, side = rng.uniform(0, np.pi), np.exp(rng.uniform(np.log(4), np.log(90)))
        middle_x, middle_y = rng.uniform(0, width), rng.uniform(0, height)
        # Nothing of a polygon lies beyond its diagonal.
        around = tuple(
            slice(max(0, int(middle - 1.5 * side)), int(middle + 1.5 * side) + 1)
            for middle in (middle_y, middle_x)
        )
        dx, dy = x[around] - middle_x, y[around] - middle_y
        u, v = dx * np.cos(angle) + dy * np.sin(angle), dy * np.cos(angle) - dx * np.sin(angle)
        inside = (abs(u) < side) & (abs(v) < side * rng.uniform(0.2, 1))
        picture[around][inside] = rng.uniform(0, 255, 3)
    picture[:, : width // 2] += rng.normal(0, 12, (height, width // 2, 1))
    return np.clip(picture, 0, 255).astype(np.uint8)
