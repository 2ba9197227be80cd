"""What spoils a photo on its way from the scene to the file: blur, light, camera.

Everything before `Camera` happens in linear light, because that is where a lens and a moving hand
mix light; a lamp many times brighter than white draws a bright trail only if it is still brighter
than white when the blur is applied [1]_. Noise, tone, sharpening and JPEG come after the blur, as
in a camera [2]_. Letters in shapes: H rows, W columns.

References
----------
.. [1] J. Rim et al., "Realistic blur synthesis for learning image deblurring", ECCV 2022.
   arXiv:2202.08771
.. [2] K. Zhang et al., "Designing a practical degradation model for deep blind image
   super-resolution", ICCV 2021. arXiv:2103.14006
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from PIL import Image, ImageFilter

from clearshot import optics

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Blur that any picture has, even a sharp one: about that of a pixel's own box (1 / sqrt(12) px) and
# of a good demosaic.
PIXEL_SIGMA_PX: Final = 0.35

# Range in which a finished picture may be resized.
MIN_SCALE: Final = 0.6
MAX_SCALE: Final = 1.6

# Directions along which blur is reported [rad, from x towards y].
DIRECTIONS_RAD: Final = (0.0, np.pi / 4, np.pi / 2, 3 * np.pi / 4)


@dataclass(frozen=True, slots=True)
class Blur:
    """A blur and its exact size.

    Attributes
    ----------
    kernel : ndarray of float32, shape (K, K)
        Kernel with sum 1; a single 1 for no blur.
    covariance : ndarray of float64, shape (2, 2)
        Of the kernel [px^2], without the pixel's own blur.
    """

    kernel: NDArray[np.float32]
    covariance: NDArray[np.float64]

    def log2_sigmas(self, scale: float = 1.0) -> NDArray[np.float32]:
        """Give the label: log2 of the standard deviation [px] in four directions and overall.

        Parameters
        ----------
        scale : float
            The picture was resized by this factor after the blur.

        Returns
        -------
        ndarray of float32, shape (5,)
            Along 0, 45, 90 and 135 degrees, and along the longest axis.
        """
        pixel = (PIXEL_SIGMA_PX * max(scale, 1.0)) ** 2
        cov = self.covariance * scale**2
        axes = np.array([[np.cos(a), np.sin(a)] for a in DIRECTIONS_RAD])
        along = np.einsum("di,ij,dj->d", axes, cov, axes)
        longest = np.linalg.eigvalsh(cov)[-1]
        variances = np.append(along, longest) + pixel
        return (0.5 * np.log2(variances)).astype(np.float32)


def no_blur() -> Blur:
    """Give the blur that changes nothing.

    Returns
    -------
    Blur
        A kernel of one pixel.
    """
    return Blur(np.ones((1, 1), np.float32), np.zeros((2, 2)))


def draw_blur(sigma_px: float, *, rng: np.random.Generator) -> Blur:
    """Draw a blur of a given size and of a random kind.

    Gaussian, disc or polygon (lens), shake (hand), line (panning, moving subject), and a lens blur
    after a movement.

    Parameters
    ----------
    sigma_px : float
        Standard deviation along the longest axis [px], > 0; a combined blur may be up to 1.4 times
        as long.
    rng : numpy.random.Generator
        Source of the kind and its shape.

    Returns
    -------
    Blur
        The kernel and its covariance.
    """
    kind = rng.choice(
        ["gaussian", "disc", "shake", "line", "both"], p=[0.17, 0.25, 0.35, 0.1, 0.13]
    )
    kernel = draw_kernel(str(kind), sigma_px, rng=rng)
    return Blur(kernel, optics.measure_covariance(kernel))


def draw_kernel(kind: str, sigma_px: float, *, rng: np.random.Generator) -> NDArray[np.float32]:
    """Draw a kernel of a given kind.

    Parameters
    ----------
    kind : str
        `gaussian`, `disc`, `shake`, `line` or `both`.
    sigma_px : float
        Standard deviation along the longest axis [px], > 0.
    rng : numpy.random.Generator
        Source of its shape.

    Returns
    -------
    ndarray of float32, shape (K, K)
        Kernel with sum 1.

    Raises
    ------
    ValueError
        If `kind` is unknown.
    """
    angle = rng.uniform(0, np.pi)
    match kind:
        case "gaussian":
            return optics.draw_gaussian(sigma_px)
        case "disc":
            blades = int(rng.choice([0, 0, 5, 6, 7, 8]))
            disc = optics.draw_disc(sigma_px, num_blades=blades, angle_rad=angle)
            # Aberrations and diffraction soften the rim.
            soft = sigma_px * rng.uniform(0.1, 0.4)
            return optics.combine(disc, optics.draw_gaussian(soft)) if rng.random() < 0.6 else disc
        case "shake":
            return optics.draw_shake(sigma_px, rng=rng)
        case "line":
            return optics.draw_line(sigma_px, angle_rad=angle)
        case "both":
            moved = draw_kernel(str(rng.choice(["shake", "line"])), sigma_px, rng=rng)
            lens = draw_kernel(
                str(rng.choice(["gaussian", "disc"])), sigma_px * rng.uniform(0.15, 1.0), rng=rng
            )
            return optics.combine(moved, lens)
        case _:
            msg = f"unknown kind of blur {kind!r}; expected gaussian, disc, shake, line or both"
            raise ValueError(msg)


def relight(linear_hw: NDArray[np.float32], *, rng: np.random.Generator) -> NDArray[np.float32]:
    """Give a picture the light that a camera meets: highlights above white, at times a night.

    Parameters
    ----------
    linear_hw : ndarray of float32, shape (H, W)
        Linear light, white = 1.
    rng : numpy.random.Generator
        Source of the light.

    Returns
    -------
    ndarray of float32, shape (H, W)
        Linear light; lamps and reflections may be up to 64 times white.
    """
    light = linear_hw
    is_night = rng.random() < 0.15
    if is_night:
        # A steeper curve empties the shadows; what stays bright becomes a lamp.
        light = light ** rng.uniform(1.0, 1.8) * 2.0 ** rng.uniform(-1.5, 0.0)
    if is_night or rng.random() < 0.3:
        knee = float(np.quantile(light, rng.uniform(0.9, 0.997)))
        boost = 2.0 ** rng.uniform(1.0, 6.0 if is_night else 4.0)
        excess = np.clip((light - knee) / max(1.0 - knee, 0.05), 0.0, 1.0)
        light = light * (1.0 + (boost - 1.0) * excess**2)
    if is_night and rng.random() < 0.5:
        light = _add_lamps(light, rng=rng)
    return light.astype(np.float32)


def _add_lamps(light: NDArray[np.float32], *, rng: np.random.Generator) -> NDArray[np.float32]:
    """Add a few small lamps and lit lines, sharp as the scene is before the blur."""
    height, width = light.shape
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    lit = light.copy()
    # About the same number of lamps per area in a patch and in a whole photo.
    num_lamps = 1 + rng.poisson(height * width / 30_000)
    for _ in range(min(int(num_lamps), 25)):
        row, col = rng.uniform(0, height), rng.uniform(0, width)
        radius = rng.uniform(0.6, 3.0)
        top, left = max(int(row - 8), 0), max(int(col - 8), 0)
        window = np.s_[top : int(row + 9), left : int(col + 9)]
        distance = np.hypot(y[window] - row, x[window] - col)
        lamp = np.clip(radius + 0.5 - distance, 0, 1) * 2.0 ** rng.uniform(0.0, 5.0)
        lit[window] = np.maximum(lit[window], lamp)
    return lit


@dataclass(frozen=True, slots=True)
class Camera:
    """What one camera does to the light that reaches it, up to the file.

    Attributes
    ----------
    gain_stops : float
        Exposure error [stops].
    shot_noise, read_noise : float
        Noise variance is shot_noise * light + read_noise^2, white = 1.
    noise_grain_px : float
        Standard deviation of a Gaussian that makes the noise coarser [px]; 0 for white noise.
    gamma, contrast : float
        Exponent on the encoded value, and strength of an S curve around the middle.
    scale : float
        The finished picture is resized by this factor.
    has_median : bool
        A 3x3 median stands for noise reduction.
    sharpen_radius_px, sharpen_percent : float
        Unsharp mask; 0 percent for none.
    jpeg_qualities : tuple of int
        Quality of each JPEG compression, one after the other, 1-100.
    """

    gain_stops: float
    shot_noise: float
    read_noise: float
    noise_grain_px: float
    gamma: float
    contrast: float
    scale: float
    has_median: bool
    sharpen_radius_px: float
    sharpen_percent: float
    jpeg_qualities: tuple[int, ...]


def draw_camera(*, rng: np.random.Generator) -> Camera:
    """Draw a camera, from a good one in daylight to a phone at night.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of every setting.

    Returns
    -------
    Camera
        Its settings.
    """
    has_noise = rng.random() < 0.7
    is_resized = rng.random() < 0.15
    qualities = [int(rng.integers(55, 99))] if rng.random() < 0.9 else []
    if rng.random() < 0.1:
        qualities.append(int(rng.integers(60, 96)))
    return Camera(
        gain_stops=rng.uniform(-1.0, 0.5),
        shot_noise=10 ** rng.uniform(-5.0, -3.2) if has_noise else 0.0,
        read_noise=10 ** rng.uniform(-4.0, -2.7) if has_noise else 0.0,
        noise_grain_px=rng.uniform(0.3, 0.9) if rng.random() < 0.25 else 0.0,
        gamma=float(np.exp(rng.normal(0.0, 0.15))),
        contrast=rng.uniform(-0.2, 0.6),
        scale=float(np.exp(rng.uniform(np.log(MIN_SCALE), np.log(MAX_SCALE))))
        if is_resized
        else 1.0,
        has_median=bool(rng.random() < 0.12),
        sharpen_radius_px=rng.uniform(0.5, 1.6),
        sharpen_percent=rng.uniform(20, 160) if rng.random() < 0.4 else 0.0,
        jpeg_qualities=tuple(qualities),
    )


def photograph(
    light_hw: NDArray[np.float32], camera: Camera, *, rng: np.random.Generator
) -> NDArray[np.uint8]:
    """Turn the light behind the lens into the luma of a finished file.

    Parameters
    ----------
    light_hw : ndarray of float32, shape (H, W)
        Linear light, white = 1, already blurred.
    camera : Camera
        What happens to it.
    rng : numpy.random.Generator
        Source of the noise.

    Returns
    -------
    ndarray of uint8, shape (round(H * scale), round(W * scale))
        Luma, 0-255.
    """
    light = light_hw * np.float32(2.0**camera.gain_stops)
    if camera.read_noise > 0:
        deviation = np.sqrt(camera.shot_noise * np.clip(light, 0, 1) + camera.read_noise**2)
        light = light + deviation * _draw_grain(light.shape, camera.noise_grain_px, rng=rng)
    encoded = optics.to_encoded(light) ** camera.gamma
    # A cubic S curve that keeps 0, 1/2 and 1.
    curve = encoded * (1 - encoded) * (2 * encoded - 1)
    encoded = np.clip(encoded + camera.contrast * curve, 0, 1)
    return _finish(np.round(encoded * 255).astype(np.uint8), camera)


def _draw_grain(
    shape: tuple[int, ...], grain_px: float, *, rng: np.random.Generator
) -> NDArray[np.float32]:
    noise = rng.standard_normal(shape, dtype=np.float32)
    if grain_px <= 0:
        return noise
    coarse = optics.blur(noise - noise.min(), optics.draw_gaussian(grain_px))
    grain = (coarse - coarse.mean()) / max(float(coarse.std()), 1e-6)
    return np.asarray(grain, dtype=np.float32)


def _finish(luma_hw: NDArray[np.uint8], camera: Camera) -> NDArray[np.uint8]:
    """Resize, denoise, sharpen and compress, as software after the camera does."""
    picture = Image.fromarray(luma_hw)
    if camera.scale != 1.0:
        size = (round(picture.width * camera.scale), round(picture.height * camera.scale))
        picture = picture.resize(size, Image.Resampling.BICUBIC)
    if camera.has_median:
        picture = picture.filter(ImageFilter.MedianFilter(3))
    if camera.sharpen_percent > 0:
        picture = picture.filter(
            ImageFilter.UnsharpMask(camera.sharpen_radius_px, int(camera.sharpen_percent), 0)
        )
    for quality in camera.jpeg_qualities:
        buffer = io.BytesIO()
        picture.save(buffer, "JPEG", quality=quality)
        picture = Image.open(buffer)
    return np.asarray(picture, dtype=np.uint8)
