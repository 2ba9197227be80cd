"""The labelled photos that a command measures, as its options choose them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from clearshot.cli.screen import print_remark, print_skipped
from clearshot.cli.text import to_count
from clearshot.errors import ClearshotError
from clearshot.terminal import to_printable

if TYPE_CHECKING:
    from pathlib import Path

    from clearshot.evaluation.labels import LabelledPhoto, LabelledSet


def read_photos(labelled: tuple[Path, ...], word: str) -> LabelledSet:
    """Read labelled sets, and say what was left out.

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
    from clearshot.evaluation.labelled import read_labelled

    found = read_labelled(*labelled)
    for folder in labelled:
        found = replace(found, photos=_name_training(found.photos, folder, word))
    for note in found.notes:
        print_remark(to_printable(note))
    print_skipped(found.left_out, rest="see with -v")
    return found


def _name_training(
    photos: tuple[LabelledPhoto, ...], folder: Path, word: str
) -> tuple[LabelledPhoto, ...]:
    """Name the photos of a folder by what they did for a network, if it was made from them."""
    from clearshot.discover import find_photos
    from clearshot.evaluation.networks import find_entry
    from clearshot.evaluation.split import digest_photos, name_training, split_training

    try:
        values = find_entry(word).values
    except ClearshotError:  # no network, or none with a description
        return photos
    config = values.get("config", {})
    if not folder.is_dir() or not {"seed", "validation_share"} <= set(config):
        return photos
    paths = [photo.path.resolve() for photo in find_photos([folder]).photos]
    if len(paths) != values.get("num_photos"):
        return photos
    if digest_photos(paths) != values.get("photos_sha256"):
        return photos
    parts = split_training(paths, seed=config["seed"], validation_share=config["validation_share"])
    num_training, num_validation = map(len, parts)
    print_remark(
        f"{to_printable(folder)}: {num_training} of its photos trained {word}, {num_validation} "
        "validated it; they are sources of their own"
    )
    return name_training(photos, *parts)


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
