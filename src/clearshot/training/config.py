"""Settings of a training run. One frozen record a recipe; what is not here is not adjustable."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from clearshot.scoring.weights import NetworkFile


@dataclass(frozen=True, slots=True)
class FocusConfig:
    """Settings of the focus network.

    Attributes
    ----------
    seed : int
        Seeds the split, the patches, the initial weights and the order of batches.
    validation_share : float
        Share of the clear photos that are kept for validation, split by photo, in (0, 1).
    num_patches : int
        Patches for training; a tenth as many are drawn for validation.
    clear_share : float
        Share of patches without blur, in [0, 1].
    border_share : float
        Share of patches with two blurs and a border between them, in [0, 1].
    min_sigma_px, max_sigma_px : float
        Range of the blur's standard deviation, drawn log-uniformly [px at the judged size].
    large_share : float
        Share of blurs that are larger still, up to `max_large_sigma_px`, in [0, 1].
    max_large_sigma_px : float
        Largest standard deviation of these [px at the judged size].
    num_epochs : int
        Passes over the patches.
    batch_size : int
        Patches in a batch.
    peak_rate : float
        Highest learning rate of the one-cycle schedule.
    num_hard_patches : int
        Hard patches, see `clearshot.training.patches.draw_patches`, for a second stage,
        together with as many of the others.
    num_hard_epochs : int
        Passes over these.
    hard_rate : float
        Learning rate at which that begins; it falls to almost 0.
    num_further_epochs : int
        Passes over the patches of the second stage where a network learns on.
    further_rate : float
        Learning rate for that.
    num_taught_epochs : int
        Passes over the same patches where another network teaches.
    taught_rate : float
        Learning rate for that.
    num_workers : int
        Processes that draw training data.
    """

    seed: int = 7
    validation_share: float = 0.12
    num_patches: int = 50_000
    clear_share: float = 0.25
    border_share: float = 0.5
    min_sigma_px: float = 0.4
    max_sigma_px: float = 10.0
    large_share: float = 0.1
    max_large_sigma_px: float = 30.0
    num_epochs: int = 12
    batch_size: int = 32
    peak_rate: float = 4e-3
    num_hard_patches: int = 60_000
    num_hard_epochs: int = 16
    hard_rate: float = 2e-3
    num_further_epochs: int = 5
    further_rate: float = 1e-3
    num_taught_epochs: int = 10
    taught_rate: float = 2e-3
    num_workers: int = 2


@dataclass(frozen=True, slots=True)
class Earlier:
    """Focus networks that have learned before, at least one.

    Attributes
    ----------
    start : NetworkFile or None
        Learns on. None for the first teacher.
    teachers : tuple of NetworkFile
        Their mean answer is learned from, too. What learns on is then narrowed to today's width
        where it is wider; without teachers it must have that width.
    """

    start: NetworkFile | None = None
    teachers: tuple[NetworkFile, ...] = ()

    @property
    def first(self) -> NetworkFile:
        """The network that learns on."""
        return self.teachers[0] if self.start is None else self.start


@dataclass(frozen=True, slots=True)
class ExposureConfig:
    """Settings of the exposure network.

    Attributes
    ----------
    seed : int
        Seeds the split, the examples, the initial weights and the order of batches.
    validation_share : float
        Share of the clear photos that are kept for validation, split by photo, in (0, 1).
    num_examples : int
        Examples for training; as large a share of it as of the photos is drawn for validation.
    scene_share : float
        Share of examples whose scene is changed to one that is dark or bright on purpose, in
        [0, 1].
    right_share : float
        Share of examples that are exposed right, in [0, 1].
    stray_share : float
        Share of examples whose sharpest part is taken elsewhere, in [0, 1].
    max_error_stops : float
        Largest error of the exposure, drawn evenly on both sides [stops].
    num_epochs : int
        Passes over the examples.
    batch_size : int
        Examples in a batch.
    peak_rate : float
        Highest learning rate of the one-cycle schedule.
    num_workers : int
        Processes that draw training data.
    """

    seed: int = 11
    validation_share: float = 0.12
    num_examples: int = 24_000
    scene_share: float = 0.5
    right_share: float = 0.35
    stray_share: float = 0.2
    max_error_stops: float = 5.5
    num_epochs: int = 20
    batch_size: int = 128
    peak_rate: float = 3e-3
    num_workers: int = 2
