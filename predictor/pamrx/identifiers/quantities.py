"""Names of what was measured, and of what describes it: TPM, effective_length, min_copy_number, Total, os_months.

A column that bears such a name is never a sample, and a row that does is never a gene. Names are taken apart into words
(`fpkm_uq_unstranded`, `EffectiveLength`, `log2(TPM+1)`), and each word must be one of the vocabulary: a sample called
`TPM-7` or `Count Dracula` has words of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

LEVEL, COPY, GENERIC, OTHER = "level", "copy number", "value", "other"
"""Families of quantities: of expression, of copy number, of either, and of what is neither (lengths, p values)."""

CALL, LOG_RATIO, RATIO, COPIES = 0, 1, 2, 3
"""What a quantity of copy number is, as its rank says; `COPIES` are absolute."""

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_NO_LETTER = re.compile(r"[\W_]+")
_SEPARATOR = re.compile(r"[^A-Za-z0-9]+")

# Ranks of expression: the lower is taken. Library size and gene length are corrected for in TPM, not in counts.
_LEVELS: dict[str, float] = {
    "tpm": 0, "tpms": 0, "abundance": 0.5, "fpkm": 1, "fpkms": 1, "rpkm": 1, "rpkms": 1, "cpm": 2, "cpms": 2, "rpm": 2,
    "rpms": 2, "rma": 3, "vst": 3, "rlog": 3, "intensity": 3, "signal": 3, "count": 4, "counts": 4, "reads": 4,
    "readcount": 4, "readcounts": 4, "unstranded": 4, "unstrand": 4,
}  # fmt: skip
_COPIES = {
    "gistic": CALL, "call": CALL, "cna": CALL, "discrete": CALL, "cnlr": LOG_RATIO, "logr": LOG_RATIO, "lrr": LOG_RATIO,
    "segmean": LOG_RATIO, "ratio": RATIO, "foldchange": RATIO, "copies": COPIES, "cn": COPIES, "tcn": COPIES,
    "copynumber": COPIES, "lcn": COPIES, "cnv": COPIES,
}  # fmt: skip
_GENERIC = frozenset({"expression", "expr", "exprs", "value", "values", "level", "levels", "log2", "transcriptomics"})
# Of themselves they name nothing; beside a quantity they belong to it.
_WITH = frozenset({
    "log", "ln", "log2", "log10", "raw", "base", "est", "estimated", "expected", "normalized", "normalised",
    "norm", "per", "million", "kilobase", "mapped", "mi", "rna", "mirna", "gene", "genes", "transcript",
    "transcripts", "p", "n", "num", "number", "of", "uq", "upper", "quartile", "plus", "pseudo", "pseudocount",
    "absolute", "total", "min", "max", "minimum", "maximum", "major", "minor", "read", "somatic", "germline",
    "allele", "seg", "segment", "em", "corrected", "scaled", "adjusted", "linear", "copy", "fold", "change",
    "rsem", "salmon", "kallisto", "star", "htseq", "featurecounts", "stringtie", "cufflinks", "tag",
})  # fmt: skip
_OTHER = frozenset({
    "length", "lengths", "len", "effective", "eff", "coverage", "cov", "depth", "weight", "weights", "pvalue",
    "pval", "padj", "fdr", "qvalue", "qval", "adj", "se", "sd", "stderr", "stdev", "std", "mean", "avg",
    "average", "median", "variance", "var", "dispersion", "cv", "conf", "ci", "lo", "hi", "low", "high",
    "upper", "lower", "status", "score", "stat", "stats", "statistic", "rank", "metric", "pct", "percent",
    "percentage", "fraction", "iso", "stranded", "first", "second", "third", "antisense", "sense", "isopct",
    "bins", "probes", "nbins", "nprobes", "fc", "logfc", "lfc", "lfcse", "log2fc", "basemean", "aveexpr", "nes",
    "sum", "rowsum", "rowmean", "rowsums", "rowmeans", "totals", "subtotal", "estimate", "cross", "cf",
    "purity", "ploidy", "loh", "quality", "qual", "flag", "freq", "frequency", "regions", "region", "method",
    "range", "iqr", "mad", "sem",
    "support", "baf", "vaf", "confidence", "detection", "depths", "windows", "window", "snps", "snp", "probe",
})  # fmt: skip
# Of themselves they may be the name of a sample, such as that of a group.
_NOT_ALONE = frozenset({
    "lo", "hi", "low", "high", "upper", "lower", "first", "second", "third", "sense", "antisense", "iso", "cross",
    "adj", "method", "support", "region", "window", "probe", "var", "call",
})  # fmt: skip
# Of themselves they sum up samples; with others they tell of a quantity (min_copy_number).
_SUMMARIES = frozenset({"total", "min", "max", "minimum", "maximum"})
_SUMMARIES_AS_NAMES = ("Max", "Min")  # which are first names too
_NOT_THE_LEVEL = _OTHER - {"upper"}
_NOT_THE_COPIES = _OTHER - {"mean", "median", "avg", "average", "low", "high", "cn", "log2fc", "fc"}
_FLAG = re.compile(r"([Ii]s|[Hh]as)[A-Z_].*|cross[-_. ]?mapped|.*[_. ]flag", re.ASCII)

_SPECIAL_ROWS = re.compile(r"N_(unmapped|multimapping|nofeature|ambiguous)|__\w+", re.IGNORECASE)
# None of them is or was a gene's symbol; genes that are known go before in any case.
_CLINICAL = frozenset({
    "age", "os", "pfs", "dfs", "dss", "efs", "rfs", "ttp", "status", "stage", "grade", "size", "weight",
    "height", "bmi", "purity", "ploidy", "rin", "total", "sum", "batch", "sex", "gender", "race", "ethnicity",
    "tmb", "time", "event", "months", "days", "years", "month", "day", "year", "death", "dead", "alive",
    "vital", "recurrence", "relapse", "survival", "followup", "libsize", "librarysize", "library", "smoking",
    "cohort", "center", "centre", "site", "plate", "percent", "pct", "fraction", "mean", "median", "average",
    "score", "index", "count", "counts", "ncount", "nfeature", "ngenes", "ncounts", "numgenes", "diagnosis",
    "tumor", "tumour", "treatment", "response", "subtype", "histology", "metastasis", "nodes", "lymph",
    "menopausal", "mutations", "censored", "factor", "sizefactor", "quality", "depth", "coverage", "reads",
    "length", "patient", "sample", "sequencing", "concentration", "duration", "dose", "viability", "auc",
    "group",
})  # fmt: skip
_OF_SEVERAL_WORDS = re.compile(r"[\s_.]")


@dataclass(frozen=True)
class Quantity:
    """What a column's name says that it holds: a constant for its family, and its rank there (the lowest is taken)."""

    family: str
    rank: float


