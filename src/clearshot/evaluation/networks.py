"""Detectors by the names that a user gives: built-in ones, and folders with a manifest."""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections import Counter
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from clearshot.errors import NetworkError, UsageError
from clearshot.evaluation.classical import METRICS, CleanVisionDetector, MetricDetector
from clearshot.evaluation.detectors import (
    ClassifierDetector,
    ClassifierFile,
    ExposureDetector,
    FocusDetector,
)
from clearshot.evaluation.light import LIGHT_METRICS, LightDetector
from clearshot.scoring.exposure import ExposureNetwork
from clearshot.scoring.focus import FocusNetwork
from clearshot.scoring.weights import read_network

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from clearshot.evaluation.detectors import Detector

FOCUS: Final = "focus"
EXPOSURE: Final = "exposure"
CLEANVISION: Final = "cleanvision"
CLASSICAL: Final = "classical"
LIGHT: Final = "light"

# Where the recipes that make classifiers put them, from the working directory.
_RUNS: Final = Path("runs")
_RECIPES: Final = ("lenet", "inception")

# Every word that is no folder.
WORDS: Final = (
    FOCUS, EXPOSURE, *_RECIPES, *METRICS, CLASSICAL, *LIGHT_METRICS, LIGHT, CLEANVISION,
)  # fmt: skip

_CLASSIFIER: Final = "classifier"
_MANIFEST: Final = "manifest.toml"

_ROW_NAME: Final = re.compile(r"[\w.+ -]+")


@dataclass(frozen=True, slots=True)
class Entry:
    """A network in a manifest.

    Attributes
    ----------
    name : str
        Its table, and the stem of its `.onnx` file.
    folder : Path
        Where both are, absolute.
    values : mapping
        The table.
    """

    name: str
    folder: Path
    values: Mapping[str, Any]

    @property
    def path(self) -> Path:
        """Its `.onnx` file."""
        return self.folder / f"{self.name}.onnx"


def open_detectors(words: Sequence[str]) -> list[Detector]:
    """Open the detectors that a user names.

    Parameters
    ----------
    words : sequence of str
        Each is `focus` or `exposure` (packaged networks), the name of a metric, `classical` (the
        metrics of blur of this package), `light` (those of light), `cleanvision`, `lenet` or
        `inception` (the folder `runs/NAME` in the working directory), a folder with
        `manifest.toml`, or `NAME=WORD`, which names the row.

    Returns
    -------
    list of Detector
        In the order of the words; their names differ.

    Raises
    ------
    UsageError
        If a word means nothing, or two rows have one name.
    NetworkError
        If a network's file or its description is missing, changed or not understood.
    MissingExtraError
        If a library is not installed.
    """
    detectors = [detector for word in words for detector in _open_word(word)]
    twice = [name for name, count in Counter(d.name for d in detectors).items() if count > 1]
    if twice:
        msg = f"two rows are named {twice[0]}: name one of them, with NAME=DIR"
        raise UsageError(msg)
    return detectors


def read_manifest(folder: Path) -> list[Entry]:
    """Read which networks a folder holds.

    Parameters
    ----------
    folder : Path
        A folder with `manifest.toml`.

    Returns
    -------
    list of Entry
        The manifest's tables with a digest, at least one.

    Raises
    ------
    NetworkError
        If there is no manifest, or it describes no network.
    """
    path = folder / _MANIFEST
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise NetworkError(f"holds no network: there is no {_MANIFEST}", path=folder) from error
    except OSError as error:
        raise NetworkError(f"cannot be read: {error.strerror}", path=path) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise NetworkError(f"is no TOML: {error}", path=path) from error
    entries = [
        Entry(name, folder.absolute(), values)
        for name, values in tables.items()
        if isinstance(values, dict) and "sha256" in values
    ]
    if not entries:
        raise NetworkError("describes no network: no table has a sha256", path=path)
    return entries


def find_entry(word: str) -> Entry:
    """Find the description of the one network that a word means.

    Parameters
    ----------
    word : str
        As for `open_detectors`.

    Returns
    -------
    Entry
        Its table and its folder.

    Raises
    ------
    UsageError
        If the word means no network, or several.
    NetworkError
        If the manifest cannot be read.
    """
    if word in {FOCUS, EXPOSURE}:
        packaged = read_manifest(Path(str(resources.files("clearshot") / "weights")))
        return next(entry for entry in packaged if entry.name == word)
    folder = _RUNS / word if word in _RECIPES else Path(word)
    if folder.is_dir():
        entries = _keep_rows(read_manifest(folder))
        if len(entries) == 1:
            return entries[0]
        raise UsageError(f"{word} holds {len(entries)} networks; one is needed")
    _, equals, rest = word.partition("=")
    if not equals:
        raise UsageError(f"{word} is no network with a description")
    return find_entry(rest)


