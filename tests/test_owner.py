from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearshot.catalog.catalog import Catalog, Entry
from clearshot.errors import InputError, UsageError
from clearshot.owner import (
    BURST_S,
    OwnerDecision,
    calibrate,
    check_tolerances,
    choose_one_per_burst,
    find_own,
    is_evidently_chosen,
    match_decisions,
    read_calibration_file,
    read_decisions,
    report_labels,
    settle,
)
from clearshot.photo import Choice, Decision, Facts, FileStamp, Label, Photo, Scores, SharpAt
from clearshot.scoring.limits import Wishes, set_thresholds
from clearshot.scoring.recalibration import Recalibration, write_recalibration
from clearshot.scoring.scorer import Scorer
from clearshot.scoring.tolerance import Basis, Tolerance, build_tail
from clearshot.scoring.verdict import Thresholds
from scoring.records import make_scores

TOLERANCES = dict.fromkeys(Label, Tolerance(0.02))


def make_entry(name: str, scores: Scores | None) -> Entry:
    photo = Photo(Path("/library") / name, FileStamp(1, 2))
    return Entry(photo, scores, None, datetime(2026, 1, 1, tzinfo=UTC), is_missing=False)


def make_own(num_good: int = 120, num_bad: int = 30) -> Recalibration:
    good = [(Path(f"g{i}"), make_scores(blur=-6 + i / 100), None) for i in range(num_good)]
    bad = [(Path(f"b{i}"), make_scores(blur=1 + i / 100), Label.BLURRY) for i in range(num_bad)]
    return calibrate([*good, *bad], TOLERANCES, origin="test")


def scored(**values: float) -> Scores:
    scores = make_scores(**values)  # type: ignore[arg-type]
    return Scores(scores.width_px, scores.height_px, scores.focus, scores.exposure, Scorer().recipe)


def test_rejected_photos_count_for_what_they_look_like() -> None:
    entries = [
        make_entry("sharp.jpg", scored(blur=-6.0)),
        make_entry("soft.jpg", scored(blur=2.0)),
        make_entry("dull.jpg", scored(blur=-6.0)),
        make_entry("broken.jpg", None),
        make_entry("old.jpg", make_scores(blur=2.0)),
    ]
    bad = {"soft.jpg", "dull.jpg", "broken.jpg", "old.jpg", "gone.jpg"}
    names = [entry.photo.path.name for entry in entries] + ["gone.jpg"]
    decisions = [OwnerDecision(Path("/library") / name, name in bad) for name in names]
    found, num_left = match_decisions(decisions, entries, SharpAt.SCREEN)
    assert {path.name: label for path, _, label in found} == {
        "sharp.jpg": None,
        "soft.jpg": Label.BLURRY,
    }
    assert num_left == 4
    said = [OwnerDecision(Path("/library/dull.jpg"), is_bad=True, label=Label.BLURRY)]
    assert match_decisions(said, entries, SharpAt.SCREEN)[0][0][2] is Label.BLURRY


def make_library(num: int = 600) -> list[Entry]:
    """A library in which every fifth photo is blurred, the worst photo first."""
    rng = np.random.default_rng(5)
    blur = np.where(np.arange(num) % 5 == 0, rng.normal(0, 2, num), rng.normal(-5, 1, num))
    ordered = enumerate(np.sort(blur)[::-1])
    return [make_entry(f"{i:04}.jpg", scored(blur=float(each))) for i, each in ordered]


def judge_for_owner(entries: list[Entry]) -> list[OwnerDecision]:
    return [OwnerDecision(entry.photo.path, is_bad=False) for entry in entries]


def test_photos_that_were_chosen_by_their_scores_are_no_random_sample() -> None:
    library = make_library()
    for chosen in (library[:60], library[-60:], library[100:200]):
        assert is_evidently_chosen(judge_for_owner(chosen), library, len(chosen))
    # As bursts they say less, and a few say nothing.
    assert not is_evidently_chosen(judge_for_owner(library[:60]), library, 3)
    assert not is_evidently_chosen(judge_for_owner(library[:4]), library, 4)
    assert not is_evidently_chosen([], library, 0)


def test_a_random_sample_is_taken_for_one() -> None:
    library, rng = make_library(), np.random.default_rng(6)
    for _ in range(40):
        drawn = [library[i] for i in rng.choice(len(library), 100, replace=False)]
        assert not is_evidently_chosen(judge_for_owner(drawn), library, len(drawn))
    assert not is_evidently_chosen(judge_for_owner(library), library, len(library))


def test_report_says_how_many_more_photos_it_takes() -> None:
    # 2 % with 90 % takes 114 good photos, 5 % takes 45 bad ones.
    few, many = (report_labels(make_own(num))[Label.BLURRY] for num in (60, 120))
    assert (few.num_good_missing, few.num_bad_missing) == (54, 15)
    assert few.lost_basis is Basis.AVERAGE
    assert few.confidence == pytest.approx(1 - 0.98**60)
    assert (many.num_good_missing, many.lost_basis) == (0, Basis.CONFIDENT)
    assert many.is_lost_own
    none = report_labels(make_own(10))[Label.BLURRY]
    assert not none.is_lost_own
    assert none.num_good_missing == 104


