from __future__ import annotations

import sys

import pytest

from clearshot.sidecars.changes import describe_changes
from clearshot.sidecars.packet import Packet
from sidecars.programs import DARKTABLE

pytest.importorskip("lxml", reason="needs the extra `tag`")


def test_every_value_that_comes_or_goes_is_told() -> None:
    packet = Packet(DARKTABLE)
    packet.set("xmp:Rating", "-1")
    packet.set_items("dc:subject", ("x" * 100,))
    packet.set_items("clearshot:Wrote", ("xmp:Rating=-1",))
    after = packet.write()
    lines = ("+ dc:subject " + "x" * 60 + " ...", "- xmp:Rating 3", "+ xmp:Rating -1")
    assert describe_changes(DARKTABLE, after) == lines
    notes = ("+ clearshot:Wrote xmp:Rating=-1",)
    assert describe_changes(DARKTABLE, after, with_notes=True) == notes + lines
    assert describe_changes(DARKTABLE, DARKTABLE) == ()


def test_new_and_removed_files() -> None:
    packet = Packet()
    packet.set("xmp:Rating", "1")
    assert describe_changes(None, packet.write()) == ("+ xmp:Rating 1",)
    assert describe_changes(packet.write(), None) == ("- xmp:Rating 1",)


def test_what_cannot_be_read_is_told_by_its_size(monkeypatch: pytest.MonkeyPatch) -> None:
    assert describe_changes(b"junk", None) == ("4 bytes before, 0 bytes after",)
    monkeypatch.setitem(sys.modules, "lxml", None)
    assert describe_changes(None, DARKTABLE)[0].startswith("0 bytes before")
