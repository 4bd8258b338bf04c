"""`pamrx predict` from files to the screen or a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from pamrx.bundle.bundle import Bundle, load_bundle
from pamrx.cli import terminal as render
from pamrx.errors import PamrxError
from pamrx.explanation.alterations import axis_alterations
from pamrx.explanation.contributions import top_contributions
from pamrx.explanation.export import write_contributions
from pamrx.features.purity import estimate_purity
from pamrx.identifiers.assay import AssayId
from pamrx.identifiers.feature_name import FeatureName, in_block
from pamrx.identifiers.genes import default_genes, is_mirna
from pamrx.prediction.intervals import COVERAGE, check_coverage
from pamrx.prediction.predictions import block_evidence, chosen_assays, evidence_table, predictions_from
from pamrx.profiles import Profiles, read_profiles, read_study
from pamrx.tables import check_ending, write_table

TUMOURS_SHOWN = 20
"""More than this are not read from a terminal; the table holds them all."""

REASONS_SHOWN = 3

EXAMPLE_NOTE = (
    "twelve lines that the released model has not seen; their mutations are drivers only, and their copy number is "
    "GDSC1000's recurrent segments, broad as they are: whether single genes are amplified, deeply deleted or otherwise "
    "mutated is unknown of them"
)


def predict_files(
    given: Mapping[str, Path],
    bundle_folder: Path | None,
    drugs: Sequence[str] | None,
    output: Path | None,
    *,
    example: bool = False,
    measured: bool = False,
    top: int = 10,
    unit: str | None = None,
    evidence: Path | None = None,
    explain: Path | None = None,
    coverage: float = COVERAGE,
) -> None:
    """Predict for the files `given` (kind to path), or for the shipped examples; write `output`, or show the result.

    `evidence` takes the share of each block that each sample has (see `pamrx.prediction.predictions.evidence_table`),
    `explain` every contribution to every prediction (see `pamrx.explanation.export`).

    Raises
    ------
    PamrxError
        For any input that cannot be used; nothing is written then.
    """
    _check_outputs({"the predictions": output, "--evidence": evidence, "--explain": explain})
    check_coverage(coverage)
    bundle = load_bundle(bundle_folder)
    chosen = chosen_assays(bundle.model.assays_, drugs)
    if example:
        from pamrx.examples import example_files

        given = example_files()
    profiles = _read(given, default_genes() | set(bundle.builder.universe_), unit)
    features = bundle.builder.transform(profiles)
    table = predictions_from(bundle, features, drugs, coverage)
    # What reading did with the shipped files is no news to anybody.
    render.show_notes((EXAMPLE_NOTE,) if example else (*profiles.notes, *_set_aside(bundle, profiles, features)))
    if explain is not None:  # first, since it is the one that may be refused for its size
        rows = write_contributions(bundle.model, features, chosen, explain)
        render.show_contributions_written(rows, len(features), len(chosen), explain)
    if output is not None:
        write_table(table, output)
        render.show_written(table, output)
    if evidence is not None:
        write_table(evidence_table(features), evidence)
        render.show_evidence_written(len(features), evidence)
    if output is None or measured:
        if measured:
            table = _beside_measured(table)
        _show(bundle, profiles, features, table, chosen, top, coverage, example)
    if not example:
        render.show_evidence(table)
    if measured:
        render.show_agreement(table)


def _check_outputs(named: Mapping[str, Path | None]) -> None:
    """Before any work: endings, folders, and that no two outputs are one file."""
    taken: dict[Path, str] = {}
    for what, path in named.items():
        if path is None:
            continue
        check_ending(path)
        if not path.parent.is_dir():
            raise PamrxError(f"{path}: the folder {path.parent} does not exist; make it first or name another")
        other = taken.setdefault(path.resolve(), what)
        if other != what:
            raise PamrxError(f"{path}: named for both {other} and {what}; name two files")


def _read(given: Mapping[str, Path], known_genes: frozenset[str], unit: str | None = None) -> Profiles:
    if "study" in given:
        return read_study(given["study"], known_genes=known_genes)
    return read_profiles(
        mutations=given.get("mutations"),
        panel=given.get("panel"),
        expression=given.get("expression"),
        ncrna=given.get("ncrna"),
        copy_number=given.get("copy_number"),
        samples=given.get("samples"),
        known_genes=known_genes,
        expression_unit=unit,
    )


def _set_aside(bundle: Bundle, profiles: Profiles, features: pd.DataFrame) -> list[str]:
    """One sentence per matrix that was given and yet gives some samples nothing: too few names, or another assay."""
    block = bundle.builder.ncrna_
    likeness = block.likeness(profiles)
    unlike = likeness < block.least_like
    ranked = in_block(features.columns, "transcriptome")
    micro = [label for label in in_block(features.columns, "ncrna") if is_mirna(FeatureName.parse(label).name)]
    notes = []
    given = {"expression": (profiles.expression, ranked, "genes"), "ncRNA": (profiles.ncrna, micro, "miRNAs")}
    for what, (matrix, names, word) in given.items():
        if matrix is None or not names:
            continue
        if what == "ncRNA":
            matrix = matrix.loc[~unlike, [is_mirna(name) for name in matrix.columns]]
        measured = matrix.notna().any(axis=1)
        lost = measured & features.loc[measured.index, names].isna().all(axis=1)
        if lost.any():
            held = len({FeatureName.parse(label).name for label in names} & set(matrix.columns))
            notes.append(
                f"{what}: {int(lost.sum())} of {int(measured.sum())} samples hold too few of the {word} among which "
                f"the model ranks (the file names {held} of {len(names)}; half are needed): it counts as not measured"
            )
    if unlike.any():
        notes.append(
            f"ncRNA: the miRNAs of {int(unlike.sum())} samples are unlike the training panel's (NanoString): r with "
            f"its mean {likeness[unlike].median():.2f}, there {block.least_like:.2f} or more; levels of another assay "
            "mislead, so they count as not measured"
        )
    return notes


def _show(
    bundle: Bundle,
    profiles: Profiles,
    features: pd.DataFrame,
    table: pd.DataFrame,
    chosen: Sequence[AssayId],
    top: int,
    coverage: float,
    example: bool,
) -> None:
    """The first tumours, each with its `top` drugs and the reasons; of the examples drivers only are named."""
    shown = features.iloc[:TUMOURS_SHOWN]
    reasons = top_contributions(bundle.model, shown, chosen, REASONS_SHOWN)
    present = block_evidence(shown)
    chosen_profiles = profiles.subset(shown.index)
    altered = axis_alterations(chosen_profiles, shown[[]] if example else shown)
    purity = estimate_purity(chosen_profiles, bundle.builder.universe_)
    for sample in shown.index:
        render.show_tumour(
            sample,
            profiles.samples.loc[sample],
            altered[altered["sample_id"] == sample],
            present.loc[sample],
            table[table["sample_id"] == sample].head(top),
            reasons[reasons["sample_id"] == sample],
            purity.loc[sample],
            chosen_profiles.copy_number is not None,
        )
    render.show_footer(len(features) - len(shown), table["drug"].nunique(), top, coverage)


def _beside_measured(table: pd.DataFrame) -> pd.DataFrame:
    """The predictions of the example lines with the column `measured_ln_ic50`."""
    from pamrx.examples import measured

    known = measured().rename(columns={"ln_ic50": "measured_ln_ic50"})
    return table.merge(known, on=["sample_id", "drug", "screen"], how="left", validate="one_to_one")
