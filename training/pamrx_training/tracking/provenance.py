"""Where a run comes from, as tags: command, git commit, versions of packages, user."""

from __future__ import annotations

import contextlib
import getpass
import shlex
import subprocess
import sys
from importlib import metadata
from pathlib import Path

TRACKED_PACKAGES = ("pamrx", "lightgbm", "scikit-learn", "numpy", "pandas", "scipy", "pyarrow", "shap", "mlflow")


def standard_tags(fingerprint: str) -> dict[str, str]:
    """The tags that every run gets; `fingerprint` is that of the data."""
    tags = {
        "data_fingerprint": fingerprint,
        "command": command(),
        "mlflow.user": user(),
        "mlflow.source.type": "LOCAL",
        "mlflow.source.name": Path(sys.argv[0]).name,
        "version.python": ".".join(map(str, sys.version_info[:3])),
    }
    for package in TRACKED_PACKAGES:
        with contextlib.suppress(metadata.PackageNotFoundError):
            tags[f"version.{package}"] = metadata.version(package)
    commit = git("rev-parse", "HEAD")
    if commit:
        tags["mlflow.source.git.commit"] = commit
        tags["git.changed_files"] = str(bool(git("status", "--porcelain", "--untracked-files=no"))).lower()
    return tags


def command() -> str:
    """The command line, the program by its name alone."""
    return shlex.join([Path(sys.argv[0]).name, *sys.argv[1:]])


def user() -> str:
    """Who runs this, as far as the system knows."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "unknown"


def git(*arguments: str) -> str:
    """What git says of the checkout that this module lies in; empty where it is none."""
    root = Path(__file__).resolve().parents[3]
    if not (root / ".git").exists():
        return ""
    try:
        done = subprocess.run(["git", "-C", str(root), *arguments], capture_output=True, text=True, timeout=10)
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
