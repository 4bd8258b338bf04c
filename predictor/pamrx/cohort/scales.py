"""The scale of each group of columns of a cohort, on which all of its shards must be."""

from __future__ import annotations

from collections.abc import Mapping

from pamrx.errors import InputError


class Scales:
    """The scale of each group of columns: that of the first shard that shows one, and of every other."""

    def __init__(self) -> None:
        self._found: dict[str, tuple[str, str]] = {}

    def agree(self, where: str, shard: str, scales: Mapping[str, str]) -> None:
        """Take up one more shard.

        Parameters
        ----------
        where : begins the message of an error.
        scales : by group of columns.

        Raises
        ------
        PamrxError
            If a group looks otherwise than in an earlier shard.
        """
        for group, scale in scales.items():
            before, first = self._found.setdefault(group, (scale, shard))
            if before != scale:
                raise InputError(
                    f"{where}: {group} looks like {scale}, but in {first} like {before}; expected one unit in every "
                    "shard"
                )
