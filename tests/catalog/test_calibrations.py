from __future__ import annotations

from typing import TYPE_CHECKING

from clearshot.catalog.catalog import Catalog

if TYPE_CHECKING:
    from pathlib import Path


def test_the_newest_calibration_is_in_use(catalog: Catalog) -> None:
    assert catalog.calibrations.read_current() is None
    assert [catalog.calibrations.add(content) for content in ("a", "b")] == [1, 2]
    current = catalog.calibrations.read_current()
    assert current is not None
    assert (current.version, current.content) == (2, "b")
    assert current.made_at.utcoffset() is not None


def test_taking_back_goes_one_step_back_and_loses_nothing(catalog: Catalog) -> None:
    calibrations = catalog.calibrations
    for content in ("a", "b"):
        calibrations.add(content)
    versions = []
    while gone := calibrations.take_back():
        current = calibrations.read_current()
        versions.append((gone.version, current and current.version))
    assert versions == [(2, 1), (1, None)]
    assert [each.content for each in calibrations.list_all()] == ["a", "b"]
    assert all(each.taken_back_at for each in calibrations.list_all())
    assert calibrations.add("c") == 3
    assert calibrations.take_back() is not None


def test_calibrations_outlive_the_program(library: Path) -> None:
    with Catalog.open(library) as catalog:
        catalog.calibrations.add("kept")
    with Catalog.open(library) as catalog:
        assert [each.content for each in catalog.calibrations.list_all()] == ["kept"]
