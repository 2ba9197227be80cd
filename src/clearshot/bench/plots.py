"""A plot of speed: a panel over the number of processes for each size of photo, one over sizes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from clearshot.evaluation.figure import GRID, choose_line, make_figure, save_figure

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from clearshot.bench.race import Lap

# Width and height of a panel [inches].
_PANEL_IN: Final = (4.2, 3.4)


def plot_speed(laps: Sequence[Lap], target: Path) -> None:
    """Draw photos per second over workers and over megapixels; a file of this name is replaced.

    Raises MissingExtraError if Matplotlib is missing.

    Parameters
    ----------
    laps : sequence of Lap
        At least one.
    target : Path
        A `.png`, `.pdf` or `.svg` file.
    """
    sizes = sorted({lap.megapixels for lap in laps})
    most = max(lap.num_workers for lap in laps)
    with make_figure(_PANEL_IN[0] * (len(sizes) + (len(sizes) > 1)), _PANEL_IN[1]) as figure:
        panels = figure.subplots(1, len(sizes) + (len(sizes) > 1), squeeze=False)[0]
        for panel, megapixels in zip(panels, sizes, strict=False):
            chosen = [lap for lap in laps if lap.megapixels == megapixels]
            _draw_panel(panel, chosen, lambda lap: lap.num_workers)
            panel.set_title(f"JPEG of {megapixels} MP", loc="left")
            panel.set_xlabel("processes")
        if len(sizes) > 1:
            chosen = [lap for lap in laps if lap.num_workers == most]
            _draw_panel(panels[-1], chosen, lambda lap: lap.megapixels)
            panels[-1].set_title(f"{most} process{'es' * (most > 1)}", loc="left")
            panels[-1].set_xlabel("megapixels")
        panels[0].set_ylabel("photos per second")
        panels[0].legend()
        save_figure(figure, target)


def _draw_panel(panel: Any, laps: Sequence[Lap], place: Callable[[Lap], int]) -> None:
    """Draw a line for each racer over what `place` gives."""
    for index, name in enumerate(dict.fromkeys(lap.name for lap in laps)):
        points = sorted((place(lap), lap.photos_per_s) for lap in laps if lap.name == name)
        places, speeds = zip(*points, strict=True)
        panel.plot(places, speeds, marker="o", label=name, **choose_line(index))
    panel.set_xticks(sorted({place(lap) for lap in laps}))
    panel.set_ylim(bottom=0)
    panel.grid(**GRID)
