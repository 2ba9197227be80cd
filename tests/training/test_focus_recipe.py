"""A whole small training: from photos to a network that scores, also when interrupted."""

from __future__ import annotations

import json
import shutil
import tomllib
from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("torch", reason="the extra `train` is not installed")

from typing import TYPE_CHECKING

from clearshot.errors import InputError
from clearshot.photo import Region
from clearshot.scoring.focus import FocusNetwork
from clearshot.scoring.pooling import pool
from clearshot.scoring.weights import read_network
from clearshot.training import focus_recipe, focus_trainer, networks
from clearshot.training.answers import answer_patches
from clearshot.training.backend import prepare_backend
from clearshot.training.batches import EpochStarts
from clearshot.training.config import Earlier, FocusConfig
from clearshot.training.focus_recipe import train_focus
from clearshot.training.networks import NUM_SIGMAS

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.filterwarnings("ignore")

TINY = FocusConfig(
    num_patches=96,
    num_epochs=2,
    num_hard_patches=48,
    num_hard_epochs=1,
    num_further_epochs=1,
    num_taught_epochs=1,
    batch_size=16,
    validation_share=0.34,
    num_workers=1,
)
# For runs of which only the steps matter.
TINIEST = replace(TINY, num_patches=20, num_hard_patches=16)


