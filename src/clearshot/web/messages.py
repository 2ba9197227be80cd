"""What the page may send, checked before anything is done with it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from unicodedata import category

from clearshot.errors import UsageError
from clearshot.photo import Choice, Color, Label
from clearshot.scoring.wishes import set_by_hand

if TYPE_CHECKING:
    from clearshot.scoring.verdict import Thresholds

# More photos than a library is expected to hold.
_MAX_NUMBERS: Final = 1_000_000
_MAX_PATH_LETTERS: Final = 4096
# Unicode's categories of what is in no name that somebody typed: control characters, surrogates.
_NO_LETTERS: Final = {"Cc", "Cs"}

# SQLite's largest number of a row.
MAX_NUMBER: Final = 2**63 - 1


@dataclass(frozen=True, slots=True)
class DecisionMessage:
    """Decide about photos: exactly one of choice, stars and colour.

    Attributes
    ----------
    numbers : tuple of int
        The photos.
    field : str
        `choice`, `stars` or `color`.
    value : Choice, Color, int or None
        What it becomes.
    """

    numbers: tuple[int, ...]
    field: str
    value: Choice | Color | int | None


def parse_object(body: bytes) -> dict[str, Any]:
    """Read a JSON object.

    Parameters
    ----------
    body : bytes
        What was sent.

    Returns
    -------
    dict
        Not checked any further.

    Raises
    ------
    UsageError
        If it is none.
    """
    try:
        value = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise UsageError("the request is not JSON") from error
    if not isinstance(value, dict):
        raise UsageError("the request is not a JSON object")
    return value


def parse_decision(message: dict[str, Any]) -> DecisionMessage:
    """Read a decision: `{"photos": [1, 2], "choice": "keep"}`, or `stars`, or `color`.

    Parameters
    ----------
    message : dict
        What was sent.

    Returns
    -------
    DecisionMessage
        Checked.

    Raises
    ------
    UsageError
        If anything is missing, of another type or out of range.
    """
    numbers = message.get("photos")
    if not isinstance(numbers, list) or not 1 <= len(numbers) <= _MAX_NUMBERS:
        raise UsageError("photos must be a list of numbers")
    if not all(type(number) is int and 0 <= number <= MAX_NUMBER for number in numbers):
        raise UsageError("photos must be a list of numbers")
    fields = [field for field in ("choice", "stars", "color") if field in message]
    if len(fields) != 1 or len(message) != 2:
        raise UsageError("one of choice, stars and color is needed")
    return DecisionMessage(tuple(numbers), fields[0], _parse_value(fields[0], message[fields[0]]))


def _parse_value(field: str, value: object) -> Choice | Color | int | None:
    if field == "stars":
        if type(value) is not int or not 0 <= value <= 5:
            raise UsageError("stars must be a number from 0 to 5")
        return value
    if value is None:
        return None
    kind: type[Choice | Color] = Choice if field == "choice" else Color
    if not isinstance(value, str) or value not in list(kind):
        raise UsageError(f"{field} must be null or one of {', '.join(kind)}")
    return kind(value)


def parse_thresholds(message: object, usual: Thresholds) -> Thresholds:
    """Read thresholds set by hand: `{"blurry": 0.5, ...}`; what is missing stays as it is.

    Parameters
    ----------
    message : object
        What was sent.
    usual : Thresholds
        Those that hold in the library.

    Returns
    -------
    Thresholds
        Checked; those by hand are for photos of every camera.

    Raises
    ------
    UsageError
        If there is another name, or a number out of range.
    """
    if not isinstance(message, dict) or not message.keys() <= set(Label):
        raise UsageError("thresholds must be numbers by label")
    for value in message.values():
        if type(value) not in {int, float} or not 0 < value <= 1:
            raise UsageError("a threshold must be a number above 0, at most 1")
    return set_by_hand(usual, {Label(name): float(value) for name, value in message.items()})


def parse_target(value: object) -> Path:
    """Read where photos shall go.

    Parameters
    ----------
    value : object
        What was sent.

    Returns
    -------
    Path
        With the home folder for `~`.

    Raises
    ------
    UsageError
        If it is no path.
    """
    if not isinstance(value, str) or not value.strip() or len(value) > _MAX_PATH_LETTERS:
        raise UsageError("name a folder")
    if any(category(letter) in _NO_LETTERS for letter in value):
        raise UsageError("the folder's name has characters that no name can have")
    try:
        return Path(value.strip()).expanduser()
    except RuntimeError as error:
        raise UsageError("there is no such home folder") from error


def parse_word(message: dict[str, Any], name: str) -> str:
    """Read a short text.

    Parameters
    ----------
    message : dict
        What was sent.
    name : str
        Its name.

    Returns
    -------
    str
        At most 100 letters.

    Raises
    ------
    UsageError
        If it is missing, empty, too long or no text.
    """
    value = message.get(name)
    if not isinstance(value, str) or not 1 <= len(value) <= 100:
        raise UsageError(f"{name} must be a word")
    return value
