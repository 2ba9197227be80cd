"""How the focus network is trained: the ways to train one, and the stages of each.

Everything is written below one run folder: training data, checkpoints, histories, curves and the
network. A run that was interrupted goes on where it stood.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from clearshot.training import losses, networks
from clearshot.training.answers import answer_patches
from clearshot.training.backend import make_optimiser, prepare_backend
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

# Patches on which the channels of a network that has learned before are measured.
_NUM_MEASURED: Final = 512


class Stage(StrEnum):
    """A stage of training; its value is the folder of its checkpoints in that of the run.

    `PLAIN` and `HARD` follow each other from random weights, on patches of that kind. `FURTHER` is
    that of a network that learns on, `TAUGHT` that of a network that others teach.
    """

    PLAIN = "checkpoints"
    HARD = "checkpoints-hard"
    FURTHER = "checkpoints-further"
    TAUGHT = "checkpoints-taught"


@dataclass(frozen=True, slots=True)
class Schedule:
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
    train_model = _choose_way(networks.build_focus_map(), earlier)
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
    return train_model(_Run(config, run_folder, verbose, plain, hard))


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
        return partial(_train_afresh, model)
    if earlier.teachers:
        return partial(_train_taught, model, earlier.teachers, read_wide(earlier.first, model))
    return partial(_train_further, model, read_weights(model, earlier.first))


def _train_afresh(model: Any, run: _Run) -> Any:
    config = run.config
    # A model of its own: Keras notes in a model from which epoch an interrupted run goes on.
    first = networks.build_focus_map()
    schedule = Schedule(config.num_epochs, config.peak_rate, warmup_share=0.2, seed=config.seed)
    _fit_stage(first, run.plain, schedule, run, Stage.PLAIN)
    model.set_weights(first.get_weights())
    schedule = Schedule(
        config.num_hard_epochs, config.hard_rate, warmup_share=0.0, seed=config.seed + 1
    )
    return _fit_stage(model, run.mix(), schedule, run, Stage.HARD)


def _train_further(model: Any, weights: Weights, run: _Run) -> Any:
    config, data = run.config, run.mix()
    unfold_network(model, weights, _pick_measured(data["training"]))
    begun = model.get_weights()
    schedule = Schedule(
        config.num_further_epochs, config.further_rate, warmup_share=0.03, seed=config.seed + 2
    )
    _fit_stage(model, data, schedule, run, Stage.FURTHER)
    meet_halfway(model, begun)
    return model


def _train_taught(model: Any, teachers: Sequence[NetworkFile], wide: WideNetwork, run: _Run) -> Any:
    config, data = run.config, run.mix()
    narrow_network(model, wide, _pick_measured(data["training"]))
    schedule = Schedule(
        config.num_taught_epochs, config.taught_rate, warmup_share=0.03, seed=config.seed + 3
    )
    return _fit_stage(model, data, schedule, run, Stage.TAUGHT, teachers=teachers)


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
    schedule: Schedule,
    run: _Run,
    stage: Stage,
    *,
    teachers: Sequence[NetworkFile] = (),
) -> Any:
    folder = run.folder / stage
    # Asked first: teachers need not answer for a stage that is finished.
    if load_finished(model, folder, num_epochs=schedule.num_epochs):
        return model
    batches = {
        part: PatchBatches(
            patches,
            batch_size=min(run.config.batch_size, len(patches.luma)),
            seed=schedule.seed,
            is_training=part == "training",
            answers=answer_patches(teachers, patches.luma) if teachers else None,
        )
        for part, patches in data.items()
    }
    num_steps = schedule.num_epochs * len(batches["training"])
    optimiser = make_optimiser(schedule.rate, num_steps, warmup_share=schedule.warmup_share)
    loss = losses.measure_taught_loss if teachers else losses.measure_map_loss
    model.compile(optimiser, loss=loss, metrics=[losses.measure_octave_error])
    return fit(
        model,
        batches["training"],
        batches["validation"],
        num_epochs=schedule.num_epochs,
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
