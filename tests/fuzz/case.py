"""One case: the files of a folder, and what is asked of pamrx there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random

from tests.fuzz.mutations import spoil_file

INPUTS = "in"
"""The folder of a case's inputs within its own, which is also where pamrx runs."""


@dataclass(frozen=True)
class Case:
    """What is asked.

    Attributes
    ----------
    arguments : of the command line; empty where a request is made.
    files : names of the inputs in the folder `INPUTS` that may be spoilt.
    output : the table or the folder that pamrx is to write, as the arguments name it.
    request : body of a request to the server.
    """

    arguments: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    output: str | None = None
    request: bytes | None = None

    def instead(self, old: str, new: str) -> Case:
        """The same with another name of a file, also where it stands before a sheet or a layer (`::`)."""

        def named(text: str) -> str:
            return new + text[len(old) :] if text == old or text.startswith(f"{old}::") else text

        return replace(self, arguments=tuple(map(named, self.arguments)), files=tuple(map(named, self.files)))


Valid = Callable[[Random, Path], Case]
"""Writes valid inputs into a folder, and says what is asked of them."""

Spoil = Callable[[Random, Path, Case], Case]
"""Spoils them; gives the case as it is asked from then on."""


def by_content(random: Random, folder: Path, case: Case) -> Case:
    """One to three changes of one of the files, which is text or any bytes."""
    name = random.choice(case.files)
    for _ in range(random.choice((1, 1, 1, 2, 3))):
        spoil_file(random, folder / name)
    return case


@dataclass(frozen=True)
class Kind:
    """A family of inputs.

    Attributes
    ----------
    share : of the cases of a run, in thousandths.
    """

    name: str
    share: int
    valid: Valid
    spoil: Spoil = by_content

    def make(self, seed: int, folder: Path) -> Case:
        """Write the case's inputs below `folder`."""
        random = Random(f"{self.name} {seed}")
        inputs = folder / INPUTS
        inputs.mkdir(parents=True)
        return self.spoil(random, inputs, self.valid(random, inputs))