def _open_word(word: str) -> list[Detector]:
    detectors = _open_builtin(word) or _open_run(word)
    if detectors:
        return detectors
    if Path(word).is_dir():
        return [_open_entry(entry) for entry in _keep_rows(read_manifest(Path(word)))]
    name, equals, rest = word.partition("=")
    if not equals:
        msg = f"{word!r} is neither a folder with {_MANIFEST} nor one of {', '.join(WORDS)}"
        raise UsageError(msg)
    if not _ROW_NAME.fullmatch(name):
        raise UsageError(f"{word!r}: {name!r} is no name of a row")
    detectors = _open_word(rest)
    if len(detectors) > 1:
        raise UsageError(f"{word!r}: {rest} holds {len(detectors)} networks, one name is too few")
    return [_rename(detectors[0], name)]


def _open_builtin(word: str) -> list[Detector]:
    if word == FOCUS:
        return [FocusDetector(FOCUS, FocusNetwork())]
    if word == EXPOSURE:
        return [ExposureDetector(EXPOSURE, ExposureNetwork())]
    if word in LIGHT_METRICS:
        return [LightDetector(word, word)]
    if word == LIGHT:
        return [LightDetector(metric, metric) for metric in LIGHT_METRICS]
    if word in METRICS:
        return [MetricDetector(word, word)]
    if word == CLASSICAL:
        return [MetricDetector(metric, metric) for metric in METRICS]
    return [CleanVisionDetector(word)] if word == CLEANVISION else []


def _open_run(word: str) -> list[Detector]:
    if word not in _RECIPES:
        return []
    folder = _RUNS / word
    if not (folder / _MANIFEST).exists():
        msg = f"there is no such network yet; `clearshot train {word}` makes it"
        raise NetworkError(msg, path=folder)
    return [_open_entry(entry) for entry in read_manifest(folder)]


def _rename(detector: Detector, name: str) -> Detector:
    match detector:
        case ExposureDetector():
            return ExposureDetector(name, detector.exposure_network)
        case FocusDetector():
            return FocusDetector(name, detector.network, detector.exposure_network)
        case LightDetector():
            return LightDetector(name, detector.metric)
        case ClassifierDetector():
            return ClassifierDetector(name, detector.file)
        case MetricDetector():
            return MetricDetector(name, detector.metric)
        case _:
            return CleanVisionDetector(name)


def _keep_rows(entries: list[Entry]) -> list[Entry]:
    """Leave out an exposure network beside a focus network: together they are one row."""
    has_focus = any(entry.name == FOCUS for entry in entries)
    return [entry for entry in entries if not (has_focus and entry.name == EXPOSURE)]


def _open_entry(entry: Entry) -> Detector:
    if entry.name == FOCUS:
        focus = FocusNetwork(read_network(FOCUS, folder=entry.folder))
        is_alone = all(other.name != EXPOSURE for other in read_manifest(entry.folder))
        return FocusDetector(entry.name, focus, None if is_alone else _read_exposure(entry.folder))
    if entry.name == EXPOSURE:
        return ExposureDetector(entry.name, _read_exposure(entry.folder))
    task = entry.values.get("task")
    if task != _CLASSIFIER:
        msg = f"describes network {entry.name!r} with the task {task!r}; "
        msg += f"{_CLASSIFIER!r} or a table [{FOCUS}] or [{EXPOSURE}] is needed"
        raise NetworkError(msg, path=entry.folder / _MANIFEST)
    return ClassifierDetector(entry.name, _read_classifier(entry))


def _read_exposure(folder: Path) -> ExposureNetwork:
    return ExposureNetwork(read_network(EXPOSURE, folder=folder))


def _read_classifier(entry: Entry) -> ClassifierFile:
    path = entry.path
    side_px, expected = entry.values.get("side_px"), entry.values["sha256"]
    if not isinstance(side_px, int) or side_px < 1:
        msg = f"gives {entry.name!r} the side_px {side_px!r}; a side in px is needed"
        raise NetworkError(msg, path=entry.folder / _MANIFEST)
    try:
        with path.open("rb") as stream:
            sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise NetworkError(f"cannot be read: {error.strerror}", path=path) from error
    if sha256 != expected:
        msg = f"was changed: SHA-256 {sha256}, the manifest says {expected}"
        raise NetworkError(msg, path=path)
    return ClassifierFile(path, sha256, side_px)
