"""Scores made by hand, for tests of what is built on scores."""

from __future__ import annotations

from clearshot.photo import ExposureScores, FocusScores, Region, Scores


def make_scores(
    *,
    blur: float = -6.0,
    sigma_px: float = 0.5,
    anisotropy: float = 0.1,
    median_stops: float = -2.5,
    white_share: float = 0.0,
) -> Scores:
    """Make the scores of a 6000 x 4000 photo; a good one unless something is said."""
    return Scores(
        width_px=6000,
        height_px=4000,
        focus=FocusScores(blur, sigma_px, anisotropy, Region(100, 200, 1200, 800)),
        exposure=ExposureScores(
            shadow_stops=median_stops - 4,
            median_stops=median_stops,
            bright_stops=min(0.0, median_stops + 2),
            black_share=0.0,
            white_share=white_share,
        ),
        recipe="1-test",
    )
