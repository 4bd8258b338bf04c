"""How features and predictions of the same cell line agree between two laboratories and two array platforms.

The lines that NCI-60 (CellMiner: averaged microarrays, exomes, Agilent miRNA arrays) shares with GDSC (one RMA array;
CCLE's NanoString miRNA) go through the released bundle twice, once from each source:

1. Features: Pearson correlation over the shared lines, feature by feature, summed up per block; every `tme` and
   `programme` score by name, with what could explain a poor one (number of genes, agreement of those genes, spread).
2. Predictions: the same line from both profiles, correlation and mean shift per drug. Both profiles name the tissue,
   which alone gives some agreement: shown beside. GDSC lines trained the bundle, so a model is also trained without
   the shared lines (under a minute), and its predictions from both profiles compared with what was measured.

**Both sources are arrays. Whole-transcriptome RNA-seq cannot be validated on these data.** How far predictions bear
differences as large as those found here: `stability.py`.

Run: `python benchmarks/platforms.py --data-dir FOLDER [--cache FOLDER]`, with FOLDER holding `nci60/` under
CellMiner's file names (see `laboratories.py`). GDSC and CCLE come from the cache of `pamrx data fetch`.
"""

from __future__ import annotations

import argparse
from dataclasses import replace

import numpy as np
import pandas as pd
from laboratories import ARRAYS, load, main_of, predicted
from pamrx.bundle.bundle import Bundle
from pamrx.features import BLOCKS, FeatureBuilder
from pamrx.features.ncrna import mirna_levels
from pamrx.features.scores import scores_in
from pamrx.identifiers.feature_name import FeatureName, in_block
from pamrx.model.sensitivity import SensitivityModel
from pamrx.prediction.predictions import chosen_assays
from pamrx.prediction.reference import percentiles_among
from pamrx.profiles import Profiles
from pamrx_training.fitting.cohort import Cohort, build_cohort

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


def run(given: argparse.Namespace) -> None:
    """Print the tables of features and of predictions, and what they cannot show."""
    both = load(given)
    bundle, ours, theirs = both.bundle, both.ours, both.theirs
    theirs_x, ours_x = bundle.builder.transform(theirs), bundle.builder.transform(ours)
    spread = bundle.builder.transform(both.everyone).std()
    features = feature_agreement(ours_x, theirs_x, spread)
    print_identity(ours_x, theirs_x)
    print_blocks(features)
    print_mirna(bundle, ours, theirs)
    print_scores(features, bundle, ours_x, theirs_x)
    print_predictions(bundle, ours, theirs)
    print_refit(build_cohort(both.gdsc, both.mirna, both.panel), theirs)
    print(ARRAYS)


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
        moved = shift / spread[name] if spread[name] > 0 else np.nan
        rows.append((FeatureName.parse(name).block, len(pair), r, moved, wide))
    return pd.DataFrame(rows, index=ours.columns, columns=["block", "lines", "r", "shift_sd", "sd_ratio"])


def print_identity(ours: pd.DataFrame, theirs: pd.DataFrame) -> None:
    """Whether each line's nearest profile of the other source is itself: a check of names, on centred genes."""
    genes = [name for name in in_block(ours.columns, "transcriptome") if theirs[name].notna().all()]
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


def print_predictions(bundle: Bundle, ours: Profiles, theirs: Profiles) -> None:
    """Per drug: agreement of the predictions from both profiles, and of that from the tissue alone."""
    here, there = predicted(bundle, ours), predicted(bundle, theirs)
    alone = predicted(bundle, only(ours, "expression")), predicted(bundle, only(theirs, "expression"))
    tissue = predicted(bundle, only(ours))
    reference = bundle.reference.lines
    moved = np.abs(percentiles_among(there, reference) - percentiles_among(here, reference))
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
    model = SensitivityModel().fit(features, measured.loc[train])
    ours, theirs = cohort.profiles.subset(shared), theirs.subset(shared)
    sides = {
        "tissue": model.predict(builder.transform(only(ours))),
        "GDSC": model.predict(builder.transform(ours)),
        "NCI-60": model.predict(builder.transform(theirs)),
        "GDSC_expr": model.predict(builder.transform(only(ours, "expression"))),
        "NCI-60_expr": model.predict(builder.transform(only(theirs, "expression"))),
    }
    assays = [str(assay) for assay in chosen_assays(model.assays_)]
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


if __name__ == "__main__":
    main_of(run, __doc__)
