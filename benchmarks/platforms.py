"""How features and predictions of the same cell line agree between two laboratories and two array platforms.

The lines that NCI-60 (CellMiner: averaged microarrays, exomes, Agilent miRNA arrays) shares with GDSC (one RMA array;
CCLE's NanoString miRNA) go through the released bundle twice, once from each source:

1. Features: Pearson correlation over the shared lines, feature by feature, summed up per block; every `tme` and
   `programme` score by name, with what could explain a poor one (number of genes, agreement of those genes, spread).
2. Predictions: the same line from both profiles, correlation and mean shift per drug. Both profiles name the tissue,
   which alone gives some agreement: shown beside. GDSC lines trained the bundle, so a model is also trained without
   the shared lines (under a minute), and its predictions from both profiles compared with what was measured.
3. Stability: predictions from GDSC profiles after gene-wise platform differences as large as those found, and after
   the loss of genes.

**Both sources are arrays. Whole-transcriptome RNA-seq cannot be validated on these data.**

Run: `python benchmarks/platforms.py --data-dir FOLDER [--cache FOLDER]`, with FOLDER holding `nci60/` under
CellMiner's file names as below. GDSC and CCLE come from the cache of `pamrx data fetch`.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from predictor.bundle import Bundle, load_bundle
from predictor.errors import PamrxError
from predictor.features import BLOCKS, FeatureBuilder, block_of
from predictor.features.ncrna import mirna_levels
from predictor.features.scores import scores_in
from predictor.model import SensitivityModel
from predictor.predictions import chosen_assays, sensitivity_percentiles
from predictor.profiles import Profiles, read_profiles
from training.cohort import Cohort, build_cohort, training_profiles
from training.datasets import load_ccle_mirna, load_gdsc
from training.datasets.names import line_key_of_stripped

EXPRESSION = "nci60/nci60_expression_log2.csv.gz"
EXOMES = "nci60/nci60_exome_percent_variant.csv.gz"
MIRNA = "nci60/nci60_mirna_agilent_log2.tsv.gz"
OTHER_NAMES = {"A549ATCC": "A549", "HL60TB": "HL60"}
"""NCI-60's own names of two lines, stripped."""

GOAL = 0.6
MIN_LINES = 10
SCORE_LEGEND = """\
genes: measured in training; gene r: median r of the member genes; together: mean correlation between the
genes (signed) over the GDSC profiles; apart: the same of their differences NCI-60 minus GDSC, high where one cause
moves them all (growth, medium, density), low where probes differ one by one; sd ratio: spread in the compared lines
against all GDSC lines; shift: NCI-60 minus GDSC, in sd of all GDSC lines."""
DRUG_LEGEND = """\
all: every block that each source has; expr.: expression and tissue only; tissue: GDSC profile against its
tissue alone, the agreement that needs no profile; shift in ln units and in sd of the GDSC-profile predictions; pct:
median absolute change of the sensitivity percentile. GDSC profiles of these lines trained the bundle."""
STABILITY_LEGEND = """\
rank rho: Spearman over drugs within a line of the prediction minus its drug's mean, median of lines (the
order of drugs for one tumour); shift/sd: median over drugs of |mean shift| in sd of the undisturbed predictions. Above
half of the genes lost, the transcripts count as not measured and a model of the rest answers."""
REPEATS = 5
DRAWN_LINES = 200
ARRAYS = """\
Both sources are arrays: nothing here says how features or predictions of whole-transcriptome RNA-seq compare,
and these data cannot validate that. The simulated differences are as large as those between these two arrays."""


