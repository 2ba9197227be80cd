from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clearshot.sidecars.marks import LISTS, SIMPLE, Marks, merge_marks
from clearshot.sidecars.packet import Packet
from sidecars.programs import ALL, DARKTABLE, DIGIKAM, LIGHTROOM

pytest.importorskip("lxml", reason="needs the extra `tag`")

BAD = Marks(
    {
        "xmp:Rating": "-1",
        "xmp:Label": "Red",
        "digiKam:PickLabel": "1",
        "digiKam:ColorLabel": "1",
    },
    {
        "dc:subject": ("clearshot|dark",),
        "lr:hierarchicalSubject": ("clearshot|dark",),
        "digiKam:TagsList": ("clearshot/dark",),
    },
)
GOOD = Marks()


def read(content: bytes | None) -> dict[str, tuple[str, ...]]:
    assert content is not None
    return Packet(content).read_all()


def without_notes(values: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    return {name: value for name, value in values.items() if not name.startswith("clearshot:")}


def test_a_new_sidecar_says_all_and_vanishes_again() -> None:
    merge = merge_marks(None, BAD)
    values = without_notes(read(merge.content))
    assert values == {name: (value,) for name, value in BAD.simple.items()} | dict(BAD.keywords)
    assert merge_marks(merge.content, BAD).content == merge.content
    assert merge_marks(merge.content, GOOD).content is None


@pytest.mark.parametrize("program", ALL)
@pytest.mark.parametrize("overwrites", [True, False])
def test_marks_come_and_go_without_a_trace(program: str, overwrites: bool) -> None:
    content = ALL[program]
    assert merge_marks(content, GOOD).content == content, "not a byte changes"
    marked = merge_marks(content, BAD, overwrites=overwrites).content
    assert marked != content
    assert merge_marks(marked, BAD, overwrites=overwrites).content == marked
    cleaned = merge_marks(marked, GOOD).content
    assert read(cleaned) == read(content)


def test_a_file_without_notes_need_not_be_read() -> None:
    assert merge_marks(b"no XMP", GOOD).content == b"no XMP"
    wide = merge_marks(
        DARKTABLE.replace(b"UTF-8", b"UTF-16").decode().encode("utf-16"), BAD
    ).content
    assert wide is not None
    assert "clearshot" in wide.decode("utf-16")
    cleaned = merge_marks(wide, GOOD).content
    assert read(cleaned) == read(DARKTABLE)


def test_values_of_others_stay_unless_asked() -> None:
    merge = merge_marks(DARKTABLE, BAD)
    assert merge.kept == ("xmp:Rating 3",)
    assert read(merge.content)["xmp:Rating"] == ("3",)
    assert read(merge.content)["xmp:Label"] == ("Red",)
    assert merge_marks(LIGHTROOM, BAD).kept == ("xmp:Label Green",)
    merge = merge_marks(DARKTABLE, BAD, overwrites=True)
    assert merge.kept == ()
    assert read(merge.content)["xmp:Rating"] == ("-1",)
    assert read(merge.content)["clearshot:Replaced"] == ("xmp:Rating=3",)


def test_unset_values_are_nobodys() -> None:
    merge = merge_marks(DIGIKAM, BAD)
    assert merge.kept == ()
    values = read(merge.content)
    assert values["xmp:Rating"] == ("-1",)
    assert values["digiKam:ColorLabel"] == ("1",)
    assert values["digiKam:TagsList"] == ("Ferien/Rom", "clearshot/dark")


def test_what_the_user_changed_since_is_the_users() -> None:
    marked = merge_marks(None, BAD).content
    packet = Packet(marked)
    packet.set("xmp:Rating", "5")
    packet.set("xmp:Label", None)
    packet.set_items("dc:subject", ("mine",))
    edited = packet.write()
    again = merge_marks(edited, BAD)
    assert again.kept == ("xmp:Rating 5",)
    assert read(again.content)["xmp:Label"] == ("Red",)
    cleaned = without_notes(read(merge_marks(edited, GOOD).content))
    assert cleaned == {"xmp:Rating": ("5",), "dc:subject": ("mine",)}
    assert "clearshot:Wrote" not in read(merge_marks(edited, GOOD).content)


def test_a_value_that_was_there_before_is_not_clearshots() -> None:
    packet = Packet()
    packet.set("xmp:Rating", "-1")
    packet.set_items("dc:subject", ("clearshot|dark",))
    before = packet.write()
    marked = merge_marks(before, BAD)
    assert marked.kept == ()
    assert read(merge_marks(marked.content, GOOD).content) == read(before)


def test_another_verdict_changes_the_marks() -> None:
    first = merge_marks(LIGHTROOM, BAD).content
    stars = Marks({"xmp:Rating": "1"}, {"dc:subject": ("clearshot|blurry",)})
    second = merge_marks(first, stars).content
    assert second == merge_marks(second, stars).content
    assert read(second)["xmp:Rating"] == ("1",)
    assert read(second)["dc:subject"] == ("Oma", "Säntis", "clearshot|blurry")
    assert "digiKam:PickLabel" not in read(second)
    assert read(merge_marks(second, GOOD).content) == read(LIGHTROOM)


values = st.sampled_from(["-1", "0", "1", "3", "Red", "Green", "2"])
words = st.lists(
    st.sampled_from(["a", "clearshot|dark", "clearshot|blurry", "=", "ä|b"]), unique=True
)
marks = st.builds(
    Marks,
    st.dictionaries(st.sampled_from(SIMPLE), values),
    st.dictionaries(st.sampled_from(LISTS), words.map(tuple)),
)


@settings(max_examples=60)
@given(start=marks, steps=st.lists(st.tuples(marks, st.booleans()), min_size=1, max_size=4))
def test_any_marks_go_without_a_trace(start: Marks, steps: list[tuple[Marks, bool]]) -> None:
    packet = Packet()
    for name, value in start.simple.items():
        packet.set(name, value)
    for name, items in start.keywords.items():
        packet.set_items(name, items)
    packet.set("xmp:Nickname", "other")
    content: bytes | None = packet.write()
    for wanted, overwrites in steps:
        content = merge_marks(content, wanted, overwrites=overwrites).content
        assert merge_marks(content, wanted, overwrites=overwrites).content == content
    assert read(merge_marks(content, GOOD).content) == read(packet.write())
