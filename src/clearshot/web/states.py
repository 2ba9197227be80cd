"""Whether a photo is still the one that was scanned: verdict and facts are of that one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from clearshot.actions.atomic import read_stamp
from clearshot.errors import ChangedPhotoError, MissingPhotoError, UnreadablePhotoError

if TYPE_CHECKING:
    from clearshot.photo import Photo


def check_state(photo: Photo) -> None:
    """Check that a photo's file is there, and in the state in which it was scanned.

    Parameters
    ----------
    photo : Photo
        With the stamp that it had.

    Raises
    ------
    MissingPhotoError
        If it is gone.
    UnreadablePhotoError
        If the system refuses to look, or there is something else in its place.
    ChangedPhotoError
        If it has changed.
    """
    try:
        stamp = read_stamp(photo.path)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise MissingPhotoError("is not there any more") from error
    except OSError as error:
        raise UnreadablePhotoError(f"cannot be read: {error.strerror}") from error
    if stamp != photo.stamp:
        raise ChangedPhotoError("changed since the scan; scan again")