@pytest.fixture(scope="module")
def run_folder(clear_photos: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("run")
    train_focus(clear_photos, folder, config=TINY, verbose=0)
    return folder


def test_a_run_leaves_a_network_that_is_described_and_scores(run_folder: Path) -> None:
    file = read_network("focus", folder=run_folder)
    manifest = tomllib.loads((run_folder / "manifest.toml").read_text())["focus"]
    assert manifest["sha256"] == file.sha256
    assert manifest["num_photos"] == 6
    assert manifest["config"]["seed"] == TINY.seed
    assert manifest["recipe"] == "clearshot train focus"
    luma = np.random.default_rng(0).integers(0, 256, (128, 192)).astype(np.uint8)
    scores = pool(FocusNetwork(file).measure(luma), Region(0, 0, 192, 128))
    assert np.isfinite(scores.blur)
    assert scores.sigma_px > 0
    assert (run_folder / "curves.png").stat().st_size > 5_000


def test_the_loss_falls(run_folder: Path) -> None:
    rows = json.loads((run_folder / "checkpoints" / "history.json").read_text())
    assert [row["epoch"] for row in rows] == [0, 1]
    assert rows[1]["loss"] < rows[0]["loss"]
    assert len(json.loads((run_folder / "checkpoints-hard" / "history.json").read_text())) == 1


def test_training_leaves_the_arithmetic_of_the_process_alone(run_folder: Path) -> None:
    assert run_folder.exists()
    smallest = np.array([np.finfo(np.float64).smallest_subnormal])
    assert (smallest * 1.0)[0] > 0


def test_a_finished_run_is_not_trained_again(run_folder: Path, clear_photos: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in run_folder.rglob("*.npy")}
    sha256 = read_network("focus", folder=run_folder).sha256
    train_focus(clear_photos, run_folder, config=TINY, verbose=0)
    assert {path: path.stat().st_mtime_ns for path in run_folder.rglob("*.npy")} == before
    assert read_network("focus", folder=run_folder).sha256 == sha256


def test_an_interrupted_run_goes_on_where_it_stood(
    clear_photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def begin_epoch(_: EpochStarts, epoch: int, logs: object = None) -> None:
        if epoch == 1:
            stop()

    monkeypatch.setattr(EpochStarts, "on_epoch_begin", begin_epoch)
    with pytest.raises(KeyboardInterrupt):
        train_focus(clear_photos, tmp_path, config=TINIEST, verbose=0)
    monkeypatch.undo()
    train_focus(clear_photos, tmp_path, config=TINIEST, verbose=0)
    rows = json.loads((tmp_path / "checkpoints" / "history.json").read_text())
    assert [row["epoch"] for row in rows] == [0, 1]


def test_a_network_learns_on(run_folder: Path, clear_photos: Path, tmp_path: Path) -> None:
    file = read_network("focus", folder=run_folder)
    train_focus(clear_photos, tmp_path, earlier=Earlier(start=file), config=TINIEST, verbose=0)
    manifest = tomllib.loads((tmp_path / "manifest.toml").read_text())["focus"]
    assert manifest["start_sha256"] == file.sha256 != manifest["sha256"]
    assert "teacher_sha256" not in manifest
    assert manifest["recipe"] == "clearshot train focus --start"
    assert len(json.loads((tmp_path / "checkpoints-further" / "history.json").read_text())) == 1
    assert not (tmp_path / "checkpoints").exists()
    with pytest.raises(InputError, match="holds another run"):
        train_focus(clear_photos, tmp_path, config=TINIEST, verbose=0)


def test_a_network_learns_from_others(
    run_folder: Path, clear_photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    teacher, other = read_network("focus"), read_network("focus", folder=run_folder)
    earlier = Earlier(teachers=(teacher, other))
    # At a rate at which a few steps leave it near to what it began with.
    config = replace(TINIEST, taught_rate=1e-6)
    train_focus(clear_photos, tmp_path, earlier=earlier, config=config, verbose=0)
    manifest = tomllib.loads((tmp_path / "manifest.toml").read_text())["focus"]
    assert manifest["teacher_sha256"] == [teacher.sha256, other.sha256]
    assert "start_sha256" not in manifest
    assert manifest["recipe"] == "clearshot train focus --teacher"
    assert len(json.loads((tmp_path / "checkpoints-taught" / "history.json").read_text())) == 1
    taught = read_network("focus", folder=tmp_path)
    # A run that is finished asks its teachers nothing more.
    monkeypatch.setattr(focus_trainer, "answer_patches", lambda *_: stop())
    train_focus(clear_photos, tmp_path, earlier=earlier, config=config, verbose=0)
    assert read_network("focus", folder=tmp_path).sha256 == taught.sha256
    luma = np.load(tmp_path / "patches" / "luma.npy")
    one, two = (answer_patches([file], luma).astype(np.float32) for file in (teacher, taught))
    assert np.abs(one - two)[:, :NUM_SIGMAS].mean() < 0.1


def test_a_network_learns_on_from_others(
    run_folder: Path, clear_photos: Path, tmp_path: Path
) -> None:
    start, teacher = read_network("focus", folder=run_folder), read_network("focus")
    earlier = Earlier(start=start, teachers=(teacher,))
    config = replace(TINIEST, taught_rate=1e-6)
    train_focus(clear_photos, tmp_path, earlier=earlier, config=config, verbose=0)
    manifest = tomllib.loads((tmp_path / "manifest.toml").read_text())["focus"]
    assert manifest["start_sha256"] == start.sha256
    assert manifest["teacher_sha256"] == [teacher.sha256]
    assert manifest["recipe"] == "clearshot train focus --start --teacher"
    trained = read_network("focus", folder=tmp_path)
    luma = np.load(tmp_path / "patches" / "luma.npy")
    told = {
        file.sha256: answer_patches([file], luma).astype(np.float32)[:, :NUM_SIGMAS]
        for file in (start, teacher, trained)
    }
    to_start, to_teacher = (
        np.abs(told[trained.sha256] - told[file.sha256]).mean() for file in (start, teacher)
    )
    assert to_start < 0.1 < to_teacher


def test_what_has_learned_on_meets_what_it_was_halfway() -> None:
    prepare_backend(5)
    one, other = networks.build_exposure(), networks.build_exposure()
    begun, learned = one.get_weights(), other.get_weights()
    focus_trainer.meet_halfway(other, begun)
    for before, after, met in zip(begun, learned, other.get_weights(), strict=True):
        assert np.abs((before + after) / 2 - met).max() < 1e-6


def test_other_settings_or_no_photos_are_refused(
    run_folder: Path, clear_photos: Path, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match="holds another run"):
        train_focus(clear_photos, run_folder, config=FocusConfig(), verbose=0)
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="no photos of at least"):
        train_focus(tmp_path / "empty", tmp_path / "run", config=TINIEST, verbose=0)
    with pytest.raises(InputError, match="no such folder"):
        train_focus(tmp_path / "nowhere", tmp_path / "run", config=TINIEST, verbose=0)


def test_photos_that_were_renamed_so_that_others_validate_are_refused(
    clear_photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    photos, run_folder = tmp_path / "photos", tmp_path / "run"
    shutil.copytree(clear_photos, photos)
    monkeypatch.setattr(focus_recipe, "train", lambda *_, **__: stop())
    with pytest.raises(KeyboardInterrupt):
        train_focus(photos, run_folder, config=TINIEST, verbose=0)
    for number, path in enumerate(sorted(photos.iterdir(), reverse=True)):
        path.rename(photos / f"renamed{number}.jpg")
    with pytest.raises(InputError, match=r"holds another run \(.*names"):
        train_focus(photos, run_folder, config=TINIEST, verbose=0)


def stop() -> None:
    raise KeyboardInterrupt


def test_no_folder_of_the_user_becomes_a_run_folder(clear_photos: Path, tmp_path: Path) -> None:
    (tmp_path / "holiday.jpg").write_bytes(b"mine")
    with pytest.raises(InputError, match=r"holds files, but no run\.json"):
        train_focus(clear_photos, tmp_path, config=TINIEST, verbose=0)
    with pytest.raises(InputError, match=r"inside the folder of the photos.*--run-folder"):
        train_focus(clear_photos, clear_photos / "runs" / "focus", config=TINIEST, verbose=0)
    assert [path.name for path in tmp_path.iterdir()] == ["holiday.jpg"]
    assert not (clear_photos / "runs").exists()
