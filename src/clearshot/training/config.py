"""Settings of a training run. One frozen record a recipe; what is not here is not adjustable."""

from __future__ import annotations

from dataclasses import dataclass


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
    num_epochs : int
        Passes over the patches.
    batch_size : int
        Patches in a batch.
    peak_rate : float
        Highest learning rate of the one-cycle schedule.
    num_hard_patches : int
        Hard patches, see `clearshot.training.patches.draw_patches`, for a second, shorter pass
        together with as many of the others.
    num_hard_epochs : int
        Passes over these.
    hard_rate : float
        Learning rate at which that begins; it falls to almost 0.
    num_workers : int
        Processes that draw training data.
    """

    seed: int = 7
    validation_share: float = 0.12
    num_patches: int = 100_000
    clear_share: float = 0.25
    border_share: float = 0.3
    min_sigma_px: float = 0.4
    max_sigma_px: float = 10.0
    num_epochs: int = 12
    batch_size: int = 64
    peak_rate: float = 4e-3
    num_hard_patches: int = 40_000
    num_hard_epochs: int = 2
    hard_rate: float = 1.5e-3
    num_workers: int = 2
