"""What a camera does between the lens and the file: noise, tone, sharpening, JPEG.

It happens after the blur [1]_. Letters in shapes: H rows, W columns.

References
----------
.. [1] K. Zhang et al., "Designing a practical degradation model for deep blind image
   super-resolution", ICCV 2021. arXiv:2103.14006
"""

from __future__ import annotations

import io
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np
from PIL import Image, ImageFilter

from clearshot import optics

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Range in which a finished picture may be resized.
MIN_SCALE: Final = 0.6
MAX_SCALE: Final = 1.6
# Share of cameras whose noise reduction smears texture.
SMEAR_SHARE: Final = 0.15
# Half the side of the window of noise reduction [px].
_SMEAR_RADIUS_PX: Final = 2
# Range of the deviation of grain that a developed picture has [levels of 255].
_GRAIN_LEVELS: Final = (4.0, 28.0)
# Share of grainy pictures whose grain a program reduces, and by how many of its deviations.
_REDUCED_SHARE: Final = 0.4
_REDUCED_DEVIATIONS: Final = (0.7, 2.5)
_MOST_SMEAR_LEVELS: Final = 40.0


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
        A 3x3 median stands for mild noise reduction.
    smear_levels : float
        Noise reduction that smears texture and keeps edges: pixels are averaged with neighbours
        that differ by less than this [levels of 255]; 0 for none.
    grain_levels : float
        Standard deviation of grain in the developed picture: high ISO, fast film, or a program
        that adds it [levels of 255]; 0 for none.
    is_film : bool
        The grain fades towards black and white.
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
    smear_levels: float
    grain_levels: float
    is_film: bool
    sharpen_radius_px: float
    sharpen_percent: float
    jpeg_qualities: tuple[int, ...]


def draw_camera(
    smear_share: float = SMEAR_SHARE, grain_share: float = 0.0, *, rng: np.random.Generator
) -> Camera:
    """Draw a camera, from a good one in daylight to a phone at night.

    Parameters
    ----------
    smear_share : float
        Share of cameras whose noise reduction smears texture, in [0, 1].
    grain_share : float
        Share of pictures with strong grain, of which a program may have reduced some, in [0, 1].
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
    camera = Camera(
        gain_stops=rng.uniform(-1.0, 0.5),
        shot_noise=10 ** rng.uniform(-5.0, -3.2) if has_noise else 0.0,
        read_noise=10 ** rng.uniform(-4.0, -2.7) if has_noise else 0.0,
        noise_grain_px=rng.uniform(0.3, 0.9) if rng.random() < 0.25 else 0.0,
        gamma=float(np.exp(rng.normal(0.0, 0.15))),
        contrast=rng.uniform(-0.2, 0.6),
        scale=float(np.exp(rng.uniform(np.log(MIN_SCALE), np.log(MAX_SCALE))))
        if is_resized
        else 1.0,
        has_median=bool(rng.random() < 0.1),
        smear_levels=rng.uniform(4, 20) if rng.random() < smear_share else 0.0,
        grain_levels=0.0,
        is_film=False,
        sharpen_radius_px=rng.uniform(0.5, 1.6),
        sharpen_percent=rng.uniform(20, 160) if rng.random() < 0.4 else 0.0,
        jpeg_qualities=tuple(qualities),
    )
    # Where there is to be none nothing is drawn for it, so that seeds give the cameras of before.
    if grain_share and rng.random() < grain_share:
        return _add_grain(camera, rng=rng)
    return camera


def _add_grain(camera: Camera, *, rng: np.random.Generator) -> Camera:
    levels = float(np.exp(rng.uniform(*np.log(_GRAIN_LEVELS))))
    smear_levels = 0.0
    if rng.random() < _REDUCED_SHARE:
        smear_levels = min(levels * rng.uniform(*_REDUCED_DEVIATIONS), _MOST_SMEAR_LEVELS)
    return replace(
        camera,
        noise_grain_px=rng.uniform(0.3, 1.3) if rng.random() < 0.5 else 0.0,
        grain_levels=levels,
        is_film=bool(rng.random() < 0.5),
        smear_levels=smear_levels,
        # Nobody sharpens strong grain much.
        sharpen_percent=camera.sharpen_percent / 3,
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
    if camera.grain_levels > 0:
        strength = 4 * encoded * (1 - encoded) if camera.is_film else 1.0
        grain = _draw_grain(encoded.shape, camera.noise_grain_px, rng=rng)
        encoded = np.clip(encoded + camera.grain_levels / 255 * strength * grain, 0, 1)
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
    if camera.smear_levels > 0:
        picture = Image.fromarray(_smear(np.asarray(picture), camera.smear_levels))
    if camera.sharpen_percent > 0:
        picture = picture.filter(
            ImageFilter.UnsharpMask(camera.sharpen_radius_px, int(camera.sharpen_percent), 0)
        )
    for quality in camera.jpeg_qualities:
        buffer = io.BytesIO()
        picture.save(buffer, "JPEG", quality=quality)
        picture = Image.open(buffer)
    return np.asarray(picture, dtype=np.uint8)


def _smear(luma_hw: NDArray[np.uint8], levels: float) -> NDArray[np.uint8]:
    """Average each pixel with those around it that look alike.

    References
    ----------
    .. [1] J.-S. Lee, "Digital image smoothing and the sigma filter", Computer Vision, Graphics, and
       Image Processing 24(2), 1983. doi:10.1016/0734-189X(83)90047-6
    """
    radius = _SMEAR_RADIUS_PX
    plane = luma_hw.astype(np.float32)
    padded = np.pad(plane, radius, mode="symmetric")
    total, count = np.zeros_like(plane), np.zeros_like(plane)
    height, width = plane.shape
    for row in range(2 * radius + 1):
        for col in range(2 * radius + 1):
            near = padded[row : row + height, col : col + width]
            is_alike = np.abs(near - plane) < levels
            total += near * is_alike
            count += is_alike
    return np.round(total / count).astype(np.uint8)
