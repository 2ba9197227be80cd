"""A run that is stopped and goes on is the run that it would have been."""

from __future__ import annotations

import errno
import json
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

pytest.importorskip("torch", reason="the extra `train` is not installed")

from clearshot.training import fitting
from clearshot.training.backend import make_optimiser, prepare_backend
from clearshot.training.batches import EpochStarts, ShuffledBatches

pytestmark = pytest.mark.filterwarnings("ignore")

NUM_EPOCHS = 4

# What is done at the end of an epoch, in turn.
STEPS = (fitting._BestWeights, fitting.History, fitting._State)


class Points(ShuffledBatches):
    """Points near a plane, for a small network."""

    def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        points = np.random.default_rng(3).normal(size=(24, 3)).astype(np.float32)
        chosen = self._choose(index)
        return points[chosen], points[chosen] @ np.array([[1], [-2], [3]], np.float32)


class OtherPoints(Points):
    """Points that a network does the worse on the more it learns of the others."""

    def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        points, values = super().__getitem__(index)
        return points, -values


def fit(folder: Path, validation: type[Points] = Points) -> tuple[list[dict[str, float]], Any]:
    """Fit a small network; its history and its weights."""
    prepare_backend(5)
    layers = [keras.layers.Dense(8, "relu"), keras.layers.Dense(1)]
    model = keras.Sequential([keras.Input((3,)), *layers])
    training = Points(24, batch_size=4, seed=5, is_training=True)
    checked = validation(24, batch_size=4, seed=5, is_training=False)
    model.compile(make_optimiser(0.1, NUM_EPOCHS * len(training)), loss="mse")
    fitting.fit(model, training, checked, num_epochs=NUM_EPOCHS, folder=folder, verbose=0)
    return json.loads((folder / "history.json").read_text()), model.get_weights()


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[dict[str, float]], Any]:
    return fit(tmp_path_factory.mktemp("whole"))


@pytest.mark.parametrize("epoch", [0, 2])
@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.__name__)
@pytest.mark.parametrize("is_done", [False, True], ids=["before", "after"])
def test_a_run_that_was_stopped_ends_as_one_that_was_not(
    whole: tuple[list[dict[str, float]], Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    epoch: int,
    step: Any,
    is_done: bool,
) -> None:
    on_epoch_end = step.on_epoch_end

    def stop(self: Any, at: int, logs: Any = None) -> None:
        if is_done or at < epoch:
            on_epoch_end(self, at, logs)
        if at == epoch:
            raise KeyboardInterrupt

    monkeypatch.setattr(step, "on_epoch_end", stop)
    with pytest.raises(KeyboardInterrupt):
        fit(tmp_path)
    monkeypatch.undo()
    history, weights = fit(tmp_path)
    assert [row["epoch"] for row in history] == [0, 1, 2, 3]
    for row, expected in zip(history, whole[0], strict=True):
        assert row == pytest.approx(expected, rel=1e-4)
    for one, expected in zip(weights, whole[1], strict=True):
        np.testing.assert_allclose(one, expected, rtol=1e-4)


def test_a_finished_run_learns_nothing_more(
    whole: tuple[list[dict[str, float]], Any], tmp_path: Path
) -> None:
    fit(tmp_path)
    assert fit(tmp_path)[0] == whole[0]


def test_the_best_epoch_before_a_stop_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    history, weights = fit(tmp_path / "whole", OtherPoints)
    assert np.argmin([row["val_loss"] for row in history]) < NUM_EPOCHS - 1
    monkeypatch.setattr(EpochStarts, "on_epoch_begin", _stop_before_the_last)
    with pytest.raises(KeyboardInterrupt):
        fit(tmp_path / "stopped", OtherPoints)
    monkeypatch.undo()
    for one, expected in zip(fit(tmp_path / "stopped", OtherPoints)[1], weights, strict=True):
        np.testing.assert_allclose(one, expected, rtol=1e-4)


def _stop_before_the_last(_: object, epoch: int, _logs: object = None) -> None:
    if epoch == NUM_EPOCHS - 1:
        raise KeyboardInterrupt


@pytest.mark.parametrize("name", ["best.part", "state.part"])
def test_what_was_being_written_when_the_disk_was_full_does_not_count(
    whole: tuple[list[dict[str, float]], Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
) -> None:
    write_bytes = Path.write_bytes

    def write_half(path: Path, content: memoryview) -> int:
        if path.name != name or not (tmp_path / "state.npz").exists():
            return write_bytes(path, content)
        write_bytes(path, content[: len(content) // 2])
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", write_half)
    with pytest.raises(OSError, match="No space left"):
        fit(tmp_path)
    monkeypatch.undo()
    history, weights = fit(tmp_path)
    assert [row["epoch"] for row in history] == [0, 1, 2, 3]
    for one, expected in zip(weights, whole[1], strict=True):
        np.testing.assert_allclose(one, expected, rtol=1e-4)
