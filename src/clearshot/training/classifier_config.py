"""Settings of the classifiers of the original experiment. What is not here is not adjustable."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ClassifierConfig:
    """Settings that the classifiers share: their data and when training ends.

    Attributes
    ----------
    side_px : int
        Side of the square that the network sees [px].
    seed : int
        Seeds the split, crops, blur, initial weights, dropout and the order of batches.
    validation_share : float
        Share of the photos that are kept for validation, in (0, 1); no view of them trains.
    num_crops : int
        Random crops of each photo beside the whole photo, >= 0. Each of these views comes clear
        and as a blurred copy.
    min_crop : float
        Shortest side of a crop, as a share of the photo's side, in (0, 1].
    min_kernel_px, max_kernel_px : int
        Range of the side of OpenCV's Gaussian kernel [px at a long side of 1024 px], odd.
    num_epochs : int
        Passes over the data at most, for each stage of the training.
    patience : int
        Passes without a better validation accuracy after which a stage ends.
    batch_size : int
        Pictures in a batch.
    learning_rate : float
        Adam's.
    """

    side_px: int
    seed: int = 7
    validation_share: float = 0.2
    num_crops: int = 3
    min_crop: float = 0.6
    min_kernel_px: int = 31
    max_kernel_px: int = 91
    num_epochs: int = 30
    patience: int = 2
    batch_size: int = 32
    learning_rate: float = 1e-4


@dataclass(frozen=True, slots=True)
class LeNetConfig(ClassifierConfig):
    """Settings of LeNet. Its layers are fixed.

    Its square is small, so its copies are blurred more: a deviation of 3.5 to 5.7 px in the square.
    """

    side_px: int = 192
    min_kernel_px: int = 121
    max_kernel_px: int = 201
    learning_rate: float = 3e-5


@dataclass(frozen=True, slots=True)
class InceptionConfig(ClassifierConfig):
    """Settings of Inception.

    Attributes
    ----------
    learning_rate : float
        Of the head, over a frozen base that brings weights.
    fine_rate : float
        Of the head and the upper blocks afterwards.
    scratch_rate : float
        Of the whole network where it begins with random weights.
    scratch_patience : int
        As `patience`, where it begins with random weights: it is slow to start.
    """

    side_px: int = 299
    num_crops: int = 1
    num_epochs: int = 10
    learning_rate: float = 1e-3
    fine_rate: float = 1e-5
    scratch_rate: float = 3e-4
    scratch_patience: int = 5
