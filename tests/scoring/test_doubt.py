from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from clearshot.photo import Label, Rating
from clearshot.scoring.doubt import measure_doubt
from clearshot.scoring.verdict import Thresholds, judge
from scoring.records import make_scores


def test_the_middle_of_the_band_is_the_most_doubtful() -> None:
    thresholds = Thresholds(blurry=0.8, unsure_from={Label.BLURRY: 0.2})
    verdicts = [judge(make_scores(blur=blur), thresholds) for blur in np.linspace(-6, 2, 400)]
    doubt = [measure_doubt(verdict, thresholds) for verdict in verdicts]
    top = verdicts[int(np.argmax(doubt))]
    assert top.p_blurry == pytest.approx(0.5, abs=0.02)
    for verdict, each in zip(verdicts, doubt, strict=True):
        assert 0 <= each <= 1
        assert each == 0 or verdict.rating is Rating.UNSURE


def test_doubt_is_the_same_at_both_sides_of_the_middle() -> None:
    thresholds = Thresholds(blurry=0.8, unsure_from={Label.BLURRY: 0.2})
    verdict = judge(make_scores(), thresholds)
    for share in (0.21, 0.3, 0.45):
        below, above = (
            measure_doubt(replace(verdict, rating=Rating.UNSURE, p_blurry=p), thresholds)
            for p in (share, 1 - share)
        )
        assert below == pytest.approx(above)
        assert 0 < below < 1


def test_a_verdict_that_another_label_settles_leaves_no_doubt() -> None:
    thresholds = Thresholds(blurry=0.8, unsure_from={Label.BLURRY: 0.2})
    verdict = replace(judge(make_scores(), thresholds), p_blurry=0.5)
    assert measure_doubt(replace(verdict, rating=Rating.UNSURE), thresholds) == pytest.approx(1)
    assert measure_doubt(replace(verdict, rating=Rating.BAD), thresholds) == 0
