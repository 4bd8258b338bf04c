"""What a person's words for an alteration mean, and what is said of those that mean nothing known."""

from __future__ import annotations

import pytest
from pamrx.errors import InputError
from pamrx.identifiers.alteration_words import Meaning, meaning_of


@pytest.mark.parametrize("text", ["H1047R", "p.H1047R", "p.His1047Arg", "K6fs", "R245*", "X70_splice", "E746_A750del"])
def test_protein_changes_are_kept_as_written(text: str) -> None:
    assert meaning_of(f" {text} ") == Meaning(change=text)


@pytest.mark.parametrize(
    ("text", "call"),
    [("deletion", -2), ("Deep Deletion", -2), ("homozygous_deletion", -2), ("shallow-loss", -1), ("intact", 0),
     ("diploid", 0), ("gain", 1), ("AMP", 2), ("amplified", 2)],
)  # fmt: skip
def test_words_of_copy_number_are_calls(text: str, call: float) -> None:
    assert meaning_of(text) == Meaning(call=call)


def test_words_of_mutations() -> None:
    for text in ("wild-type", "WT", "wild type", "wildtype", "not mutated"):
        assert meaning_of(text) == Meaning(mutated=False)
    assert meaning_of("driver") == Meaning(driver=True)
    assert meaning_of("truncating") == Meaning(consequence="Nonsense_Mutation")
    assert meaning_of("frameshift") == Meaning(consequence="frameshift")
    assert meaning_of("missense_variant") == Meaning(consequence="missense_variant")
    assert [meaning_of(text).is_open for text in ("mutated", "driver", "truncating", "wt", "H1047R", "gain")] == [
        True, False, False, False, False, False
    ]  # fmt: skip


@pytest.mark.parametrize("text", ["H1047", "delted", "exon 20 insertion", "exon20ins", "-2", "", "PTEN", "x" * 99])
def test_what_says_nothing_known_is_refused_with_the_words_that_do(text: str) -> None:
    with pytest.raises(InputError, match="expected a protein change such as H1047R, or one of mutated, driver"):
        meaning_of(text)


def test_advice_for_a_misspelt_word_works() -> None:
    with pytest.raises(InputError, match=r"did you mean deleted\?"):
        meaning_of("delted")
    assert meaning_of("deleted") == meaning_of("deletion")


@pytest.mark.parametrize("text", ["loss", "lost", "protein loss", "del", "LOH"])
def test_advice_for_losses_that_may_be_one_copy_or_both_works(text: str) -> None:
    with pytest.raises(InputError, match=r"deletion|shallow-loss"):
        meaning_of(text)
    assert (meaning_of("deletion").call, meaning_of("shallow-loss").call) == (-2, -1)
