"""The training loop, readable from top to bottom.

Everything is written below one run folder: training data, checkpoints, histories, curves and the
network. A run that was interrupted goes on where it stood.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Final

import keras

from clearshot.errors import MissingExtraError
from clearshot.training import losses, networks
from clearshot.training.answers import answer_patches
from clearshot.training.batches import PatchBatches
from clearshot.training.drawn import load_or_draw
from clearshot.training.fitting import fit, load_finished
from clearshot.training.narrowing import narrow_network, read_wide
from clearshot.training.patches import PatchSet, draw_patches
from clearshot.training.unfolding import read_weights, unfold_network
from clearshot.training.visits import join_parts

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from clearshot.scoring.weights import NetworkFile
    from clearshot.training.config import Earlier, FocusConfig
    from clearshot.training.narrowing import WideNetwork
    from clearshot.training.photos import Parts
    from clearshot.training.unfolding import Weights

# Folders of the stages in a run's: the two from random weights, the one of a network that learns
# on, and the one of a network that another one teaches.
STAGES: Final = ("checkpoints", "checkpoints-hard", "checkpoints-further", "checkpoints-taught")
# What Keras needs to write ONNX, by backend; torch brings its own.
_ONNX_WRITERS: Final = {"jax": "jax2onnx", "tensorflow": "tf2onnx"}
# Patches on which the channels of a network that has learned before are measured.
_NUM_MEASURED: Final = 512


@dataclass(frozen=True, slots=True)
class Course:
    """How long and how fast a stage learns.

    Attributes
    ----------
    num_epochs : int
        Passes over the patches.
    rate : float
        Highest learning rate.
    warmup_share : float
        Share of the steps in which the rate rises to that, in [0, 1].
    seed : int
        Seeds the order of the batches and their symmetries.
    """

    num_epochs: int
    rate: float
    warmup_share: float
    seed: int


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


def train(
    photos: Parts,
    config: FocusConfig,
    run_folder: Path,
    *,
    earlier: Earlier | None = None,
    verbose: int = 1,
) -> Any:
    """Train the network that measures the blur of each cell.

    Parameters
    ----------
    photos : Parts
        Clear photos.
    config : FocusConfig
        All settings.
    run_folder : Path
        Where data, checkpoints and history are kept; what is there already is used.
    earlier : Earlier or None
        Focus networks that learn on or teach; by default one with random weights goes through two
        stages.
    verbose : int
        Keras' own: 0 silent, 1 progress bar, 2 a line an epoch.

    Returns
    -------
    keras.Model
        The network with the weights of its best epoch; if it has learned on without a teacher,
        halfway back from them to those it began with.

    Raises
    ------
    NetworkError
        If the one that learns on is of another kind.
    """
    prepare_backend(config.seed)
    # Files are read before patches are drawn for a quarter of an hour.
    learn = _choose_way(networks.build_focus_map(), earlier)
    parts = {"training": photos.training, "validation": photos.validation}
    plain, hard = (
        {
            part: load_patches(
                parts[part], config, run_folder, part=part, is_hard=is_hard, verbose=verbose
            )
            for part in parts
        }
        for is_hard in (False, True)
    )
    return learn(_Run(config, run_folder, verbose, plain, hard))


@dataclass(frozen=True, slots=True)
class _Run:
    """What all ways of training need."""

    config: FocusConfig
    folder: Path
    verbose: int
    plain: dict[str, PatchSet]
    hard: dict[str, PatchSet]

    def mix(self) -> dict[str, PatchSet]:
        """Put hard patches and as many others together, for training and for validation."""
        return {part: mix_patches(patches, self.plain[part]) for part, patches in self.hard.items()}


def _choose_way(model: Any, earlier: Earlier | None) -> Callable[[_Run], Any]:
    if earlier is None:
        return partial(_learn_from_nothing, model)
    if earlier.teachers:
        return partial(_learn_from, model, earlier.teachers, read_wide(earlier.first, model))
    return partial(_learn_on, model, read_weights(model, earlier.first))


def _learn_from_nothing(model: Any, run: _Run) -> Any:
    config = run.config
    # A model of its own: Keras notes in a model from which epoch an interrupted run goes on.
    first = networks.build_focus_map()
    course = Course(config.num_epochs, config.peak_rate, warmup_share=0.2, seed=config.seed)
    _fit_stage(first, run.plain, course, run, STAGES[0])
    model.set_weights(first.get_weights())
    course = Course(
        config.num_hard_epochs, config.hard_rate, warmup_share=0.0, seed=config.seed + 1
    )
    return _fit_stage(model, run.mix(), course, run, STAGES[1])


def _learn_on(model: Any, weights: Weights, run: _Run) -> Any:
    config, data = run.config, run.mix()
    unfold_network(model, weights, _pick_measured(data["training"]))
    begun = model.get_weights()
    course = Course(
        config.num_further_epochs, config.further_rate, warmup_share=0.03, seed=config.seed + 2
    )
    _fit_stage(model, data, course, run, STAGES[2])
    meet_halfway(model, begun)
    return model


def _learn_from(model: Any, teachers: Sequence[NetworkFile], wide: WideNetwork, run: _Run) -> Any:
    config, data = run.config, run.mix()
    narrow_network(model, wide, _pick_measured(data["training"]))
    course = Course(
        config.num_taught_epochs, config.taught_rate, warmup_share=0.03, seed=config.seed + 3
    )
    return _fit_stage(model, data, course, run, STAGES[3], teachers=teachers)


def _pick_measured(patches: PatchSet) -> NDArray[np.uint8]:
    """Pick patches of all kinds on which the channels of a network are measured."""
    return patches.luma[:: max(1, len(patches.luma) // _NUM_MEASURED)]


def meet_halfway(model: Any, weights: Sequence[NDArray[np.float32]]) -> None:
    """Bring the weights of a model halfway back to earlier ones.

    What a network learns on with is narrower than what it shall see; the mean of where it stood and
    where it went keeps more of both [1]_.

    Parameters
    ----------
    model : keras.Model
        Its weights become the mean of its own and the others.
    weights : sequence of ndarray of float32
        Weights that it had, as `get_weights` gave them.

    References
    ----------
    .. [1] M. Wortsman et al., "Robust fine-tuning of zero-shot models", CVPR 2022, section 3
       (the middle of the way). arXiv:2109.01903
    """
    pairs = zip(model.get_weights(), weights, strict=True)
    model.set_weights([(now + before) / 2 for now, before in pairs])


def mix_patches(hard: PatchSet, others: PatchSet) -> PatchSet:
    """Put hard patches and as many others together.

    Parameters
    ----------
    hard, others : PatchSet
        Patches; of the others the first ones are taken.

    Returns
    -------
    PatchSet
        Twice as many as the hard ones, or all.
    """
    return join_parts([hard, others.first(len(hard.luma))])


def _fit_stage(
    model: Any,
    data: Mapping[str, PatchSet],
    course: Course,
    run: _Run,
    stage: str,
    *,
    teachers: Sequence[NetworkFile] = (),
) -> Any:
    folder = run.folder / stage
    # Asked first: teachers need not answer for a stage that is finished.
    if load_finished(model, folder, num_epochs=course.num_epochs):
        return model
    batches = {
        part: PatchBatches(
            patches,
            batch_size=min(run.config.batch_size, len(patches.luma)),
            seed=course.seed,
            is_training=part == "training",
            answers=answer_patches(teachers, patches.luma) if teachers else None,
        )
        for part, patches in data.items()
    }
    num_steps = course.num_epochs * len(batches["training"])
    optimiser = make_optimiser(course.rate, num_steps, warmup_share=course.warmup_share)
    loss = losses.measure_taught_loss if teachers else losses.measure_map_loss
    model.compile(optimiser, loss=loss, metrics=[losses.measure_octave_error])
    return fit(
        model,
        batches["training"],
        batches["validation"],
        num_epochs=course.num_epochs,
        folder=folder,
        verbose=run.verbose,
    )


def load_patches(
    photos: Sequence[Path],
    config: FocusConfig,
    run_folder: Path,
    *,
    part: str,
    is_hard: bool = False,
    verbose: int = 1,
) -> PatchSet:
    """Draw the patches of a run, or map those that an earlier call left.

    Parameters
    ----------
    photos : sequence of Path
        Clear photos.
    config : FocusConfig
        Settings.
    run_folder : Path
        Gets a folder with one `.npy` file per array.
    part : str
        `training`, or `validation`, which gets a tenth of the patches.
    is_hard : bool
        Draw hard patches.
    verbose : int
        Keras' own; 0 draws no progress bar.

    Returns
    -------
    PatchSet
        Arrays mapped from disk.
    """
    is_validation = part == "validation"
    folder = run_folder / f"patches{'-hard' * is_hard}{'-validation' * is_validation}"
    num_patches = config.num_hard_patches if is_hard else config.num_patches
    num_patches = num_patches // 10 if is_validation else num_patches

    def draw(progress: Callable[[int], Any]) -> PatchSet:
        return draw_patches(
            photos,
            config,
            num_patches=num_patches,
            seed=config.seed + is_validation + 2 * is_hard,
            is_hard=is_hard,
            progress=progress,
        )

    return load_or_draw(
        PatchSet, folder, draw, num_drawn=num_patches, unit="patch", verbose=verbose
    )


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
