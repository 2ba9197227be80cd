"""Models of blur and of light: kernels with a known standard deviation, applied in linear light.

Used to train the networks, to draw the demo library, and to test that the measured blur is the blur
that was made. Letters in shapes: H rows, W columns, K kernel side (odd). x runs right, y runs down;
angles are measured from x towards y.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

# A kernel point is spread over the four nearest pixels; this many points a pixel of path or disc
# keep the kernel smooth.
_POINTS_PER_PX: Final = 8
# Share of shakes that are a sum of a few moments, and how few.
_STEPPED_SHARE: Final = 0.15
_NUM_MOMENTS: Final = (2, 15)
# Share of movements in which the hand holds still for a while, and for which part of the exposure.
HELD_SHARE: Final = 0.1
HELD_PARTS: Final = (0.15, 0.5)
# Longest step of a path that is not meant to be seen as one [px].
_LONGEST_STEP_PX: Final = 0.5


def to_linear(encoded: NDArray[np.floating]) -> NDArray[np.float32]:
    """Turn sRGB-encoded values into linear light.

    Parameters
    ----------
    encoded : ndarray of float, any shape
        Encoded values in [0, 1].

    Returns
    -------
    ndarray of float32
        Linear light in [0, 1], same shape.

    References
    ----------
    .. [1] IEC 61966-2-1:1999, sRGB, transfer function.
    """
    x = np.asarray(encoded, dtype=np.float32)
    return np.where(x <= 0.04045, x / 12.92, ((x + 0.055) / 1.055) ** 2.4).astype(np.float32)


def to_encoded(linear: NDArray[np.floating]) -> NDArray[np.float32]:
    """Turn linear light into sRGB-encoded values; light outside [0, 1] is clipped.

    Parameters
    ----------
    linear : ndarray of float, any shape
        Linear light, white = 1.

    Returns
    -------
    ndarray of float32
        Encoded values in [0, 1], same shape.

    References
    ----------
    .. [1] IEC 61966-2-1:1999, sRGB, transfer function.
    """
    x = np.clip(np.asarray(linear, dtype=np.float32), 0.0, 1.0)
    return np.where(x <= 0.0031308, x * 12.92, 1.055 * x ** (1 / 2.4) - 0.055).astype(np.float32)


def draw_gaussian(sigma_px: float) -> NDArray[np.float32]:
    """Draw a Gaussian kernel.

    Parameters
    ----------
    sigma_px : float
        Standard deviation [px], > 0.

    Returns
    -------
    ndarray of float32, shape (K, K)
        Kernel with sum 1.
    """
    radius = max(1, int(np.ceil(3.5 * sigma_px)))
    axis = np.arange(-radius, radius + 1, dtype=np.float64)
    line = np.exp(-0.5 * (axis / sigma_px) ** 2)
    return _normalise(np.outer(line, line))


def draw_disc(
    sigma_px: float, *, num_blades: int = 0, angle_rad: float = 0.0
) -> NDArray[np.float32]:
    """Draw the kernel of a lens out of focus: a disc, or a polygon with as many sides as blades.

    Parameters
    ----------
    sigma_px : float
        Standard deviation along an axis [px] of the round aperture, > 0; a disc of radius r has
        r / 2. A polygon inside of it has less: 12 % with five blades, 5 % with eight.
    num_blades : int
        Sides of the aperture, 0 for a round one, else >= 4.
    angle_rad : float
        Turns the polygon.

    Returns
    -------
    ndarray of float32, shape (K, K)
        Kernel with sum 1.
    """
    radius = 2.0 * sigma_px
    num_steps = max(9, int(radius * _POINTS_PER_PX))
    axis = np.linspace(-radius, radius, 2 * num_steps + 1)
    x, y = np.meshgrid(axis, axis)
    distance = np.hypot(x, y)
    limit = np.full_like(distance, radius)
    if num_blades:
        sector = 2 * np.pi / num_blades
        phase = np.mod(np.arctan2(y, x) + angle_rad, sector) - sector / 2
        limit = radius * np.cos(sector / 2) / np.cos(phase)
    inside = distance <= limit
    return _splat(x[inside], y[inside])


def draw_line(sigma_px: float, *, angle_rad: float, held_part: float = 0.0) -> NDArray[np.float32]:
    """Draw the kernel of a steady movement: a straight line.

    Parameters
    ----------
    sigma_px : float
        Standard deviation along the line [px], > 0; a line of length l has l / sqrt(12).
    angle_rad : float
        Direction of the movement.
    held_part : float
        Part of the exposure before the movement begins, in [0, 1): what is bright draws a dot with
        a tail.

    Returns
    -------
    ndarray of float32, shape (K, K)
        Kernel with sum 1.
    """
    # Variance of a line from 0 to 1 after a stay at 0.
    variance = (1 - held_part) / 3 - ((1 - held_part) / 2) ** 2
    length = sigma_px / np.sqrt(variance)
    steps = np.linspace(0.0, length, max(9, int(length * _POINTS_PER_PX)))
    along = _hold(steps, 0, held_part)
    return _splat(along * np.cos(angle_rad), along * np.sin(angle_rad))


def draw_shake(sigma_px: float, *, rng: np.random.Generator) -> NDArray[np.float32]:
    """Draw the kernel of a hand that shakes: a random path with inertia.

    At times the hand holds still somewhere on its way, most often before or after the movement:
    what it saw then is sharp, with a ghost.

    Parameters
    ----------
    sigma_px : float
        Standard deviation along the path's longest axis [px], > 0.
    rng : numpy.random.Generator
        Source of the path.

    Returns
    -------
    ndarray of float32, shape (K, K)
        Kernel with sum 1.

    References
    ----------
    .. [1] G. Boracchi, A. Foi, "Modeling the performance of image restoration from motion blur",
       IEEE Transactions on Image Processing 21(8), 2012, section III. doi:10.1109/TIP.2012.2192126
    """
    path = _walk(num_steps=256, rng=rng)
    is_stepped = rng.random() < _STEPPED_SHARE
    if is_stepped:
        # Few frames added up, as video and electronic stabilisers do, leave steps.
        moments = int(rng.integers(*_NUM_MOMENTS))
        path = path[np.linspace(0, len(path) - 1, moments).astype(int)]
    if rng.random() < HELD_SHARE:
        place = int(rng.choice([0, len(path) - 1, int(rng.integers(len(path)))]))
        path = _hold(path, place, rng.uniform(*HELD_PARTS))
    path -= path.mean(axis=0)
    longest = np.sqrt(np.linalg.eigvalsh(np.cov(path.T, bias=True))[-1])
    path *= sigma_px / max(float(longest), 1e-9)
    if not is_stepped:
        path = _smooth(path)
    return _splat(path[:, 0], path[:, 1])


def _hold(path: NDArray[np.float64], place: int, part: float) -> NDArray[np.float64]:
    """Let a path (steps, ...) stay at one of its points for a part of the exposure."""
    num_steps = round(len(path) * part / (1 - part))
    return np.concatenate([path, np.repeat(path[place : place + 1], num_steps, axis=0)])


def _smooth(path: NDArray[np.float64]) -> NDArray[np.float64]:
    """Put points between those of a path (steps, 2), so that a large one leaves no dots."""
    longest = np.hypot(*np.diff(path, axis=0).T).max()
    num_parts = max(1, int(np.ceil(longest / _LONGEST_STEP_PX)))
    given = np.arange(len(path))
    moments = np.linspace(0, len(path) - 1, num_parts * (len(path) - 1) + 1)
    return np.stack([np.interp(moments, given, axis) for axis in path.T], axis=1)


def _walk(*, num_steps: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Walk with inertia; (num_steps, 2), unscaled.

    The velocity is a steady drift plus noise that forgets itself within 5 to 60 % of the exposure,
    so paths run from a straight line over hooks and loops to a scribble.
    """
    memory_steps = num_steps * np.exp(rng.uniform(np.log(0.05), np.log(0.6)))
    decay = np.exp(-np.arange(4 * num_steps) / memory_steps)
    noise = rng.normal(size=(4 * num_steps, 2))
    wander = np.stack([np.convolve(noise[:, axis], decay)[: 4 * num_steps] for axis in (0, 1)], 1)
    wander = wander[-num_steps:] / wander.std()
    angle = rng.uniform(0, 2 * np.pi)
    drift = np.array([np.cos(angle), np.sin(angle)]) * rng.exponential(0.4)
    return np.cumsum(wander + drift, axis=0)


