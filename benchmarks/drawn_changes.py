"""What programs and people do to photos, drawn: the changes that `changes.py` judges. No script."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont, ImageOps

from clearshot import optics

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Levels = NDArray[np.float32]

_WHITE: Final = (255, 255, 255)
_BLACK: Final = (0, 0, 0)
_SEPIA: Final = np.array([[0.37, 0.73, 0.18], [0.33, 0.65, 0.16], [0.26, 0.51, 0.12]], np.float32)


@dataclass(frozen=True, slots=True)
class Change:
    """A change of a photo, which is then saved as a JPEG of this quality.

    Photos whose long side is `at_most_px` or less have nothing to change.
    """

    name: str
    draw: Callable[[Image.Image], Image.Image]
    quality: int = 95
    at_most_px: int = 0


def keep(photo: Image.Image) -> Image.Image:
    """Change nothing, so that only the file is new."""
    return photo


# Frames and corners


def crop(photo: Image.Image, *, ratio: float) -> Image.Image:
    """Cut out the middle, with this ratio of width to height."""
    width = min(photo.width, int(photo.height * ratio))
    height = min(photo.height, int(photo.width / ratio))
    x, y = (photo.width - width) // 2, (photo.height - height) // 2
    return photo.crop((x, y, x + width, y + height))


def add_frame(photo: Image.Image, *, share: float, color: str) -> Image.Image:
    """Surround the photo; the bars have this share of its long side."""
    return ImageOps.expand(photo, round(share * max(photo.size)), color)


def lay_on(photo: Image.Image, size: tuple[int, int], color: str) -> Image.Image:
    """Lay the photo on the middle of a larger area of one colour."""
    area = Image.new("RGB", size, color)
    area.paste(photo, ((size[0] - photo.width) // 2, (size[1] - photo.height) // 2))
    return area


def add_letterbox(photo: Image.Image) -> Image.Image:
    """Show 21:9 on a screen of 16:9."""
    wide = crop(photo, ratio=21 / 9)
    return lay_on(wide, (wide.width, wide.width * 9 // 16), "black")


def add_side_bars(photo: Image.Image) -> Image.Image:
    """Show 4:5 on a screen of 16:9."""
    narrow = crop(photo, ratio=4 / 5)
    return lay_on(narrow, (narrow.height * 16 // 9, narrow.height), "black")


def lay_on_white_square(photo: Image.Image) -> Image.Image:
    """Fill up to a square, as for a page that shows nothing else."""
    side = max(photo.size)
    return lay_on(photo, (side, side), "white")


def print_on_instant_film(photo: Image.Image) -> Image.Image:
    """Surround a square by nearly white, most of it below."""
    square = crop(photo, ratio=1)
    side, bar = square.width, square.width // 14
    film = Image.new("RGB", (side + 2 * bar, side + 5 * bar), (250, 248, 242))
    film.paste(square, (bar, bar))
    return film


def turn_on_black(photo: Image.Image) -> Image.Image:
    """Turn by 20 degrees; the corners become black."""
    return photo.rotate(20, Image.Resampling.BICUBIC, expand=True)


def round_corners(photo: Image.Image) -> Image.Image:
    """Round the corners off on white."""
    mask = Image.new("L", photo.size)
    ImageDraw.Draw(mask).rounded_rectangle((0, 0, *photo.size), min(photo.size) // 8, fill=255)
    return Image.composite(photo, Image.new("RGB", photo.size, _WHITE), mask)


def cut_oval(photo: Image.Image) -> Image.Image:
    """Cut an oval out, on black."""
    mask = Image.new("L", photo.size)
    ImageDraw.Draw(mask).ellipse((0, 0, *photo.size), fill=255)
    return Image.composite(photo, Image.new("RGB", photo.size, _BLACK), mask)


# Pictures of photos


def show_on_phone(photo: Image.Image) -> Image.Image:
    """Draw the screenshot of a phone: dark bars with text and icons."""
    width = photo.width
    height = max(int(1.9 * width), photo.height + int(0.4 * width))
    screen = lay_on(photo, (width, height), "#121212")
    draw = ImageDraw.Draw(screen)
    font, small = ImageFont.load_default(0.04 * width), ImageFont.load_default(0.025 * width)
    draw.text((0.05 * width, 0.02 * width), "12:41      5G  87%", _WHITE, font)
    draw.text((0.05 * width, 0.1 * width), "Today  3 of 214", _WHITE, font)
    line_px = max(2, width // 200)
    for x in (width * share for share in (0.1, 0.32, 0.54, 0.76)):
        box = (x, height - 0.14 * width, x + 0.09 * width, height - 0.05 * width)
        draw.ellipse(box, outline=_WHITE, width=line_px)
        draw.text((x, height - 0.045 * width), "Share", _WHITE, small)
    return screen


def show_on_desktop(photo: Image.Image) -> Image.Image:
    """Draw the window of a program: a menu and a list of files beside the photo."""
    width, height = photo.size
    screen = Image.new("RGB", (int(1.3 * width), int(1.22 * height)), (60, 60, 60))
    screen.paste(photo, (width // 4, height // 10))
    draw, font = ImageDraw.Draw(screen), ImageFont.load_default(max(9, width // 55))
    draw.text((10, 6), "File  Edit  Image  View  Window  Help", _WHITE, font)
    for row in range(14):
        place = (8, height * (0.1 + row / 14))
        draw.text(place, f"IMG_{4100 + row}.jpg", (220, 220, 220), font)
    return screen


def lay_out_collage(photo: Image.Image) -> Image.Image:
    """Lay four parts of the photo side by side on white."""
    width, height = photo.width // 2, photo.height // 2
    gap = max(4, width // 60)
    sixth, rest = photo.width // 6, photo.width * 5 // 6
    below = photo.crop((sixth, photo.height // 6, *photo.size))
    above = photo.crop((0, 0, rest, photo.height * 5 // 6))
    area = Image.new("RGB", (2 * width + 3 * gap, 2 * height + 3 * gap), _WHITE)
    for place, part in enumerate((photo, ImageOps.mirror(photo), below, above)):
        x, y = gap + place % 2 * (width + gap), gap + place // 2 * (height + gap)
        area.paste(part.resize((width, height), Image.Resampling.LANCZOS), (x, y))
    return area


# Drawn on photos


def write_large(photo: Image.Image) -> Image.Image:
    """Write a watermark across the middle."""
    mask = Image.new("L", photo.size)
    font = ImageFont.load_default(0.09 * max(photo.size))
    middle = (photo.width / 2, photo.height / 2)
    ImageDraw.Draw(mask).text(middle, "PREVIEW © Example", 90, font, anchor="mm")
    return Image.composite(Image.new("RGB", photo.size, _WHITE), photo, mask)


def write_tiled(photo: Image.Image) -> Image.Image:
    """Write a small watermark all over, every other row to the side."""
    mask = Image.new("L", photo.size)
    side = max(8, int(0.025 * max(photo.size)))
    draw, font = ImageDraw.Draw(mask), ImageFont.load_default(side)
    for row, y in enumerate(range(0, photo.height, 5 * side)):
        for x in range(-4 * side * (row % 2), photo.width, 9 * side):
            draw.text((x, y), "© Example", 90, font)
    return Image.composite(Image.new("RGB", photo.size, _WHITE), photo, mask)


def stick_on(photo: Image.Image) -> Image.Image:
    """Stick a smiling face into a corner."""
    sticker, side = photo.copy(), 0.12 * max(photo.size)
    draw, line_px = ImageDraw.Draw(sticker), max(2, int(side / 25))
    x, y = 0.05 * photo.width, 0.05 * photo.height
    draw.ellipse((x, y, x + side, y + side), (255, 210, 0), _BLACK, line_px)
    for eye in (x + 0.25 * side, x + 0.62 * side):
        draw.ellipse((eye, y + 0.3 * side, eye + 0.13 * side, y + 0.45 * side), _BLACK)
    mouth = (x + 0.25 * side, y + 0.4 * side, x + 0.75 * side, y + 0.8 * side)
    draw.arc(mouth, 20, 160, _BLACK, line_px)
    return sticker


def scatter_dust(photo: Image.Image) -> Image.Image:
    """Scatter specks and hairs, as on a scanned film."""
    dusty, rng = photo.copy(), np.random.default_rng(0)
    draw, unit = ImageDraw.Draw(dusty), max(photo.size) / 1024
    for _ in range(60):
        (x, y), side = rng.random(2) * photo.size, (1 + 2 * rng.random()) * unit
        draw.ellipse((x, y, x + side, y + side), _WHITE)
    for _ in range(5):
        (x, y), (across, down) = rng.random(2) * photo.size, 60 * unit * rng.normal(size=2)
        draw.line((x, y, x + across, y + down), (230, 230, 230), max(1, int(unit)))
    return dusty


# Noise, detail and size


def add_grain(photo: Image.Image, *, levels: float, spread_px: float) -> Image.Image:
    """Add the grain of film: most in the midtones, alike in all colours.

    Its standard deviation there is `levels`, and `spread_px` is that of the Gaussian that joins its
    grains.
    """
    rgb_hwc = read_levels(photo)
    grain = np.random.default_rng(0).normal(size=rgb_hwc.shape[:2]).astype(np.float32)
    if spread_px:
        grain = optics.blur(grain, optics.draw_gaussian(spread_px))
        grain /= grain.std()
    luma_hw = np.asarray(photo.convert("L"), np.float32) / 255
    grain *= levels * (0.4 + 2.4 * luma_hw * (1 - luma_hw))
    return make_photo(rgb_hwc + grain[..., None])


def add_sensor_noise(photo: Image.Image) -> Image.Image:
    """Add the noise of a small sensor at high ISO: that of the light, and that of reading it."""
    linear = optics.to_linear(read_levels(photo) / 255)
    variance = 0.03 * linear + 0.0006
    noise = np.random.default_rng(0).normal(size=linear.shape) * np.sqrt(variance)
    return make_photo(255 * optics.to_encoded(linear + noise))


def reduce_sensor_noise(photo: Image.Image) -> Image.Image:
    """Add that noise and reduce it by a bilateral filter of 5 x 5 px, as cameras and programs do.

    References
    ----------
    .. [1] C. Tomasi, R. Manduchi, "Bilateral filtering for gray and color images", ICCV 1998.
       doi:10.1109/ICCV.1998.710815
    """
    rgb_hwc = read_levels(add_sensor_noise(photo))
    radius, spread_px, spread_levels = 2, 1.5, 50
    height, width, _ = rgb_hwc.shape
    padded = np.pad(rgb_hwc, ((radius, radius), (radius, radius), (0, 0)), mode="reflect")
    total = np.zeros_like(rgb_hwc)
    weight = np.zeros((height, width, 1), np.float32)
    for y in range(-radius, radius + 1):
        for x in range(-radius, radius + 1):
            rows = slice(radius + y, radius + y + height)
            near = padded[rows, radius + x : radius + x + width]
            # Averaged over the colours, so that coloured noise goes as well.
            distance = np.square(near - rgb_hwc).mean(axis=-1, keepdims=True)
            alike = np.exp(-distance / (2 * spread_levels**2))
            alike *= float(np.exp(-(x * x + y * y) / (2 * spread_px**2)))
            total += alike * near
            weight += alike
    return make_photo(total / weight)


def sharpen(photo: Image.Image) -> Image.Image:
    """Sharpen by far too much."""
    radius = 2 * max(1, max(photo.size) / 1024)
    return photo.filter(ImageFilter.UnsharpMask(radius, 250, 2))


def resize(photo: Image.Image, *, long_side_px: int) -> Image.Image:
    """Bring the long side to a length."""
    return ImageOps.contain(photo, (long_side_px, long_side_px), Image.Resampling.LANCZOS)


def enlarge(photo: Image.Image) -> Image.Image:
    """Double the size."""
    return resize(photo, long_side_px=2 * max(photo.size))


# Colours and light


def read_levels(photo: Image.Image) -> Levels:
    """Give the levels as floats, shape (H, W, 3)."""
    return np.asarray(photo, np.float32)


def make_photo(levels_hwc: Levels) -> Image.Image:
    """Make a photo of levels; those beyond black and white are clipped."""
    return Image.fromarray(np.clip(np.round(levels_hwc), 0, 255).astype(np.uint8))


def drop_colors(photo: Image.Image) -> Image.Image:
    """Make it black and white."""
    return photo.convert("L").convert("RGB")


def tone_sepia(photo: Image.Image) -> Image.Image:
    """Make it brown, as old prints are."""
    return make_photo(read_levels(photo) @ _SEPIA.T)


def tone_in_two_colors(photo: Image.Image) -> Image.Image:
    """Print it from dark blue to light yellow."""
    return ImageOps.colorize(photo.convert("L"), (20, 20, 70), (255, 235, 200))


def cool(photo: Image.Image) -> Image.Image:
    """Make it bluish; white loses a fifth of its red."""
    return make_photo(read_levels(photo) * np.array([0.8, 0.98, 1.15], np.float32))


def squeeze_levels(photo: Image.Image, *, black: int, white: int) -> Image.Image:
    """Make black lighter and white darker."""
    return make_photo(black + read_levels(photo) * np.float32((white - black) / 255))


def darken_corners(photo: Image.Image) -> Image.Image:
    """Darken towards the corners, which keep half of their level."""
    x, y = np.linspace(-1, 1, photo.width), np.linspace(-1, 1, photo.height)
    distance = np.hypot(x, y[:, None]) / np.sqrt(2)
    return make_photo(read_levels(photo) * (1 - 0.5 * distance**2.2)[..., None].astype(np.float32))


def turn(photo: Image.Image, *, degrees: int) -> Image.Image:
    """Turn by a right angle."""
    return photo.rotate(degrees, expand=True)


def straighten(photo: Image.Image, *, degrees: int, share: float) -> Image.Image:
    """Turn by less and cut off the corners; this share of the sides stays."""
    x, y = (round(side * (1 - share) / 2) for side in photo.size)
    turned = photo.rotate(degrees, Image.Resampling.BICUBIC)
    return turned.crop((x, y, photo.width - x, photo.height - y))


CHANGES: Final = (
    Change("saved anew", keep),
    Change("JPEG of quality 40", keep, quality=40),
    Change("JPEG of quality 20", keep, quality=20),
    *(
        Change(f"{color} frame of {percent} %", partial(add_frame, share=share, color=color))
        for color in ("white", "black")
        for percent, share in ((3, 0.03), (12, 0.12), (25, 0.25))
    ),
    Change("letterbox", add_letterbox),
    Change("bars left and right", add_side_bars),
    Change("white square", lay_on_white_square),
    Change("instant film", print_on_instant_film),
    Change("slanted corners", turn_on_black),
    Change("rounded corners", round_corners),
    Change("oval", cut_oval),
    Change("screenshot", show_on_phone),
    Change("desktop", show_on_desktop),
    Change("collage of four", lay_out_collage),
    Change("large watermark", write_large),
    Change("tiled watermark", write_tiled),
    Change("sticker", stick_on),
    Change("dust", scatter_dust),
    Change("grain of 10 levels", partial(add_grain, levels=10, spread_px=0)),
    Change("grain of 14 levels", partial(add_grain, levels=14, spread_px=0.7)),
    Change("grain of 28 levels", partial(add_grain, levels=28, spread_px=0.8)),
    Change("noise of high ISO", add_sensor_noise),
    Change("the same, reduced", reduce_sensor_noise),
    Change("strong unsharp mask", sharpen),
    Change("enlarged by 2", enlarge),
    Change("reduced to 640 px", partial(resize, long_side_px=640), at_most_px=640),
    Change("reduced to 480 px", partial(resize, long_side_px=480), at_most_px=480),
    Change("black and white", drop_colors),
    Change("sepia", tone_sepia),
    Change("duotone", tone_in_two_colors),
    Change("cold", cool),
    Change("faded", partial(squeeze_levels, black=40, white=239)),
    Change("low contrast", partial(squeeze_levels, black=57, white=197)),
    Change("vignette", darken_corners),
    Change("crop to 4:5", partial(crop, ratio=4 / 5)),
    Change("crop to a square", partial(crop, ratio=1)),
    Change("crop to 21:9", partial(crop, ratio=21 / 9)),
    Change("turned by 90 degrees", partial(turn, degrees=90)),
    Change("turned by 180 degrees", partial(turn, degrees=180)),
    Change("straightened by 3 degrees", partial(straighten, degrees=3, share=0.8)),
    Change("straightened by 15 degrees", partial(straighten, degrees=15, share=0.6)),
)
