"""A plot of speed over the number of processes, a panel for each size of photo."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from clearshot.evaluation.figure import GRID, choose_line, make_figure, save_figure

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from clearshot.bench.race import Lap

# Width and height of the panel of one size [inches].
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
    racers = list(dict.fromkeys(lap.racer for lap in laps))
    with make_figure(_PANEL_IN[0] * len(sizes), _PANEL_IN[1]) as figure:
        panels = figure.subplots(1, len(sizes), squeeze=False)[0]
        for panel, megapixels in zip(panels, sizes, strict=True):
            for index, racer in enumerate(racers):
                points = sorted(
                    (lap.num_workers, lap.photos_per_s)
                    for lap in laps
                    if (lap.racer, lap.megapixels) == (racer, megapixels)
                )
                workers, speeds = zip(*points, strict=True)
                panel.plot(workers, speeds, marker="o", label=racer, **choose_line(index))
            panel.set_title(f"JPEG of {megapixels} MP", loc="left")
            panel.set_xlabel("processes")
            panel.set_xticks(sorted({lap.num_workers for lap in laps}))
            panel.set_ylim(bottom=0)
            panel.grid(**GRID)
        panels[0].set_ylabel("photos per second")
        panels[0].legend()
        save_figure(figure, target)
