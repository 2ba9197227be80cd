"""Halves share no scene, and depend on nothing but its name."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from clearshot.evaluation.labels import LabelledPhoto
from clearshot.evaluation.split import is_for_calibration, keep_unseen, split_training


def test_halves_share_no_scene_and_are_about_equal() -> None:
    photos = [
        LabelledPhoto(Path(f"{scene}-{shot}.jpg"), None, "camera", f"scene{scene}")
        for scene in range(300)
        for shot in range(3)
    ]
    calibrating = {photo.scene for photo in photos if is_for_calibration(photo)}
    measuring = {photo.scene for photo in photos if not is_for_calibration(photo)}
    assert not calibrating & measuring
    assert 0.4 < len(calibrating) / 300 < 0.6


def test_names_that_are_counted_up_are_in_both_halves() -> None:
    for name in ("IMG_000{}.jpg", "scene{}.jpg", "{}"):
        photos = [LabelledPhoto(Path(name.format(i)), None, "camera") for i in range(6)]
        assert {is_for_calibration(photo) for photo in photos} == {True, False}


def test_half_is_the_same_whichever_folder_was_named() -> None:
    for number in range(50):
        for scene in ("", f"scene{number}"):
            halves = {
                is_for_calibration(LabelledPhoto(Path(f"/{root}/{number}.jpg"), None, root, scene))
                for root in ("set", "phone", "clear")
            }
            assert len(halves) == 1


def test_the_unseen_half_is_what_may_not_calibrate() -> None:
    photos = [LabelledPhoto(Path(f"{i}.jpg"), None, "camera") for i in range(20)]
    unseen = keep_unseen(photos)
    assert 0 < len(unseen) < len(photos)
    assert unseen == tuple(photo for photo in photos if not is_for_calibration(photo))


def test_training_and_validation_share_no_photo() -> None:
    photos = {Path(f"/p/{number}.jpg"): f"sha-{number}" for number in range(50)}
    training, validation = split_training(photos, seed=5, validation_share=0.12)
    assert len(validation) == 6
    assert sorted(training + validation) == sorted(photos)
    turned = dict(reversed(photos.items()))
    again = split_training(turned, seed=5, validation_share=0.12)
    assert again == (training, validation)
    assert split_training(photos, seed=6, validation_share=0.12) != again


@given(st.lists(st.integers(0, 9), min_size=1), st.integers(0, 99))
def test_copies_train_or_validate_together(contents: list[int], seed: int) -> None:
    photos = {Path(f"{number}.jpg"): str(content) for number, content in enumerate(contents)}
    training, validation = split_training(photos, seed=seed, validation_share=0.3)
    assert sorted(training + validation) == sorted(photos)
    assert not {photos[path] for path in training} & {photos[path] for path in validation}


def test_photos_without_copies_are_split_by_their_names_alone() -> None:
    # What networks that were trained earlier validated on stays what it was.
    names = ["b/1.jpg", "a/2.jpg", "a/1.jpg", "c/3.jpg", "c/4.jpg", "d/0.jpg"]
    photos = {Path(name): name for name in names}
    training, validation = split_training(photos, seed=7, validation_share=0.3)
    assert [path.as_posix() for path in training] == ["d/0.jpg", "c/3.jpg", "a/1.jpg", "a/2.jpg"]
    assert [path.as_posix() for path in validation] == ["c/4.jpg", "b/1.jpg"]
