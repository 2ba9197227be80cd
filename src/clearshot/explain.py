"""A picture that says why a photo is good or bad.

The photo with its focus map, the sharpest region, and below them the verdict in words, a part of
the sharpest region pixel by pixel, the scale of the map and the histogram of the light. Letters in
shapes: H rows and W columns of pixels, h and w rows and columns of cells.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from clearshot.decode.image import JUDGED_PX, read_rgb
from clearshot.optics import to_linear
from clearshot.photo import CHOICE_WORDS, Label, Rating
from clearshot.scoring.exposure import BLACK_LEVEL, WHITE_LEVEL
from clearshot.scoring.focus import LONGEST
from clearshot.scoring.verdict import judge, rate

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from clearshot.photo import Choice, ExposureScores, Facts, Region, Scores, Verdict
    from clearshot.scoring.focus import FocusMap
    from clearshot.scoring.scorer import Measurement, Scorer
    from clearshot.scoring.verdict import Thresholds

_Color = tuple[int, int, int]
_Box = tuple[int, int, int, int]  # left, top, right, bottom [px]
_Draw = ImageDraw.ImageDraw

_MARGIN_PX: Final = 40
_WIDTH_PX: Final = 1400
_MAX_PHOTO_HEIGHT_PX: Final = 1000
_COLUMN_PX: Final = 360
_GAP_PX: Final = 40
_PANEL_HEIGHT_PX: Final = 400

_BACKGROUND: Final[_Color] = (24, 25, 28)
_TEXT: Final[_Color] = (232, 232, 232)
_FAINT: Final[_Color] = (150, 152, 158)
_TRACK: Final[_Color] = (58, 60, 66)
# Three colours of Okabe and Ito, which the colour-blind tell apart too.
_RATING_COLORS: Final[dict[Rating, _Color]] = {
    Rating.GOOD: (0, 178, 135),
    Rating.UNSURE: (240, 190, 60),
    Rating.BAD: (230, 115, 40),
}
_BLACK_MARK: Final[_Color] = (86, 180, 233)
_WHITE: Final[_Color] = (255, 255, 255)
_WHITE_MARK: Final[_Color] = (230, 115, 40)

# Blurred to sharp: matplotlib's "plasma" (CC0), whose steps look equally large and whose brightness
# rises all along, so that it is read without colours too.
_SCALE_COLORS: Final = np.array(
    [
        (42, 5, 147), (92, 1, 166), (138, 9, 165), (177, 42, 144), (206, 75, 117),
        (231, 110, 91), (248, 148, 65), (254, 192, 41), (243, 240, 39),
    ],
    dtype=np.float32,
)  # fmt: skip
# Ends and marks of the scale [px at the judged size].
_SHARP_SIGMA_PX: Final = 0.5
_BLURRED_SIGMA_PX: Final = 8.0
_MARKS_PX: Final = (8, 4, 2, 1, 0.5)

# The histogram of light ends here [stops below white]; what is lost has marks
# of this width [px].
_DARKEST_STOPS: Final = 9
_END_PX: Final = 12

# The map is drawn in full up to the first uncertainty and not at all from the second [octaves].
_CERTAIN, _UNCERTAIN = 0.4, 1.3
_OPACITY: Final = 0.52
# How much colour the photo keeps under the map.
_COLOR_KEPT: Final = 0.35


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a photo is good or bad.

    Attributes
    ----------
    picture : PIL.Image.Image
        RGB, 1480 px wide; as high as the photo needs.
    verdict : Verdict
        What the picture shows.
    scores : Scores
        What was measured, and what the camera wrote.
    """

    picture: Image.Image
    verdict: Verdict
    scores: Scores