def combine(first: NDArray[np.float32], second: NDArray[np.float32]) -> NDArray[np.float32]:
    """Combine two kernels into the one of both blurs after each other; variances add.

    Parameters
    ----------
    first, second : ndarray of float32, shape (K1, K1) and (K2, K2)
        Kernels with sum 1.

    Returns
    -------
    ndarray of float32, shape (K1 + K2 - 1, K1 + K2 - 1)
        Kernel with sum 1.
    """
    side = first.shape[0] + second.shape[0] - 1
    spectrum = np.fft.rfft2(first, (side, side)) * np.fft.rfft2(second, (side, side))
    return _normalise(np.maximum(np.fft.irfft2(spectrum, (side, side)), 0.0))


def measure_covariance(kernel: NDArray[np.float32]) -> NDArray[np.float64]:
    """Measure the covariance of a kernel.

    Parameters
    ----------
    kernel : ndarray of float32, shape (K, K)
        Kernel with sum 1.

    Returns
    -------
    ndarray of float64, shape (2, 2)
        [[var_x, cov], [cov, var_y]] [px^2].
    """
    weights = kernel.astype(np.float64)
    y, x = np.indices(kernel.shape)
    x = x - (weights * x).sum()
    y = y - (weights * y).sum()
    cov = (weights * x * y).sum()
    return np.array([[(weights * x * x).sum(), cov], [cov, (weights * y * y).sum()]])


