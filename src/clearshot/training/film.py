"""Film curves: how the light of a scene becomes the levels of a finished photo, and back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from clearshot import optics

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Stops of scene light over which a film curve is tabulated, and how finely: half a level of 8 bits.
_STEPS_PER_STOP: Final = 128
_CURVE_STOPS: Final = np.arange(-16.0, 8.0, 1 / _STEPS_PER_STOP)


@dataclass(frozen=True, slots=True)
class FilmCurve:
    """How light becomes levels: rising, tabulated.

    Attributes
    ----------
    encoded : ndarray of float32, shape (len of the table,)
        Encoded values in [0, 1] by stops of scene light.
    """

    encoded: NDArray[np.float32]

    def photograph(self, light: NDArray[np.float32]) -> NDArray[np.float32]:
        """Encode linear light of any shape, >= 0; values in [0, 1]."""
        lowest = np.float32(2.0 ** _CURVE_STOPS[0])
        steps = np.log2(np.maximum(light, lowest).astype(np.float32)) - np.float32(_CURVE_STOPS[0])
        index = np.minimum(steps * np.float32(_STEPS_PER_STOP), len(self.encoded) - 1)
        return np.asarray(self.encoded[index.astype(np.int32)], dtype=np.float32)

    def find_light(self, encoded: NDArray[np.float32]) -> NDArray[np.float32]:
        """Find the linear light that gives encoded values in [0, 1]; clipped ones give the least.

        The tables' lower end stands for black.
        """
        # np.interp wants a rising table: the first light that reaches white is white's.
        last = int(np.argmax(self.encoded >= self.encoded[-1] - 1e-4)) + 1
        stops = np.interp(encoded, self.encoded[:last], _CURVE_STOPS[:last])
        return np.asarray(np.exp2(stops), dtype=np.float32)


def draw_film_curve(*, rng: np.random.Generator) -> FilmCurve:
    """Draw the curve of a camera: a shoulder of some length, the sRGB curve, some contrast.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of its shape.

    Returns
    -------
    FilmCurve
        The curve.
    """
    light = np.exp2(_CURVE_STOPS)
    # Below the knee light is kept; above it, it comes ever closer to white.
    knee = rng.uniform(0.35, 1.0) if rng.random() < 0.7 else 1.0
    room = max(1.0 - knee, 1e-6)
    rolled = np.where(light <= knee, light, 1 - room * np.exp(-np.maximum(light - knee, 0) / room))
    encoded = optics.to_encoded(np.minimum(rolled, 1.0))
    contrast = rng.uniform(0.0, 0.8)
    curved = encoded + contrast * encoded * (1 - encoded) * (2 * encoded - 1)
    return FilmCurve(np.maximum.accumulate(np.clip(curved, 0, 1)).astype(np.float32))