def test_settled_thresholds_are_those_of_the_library() -> None:
    own = make_own()
    asked = set_thresholds(Wishes({Label.DARK: 0.9}))
    settled = settle(asked, own)
    assert settled.dark == 0.9
    assert settled.blurry != 0.5
    assert settle(asked, None) is asked
    by_hand = settle(Thresholds(blurry=0.8, sharp_at=SharpAt.FULL), own)
    assert (by_hand.blurry, by_hand.sharp_at) == (0.8, SharpAt.FULL)
    assert by_hand.dark == settle(Thresholds(), own).dark


def test_calibration_in_use_is_found(tmp_path: Path) -> None:
    with Catalog.open(tmp_path) as catalog:
        assert find_own(catalog) == (None, "")
        own = make_own()
        catalog.calibrations.add(write_recalibration(own))
        found, sentence = find_own(catalog)
        assert found == own
        assert "(version 1) on test" in sentence
        other = json.loads(write_recalibration(own)) | {"made_for": "another"}
        catalog.calibrations.add(json.dumps(other))
        found, sentence = find_own(catalog)
        assert found is None
        assert "is not used" in sentence


def test_decisions_are_read_from_the_catalog(tmp_path: Path) -> None:
    photos = [Photo(tmp_path / f"{i}.jpg", FileStamp(1, 2)) for i in range(4)]
    with Catalog.open(tmp_path) as catalog:
        catalog.record([(photo, make_scores()) for photo in photos], recipe="")
        assert read_decisions(catalog) == []
        number = catalog.decisions.list_numbers()
        choices = (Choice.KEEP, Choice.REJECT, None)
        catalog.decisions.write(
            {
                number[photo.path]: Decision(choice, stars=1)
                for photo, choice in zip(photos, choices, strict=False)
            }
        )
        assert read_decisions(catalog) == [
            OwnerDecision(photos[0].path, is_bad=False),
            OwnerDecision(photos[1].path, is_bad=True),
        ]


def test_what_cannot_be_kept_or_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="above 0 %"):
        check_tolerances({Label.DARK: Tolerance(0.0)})
    with pytest.raises(InputError, match="no decided photo"):
        calibrate([], TOLERANCES, origin="nothing")
    with pytest.raises(InputError, match=r"none\.json: cannot be read: [^/\\]*$"):
        read_calibration_file(tmp_path / "none.json")
    (tmp_path / "latin.json").write_bytes(b"\xe9")
    with pytest.raises(InputError, match=r"latin\.json: is not in UTF-8$"):
        read_calibration_file(tmp_path / "latin.json")
    (tmp_path / "bad.json").write_text("{}")
    with pytest.raises(InputError, match=r"bad\.json: is no calibration"):
        read_calibration_file(tmp_path / "bad.json")


def take(name: str, seconds: float | None, label: Label | None = None, camera: str = "A") -> Any:
    start = datetime(2026, 5, 1, 12, 0)  # noqa: DTZ001 - a camera's own clock
    taken_at = None if seconds is None else start + timedelta(seconds=seconds)
    scores = replace(make_scores(), facts=Facts(camera=camera, taken_at=taken_at))
    return Path(f"/library/{name}.jpg"), scores, label


def test_frames_of_a_burst_count_once() -> None:
    burst = [take(f"b{at}", 3.0 * at) for at in range(6)]
    others = [
        take("later", 30), take("bad", 3, Label.BLURRY), take("dark", 3, Label.DARK),
        take("other camera", 3, camera="B"), take("undated", None), take("undated too", None),
    ]  # fmt: skip
    chosen = choose_one_per_burst([*burst, *others])
    assert chosen[1:] == others
    assert chosen[0] in burst
    again = choose_one_per_burst([*reversed(others), *reversed(burst)])
    assert {path for path, _, _ in again} == {path for path, _, _ in chosen}


@given(st.lists(st.tuples(st.integers(0, 60), st.sampled_from([None, *Label]))))
def test_chosen_frames_of_a_kind_are_of_different_bursts(
    frames: list[tuple[int, Label | None]],
) -> None:
    photos = [take(str(at), seconds, label) for at, (seconds, label) in enumerate(frames)]
    chosen = choose_one_per_burst(photos)
    for label in (None, *Label):
        times = sorted(seconds for seconds, kind in frames if kind is label)
        gaps = [later - earlier > BURST_S for earlier, later in pairwise(times)]
        num = sum(kind is label for _, _, kind in chosen)
        assert num == sum(gaps) + bool(times)


def test_bursts_are_what_a_confidence_counts() -> None:
    """Of near-identical frames as decisions, far more runs lose too much than were promised."""
    rng = np.random.default_rng(0)

    def shoot(num: int) -> list[list[float]]:
        motifs = zip(rng.normal(0, 1, num), rng.geometric(1 / 3, num), strict=True)
        return [list(motif + rng.normal(0, 0.1, frames)) for motif, frames in motifs]

    too_much = {"all": 0, "one": 0}
    for _ in range(60):
        bursts, rest = shoot(150), np.concatenate(shoot(2000))
        decided = {"all": np.concatenate(bursts), "one": np.array([each[0] for each in bursts])}
        for how, logits in decided.items():
            limit, basis = build_tail(logits, is_bad=False).find_limit(0.05, 0.9)
            assert basis is Basis.CONFIDENT
            assert limit is not None
            too_much[how] += float((rest > limit).mean()) > 0.05
    assert too_much["one"] <= 0.15 * 60 < too_much["all"]
