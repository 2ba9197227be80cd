"""Measure photos at the judged size and at 100 %, to see how soft the pixels of cameras are.

    python benchmarks/native.py PHOTO_OR_FOLDER...

One line per photo that can be judged: megapixels, blur on a screen and at 100 %; then the quartiles
of those that are sharp on a screen and longer than 1024 px.
"""

from __future__ import annotations

import json
import sys

import numpy as np

from clearshot.errors import PhotoError
from clearshot.photo import SharpAt
from clearshot.scoring.scorer import Scorer
from clearshot.scoring.verdict import Thresholds, judge
from named_photos import find_named_photos


def main() -> None:
    """Print a table, then one line of JSON."""
    photos = find_named_photos(__doc__)
    scorer = Scorer(sharp_at=SharpAt.FULL)
    pairs = []
    print(
        f"{'photo':48} {'MP':>5} {'screen':>7} {'100 %':>7} {'p':>6} {'p 100 %':>8} {'real MP':>8}"
    )
    for path in photos:
        try:
            scores = scorer.score(path)
        except PhotoError as error:
            print(error, file=sys.stderr)
            continue
        screen, full = judge(scores), judge(scores, Thresholds(sharp_at=SharpAt.FULL))
        native = scores.focus.native_blur
        assert native is not None
        megapixels = scores.width_px * scores.height_px / 1e6
        print(
            f"{path.name[:48]:48} {megapixels:5.1f} {scores.focus.blur:7.2f} {native:7.2f} "
            f"{screen.p_blurry:6.2f} {full.p_blurry:8.2f} {full.effective_mp or 0:8.2f}"
        )
        if screen.p_blurry < 0.5 and max(scores.width_px, scores.height_px) > 1024:
            pairs.append((scores.focus.blur, native))
    if not pairs:
        sys.exit("no photo found that is sharp on a screen and longer than 1024 px")
    screen_blur, native_blur = np.array(pairs).T
    result = {
        "photos": len(pairs),
        "screen_quartiles": np.quantile(screen_blur, (0.25, 0.5, 0.75)).round(2).tolist(),
        "native_quartiles": np.quantile(native_blur, (0.25, 0.5, 0.75)).round(2).tolist(),
        "native_9_in_10": round(float(np.quantile(native_blur, 0.9)), 2),
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
