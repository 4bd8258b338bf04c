"""Whether what a path names is a file that can be read: there, regular, and open to its reader."""

from __future__ import annotations

import os
import re
import stat
import sys
import tempfile
from pathlib import Path

from pamrx.errors import InputError, did_you_mean

MAX_PIPED = 2_000_000_000
"""Bytes that are taken through a pipe."""

_CHUNK = 1 << 20
_HANDED_OVER = re.compile(r"/(?:dev|proc/self)/fd/(\d{1,6})")
_OTHER = (
    (stat.S_ISFIFO, "a pipe"),
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


def odd_kind(path: Path) -> str | None:
    """What is there that is neither a file nor a folder, as in "a pipe"; None for any other; errors as `status`."""
    found = status(path)
    return None if found is None else _odd_kind(found)


def _odd_kind(found: os.stat_result) -> str | None:
    return next((what for is_kind, what in _OTHER if is_kind(found.st_mode)), None)


def check_regular(file: Path) -> None:
    """Whether a file can be opened, more than once, and holds anything.

    Raises
    ------
    InputError
        If it is not there, a folder, a pipe by name, a device or empty.
    """
    found = status(file)
    if found is None:
        dangling = " (a link to what is not there)" if os.path.lexists(file) else ""
        raise InputError(f"{_shown(file)}: no such file{dangling or _nearby(file)}")
    if stat.S_ISDIR(found.st_mode):
        raise InputError(f"{file}: is a folder; name a file")
    if stat.S_ISFIFO(found.st_mode) and _kept(file):
        found = file.stat()
    if (what := _odd_kind(found)) is not None:
        raise InputError(
            f"{file}: is {what}; expected a file, since it is opened more than once: save its content as a file "
            "first, and give that"
        )
    if found.st_size == 0:
        raise InputError(f"{file}: the file is empty")


def is_piped(file: Path) -> bool:
    """Whether a path names what a shell hands over in place of a file: `<(...)`, /dev/stdin."""
    return _descriptor(file) is not None


def _descriptor(file: Path) -> int | None:
    if str(file) == "/dev/stdin":
        return 0
    found = _HANDED_OVER.fullmatch(str(file))
    return int(found[1]) if found else None


def _kept(file: Path) -> bool:
    """Put what comes through a shell's pipe in the pipe's place, as a file without a name that goes with the process.

    A file is opened several times, and a pipe can be read once. False where that cannot be done: a pipe by name (it
    may have no writer), another system than Linux.

    Raises
    ------
    InputError
        If more than `MAX_PIPED` bytes come, or the folder for temporary files is full.
    """
    number = _descriptor(file)
    if number is None or sys.platform != "linux":
        return False
    try:
        with tempfile.TemporaryFile() as target:
            with os.fdopen(os.dup(number), "rb") as pipe:
                count = 0
                while part := pipe.read(_CHUNK):
                    count += target.write(part)
                    if count > MAX_PIPED:
                        raise InputError(
                            f"{file}: more than {MAX_PIPED / 1e6:,.0f} MB come through the pipe; save them as a file "
                            "first, and give that"
                        )
            target.flush()
            os.dup2(target.fileno(), number)
    except OSError as error:
        raise InputError(
            f"{file}: what comes through the pipe cannot be kept ({error.strerror or error}); save it as a file first, "
            "and give that"
        ) from None
    return True


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
