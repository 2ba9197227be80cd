"""Scores of fixed photos must not move by accident: a change that moves them writes them anew.

`make golden` does that; the commit says why.
"""

from __future__ import annotations

import json
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest
from PIL import Image, ImageFilter
from skimage import data

from clearshot.photo import SharpAt
from clearshot.scoring.scorer import Scorer

if TYPE_CHECKING:
    from collections.abc import Iterator

GOLDEN: Final = Path(__file__).with_name("scores.json")
TOLERANCE: Final = 1e-3


def draw_photos() -> Iterator[tuple[str, Image.Image]]:
    for name in ("astronaut", "chelsea", "coffee", "rocket"):
        picture = Image.fromarray(getattr(data, name)())
        yield f"{name}.png", picture
        yield f"{name}-blurred.png", picture.filter(ImageFilter.GaussianBlur(2))
        yield f"{name}-dark.png", picture.point(lambda level: level // 8)
        yield f"{name}-bright.png", picture.point(lambda level: min(255, 3 * level))
        # Larger than the judged size, so that it is decoded at a reduced scale.
        large = picture.resize((3072, 2048), Image.Resampling.BICUBIC)
        yield f"{name}-large.jpg", large


def measure(folder: Path) -> dict[str, Any]:
    scorer = Scorer(sharp_at=SharpAt.FULL)
    measured = {}
    for name, picture in draw_photos():
        picture.save(folder / name, quality=92)
        scores = asdict(scorer.score(folder / name))
        for name_of_no_score in ("recipe", "reader", "facts"):
            del scores[name_of_no_score]
        measured[name] = scores
    return measured


def flatten(record: dict[str, Any], prefix: str = "") -> dict[str, float | None]:
    flat: dict[str, float | None] = {}
    for key, value in record.items():
        if isinstance(value, dict):
            flat |= flatten(value, f"{prefix}{key}.")
        else:
            flat[f"{prefix}{key}"] = value
    return flat


def test_scores_are_those_that_were_written_down(tmp_path: Path) -> None:
    golden = flatten(json.loads(GOLDEN.read_text(encoding="utf-8")))
    measured = flatten(measure(tmp_path))
    assert measured.keys() == golden.keys()
    for key, value in measured.items():
        expected = golden[key]
        assert (value is None) is (expected is None), key
        assert expected is None or value == pytest.approx(expected, abs=TOLERANCE, rel=0), key


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        GOLDEN.write_text(json.dumps(measure(Path(scratch)), indent=1) + "\n", encoding="utf-8")
