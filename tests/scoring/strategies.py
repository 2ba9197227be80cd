"""Drawn scores and thresholds of all kinds, for properties of verdicts."""

from __future__ import annotations

import math
from dataclasses import replace

from hypothesis import strategies as st

from clearshot.photo import Facts, Failure, Label, Scores, SharpAt
from clearshot.scoring.recalibration import Curve
from clearshot.scoring.scorer import Scorer
from clearshot.scoring.verdict import Thresholds, compute_probabilities
from scoring.records import make_scores

RECIPE = Scorer().recipe
FULL_RECIPE = Scorer(sharp_at=SharpAt.FULL).recipe
CAMERAS = (None, "", "EOS", "D750", "X-T5")

octaves = st.floats(-3, 3)
logits = st.floats(-20, 20)
curves = st.builds(Curve, st.floats(0.3, 3), st.floats(-3, 3))
all_curves = st.fixed_dictionaries(dict.fromkeys(Label, curves))
camera_names = st.sampled_from(CAMERAS)
limits = st.one_of(st.floats(0.001, 1), st.just(0.5), st.just(1.0), st.just(math.inf))


@st.composite
def drawn_scores(draw: st.DrawFn) -> Scores:
    is_full = draw(st.booleans())
    scores = make_scores(
        blur=draw(octaves),
        anisotropy=draw(st.floats(0, 1)),
        native_blur=draw(octaves) if is_full else None,
        native_anisotropy=0.1 if is_full else None,
        dark_logit=draw(logits),
        overexposed_logit=draw(logits),
        error_stops=draw(st.floats(-5, 5)),
        sensor_white_share=draw(st.one_of(st.none(), st.floats(0, 1))),
        size_px=draw(st.sampled_from([(6000, 4000), (1200, 800)])),
    )
    recipe = draw(st.sampled_from([FULL_RECIPE if is_full else RECIPE, RECIPE, "1-another"]))
    return replace(scores, recipe=recipe, facts=Facts(camera=draw(camera_names)))


@st.composite
def drawn_parts(draw: st.DrawFn, sharp_at: SharpAt) -> Thresholds:
    blurry, dark, overexposed = trio = [draw(limits) for _ in Label]
    shares = {label: draw(st.floats(0, 1)) for label in Label}
    unsure_from = {
        label: min(shares[label] * min(limit, 1), limit)
        for label, limit in zip(Label, trio, strict=True)
    }
    return Thresholds(
        blurry,
        dark,
        overexposed,
        unsure=draw(st.floats(0, 1)),
        sharp_at=sharp_at,
        unsure_from=draw(st.one_of(st.none(), st.just(unsure_from))),
        curves=draw(st.one_of(st.none(), all_curves)),
    )


@st.composite
def drawn_thresholds(draw: st.DrawFn, scores: list[Scores | Failure]) -> Thresholds:
    sharp_at = draw(st.sampled_from(SharpAt))
    common = draw(drawn_parts(sharp_at))
    some = [each for each in scores if isinstance(each, Scores) and each.recipe == RECIPE]
    if some and sharp_at is SharpAt.SCREEN and draw(st.booleans()):
        # Exactly at a photo, or just beyond it, as a tolerance sets limits.
        p = compute_probabilities(draw(st.sampled_from(some)), common)
        is_above = draw(st.booleans())
        at = {label: max(p[label], 1e-9) for label in Label}
        at = {label: math.nextafter(p, 2) if is_above else p for label, p in at.items()}
        common = replace(
            common,
            unsure_from=None,
            blurry=at[Label.BLURRY],
            dark=at[Label.DARK],
            overexposed=at[Label.OVEREXPOSED],
        )
    if draw(st.booleans()):
        names = draw(st.sets(st.sampled_from(["EOS", "D750"]), min_size=1))
        cameras = {name: draw(drawn_parts(sharp_at)) for name in sorted(names)}
        return replace(common, cameras=cameras)
    return common