def main() -> None:
    """Print the three tables, and what they cannot show."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    options.add_argument("--data-dir", type=Path, required=True, help="folder with nci60/")
    options.add_argument("--cache", type=Path, default=None, help="data cache of `pamrx data fetch`")
    options.add_argument("--seed", type=int, default=0)
    given = options.parse_args()
    try:
        run(given)
    except PamrxError as error:
        print(error, file=sys.stderr)
        sys.exit(2)


def run(given: argparse.Namespace) -> None:
    bundle = load_bundle()
    gdsc, mirna = load_gdsc(given.cache), load_ccle_mirna(given.cache)
    lines = gdsc.cell_lines.loc[gdsc.complete_lines()]
    nci60 = nci60_profiles(given.data_dir, lines)
    shared = list(nci60.samples.index)
    everyone = training_profiles(lines, gdsc.alterations, gdsc.expression, mirna)
    ours = everyone.subset(shared)
    print(f"{len(shared)} lines compared: {', '.join(shared)}\n")
    theirs_x, ours_x = bundle.builder.transform(nci60), bundle.builder.transform(ours)
    spread = bundle.builder.transform(everyone).std()
    features = feature_agreement(ours_x, theirs_x, spread)
    print_identity(ours_x, theirs_x)
    print_blocks(features)
    print_mirna(bundle, ours, nci60)
    print_scores(features, bundle, ours_x, theirs_x)
    print_predictions(bundle, ours, nci60)
    print_refit(build_cohort(gdsc, mirna), nci60)
    rng = np.random.default_rng(given.seed)
    print_stability(bundle, everyone, platform_differences(bundle, ours, nci60), rng)
    print(f"\n{ARRAYS}")


def nci60_profiles(folder: Path, lines: pd.DataFrame) -> Profiles:
    """NCI-60's tables of the lines that GDSC has, written under canonical keys and read as a user's files would be.

    The exome table has no protein change: every call is marked a driver, an upper bound of the flags. Tissue is
    GDSC's. There is no copy number and no MSI status.
    """
    expression, exomes = keyed(read(folder / EXPRESSION)), keyed(read(folder / EXOMES))
    table = read(folder / MIRNA)
    mirna = keyed(table[[name for name in table.columns if ":" in name]])
    shared = [line for line in lines.index if line in expression and line in exomes]
    empty = [line for line in shared if expression[line].isna().all()]
    told = ", ".join(empty) or "none"
    print(f"{len(shared)} lines shared by NCI-60 and GDSC; left out, without expression in NCI-60: {told}")
    shared = [line for line in shared if line not in empty]
    row, column = np.nonzero(exomes[shared].to_numpy() > 0)
    maf = pd.DataFrame(
        {
            "Hugo_Symbol": exomes.index.to_numpy()[row],
            "Tumor_Sample_Barcode": np.array(shared, dtype=object)[column],
            "Variant_Classification": "Unknown",
            "cbp_driver": "Putative_Driver",
        }
    )
    described = pd.DataFrame(
        {"tissue": lines.loc[shared, "tissue"], "sample_type": "cell_line", "sequenced": "yes"},
        index=pd.Index(shared, name="sample_id"),
    )
    with tempfile.TemporaryDirectory() as kept:
        at = Path(kept)
        maf.to_csv(at / "exomes.maf", sep="\t", index=False)
        expression[shared].to_csv(at / "expression.csv", index_label="gene")
        mirna[[line for line in shared if line in mirna]].to_csv(at / "mirna.csv", index_label="mirna")
        described.to_csv(at / "samples.csv")
        return read_profiles(at / "exomes.maf", at / "expression.csv", at / "mirna.csv", samples=at / "samples.csv")


def keyed(table: pd.DataFrame) -> pd.DataFrame:
    """Columns under canonical keys (`BR:MDA-MB-231`, `MDA_MB_231` -> `MDAMB231`); names of two lines left out."""
    keys = [line_key_of_stripped(str(name).rpartition(":")[2]) or "" for name in table.columns]
    columns = pd.Index([OTHER_NAMES.get(key, key) for key in keys])
    return table.set_axis(columns, axis=1).loc[:, (columns != "") & ~columns.duplicated(keep=False)]


def read(path: Path) -> pd.DataFrame:
    if not path.is_file():
        raise PamrxError(f"{path}: no such file; give the folder that holds {EXPRESSION} as --data-dir")
    return pd.read_csv(path, index_col=0, sep="\t" if ".tsv" in path.name else ",")


def feature_agreement(ours: pd.DataFrame, theirs: pd.DataFrame, spread: pd.Series) -> pd.DataFrame:
    """Per feature: lines with both values, Pearson r, mean shift and spread here against all lines (sd ratio).

    r is NaN where fewer than `MIN_LINES` lines have both values or one side is constant.
    """
    rows = []
    for name in ours.columns:
        pair = pd.concat([ours[name], theirs[name]], axis=1, keys=["ours", "theirs"]).dropna()
        # Differences of the last digits are no variation.
        varies = len(pair) >= MIN_LINES and bool((pair.std() > 1e-9).all())
        r = pair["ours"].corr(pair["theirs"]) if varies else np.nan
        shift = (pair["theirs"] - pair["ours"]).mean() if len(pair) else np.nan
        wide = pair["ours"].std() / spread[name] if len(pair) > 1 and spread[name] > 0 else np.nan
        rows.append((block_of(name), len(pair), r, shift / spread[name] if spread[name] > 0 else np.nan, wide))
    return pd.DataFrame(rows, index=ours.columns, columns=["block", "lines", "r", "shift_sd", "sd_ratio"])


def print_identity(ours: pd.DataFrame, theirs: pd.DataFrame) -> None:
    """Whether each line's nearest profile of the other source is itself: a check of names, on centred genes."""
    genes = [name for name in ours.columns if block_of(name) == "transcriptome" and theirs[name].notna().all()]
    here, there = (table[genes] - table[genes].mean() for table in (ours, theirs))
    near = np.corrcoef(here.to_numpy(), there.to_numpy())[: len(ours), len(ours) :]
    own = near.argmax(axis=1) == np.arange(len(ours))
    other = ", ".join(f"{ours.index[i]} ({ours.index[near[i].argmax()]})" for i in np.flatnonzero(~own))
    print(f"Names checked on {len(genes)} genes: {own.sum()} of {len(own)} lines are their own nearest profile")
    print(f"Nearest to another line: {other or 'none'}\n")


