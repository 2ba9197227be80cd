"""Training data served in batches, with the symmetries of the square as augmentation.

Letters in shapes: N in a batch, H, W pixels, h, w cells.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import keras
import numpy as np

from clearshot.training.networks import NUM_SIGMAS, POOL_STEPS_PX

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from clearshot.training.patches import PatchSet
    from clearshot.training.photos import MapSet

# What becomes of the directions 0, 45, 90, 135 degrees (and the longest axis) in a mirror and when
# x and y change places.
_MIRRORED: Final = (0, 3, 2, 1, 4)
_TRANSPOSED: Final = (2, 1, 0, 3, 4)


class PatchBatches(keras.utils.PyDataset):  # type: ignore[misc]
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
    """

    def __init__(self, patches: PatchSet, *, batch_size: int, seed: int, is_training: bool) -> None:
        super().__init__()
        self._patches = patches
        self._batch_size = batch_size
        self._rng = np.random.default_rng(seed)
        self._is_training = is_training
        self._order = np.arange(len(patches.luma))
        self.on_epoch_end()

    def __len__(self) -> int:
        return len(self._order) // self._batch_size

    def __getitem__(self, index: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        chosen = np.sort(self._order[index * self._batch_size : (index + 1) * self._batch_size])
        luma = self._patches.luma[chosen]
        sigma = self._patches.log2_sigma[chosen]
        counts = self._patches.is_valid[chosen]
        if self._is_training:
            luma, sigma, counts = self._augment(luma, sigma, counts)
        size = counts.shape[1:]
        target = np.empty((len(chosen), NUM_SIGMAS + 1, *size), np.float32)
        target[:, :NUM_SIGMAS] = sigma[:, :, None, None]
        target[:, NUM_SIGMAS] = counts
        return luma.astype(np.float32), target

    def on_epoch_end(self) -> None:
        """Shuffle for the next epoch."""
        if self._is_training:
            self._rng.shuffle(self._order)

    def _augment(
        self, luma: NDArray[Any], sigma: NDArray[Any], counts: NDArray[Any]
    ) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
        mirror_x, mirror_y, transpose = self._rng.random(3) < 0.5
        for is_mirrored, axis in ((mirror_x, 2), (mirror_y, 1)):
            if is_mirrored:
                luma, counts = np.flip(luma, axis), np.flip(counts, axis)
                sigma = sigma[:, _MIRRORED]
        if transpose:
            luma, counts = luma.swapaxes(1, 2), counts.swapaxes(1, 2)
            sigma = sigma[:, _TRANSPOSED]
        return luma, sigma, counts


class MapBatches(keras.utils.PyDataset):  # type: ignore[misc]
    """Focus maps in random order, each batch of one size, mirrored and transposed at random.

    Parameters
    ----------
    sets : sequence of MapSet
        Focus maps by size.
    batch_size : int
        Maps in a batch.
    seed : int
        Seeds order and augmentation.
    is_training : bool
        Shuffle and augment.
    """

    def __init__(
        self, sets: Sequence[MapSet], *, batch_size: int, seed: int, is_training: bool
    ) -> None:
        super().__init__()
        self._sets = list(sets)
        self._batch_size = batch_size
        self._rng = np.random.default_rng(seed)
        self._is_training = is_training
        self._batches: list[tuple[int, NDArray[np.intp]]] = []
        self.on_epoch_end()

    def __len__(self) -> int:
        return len(self._batches)

    def __getitem__(self, index: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        number, chosen = self._batches[index]
        part = self._sets[number]
        cells = part.cells[chosen].astype(np.float32)
        if self._is_training:
            cells = self._augment(cells)
        steps = np.log2(np.array(POOL_STEPS_PX, dtype=np.float32))
        return cells, (part.log2_sigma[chosen, None] > steps).astype(np.float32)

    def on_epoch_end(self) -> None:
        """Shuffle for the next epoch."""
        self._batches = []
        for number, part in enumerate(self._sets):
            order = np.arange(len(part.log2_sigma))
            if self._is_training:
                self._rng.shuffle(order)
            starts = range(0, len(order), self._batch_size)
            self._batches += [(number, order[start : start + self._batch_size]) for start in starts]
        if self._is_training:
            self._rng.shuffle(self._batches)

    def _augment(self, cells: NDArray[np.float32]) -> NDArray[np.float32]:
        mirror_x, mirror_y, transpose = self._rng.random(3) < 0.5
        for is_mirrored, axis in ((mirror_x, 3), (mirror_y, 2)):
            if is_mirrored:
                cells = np.flip(cells, axis)[:, _both(_MIRRORED)]
        if transpose:
            cells = cells.swapaxes(2, 3)[:, _both(_TRANSPOSED)]
        # Real cameras are measured a little differently from the synthetic ones.
        jitter = self._rng.normal(0, 0.08, (len(cells), cells.shape[1], 1, 1))
        return (cells + jitter).astype(np.float32)


def _both(order: tuple[int, ...]) -> list[int]:
    """Extend an order of directions from the means to the log variances."""
    return [*order, *(NUM_SIGMAS + k for k in order)]
