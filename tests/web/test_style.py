"""What can be told of the style sheet without looking at it."""

from __future__ import annotations

import re
from itertools import product

import pytest

from clearshot.web.app import STATIC

STYLE = (STATIC / "style.css").read_text(encoding="utf-8")
DARK, LIGHT = (
    dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", part)) for part in STYLE.split("@media")[:2]
)

TEXTS = ("text", "faint", "good", "unsure", "bad", "failed")
GROUNDS = ("ground", "raised", "hover")


def compute_luminance(color: str) -> float:
    """Relative luminance, WCAG 2.2."""
    encoded = [int(color[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in encoded
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("colors", [DARK, LIGHT], ids=["dark", "light"])
@pytest.mark.parametrize(("text", "ground"), list(product(TEXTS, GROUNDS)))
def test_words_stand_out_from_their_ground(colors: dict[str, str], text: str, ground: str) -> None:
    low, high = sorted((compute_luminance(colors[text]), compute_luminance(colors[ground])))
    # The least that WCAG 2.2 asks of small text.
    assert (high + 0.05) / (low + 0.05) >= 4.5


def test_yellow_and_orange_bars_are_told_apart_by_their_light_too() -> None:
    unsure, bad = (compute_luminance(LIGHT[name]) for name in ("unsure-fill", "bad-fill"))
    assert (unsure + 0.05) / (bad + 0.05) >= 2


@pytest.mark.parametrize("colors", [DARK, LIGHT], ids=["dark", "light"])
def test_grounds_are_neutral(colors: dict[str, str]) -> None:
    for ground in ("ground", "raised", "hover", "sunk"):
        channels = [int(colors[ground][place : place + 2], 16) for place in (1, 3, 5)]
        assert max(channels) - min(channels) <= 2


def test_no_rule_reaches_out() -> None:
    assert "url(" not in STYLE
    assert "@import" not in STYLE
