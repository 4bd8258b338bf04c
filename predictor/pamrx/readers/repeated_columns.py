"""A column that a table has more than once: refused in every kind of table, in the same words."""

from __future__ import annotations

from pamrx.errors import InputError


def check_once(source: object, name: str, count: int) -> None:
    """Whether a column is the only one of its name: which of several is meant is for a person to say.

    Parameters
    ----------
    source : the file or part, for messages.
    name : the column; one without a name may stand any number of times.
    count : how many columns have that name.

    Raises
    ------
    InputError
        If it stands there more than once.
    """
    if name and count > 1:
        raise InputError(
            f"{source}: header: column {name} stands {count} times; expected once: delete or rename the others"
        )
