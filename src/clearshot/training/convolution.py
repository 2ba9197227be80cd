"""Convolution of a picture of one channel that also learns fast."""

from __future__ import annotations

from typing import Any

import keras
from keras import layers


class LumaConvolution(layers.Conv2D):  # type: ignore[misc]
    """Convolution of one channel, as a product of matrices for as long as it learns.

    On a CPU, torch takes five times as long for the gradient of a kernel that reads one channel as
    for the product that it is. Without padding and bias; for a network that answers and for other
    backends it is the convolution it inherits from.
    """

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        """Convolve; `inputs` has shape (N, 1, H, W), the result (N, channels, h, w)."""
        if (
            not training
            or keras.backend.backend() != "torch"
            or self.data_format == "channels_last"
        ):
            return super().call(inputs)
        (rows, columns), (down, right) = self.kernel_size, self.strides
        pieces = inputs[:, 0].unfold(1, rows, down).unfold(2, columns, right)
        product = pieces.reshape(-1, rows * columns) @ self.kernel.value.reshape(-1, self.filters)
        # The channels lie next to each other in memory, as all later layers have them.
        return product.reshape(*pieces.shape[:3], self.filters).permute(0, 3, 1, 2)
