"""What is timed: ways to go through a folder of photos, each with a number of processes.

A racer is run in a process of its own, see `clearshot.bench.race`, so that what it imports and how
much memory it takes is its own.
"""

from __future__ import annotations

import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from contextlib import redirect_stdout
from importlib.util import find_spec
from io import StringIO
from typing import TYPE_CHECKING, Final

from clearshot.errors import MissingExtraError
from clearshot.orphans import end_with_parent

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

# The size at which photos are judged, as in `clearshot.decode.image`: without NumPy, which a bare
# decoder does not need.
_JUDGED_PX, _CELL_PX = 1024, 16


def decode_bare(folder: Path, num_workers: int, scratch: Path) -> int:
    """Decode the luma of all photos at the reduced scale that a verdict needs, and no more.

    It is what any program has to do at least: libjpeg-turbo as Pillow brings it, which was faster
    than through OpenCV; nothing else is loaded.

    Parameters
    ----------
    folder : Path
        The photos.
    num_workers : int
        Processes.
    scratch : Path
        Not used.

    Returns
    -------
    int
        How many photos it got through.
    """
    del scratch
    return _map(_decode_reduced, folder, num_workers)


def scan_folder(folder: Path, num_workers: int, scratch: Path) -> int:
    """Scan all photos into a new catalog, as `clearshot scan` does.

    Parameters
    ----------
    folder : Path
        The photos.
    num_workers : int
        Processes.
    scratch : Path
        Gets the catalog.

    Returns
    -------
    int
        How many photos it got through.
    """
    from clearshot.catalog.catalog import Catalog
    from clearshot.config import ScanSettings
    from clearshot.listing import build_gauge
    from clearshot.scan import scan
    from clearshot.scoring.scorer import Scorer

    with Catalog.open(folder, path=scratch / "catalog.sqlite", create=True) as catalog:
        settings = ScanSettings(num_workers=num_workers)
        summary = scan(folder, catalog, Scorer(), settings=settings, gauge=build_gauge())
    return summary.num_new - summary.num_failed


def run_cleanvision(folder: Path, num_workers: int, scratch: Path) -> int:
    """Let CleanVision look for blurry, dark and bright photos.

    Parameters
    ----------
    folder : Path
        The photos.
    num_workers : int
        Processes.
    scratch : Path
        Not used.

    Returns
    -------
    int
        How many photos it got through.
    """
    del scratch
    from cleanvision import Imagelab

    with redirect_stdout(StringIO()):
        lab = Imagelab(data_path=str(folder))
        lab.find_issues({"blurry": {}, "dark": {}, "light": {}}, n_jobs=num_workers, verbose=False)
    return len(lab.issues)


def measure_laplacians(folder: Path, num_workers: int, scratch: Path) -> int:
    """Compute the variance of OpenCV's Laplacian of all photos at full size: the usual script.

    Parameters
    ----------
    folder : Path
        The photos.
    num_workers : int
        Processes.
    scratch : Path
        Not used.

    Returns
    -------
    int
        How many photos it got through.
    """
    del scratch
    return _map(_measure_laplacian, folder, num_workers)


RACERS: Final[dict[str, Callable[[Path, int, Path], int]]] = {
    "bare decode": decode_bare,
    "clearshot": scan_folder,
    "CleanVision": run_cleanvision,
    "Laplacian": measure_laplacians,
}


# What they need beyond clearshot itself, as modules.
_NEEDS: Final[dict[str, str]] = {"CleanVision": "cleanvision", "Laplacian": "cv2"}


def check_racers(names: Sequence[str]) -> None:
    """Check that what racers need is installed, before photos are drawn for them.

    Parameters
    ----------
    names : sequence of str
        Keys of `RACERS`.

    Raises
    ------
    MissingExtraError
        If a module is missing.
    """
    for name in names:
        if name in _NEEDS and find_spec(_NEEDS[name]) is None:
            msg = f"{name} is not installed; install it with: pip install 'clearshot[bench]', or "
            raise MissingExtraError(f"{msg}race clearshot alone: --only clearshot")


def _map(function: Callable[[Path], bool], folder: Path, num_workers: int) -> int:
    """Give each photo to a function that tells whether it got through it, and count."""
    photos = sorted(folder.glob("*.jpg"))
    spawn = multiprocessing.get_context("spawn")
    # A lap is killed by Ctrl-C.
    with ProcessPoolExecutor(num_workers, mp_context=spawn, initializer=end_with_parent) as pool:
        return sum(pool.map(function, photos))


def choose_draft(width: int, height: int) -> tuple[int, int]:
    """Choose what to ask the decoder for, so that it takes the scale that a scan takes.

    Parameters
    ----------
    width, height : int
        Size of a photo that is longer than 1024 px.

    Returns
    -------
    tuple of int
        Width and height [px].
    """
    factor = _JUDGED_PX / max(width, height) / _CELL_PX
    return round(width * factor) * _CELL_PX, round(height * factor) * _CELL_PX


def _decode_reduced(path: Path) -> bool:
    from PIL import Image

    try:
        with Image.open(path) as picture:
            picture.draft("L", choose_draft(*picture.size))
            picture.load()
    except OSError:
        return False
    return True


def _measure_laplacian(path: Path) -> bool:
    import cv2
    import numpy as np

    # One thread: the processes are to keep the cores busy, as everywhere here.
    cv2.setNumThreads(1)
    # Not imread(), which fails where a name is no text.
    luma = cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_GRAYSCALE)
    if luma is None:
        return False
    cv2.Laplacian(luma, cv2.CV_64F).var()
    return True
