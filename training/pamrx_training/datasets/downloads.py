"""Single files of a source from their public address: checked against a SHA-256 before they get their name."""

from __future__ import annotations

import hashlib
import logging
import os
from dataclasses import dataclass
from pathlib import Path

from pamrx.display import short_repr
from pamrx.errors import InputError, PamrxError, StoreError

from pamrx_training.datasets.archives import gunzip
from pamrx_training.datasets.cache import has_sha256

log = logging.getLogger(__name__)


@short_repr
@dataclass(frozen=True)
class RemoteFile:
    """A file that can be downloaded.

    Parameters
    ----------
    source : name of the source, which messages begin with.
    name : name of the file among the downloads.
    url : its address; one that ends in `.gz` is unpacked.
    sha256 : of the unpacked file.
    limit : most bytes that it may have, packed or not.
    """

    source: str
    name: str
    url: str
    sha256: str
    limit: int


def download(file: RemoteFile, cache: Path) -> bytes:
    """The content of a file, from the folder `downloads` of the cache or else from its address.

    Raises
    ------
    StoreError
        If the address does not give it, or gives something with another SHA-256; nothing is kept then.
    """
    downloads = cache / "downloads"
    downloads.mkdir(parents=True, exist_ok=True)
    target = downloads / file.name
    if has_sha256(target, file.sha256):
        log.info(f"{file.source}: {file.name} already downloaded, SHA-256 checked")
        return target.read_bytes()
    log.info(f"{file.source}: downloading {file.name}")
    _retrieve(file, target)
    log.info(f"{file.source}: downloaded, SHA-256 checked")
    return target.read_bytes()


def _retrieve(file: RemoteFile, target: Path) -> None:
    """Download to a temporary name, unpack, check, and only then rename to `target`."""
    import pooch
    import requests

    pooch.get_logger().setLevel("WARNING")
    arrived = target.with_name(f".partial-{os.getpid()}-{target.name}")
    elsewhere = f"nothing was kept; try again, or download {file.name} elsewhere and name its folder with --data-dir"
    try:
        downloader = pooch.HTTPDownloader(progressbar=False, timeout=60)
        downloader(file.url, str(arrived), None)
        content = _content(file, arrived)
        found = hashlib.sha256(content).hexdigest()
        if found != file.sha256:
            raise StoreError(
                f"{file.source}: what was downloaded has SHA-256 {found[:12]}…, expected {file.sha256[:12]}…: truncated"
                f" or changed; {elsewhere}"
            )
        arrived.write_bytes(content)
        os.replace(arrived, target)
    except PamrxError:
        raise
    except (requests.RequestException, OSError, ValueError) as error:
        status = getattr(getattr(error, "response", None), "status_code", None)
        reason = f"it answered {status}" if status else "the connection failed or broke off"
        raise StoreError(f"{file.source}: the portal did not give {file.name} ({reason}); {elsewhere}") from None
    finally:
        arrived.unlink(missing_ok=True)


def _content(file: RemoteFile, arrived: Path) -> bytes:
    if arrived.stat().st_size > file.limit:
        raise InputError(f"{file.name}: has more than {file.limit:,} bytes; it was not read")
    content = arrived.read_bytes()
    return gunzip(content, f"{file.name}.gz", file.limit) if file.url.split("?")[0].endswith(".gz") else content
