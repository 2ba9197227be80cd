"""Photos from which a network was made are told from those that it never saw."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from clearshot.cli.labelled import read_photos
from clearshot.evaluation import networks
from clearshot.evaluation.networks import Entry
from clearshot.evaluation.split import digest_photos

CONFIG = {"seed": 3, "validation_share": 0.2}


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "clear"
    folder.mkdir()
    for number in range(10):
        Image.new("L", (80, 64), 20 * number).save(folder / f"{number}.png")
    return folder


def describe(monkeypatch: pytest.MonkeyPatch, **values: object) -> None:
    """Let the manifest of a network `net` say something."""
    entry = Entry("net", Path("/nets"), values)
    monkeypatch.setattr(networks, "find_entry", lambda _: entry)


def test_training_photos_are_sources_of_their_own(
    photos: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    digest = digest_photos(list(photos.iterdir()))

    describe(monkeypatch, num_photos=10, photos_sha256=digest, config=CONFIG)
    found = read_photos((photos,), "net").photos
    sources = [photo.source for photo in found]
    assert (sources.count("trained on"), sources.count("validation")) == (8, 2)
    assert "8 of its photos trained net, 2 validated it" in capsys.readouterr().err


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
