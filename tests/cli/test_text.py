from __future__ import annotations

import pytest

from clearshot.cli.options import parse_share
from clearshot.cli.text import (
    to_count,
    to_duration,
    to_exact_percent,
    to_interval,
    to_share,
    to_size,
)


@pytest.mark.parametrize(
    ("size_bytes", "text"),
    [
        (0, "0 bytes"),
        (999, "999 bytes"),
        (1500, "1.5 kB"),
        (3_210_000, "3.21 MB"),
        (10**13, "10 TB"),
    ],
)
def test_size(size_bytes: int, text: str) -> None:
    assert to_size(size_bytes) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.44, "0.4 s"), (59.7, "1 min 0 s"), (125, "2 min 5 s"), (12_000, "3 h 20 min")],
)
def test_duration(seconds: float, text: str) -> None:
    assert to_duration(seconds) == text


@pytest.mark.parametrize(
    ("num", "num_total", "text"), [(0, 5, "0 %"), (1, 999, "<1 %"), (5, 5, "100 %"), (0, 0, "")]
)
def test_share(num: int, num_total: int, text: str) -> None:
    assert to_share(num, num_total) == text


@pytest.mark.parametrize(
    ("shares", "text"),
    [
        ((0.075, 0.04, 0.12), "7.5 % [4, 12]"),
        ((0.0, 0.0, 0.004), "0 % [0, 0.4]"),
        ((5e-17, 0.0, 3e-9), "<0.1 % [0, <0.1]"),
        ((0.001, 0.0009, 0.002), "0.1 % [<0.1, 0.2]"),
        ((1.0, 0.964, 1.0), "100 % [96, 100]"),
    ],
)
def test_interval(shares: tuple[float, float, float], text: str) -> None:
    assert to_interval(*shares) == text


def test_count() -> None:
    assert (to_count(1, "photo"), to_count(1204, "photo")) == ("1 photo", "1,204 photos")


@pytest.mark.parametrize("share", [0.0001, 0.0025, 0.01, 0.0333, 0.125, 0.5])
def test_a_share_that_was_asked_is_told_so_that_it_could_be_asked_again(share: float) -> None:
    assert parse_share(to_exact_percent(share)) == pytest.approx(share, rel=1e-9)