def name_key(name: str) -> str:
    """A name in lower case, letters and digits only."""
    return _NO_LETTER.sub("", name.lower())


@lru_cache(maxsize=65536)
def quantity_of(name: str) -> Quantity | None:
    """What a name stands for, if each of its words is one for quantities; None for any other name."""
    if _FLAG.fullmatch(name):
        return Quantity(OTHER, 0)
    words = _words(name)
    if not words or len(words) > 8 or not all(_is_word(word, words) for word in words):
        return None
    if len(words) == 1 and words[0] in _NOT_ALONE:
        return None
    if len(words) == 1 and words[0] in _SUMMARIES and name not in _SUMMARIES_AS_NAMES:
        return Quantity(OTHER, 0)
    return _copies(words) or _levels(words)


def affix_of(name: str) -> tuple[str, Quantity, str] | None:
    """A quantity before or behind a sample's name (`TPM_S1`, `S1.FPKM`): quantity as it stands, what it is, the rest.

    The longest quantity is taken; a rest without any letter is no sample's name.
    """
    places = list(_SEPARATOR.finditer(name))
    for place in reversed(places):
        head, tail = name[: place.start()], name[place.end() :].strip(" )]")
        quantity = quantity_of(head)
        if quantity is not None and _is_name(tail):
            return head, quantity, tail
    for place in places:
        head, tail = name[: place.start()].strip(" ([{"), name[place.end() :].strip(" )]")
        quantity = quantity_of(tail)
        if quantity is not None and _is_name(head):
            return tail, quantity, head
    return None


