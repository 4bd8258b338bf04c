"""Files and folders that a command writes: refused before any work, or written whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import stat
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from pamrx.errors import PamrxError, StoreError, UsageError

PathLike = str | os.PathLike[str]

TEMPORARY = ".pamrx-"
"""How the names of files and folders begin that are not whole yet. Short: the name beside may be as long as can be."""

_SHOWN = 60


def check_outputs(outputs: Mapping[str, PathLike | None], inputs: Iterable[PathLike | None] = ()) -> None:
    """Refuse files to be written that could not be, that are inputs too, and two that are one file.

    To be called before anything is read.

    Parameters
    ----------
    outputs : files by what messages call them, such as `--explain`; None is none.
    inputs : files and folders that the command reads; with a layer or sheet after `::`. What does not exist (a gene
        panel named in place of a file) is passed over. Nothing may be written into a folder among them.

    Raises
    ------
    StoreError
        For a file that cannot be written.
    UsageError
        For one that is an input, lies in a folder that is one, or was named twice.
    """
    given = {what: Path(path) for what, path in outputs.items() if path is not None}
    sources = [source for source in map(_source, inputs) if source is not None]
    taken: dict[object, str] = {}
    for what, path in given.items():
        check_writable(path)
        for source in sources:
            _check_apart(path, what, source)
        other = taken.setdefault(_identity(path), what)
        if other != what:
            raise UsageError(f"{path}: named for both {other} and {what}; name two files")


def check_writable(path: PathLike) -> None:
    """Refuse a file that cannot be written.

    Raises
    ------
    StoreError
        If it is a folder or a device, its folder does not exist or cannot be written, or its name is too long.
    """
    target = Path(path)
    found = _look(target)
    if found is not None and stat.S_ISDIR(found.st_mode):
        raise StoreError(f"{target}: is a folder; name a file to write")
    if found is not None and not stat.S_ISREG(found.st_mode):
        raise StoreError(f"{target}: is a device or a pipe; name a file to write")
    if found is not None and not os.access(target, os.W_OK):
        raise StoreError(f"{target}: cannot be written (it is read-only); name another file, or change its permissions")
    _check_parent(target, Path(os.path.realpath(target)).parent)


def check_folder(path: PathLike, inputs: Iterable[PathLike | None] = ()) -> None:
    """Refuse a folder to be made, or written into, that could not be, that is an input too or that holds one.

    To be called before anything is read. What is above it must be there, as for a file.

    Raises
    ------
    StoreError
        If it or what is above it is a file or cannot be written, or its name is too long.
    UsageError
        If it is an input, or lies in one, or an input lies in it.
    """
    target = Path(path)
    found = _look(target)
    if found is not None and not stat.S_ISDIR(found.st_mode):
        raise StoreError(f"{target}: is a file; name a folder")
    at = Path(os.path.realpath(target))
    _check_parent(target, at.parent if found is None else at)
    for source in filter(None, map(_source, inputs)):
        _check_apart(target, "the output", source)
        if _inside(source, target):
            raise UsageError(f"{target}: holds {source}, an input; name another folder for the output")


@contextlib.contextmanager
def whole_file(path: PathLike) -> Iterator[Path]:
    """Give a temporary path beside `path`; rename it to `path` on success, remove it on failure.

    A new file has the permissions that the umask leaves; one that is overwritten keeps its own. What a link points to
    is written, not the link.

    Raises
    ------
    StoreError
        If it cannot be written; what was there before is untouched then.
    """
    named = Path(path)
    check_writable(named)
    target = Path(os.path.realpath(named))
    temporary = target.with_name(f"{TEMPORARY}{secrets.token_hex(4)}{target.suffix[:20]}")
    try:
        os.close(os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
    except OSError as error:
        raise StoreError(f"{named}: cannot write there ({error.strerror})") from None
    try:
        yield temporary
        _finish(temporary, target)
    except PamrxError:
        raise  # a `StoreError` is an OSError too, with its own message
    except OSError as error:
        raise StoreError(f"{named}: could not be written ({_why(error)})") from None
    finally:
        temporary.unlink(missing_ok=True)


def draft_folder(beside: PathLike) -> Path:
    """Make a folder beside `beside`, to be renamed to it once it is whole; with the permissions that the umask leaves.

    Raises
    ------
    OSError
        If it cannot be made.
    """
    draft = Path(beside).with_name(f"{TEMPORARY}{secrets.token_hex(4)}")
    draft.mkdir()
    return draft


def _finish(temporary: Path, target: Path) -> None:
    """Bring it to the disk, where a lack of space may show only now, and give it its name."""
    handle = os.open(temporary, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
    with contextlib.suppress(FileNotFoundError):
        os.chmod(temporary, stat.S_IMODE(target.stat().st_mode))
    os.replace(temporary, target)


def _why(error: OSError) -> str:
    return os.strerror(error.errno) if error.errno else str(error)


def _look(target: Path) -> os.stat_result | None:
    """What is there; None where nothing is.

    Raises
    ------
    StoreError
        If nothing can ever be there.
    """
    try:
        return target.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError) as error:
        shown = str(target) if len(str(target)) <= _SHOWN else f"{str(target)[:_SHOWN]}..."
        if isinstance(error, OSError) and error.errno == errno.ENAMETOOLONG:
            longest = max(len(os.fsencode(part)) for part in target.parts)
            raise StoreError(
                f"{shown}: the name is too long for this file system ({longest} bytes; most take 255); name another"
            ) from None
        why = error.strerror if isinstance(error, OSError) else str(error)
        raise StoreError(f"{shown}: cannot be written ({why}); name another") from None


def _check_parent(target: Path, folder: Path) -> None:
    if not folder.exists():
        raise StoreError(f"{target}: the folder {folder} does not exist; make it first or name another")
    if not folder.is_dir():
        raise StoreError(f"{target}: {folder} is a file, not a folder; name another")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise StoreError(f"{target}: cannot write in {folder} (permission denied); name another folder")


def _source(path: PathLike | None) -> Path | None:
    """The file or folder of an input, without a layer or sheet; None where there is none."""
    if path is None:
        return None
    with contextlib.suppress(OSError, ValueError):
        for one in (Path(path), Path(str(path).rpartition("::")[0])):
            if (str(one) != "." and one.exists()) or str(path) == ".":
                return one
    return None


def _check_apart(path: Path, what: str, source: Path) -> None:
    if _same(path, source):
        raise UsageError(f"{path}: is an input, and would be overwritten by {what}; write elsewhere")
    if not source.is_dir():
        return
    if _inside(path, source):
        raise UsageError(f"{path}: lies in {source}, an input; write {what} outside of it")
    found = _look(path)
    if found is not None and stat.S_ISREG(found.st_mode):
        shared = next((file for file in _files_of(source) if _same(path, file)), None)
        if shared is not None:
            raise UsageError(f"{path}: is the file {shared}, an input; write elsewhere")


def _same(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except (OSError, ValueError):
        return False


def _inside(path: Path, folder: Path) -> bool:
    return Path(os.path.realpath(path)).is_relative_to(os.path.realpath(folder))


def _files_of(folder: Path) -> Iterator[Path]:
    for root, _, names in os.walk(folder):
        yield from (Path(root, name) for name in names)


def _identity(path: Path) -> object:
    """Equal for two names of one file, there already or not."""
    found = _look(path)
    return (found.st_dev, found.st_ino) if found is not None else os.path.realpath(path)
