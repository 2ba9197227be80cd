from __future__ import annotations

import sys

import pytest

from clearshot.errors import MissingExtraError, SidecarError
from clearshot.sidecars.packet import Packet
from sidecars.programs import ALL, DARKTABLE, DIGIKAM, LIGHTROOM

pytest.importorskip("lxml", reason="needs the extra `tag`")


def wrap(inside: str) -> bytes:
    """Put XML into the one description of a packet."""
    return (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF '
        'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" '
        'xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/">'
        f'<rdf:Description rdf:about="">{inside}</rdf:Description></rdf:RDF></x:xmpmeta>'
    ).encode()


@pytest.mark.parametrize("program", ALL)
def test_what_others_wrote_survives(program: str) -> None:
    packet = Packet(ALL[program])
    before = packet.read_all()
    packet.set("xmp:Label", "Red")
    packet.set_items("lr:hierarchicalSubject", ("clearshot|dark",))
    written = Packet(packet.write())
    after = written.read_all()
    assert after.pop("xmp:Label") == ("Red",)
    assert after.pop("lr:hierarchicalSubject") == ("clearshot|dark",)
    before.pop("xmp:Label", None)
    assert after == before


def test_prefixes_comments_and_wrapping_are_kept() -> None:
    packet = Packet(LIGHTROOM)
    packet.set("xmp:Rating", "1")
    text = packet.write().decode()
    assert "xap:Rating=" in text
    assert "ns0" not in text
    assert "<!-- by hand -->" in text
    assert "Säntis" in text
    assert not text.startswith("<?xml")
    packet = Packet(DARKTABLE)
    packet.set("digiKam:PickLabel", "1")
    text = packet.write().decode()
    assert text.startswith('<?xml version="1.0" encoding="UTF-8"?>\n<x:xmpmeta')
    assert "digiKam:PickLabel=" in text


def test_line_ends_packet_marks_and_encodings_are_kept() -> None:
    packet = Packet(DIGIKAM)
    packet.set("xmp:Rating", "-1")
    written = packet.write()
    assert written.count(b"\r\n") == written.count(b"\n")
    assert b"<?xpacket begin=" in written
    assert written.rstrip().endswith(b'<?xpacket end="w"?>')
    for mark, encoding in ((b"\xef\xbb\xbf", "utf-8"), (b"", "utf-16"), (b"", "iso-8859-1")):
        text = (
            f'<?xml version="1.0" encoding="{encoding}"?>'
            + wrap("<xmp:Label>é</xmp:Label>").decode()
        )
        packet = Packet(mark + text.encode(encoding))
        assert packet.get("xmp:Label") == "é"
        packet.set_items("dc:subject", ("ü",))
        written = packet.write()
        assert written.startswith(mark)
        assert Packet(written).get_items("dc:subject") == ("ü",)
        assert "é" in written.decode(encoding)


@pytest.mark.parametrize("program", ALL)
def test_a_property_is_set_where_it_is(program: str) -> None:
    packet = Packet(ALL[program])
    for value in ("5", "-1", None, "2"):
        packet.set("xmp:Rating", value)
        assert packet.get("xmp:Rating") == value
        packet = Packet(packet.write())
    packet.set("xmp:Rating", None)
    packet.set("xmp:Rating", None)
    assert "xmp:Rating" not in packet.read_all()


def test_lists_gain_and_lose_items() -> None:
    packet = Packet(LIGHTROOM)
    assert packet.get_items("dc:subject") == ("Oma", "Säntis")
    packet.set_items("dc:subject", ("Oma", "Säntis", "clearshot|dark"))
    packet = Packet(packet.write())
    assert packet.get_items("dc:subject") == ("Oma", "Säntis", "clearshot|dark")
    packet.set_items("dc:subject", ("Säntis",))
    assert packet.get_items("dc:subject") == ("Säntis",)
    packet.set_items("dc:subject", ())
    packet.set_items("dc:subject", ())
    assert "dc:subject" not in packet.read_all()
    assert Packet(DIGIKAM).get_items("digiKam:TagsList") == ("Ferien/Rom",)


def test_a_new_packet_is_empty() -> None:
    packet = Packet()
    assert packet.read_all() == {}
    packet.set_items("digiKam:TagsList", ("a/b",))
    assert b"<rdf:Seq>" in packet.write()
    bare = b'<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"/>'
    packet = Packet(bare)
    packet.set("xmp:Rating", "1")
    assert Packet(packet.write()).get("xmp:Rating") == "1"


@pytest.mark.parametrize(
    ("content", "cause"),
    [
        (b"", "is not readable XMP"),
        (b"<x/>", "is XML, but not XMP"),
        (b"<x", "is not readable XMP"),
        (DARKTABLE[:400], "is not readable XMP"),
        (b"\x00\xff binary", "is not readable XMP"),
        (b'<!DOCTYPE x [<!ENTITY a "b">]>' + wrap("&a;"), "has a document type"),
    ],
)
def test_what_is_no_xmp_is_refused(content: bytes, cause: str) -> None:
    with pytest.raises(SidecarError, match=cause):
        Packet(content)


@pytest.mark.parametrize(
    "inside",
    [
        "<xmp:Rating>1</xmp:Rating><xmp:Rating>2</xmp:Rating>",
        "<xmp:Rating><rdf:Bag><rdf:li>1</rdf:li></rdf:Bag></xmp:Rating>",
        '<xmp:Rating rdf:parseType="Resource"><rdf:value>1</rdf:value></xmp:Rating>',
        '<xmp:Rating rdf:resource="http://x/"/>',
    ],
)
def test_a_rating_of_an_odd_form_is_refused(inside: str) -> None:
    packet = Packet(wrap(inside))
    with pytest.raises(SidecarError, match="xmp:Rating"):
        packet.set("xmp:Rating", "1")


@pytest.mark.parametrize(
    "inside",
    ["<dc:subject>one</dc:subject>", "<dc:subject><rdf:Bag/><rdf:Bag/></dc:subject>"],
)
def test_keywords_of_an_odd_form_are_refused(inside: str) -> None:
    packet = Packet(wrap(inside))
    with pytest.raises(SidecarError, match="dc:subject has a form that is not known"):
        packet.set_items("dc:subject", ("a",))


def test_keywords_as_an_attribute_are_refused() -> None:
    content = wrap("").replace(b'rdf:about=""', b'rdf:about="" dc:subject="one"')
    with pytest.raises(SidecarError, match="dc:subject"):
        Packet(content).get_items("dc:subject")


def test_an_unknown_namespace_without_prefix_is_kept() -> None:
    content = wrap('<note xmlns="urn:x">text</note>')
    packet = Packet(content)
    assert packet.read_all() == {"{urn:x}note": ("text",)}
    packet.set("xmp:Rating", "1")
    assert Packet(packet.write()).read_all()["{urn:x}note"] == ("text",)


def test_no_entity_is_fetched() -> None:
    content = b'<!DOCTYPE x SYSTEM "file:///etc/passwd">' + wrap("")
    with pytest.raises(SidecarError, match="document type"):
        Packet(content)


def test_without_lxml_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "lxml", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'clearshot\[tag\]'"):
        Packet()
