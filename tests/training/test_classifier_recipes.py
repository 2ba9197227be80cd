"""The seed experiment in small: from photos to a network that other programs can open."""

from __future__ import annotations

import json
import shutil
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch", reason="the extra `train` is not installed")

import onnx
import onnxruntime

from clearshot.decode.square import read_square
from clearshot.errors import InputError, NetworkError
from clearshot.training import classifier_export, classifier_recipes, classifiers
from clearshot.training.classifier_config import InceptionConfig, LeNetConfig
from clearshot.training.classifier_data import Squares, draw_squares
from clearshot.training.classifier_recipes import TrainedClassifier, train_inception, train_lenet

pytestmark = pytest.mark.filterwarnings("ignore")

TINY = LeNetConfig(side_px=32, num_crops=1, num_epochs=2, batch_size=8, validation_share=0.34)
TINY_INCEPTION = InceptionConfig(
    side_px=32, num_crops=0, num_epochs=1, batch_size=4, validation_share=0.34
)


@pytest.fixture(scope="module")
def trained(clear_photos: Path, tmp_path_factory: pytest.TempPathFactory) -> TrainedClassifier:
    folder = tmp_path_factory.mktemp("run") / "lenet"
    return train_lenet(clear_photos, folder, config=TINY, verbose=0)


@pytest.fixture
def few_photos(clear_photos: Path, tmp_path: Path) -> Path:
    """Folder of four of the clear photos."""
    folder = tmp_path / "few"
    folder.mkdir()
    for path in sorted(clear_photos.glob("*.jpg"))[:4]:
        shutil.copy(path, folder)
    return folder


def forbid_training(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_arguments: object, **_options: object) -> None:
        raise AssertionError("was trained")

    monkeypatch.setattr(classifier_recipes, "draw_squares", fail)


def test_a_run_leaves_a_network_that_is_described(trained: TrainedClassifier) -> None:
    folder = trained.path.parent
    manifest = tomllib.loads((folder / "manifest.toml").read_text())["lenet"]
    assert manifest["task"] == "classifier"
    assert manifest["side_px"] == 32
    assert "(N, 32, 32, 3)" in manifest["input"]
    assert manifest["recipe"] == "clearshot train lenet"
    assert manifest["seed"] == manifest["config"]["seed"] == TINY.seed
    assert manifest["num_photos"] == 6
    assert len(manifest["photos_sha256"]) == len(manifest["sha256"]) == 64
    assert manifest["versions"].keys() >= {"clearshot", "keras", "opencv"}
    assert manifest["validation"]["accuracy"] == pytest.approx(
        trained.validation.accuracy, abs=1e-4
    )
    assert trained.validation.num_pictures == 2 * 2 * 2
    assert "picked the weights" in manifest["validation_use"]
    for name in ("validation.json", "confusion.png", "curves.png"):
        assert (folder / name).stat().st_size > 0


def test_the_network_takes_squares_of_any_number(
    trained: TrainedClassifier, clear_photos: Path
) -> None:
    session = onnxruntime.InferenceSession(str(trained.path))
    (photo,), (probabilities,) = session.get_inputs(), session.get_outputs()
    assert (photo.name, photo.shape[1:], photo.type) == ("photo", [32, 32, 3], "tensor(float)")
    assert probabilities.name == "probabilities"
    squares = np.stack([read_square(path, 32) for path in sorted(clear_photos.glob("*.jpg"))])
    for batch in (squares, squares[:1]):
        (answer,) = session.run(["probabilities"], {"photo": batch.astype(np.float32)})
        assert answer.shape == (len(batch), 2)
        np.testing.assert_allclose(answer.sum(axis=1), 1, atol=1e-5)


def test_the_file_says_nothing_about_this_machine(trained: TrainedClassifier) -> None:
    graph = onnx.load(str(trained.path)).graph
    assert not any(node.doc_string or node.metadata_props for node in graph.node)


def test_the_best_weights_are_on_disk_once_and_without_the_optimiser(
    trained: TrainedClassifier,
) -> None:
    checkpoints = trained.path.parent / "checkpoints"
    assert {path.name for path in checkpoints.iterdir()} == {"best.weights.h5", "history.json"}
    size_bytes = 4 * classifiers.build_lenet(32).count_params()
    assert (checkpoints / "best.weights.h5").stat().st_size < 1.1 * size_bytes
    assert trained.path.stat().st_size < 1.1 * size_bytes


def test_the_best_pass_is_exported(
    trained: TrainedClassifier,
) -> None:
    rows = json.loads((trained.path.parent / "checkpoints" / "history.json").read_text())
    best = max(row["val_accuracy"] for row in rows)
    assert trained.validation.accuracy == pytest.approx(best, abs=1e-4)


