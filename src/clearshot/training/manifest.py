"""Manifests: a TOML file beside networks, with a table for each of them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from clearshot.training.runs import read_tables, write_whole

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def write_manifest(path: Path, name: str, entry: Mapping[str, object]) -> None:
    """Describe one network in a manifest; other networks keep their tables.

    A calibration that is there stays if the network is still the same.

    Parameters
    ----------
    path : Path
        `manifest.toml`.
    name : str
        The network's table.
    entry : mapping
        Its values: strings, numbers, lists of numbers, and tables of those.

    Raises
    ------
    InputError
        If the manifest that is there is broken.
    """
    tables: dict[str, dict[str, object]] = read_tables(path) if path.exists() else {}
    before = tables.get(name, {})
    kept = {}
    if before.get("sha256") == entry["sha256"] and "calibration" in before:
        kept["calibration"] = before["calibration"]
    tables[name] = kept | dict(entry)
    blocks = [_format_table(key, value) for key, value in sorted(tables.items())]
    write_whole(path, "\n\n".join(blocks) + "\n")


def _format_table(name: str, table: Any) -> str:
    plain = [f"{key} = {_format(value)}" for key, value in table.items() if not _is_table(value)]
    nested = [_format_table(f"{name}.{k}", value) for k, value in table.items() if _is_table(value)]
    return "\n".join([f"[{name}]", *plain]) + "".join(f"\n\n{block}" for block in nested)


def _is_table(value: object) -> bool:
    return isinstance(value, dict)


def _format(value: object) -> str:
    if isinstance(value, str):
        # What JSON writes for a string, TOML reads as one, but for one control character.
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_format(item) for item in value) + "]"
    if isinstance(value, bool):
        return str(value).lower()
    return repr(value)
