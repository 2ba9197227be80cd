from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from fuzz.mutants import make_mutant
from fuzz.reading import read_all
from fuzz.seeds import make_seeds

if TYPE_CHECKING:
    from pathlib import Path

# These raised something else than a PhotoError once.
FINDINGS = [33, 84, 110, 214, 318]


@pytest.fixture(scope="module")
def seeds(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    pytest.importorskip("rawpy")
    pytest.importorskip("pillow_heif")
    return make_seeds(tmp_path_factory.mktemp("seeds"))


def test_whole_files_are_scored(seeds: dict[str, bytes], tmp_path: Path) -> None:
    ends = {}
    for name, content in seeds.items():
        (tmp_path / name).write_bytes(content)
        ends[name] = read_all(tmp_path / name)
    # Headers alone: no camera wrote them.
    headers = {"camera.raf", "camera.cr3", "camera.orf"}
    assert {name for name, end in ends.items() if end != "scored"} == headers


def test_damaged_files_end_in_a_score_or_a_photo_error(
    seeds: dict[str, bytes], tmp_path: Path
) -> None:
    for number in [*FINDINGS, *range(5_000, 5_150)]:
        (tmp_path / "damaged").write_bytes(make_mutant(seeds, number)[1])
        read_all(tmp_path / "damaged")