def is_no_gene(label: str) -> bool:
    """Whether a label that is no known gene names a total, a quality or a clinical number: `N_unmapped`, `os_months`.

    A single word counts as such where it is one of the vocabulary (`Total`, `AGE`), of several words one suffices.
    """
    if label.isalnum():
        return label.lower() in _CLINICAL
    if _SPECIAL_ROWS.fullmatch(label) or name_key(label) in _CLINICAL:
        return True
    return bool(_OF_SEVERAL_WORDS.search(label.strip())) and any(word in _CLINICAL for word in _words(label))


def is_special_row(label: str) -> bool:
    """Whether a row counts reads that no gene was given, as STAR (`N_noFeature`) and htseq-count (`__ambiguous`) do."""
    return bool(_SPECIAL_ROWS.fullmatch(label))


def few(names: Iterable[str], most: int = 4) -> str:
    """The first of some names, and how many more there are."""
    every = list(names)
    more = f" and {len(every) - most} more" if len(every) > most else ""
    return ", ".join(name or "(unnamed)" for name in every[:most]) + more


def _words(name: str) -> tuple[str, ...]:
    words = [word.lower() for word in _WORD.findall(name)]
    joined: list[str] = []
    for word in words:  # log2 and log10 are one word each
        if joined and joined[-1] == "log" and word in ("2", "10"):
            joined[-1] += word
        else:
            joined.append(word)
    return tuple(joined)


def _is_word(word: str, words: tuple[str, ...]) -> bool:
    if word == "1":  # log2(TPM + 1)
        return words[0] != "1" and any(other.startswith("log") for other in words)
    return word in _LEVELS or word in _COPIES or word in _GENERIC or word in _WITH or word in _OTHER


def _copies(words: tuple[str, ...]) -> Quantity | None:
    text = " ".join(words)
    of_copies = "copy number" in text or "copy ratio" in text or any(word in _COPIES for word in words)
    if any(word in _NOT_THE_COPIES for word in words):
        return None
    of_segments = "seg mean" in text or "segment mean" in text
    if not of_copies and not of_segments and "fold change" not in text:
        return None
    if of_segments or any(word.startswith("log") or _COPIES.get(word) == LOG_RATIO for word in words):
        return Quantity(COPY, LOG_RATIO)
    if "minor" in words or "lcn" in words:
        return Quantity(OTHER, 0)
    ranks = [_COPIES[word] for word in words if word in _COPIES]
    rank = min(ranks, default=RATIO if "ratio" in words or "fold" in words else COPIES)
    # The whole gene has the fewest copies at least; the most are those of a part of it.
    return Quantity(COPY, rank + (0.2 if "max" in words or "maximum" in words else 0.1 if "min" in words else 0))


def _levels(words: tuple[str, ...]) -> Quantity | None:
    cores = [_LEVELS[word] for word in words if word in _LEVELS]
    if any(word in _NOT_THE_LEVEL and not (word in ("avg", "mean") and "signal" in words) for word in words):
        return Quantity(OTHER, 0)
    if not cores:
        if "per" in words and "million" in words:
            return Quantity(LEVEL, 2)
        return Quantity(GENERIC, 5) if any(word in _GENERIC for word in words) else None
    rank = float(min(cores))
    if rank == 4 and ("million" in words or any(word.startswith("norm") for word in words)):
        rank = 2
    # Plain before upper-quartile, HPA's pTPM and nTPM, logarithms.
    return Quantity(LEVEL, rank + 0.1 * (len(words) > 1) + 0.1 * bool({"uq", "quartile", "p", "n"} & set(words)))


def _is_name(rest: str) -> bool:
    return any(character.isalpha() for character in rest) and quantity_of(rest) is None
