"""Libraries of drawn photos, and a way to run the program."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from PIL import Image

from clearshot import optics
from clearshot.catalog.catalog import Catalog
from clearshot.cli.main import cli
from clearshot.photo import Choice, Decision

Run = Callable[..., Result]

_runner = CliRunner()


def run_program(*arguments: str | Path) -> Result:
    return _runner.invoke(cli, [str(argument) for argument in arguments], prog_name="clearshot")


def decide(library: Path, choices: Mapping[str, Choice]) -> None:
    """Keep or reject photos of a scanned library, by name."""
    with Catalog.open(library) as catalog:
        numbers = catalog.decisions.list_numbers()
        decisions = {numbers[library / name]: Decision(each) for name, each in choices.items()}
        catalog.decisions.write(decisions)


@pytest.fixture
def run() -> Run:
    """Run the program in this process."""
    return run_program


@pytest.fixture(scope="session")
def spoilt_photos(clear_photos: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of one clear, blurred, black and white photo each, the blurred one with a sidecar."""
    folder = tmp_path_factory.mktemp("spoilt")
    shutil.copy(clear_photos / "scene0.jpg", folder / "clear.jpg")
    encoded = np.asarray(Image.open(clear_photos / "scene1.jpg"), dtype=np.float32) / 255
    linear = optics.to_linear(encoded)
    kernel = optics.draw_disc(6.0)
    blurred = np.stack([optics.blur(linear[..., c], kernel) for c in range(3)], axis=-1)
    for name, light in (
        ("blurred", blurred),
        ("black", linear / 400),
        ("white", np.clip(linear * 60, 0, 1)),
    ):
        pixels = (optics.to_encoded(light) * 255).astype(np.uint8)
        Image.fromarray(pixels).save(folder / f"{name}.jpg", quality=92)
    (folder / "blurred.xmp").write_text("<x/>")
    return folder


@pytest.fixture
def library(spoilt_photos: Path, tmp_path: Path) -> Path:
    """A library that was never scanned: `spoilt_photos`."""
    return Path(shutil.copytree(spoilt_photos, tmp_path / "library"))


@pytest.fixture(scope="session")
def scanned_photos(spoilt_photos: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = Path(shutil.copytree(spoilt_photos, tmp_path_factory.mktemp("scanned") / "library"))
    assert run_program("scan", folder, "--workers", "1").exit_code == 0
    return folder


@pytest.fixture
def scanned_library(scanned_photos: Path, tmp_path: Path) -> Path:
    """A library that was scanned: `spoilt_photos`."""
    return Path(shutil.copytree(scanned_photos, tmp_path / "library"))


@pytest.fixture
def broken_photos(clear_photos: Path, tmp_path: Path) -> Path:
    """Folder of an empty file, a text, and a truncated photo before a clear one."""
    folder = tmp_path / "broken"
    folder.mkdir()
    content = (clear_photos / "scene2.jpg").read_bytes()
    (folder / "a-empty.jpg").touch()
    (folder / "b-text.jpg").write_text("no picture")
    (folder / "c-truncated.jpg").write_bytes(content[: len(content) // 2])
    (folder / "d-clear.jpg").write_bytes(content)
    return folder


@pytest.fixture
def lock_folders(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Make folders of a name unreadable, also for an administrator."""
    scandir = os.scandir

    def lock(name: str) -> None:
        def refuse(folder: Path) -> object:
            if Path(folder).name == name:
                raise PermissionError(13, "Permission denied", str(folder))
            return scandir(folder)

        monkeypatch.setattr(os, "scandir", refuse)

    return lock
