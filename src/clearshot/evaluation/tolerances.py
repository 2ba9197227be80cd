"""The numbers behind the shipped tolerances: how labelled photos score, as a small table."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

from clearshot.errors import InputError
from clearshot.photo import Label
from clearshot.scoring.tolerance import SHARES, build_tail, condense, digest_calibration

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from clearshot.evaluation.labels import LabelledPhoto
    from clearshot.scoring.calibration import Calibration
    from clearshot.scoring.tolerance import Tail

_COMMENT: Final = """\
# How the photos of labelled sets score: log odds beyond which a share of them lies, for the good
# photos from the top, for the bad ones from the bottom. One photo a scene; no set counts for more
# than a third of a kind. Written by `clearshot train tolerance`.
"""

# Sources whose photos are of one set: the same cameras and people, at two sizes.
_SETS: Final = {"kwentar640": "kwentar"}


def name_set(source: str) -> str:
    """Name the set that a source belongs to.

    Parameters
    ----------
    source : str
        As labelled photos have it.

    Returns
    -------
    str
        The same for sources with the same cameras and people, which say less than two sets would.
    """
    return _SETS.get(source, source)


def choose_one_per_scene(photos: Iterable[LabelledPhoto]) -> tuple[LabelledPhoto, ...]:
    """Choose one photo of each scene and kind, always the same one.

    Photos of a scene are not independent of each other; one of each scene are [1]_.

    Parameters
    ----------
    photos : iterable of LabelledPhoto
        A photo without a known scene is one of its own.

    Returns
    -------
    tuple of LabelledPhoto
        By lot, drawn by a digest of the names.

    References
    ----------
    .. [1] Dunn, Wasserman, Ramdas, "Distribution-free prediction sets for two-layer hierarchical
       models", JASA 118, 2023. doi:10.1080/01621459.2022.2060112
    """
    chosen: dict[object, tuple[str, LabelledPhoto]] = {}
    for photo in photos:
        key = (photo.source, photo.scene, photo.label) if photo.scene else photo.path
        name = photo.path.name.encode("utf-8", "surrogateescape")
        lot = hashlib.sha256(name).hexdigest()
        if key not in chosen or lot < chosen[key][0]:
            chosen[key] = (lot, photo)
    return tuple(photo for _, photo in chosen.values())


def write_table(
    photos: Sequence[LabelledPhoto],
    logits: Mapping[Path, Mapping[Label, float]],
    calibration: Calibration,
) -> str:
    """Write the table of tolerances.

    Parameters
    ----------
    photos : sequence of LabelledPhoto
        Clear, blurred, dark and overexposed photos.
    logits : mapping of Path to mapping of Label to float
        Their log odds; photos that are not in it are left out.
    calibration : Calibration
        The one that gave the log odds.

    Returns
    -------
    str
        TOML, as `clearshot.scoring.tolerance.parse_table` reads it.

    Raises
    ------
    InputError
        If there is no photo of a kind.
    """
    part = choose_one_per_scene(photo for photo in photos if photo.path in logits)
    groups = {kind: [photo for photo in part if photo.label is kind] for kind in (None, *Label)}
    if missing := [kind or "clear" for kind, group in groups.items() if not group]:
        wanted = f"clear, {', '.join(Label)}"
        raise InputError(f"needs photos of each kind: {wanted}; found none of {', '.join(missing)}")
    lines = [_COMMENT, f'calibration = "{digest_calibration(calibration)}"']
    lines.append(f"shares = {list(SHARES)}")
    for label in Label:
        good, bad = groups[None], groups[label]
        sources = ", ".join(sorted({photo.source for photo in [*good, *bad]}))
        lines += ["", f"[{label.value}]", f'sources = "{sources}"']
        for kind, group in (("good", good), ("bad", bad)):
            values = [logits[photo.path][label] for photo in group]
            names = [name_set(photo.source) for photo in group]
            lines += _write_tail(kind, build_tail(values, is_bad=kind == "bad", sources=names))
    return "\n".join(lines) + "\n"


def _write_tail(kind: str, tail: Tail) -> list[str]:
    small = condense(tail)
    numbers = ", ".join(f"{logit:.4f}" for logit in small.logits)
    return [f"{kind}_scenes = {small.num_scenes:.1f}", f"{kind} = [{numbers}]"]