def print_blocks(features: pd.DataFrame) -> None:
    print("1. Features: Pearson r over the shared lines, NCI-60 against GDSC profile")
    print(f"{'block':15}{'features':>9}{'compared':>9}{'median':>8}{'q25':>7}{'q75':>7}{f'r>{GOAL}':>7}  not compared")
    parts = {block: features[features["block"] == block] for block in BLOCKS}
    rna = parts.pop("ncrna")
    micro = rna.index.str.contains("hsa-")
    parts |= {"ncrna: miRNA": rna[micro], "ncrna: lncRNA": rna[~micro]}
    for block, part in parts.items():
        r = part["r"].dropna()
        lacking = part["lines"] < MIN_LINES
        why = f"{lacking.sum()} lacking, {(~lacking & part['r'].isna()).sum()} constant"
        if block == "tissue":
            print(f"{block:15}{len(part):>9}{'-':>9}   given the same on both sides")
        elif r.empty:
            print(f"{block:15}{len(part):>9}{0:>9}{'-':>8}{'-':>7}{'-':>7}{'-':>7}  {why}")
        else:
            low, middle, high = r.quantile([0.25, 0.5, 0.75])
            share = (r > GOAL).mean()
            print(f"{block:15}{len(part):>9}{len(r):>9}{middle:>8.2f}{low:>7.2f}{high:>7.2f}{share:>7.0%}  {why}")
    flags = features[(features["block"] == "mutation") & (features["r"] < GOAL)].sort_values("r")
    print("mutation: any call of the exome against driver flags, without protein changes; lowest: ", end="")
    print(", ".join(f"{name.partition('.')[2]} {r:.2f}" for name, r in flags["r"].head(10).items()) + "\n")


def print_mirna(bundle: Bundle, ours: Profiles, theirs: Profiles) -> None:
    """How far the miRNA arrays agree inside the miRNAs that both hold, enough for the block or not."""
    universe = bundle.builder.ncrna_.mirna_universe
    levels = [mirna_levels(profiles, universe) for profiles in (ours, theirs)]
    both = [name for name in levels[0].columns if name in levels[1].columns]
    here, there = (scores_in(level, both, ours.samples.index) for level in levels)
    detected = [name for name in both if name in bundle.builder.ncrna_.mirnas]
    r = here[detected].corrwith(there[detected])
    low, middle, high = r.quantile([0.25, 0.5, 0.75])
    print(
        f"miRNA: NCI-60's array holds {levels[1].shape[1]} of the universe's {len(universe)}; under half: unmeasured."
    )
    print(
        f"Ranked inside the {len(both)} that both hold, which the bundle does not do: {len(detected)} features,",
        end=" ",
    )
    lines = here.notna().any(axis=1).sum()
    print(f"{lines} lines, median r {middle:.2f} ({low:.2f} to {high:.2f}), above {GOAL}: {(r > GOAL).mean():.0%}\n")