def blur(linear_hw: NDArray[np.float32], kernel: NDArray[np.float32]) -> NDArray[np.float32]:
    """Convolve a plane with a kernel; beyond its border the plane is mirrored.

    Parameters
    ----------
    linear_hw : ndarray of float32, shape (H, W)
        Linear light; H and W > K / 2.
    kernel : ndarray of float32, shape (K, K)
        Kernel with sum 1, K odd.

    Returns
    -------
    ndarray of float32, shape (H, W)
        Blurred light, never below 0 where the input was not.
    """
    if kernel.size == 1:
        return linear_hw.astype(np.float32, copy=True)
    radius = kernel.shape[0] // 2
    padded = np.pad(linear_hw, radius, mode="symmetric")
    shape = tuple(_fast_length(n + kernel.shape[0] - 1) for n in padded.shape)
    spectrum = np.fft.rfft2(padded, shape) * np.fft.rfft2(kernel, shape)
    full = np.fft.irfft2(spectrum, shape)
    height, width = linear_hw.shape
    valid = full[2 * radius : 2 * radius + height, 2 * radius : 2 * radius + width]
    floor = min(0.0, float(linear_hw.min()))
    return np.maximum(valid, floor).astype(np.float32)


def _splat(x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float32]:
    """Spread points over a kernel, each over its four nearest pixels."""
    x, y = x - x.mean(), y - y.mean()
    radius = int(np.ceil(max(np.abs(x).max(), np.abs(y).max()))) + 1
    kernel = np.zeros((2 * radius + 1, 2 * radius + 1))
    col, row = np.floor(x).astype(int), np.floor(y).astype(int)
    fx, fy = x - col, y - row
    for dy, wy in ((0, 1 - fy), (1, fy)):
        for dx, wx in ((0, 1 - fx), (1, fx)):
            np.add.at(kernel, (row + radius + dy, col + radius + dx), wx * wy)
    return _normalise(kernel)


def _normalise(kernel: NDArray[np.float64]) -> NDArray[np.float32]:
    return np.asarray(kernel / kernel.sum(), dtype=np.float32)


def _fast_length(length: int) -> int:
    """Round up to a length that the Fourier transform handles fast: 2^a 3^b 5^c."""
    while True:
        rest = length
        for prime in (2, 3, 5):
            while rest % prime == 0:
                rest //= prime
        if rest == 1:
            return length
        length += 1
