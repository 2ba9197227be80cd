"""Photos from which a network was made are told from those that it never saw."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from PIL import Image

from clearshot.cli.labelled import read_photos
from clearshot.evaluation import networks
from clearshot.evaluation.networks import Entry
from clearshot.evaluation.split import digest_files, digest_set, split_training

CONFIG = {"seed": 3, "validation_share": 0.2}


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "clear"
    folder.mkdir()
    for number in range(10):
        Image.new("L", (400, 384), 20 * number).save(folder / f"{number}.png")
    return folder


def train_on(folder: Path) -> dict[str, object]:
    """Give what a manifest says of a network that was trained on all photos of a folder."""
    digests = digest_files(folder.iterdir())
    _, validation = split_training(digests, seed=3, validation_share=0.2)
    return {
        "num_photos": len(digests),
        "photos_sha256": digest_set(digests.values()),
        "validation_sha256": digest_set(digests[path] for path in validation),
        "config": CONFIG,
    }


def count_sources(folder: Path) -> Counter[str]:
    return Counter(photo.source for photo in read_photos((folder,), "net").photos)


def describe(monkeypatch: pytest.MonkeyPatch, **values: object) -> None:
    """Let the manifest of a network `net` say something."""
    entry = Entry("net", Path("/nets"), values)
    monkeypatch.setattr(networks, "find_entry", lambda _: entry)


def test_training_photos_are_sources_of_their_own(
    photos: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    describe(monkeypatch, **train_on(photos))
    assert count_sources(photos) == {"trained on": 8, "validation": 2}
    assert "8 of its photos trained net, 2 validated it" in capsys.readouterr().err


def test_photos_that_training_left_out_hide_none_of_the_others(
    photos: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    facts = train_on(photos)
    Image.new("L", (80, 64), 255).save(photos / "small.png")
    (photos / "cut.jpg").write_bytes(b"no photo")
    describe(monkeypatch, **facts, num_left_out=2)
    assert count_sources(photos) == {"trained on": 8, "validation": 2, "clear": 2}
    assert "small.png" not in capsys.readouterr().err
    # They were named, and are taken away one after the other.
    (photos / "cut.jpg").unlink()
    assert count_sources(photos) == {"trained on": 8, "validation": 2, "clear": 1}
    (photos / "small.png").unlink()
    assert count_sources(photos) == {"trained on": 8, "validation": 2}


def test_training_photos_in_a_folder_of_the_set_are_found(
    photos: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    describe(monkeypatch, **train_on(photos))
    (photos.parent / "blurred").mkdir()
    for number in range(3):
        Image.new("L", (400, 384), 100 + number).save(photos.parent / "blurred" / f"{number}.png")
    sources = count_sources(photos.parent)
    assert (sources["trained on"], sources["validation"], sources.total()) == (8, 2, 13)
    assert f"{photos}: 8 of its photos trained net" in capsys.readouterr().err


def test_renamed_training_photos_are_not_called_unseen(
    photos: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    describe(monkeypatch, **train_on(photos))
    for number in range(10):
        (photos / f"{number}.png").rename(photos / f"{(7 * number + 3) % 10}-renamed.png")
    assert count_sources(photos) == {"trained on": 10}
    assert "they were renamed since" in capsys.readouterr().err


@pytest.mark.parametrize(
    "values",
    [
        {
            "num_photos": 10,
            "photos_sha256": "other",
            "config": {"seed": 3, "validation_share": 0.2},
        },
        {"num_photos": 9, "photos_sha256": "other", "config": CONFIG},
        {"num_photos": 10},
    ],
)
def test_other_photos_keep_their_source(
    photos: Path, monkeypatch: pytest.MonkeyPatch, values: dict[str, object]
) -> None:
    describe(monkeypatch, **values)
    assert {photo.source for photo in read_photos((photos,), "net").photos} == {"clear"}


def test_what_is_no_network_trained_on_nothing(photos: Path) -> None:
    assert {photo.source for photo in read_photos((photos,), "laplacian").photos} == {"clear"}
