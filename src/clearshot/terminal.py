"""What a terminal shows, and what a shell reads when it is pasted there."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path


def to_printable(text: object) -> str:
    """Replace what a terminal could not show, or would take as a command, by escapes.

    Parameters
    ----------
    text : object
        Text or path; a file name may hold any character, and bytes that are no text.

    Returns
    -------
    str
        One line of printable characters.
    """
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in str(text))


def to_command(*words: str | Path) -> str:
    r"""Write a command that can be pasted into a shell.

    Parameters
    ----------
    *words : str or Path
        The program and its arguments.

    Returns
    -------
    str
        One line of printable characters, quoted where needed. A word that holds others, such as
        line breaks or bytes that are no text, is written as `$'...'`, which bash, zsh and ksh read.
        On Windows such characters are escaped for the eye alone.
    """
    line = [_to_word(word) for word in words]
    if sys.platform == "win32":
        return to_printable(subprocess.list2cmdline(line))
    return " ".join(shlex.quote(word) if word.isprintable() else _escape(word) for word in line)


def _to_word(word: str | Path) -> str:
    # A name that begins as an option does is none with its folder before it.
    is_like_option = isinstance(word, Path) and str(word).startswith("-")
    return f"./{word}" if is_like_option else str(word)


def _escape(word: str) -> str:
    """Quote a word with what cannot be printed in it, byte by byte."""
    return f"$'{''.join(map(_escape_character, word))}'"


def _escape_character(character: str) -> str:
    if character in {"\\", "'"}:
        return f"\\{character}"
    if character.isprintable():
        return character
    # In octal: shells agree that three digits are all, whatever comes next.
    return "".join(f"\\{byte:03o}" for byte in os.fsencode(character))
