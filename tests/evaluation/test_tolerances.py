from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from clearshot.errors import InputError
from clearshot.evaluation.labels import LabelledPhoto
from clearshot.evaluation.tolerances import choose_one_per_scene, write_table
from clearshot.photo import Label
from clearshot.scoring.calibration import read_calibration
from clearshot.scoring.tolerance import parse_table

CURVE = read_calibration()


def make_photos() -> list[LabelledPhoto]:
    """Three sources, of which one has ten times as many photos, and frames of scenes."""
    labels = [None, *Label]
    return [
        LabelledPhoto(Path(f"/{source}/{i}.jpg"), labels[i % 4], source, f"s{i // 8}")
        for source, num in (("a", 800), ("b", 80), ("c", 80))
        for i in range(num)
    ]


def test_one_photo_of_each_scene_and_kind_is_chosen() -> None:
    photos = make_photos()
    chosen = choose_one_per_scene(photos)
    keys = [(p.source, p.scene, p.label) for p in chosen]
    assert len(keys) == len(set(keys)) == len(photos) // 2
    assert set(choose_one_per_scene(photos[::-1])) == set(chosen)
    plain = [LabelledPhoto(Path(f"/{i}.jpg"), None, "a") for i in range(5)]
    assert choose_one_per_scene(plain) == tuple(plain)


def test_a_written_table_tells_how_photos_score() -> None:
    photos, rng = make_photos(), np.random.default_rng(0)
    logits = {
        photo.path: {label: float(rng.normal(3 if photo.label is label else -3)) for label in Label}
        for photo in photos
    }
    table = parse_table(write_table(photos, logits, CURVE), CURVE)
    for label in Label:
        pair = table.pairs[label]
        assert pair.good.measure_share(-3.0) == pytest.approx(0.5, abs=0.15)
        assert pair.bad.measure_share(3.0) == pytest.approx(0.5, abs=0.15)
        # 100 scenes of one source and 10 of each other: a third each.
        assert 20 < pair.good.num_scenes < 60
        assert table.sources[label] == "a, b, c"


def test_two_sizes_of_one_set_say_no_more_than_one() -> None:
    names = {"a": "kwentar", "b": "kwentar640", "c": "c"}
    apart = make_photos()
    one_set = [replace(photo, source=names[photo.source]) for photo in apart]
    rng = np.random.default_rng(0)
    logits = {photo.path: {label: float(rng.normal()) for label in Label} for photo in apart}
    several = parse_table(write_table(apart, logits, CURVE), CURVE)
    fewer = parse_table(write_table(one_set, logits, CURVE), CURVE)
    for label in Label:
        assert fewer.sources[label] == "c, kwentar, kwentar640"
        assert fewer.pairs[label].good.num_scenes < several.pairs[label].good.num_scenes


@pytest.mark.parametrize(
    ("kinds", "words"), [([None], "clear"), ([Label.DARK, Label.BLURRY], "blurry, dark")]
)
def test_kinds_without_photos_are_named(kinds: list[Label | None], words: str) -> None:
    photos = [photo for photo in make_photos() if photo.label not in kinds]
    logits = {photo.path: dict.fromkeys(Label, 0.0) for photo in photos}
    with pytest.raises(InputError, match=f"found none of {words}$"):
        write_table(photos, logits, CURVE)
