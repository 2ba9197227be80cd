"""Loss curves of a training run as a picture."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from matplotlib.figure import Figure

if TYPE_CHECKING:
    from pathlib import Path


def draw_curves(history: Path, path: Path) -> None:
    """Draw loss and error over the epochs, for training and validation.

    Parameters
    ----------
    history : Path
        `history.json` of a run.
    path : Path
        The picture, by its suffix PNG or SVG.
    """
    rows = json.loads(history.read_text())
    epochs = [row["epoch"] + 1 for row in rows]
    figure = Figure(figsize=(9.0, 3.6), layout="constrained")
    titles = {"loss": "negative log-likelihood", "measure_octave_error": "error [octaves]"}
    for panel, (key, title) in zip(figure.subplots(1, 2), titles.items(), strict=True):
        for prefix, label in (("", "training"), ("val_", "validation")):
            panel.plot(epochs, [row[prefix + key] for row in rows], marker=".", label=label)
        panel.set(title=title, xlabel="epoch", xticks=epochs)
        panel.grid(alpha=0.3)
        panel.legend(frameon=False)
    figure.savefig(path, dpi=120)