def draw_explanation(
    path: Path, scorer: Scorer, thresholds: Thresholds, *, choice: Choice | None = None
) -> Explanation:
    """Draw why a photo is good or bad.

    Raises PhotoError if the photo cannot be read.

    Parameters
    ----------
    path : Path
        A photo.
    scorer : Scorer
        Measures it; at 100 % too, if the thresholds are to judge it there.
    thresholds : Thresholds
        When it is called bad.
    choice : Choice or None
        What the owner decided; it is told before the reasons.

    Returns
    -------
    Explanation
        The picture, and the verdict that it shows.
    """
    measurement = scorer.measure(path)
    image, scores = measurement.image, measurement.scores
    thresholds = thresholds.for_camera(scores.facts.camera)
    verdict = judge(scores, thresholds)
    rgb_hwc = read_rgb(
        path,
        long_side_px=max(image.width_px, image.height_px),
        max_pixels=scorer.max_pixels,
    )
    photo = _draw_photo(
        Image.fromarray(rgb_hwc), measurement.focus_map, image.judged, verdict.sharpest_region
    )
    _draw_focus_point(photo, scores.facts)

    size = (_WIDTH_PX + 2 * _MARGIN_PX, photo.height + _PANEL_HEIGHT_PX + 3 * _MARGIN_PX)
    picture = Image.new("RGB", size, _BACKGROUND)
    picture.paste(photo, ((size[0] - photo.width) // 2, _MARGIN_PX))
    top = photo.height + 2 * _MARGIN_PX
    draw = ImageDraw.Draw(picture)
    right = size[0] - _MARGIN_PX - _COLUMN_PX
    middle = right - _GAP_PX - _COLUMN_PX
    told = verdict
    if choice is not None:
        words = f"{CHOICE_WORDS[choice].capitalize()}."
        told = replace(verdict, reasons=(words, *verdict.reasons))
    _draw_words(draw, (_MARGIN_PX, top), middle - _GAP_PX - _MARGIN_PX, path, scores, told)
    _draw_bars(draw, (_MARGIN_PX, top + 316), middle - _GAP_PX - _MARGIN_PX, verdict, thresholds)
    _draw_crop(picture, (middle, top), Image.fromarray(rgb_hwc), verdict.sharpest_region)
    _draw_scale(picture, (right, top), scores)
    _draw_histogram(draw, (right, top + 150), image.luma_hw, scores.exposure)
    return Explanation(picture, verdict, scores)


def draw_overlay(measurement: Measurement, *, long_side_px: int = 1024) -> Image.Image:
    """Draw the focus map alone, to be laid over its photo.

    Parameters
    ----------
    measurement : Measurement
        What was measured on the photo.
    long_side_px : int
        Longer side of the picture [px].

    Returns
    -------
    PIL.Image.Image
        RGBA, in the proportions of the photo; transparent where the photo says nothing.
    """
    width, height = measurement.image.width_px, measurement.image.height_px
    factor = long_side_px / max(width, height)
    size = (max(1, round(width * factor)), max(1, round(height * factor)))
    picture = Image.new("RGBA", size)
    color, place, opacity = _draw_map(
        measurement.focus_map, _scale(measurement.image.judged, factor)
    )
    color.putalpha(opacity)
    picture.paste(color, place)
    return picture


def _draw_photo(
    photo: Image.Image, focus_map: FocusMap, judged: Region, sharpest: Region
) -> Image.Image:
    """Draw the photo with the focus map over it and a frame around the sharpest region."""
    factor = min(_WIDTH_PX / photo.width, _MAX_PHOTO_HEIGHT_PX / photo.height)
    size = (max(1, round(photo.width * factor)), max(1, round(photo.height * factor)))
    shown = photo.resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0)
    grey = shown.convert("L").convert("RGB")
    under = Image.blend(grey, shown, _COLOR_KEPT)
    under.paste(*_draw_map(focus_map, _scale(judged, factor)))
    box = _scale(sharpest, factor)
    # Inside the frame the photo is seen as it is.
    under.paste(shown.crop(box), box[:2])
    draw = ImageDraw.Draw(under)
    frame = (
        max(0, box[0] - 4),
        max(0, box[1] - 4),
        min(size[0], box[2] + 4),
        min(size[1], box[3] + 4),
    )
    draw.rectangle((frame[0], frame[1], frame[2] - 1, frame[3] - 1), outline=(0, 0, 0), width=5)
    inner = (frame[0] + 1, frame[1] + 1, frame[2] - 2, frame[3] - 2)
    draw.rectangle(inner, outline=(255, 255, 255), width=3)
    _draw_tag(draw, frame, "sharpest region", under.size)
    return under


def _draw_focus_point(photo: Image.Image, facts: Facts) -> None:
    """Mark where the camera focused."""
    if facts.focus_x is None or facts.focus_y is None:
        return
    draw = ImageDraw.Draw(photo)
    x, y = facts.focus_x * photo.width, facts.focus_y * photo.height
    for color, width in (((0, 0, 0), 7), ((255, 255, 255), 3)):
        for dx, dy in ((-1, 0), (1, 0), (0, -1), (0, 1)):
            draw.line((x + 8 * dx, y + 8 * dy, x + 26 * dx, y + 26 * dy), color, width)
    box = (round(x) - 26, round(y) - 26, round(x) + 26, round(y) + 26)
    _draw_tag(draw, box, "focus", photo.size)


def _scale(region: Region, factor: float) -> _Box:
    """Find a region in a smaller or larger copy of the photo."""
    right, bottom = region.x + region.width, region.y + region.height
    x0, y0, x1, y1 = (round(edge * factor) for edge in (region.x, region.y, right, bottom))
    return x0, y0, x1, y1


def _draw_map(focus_map: FocusMap, box: _Box) -> tuple[Image.Image, tuple[int, int], Image.Image]:
    """Draw the map into a box: its colours, its place, and its opacity.

    The colour is the blur along the longest axis; cells that say nothing are transparent.
    """
    size = (box[2] - box[0], box[3] - box[1])
    deviation = focus_map.deviation[LONGEST]
    certainty = np.clip((_UNCERTAIN - deviation) / (_UNCERTAIN - _CERTAIN), 0, 1)
    # Between two cells the certain one gives the colour.
    weight = certainty + 1e-3
    sum_hw = _enlarge(focus_map.log2_sigma[LONGEST] * weight, size)
    color = _to_color(sum_hw / _enlarge(weight, size))
    opacity = _enlarge(certainty, size) * (255 * _OPACITY)
    return Image.fromarray(color), box[:2], Image.fromarray(opacity.astype(np.uint8))


def _enlarge(cells_hw: NDArray[np.float32], size: tuple[int, int]) -> NDArray[np.float32]:
    """Interpolate cells, (h, w) to (H, W)."""
    cells = Image.fromarray(cells_hw.astype(np.float32))
    return np.asarray(cells.resize(size, Image.Resampling.BILINEAR), dtype=np.float32)


def _to_color(log2_sigma: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Give the colour of each value, (H, W) to (H, W, 3)."""
    low, high = np.log2(_SHARP_SIGMA_PX), np.log2(_BLURRED_SIGMA_PX)
    place = np.clip((high - log2_sigma) / (high - low), 0, 1) * (len(_SCALE_COLORS) - 1)
    steps = np.arange(len(_SCALE_COLORS))
    channels = [np.interp(place, steps, _SCALE_COLORS[:, c]) for c in range(3)]
    return np.stack(channels, axis=-1).astype(np.uint8)


def _draw_tag(draw: _Draw, box: _Box, text: str, size: tuple[int, int]) -> None:
    """Write a word at the outside of a frame, below it or above, in a picture of a size."""
    font = _load_font(20)
    width = round(font.getlength(text)) + 16
    is_low = box[3] + 30 > size[1]
    left, top = _clamp(box[0], size[0] - width - 1), (box[1] - 31 if is_low else box[3])
    draw.rectangle((left, top, left + width, top + 30), fill=(0, 0, 0))
    draw.text((left + 8, top + 15), text, (255, 255, 255), font, anchor="lm")


def _draw_words(
    draw: _Draw, place: tuple[int, int], width: int, path: Path, scores: Scores, verdict: Verdict
) -> None:
    """Write the file's name, the verdict and its reasons."""
    x, y = place
    megapixels = scores.width_px * scores.height_px / 1e6
    size = f"{scores.width_px} x {scores.height_px} px, {megapixels:.2g} megapixels"
    size += f", {scores.reader}" if scores.reader else ""
    facts = _to_ascii(scores.facts.describe())
    draw.text((x, y), _fit(_to_ascii(path.name), 20, width), _TEXT, _load_font(20))
    draw.text((x, y + 28), size, _FAINT, _load_font(18))
    draw.text((x, y + 52), _fit(facts, 18, width), _FAINT, _load_font(18))
    y += 24 if facts else 0
    title = " and ".join(verdict.labels) or str(verdict.rating)
    draw.text((x, y + 60), title.capitalize(), _RATING_COLORS[verdict.rating], _load_font(46))
    y += 128
    for reason in verdict.reasons:
        for line in _wrap(_to_ascii(reason), 20, width):
            if y > place[1] + 250:
                return
            draw.text((x, y), line, _TEXT, _load_font(20))
            y += 27
        y += 5


def _draw_bars(
    draw: _Draw, place: tuple[int, int], width: int, verdict: Verdict, thresholds: Thresholds
) -> None:
    """Draw the probability of each label as a bar, with where it is unsure and where it is bad."""
    x, y = place
    left, right = x + 130, x + width - 60
    title = "Probability; unsure from the short mark on, bad from the long one"
    draw.text((x, y - 34), title, _FAINT, _load_font(18))
    probabilities = (verdict.p_blurry, verdict.p_dark, verdict.p_overexposed)
    for label, p in zip(Label, probabilities, strict=True):
        limit = thresholds.find_bad(label)
        color = _RATING_COLORS[rate(p, limit, thresholds.find_unsure(label))]
        draw.text((x, y + 8), label.value, _TEXT, _load_font(18), anchor="lm")
        draw.rectangle((left, y, right, y + 16), fill=_TRACK)
        if p > 0:
            draw.rectangle((left, y, left + p * (right - left), y + 16), fill=color)
        for share, reach, fill in ((thresholds.find_unsure(label), 2, _FAINT), (limit, 5, _WHITE)):
            at = left + min(share, 1.0) * (right - left)
            draw.line((at, y - reach, at, y + 16 + reach), fill=fill, width=2)
        draw.text((x + width, y + 8), f"{p:.0%}", _TEXT, _load_font(18), anchor="rm")
        y += 34


def _draw_crop(
    picture: Image.Image, place: tuple[int, int], photo: Image.Image, sharpest: Region
) -> None:
    """Show the middle of the sharpest region, each pixel as one or several."""
    x, y = place
    frame = (_COLUMN_PX, _PANEL_HEIGHT_PX - 30)
    # A region of a small photo is enlarged, in whole steps so that its pixels are seen.
    zoom = max(1, min(frame[0] // sharpest.width, frame[1] // sharpest.height))
    width, height = min(frame[0] // zoom, photo.width), min(frame[1] // zoom, photo.height)
    left = _clamp(sharpest.x + (sharpest.width - width) // 2, photo.width - width)
    top = _clamp(sharpest.y + (sharpest.height - height) // 2, photo.height - height)
    crop = photo.crop((left, top, left + width, top + height))
    enlarged = crop.resize((width * zoom, height * zoom), Image.Resampling.NEAREST)
    picture.paste(enlarged, (x, y + 30))
    title = f"Sharpest region at {100 * zoom} %"
    ImageDraw.Draw(picture).text((x, y), title, _FAINT, _load_font(18))


def _draw_scale(picture: Image.Image, place: tuple[int, int], scores: Scores) -> None:
    """Draw the scale of the focus map with its unit."""
    x, y = place
    draw = ImageDraw.Draw(picture)
    side = min(JUDGED_PX, max(scores.width_px, scores.height_px))
    draw.text((x, y), f"Blur in px, with the long side at {side} px", _FAINT, _load_font(18))
    low, high = np.log2(_SHARP_SIGMA_PX), np.log2(_BLURRED_SIGMA_PX)
    line = np.linspace(high, low, _COLUMN_PX, dtype=np.float32)
    picture.paste(Image.fromarray(_to_color(np.tile(line, (24, 1)))), (x, y + 30))
    for mark in _MARKS_PX:
        at = x + round((high - np.log2(mark)) / (high - low) * (_COLUMN_PX - 1))
        draw.line((at, y + 54, at, y + 60), fill=_FAINT)
        anchor = "la" if at == x else "ra" if at == x + _COLUMN_PX - 1 else "ma"
        draw.text((at, y + 63), f"{mark:g}", _TEXT, _load_font(18), anchor=anchor)
    note = "no colour: too little detail to tell"
    draw.text((x, y + 92), note, _FAINT, _load_font(18))


def _draw_histogram(
    draw: _Draw, place: tuple[int, int], luma_hw: NDArray[np.uint8], exposure: ExposureScores
) -> None:
    """Draw how many pixels are how bright in stops, and mark what is lost at both ends."""
    x, y = place
    height = _PANEL_HEIGHT_PX - 150 - 84
    draw.text((x, y), "Light, in stops below white", _FAINT, _load_font(18))
    counts = _count_by_stops(luma_hw)
    inner = slice(_END_PX, _COLUMN_PX - _END_PX)
    # The clipped ends would dwarf the rest; they are as wide as marks, and told in words.
    tallest = max(float(counts[inner].max()), 1e-9)
    bottom = y + 30 + height
    draw.rectangle((x, y + 30, x + _COLUMN_PX, bottom), fill=(36, 38, 43))
    for column in range(_COLUMN_PX):
        top = bottom - min(counts[column] / tallest, 1.0) * height
        color = _FAINT
        if column < _END_PX:
            color = _BLACK_MARK
        elif column >= _COLUMN_PX - _END_PX:
            color = _WHITE_MARK
        draw.line((x + column, top, x + column, bottom), fill=color)
    font = _load_font(18)
    for stops in range(1 - _DARKEST_STOPS, 1, 2):
        at = x + _place_stops(float(stops))
        draw.line((at, bottom, at, bottom + 6), fill=_FAINT)
        if stops:
            draw.text((at, bottom + 9), f"{stops}", _TEXT, font, anchor="ma")
    at = x + _place_stops(exposure.subject_stops)
    draw.line((at, y + 30, at, bottom), fill=(255, 255, 255), width=2)
    is_right = at > x + _COLUMN_PX // 2
    draw.text(
        (at - 6 if is_right else at + 6, y + 34),
        "sharpest part",
        _TEXT,
        _load_font(16),
        anchor="ra" if is_right else "la",
    )
    draw.text((x, bottom + 32), f"{exposure.black_share:.0%} black", _BLACK_MARK, font)
    lost = f"{exposure.white_share:.0%} clipped to white"
    draw.text((x + _COLUMN_PX, bottom + 32), lost, _WHITE_MARK, font, anchor="ra")


def _place_stops(stops: float) -> int:
    """Find the column of the histogram for stops relative to white; black and white at its ends."""
    inner = _COLUMN_PX - 2 * _END_PX - 1
    return _END_PX + round(min(max(1 + stops / _DARKEST_STOPS, 0.0), 1.0) * inner)


def _count_by_stops(luma_hw: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Spread the pixels of each level evenly over the columns between it and its neighbours."""
    counts = np.bincount(luma_hw.ravel(), minlength=256) / luma_hw.size
    edges = np.log2(to_linear(np.arange(BLACK_LEVEL + 1, WHITE_LEVEL + 1) / 256))
    columns = np.array([_place_stops(float(edge)) for edge in edges])
    spread = np.zeros(_COLUMN_PX)
    for level, (first, last) in enumerate(pairwise(columns), start=BLACK_LEVEL + 1):
        spread[first : max(last, first + 1)] += counts[level] / max(last - first, 1)
    spread[:_END_PX] = counts[: BLACK_LEVEL + 1].sum() / _END_PX
    spread[-_END_PX:] = counts[WHITE_LEVEL:].sum() / _END_PX
    return spread


def _clamp(value: int, highest: int) -> int:
    return max(0, min(value, highest))


def _wrap(text: str, size: int, width: float) -> list[str]:
    """Break a sentence into lines."""
    font = _load_font(size)
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if font.getlength(longer) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    return [line for line in lines if line]


def _fit(text: str, size: int, width: float) -> str:
    """Shorten a name to a width."""
    font = _load_font(size)
    if font.getlength(text) <= width:
        return text
    while text and font.getlength(f"{text}...") > width:
        text = text[:-1]
    return f"{text}..."


def _to_ascii(text: str) -> str:
    r"""Spell text with the letters that the font has, which are ASCII, and others as `\u....`."""
    return "".join(map(_spell, unicodedata.normalize("NFC", text)))


def _spell(letter: str) -> str:
    parts = unicodedata.normalize("NFKD", letter)
    plain = "".join(part for part in parts if not unicodedata.combining(part))
    is_drawn = plain.isascii() and plain.isprintable()
    return plain if is_drawn else letter.encode("unicode_escape").decode("ascii")


def _load_font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)
