"""Training data that a run draws once: arrays on disk, which later calls map."""

from __future__ import annotations

import logging
from dataclasses import fields
from typing import TYPE_CHECKING, Any, TypeVar

import keras
import numpy as np

from clearshot.errors import InputError
from clearshot.terminal import to_printable

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

_log = logging.getLogger(__name__)

_Drawn = TypeVar("_Drawn")


def load_or_draw(
    kind: type[_Drawn],
    folder: Path,
    draw: Callable[[Callable[[int], Any]], _Drawn],
    *,
    num_drawn: int,
    unit: str,
    verbose: int,
) -> _Drawn:
    """Draw training data, or map what an earlier call left.

    Parameters
    ----------
    kind : type
        A data class whose fields are arrays.
    folder : Path
        Gets one `.npy` file for each field, and `complete` when all of them are there.
    draw : callable
        Draws the data; it is given what to call with the number drawn so far.
    num_drawn : int
        How many there will be, for the progress bar.
    unit : str
        What one is called, for the progress bar.
    verbose : int
        Keras' own; 0 draws no progress bar.

    Returns
    -------
    kind
        Arrays mapped from disk.
    """
    names = [field.name for field in fields(kind)]  # type: ignore[arg-type]
    if not (folder / "complete").exists():
        _log.info("drawing %s, %d of them", to_printable(folder), num_drawn)
        bar = keras.utils.Progbar(num_drawn, verbose=verbose, unit_name=unit)
        drawn = draw(bar.update if verbose else lambda _: None)
        folder.mkdir(parents=True, exist_ok=True)
        for name in names:
            _save(folder / f"{name}.npy", getattr(drawn, name))
        (folder / "complete").touch()
    return kind(*(np.load(folder / f"{name}.npy", mmap_mode="r") for name in names))


def _save(path: Path, array: NDArray[Any]) -> None:
    """Save an array.

    Raises
    ------
    InputError
        If it cannot be written; NumPy does not say why.
    """
    try:
        np.save(path, array)
    except OSError as error:
        reason = error.strerror or f"is the disk full? {array.nbytes / 1e6:.0f} MB are needed"
        raise InputError(f"cannot be written: {reason}", path=path) from error
