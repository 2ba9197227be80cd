"""Change labelled photos as programs and people do, and see which verdicts turn into the opposite.

    python benchmarks/changes.py LABELLED... [--photos 120] [--seed 0]

The photos are drawn by lot, one of a scene; labels take turns, and so do the sources of each. They
are brought to the judged size and changed. A photo whose own label the verdict misses unchanged is
left out. A row for each change: how many photos are told wrongly then, unsurely, and of how many.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
from collections import defaultdict
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

from PIL import Image

from clearshot.decode.image import JUDGED_PX, read_rgb
from clearshot.errors import ClearshotError, PhotoError
from clearshot.evaluation.labelled import read_labelled
from clearshot.evaluation.tolerances import choose_one_per_scene
from clearshot.photo import Label, Rating
from clearshot.scoring.scorer import Scorer
from clearshot.scoring.verdict import Thresholds, compute_probabilities, rate
from drawn_changes import CHANGES

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from clearshot.evaluation.labels import LabelledPhoto
    from clearshot.photo import Scores
    from drawn_changes import Change

    # Label, None for a good photo, and picture.
    Told = tuple[Label | None, Image.Image]

_T = TypeVar("_T")

_THRESHOLDS: Final = Thresholds()
# The labels, in the order of the columns: name of the kind, and what it must not turn into.
_KINDS: Final[dict[Label | None, tuple[str, str]]] = {
    Label.BLURRY: ("blurry", "good"),
    None: ("good", "blurry"),
    Label.OVEREXPOSED: ("overexposed", "good"),
    Label.DARK: ("dark", "good"),
}


def main() -> None:
    """Print a table, then one line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("labelled", nargs="+", type=Path)
    parser.add_argument("--photos", type=int, default=120)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    try:
        labelled = read_labelled(*given.labelled).photos
    except ClearshotError as error:
        parser.error(str(error))
    scorer = Scorer()
    drawn = draw_sample(labelled, given.photos, given.seed)
    photos = list(read_told(drawn, scorer))
    if not photos:
        sys.exit("no photo was found whose verdict is its label")
    print(f"{len(drawn)} photos, {len(photos)} of them told as labelled; wrong, unsure, of:")
    titles = (f"{kind} told {wrong}" for kind, wrong in _KINDS.values())
    print(f"{'':26}" + "".join(f"{title:>23}" for title in titles))
    rows = []
    with tempfile.TemporaryDirectory() as scratch:
        for change in CHANGES:
            row = measure(photos, change, scorer, Path(scratch) / "photo.jpg")
            cells = ("{:13}{:5}{:5}".format(*counts.values()) for counts in row.values())
            print(f"{change.name:26}" + "".join(cells), flush=True)
            rows.append({"change": change.name, **row})
    print(json.dumps({"photos": len(drawn), "seed": given.seed, "changes": rows}))


def draw_sample(photos: Iterable[LabelledPhoto], num: int, seed: int) -> list[LabelledPhoto]:
    """Draw photos by lot: of each label as many, and of each of its sources, as far as they go."""
    shuffled = sorted(choose_one_per_scene(photos), key=lambda photo: photo.path)
    random.Random(seed).shuffle(shuffled)  # noqa: S311
    groups: dict[Label | None, dict[str, list[LabelledPhoto]]] = {label: {} for label in _KINDS}
    for photo in shuffled:
        groups[photo.label].setdefault(photo.source, []).append(photo)
    return take_turns([take_turns(list(each.values())) for each in groups.values()])[:num]


def take_turns(groups: Sequence[Sequence[_T]]) -> list[_T]:
    """Give the first of each group, then the second of each, until all are given."""
    return [each for turn in zip_longest(*groups) for each in turn if each is not None]


def read_told(photos: Iterable[LabelledPhoto], scorer: Scorer) -> Iterable[Told]:
    """Read the photos whose verdict is their label."""
    for photo in photos:
        try:
            rating = rate_by_label(scorer.score(photo.path), photo.label)
            pixels = read_rgb(photo.path, long_side_px=JUDGED_PX)
        except PhotoError as error:
            print(error, file=sys.stderr)
            continue
        if rating is (Rating.BAD if photo.label else Rating.GOOD):
            yield photo.label, Image.fromarray(pixels)


def rate_by_label(scores: Scores, label: Label | None) -> Rating:
    """Rate a photo by its own label alone; a good one by blur."""
    asked = label or Label.BLURRY
    p = compute_probabilities(scores)[asked]
    return rate(p, getattr(_THRESHOLDS, asked.value), _THRESHOLDS.find_unsure(asked))


def measure(
    photos: Iterable[Told], change: Change, scorer: Scorer, place: Path
) -> dict[str, dict[str, int]]:
    """Change every photo, judge it, and count by kind what is told wrongly, what unsurely."""
    ratings: defaultdict[Label | None, list[Rating]] = defaultdict(list)
    for label, photo in photos:
        if max(photo.size) > change.at_most_px:
            change.draw(photo).save(place, quality=change.quality)
            ratings[label].append(rate_by_label(scorer.score(place), label))
    return {
        kind: {
            wrong: ratings[label].count(Rating.GOOD if label else Rating.BAD),
            "unsure": ratings[label].count(Rating.UNSURE),
            "of": len(ratings[label]),
        }
        for label, (kind, wrong) in _KINDS.items()
    }


if __name__ == "__main__":
    main()
