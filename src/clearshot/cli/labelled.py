"""The labelled photos that a command measures, as its options choose them."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from clearshot.cli.screen import print_remark, print_skipped
from clearshot.cli.text import to_count
from clearshot.errors import ClearshotError
from clearshot.terminal import to_printable

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from clearshot.evaluation.labels import LabelledPhoto, LabelledSet


def read_sets(*labelled: Path) -> LabelledSet:
    """Read labelled sets, and say what was left out.

    Raises InputError or UsageError if the sets cannot be used.

    Parameters
    ----------
    *labelled : Path
        The sets.

    Returns
    -------
    LabelledSet
        All labelled photos.
    """
    from clearshot.evaluation.labelled import read_labelled

    found = read_labelled(*labelled)
    for note in found.notes:
        print_remark(to_printable(note))
    print_skipped(found.left_out)
    return found


def read_photos(labelled: tuple[Path, ...], word: str) -> LabelledSet:
    """Read labelled sets for a network that some of the photos may have made.

    Photos from which a network was made become sources of their own, so that nobody takes what is
    measured on them for more than it is. Raises InputError or UsageError if the sets cannot be
    used.

    Parameters
    ----------
    labelled : tuple of Path
        The sets.
    word : str
        The network, as --network takes it.

    Returns
    -------
    LabelledSet
        All labelled photos.
    """
    found = read_sets(*labelled)
    for folder in labelled:
        found = replace(found, photos=_name_training(found.photos, folder, word))
    return found


def _name_training(
    photos: tuple[LabelledPhoto, ...], folder: Path, word: str
) -> tuple[LabelledPhoto, ...]:
    """Name the photos of a folder by what they did for a network, if it was made from some."""
    from clearshot.evaluation.networks import find_entry
    from clearshot.evaluation.split import digest_set, name_training, split_training

    try:
        values = find_entry(word).values
    except ClearshotError:  # no network, or none with a description
        return photos
    config = values.get("config", {})
    if not folder.is_dir() or not {"seed", "validation_share"} <= set(config):
        return photos
    root = folder.resolve()
    for place in _find_places(root, values):
        digests = _digest_training(place, values)
        if digest_set(digests.values()) == values.get("photos_sha256"):
            break
    else:
        return photos
    parts = split_training(
        digests, seed=config["seed"], validation_share=config["validation_share"]
    )
    name = to_printable(folder / place.relative_to(root))
    validated = digest_set(digests[path] for path in parts[1])
    if values.get("validation_sha256", validated) != validated:
        print_remark(
            f"{name}: its photos trained or validated {word}; which did what is not known, because "
            "they were renamed since; they are one source, 'trained on'"
        )
        return name_training(photos, digests, ())
    num_training, num_validation = map(len, parts)
    print_remark(
        f"{name}: {num_training} of its photos trained {word}, {num_validation} "
        "validated it; they are sources of their own"
    )
    return name_training(photos, *parts)


def _find_places(root: Path, values: Mapping[str, Any]) -> list[Path]:
    """Find the folders in a set, itself among them, with as many photos as made a network."""
    from clearshot.discover import find_photos

    nums: Counter[Path] = Counter()
    for photo in find_photos([root]).photos:
        nums.update(place for place in photo.path.parents if place.is_relative_to(root))
    num_trained = values.get("num_photos", 0)
    # Some of those that were left out may have been taken away since.
    most = num_trained + values.get("num_left_out", 0)
    return [place for place, num in nums.items() if num_trained <= num <= most]


def _digest_training(folder: Path, values: Mapping[str, Any]) -> Mapping[Path, str]:
    """Name the photos of a folder by content, but for those that training leaves out.

    Empty where one cannot be read any more.
    """
    from clearshot.discover import find_photos
    from clearshot.evaluation.split import digest_files

    paths = [photo.path for photo in find_photos([folder]).photos]
    try:
        if len(paths) == values.get("num_photos"):
            return digest_files(paths)
        # Reads every photo, so only where they may be the ones.
        from clearshot.training.photos import sift_photos

        return sift_photos(folder).digests
    except OSError:  # one that was readable when it trained
        return {}


def choose_photos(
    photos: tuple[LabelledPhoto, ...], threshold_sources: tuple[str, ...], *, unseen: bool
) -> tuple[LabelledPhoto, ...]:
    """Choose what to measure, and check that thresholds can be set on it.

    Raises InputError or UsageError if they cannot.

    Parameters
    ----------
    photos : tuple of LabelledPhoto
        All labelled photos.
    threshold_sources : tuple of str
        Sources whose clear photos set the thresholds; empty for the default.
    unseen : bool
        Whether scenes that may calibrate are left out.

    Returns
    -------
    tuple of LabelledPhoto
        The photos to measure.
    """
    from clearshot.evaluation.evaluate import check_sources
    from clearshot.evaluation.split import keep_unseen

    chosen = keep_unseen(photos) if unseen else photos
    if unseen:
        seen = to_count(len(photos) - len(chosen), "photo")
        print_remark(f"{seen} of calibration scenes left out")
    check_sources(chosen, threshold_sources or None)
    return chosen
