"""What the user asked for: told from thresholds, changed by hand, and written as options."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from clearshot.photo import Label
from clearshot.scoring.limits import Wishes
from clearshot.scoring.tolerance import Tolerance
from clearshot.scoring.verdict import Thresholds

if TYPE_CHECKING:
    from collections.abc import Mapping


def find_wishes(thresholds: Thresholds) -> Wishes:
    """Tell what the user asked for.

    Parameters
    ----------
    thresholds : Thresholds
        Any.

    Returns
    -------
    Wishes
        Those that set the thresholds; else every threshold that is not the usual one, by hand.
    """
    if thresholds.wishes is not None:
        return thresholds.wishes
    usual = Thresholds()
    given = {label: thresholds.find_bad(label) for label in Label}
    by_hand = {label: p for label, p in given.items() if p != usual.find_bad(label)}
    return Wishes(by_hand, sharp_at=thresholds.sharp_at)


def set_by_hand(thresholds: Thresholds, probabilities: Mapping[Label, float]) -> Thresholds:
    """Set some thresholds by hand, whatever tolerance held for them before.

    Parameters
    ----------
    thresholds : Thresholds
        As they are.
    probabilities : mapping of Label to float
        For some labels; a photo is bad from this probability on, above 0, at most 1.

    Returns
    -------
    Thresholds
        With these, for the photos of every camera; the same without any.
    """
    if not probabilities:
        return thresholds
    wishes = find_wishes(thresholds)
    tolerances = {k: each for k, each in wishes.tolerances.items() if k not in probabilities}
    by_hand = {**wishes.probabilities, **probabilities}
    unsure_from = {
        label: p for label, p in (thresholds.unsure_from or {}).items() if label not in by_hand
    }
    limits: dict[str, Any] = {label.value: p for label, p in probabilities.items()}
    parts = (thresholds.cameras or {}).items()
    cameras = {camera: set_by_hand(part, probabilities) for camera, part in parts}
    return replace(
        thresholds,
        **limits,
        unsure_from=unsure_from or None,
        cameras=cameras or None,
        wishes=replace(wishes, probabilities=by_hand, tolerances=tolerances),
    )


def write_options(thresholds: Thresholds) -> list[str]:
    """Write what the user asked for as options of the command line.

    Parameters
    ----------
    thresholds : Thresholds
        Those in use.

    Returns
    -------
    list of str
        Words of a command, such as `--tolerance`, `1%`; empty when all is as it is by default.
    """
    wishes, words = find_wishes(thresholds), list[str]()
    asked = wishes.tolerances
    if len(asked) == len(Label) and len(set(asked.values())) == 1:
        words += ["--tolerance", _to_percent(asked[Label.BLURRY].lost)]
    else:
        for label, tolerance in asked.items():
            words += ["--tolerance", f"{label.value}={_to_percent(tolerance.lost)}"]
    for missed in {tolerance.missed for tolerance in asked.values()} - {Tolerance().missed}:
        words += ["--miss", _to_percent(missed)]
    for label in Label:
        if label in wishes.probabilities:
            words += ["--threshold", f"{label.value}={wishes.probabilities[label]!r}"]
    if thresholds.sharp_at is not Thresholds().sharp_at:
        words += ["--sharp-at", thresholds.sharp_at.value]
    return words


def _to_percent(share: float) -> str:
    return f"{100 * share:.10g}%"
