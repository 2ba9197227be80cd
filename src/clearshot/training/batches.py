"""Training data served in batches, with the symmetries of the square as augmentation.

Letters in shapes: N in a batch, H, W pixels, h, w cells.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import keras
import numpy as np

from clearshot.training.networks import NUM_SIGMAS
from clearshot.training.patches import NOBODY, SECOND

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from clearshot.training.exposures import ExposureSet
    from clearshot.training.patches import PatchSet

# What becomes of the directions 0, 45, 90, 135 degrees (and the longest axis) in a mirror and when
# x and y change places.
_MIRRORED: Final = (0, 3, 2, 1, 4)
_TRANSPOSED: Final = (2, 1, 0, 3, 4)


class ShuffledBatches(keras.utils.PyDataset):  # type: ignore[misc]
    """Batches in an order that is new in each epoch of a training, and fixed in validation.

    What is drawn depends on the seed, the epoch and the number of the batch alone, so that a run
    which was stopped goes on with what it would have seen. `EpochStarts` tells the epochs.

    Parameters
    ----------
    size : int
        Number of things in all.
    batch_size : int
        Number in a batch.
    seed : int
        Seeds the order and what a subclass draws.
    is_training : bool
        Shuffle.
    with_rest : bool
        Whether the last batch may hold fewer; else it is left out.
    """

    def __init__(
        self, size: int, *, batch_size: int, seed: int, is_training: bool, with_rest: bool = False
    ) -> None:
        super().__init__()
        self._batch_size = batch_size
        self._seed = seed
        self._is_training = is_training
        self._with_rest = with_rest
        self._order = np.arange(size)
        self.begin_epoch(0)

    def __len__(self) -> int:
        rest = self._batch_size - 1 if self._with_rest else 0
        return (len(self._order) + rest) // self._batch_size

    def begin_epoch(self, epoch: int) -> None:
        """Take the order of an epoch, counted from 0 over all calls of a run."""
        self._epoch = epoch
        if self._is_training:
            rng = np.random.default_rng([self._seed, epoch])
            self._order = rng.permutation(len(self._order))

    def _choose(self, index: int) -> NDArray[np.int64]:
        """Give the numbers of the things in a batch."""
        return self._order[index * self._batch_size : (index + 1) * self._batch_size]

    def _make_rng(self, index: int) -> np.random.Generator:
        """Make the source of what is drawn for a batch of this epoch."""
        return np.random.default_rng([self._seed, self._epoch, index])


class EpochStarts(keras.callbacks.Callback):  # type: ignore[misc]
    """Tells batches which epoch begins; a run that goes on does not begin with the first.

    Parameters
    ----------
    batches : ShuffledBatches
        What is trained on.
    """

    def __init__(self, batches: ShuffledBatches) -> None:
        super().__init__()
        self._batches = batches

    def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Tell the epoch."""
        del logs
        self._batches.begin_epoch(epoch)


class PatchBatches(ShuffledBatches):
    """Patches in random order, each batch mirrored and transposed at random.

    Parameters
    ----------
    patches : PatchSet
        Patches and labels.
    batch_size : int
        Patches in a batch; the last, incomplete batch is left out.
    seed : int
        Seeds order and augmentation.
    is_training : bool
        Shuffle and augment.
    answers : ndarray of float, shape (N, 10, h, w), or None
        What another network says of the patches; it is then part of the target.
    """

    def __init__(
        self,
        patches: PatchSet,
        *,
        batch_size: int,
        seed: int,
        is_training: bool,
        answers: NDArray[np.floating] | None = None,
    ) -> None:
        super().__init__(
            len(patches.luma), batch_size=batch_size, seed=seed, is_training=is_training
        )
        self._patches = patches
        self._answers = answers

    def __getitem__(self, index: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        chosen = np.sort(self._choose(index))
        luma = self._patches.luma[chosen]
        owner = self._patches.owner[chosen]
        sigma = self._patches.log2_sigma[chosen]
        target = np.empty((len(chosen), NUM_SIGMAS + 1, *owner.shape[1:]), np.float32)
        first, second = sigma[:, 0, :, None, None], sigma[:, 1, :, None, None]
        target[:, :NUM_SIGMAS] = np.where(owner[:, None] == SECOND, second, first)
        target[:, NUM_SIGMAS] = owner != NOBODY
        if self._answers is not None:
            answers = self._answers[chosen].astype(np.float32)
            target = np.concatenate([target, answers], axis=1)
        if self._is_training:
            luma, target = _augment(luma, target, rng=self._make_rng(index))
        return luma.astype(np.float32), target


def _augment(
    luma: NDArray[Any], target: NDArray[Any], *, rng: np.random.Generator
) -> tuple[NDArray[Any], NDArray[Any]]:
    mirror_x, mirror_y, transpose = rng.random(3) < 0.5
    for is_mirrored, axis in ((mirror_x, -1), (mirror_y, -2)):
        if is_mirrored:
            luma, target = np.flip(luma, axis), np.flip(target, axis)
            target = _reorder(target, _MIRRORED)
    if transpose:
        luma, target = luma.swapaxes(-1, -2), target.swapaxes(-1, -2)
        target = _reorder(target, _TRANSPOSED)
    return luma, target


def _reorder(target: NDArray[Any], directions: tuple[int, ...]) -> NDArray[Any]:
    """Reorder the directions of labels and, behind what counts, of another network's answers."""
    labels = (*directions, NUM_SIGMAS)
    blocks = range(len(labels), target.shape[1], NUM_SIGMAS)
    return target[:, [*labels, *(start + place for start in blocks for place in directions)]]


class ExposureBatches(ShuffledBatches):
    """Examples of exposure in random order, each batch mirrored at random.

    Parameters
    ----------
    examples : ExposureSet
        Examples and labels.
    batch_size : int
        Examples in a batch; the last, incomplete batch is left out.
    seed : int
        Seeds order and mirroring.
    is_training : bool
        Shuffle and mirror.
    """

    def __init__(
        self, examples: ExposureSet, *, batch_size: int, seed: int, is_training: bool
    ) -> None:
        super().__init__(
            len(examples.luma), batch_size=batch_size, seed=seed, is_training=is_training
        )
        self._examples = examples

    def __getitem__(
        self, index: int
    ) -> tuple[tuple[NDArray[np.float32], NDArray[np.float32]], NDArray[np.float32]]:
        chosen = np.sort(self._choose(index))
        luma = self._examples.luma[chosen]
        if self._is_training and self._make_rng(index).random() < 0.5:
            luma = np.flip(luma, 2)
        inputs = luma.astype(np.float32), np.asarray(self._examples.statistics[chosen])
        return inputs, np.asarray(self._examples.labels[chosen])
