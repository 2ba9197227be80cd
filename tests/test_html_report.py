from __future__ import annotations

import base64
import io
import re
from datetime import UTC, datetime
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image

from clearshot import html_report
from clearshot.actions.atomic import read_stamp
from clearshot.html_report import find_outdated, write_html

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2026, 5, 1, 12, 30, tzinfo=UTC)


def make_row(name: str, p_blurry: float, verdict: str, **values: Any) -> dict[str, Any]:
    labels = ["blurry"] if verdict == "bad" else []
    row = {"relative_path": name, "verdict": verdict, "labels": labels, "p_blurry": p_blurry}
    rest = {"p_dark": 0.0, "p_overexposed": 0.0, "reasons": [f"Because of {name}."]}
    return {
        **row,
        **rest,
        "camera": None,
        "taken_at": None,
        "error": None,
        "decision": None,
        **values,
    }


class Addresses(HTMLParser):
    """Collects every address and every script of a document."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.tags: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.found += [value or "" for name, value in attrs if name in {"src", "href", "action"}]


@pytest.fixture
def library(tmp_path: Path) -> Path:
    for name in ("worst.png", "bad.png", "unsure.png"):
        Image.new("RGB", (640, 480), "teal").save(tmp_path / name)
    return tmp_path


def test_bad_and_unsure_photos_are_shown_the_worst_first(library: Path) -> None:
    rows = [
        make_row("good.png", 0.01, "good"),
        make_row("unsure.png", 0.4, "unsure"),
        make_row("bad.png", 0.7, "bad"),
        make_row(
            "worst.png", 0.99, "bad", camera="X100", taken_at="2026-01-02T03:04:05.670000+02:00"
        ),
    ]
    page = write_html(rows, library, NOW)
    places = [page.index(f"Because of {name}.png") for name in ("worst", "bad", "unsure")]
    assert places == sorted(places)
    assert "X100 \u00b7 2026-01-02 03:04:05<" in page
    pictures = re.findall(r"data:image/jpeg;base64,([^\"]+)", page)
    assert len(pictures) == 3
    with Image.open(io.BytesIO(base64.b64decode(pictures[0]))) as picture:
        assert picture.size == (280, 210)


def test_unsure_photos_come_first_in_their_order_where_that_is_asked_for(library: Path) -> None:
    rows = [
        make_row("unsure.png", 0.3, "unsure"),
        make_row("other.png", 0.4, "unsure"),
        make_row("bad.png", 0.7, "bad"),
        make_row("worst.png", 0.9, "bad"),
    ]
    page = write_html(rows, library, NOW, is_unsure_first=True)
    places = [page.index(f"Because of {name}.png") for name in ("unsure", "other", "worst", "bad")]
    assert places == sorted(places)


def test_a_report_asks_for_nothing_outside_of_it(library: Path) -> None:
    page = write_html([make_row("bad.png", 0.7, "bad")], library, NOW)
    parser = Addresses()
    parser.feed(page)
    assert parser.found
    assert all(address.startswith("data:") for address in parser.found)
    assert "script" not in parser.tags
    assert "default-src 'none'" in page


def test_names_and_messages_cannot_become_markup(tmp_path: Path) -> None:
    evil = "<img src=x onerror=alert(1)>.png"
    failure = {"kind": "damaged", "message": "<b>broken</b>"}
    rows = [
        make_row(evil, 0.7, "bad"),
        make_row("\udcff.png", 0.01, "good"),
        make_row("f.png", 0.0, "none", error=failure),
    ]
    page = write_html(rows, tmp_path, NOW, remarks=["<i>remark</i>"])
    parser = Addresses()
    parser.feed(page)
    assert not {"img", "b", "i"} & set(parser.tags)
    assert "&lt;img src=x" in page
    assert "\\udcff.png" in page
    page.encode("utf-8")


def test_only_so_many_photos_have_pictures(library: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(html_report, "MAX_PICTURES", 1)
    calls: list[tuple[int, int]] = []
    rows = [make_row(name, 0.7, "bad") for name in ("worst.png", "bad.png")]
    page = write_html(rows, library, NOW, progress=lambda *n: calls.append(n))
    assert page.count("<img") == 1
    assert page.count("<figure>") == 2
    assert page.count("no picture: only the first 1 have one") == 1
    assert calls == [(1, 1)]


def test_counts_are_those_of_the_rows(library: Path) -> None:
    rows = [make_row("good.png", 0.01, "good") for _ in range(1234)]
    page = write_html([*rows, make_row("bad.png", 0.9, "bad")], library, NOW)
    assert "<td>Good</td><td>1,234</td>" in page
    assert "<td>Photos</td><td>1,235</td>" in page


def test_what_the_owner_decided_is_said(library: Path) -> None:
    failure = {"kind": "damaged", "message": "truncated"}
    rows = [
        make_row("bad.png", 0.9, "bad", decision="keep"),
        make_row("worst.png", 0.99, "bad"),
        make_row("unsure.png", 0.4, "unsure", decision="reject"),
        make_row("good.png", 0.01, "good", decision="reject"),
        make_row("f.png", 0.0, "none", error=failure, decision="keep"),
    ]
    page = write_html(rows, library, NOW)
    captions = re.findall(r"<figcaption>(.*?)</figcaption>", page)
    assert ["you" in caption for caption in captions] == [False, True, True]
    assert "<b>kept by you</b> bad.png" in captions[1]
    assert "<b>rejected by you</b> unsure.png" in captions[2]
    assert "good.png <span class=dim>rejected by you<" in page
    assert "truncated, kept by you" in page
    assert "<td>Failed</td><td>1</td>" in page
    assert "<td>Kept by you</td><td>2</td>" in page
    assert "by you" not in write_html([make_row("bad.png", 0.9, "bad")], library, NOW)


def test_pictures_outside_the_library_are_not_read(library: Path) -> None:
    inside = library / "inside"
    inside.mkdir()
    (inside / "link.png").symlink_to(library / "bad.png")
    (inside / "loop.png").symlink_to(inside / "loop.png")
    names = ["../bad.png", str(library / "bad.png"), "link.png", "loop.png", "nul\0.png"]
    page = write_html([make_row(name, 0.9, "bad") for name in names], inside, NOW)
    assert "<img" not in page
    assert page.count("<figure>") == len(names)
    assert "<img" in write_html([make_row("bad.png", 0.9, "bad")], library, NOW)


def test_a_photo_that_is_another_one_now_is_not_shown(library: Path) -> None:
    names = ("worst.png", "bad.png", "unsure.png")
    stamps = {library / name: read_stamp(library / name) for name in names}
    rows = [make_row(name, 0.7, "bad", path=str(library / name)) for name in names]
    Image.new("RGB", (64, 48), "red").save(library / "worst.png")
    (library / "bad.png").unlink()
    outdated = find_outdated(rows, stamps)
    assert outdated == {
        "worst.png": "changed since the scan; scan again",
        "bad.png": "is not there any more",
    }
    page = write_html(rows, library, NOW, outdated=outdated)
    assert page.count("<img") == 1
    assert all(reason in page for reason in outdated.values())
