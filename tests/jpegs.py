"""Drawn JPEG photos with all that can stand around their pixels, and XMP put into them by hand."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path

from PIL import Image, ImageCms

from clearshot.actions.atomic import read_stamp
from clearshot.actions.plan import Kind, Step
from clearshot.sidecars.jpeg import HEAD_START, read_segments

XMP = b"http://ns.adobe.com/xap/1.0/\0"
EXTENDED_XMP = b"http://ns.adobe.com/xmp/extension/\0"

# Of a phone: a film behind the pixels, whose length counts from the end of the file.
MOTION = b"""<x:xmpmeta xmlns:x="adobe:ns:meta/" x:xmptk="Adobe XMP Core 5.1.0-jc003">
  <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
    <rdf:Description rdf:about=""
        xmlns:GCamera="http://ns.google.com/photos/1.0/camera/"
        xmlns:Container="http://ns.google.com/photos/1.0/container/"
        xmlns:Item="http://ns.google.com/photos/1.0/container/item/"
      GCamera:MotionPhoto="1"
      GCamera:MotionPhotoVersion="1"
      GCamera:MotionPhotoPresentationTimestampUs="968644">
      <Container:Directory>
        <rdf:Seq>
          <rdf:li rdf:parseType="Resource">
            <Container:Item Item:Mime="image/jpeg" Item:Semantic="Primary" Item:Length="0"
              Item:Padding="0"/>
          </rdf:li>
          <rdf:li rdf:parseType="Resource">
            <Container:Item Item:Mime="video/mp4" Item:Semantic="MotionPhoto" Item:Length="1048"
              Item:Padding="0"/>
          </rdf:li>
        </rdf:Seq>
      </Container:Directory>
    </rdf:Description>
  </rdf:RDF>
</x:xmpmeta>
"""
FILM = b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom" + bytes(1024)


def draw(width: int = 64) -> Image.Image:
    return Image.radial_gradient("L").resize((width, width * 3 // 4)).convert("RGB")


def draw_jpeg(
    *, xmp: bytes | None = None, tail: bytes = b"", is_progressive: bool = False
) -> bytes:
    """Draw a JPEG with Exif, a thumbnail's worth of bytes in it, a colour profile and a comment."""
    exif = Image.Exif()
    exif[0x010F] = "Acme"
    exif[0x9286] = bytes(range(256))
    stream = io.BytesIO()
    draw().save(
        stream,
        format="JPEG",
        exif=exif.tobytes(),
        icc_profile=ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes(),
        comment=b"by hand",
        progressive=is_progressive,
        **({} if xmp is None else {"xmp": xmp}),
    )
    return stream.getvalue() + tail


def draw_mpo(*, xmp_behind_index: bytes | None = None) -> bytes:
    """Draw a JPEG of two pictures, with an index of them."""
    stream = io.BytesIO()
    second = draw(128).rotate(90)
    draw().save(stream, format="MPO", save_all=True, append_images=[second])
    content = stream.getvalue()
    if xmp_behind_index is None:
        return content
    # Places of pictures count from behind `MPF` and its zero byte.
    origin = content.index(b"MPF\0") + 4
    place = content.index(HEAD_START, origin) - origin
    segment = wrap(XMP + xmp_behind_index)
    olds, news = (each.to_bytes(4, "little") for each in (place, place + len(segment)))
    assert content[:1000].count(olds) == 1
    segments = read_segments(io.BytesIO(content))
    number = next(n for n, each in enumerate(segments) if b"MPF\0" in each)
    return insert(content.replace(olds, news), segment, behind=number + 1)


def wrap(payload: bytes, *, marker: int = 0xE1) -> bytes:
    """Make a segment."""
    return bytes([0xFF, marker]) + (len(payload) + 2).to_bytes(2, "big") + payload


def insert(content: bytes, *segments: bytes, behind: int = 1) -> bytes:
    """Put segments into a JPEG, behind some of its own."""
    own = read_segments(io.BytesIO(content))
    offset = len(HEAD_START) + sum(map(len, own[:behind]))
    return content[:offset] + b"".join(segments) + content[offset:]


def make_step(path: Path, packet: bytes, *, group: int = 0) -> Step:
    """Plan to put a packet into a JPEG that has none."""
    content, segment = path.read_bytes(), wrap(XMP + packet)
    after = insert(content, segment)
    return Step(
        path,
        path,
        read_stamp(path),
        group,
        "dark",
        Kind.EMBED,
        before=b"",
        after=segment,
        offset=len(HEAD_START) + len(read_segments(io.BytesIO(content))[0]),
        sha256_before=hashlib.sha256(content).hexdigest(),
        sha256_after=hashlib.sha256(after).hexdigest(),
    )
