"""Settings of a training run. One frozen record a recipe; what is not here is not adjustable."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FocusConfig:
    """Settings of the focus network's two stages.

    Stage one learns the focus map from patches, stage two learns to pool the map of a whole photo.

    Attributes
    ----------
    seed : int
        Seeds the split, the patches, the photos, the initial weights and the order of batches.
    validation_share : float
        Share of the clear photos that are kept for validation, split by photo, in (0, 1).
    num_patches : int
        Patches of stage one.
    clear_share : float
        Share of patches without blur, in [0, 1].
    min_sigma_px, max_sigma_px : float
        Range of the blur's standard deviation, drawn log-uniformly [px at the judged size].
    map_epochs, pool_epochs : int
        Passes over the data in each stage.
    batch_size : int
        Patches or focus maps in a batch.
    map_peak_rate, pool_peak_rate : float
        Highest learning rate of each one-cycle schedule.
    num_photos : int
        Synthetic whole photos of stage two.
    num_workers : int
        Processes that draw training data.
    """

    seed: int = 7
    validation_share: float = 0.12
    num_patches: int = 80_000
    clear_share: float = 0.25
    min_sigma_px: float = 0.4
    max_sigma_px: float = 10.0
    map_epochs: int = 5
    pool_epochs: int = 16
    batch_size: int = 64
    map_peak_rate: float = 4e-3
    pool_peak_rate: float = 3e-3
    num_photos: int = 16_000
    num_workers: int = 2
