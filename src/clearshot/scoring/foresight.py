"""What thresholds do to a library whose photos nobody labelled: guessed from probabilities."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Expectation:
    """What a threshold does to the photos of a library, if the probabilities are right.

    Attributes
    ----------
    lost_share : float
        Share of the good photos that are called bad, in [0, 1].
    found_share : float
        Share of the bad photos that are called bad, in [0, 1].
    """

    lost_share: float
    found_share: float


def foresee(
    probabilities: Sequence[float] | NDArray[np.float64], limits: Sequence[float]
) -> tuple[Expectation, ...]:
    """Foresee what thresholds on one label do to the photos of a library.

    A photo with probability p counts as p bad photos and 1 - p good ones. That is as right as the
    probabilities are, which are calibrated on other photos: a library in which fewer of the
    doubtful photos are bad loses more good ones than this says.

    Parameters
    ----------
    probabilities : sequence of float
        Probability of the label for each photo, in [0, 1].
    limits : sequence of float
        Thresholds: a photo is bad from this probability on.

    Returns
    -------
    tuple of Expectation
        One for each threshold; both shares are 0 where there is nothing to lose or to find.
    """
    ordered = np.sort(np.asarray(probabilities, dtype=np.float64))
    # Sums over the photos from each place on; at the end, over none.
    bad = np.append(ordered[::-1].cumsum()[::-1], 0.0)
    good = np.append((1.0 - ordered)[::-1].cumsum()[::-1], 0.0)
    places = np.searchsorted(ordered, np.asarray(limits, dtype=np.float64), side="left")
    return tuple(
        Expectation(
            lost_share=float(good[place] / good[0]) if good[0] > 0 else 0.0,
            found_share=float(bad[place] / bad[0]) if bad[0] > 0 else 0.0,
        )
        for place in places
    )
