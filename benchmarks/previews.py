"""Compare verdicts from a camera's preview with those from the whole photo.

    python benchmarks/previews.py PHOTO_OR_FOLDER...

Each photo longer than the preview gets previews as cameras make them: reduced, sharpened or not,
and compressed. `clearshot bench --previews` measures what they save.
"""

from __future__ import annotations

import json
import tempfile
from contextlib import suppress
from dataclasses import asdict, dataclass
from io import BytesIO
from pathlib import Path

from PIL import Image, ImageFilter, ImageOps

from clearshot.bench.photos import write_with_preview
from clearshot.errors import PhotoError
from clearshot.photo import Rating, Verdict
from clearshot.scoring.scorer import Scorer
from clearshot.scoring.verdict import judge
from named_photos import find_named_photos


@dataclass(frozen=True, slots=True)
class Kind:
    """How a camera makes its preview: long side [px], filter, sharpening [%] and JPEG quality."""

    long_side_px: int
    filter: Image.Resampling
    sharpen_percent: int
    quality: int


KINDS = (
    Kind(1440, Image.Resampling.BICUBIC, 0, 70),
    Kind(1620, Image.Resampling.LANCZOS, 0, 75),
    Kind(1620, Image.Resampling.LANCZOS, 60, 85),
    Kind(1920, Image.Resampling.LANCZOS, 0, 80),
)


def main() -> None:
    """Print a table, then one line of JSON."""
    photos = find_named_photos(__doc__)
    print("long side  quality  sharpened  photos  same verdict  bad alike")
    results = []
    with tempfile.TemporaryDirectory() as scratch:
        for kind in KINDS:
            pairs = compare(photos, kind, Path(scratch))
            same = sum(a.rating is b.rating for a, b in pairs)
            alike = sum((a.rating is Rating.BAD) == (b.rating is Rating.BAD) for a, b in pairs)
            row = (kind.long_side_px, kind.quality, kind.sharpen_percent, len(pairs), same, alike)
            print("{:9} {:8} {:9}% {:7} {:13} {:10}".format(*row))
            results.append({**asdict(kind), "photos": len(pairs), "same": same, "alike": alike})
    print(json.dumps(results, default=str))


def compare(photos: list[Path], kind: Kind, scratch: Path) -> list[tuple[Verdict, Verdict]]:
    """Judge each photo without and with a preview; what fails is left out."""
    scorer = Scorer()
    plain, with_preview = scratch / "plain.jpg", scratch / "preview.jpg"
    pairs = []
    for path in photos:
        with suppress(OSError, PhotoError):
            with Image.open(path) as stored:
                photo = ImageOps.exif_transpose(stored).convert("RGB")
            if max(photo.size) > kind.long_side_px:
                photo.save(plain, quality=95)
                write_with_preview(with_preview, photo, make_preview(photo, kind), quality=95)
                pairs.append((judge(scorer.score(plain)), judge(scorer.score(with_preview))))
    return pairs


def make_preview(photo: Image.Image, kind: Kind) -> Image.Image:
    """Make a preview; it is compressed once here, and once more with its photo."""
    factor = kind.long_side_px / max(photo.size)
    size = (round(photo.width * factor), round(photo.height * factor))
    preview = photo.resize(size, kind.filter)
    if kind.sharpen_percent:
        preview = preview.filter(ImageFilter.UnsharpMask(0.8, kind.sharpen_percent, 0))
    buffer = BytesIO()
    preview.save(buffer, "JPEG", quality=kind.quality)
    return Image.open(buffer)


if __name__ == "__main__":
    main()