def print_scores(features: pd.DataFrame, bundle: Bundle, ours: pd.DataFrame, theirs: pd.DataFrame) -> None:
    """Every score of `tme` and `programme`, poorest first, with what could explain it; then the genes of the poor."""
    members = {
        f"{block.name}.{name}": pd.Series(genes).add_prefix("transcriptome.")
        for block in (bundle.builder.tme_, bundle.builder.programme_)
        for name, genes in block.members.items()
    }
    scores = features.loc[list(members)].sort_values("r")
    heads = ("r", "genes", "gene r", "together", "apart", "sd ratio", "shift")
    print(f"tme and programme scores, poorest first: {(scores['r'] < GOAL).sum()} of {len(scores)} below {GOAL}")
    print(f"{'score':36}" + "".join(f"{head:>9}" for head in heads))
    for name, own in scores.iterrows():
        weights = members[name]
        numbers = (features["r"].reindex(weights.index).median(), *cohesion(weights, ours, theirs))
        told = "".join(f"{number:>9.2f}" for number in (*numbers, own["sd_ratio"], own["shift_sd"]))
        print(f"{name:36}{own['r']:>9.2f}{len(weights):>9}{told}" + ("  poor" if own["r"] < GOAL else ""))
    print(SCORE_LEGEND)
    for name in scores.index[scores["r"] < GOAL]:
        print_poor(name, features, members[name], ours, theirs)
    print()


def print_poor(name: str, features: pd.DataFrame, weights: pd.Series, ours: pd.DataFrame, theirs: pd.DataFrame) -> None:
    """The three genes that agree least, and the one without which the score would agree best."""
    weights = weights[weights.index.isin(features.index[features["r"].notna()])]
    least = features.loc[weights.index, "r"].sort_values().index[:3]
    wide = {gene: f"sd {ours[gene].std():.2f}, NCI-60 {theirs[gene].std():.2f}" for gene in least}
    told = [f"{gene.partition('.')[2]} r {features.loc[gene, 'r']:.2f} ({wide[gene]})" for gene in least]
    without = {
        gene: (ours[rest] * weights[rest]).sum(axis=1).corr((theirs[rest] * weights[rest]).sum(axis=1))
        for gene in weights.index
        if (rest := list(weights.index.drop(gene)))
    }
    best = max(without, key=lambda gene: without[gene])
    print(f"  {name}: {', '.join(told)}; without {best.partition('.')[2]} the score's r is {without[best]:.2f}")


def cohesion(weights: pd.Series, ours: pd.DataFrame, theirs: pd.DataFrame) -> tuple[float, float]:
    """Mean correlation between the signed genes: in GDSC profiles, and of the differences of the two profiles."""
    genes = [gene for gene in weights.index if gene in ours and theirs[gene].notna().all() and ours[gene].notna().all()]
    if len(genes) < 2:
        return np.nan, np.nan
    here, there = (table[genes] * weights[genes] for table in (ours, theirs))
    pairs = ~np.eye(len(genes), dtype=bool)
    return tuple(float(np.nanmean(table.corr().to_numpy()[pairs])) for table in (here, there - here))


def only(profiles: Profiles, *blocks: str) -> Profiles:
    """The profiles with the tissue and some matrices alone, without mutations."""
    gone = {name: None for name in ("expression", "ncrna", "copy_number") if name not in blocks}
    nobody = pd.Series(False, index=profiles.samples.index)
    return replace(profiles, **gone, mutations=None, sequenced=nobody, assessed_genes=None)


def predicted(bundle: Bundle, profiles: Profiles) -> pd.DataFrame:
    """(n, drugs) ln IC50 of each drug's newest screen; columns are assays."""
    assays = list(chosen_assays(bundle.model.assays_).values())
    return bundle.model.predict(bundle.builder.transform(profiles))[assays]


