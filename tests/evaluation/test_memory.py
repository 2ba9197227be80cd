from __future__ import annotations

from pathlib import Path

import pytest

from clearshot.evaluation import memory
from clearshot.evaluation.classical import MetricDetector
from clearshot.evaluation.detectors import ClassifierDetector, ClassifierFile
from clearshot.evaluation.memory import count_workers, read_available_bytes


@pytest.mark.parametrize(
    ("available", "expected"), [(0, 1), (299, 1), (300, 1), (900, 3), (9_000, 8), (None, 8)]
)
def test_as_many_workers_as_memory_holds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, available: int | None, expected: int
) -> None:
    (tmp_path / "large.onnx").write_bytes(bytes(100))
    classifier = ClassifierDetector("large", ClassifierFile(tmp_path / "large.onnx", "00", 192))
    monkeypatch.setattr(memory, "usable_cores", lambda: 8)
    monkeypatch.setattr(memory, "read_available_bytes", lambda: available)
    assert count_workers(classifier) == expected
    assert count_workers(MetricDetector("laplacian", "laplacian")) == 8


def test_available_memory_is_read_where_the_system_tells(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    meminfo = tmp_path / "meminfo"
    meminfo.write_text("MemTotal:  9000 kB\nMemAvailable:   1234 kB\n")
    monkeypatch.setattr(memory, "_MEMINFO", meminfo)
    assert read_available_bytes() == 1234 * 1024
    monkeypatch.setattr(memory, "_MEMINFO", tmp_path / "nowhere")
    total = read_available_bytes()
    assert total is None or total > 2**28
