"""Sequence Ontology terms, as VEP and SnpEff write them, in the words of a MAF."""

from __future__ import annotations

# From most to least severe: the order in which Ensembl ranks consequences, with the terms that only SnpEff or older VEP
# write beside their like. "Frame_Shift" and "by length" are settled by the alleles (see `variant_classification`).
# Words: as vcf2maf translates them, so that a VCF and the MAF made from it read alike.
_WORDS = {
    "transcript_ablation": "Splice_Site",
    "exon_loss_variant": "Splice_Site",
    "splice_acceptor_variant": "Splice_Site",
    "splice_donor_variant": "Splice_Site",
    "stop_gained": "Nonsense_Mutation",
    "frameshift_variant": "Frame_Shift",
    "stop_lost": "Nonstop_Mutation",
    "start_lost": "Translation_Start_Site",
    "initiator_codon_variant": "Translation_Start_Site",
    "transcript_amplification": "Intron",
    "inframe_insertion": "In_Frame_Ins",
    "disruptive_inframe_insertion": "In_Frame_Ins",
    "conservative_inframe_insertion": "In_Frame_Ins",
    "inframe_deletion": "In_Frame_Del",
    "disruptive_inframe_deletion": "In_Frame_Del",
    "conservative_inframe_deletion": "In_Frame_Del",
    "missense_variant": "Missense_Mutation",
    "conservative_missense_variant": "Missense_Mutation",
    "rare_amino_acid_variant": "Missense_Mutation",
    "protein_altering_variant": "by length",
    "splice_donor_5th_base_variant": "Splice_Region",
    "splice_region_variant": "Splice_Region",
    "splice_donor_region_variant": "Splice_Region",
    "splice_polypyrimidine_tract_variant": "Splice_Region",
    "splice_branch_variant": "Splice_Region",
    "incomplete_terminal_codon_variant": "Silent",
    "start_retained_variant": "Silent",
    "start_retained": "Silent",
    "stop_retained_variant": "Silent",
    "synonymous_variant": "Silent",
    "coding_sequence_variant": "Missense_Mutation",
    "mature_miRNA_variant": "RNA",
    "exon_variant": "RNA",
    "5_prime_UTR_premature_start_codon_gain_variant": "5'UTR",
    "5_prime_UTR_truncation": "5'UTR",
    "5_prime_UTR_variant": "5'UTR",
    "3_prime_UTR_truncation": "3'UTR",
    "3_prime_UTR_variant": "3'UTR",
    "non_coding_transcript_exon_variant": "RNA",
    "non_coding_exon_variant": "RNA",
    "intron_variant": "Intron",
    "conserved_intron_variant": "Intron",
    "intragenic_variant": "Intron",
    "NMD_transcript_variant": "Silent",
    "non_coding_transcript_variant": "RNA",
    "nc_transcript_variant": "RNA",
    "coding_transcript_variant": "Silent",
}
_OUTSIDE = frozenset(
    {
        "upstream_gene_variant",
        "downstream_gene_variant",
        "intergenic_variant",
        "intergenic_region",
        "regulatory_region_variant",
        "TF_binding_site_variant",
    }
)
_RANKS = {term: rank for rank, term in enumerate(_WORDS)}
_OTHER = len(_RANKS)  # a term that is not in the table: the gene is hit, nobody knows how


def severity(terms: str) -> int:
    """The rank of the most severe of the terms joined by `&`; 0 is the most severe."""
    return min(_RANKS.get(term, _OTHER) for term in terms.split("&"))


def is_outside(terms: str) -> bool:
    """Whether all terms say that the variant lies outside any transcript (upstream, downstream, intergenic)."""
    return all(term in _OUTSIDE for term in terms.split("&"))


def variant_classification(terms: str, ref: str, alt: str) -> str:
    """The MAF word of the most severe of the terms joined by `&`.

    Parameters
    ----------
    terms : Sequence Ontology terms, such as `missense_variant&splice_region_variant`.
    ref, alt : the alleles as the VCF writes them: whether bases were lost or gained, and whether by threes.

    >>> variant_classification("frameshift_variant&splice_region_variant", "CA", "C")
    'Frame_Shift_Del'
    """
    term = min(terms.split("&"), key=lambda one: _RANKS.get(one, _OTHER))
    word = _WORDS.get(term, "Targeted_Region")
    gained = len(alt) - len(ref)
    if word == "by length":
        if not gained:
            return "Missense_Mutation"
        word = "Frame_Shift" if gained % 3 else "In_Frame"
    if word in ("Frame_Shift", "In_Frame"):
        return f"{word}_{'Ins' if gained > 0 else 'Del'}"
    return word
