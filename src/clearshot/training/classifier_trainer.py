"""How a classifier is fitted: Adam, early stopping, and the best weights on disk."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import keras

from clearshot.training.backend import flush_denormals
from clearshot.training.batches import EpochStarts
from clearshot.training.fitting import History

if TYPE_CHECKING:
    from pathlib import Path

    from clearshot.training.classifier_config import ClassifierConfig
    from clearshot.training.classifier_data import SquareBatches


class ClassifierRun:
    """The fitting of one classifier, in one or more stages.

    The best weights are those of the pass with the highest validation accuracy over all stages; of
    equal ones the first. They are on disk once and without the state of the optimiser, which would
    be twice their size.

    Parameters
    ----------
    model : keras.Model
        Of `clearshot.training.classifiers`, not compiled.
    folder : Path
        Gets `best.weights.h5` and `history.json`; those of an earlier run are replaced.
    verbose : int
        Keras' own: 0 silent, 1 progress bar, 2 a line an epoch.
    """

    def __init__(self, model: Any, folder: Path, *, verbose: int) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._model = model
        self._best = folder / "best.weights.h5"
        self._history = folder / "history.json"
        self._verbose = verbose
        for path in (self._best, self._history):
            path.unlink(missing_ok=True)

    def fit(
        self,
        training: SquareBatches,
        validation: SquareBatches,
        config: ClassifierConfig,
        *,
        learning_rate: float,
        patience: int,
    ) -> None:
        """Fit the weights that are trainable, from the best ones that there are.

        Parameters
        ----------
        training, validation : SquareBatches
            Data.
        config : ClassifierConfig
            The most passes of this stage.
        learning_rate : float
            Adam's.
        patience : int
            Passes without a better validation accuracy after which it stops.
        """
        rows = self._read_history()
        if rows:
            self._model.load_weights(str(self._best))
        # A second model over the same layers is compiled, so that the first one, which is saved
        # and exported, never owns an optimiser.
        learner = keras.Model(self._model.inputs, self._model.outputs)
        learner.compile(
            keras.optimizers.Adam(learning_rate),
            loss="sparse_categorical_crossentropy",
            metrics=["accuracy"],
        )
        best_before = max((row["val_accuracy"] for row in rows), default=-1.0)
        with flush_denormals():
            learner.fit(
                training,
                validation_data=validation,
                initial_epoch=len(rows),
                epochs=len(rows) + config.num_epochs,
                shuffle=False,  # the batches have an order of their own
                verbose=self._verbose,
                callbacks=[
                    EpochStarts(training),
                    _BestWeights(self._model, self._best, best_before),
                    History(self._history),
                    keras.callbacks.EarlyStopping("val_accuracy", mode="max", patience=patience),
                ],
            )

    def finish(self) -> Any:
        """Give the model with its best weights.

        Returns
        -------
        keras.Model
            The model of this run.
        """
        self._model.load_weights(str(self._best))
        return self._model

    def _read_history(self) -> list[dict[str, float]]:
        if not self._history.exists():
            return []
        rows: list[dict[str, float]] = json.loads(self._history.read_text())
        return rows


class _BestWeights(keras.callbacks.Callback):  # type: ignore[misc]
    """Writes the weights of a model after each pass that validates better than all before."""

    def __init__(self, model: Any, path: Path, best_before: float) -> None:
        super().__init__()
        self._saved = model
        self._path = path
        self._best = best_before

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Write the weights if they are the best."""
        del epoch
        accuracy = float((logs or {})["val_accuracy"])
        if accuracy > self._best:
            self._best = accuracy
            self._saved.save_weights(str(self._path))
