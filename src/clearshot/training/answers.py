"""What trained focus networks say of patches, for another one to learn from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from clearshot.decode.image import CELL_PX
from clearshot.scoring.session import open_session
from clearshot.training.networks import NUM_SIGMAS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from clearshot.scoring.weights import NetworkFile

# Patches that are answered at once.
_BATCH_SIZE: Final = 32


def answer_patches(
    files: Sequence[NetworkFile], luma_nhw: NDArray[np.uint8]
) -> NDArray[np.float16]:
    """Let focus networks answer patches, each 3,000 a second on one core.

    Parameters
    ----------
    files : sequence of NetworkFile
        Focus networks, at least one.
    luma_nhw : ndarray of uint8, shape (N, H, W)
        Patches; H and W are multiples of 16.

    Returns
    -------
    ndarray of float16, shape (N, 10, H / 16, W / 16)
        Means of log2 sigma [px] in five directions, then the natural log of each one's variance;
        of several networks the mean of what they say.
    """
    num, height, width = luma_nhw.shape
    answers = np.empty((num, 2 * NUM_SIGMAS, height // CELL_PX, width // CELL_PX), np.float16)
    sessions = [open_session(file.content) for file in files]
    for start in range(0, num, _BATCH_SIZE):
        luma = luma_nhw[start : start + _BATCH_SIZE].astype(np.float32)
        told = [session.run(["cells"], {"luma": luma})[0] for session in sessions]
        answers[start : start + _BATCH_SIZE] = np.mean(told, axis=0)
    return answers
