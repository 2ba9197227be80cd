"""A whole small training of the exposure network: photos in, a described network out."""

from __future__ import annotations

import json
import tomllib
from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("torch", reason="the extra `train` is not installed")

from typing import TYPE_CHECKING

from clearshot.errors import InputError
from clearshot.scoring.exposure import NUM_STATISTICS, SQUARE_PX, ExposureNetwork
from clearshot.scoring.weights import read_network
from clearshot.training.config import ExposureConfig
from clearshot.training.exposure_recipe import TrainedExposure, train_exposure

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.filterwarnings("ignore")

TINY = ExposureConfig(
    num_examples=120, num_epochs=2, batch_size=16, validation_share=0.34, num_workers=1
)


@pytest.fixture(scope="module")
def run_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("exposure")


@pytest.fixture(scope="module")
def trained(clear_photos: Path, run_folder: Path) -> TrainedExposure:
    return train_exposure(clear_photos, run_folder, config=TINY, verbose=0)


def test_a_run_leaves_a_network_that_is_described_and_scores(
    trained: TrainedExposure, run_folder: Path
) -> None:
    file = read_network("exposure", folder=run_folder)
    manifest = tomllib.loads((run_folder / "manifest.toml").read_text())["exposure"]
    assert trained.path.read_bytes() == file.content
    assert manifest["sha256"] == file.sha256
    assert manifest["config"]["seed"] == TINY.seed
    assert manifest["validation"]["num_examples"] == 41
    measured = ExposureNetwork(file).measure(
        np.full((SQUARE_PX, SQUARE_PX), 90, np.uint8), np.zeros(NUM_STATISTICS, np.float32)
    )
    assert np.isfinite(measured).all()
    assert (run_folder / "curves.png").stat().st_size > 5_000


def test_validation_is_told_by_bands_of_errors(trained: TrainedExposure, run_folder: Path) -> None:
    head, *rows = trained.rows
    assert head[0] == "exposure"
    assert sum(int(row[1]) for row in rows) == 41
    assert json.loads((run_folder / "validation.json").read_text())["num_examples"] == 41


def test_a_finished_run_is_not_trained_again(
    trained: TrainedExposure, clear_photos: Path, run_folder: Path
) -> None:
    before = {path: path.stat().st_mtime_ns for path in run_folder.rglob("*.npy")}
    sha256 = read_network("exposure", folder=run_folder).sha256
    again = train_exposure(clear_photos, run_folder, config=TINY, verbose=0)
    assert {path: path.stat().st_mtime_ns for path in run_folder.rglob("*.npy")} == before
    assert read_network("exposure", folder=run_folder).sha256 == sha256
    assert again == trained


def test_another_run_is_refused(
    trained: TrainedExposure, clear_photos: Path, run_folder: Path
) -> None:
    with pytest.raises(InputError, match="another run"):
        train_exposure(clear_photos, run_folder, config=replace(TINY, seed=1), verbose=0)
    assert trained.path.exists()
    with pytest.raises(InputError, match="inside the folder of the photos"):
        train_exposure(clear_photos, clear_photos / "run", config=TINY, verbose=0)
