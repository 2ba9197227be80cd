"""What a training asks of Keras' backend: seeds, its order of axes, the optimiser, speed."""

from __future__ import annotations

from contextlib import contextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Final

import keras

from clearshot.errors import MissingExtraError

if TYPE_CHECKING:
    from collections.abc import Iterator

# What Keras needs to write ONNX, by backend; torch brings its own.
_ONNX_WRITERS: Final = {"jax": "jax2onnx", "tensorflow": "tf2onnx"}


def prepare_backend(seed: int) -> None:
    """Fix the seeds, and choose what the backend computes fastest.

    Parameters
    ----------
    seed : int
        Seed of Python, NumPy and the backend.

    Raises
    ------
    MissingExtraError
        If what writes the backend's networks as ONNX is not installed: asked before hours of
        training, not after them.
    """
    backend = keras.backend.backend()
    writer = _ONNX_WRITERS.get(backend)
    if writer is not None and find_spec(writer) is None:
        message = f"with KERAS_BACKEND={backend}, training needs {writer}: pip install {writer}"
        raise MissingExtraError(message)
    keras.utils.set_random_seed(seed)
    is_torch = backend == "torch"
    keras.config.set_image_data_format("channels_first" if is_torch else "channels_last")


def make_optimiser(peak_rate: float, num_steps: int, *, warmup_share: float = 0.2) -> Any:
    """Make AdamW with a one-cycle schedule.

    Parameters
    ----------
    peak_rate : float
        Highest learning rate.
    num_steps : int
        Steps of the whole training.
    warmup_share : float
        Share of them in which the rate rises, in [0, 1].

    Returns
    -------
    keras.optimizers.Optimizer
        The optimiser.
    """
    warmup = max(1, int(num_steps * warmup_share))
    schedule = keras.optimizers.schedules.CosineDecay(
        peak_rate / 25,
        decay_steps=max(1, num_steps - warmup),
        alpha=1e-3,
        warmup_target=peak_rate,
        warmup_steps=warmup,
    )
    return keras.optimizers.AdamW(schedule, weight_decay=1e-4, clipnorm=5.0)


@contextmanager
def flush_denormals() -> Iterator[None]:
    """Let torch take numbers that are too small for a normal float as zero, for as long as it runs.

    Gradients of certain cells become so small that x86 computes them in microcode: with them, a
    step takes 465 ms instead of 197 ms on two cores. The switch holds for all code of the thread,
    so it is put back.
    """
    if keras.backend.backend() != "torch":
        yield
        return
    import torch

    torch.set_flush_denormal(True)
    try:
        yield
    finally:
        torch.set_flush_denormal(False)
