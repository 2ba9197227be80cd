"""Loss curves of a training run as a picture."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from matplotlib.figure import Figure

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def draw_curves(stages: Mapping[str, Path], path: Path) -> None:
    """Draw training and validation loss over the epochs, one panel a stage.

    Parameters
    ----------
    stages : mapping of str to Path
        Title and folder of each stage; the folder holds `history.json`.
    path : Path
        The picture, by its suffix PNG or SVG.
    """
    figure = Figure(figsize=(5.0 * len(stages), 3.6), layout="constrained")
    panels = figure.subplots(1, len(stages), squeeze=False)[0]
    for panel, (title, folder) in zip(panels, stages.items(), strict=True):
        rows = json.loads((folder / "history.json").read_text())
        epochs = [row["epoch"] + 1 for row in rows]
        for key, label in (("loss", "training"), ("val_loss", "validation")):
            panel.plot(epochs, [row[key] for row in rows], marker=".", label=label)
        panel.set(title=title, xlabel="epoch", ylabel="loss")
        panel.grid(alpha=0.3)
        panel.legend(frameon=False)
    figure.savefig(path, dpi=120)
