"""Loss curves of a training run as a picture."""

from __future__ import annotations

import json
from itertools import accumulate
from typing import TYPE_CHECKING, Final

from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

_FOCUS_TITLES: Final = {
    "loss": "negative log-likelihood",
    "measure_octave_error": "error [octaves]",
}


def draw_curves(
    histories: Sequence[Path], path: Path, *, titles: Mapping[str, str] = _FOCUS_TITLES
) -> None:
    """Draw two numbers over the epochs, for training and validation.

    Parameters
    ----------
    histories : sequence of Path
        `history.json` of each stage of a run; a dotted line stands between stages, because each
        has data of its own.
    path : Path
        The picture, by its suffix PNG or SVG.
    titles : mapping of str to str
        The two numbers as the history names them, with their titles; loss and error of the focus
        network by default.
    """
    stages = [json.loads(history.read_text()) for history in histories]
    figure = Figure(figsize=(9.0, 3.6), layout="constrained")
    for panel, (key, title) in zip(figure.subplots(1, 2), titles.items(), strict=True):
        for prefix, color in (("", "C0"), ("val_", "C1")):
            start = 1
            for rows in stages:
                epochs = range(start, start + len(rows))
                panel.plot(epochs, [row[prefix + key] for row in rows], marker=".", color=color)
                start += len(rows)
        for end in accumulate(len(rows) for rows in stages[:-1]):
            panel.axvline(end + 0.5, color="0.5", linestyle=":")
        panel.set(title=title, xlabel="epoch")
        panel.xaxis.set_major_locator(MaxNLocator(integer=True))
        panel.grid(alpha=0.3)
        panel.legend(panel.lines[:: len(stages)][:2], ["training", "validation"], frameon=False)
    figure.savefig(path, dpi=120)
