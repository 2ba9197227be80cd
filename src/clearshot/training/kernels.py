"""Blur with a known size: what a lens out of focus and a moving hand do to light.

Letters in shapes: H rows, W columns, K kernel side.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from clearshot import optics

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Blur that any picture has, even a sharp one [px]: about that of a pixel's own box,
# 1 / sqrt(12) px, and of a good demosaic.
PIXEL_SIGMA_PX: Final = 0.35

# Directions along which blur is reported [rad, from x towards y].
DIRECTIONS_RAD: Final = (0.0, np.pi / 4, np.pi / 2, 3 * np.pi / 4)

# How often blurs of a kind are drawn, anywhere and where most are movements along lines.
_KINDS: Final = {"gaussian": 0.17, "disc": 0.25, "shake": 0.35, "line": 0.1, "both": 0.13}
_KINDS_ALONG: Final = {"gaussian": 0.05, "disc": 0.1, "shake": 0.1, "line": 0.4, "both": 0.35}
# How far such a movement strays from the lines [rad]: seven degrees.
_ALONG_SPREAD_RAD: Final = 0.12


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


def draw_blur(sigma_px: float, *, rng: np.random.Generator, along_rad: float | None = None) -> Blur:
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
    along_rad : float or None
        Three in four blurs are a steady movement about in this direction.

    Returns
    -------
    Blur
        The kernel and its covariance.
    """
    shares, angle = _KINDS, None
    if along_rad is not None:
        shares, angle = _KINDS_ALONG, along_rad + rng.normal(scale=_ALONG_SPREAD_RAD)
    kind = str(rng.choice(list(shares), p=list(shares.values())))
    kernel = draw_kernel(kind, sigma_px, rng=rng, angle_rad=angle)
    return Blur(kernel, optics.measure_covariance(kernel))


def draw_kernel(
    kind: str, sigma_px: float, *, rng: np.random.Generator, angle_rad: float | None = None
) -> NDArray[np.float32]:
    """Draw a kernel of a given kind.

    Parameters
    ----------
    kind : str
        `gaussian`, `disc`, `shake`, `line` or `both`.
    sigma_px : float
        Standard deviation along the longest axis [px], > 0.
    rng : numpy.random.Generator
        Source of its shape.
    angle_rad : float or None
        Direction of a steady movement; at random by default.

    Returns
    -------
    ndarray of float32, shape (K, K)
        Kernel with sum 1.

    Raises
    ------
    ValueError
        If `kind` is unknown.
    """
    angle = rng.uniform(0, np.pi) if angle_rad is None else angle_rad
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
            is_held = rng.random() < optics.HELD_SHARE
            part = rng.uniform(*optics.HELD_PARTS) if is_held else 0.0
            return optics.draw_line(sigma_px, angle_rad=angle, held_part=part)
        case "both":
            kinds = ["shake", "line"] if angle_rad is None else ["line"]
            moved = draw_kernel(str(rng.choice(kinds)), sigma_px, rng=rng, angle_rad=angle_rad)
            lens = draw_kernel(
                str(rng.choice(["gaussian", "disc"])), sigma_px * rng.uniform(0.15, 1.0), rng=rng
            )
            return optics.combine(moved, lens)
        case _:
            msg = f"unknown kind of blur {kind!r}; expected gaussian, disc, shake, line or both"
            raise ValueError(msg)


def compose(
    light_hw: NDArray[np.float32], mask_hw: NDArray[np.float32], *, front: Blur, back: Blur
) -> NDArray[np.float32]:
    """Blur what stands in front and what lies behind it by different kernels.

    Parameters
    ----------
    light_hw : ndarray of float32, shape (H, W)
        Linear light, white = 1.
    mask_hw : ndarray of float32, shape (H, W)
        1 where the front is, 0 elsewhere.
    front, back : Blur
        The blurs; the outline of the front has the front's.

    Returns
    -------
    ndarray of float32, shape (H, W)
        Linear light behind the lens.
    """
    cover = np.clip(optics.blur(mask_hw, front.kernel), 0.0, 1.0)
    near, far = optics.blur(light_hw, front.kernel), optics.blur(light_hw, back.kernel)
    return cover * near + (1 - cover) * far
