from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from clearshot.catalog.catalog import Catalog, Entry
from clearshot.errors import InputError, UsageError
from clearshot.owner import (
    OwnerDecision,
    calibrate,
    check_tolerances,
    find_own,
    match_decisions,
    read_calibration_file,
    read_decisions,
    report_labels,
    settle,
)
from clearshot.photo import Choice, Decision, FileStamp, Label, Photo, Scores, SharpAt
from clearshot.scoring.limits import Wishes, set_thresholds
from clearshot.scoring.recalibration import Recalibration, write_recalibration
from clearshot.scoring.scorer import Scorer
from clearshot.scoring.tolerance import Basis, Tolerance
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
    found, _, num_left = match_decisions(decisions, entries, SharpAt.SCREEN)
    assert {path.name: label for path, _, label in found} == {
        "sharp.jpg": None,
        "soft.jpg": Label.BLURRY,
    }
    assert num_left == 4
    said = [OwnerDecision(Path("/library/dull.jpg"), is_bad=True, label=Label.BLURRY)]
    assert match_decisions(said, entries, SharpAt.SCREEN)[0][0][2] is Label.BLURRY


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
    with pytest.raises(InputError, match="cannot be read"):
        read_calibration_file(tmp_path / "none.json")
    (tmp_path / "bad.json").write_text("{}")
    with pytest.raises(InputError, match=r"bad\.json: is no calibration"):
        read_calibration_file(tmp_path / "bad.json")
