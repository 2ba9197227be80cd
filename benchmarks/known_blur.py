"""Blur clear photos by kernels of a known size and see what the verdict makes of them.

    python benchmarks/known_blur.py PHOTO_OR_FOLDER...

The photos must be clear and must have trained nothing. Each is brought to the judged size and
blurred in linear light by a Gaussian, a lens out of focus, a steady movement and a shake. A row
for each kind and size of blur: the size that the median photo is read to have, the least and the
median probability that a photo is blurry, and how many photos are told bad.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
from PIL import Image

from clearshot import optics
from clearshot.decode.image import JUDGED_PX, read_luma
from clearshot.errors import PhotoError
from clearshot.photo import Rating
from clearshot.scoring.scorer import Scorer
from clearshot.scoring.verdict import judge
from clearshot.training.kernels import draw_kernel
from named_photos import find_named_photos

if TYPE_CHECKING:
    from numpy.typing import NDArray

KINDS: Final = ("gaussian", "disc", "line", "shake")
# Standard deviations along the longest axis [px at the judged size].
SIGMAS_PX: Final = (1, 2, 4, 8, 16, 24, 40, 60)
# Photos whose shorter side is shorter than this are left out: the largest kernel spreads 210 px.
_MIN_PX: Final = 256


def main() -> None:
    """Print a table, then one line of JSON."""
    found = find_named_photos(__doc__)
    readable = [linear for path in found if (linear := read_linear(path)) is not None]
    photos = [linear for linear in readable if min(linear.shape) >= _MIN_PX]
    if not photos:
        sys.exit(
            f"no photos found whose shorter side is {_MIN_PX} px long at the judged size; name "
            "folders of clear photos, not of links to them"
        )
    print("kind        blur px  photos  read px  p least  p median  bad")
    rows = []
    with tempfile.TemporaryDirectory() as scratch:
        for kind in KINDS:
            for sigma_px in SIGMAS_PX:
                figures = measure(photos, kind, sigma_px, Path(scratch) / "photo.png")
                print(
                    "{:10} {:8} {:7} {:8} {:8} {:9} {:4}".format(kind, sigma_px, *figures.values())
                )
                rows.append({"kind": kind, "sigma_px": sigma_px, **figures})
    print(json.dumps(rows))


def read_linear(path: Path) -> NDArray[np.float32] | None:
    """Read the luma of a photo at the judged size in linear light; None where that fails."""
    try:
        luma = read_luma(path)
    except PhotoError as error:
        print(error, file=sys.stderr)
        return None
    luma.thumbnail((JUDGED_PX, JUDGED_PX), Image.Resampling.BOX)
    return optics.to_linear(np.asarray(luma) / np.float32(255))


def measure(
    photos: list[NDArray[np.float32]], kind: str, sigma_px: float, place: Path
) -> dict[str, float]:
    """Blur every photo, and judge it."""
    rng = np.random.default_rng(0)
    scorer, scores = Scorer(), []
    for linear in photos:
        encoded = optics.to_encoded(optics.blur(linear, draw_kernel(kind, sigma_px, rng=rng)))
        Image.fromarray(np.round(encoded * 255).astype(np.uint8)).save(place)
        scores.append(scorer.score(place))
    verdicts = [judge(each) for each in scores]
    p_blurry = [verdict.p_blurry for verdict in verdicts]
    return {
        "photos": len(scores),
        "read_px": round(float(np.median([each.focus.sigma_px for each in scores])), 2),
        "p_least": round(min(p_blurry), 2),
        "p_median": round(float(np.median(p_blurry)), 2),
        "bad": sum(verdict.rating is Rating.BAD for verdict in verdicts),
    }


if __name__ == "__main__":
    main()
