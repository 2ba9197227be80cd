"""How one network is fitted, so that a run that is stopped at any moment goes on as if it had not.

After each epoch the state of a run is written as a whole: what it learns with, and how far it is.
"""

from __future__ import annotations

import io
import json
import math
from typing import TYPE_CHECKING, Any, Final

import keras
import numpy as np

from clearshot.training.backend import flush_denormals
from clearshot.training.batches import EpochStarts
from clearshot.training.runs import write_whole

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from clearshot.training.batches import ShuffledBatches

_BEST: Final = "best.npz"
_STATE: Final = "state.npz"
_HISTORY: Final = "history.json"


def fit(
    model: Any,
    training: ShuffledBatches,
    validation: ShuffledBatches,
    *,
    num_epochs: int,
    folder: Path,
    verbose: int,
) -> Any:
    """Fit one network with checkpoints, and go on where an earlier call stopped.

    Parameters
    ----------
    model : keras.Model
        Compiled.
    training, validation : ShuffledBatches
        Batches.
    num_epochs : int
        Passes over the data, those of earlier calls included.
    folder : Path
        Holds `state.npz` (what is needed to go on), `best.npz` and `history.json`.
    verbose : int
        Keras' own.

    Returns
    -------
    keras.Model
        The same model, with the weights of the epoch that validated best.
    """
    folder.mkdir(parents=True, exist_ok=True)
    model.optimizer.build(model.trainable_variables)
    state = folder / _STATE
    num_done = _read_variables(state, _list_state(model)) if state.exists() else 0
    history = History(folder / _HISTORY)
    with flush_denormals():
        model.fit(
            training,
            validation_data=validation,
            initial_epoch=num_done,
            epochs=num_epochs,
            shuffle=False,  # the batches have an order of their own
            verbose=verbose,
            callbacks=[
                EpochStarts(training),
                _BestWeights(folder / _BEST, history.find_best(num_done)),
                history,
                # Last: an epoch is done when all that it leaves is there.
                _State(state),
            ],
        )
    _read_variables(folder / _BEST, model.weights)
    return model


def load_finished(model: Any, folder: Path, *, num_epochs: int) -> bool:
    """Give a model the weights that an earlier call of `fit` found, if that came to its end.

    Parameters
    ----------
    model : keras.Model
        Keeps its weights otherwise.
    folder : Path
        As for `fit`.
    num_epochs : int
        As for `fit`.

    Returns
    -------
    bool
        Whether it did.
    """
    best = folder / _BEST
    if not best.exists() or History(folder / _HISTORY).num_epochs < num_epochs:
        return False
    _read_variables(best, model.weights)
    return True


class History(keras.callbacks.Callback):  # type: ignore[misc]
    """Losses by epoch in a JSON file, which survives an interruption."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path
        self._rows: list[dict[str, float]] = json.loads(path.read_text()) if path.exists() else []

    @property
    def num_epochs(self) -> int:
        """Number of epochs of earlier calls."""
        return len(self._rows)

    def find_best(self, num_epochs: int) -> float:
        """Find the lowest validation loss of the first epochs; infinite before the first one."""
        losses = (row["val_loss"] for row in self._rows if row["epoch"] < num_epochs)
        return min(losses, default=math.inf)

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Add an epoch."""
        self._rows = [row for row in self._rows if row["epoch"] < epoch]
        self._rows.append({"epoch": epoch, **{k: float(v) for k, v in (logs or {}).items()}})
        write_whole(self._path, json.dumps(self._rows, indent=1))


class _BestWeights(keras.callbacks.Callback):  # type: ignore[misc]
    """Writes the weights after each epoch that validates better than all before."""

    def __init__(self, path: Path, best_loss: float) -> None:
        super().__init__()
        self._path = path
        self._best_loss = best_loss

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Write the weights if they are the best."""
        loss = float((logs or {})["val_loss"])
        if loss < self._best_loss:
            self._best_loss = loss
            _write_variables(self._path, self.model.weights, num_epochs=epoch + 1)


class _State(keras.callbacks.Callback):  # type: ignore[misc]
    """Writes after each epoch what is needed to go on."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Write the state."""
        del logs
        _write_variables(self._path, _list_state(self.model), num_epochs=epoch + 1)


def _list_state(model: Any) -> list[Any]:
    """List all that an epoch changes."""
    return [*model.variables, *model.optimizer.variables]


def _write_variables(path: Path, variables: Sequence[Any], *, num_epochs: int) -> None:
    """Write variables, and after how many epochs they are so, as a whole or not at all."""
    buffer = io.BytesIO()
    arrays = (keras.ops.convert_to_numpy(variable) for variable in variables)
    np.savez(buffer, np.array(num_epochs), *arrays)
    part = path.with_suffix(".part")
    part.write_bytes(buffer.getbuffer())
    part.replace(path)


def _read_variables(path: Path, variables: Sequence[Any]) -> int:
    """Give variables what was written; after how many epochs."""
    with np.load(path, allow_pickle=False) as content:
        num_epochs, *arrays = (content[name] for name in content.files)
    for variable, array in zip(variables, arrays, strict=True):
        variable.assign(array)
    return int(num_epochs)
