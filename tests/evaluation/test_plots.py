from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from clearshot.errors import InputError, MissingExtraError
from clearshot.evaluation import plots
from clearshot.evaluation.curves import draw_networks, draw_precision_recall, draw_roc
from clearshot.evaluation.evaluate import evaluate
from clearshot.evaluation.figure import check_matplotlib, spell
from clearshot.evaluation.labelled import read_labelled
from clearshot.evaluation.labels import LabelledPhoto
from clearshot.evaluation.plots import (
    draw_reliability,
    draw_scores,
    list_places,
    write_network_plots,
    write_plots,
)
from clearshot.evaluation.split import keep_unseen
from clearshot.photo import Failure, Label

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from clearshot.evaluation.results import Evaluation, LabelResult, Measures

    Measure = Callable[[Iterable[LabelledPhoto]], dict[Path, Measures | Failure]]


@pytest.fixture(scope="module")
def evaluation(drawn_set: Path, measure: Measure) -> Evaluation:
    pytest.importorskip("matplotlib", reason="plots need the extra `evaluate`")
    shipped = {Label.BLURRY: -9.0}
    photos = read_labelled(drawn_set).photos
    return evaluate(photos, measure(photos), shipped=shipped, num_resamples=10)


def test_plots_are_written_for_every_label(evaluation: Evaluation, tmp_path: Path) -> None:
    written = write_plots(evaluation, tmp_path / "new")
    kinds = ("roc", "precision-recall", "scores")
    assert {p.name for p in written} == {
        f"{kind}_{label.value}.png" for kind in kinds for label in Label
    }
    for path in written:
        with Image.open(path) as picture:
            # Something is drawn, at a size for print.
            assert picture.width > 1000
            assert np.asarray(picture.convert("L")).std() > 5


@pytest.mark.parametrize("name", ["_phone", "a$_b$", "x$_{$y", "caf\udce9"])
def test_names_of_sources_are_drawn_as_they_are(name: str) -> None:
    figures = pytest.importorskip("matplotlib.figure", reason="plots need the extra `evaluate`")
    figure = figures.Figure()
    axes = figure.subplots()
    axes.plot([0, 1], [0, 1], label=spell(name))
    axes.set_title(spell(name))
    legend = axes.legend()
    figure.canvas.draw()
    assert [text.get_text() for text in legend.get_texts()] == [spell(name)]


def test_roc_axis_is_logarithmic_with_one_curve_for_each_source(evaluation: Evaluation) -> None:
    axes = draw_roc(evaluation.results[0]).axes[0]
    assert axes.get_xscale() == "log"
    assert axes.get_xlim()[0] == pytest.approx(0.002)
    assert axes.get_xlabel() == "clear photos called blurry [%]"
    names = [text.get_text().split(" (")[0] for text in axes.get_legend().get_texts()]
    assert names == [
        "phone", "reflex", "threshold at 2 %", "threshold at 0.5 %", "threshold as shipped",
    ]  # fmt: skip


def test_scores_have_a_panel_for_each_source_with_all_thresholds(evaluation: Evaluation) -> None:
    result = evaluation.results[0]
    panels = draw_scores(result).axes
    assert [panel.get_title(loc="left") for panel in panels] == ["phone", "portraits", "reflex"]
    for panel in panels:
        places = [line.get_xdata()[0] for line in panel.lines]
        assert places == [threshold.value for threshold in result.thresholds]


def test_a_curve_for_each_network(evaluation: Evaluation, tmp_path: Path) -> None:
    axes = draw_networks([(name, evaluation.results[0]) for name in ("a", "b")]).axes[0]
    names = [text.get_text().split(" (")[0] for text in axes.get_legend().get_texts()]
    assert names[:2] == ["a", "b"]
    alone = [("a", evaluation)]
    assert write_network_plots(alone, tmp_path) == []
    both = write_network_plots([*alone, ("b", evaluation)], tmp_path)
    assert [path.name for path in both] == [f"networks_{label.value}.png" for label in Label]
    assert set(both) <= set(list_places(tmp_path))


def test_precision_is_that_of_the_calls(evaluation: Evaluation) -> None:
    axes = draw_precision_recall(evaluation.results[0]).axes[0]
    assert axes.get_xlabel() == "blurry photos found [%]"
    names = [text.get_text() for text in axes.get_legend().get_texts()]
    assert names[:2] == ["phone (50 % blurry)", "reflex (50 % blurry)"]
    for line in axes.lines:
        assert all(0 < precision <= 1 for precision in line.get_ydata())


def test_reliability_shows_all_photos(evaluation: Evaluation) -> None:
    result = evaluation.results[0]
    axes, below = draw_reliability(result).axes
    assert axes.get_ylabel() == "blurry photos among them [%]"
    assert axes.get_title() == "in a library with 25 % blurry photos"
    assert sum(bar.get_height() for bar in below.patches) == len(result.photos)


def test_reliability_is_that_of_the_unseen_half_where_it_is_large_enough(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("matplotlib", reason="plots need the extra `evaluate`")
    photos = [LabelledPhoto(Path(f"/c{i}"), None, "a") for i in range(60)]
    photos += [LabelledPhoto(Path(f"/b{i}"), Label.BLURRY, "a") for i in range(60)]
    photos += [LabelledPhoto(Path(f"/d{i}"), Label.DARK, "a") for i in range(8)]
    scores: dict[Path, Measures | Failure] = {p.path: dict.fromkeys(Label, 1.0) for p in photos}
    drawn: list[set[Path]] = []

    def draw(result: LabelResult) -> object:
        drawn.append({each.photo.path for each in result.photos})
        return draw_reliability(result)

    monkeypatch.setattr(plots, "draw_reliability", draw)
    found = evaluate(photos, scores, num_resamples=5)
    assert not any("reliability" in path.name for path in write_plots(found, tmp_path))
    places = write_plots(found, tmp_path, has_log_odds=True)
    assert set(places) <= set(list_places(tmp_path))
    written = {path.stem for path in places}
    # Eight dark photos are fewer than eight on the unseen half.
    assert {name for name in written if "reliability" in name} == {"reliability_blurry"}
    unseen = {p.path for p in keep_unseen(photos) if p.label is not Label.DARK}
    assert drawn == [unseen]


def test_clear_photos_alone_have_no_roc_curve(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="plots need the extra `evaluate`")
    photos = [LabelledPhoto(Path(f"/{i}"), None, "bokeh") for i in range(3)]
    scores: dict[Path, Measures | Failure] = {p.path: {Label.BLURRY: 1.0} for p in photos}
    evaluation = evaluate(photos, scores, shipped={Label.BLURRY: 1.0}, num_resamples=5)
    assert [p.name for p in write_plots(evaluation, tmp_path)] == ["scores_blurry.png"]


def test_a_folder_that_cannot_be_written_is_named(evaluation: Evaluation, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="cannot be written"):
        write_plots(evaluation, tmp_path / "file")


def test_missing_matplotlib_names_the_extra(
    evaluation: Evaluation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'clearshot\[evaluate\]'"):
        draw_roc(evaluation.results[0])
    with pytest.raises(MissingExtraError, match="Matplotlib"):
        check_matplotlib()
