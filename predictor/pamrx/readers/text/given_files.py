"""Whether what a path names is a file that can be read: there, regular, and open to its reader."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from pamrx.errors import InputError, did_you_mean

_OTHER = (
    (stat.S_ISFIFO, "a pipe, as <(...) makes it"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
    (stat.S_ISSOCK, "a socket"),
)


def status(path: Path) -> os.stat_result | None:
    """What the system says of a path; None where nothing is there.

    Raises
    ------
    InputError
        Where it cannot say: a name that is too long, a folder that may not be looked into, links in a circle.
    """
    try:
        return path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise InputError(f"{_shown(path)}: cannot be read ({error.strerror or error}); {_remedy(error)}") from None
    except ValueError:  # a zero character in it
        raise InputError(f"{_shown(path)}: no path of a file; expected one without a zero character") from None


def is_folder(path: Path) -> bool:
    """Whether a folder is there; errors as `status`."""
    found = status(path)
    return found is not None and stat.S_ISDIR(found.st_mode)


def is_file(path: Path) -> bool:
    """Whether a file is there; errors as `status`."""
    found = status(path)
    return found is not None and stat.S_ISREG(found.st_mode)


def check_regular(file: Path) -> None:
    """Whether a file can be opened, more than once, and holds anything.

    Raises
    ------
    InputError
        If it is not there, a folder, a pipe or device, empty, or cannot be opened.
    """
    found = status(file)
    if found is None:
        dangling = " (a link to what is not there)" if os.path.lexists(file) else ""
        raise InputError(f"{_shown(file)}: no such file{dangling or _nearby(file)}")
    if stat.S_ISDIR(found.st_mode):
        raise InputError(f"{file}: is a folder; name a file")
    for is_kind, what in _OTHER:
        if is_kind(found.st_mode):
            raise InputError(
                f"{file}: is {what}; expected a file, since it is opened more than once: save its content as a file "
                "first, and give that"
            )
    if found.st_size == 0:
        raise InputError(f"{file}: the file is empty")


def entries(folder: Path) -> list[Path]:
    """What lies in a folder, by name.

    Raises
    ------
    InputError
        If it may not be looked into.
    """
    try:
        return sorted(folder.iterdir())
    except OSError as error:
        raise InputError(f"{folder}: cannot be read ({error.strerror or error}); {_remedy(error)}") from None


def _remedy(error: OSError) -> str:
    if isinstance(error, PermissionError):
        return "ask for the right to read it (chmod)"
    return "check the path"


def _shown(path: Path) -> str:
    text = str(path)
    return text if len(text) <= 200 else f"{text[:97]} ... {text[-97:]}"


def _nearby(file: Path) -> str:
    try:
        return did_you_mean(file.name, [entry.name for entry in file.parent.iterdir() if entry.is_file()])
    except OSError:
        return f" (nor a folder {file.parent})"