def print_predictions(bundle: Bundle, ours: Profiles, theirs: Profiles) -> None:
    """Per drug: agreement of the predictions from both profiles, and of that from the tissue alone."""
    here, there = predicted(bundle, ours), predicted(bundle, theirs)
    alone = predicted(bundle, only(ours, "expression")), predicted(bundle, only(theirs, "expression"))
    tissue = predicted(bundle, only(ours))
    reference = bundle.reference[here.columns]
    moved = np.abs(sensitivity_percentiles(there, reference) - sensitivity_percentiles(here, reference))
    shift = (there - here).mean()
    columns = {"all r": here.corrwith(there), "all rho": here.corrwith(there, method="spearman")}
    columns |= {"expr. r": alone[0].corrwith(alone[1]), "tissue r": here.corrwith(tissue)}
    columns |= {"shift": shift, "shift/sd": shift / here.std(), "sd ratio": there.std() / here.std()}
    table = pd.DataFrame(columns | {"pct": pd.Series(np.median(moved, axis=0), index=here.columns)})
    print("2. Predictions of the same line from both profiles (NCI-60 minus GDSC; ln IC50 of the newest screen)")
    print(f"{'assay':28}" + "".join(f"{head:>10}" for head in table.columns))
    for name, row in [*table.sort_values("all r").iterrows(), ("median", table.median())]:
        print(f"{name:28}" + "".join(f"{value:>10.2f}" for value in row))
    print(f"{DRUG_LEGEND}\n")


def print_refit(cohort: Cohort, theirs: Profiles) -> None:
    """A model that has seen neither the shared lines nor their donors: measured against predicted from each profile."""
    shared = [line for line in cohort.lines if line in set(theirs.samples.index)]
    donors = set(cohort.cell_lines.loc[shared, "donor"])
    train = [line for line, donor in cohort.cell_lines["donor"].items() if donor not in donors]
    builder = FeatureBuilder().fit(cohort.profiles.subset(train))
    measured = cohort.response_matrix(train)
    features = builder.transform(cohort.profiles.subset(train))
    model = SensitivityModel().fit(features, measured.loc[train], cohort.cell_lines.loc[train, "donor"])
    ours, theirs = cohort.profiles.subset(shared), theirs.subset(shared)
    sides = {
        "tissue": model.predict(builder.transform(only(ours))),
        "GDSC": model.predict(builder.transform(ours)),
        "NCI-60": model.predict(builder.transform(theirs)),
        "GDSC_expr": model.predict(builder.transform(only(ours, "expression"))),
        "NCI-60_expr": model.predict(builder.transform(only(theirs, "expression"))),
    }
    assays = list(chosen_assays(model.assays_).values())
    accuracy = pd.DataFrame({name: side.corrwith(measured.loc[shared])[assays] for name, side in sides.items()})
    between = sides["GDSC"].corrwith(sides["NCI-60"])[assays]
    shift = (sides["NCI-60"] - sides["GDSC"]).mean()[assays] / sides["GDSC"].std()[assays]
    print(f"2b. Model trained without the {len(shared)} shared lines and their donors ({len(train)} lines left):")
    print("    Pearson r of predicted and measured ln IC50 over the shared lines, means over drugs")
    for name, mean in accuracy.mean().items():
        print(f"    {name:12}{mean:>6.2f}")
    loss = (accuracy["NCI-60"] - accuracy["GDSC"]).sort_values()
    print(f"    NCI-60 minus GDSC: mean {loss.mean():+.3f}; worst {loss.index[0]} {loss.iloc[0]:+.2f}", end="")
    print(f", best {loss.index[-1]} {loss.iloc[-1]:+.2f}")
    print(f"    predictions of both profiles, unseen lines: median r {between.median():.2f} (lowest", end=" ")
    print(f"{between.idxmin()} {between.min():.2f}), median |shift| {shift.abs().median():.2f} sd\n")


def platform_differences(bundle: Bundle, ours: Profiles, theirs: Profiles) -> pd.DataFrame:
    """Per gene of the universe that both hold: offset (mean difference) and factor (ratio of sd), in z within lines.

    Columns centre (GDSC's mean), offset, factor. Each line is standardised over the genes of both first, so that only
    what differs from gene to gene is left: within-line ranks take no notice of the rest.
    """
    here, there = ours.expression, theirs.expression
    genes = [gene for gene in bundle.builder.universe_ if gene in here and gene in there]
    here, there = (z_in_line(table[genes]) for table in (here, there))
    factor = (there.std() / here.std()).replace([np.inf, 0.0], np.nan)
    return pd.DataFrame({"centre": here.mean(), "offset": (there - here).mean(), "factor": factor}).dropna()


def z_in_line(table: pd.DataFrame) -> pd.DataFrame:
    return table.sub(table.mean(axis=1), axis=0).div(table.std(axis=1), axis=0)


