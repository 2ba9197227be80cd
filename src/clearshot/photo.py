"""The records that travel through clearshot: photo, scores, verdict.

All are frozen. Pixel coordinates are those of the upright photo (after EXIF orientation), in px of
the original file, x to the right and y down.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path


class Label(StrEnum):
    """What can be wrong with a photo."""

    BLURRY = "blurry"
    DARK = "dark"
    OVEREXPOSED = "overexposed"


class Rating(StrEnum):
    """The verdict's one word."""

    GOOD = "good"
    BAD = "bad"
    UNSURE = "unsure"


class BlurKind(StrEnum):
    """How a photo was blurred."""

    DEFOCUS = "defocus"
    MOTION = "motion"


class Choice(StrEnum):
    """What the owner decided to do with a photo; it outranks the verdict."""

    KEEP = "keep"
    REJECT = "reject"


# As the owner is told of it.
CHOICE_WORDS: Final = {Choice.KEEP: "kept by you", Choice.REJECT: "rejected by you"}

# Folder, and word in a plan, of photos that the owner rejected and that no label is about.
REJECTED: Final = "rejected"


# What goes along with a photo and is no picture itself: sidecars, notes, the moving half of a live
# photo.
COMPANION_SUFFIXES: Final = frozenset(
    {".xmp", ".acr", ".aae", ".mov", ".mp4", ".wav", ".thm", ".pp3", ".dop"}
)


class Color(StrEnum):
    """A coloured mark, for whatever the owner means by it."""

    RED = "red"
    YELLOW = "yellow"
    GREEN = "green"
    BLUE = "blue"


class SharpAt(StrEnum):
    """How large a photo is seen when its sharpness is judged."""

    SCREEN = "screen"
    FULL = "full"


@dataclass(frozen=True, slots=True)
class FileStamp:
    """What tells that a file has changed without reading it.

    Attributes
    ----------
    size_bytes : int
        File size [bytes].
    mtime_ns : int
        Time of last change [ns since the epoch].
    """

    size_bytes: int
    mtime_ns: int


@dataclass(frozen=True, slots=True)
class Photo:
    """One picture in a library, with the files that belong to it.

    Attributes
    ----------
    path : Path
        The file that is judged, absolute.
    stamp : FileStamp
        Its state when it was found.
    companions : tuple of Path
        Files that go where the photo goes (its raw or HEIC file, sidecars, videos, sounds),
        absolute, sorted.
    """

    path: Path
    stamp: FileStamp
    companions: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True)
class Skip:
    """A file or folder that was left out or left alone.

    Attributes
    ----------
    path : Path
        What.
    reason : str
        Why, in plain words.
    is_unreadable : bool
        Whether the system refused it; else it was left out on purpose.
    """

    path: Path
    reason: str
    is_unreadable: bool = False


@dataclass(frozen=True, slots=True)
class Region:
    """A rectangle of the upright photo.

    Attributes
    ----------
    x, y : int
        Left and top edge [px].
    width, height : int
        Size [px].
    """

    x: int
    y: int
    width: int
    height: int

    def as_list(self) -> list[int]:
        """Give the rectangle as the JSON contract writes it: [x, y, w, h]."""
        return [self.x, self.y, self.width, self.height]


@dataclass(frozen=True, slots=True)
class FocusScores:
    """What the focus network measured. Raw: no threshold is applied.

    Attributes
    ----------
    blur : float
        Pooled score of the photo: log2 of the blur's standard deviation in its sharpest part, in
        the worst direction [px at the judged size]; the higher, the blurrier.
    anisotropy : float
        How much longer the blur of the whole photo is along its worst direction than along its
        best: log2 of the ratio of the standard deviations, >= 0. Motion along a line stands out,
        defocus stays near 0.
    sharpest : Region
        The sharpest region of the photo.
    native_blur : float or None
        Score at 100 %: log2 of the blur's standard deviation in the sharpest part, in the worst
        direction [px of the photo]; the higher, the blurrier. None when it was not measured.
    native_anisotropy : float or None
        As `anisotropy`, of the part of the photo that gave `native_blur`. None as that is.
    """

    blur: float
    anisotropy: float
    sharpest: Region
    native_blur: float | None = None
    native_anisotropy: float | None = None

    @property
    def sigma_px(self) -> float:
        """The blur score as a length: 2 ** blur [px at the judged size]."""
        return math.exp2(self.blur)


