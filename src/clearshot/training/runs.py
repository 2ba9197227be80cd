"""Run folders: what they hold is of one run, and its records are whole or not there."""

from __future__ import annotations

import json
import shutil
import subprocess
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from clearshot.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

# What a run folder began with: settings and photos.
_RECORD: Final = "run.json"
# Its entry that says with which code.
_COMMIT: Final = "commit"


def find_run(run_folder: Path, facts: Mapping[str, Any]) -> bool:
    """Tell whether a folder holds a run already. Nothing is written.

    Parameters
    ----------
    run_folder : Path
        Need not exist.
    facts : mapping
        Settings and photos of the run.

    Returns
    -------
    bool
        True for this very run, finished or not; False for a folder that is empty or not there.

    Raises
    ------
    InputError
        If it is no folder, holds another run, or holds files and no `run.json` that can be read.
    """
    record = run_folder / _RECORD
    if record.exists():
        # Through JSON, because it knows no tuples.
        found = read_record(record)
        found.pop(_COMMIT, None)
        if found == json.loads(json.dumps(facts)):
            return True
        msg = "holds another run (other recipe, settings, weights, photos or names of photos); "
        msg += "choose another run folder"
        raise InputError(msg, path=run_folder)
    part = _name_part(record)
    try:
        is_taken = run_folder.exists() and any(path != part for path in run_folder.iterdir())
    except OSError as error:
        raise InputError(f"cannot be the run folder: {error.strerror}", path=run_folder) from error
    if is_taken:
        msg = "holds files, but no run.json that says that they are of a run; choose another run "
        msg += "folder"
        raise InputError(msg, path=run_folder)
    return False


def begin_run(run_folder: Path, facts: Mapping[str, Any]) -> None:
    """Note in a run folder which run it is for, and at which commit it begins.

    The folder is made where it is not there. One that has been begun stays as it is.

    Parameters
    ----------
    run_folder : Path
        As `find_run` approved it.
    facts : mapping
        Settings and photos of the run.
    """
    run_folder.mkdir(parents=True, exist_ok=True)
    if not (run_folder / _RECORD).exists():
        record = {**facts, _COMMIT: read_commit()}
        write_whole(run_folder / _RECORD, json.dumps(record, indent=1) + "\n")


def name_commits(run_folder: Path) -> str:
    """Name the commits with which a run was made.

    Parameters
    ----------
    run_folder : Path
        A run that has begun.

    Returns
    -------
    str
        One abbreviated commit; two with dots between them where the run went on with other code
        than it had begun with.
    """
    begun, now = read_record(run_folder / _RECORD).get(_COMMIT, "unknown"), read_commit()
    return now if begun == now else f"{begun}..{now}"


def read_commit() -> str:
    """Name the commit of the recipe, `unknown` outside a checkout.

    Returns
    -------
    str
        Abbreviated commit.
    """
    git, root = shutil.which("git"), Path(__file__).parents[3]
    if git is None or not (root / ".git").exists():
        return "unknown"
    answer = subprocess.run(  # noqa: S603
        [git, "-C", str(root), "describe", "--always", "--dirty"],
        capture_output=True,
        text=True,
        check=False,
    )
    return answer.stdout.strip() or "unknown"


def check_place(run_folder: Path, photo_folder: Path) -> None:
    """Refuse a run folder inside the folder of the photos: its pictures would be trained on.

    Parameters
    ----------
    run_folder, photo_folder : Path
        Need not exist.

    Raises
    ------
    InputError
        If it is there, or is the same folder.
    """
    if run_folder.resolve().is_relative_to(photo_folder.resolve()):
        msg = f"is inside the folder of the photos, {photo_folder}, and what a run draws would be "
        msg += "taken for photos; choose a place outside with --run-folder"
        raise InputError(msg, path=run_folder)


def write_whole(path: Path, text: str) -> None:
    """Write a record so that it is there as a whole or not at all.

    Parameters
    ----------
    path : Path
        Its file; one that is there is replaced.
    text : str
        What to write.
    """
    part = _name_part(path)
    part.write_text(text, encoding="utf-8")
    part.replace(path)


def read_record(path: Path) -> dict[str, Any]:
    """Read a record in JSON.

    Parameters
    ----------
    path : Path
        Its file.

    Returns
    -------
    dict
        What it holds.

    Raises
    ------
    InputError
        If it is missing or broken.
    """
    return _read(path, json.loads)


def read_tables(path: Path) -> dict[str, Any]:
    """Read a manifest.

    Parameters
    ----------
    path : Path
        Its file, TOML.

    Returns
    -------
    dict
        Its tables by name.

    Raises
    ------
    InputError
        If it is missing or broken.
    """
    return _read(path, tomllib.loads)


def _read(path: Path, parse: Callable[[str], Any]) -> dict[str, Any]:
    try:
        content = parse(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", path=path) from error
    except ValueError as error:
        # That of JSON, of TOML, and of text that is no UTF-8.
        raise InputError(f"is broken: {error}", path=path) from error
    if not isinstance(content, dict):
        raise InputError("is broken: it holds no table", path=path)
    return content


def _name_part(path: Path) -> Path:
    return path.with_name(f"{path.name}.part")
