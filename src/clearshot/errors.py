"""The exception tree: each class is one kind of failure, with its exit code and its message.

A message says what failed, on which path, and why. `kind` is the stable word that scripts read in
the `error` field of `clearshot score`.
"""

from __future__ import annotations

import os
from pathlib import Path


class ClearshotError(Exception):
    """Something went wrong that the user can understand and act on.

    Parameters
    ----------
    message : str
        What failed and why, in plain words.
    path : Path or None
        The file or folder it is about; it is put before the message.
    """

    exit_code = 3
    kind = "error"

    def __init__(self, message: str, *, path: Path | None = None) -> None:
        super().__init__(message, path)
        self.message = message
        self.path = path

    def __str__(self) -> str:
        return self.message if self.path is None else f"{self.path}: {self.message}"

    def __reduce__(self) -> tuple[object, ...]:
        # Keyword-only arguments do not survive the default pickling between worker processes.
        return _rebuild, (type(self), self.message, self.path)


def _rebuild(cls: type[ClearshotError], message: str, path: Path | None) -> ClearshotError:
    return cls(message, path=path)


class UsageError(ClearshotError):
    """The command was called with something it cannot work on (exit code 2)."""

    exit_code = 2
    kind = "usage"


class InputError(ClearshotError):
    """A folder or file that was named cannot be used: missing, empty, unreadable (exit code 3)."""

    exit_code = 3
    kind = "input"


class PhotoError(ClearshotError):
    """One photo cannot be judged; the run goes on with the others (exit code 1 at its end)."""

    exit_code = 1
    kind = "photo"


class MissingPhotoError(PhotoError):
    """The photo is not there (any more)."""

    kind = "missing"


class UnreadablePhotoError(PhotoError):
    """The system does not let the photo be read."""

    kind = "unreadable"


class UnknownFormatError(PhotoError):
    """The content is no picture format that clearshot reads."""

    kind = "format"


class MissingReaderError(PhotoError):
    """The photo's format needs an optional part of clearshot that is not installed."""

    kind = "no-reader"


class MissingHeifReaderError(MissingReaderError):
    """The photo is a HEIC picture, and the extra `heif` is not installed."""

    kind = "no-heif-reader"


class MissingRawReaderError(MissingReaderError):
    """The photo is a raw file, and the extra `raw` is not installed."""

    kind = "no-raw-reader"


class ChangedPhotoError(PhotoError):
    """The photo is not the one that was scanned any more, or changed while it was read."""

    kind = "changed"


class DamagedPhotoError(PhotoError):
    """The file is truncated or its content is broken."""

    kind = "damaged"


class OversizedPhotoError(PhotoError):
    """The photo has more pixels than the limit allows, or its header lies about them."""

    kind = "oversized"


class UndersizedPhotoError(PhotoError):
    """The photo has too few pixels to be judged."""

    kind = "undersized"


class SidecarError(ClearshotError):
    """A sidecar cannot be read, or not be changed without loss; it is left alone (exit code 1)."""

    exit_code = 1
    kind = "sidecar"


class CatalogError(ClearshotError):
    """The catalog cannot be opened, read or written (exit code 4)."""

    exit_code = 4
    kind = "catalog"


class ActionError(ClearshotError):
    """A file action was refused or failed; the journal tells how far it came (exit code 5)."""

    exit_code = 5
    kind = "action"


class NetworkError(ClearshotError):
    """A network file is missing, changed, or does not fit this version (exit code 6)."""

    exit_code = 6
    kind = "network"


class MissingExtraError(ClearshotError):
    """A command needs an optional part of clearshot that is not installed (exit code 7)."""

    exit_code = 7
    kind = "extra"


def explain_refusal(error: OSError) -> InputError | None:
    """Turn what the system refused about a file into an error that names it.

    Parameters
    ----------
    error : OSError
        As the system raised it.

    Returns
    -------
    InputError or None
        None where the system names no file.
    """
    if not isinstance(error.filename, str | bytes | os.PathLike):
        return None
    path = Path(os.fsdecode(error.filename))
    return InputError(describe_cause(error), path=path)


def describe_cause(error: OSError) -> str:
    """Say what the system refused, without the file's name.

    Parameters
    ----------
    error : OSError
        As the system raised it, or with a cause of our own.

    Returns
    -------
    str
        The system's words, such as `Permission denied`.
    """
    return error.strerror or str(error)


def check_folder(folder: Path) -> None:
    """Check that a library's folder is there.

    Parameters
    ----------
    folder : Path
        What was named as one.

    Raises
    ------
    InputError
        If there is no such folder.
    """
    if folder.is_dir():
        return
    if folder.is_file():
        hint = "is a file; name its folder (`clearshot score` judges single photos)"
        raise InputError(hint, path=folder)
    raise InputError("there is no such folder", path=folder)
