"""A run folder is of one run, and nothing in it is lost or half written."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("torch", reason="the extra `train` is not installed")

from clearshot.errors import InputError
from clearshot.training import runs
from clearshot.training.manifest import write_manifest
from clearshot.training.runs import (
    begin_run,
    check_place,
    find_run,
    name_commits,
    read_record,
    read_tables,
    write_whole,
)

FACTS = {"config": {"seed": 7, "sizes": (1, 2)}, "photos_sha256": "00"}


def test_a_run_is_found_again(tmp_path: Path) -> None:
    folder = tmp_path / "runs" / "focus"
    assert not find_run(folder, FACTS)
    assert not folder.exists()
    begin_run(folder, FACTS)
    (folder / "patches").mkdir()
    assert find_run(folder, FACTS)
    with pytest.raises(InputError, match="holds another run"):
        find_run(folder, FACTS | {"photos_sha256": "01"})


def test_the_commits_of_a_run_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs, "read_commit", lambda: "abc1")
    begin_run(tmp_path / "run", FACTS)
    assert name_commits(tmp_path / "run") == "abc1"
    monkeypatch.setattr(runs, "read_commit", lambda: "def2")
    assert find_run(tmp_path / "run", FACTS), "other code goes on with it, and says so"
    begin_run(tmp_path / "run", FACTS)
    assert name_commits(tmp_path / "run") == "abc1..def2"


def test_only_an_empty_folder_becomes_a_run_folder(tmp_path: Path) -> None:
    assert not find_run(tmp_path, FACTS)
    (tmp_path / "run.json.part").write_text('{"config"')  # stopped while it was written
    assert not find_run(tmp_path, FACTS)
    (tmp_path / "holiday.jpg").touch()
    with pytest.raises(InputError, match=r"holds files, but no run\.json"):
        find_run(tmp_path, FACTS)
    with pytest.raises(InputError, match=r"holiday\.jpg: cannot be the run folder"):
        find_run(tmp_path / "holiday.jpg", FACTS)


def test_a_run_folder_is_not_among_the_photos(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    photos = tmp_path / "photos"
    photos.mkdir()
    check_place(tmp_path / "runs", photos)
    check_place(tmp_path / "photos-runs", photos)
    for folder in (photos, photos / "runs", tmp_path / "runs" / ".." / "photos" / "runs"):
        with pytest.raises(InputError, match=r"inside the folder of the photos.*--run-folder"):
            check_place(folder, photos)
    monkeypatch.chdir(photos)
    with pytest.raises(InputError, match="inside the folder of the photos"):
        check_place(Path("runs") / "focus", Path())


def test_a_record_is_whole_or_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "run.json"
    write_whole(path, "{}")
    with pytest.raises(UnicodeEncodeError):
        write_whole(path, '{"seed": "\udcff"}')
    assert read_record(path) == {}
    write_whole(path, '{"seed": 1}')
    assert read_record(path) == {"seed": 1}
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("content", [None, b"{", b"[]", b"\xff"])
def test_a_broken_or_missing_record_is_named(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "run.json"
    if content is not None:
        path.write_bytes(content)
        with pytest.raises(InputError, match=r"run\.json: is broken"):
            find_run(tmp_path, FACTS)
    with pytest.raises(InputError, match=r"run\.json: (is broken|cannot be read)"):
        read_record(path)


def test_a_broken_or_missing_manifest_is_named_and_kept(tmp_path: Path) -> None:
    path = tmp_path / "manifest.toml"
    with pytest.raises(InputError, match=r"manifest\.toml: cannot be read"):
        read_tables(path)
    path.write_text("no toml [")
    with pytest.raises(InputError, match=r"manifest\.toml: is broken"):
        write_manifest(path, "focus", {"sha256": "00"})
    assert path.read_text() == "no toml ["


@given(st.text())
def test_a_manifest_says_what_it_was_given(text: str) -> None:
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "manifest.toml"
        entry = {"sha256": "00", "weights": text}
        write_manifest(path, "inception", entry)
        assert read_tables(path)["inception"] == entry
