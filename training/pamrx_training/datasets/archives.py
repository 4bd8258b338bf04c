"""Reading single members out of downloaded archives, by exact name and never past a stated size.

Nothing is extracted to disk, so no path in an archive can reach outside it, and a member that unpacks to far more
than its published size is refused before it fills the memory.
"""

from __future__ import annotations

import tarfile
import zipfile
import zlib
from pathlib import Path

from pamrx.errors import InputError

MEGABYTE = 1_000_000


def read_member(archive: Path, member: str, limit: int) -> bytes:
    """The bytes of one member of a `.whl`/`.zip` or `.tar.gz` archive.

    Parameters
    ----------
    limit
        Most bytes that the member may unpack to.

    Raises
    ------
    InputError
        If the archive is damaged, lacks the member, or the member unpacks to more than `limit` bytes.
    """
    try:
        if archive.name.endswith((".whl", ".zip")):
            content = _from_zip(archive, member, limit)
        else:
            content = _from_tar(archive, member, limit)
    except (zipfile.BadZipFile, tarfile.TarError, EOFError, zlib.error, OSError) as error:
        raise InputError(f"{archive.name}: the archive is damaged ({error}); remove it and fetch again") from None
    if content is None:
        raise InputError(f"{archive.name}: holds no file {member}; expected it in this release")
    if len(content) > limit:
        raise InputError(f"{archive.name}: {member} unpacks to more than {limit:,} bytes; it was not read")
    return content


def gunzip(content: bytes, name: str, limit: int) -> bytes:
    """Unpack gzip bytes, refusing more than `limit` bytes.

    Raises
    ------
    InputError
        If the bytes are not a whole gzip stream, or unpack to more than `limit`.
    """
    unpacker = zlib.decompressobj(wbits=31)
    try:
        plain = unpacker.decompress(content, limit + 1)
    except zlib.error as error:
        raise InputError(f"{name}: not a readable gzip file ({error})") from None
    if len(plain) > limit:
        raise InputError(f"{name}: unpacks to more than {limit:,} bytes; it was not read")
    if not unpacker.eof:
        raise InputError(f"{name}: the gzip file breaks off; fetch or copy it again")
    return plain


def _from_zip(archive: Path, member: str, limit: int) -> bytes | None:
    with zipfile.ZipFile(archive) as opened:
        if member not in opened.namelist():
            return None
        # The size in the header may lie: read one byte more than allowed and let the caller compare.
        with opened.open(member) as handle:
            return handle.read(limit + 1)


def _from_tar(archive: Path, member: str, limit: int) -> bytes | None:
    # Streamed, so that members after the wanted one are never unpacked.
    with tarfile.open(archive, mode="r|gz") as opened:
        for entry in opened:
            if entry.name == member:
                handle = opened.extractfile(entry) if entry.isfile() else None
                return handle.read(limit + 1) if handle else None
    return None
