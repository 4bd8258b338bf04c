"""`FeatureName`: one feature by its block and its name inside the block."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from pamrx.errors import InputError

SEPARATOR = "."


@dataclass(frozen=True, slots=True, order=True)
class FeatureName:
    """One feature of a profile.

    Feature tables label their columns with its text form, `mutation.PIK3CA`; `parse` is the only way back. Ordered by
    block, then by name.

    Attributes
    ----------
    block : str
        One of `pamrx.features.BLOCKS`.
    name : str
        The name inside the block; it may hold further dots.

    Examples
    --------
    >>> feature = FeatureName("mutation", "PIK3CA")
    >>> str(feature)
    'mutation.PIK3CA'
    >>> FeatureName.parse("copy_number.PTEN_loss").name
    'PTEN_loss'
    """

    block: str
    name: str

    def __str__(self) -> str:
        return f"{self.block}{SEPARATOR}{self.name}"

    @classmethod
    def parse(cls, text: str) -> FeatureName:
        """Read the text form.

        Parameters
        ----------
        text : str
            `BLOCK.NAME`.

        Returns
        -------
        FeatureName

        Raises
        ------
        PamrxError
            If the text lacks a block or a name.

        Examples
        --------
        >>> FeatureName.parse("ncrna.hsa-miR-21-5p")
        FeatureName(block='ncrna', name='hsa-miR-21-5p')
        """
        return _parsed(str(text))


def feature_labels(block: str, names: Iterable[str]) -> list[str]:
    """The column labels of a block's features.

    Examples
    --------
    >>> feature_labels("tissue", ["breast", "skin"])
    ['tissue.breast', 'tissue.skin']
    """
    return [f"{block}{SEPARATOR}{name}" for name in names]


def blocks_of(labels: Iterable[str]) -> list[str]:
    """The block of each feature label.

    Examples
    --------
    >>> blocks_of(["mutation.PIK3CA", "tissue.breast"])
    ['mutation', 'tissue']
    """
    return [_parsed(label).block for label in labels]


def in_block(labels: Iterable[str], block: str) -> list[str]:
    """The labels that belong to a block, in their order; labels of anything but features are passed over.

    Examples
    --------
    >>> in_block(["platform", "tissue.breast", "mutation.PIK3CA"], "tissue")
    ['tissue.breast']
    """
    start = f"{block}{SEPARATOR}"
    return [label for label in labels if label.startswith(start)]


# A bundle has some 7,000 features, whose labels are read at every prediction.
@lru_cache(maxsize=2**16)
def _parsed(text: str) -> FeatureName:
    block, _, name = text.partition(SEPARATOR)
    if not block or not name:
        raise InputError(f"feature '{text}': expected BLOCK{SEPARATOR}NAME, such as mutation{SEPARATOR}PIK3CA")
    return FeatureName(block, name)
