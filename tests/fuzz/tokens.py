"""Cells and labels that readers trip over."""

from __future__ import annotations

from random import Random

NUMBERS = (
    "", "NA", "nan", "NaN", "-", ".", "inf", "-inf", "Infinity", "1e400", "-1e400", "1e-400", "1e308", "9" * 400,
    "1" + "0" * 5000, "0." + "3" * 500, "9007199254740993", "-9223372036854775809", "18446744073709551616", "0x1F",
    "1_000", "1,5", "1.234,5", "1,234.5", "１２", "١٢", "½", "1e", "--1", "+1", "1 2", "TRUE", "None", "-2", "3", "1.5",
)  # fmt: skip

TEXTS = (
    " ", "\u00a0", "=1+1", "@SUM(A1)", "+cmd|' /C calc'!A0", "-x", "[bold]x[/bold]", "[/]", "[/red]", "[link=x]",
    "\x1b[31mred", "\x1b]0;title\x07", "\x07", "\x08", "\x00", "\x7f", "\x9b31m", "\u202e", "\u2028", "\u2029", "\x85",
    "\x0b", "\x0c", "\x1c", "\x1f", "\r", "\ufeff", "\ufffd", "\U0001f9ec", "e\u0301", "ß", "İ", "ﬁ", '"', '"open',
    'a"b', "'", "\\", "\\n", "%s%n", "{0}", "{}", "${HOME}", "../../x", "/dev/null", ";", "|", ",", "\t", "#", "#x",
    "Hugo_Symbol", "Tumor_Sample_Barcode", "sample_id", "gene", "PTEN", "PIK3CA;PTEN", "PIK3CA///PTEN", "PTEN|5728",
    "ENSG00000121879.3", "ENSG" + "9" * 40, "5290", "hsa-miR-21-5p", "hsa-let-7a-1", "1-Mar", "2024-03-01", "45352",
    "TCGA-AA-0001-01A-11R-A1-07", "TCGA-AA-0001-11A", "S1", "s1", "S1.1", "S1 ", "p.H1047R", "p.=", "p.?", "p.(H1047R)",
    "p.H1047fs*" + "9" * 30, "p.*" + "1" * 4000, "c.3140A>G", "Missense_Mutation", "MUTATED", "breast", "brest",
    "MSI-H", "yes", "GERMLINE", "Silent",
)  # fmt: skip


def label(random: Random, longest: int = 40_000) -> str:
    """A text that may stand for a name, sometimes of a length that nobody would give one."""
    if random.random() < 0.2:
        return random.choice((" ", "x", "A1", "(", "p.", "\u00e9", "1", "a b")) * random.choice((300, 2000, longest))
    return random.choice(TEXTS)


def cell(random: Random) -> str:
    """A number, a text or a label."""
    return random.choice(NUMBERS) if random.random() < 0.5 else label(random)