def disturbed(
    values: pd.DataFrame, differences: pd.DataFrame, rng: np.random.Generator, size: float, parts: str
) -> pd.DataFrame:
    """Each gene's z around its mean, stretched by another gene's factor and moved by its offset, drawn with repeats.

    `size` multiplies the offsets and is the exponent of the factors; `parts` holds "offset", "factor" or both. With
    `size` 0 the values stay as they are.
    """
    drawn = differences.iloc[rng.integers(len(differences), size=values.shape[1])]
    factor = drawn["factor"].to_numpy() ** size if "factor" in parts else 1.0
    offset = drawn["offset"].to_numpy() * size if "offset" in parts else 0.0
    centre = values.mean()
    return centre + (values - centre) * factor + offset


def without_genes(values: pd.DataFrame, universe: list[str], share: float, rng: np.random.Generator) -> pd.DataFrame:
    """`share` of the universe's genes, rounded down, set missing in all lines, as a smaller platform would."""
    held = [gene for gene in universe if gene in values]
    lost = rng.choice(np.array(held, dtype=object), size=int(share * len(universe)), replace=False)
    return values.drop(columns=list(lost))


def print_stability(bundle: Bundle, everyone: Profiles, found: pd.DataFrame, rng: np.random.Generator) -> None:
    """Correlation over lines with the undisturbed predictions, per drug; median and lowest drug, mean of repeats."""
    chosen = everyone.subset(sorted(rng.choice(np.array(everyone.samples.index), DRAWN_LINES, replace=False)))
    values = z_in_line(chosen.expression[[gene for gene in bundle.builder.universe_ if gene in chosen.expression]])
    universe = bundle.builder.universe_
    before = predicted(bundle, chosen)
    cases = {
        "offsets": lambda: disturbed(values, found, rng, 1.0, "offset"),
        "factors": lambda: disturbed(values, found, rng, 1.0, "factor"),
        "offsets and factors": lambda: disturbed(values, found, rng, 1.0, "offset factor"),
        "the same, half as large": lambda: disturbed(values, found, rng, 0.5, "offset factor"),
        "the same, twice as large": lambda: disturbed(values, found, rng, 2.0, "offset factor"),
        **{
            f"{share:.0%} of genes lost": lambda share=share: without_genes(values, universe, share, rng)
            for share in (0.1, 0.3, 0.5, 0.52)
        },
        "offsets, factors, 30% lost": lambda: without_genes(
            disturbed(values, found, rng, 1.0, "offset factor"), universe, 0.3, rng
        ),
    }
    print(
        f"3. Stability: {DRAWN_LINES} GDSC lines, {REPEATS} draws; differences of {len(found)} genes: sd of offsets",
        end=" ",
    )
    spread = values.std().median()
    print(f"{found['offset'].std():.2f}\n   (a gene's sd between lines is {spread:.2f}), factors", end=" ")
    print(f"{found['factor'].quantile(0.05):.2f} to {found['factor'].quantile(0.95):.2f} (5 to 95 %)")
    heads = ("median r", "lowest r", "rank rho", "shift/sd", "sd ratio")
    print(f"{'disturbance':30}" + "".join(f"{head:>10}" for head in heads) + "  lowest drug")
    for name, case in cases.items():
        runs = [compare(before, predicted(bundle, replace(chosen, expression=case()))) for _ in range(REPEATS)]
        table = sum(runs) / len(runs)
        numbers = (table["r"].median(), table["r"].min(), table["rho"].median(), table["shift"].median())
        told = "".join(f"{number:>10.3f}" for number in (*numbers, table["sd_ratio"].median()))
        print(f"{name:30}{told}  {table['r'].idxmin()}")
    print(STABILITY_LEGEND)


def compare(before: pd.DataFrame, after: pd.DataFrame) -> pd.DataFrame:
    """Per assay: r and |mean shift| / sd, ratio of sd; rho is the same median over lines for every assay."""
    centred = (before - before.mean()).T, (after - before.mean()).T
    rho = centred[0].corrwith(centred[1], method="spearman").median()
    shift = (after - before).mean().abs() / before.std()
    ratio = after.std() / before.std()
    return pd.DataFrame({"r": before.corrwith(after), "rho": rho, "shift": shift, "sd_ratio": ratio})


if __name__ == "__main__":
    main()
