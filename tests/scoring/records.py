"""Scores made by hand, for tests of what is built on scores."""

from __future__ import annotations

from clearshot.photo import ExposureScores, FocusScores, Region, Scores


def make_scores(
    *,
    blur: float = -6.0,
    native_blur: float | None = None,
    native_anisotropy: float | None = None,
    anisotropy: float = 0.1,
    median_stops: float = -2.5,
    white_share: float = 0.0,
    black_share: float = 0.0,
    dark_logit: float = -8.0,
    overexposed_logit: float = -8.0,
    error_stops: float = 0.0,
    sensor_white_share: float | None = None,
    size_px: tuple[int, int] = (6000, 4000),
) -> Scores:
    """Make the scores of a photo; a good one unless something is said."""
    return Scores(
        *size_px,
        focus=FocusScores(
            blur, anisotropy, Region(100, 200, 1200, 800), native_blur, native_anisotropy
        ),
        exposure=ExposureScores(
            shadow_stops=median_stops - 4,
            median_stops=median_stops,
            bright_stops=min(0.0, median_stops + 2),
            black_share=black_share,
            white_share=white_share,
            subject_stops=median_stops,
            error_stops=error_stops,
            dark_logit=dark_logit,
            overexposed_logit=overexposed_logit,
            sensor_white_share=sensor_white_share,
        ),
        recipe="1-test",
    )