def test_a_finished_run_is_not_trained_again(
    trained: TrainedClassifier, clear_photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    forbid_training(monkeypatch)
    assert train_lenet(clear_photos, trained.path.parent, config=TINY, verbose=0) == trained


def test_another_run_in_the_folder_is_refused(
    trained: TrainedClassifier, clear_photos: Path, few_photos: Path, tmp_path: Path
) -> None:
    folder = trained.path.parent
    with pytest.raises(InputError, match="holds another run"):
        train_lenet(clear_photos, folder, config=replace(TINY, seed=8), verbose=0)
    with pytest.raises(InputError, match="holds another run"):
        train_lenet(few_photos, folder, config=TINY, verbose=0)
    with pytest.raises(InputError, match="holds another run"):
        train_inception(clear_photos, folder, weights="none", verbose=0)
    (tmp_path / "lenet.onnx").touch()
    for recipe in (train_lenet, train_inception):
        with pytest.raises(InputError, match=r"no run\.json"):
            recipe(clear_photos, tmp_path, verbose=0)
        with pytest.raises(InputError, match="inside the folder of the photos"):
            recipe(clear_photos, clear_photos / "runs", verbose=0)


def test_a_stopped_run_begins_anew(
    clear_photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(*_arguments: object, **_options: object) -> str:
        raise KeyboardInterrupt

    config = replace(TINY, num_epochs=1)
    monkeypatch.setattr(classifier_recipes, "export_classifier", stop)
    with pytest.raises(KeyboardInterrupt):
        train_lenet(clear_photos, tmp_path, config=config, verbose=0)
    monkeypatch.undo()
    trained = train_lenet(clear_photos, tmp_path, config=config, verbose=0)
    rows = json.loads((tmp_path / "checkpoints" / "history.json").read_text())
    assert [row["epoch"] for row in rows] == [0]
    assert trained.path.exists()


def test_validation_photos_never_train(
    clear_photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts: list[set[Path]] = []

    def note(photos: list[Path], *arguments: Any, **options: Any) -> Squares:
        parts.append(set(photos))
        return draw_squares(photos, *arguments, **options)

    monkeypatch.setattr(classifier_recipes, "draw_squares", note)
    train_lenet(clear_photos, tmp_path, config=replace(TINY, num_epochs=1), verbose=0)
    training, validation = parts
    assert len(training) == 4
    assert len(validation) == 2
    assert not training & validation


def test_a_file_that_computes_something_else_is_not_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    photo = np.random.default_rng(0).integers(0, 256, (2, 24, 24, 3)).astype(np.uint8)
    model = classifiers.build_lenet(24)
    other = classifier_export._trace(classifiers.build_lenet(24))
    monkeypatch.setattr(classifier_export, "_trace", lambda _: other)
    monkeypatch.setattr(classifier_export, "PARITY_TOLERANCE", 1e-6)
    with pytest.raises(NetworkError, match="differs from Keras"):
        classifier_export.export_classifier(model, tmp_path / "lenet.onnx", photo_nhwc=photo)
    assert not list(tmp_path.iterdir())


@pytest.fixture
def small_inception(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """A LeNet in place of Inception, which is slow; lists the models whose blocks were freed."""
    freed: list[Any] = []
    monkeypatch.setattr(
        classifiers, "build_inception", lambda side_px, **_: classifiers.build_lenet(side_px)
    )
    monkeypatch.setattr(classifiers, "free_upper_blocks", freed.append)
    return freed


def test_inception_from_random_weights_says_so(
    few_photos: Path, tmp_path: Path, small_inception: list[Any]
) -> None:
    folder = tmp_path / "run"
    trained = train_inception(few_photos, folder, weights="none", config=TINY_INCEPTION, verbose=0)
    manifest = tomllib.loads((folder / "manifest.toml").read_text())["inception"]
    assert trained.path == folder / "inception.onnx"
    assert manifest["weights"].startswith("none: random weights")
    assert manifest["side_px"] == TINY_INCEPTION.side_px
    assert not small_inception


def test_inception_with_weights_is_tuned_in_two_stages(
    few_photos: Path, tmp_path: Path, small_inception: list[Any]
) -> None:
    folder, weights = tmp_path / "run", tmp_path / "base.weights.h5"
    weights.write_bytes(b"weights")
    config = replace(TINY_INCEPTION, num_epochs=2)
    trained = train_inception(few_photos, folder, weights=weights, config=config, verbose=0)
    rows = json.loads((folder / "checkpoints" / "history.json").read_text())
    assert [row["epoch"] for row in rows] == [0, 1, 2, 3]
    assert len(small_inception) == 1
    best = max(row["val_accuracy"] for row in rows)
    assert trained.validation.accuracy == pytest.approx(best, abs=1e-4)
    manifest = tomllib.loads((folder / "manifest.toml").read_text())["inception"]
    assert manifest["weights"].startswith("base.weights.h5, SHA-256 ")
    assert str(tmp_path) not in (folder / "manifest.toml").read_text()


def test_weights_that_are_not_there_leave_no_claim(
    few_photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_arguments: object, **_options: object) -> None:
        raise NetworkError("could not be downloaded")

    monkeypatch.setattr(classifiers, "build_inception", refuse)
    with pytest.raises(NetworkError):
        train_inception(few_photos, tmp_path / "run", config=TINY_INCEPTION, verbose=0)
    assert not (tmp_path / "run").exists()
    with pytest.raises(InputError, match="cannot be read"):
        train_inception(few_photos, tmp_path / "run", weights=tmp_path / "missing.h5", verbose=0)
