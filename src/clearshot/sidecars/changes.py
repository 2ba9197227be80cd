"""The differences between two states of a sidecar, in words."""

from __future__ import annotations

from clearshot.errors import MissingExtraError, SidecarError
from clearshot.sidecars.packet import Packet

_MAX_CHARACTERS = 60


def describe_changes(
    before: bytes | None, after: bytes | None, *, with_notes: bool = False
) -> tuple[str, ...]:
    """Say which properties of a sidecar come, go and change.

    Parameters
    ----------
    before, after : bytes or None
        The file before and after; None where there is none.
    with_notes : bool
        Whether to name what clearshot notes there for itself.

    Returns
    -------
    tuple of str
        A few words for each: `+` for a value that comes, `-` for one that goes. Only the sizes
        where a state is no readable XMP, or lxml is not installed.
    """
    try:
        olds, news = _read(before), _read(after)
    except (SidecarError, MissingExtraError):
        return (f"{len(before or b''):,} bytes before, {len(after or b''):,} bytes after",)
    lines = []
    for name in sorted(olds.keys() | news.keys()):
        if name.startswith("clearshot:") and not with_notes:
            continue
        old, new = olds.get(name, ()), news.get(name, ())
        lines += [f"- {name} {_shorten(value)}" for value in old if value not in new]
        lines += [f"+ {name} {_shorten(value)}" for value in new if value not in old]
    return tuple(lines)


def _read(content: bytes | None) -> dict[str, tuple[str, ...]]:
    return {} if content is None else Packet(content).read_all()


def _shorten(value: str) -> str:
    line = " ".join(value.split())
    return line if len(line) <= _MAX_CHARACTERS else f"{line[:_MAX_CHARACTERS]} ..."
