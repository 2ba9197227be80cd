"""What all plots have in common: colours, style, the photos of a source, and files.

Colours are those of Okabe and Ito, which people with any colour vision can tell apart [1]_; lines
differ in their dashes too.

References
----------
.. [1] Okabe, Ito, "Color Universal Design", 2008. https://jfly.uni-koeln.de/color/
"""

from __future__ import annotations

from contextlib import contextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from clearshot.errors import InputError, MissingExtraError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from clearshot.evaluation.results import LabelResult, SourceResult

CLEAR_COLOR, BAD_COLOR = "#0072B2", "#D55E00"
THRESHOLD_COLOR: Final = "#333333"
GRID: Final[dict[str, Any]] = {"color": "#dddddd", "lw": 0.6}

_COLORS: Final = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
_DASHES: Final[tuple[Any, ...]] = ("-", (0, (5, 1.5)), (0, (1.2, 1.2)), (0, (5, 1.5, 1.2, 1.5)))
_DPI: Final = 200
_NO_MATPLOTLIB: Final = "plots need Matplotlib: pip install 'clearshot[evaluate]'"
_STYLE: Final = {
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "legend.frameon": False,
}


def choose_line(index: int) -> dict[str, Any]:
    """Choose colour and dashes of a curve; those of twelve curves differ.

    Parameters
    ----------
    index : int
        Number of the curve, >= 0.

    Returns
    -------
    dict
        Properties `color` and `ls` of a Matplotlib line.
    """
    return {"color": _COLORS[index % len(_COLORS)], "ls": _DASHES[index % len(_DASHES)]}


def pick_scores(result: LabelResult, source: SourceResult, *, is_bad: bool) -> NDArray[np.float64]:
    """Pick the scores of one kind of photos of a source.

    Parameters
    ----------
    result : LabelResult
        Accuracy for one label.
    source : SourceResult
        One of its sources, or its total.
    is_bad : bool
        Whether those with the label are wanted, or the clear ones.

    Returns
    -------
    ndarray of float64, shape (N,)
        The scores.
    """
    return np.array(
        [
            scored.score
            for scored in result.photos
            if source.source in {"", scored.photo.source}
            and (scored.photo.label is not None) is is_bad
        ]
    )


def to_percent(share: float, _position: object = None) -> str:
    """Write a share in percent, for the ticks of an axis.

    Parameters
    ----------
    share : float
        The share.

    Returns
    -------
    str
        The number alone.
    """
    return f"{100 * share:g}"


def save_figure(figure: Any, path: Path) -> Path:
    """Write a figure to a file; one of the same name is replaced.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        The figure.
    path : Path
        Where to; its folder is made if it is missing.

    Returns
    -------
    Path
        The same.

    Raises
    ------
    InputError
        If it cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # Says that no camera made it: the program replaces its own pictures only.
        metadata = {"Software": "clearshot"} if path.suffix.lower() == ".png" else None
        figure.savefig(path, dpi=_DPI, metadata=metadata)
    except OSError as error:
        raise InputError(f"cannot be written: {error.strerror}", path=path) from error
    return path


def check_matplotlib() -> None:
    """Refuse plots that could not be drawn, before any work is done.

    Raises
    ------
    MissingExtraError
        If Matplotlib is not installed.
    """
    if find_spec("matplotlib") is None:
        raise MissingExtraError(_NO_MATPLOTLIB)


@contextmanager
def make_figure(width_in: float, height_in: float) -> Iterator[Any]:
    """Make a figure that belongs to no window; the caller's settings stay as they are.

    Parameters
    ----------
    width_in, height_in : float
        Its size [inches].

    Yields
    ------
    matplotlib.figure.Figure
        To be drawn on in the body.

    Raises
    ------
    MissingExtraError
        If Matplotlib is not installed.
    """
    try:
        import matplotlib as mpl
        from matplotlib.figure import Figure
    except ImportError as error:
        raise MissingExtraError(_NO_MATPLOTLIB) from error
    with mpl.rc_context(_STYLE):
        yield Figure(figsize=(width_in, height_in), layout="constrained")


def spell(name: str) -> str:
    """Spell a name that others chose so that Matplotlib draws it as it is.

    Parameters
    ----------
    name : str
        Name of a source or a network.

    Returns
    -------
    str
        Without mathematics, with a thin space before an underscore that would hide it from a
        legend, and with escapes for what is no text.
    """
    text = name.encode("utf-8", "backslashreplace").decode("utf-8").replace("$", r"\$")
    return f"\u2009{text}" if text.startswith("_") else text
