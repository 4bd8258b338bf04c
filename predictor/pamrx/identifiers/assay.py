"""`AssayId`: one drug in one screen, the unit of measurement and prediction."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from pamrx.errors import InputError

if TYPE_CHECKING:
    from pamrx.knowledge.drugs import Drug

SEPARATOR = ":"


@dataclass(frozen=True, slots=True, order=True)
class AssayId:
    """One drug in one screen.

    Tables label their columns with its text form, `GDSC2:Pictilisib`; `parse` is the only way back. Ordered by
    screen, then by drug.

    Attributes
    ----------
    screen : str
        The screen, such as `GDSC2`.
    drug : str
        The drug's name in `knowledge/drugs.csv`.

    Examples
    --------
    >>> assay = AssayId("GDSC2", "Pictilisib")
    >>> str(assay)
    'GDSC2:Pictilisib'
    >>> AssayId.parse("GDSC1:Idelalisib").screen
    'GDSC1'
    """

    screen: str
    drug: str

    def __str__(self) -> str:
        return f"{self.screen}{SEPARATOR}{self.drug}"

    @classmethod
    def parse(cls, text: str) -> AssayId:
        """Read the text form.

        Parameters
        ----------
        text : str
            `SCREEN:DRUG`; the drug's name may hold further colons.

        Returns
        -------
        AssayId

        Raises
        ------
        PamrxError
            If the text lacks a screen or a drug.

        Examples
        --------
        >>> AssayId.parse("GDSC2:Alpelisib")
        AssayId(screen='GDSC2', drug='Alpelisib')
        """
        return _parsed(str(text))


def assays_of(drug: Drug) -> tuple[AssayId, ...]:
    """The assays of a compound, one per screen, oldest screen first.

    Examples
    --------
    >>> from pamrx.knowledge.drugs import resolve
    >>> [str(assay) for assay in assays_of(resolve("AZD5363"))]
    ['GDSC1:Capivasertib', 'GDSC2:Capivasertib']
    """
    return tuple(AssayId(screen, drug.name) for screen in drug.screens)


# Labels are those of a bundle's or a screen's columns, some hundred, and each is read many times.
@lru_cache(maxsize=4096)
def _parsed(text: str) -> AssayId:
    screen, _, drug = text.partition(SEPARATOR)
    if not screen or not drug:
        raise InputError(f"assay '{text}': expected SCREEN{SEPARATOR}DRUG, such as GDSC2{SEPARATOR}Pictilisib")
    return AssayId(screen, drug)