@dataclass(frozen=True, slots=True)
class ExposureScores:
    """Light statistics of a photo. Raw: no threshold is applied.

    Linear light is relative to display white = 1; a stop is a factor of 2 below white, so that 0
    is white and -7 is a very dark grey.

    Attributes
    ----------
    shadow_stops, median_stops, bright_stops : float
        5th, 50th and 95th percentile of luma, in stops relative to white, <= 0.
    black_share : float
        Share of pixels at or below the noise floor of an 8-bit picture, in [0, 1].
    white_share : float
        Share of pixels that are clipped to white, in [0, 1].
    subject_stops : float
        50th percentile of luma in the sharpest part, in stops relative to white, <= 0.
    error_stops : float
        How far the exposure network finds the photo from a good exposure [stops]; negative when it
        is too dark, positive when it is too bright.
    dark_logit, overexposed_logit : float
        What the network says of each label, as log odds among the photos of its training.
    sensor_white_share : float or None
        Share of a raw file's values at saturation, in [0, 1]: what no development brings back.
        None when no raw values were decoded.
    """

    shadow_stops: float
    median_stops: float
    bright_stops: float
    black_share: float
    white_share: float
    subject_stops: float
    error_stops: float
    dark_logit: float
    overexposed_logit: float
    sensor_white_share: float | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """What the camera wrote about a photo. None where it did not, or not credibly.

    Attributes
    ----------
    camera : str or None
        Maker and model.
    lens : str or None
        Name of the lens.
    iso : int or None
        Sensitivity, >= 1.
    shutter_s : float or None
        Exposure time [s], > 0.
    aperture : float or None
        Aperture number, > 0.
    taken_at : datetime or None
        When it was taken. Naive, and then the camera's own clock, where it did not write its zone.
    focus_x, focus_y : float or None
        Where the camera focused: share of the upright photo's width and height, in [0, 1].
    """

    camera: str | None = None
    lens: str | None = None
    iso: int | None = None
    shutter_s: float | None = None
    aperture: float | None = None
    taken_at: datetime | None = None
    focus_x: float | None = None
    focus_y: float | None = None

    def describe(self) -> str:
        """Say in a line what a photographer asks for; empty where nothing is known.

        Returns
        -------
        str
            For example `Canon EOS 6D, EF100mm f/2.8L, 1/80 s, f/4.5, ISO 500, 2013-03-05 17:29`.
        """
        words = [self.camera, self.lens, _describe_shutter(self.shutter_s)]
        if self.aperture is not None:
            words.append(f"f/{self.aperture:g}")
        if self.iso is not None:
            words.append(f"ISO {self.iso}")
        if self.taken_at is not None:
            words.append(self.taken_at.isoformat(" ", "minutes"))
        return ", ".join(word for word in words if word)


def _describe_shutter(seconds: float | None) -> str:
    if seconds is None:
        return ""
    return f"1/{1 / seconds:.0f} s" if seconds < 0.3 else f"{seconds:g} s"


@dataclass(frozen=True, slots=True)
class Scores:
    """Everything that was measured on one photo.

    Attributes
    ----------
    width_px, height_px : int
        Size of the upright photo [px].
    focus : FocusScores
        What the focus network measured.
    exposure : ExposureScores
        Light statistics.
    recipe : str
        Names the networks' SHA-256 and the version of the pixel recipe, and behind a `+` what else
        was measured, of this photo. Scores whose recipe does not cover another's cannot be compared
        with them, see `covers`.
    reader : str
        What read the photo, see `clearshot.decode.image.Image`; empty where it is not known.
    facts : Facts
        What the camera wrote.
    inside : Region or None
        The part that shows the photo and not the frame around it [px of the upright photo]; None
        where there is no frame.
    """

    width_px: int
    height_px: int
    focus: FocusScores
    exposure: ExposureScores
    recipe: str
    reader: str = ""
    facts: Facts = Facts()
    inside: Region | None = None


def covers(recipe: str, wanted: str) -> bool:
    """Tell whether scores hold everything that a recipe would measure, in the same way.

    Parameters
    ----------
    recipe : str
        Recipe of the scores.
    wanted : str
        The recipe that is asked for.

    Returns
    -------
    bool
        Whether each part of `wanted`, as `+` divides it, is one of `recipe` too.
    """
    return set(wanted.split("+")) <= set(recipe.split("+"))


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a photo has no scores.

    Attributes
    ----------
    kind : str
        A stable word, see `clearshot.errors`.
    message : str
        The cause in plain words.
    """

    kind: str
    message: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What clearshot thinks of a photo.

    Attributes
    ----------
    rating : Rating
        Good, bad or unsure.
    labels : tuple of Label
        What is wrong, the most probable first; empty when the photo is good.
    p_blurry, p_dark, p_overexposed : float
        Calibrated probabilities in [0, 1].
    blur_kind : BlurKind or None
        Kind of blur, only for blurry photos.
    effective_mp : float or None
        Megapixels of real detail; None when the photo is sharp at the judged size and was not
        measured at 100 %, because then only native pixels could tell.
    sharpest_region : Region
        The sharpest region.
    reasons : tuple of str
        Plain sentences that say why, the weightiest first.
    """

    rating: Rating
    labels: tuple[Label, ...]
    p_blurry: float
    p_dark: float
    p_overexposed: float
    blur_kind: BlurKind | None
    effective_mp: float | None
    sharpest_region: Region
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Decision:
    """What the owner decided about a photo.

    Attributes
    ----------
    choice : Choice or None
        Keep or reject; None while undecided.
    stars : int
        0 to 5; 0 means none.
    color : Color or None
        A coloured mark.

    Raises
    ------
    ValueError
        If there are too few or too many stars.
    """

    choice: Choice | None = None
    stars: int = 0
    color: Color | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.stars <= 5:
            raise ValueError(f"stars must be 0 to 5, not {self.stars}")
