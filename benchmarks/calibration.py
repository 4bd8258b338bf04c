"""What taking a laboratory's offsets off does to predictions, on real laboratories and simulated ones.

The released bundle, and no retraining. Lines that two sources hold go through it twice; the array of GDSC, on which it
was trained, is what the other source is compared with. Offsets are never learned from the sample that they are taken
off: leaving one line out (HPA), or a tenth of the lines (NCI-60).

1. HPA: RNA-seq of 25 lines, of which 7 are among the lines held out of training; NCI-60: averaged arrays of 58 lines.
2. Simulated: GDSC lines moved gene by gene by the median differences between HPA, or NCI-60, and GDSC.
3. Cohorts of one kind, as they are: what calibrating takes from cohorts that have nothing to be taken off.
4. Offsets between RNA-seq and array from HPA's lines in both, for a single RNA-seq sample.
5. Single samples: how often limits that 2 % of the reference lines exceed are exceeded by other platforms' samples.

Intervals are 95 % percentile bootstraps over lines. Run:
`python benchmarks/calibration.py --data-dir FOLDER [--cache FOLDER]`, with FOLDER holding `nci60/` and `hpa/`.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable
from dataclasses import replace

import numpy as np
import pandas as pd
from laboratories import Laboratories, load, main_of
from pamrx.bundle.bundle import Bundle
from pamrx.prediction.laboratory import LabOffsets, learn_offsets, size_of_shift
from pamrx.prediction.platform_shift import drug_shifts
from pamrx.prediction.reference import percentiles_among
from pamrx.profiles import Profiles, read_profiles
from pamrx_training.datasets.laboratory import local_file
from pamrx_training.datasets.nci60 import MEASURE, load_nci60

HPA = "hpa/hpa_25_gdsc_lines_log2tpm.tsv.gz"
DRAWS, SEED = 2000, 11
KINDS = (("PIK3CA driver", "PIK3CA"), ("KRAS driver", "KRAS"), ("PTEN driver", "PTEN"))
TISSUES = ("breast", "leukemia", "skin", "lung_SCLC")
HEAD = (
    f"{'':28}{'lines':>6}{'shift':>7}{'r':>7}{'|d pct|':>9}{'(95 %)':>16}{'off>=10':>9}{'off>=20':>9}"
    f"{'first':>7}{'three':>7}"
)
LEGEND = """\
shift: size in normal scores; r: of predicted ln IC50 with the same lines' array, mean over drugs; |d pct|: mean
absolute difference of the sensitivity percentile from the array's, over lines and drugs; off: of 52 drugs, those whose
median percentile differs by so many points from the array's; first, three: share of lines whose first drug is the
most common one, or one of the three most common."""


def run(given: argparse.Namespace) -> None:
    """Print the tables."""
    both = load(given)
    bundle = both.bundle
    raw = read_profiles(expression=local_file(given.data_dir, HPA)).expression
    assert raw is not None
    held = [line for line in both.everyone.samples.index if line in raw.index]
    array = both.everyone.subset(held)
    rna = replace(array, expression=raw.loc[held])
    nci = load_nci60(given.data_dir, both.everyone.samples["tissue"])
    print(f"1. Two laboratories\n{HEAD}")
    real = [
        ("HPA, RNA-seq", array, rna, [[line] for line in held]),
        ("NCI-60, arrays", replace(both.ours, copy_number=None, segments=None), both.theirs, tenths(both.theirs)),
    ]
    for name, ours, theirs, folds in real:
        laboratory(bundle, name, ours, theirs, nci.profiles if "NCI" in name else theirs, folds)
    print(LEGEND)
    measured(bundle, nci.profiles, nci.matrix(MEASURE))
    pten(bundle, both, rna, nci.profiles)
    moves = {"HPA": difference(bundle, array, rna), "NCI-60": difference(bundle, both.ours, both.theirs)}
    simulated(both, moves)
    one_kind(both)
    paired(bundle, array, rna, set(bundle.manifest["held_out_lines"]))
    single(both, {"HPA": rna, "NCI-60": nci.profiles})


def laboratory(
    bundle: Bundle, name: str, ours: Profiles, theirs: Profiles, whole: Profiles, folds: Iterable[list[str]]
) -> None:
    """Three rows: the array, the other laboratory, and that calibrated without the lines it is judged on."""
    base, other = bundle.predict(ours), bundle.predict(theirs)
    parts, left = [], []
    features = bundle.builder.transform(whole)
    for fold in folds:
        kept = features.drop(index=fold)
        lab = learned(bundle, kept, whole.samples.loc[kept.index, "tissue"])
        calibrated = bundle.calibrated(lab)
        some = theirs.subset(fold)
        parts.append(calibrated.predict(some))
        left.append(calibrated.builder.transform(some))
    fixed = pd.concat(parts, ignore_index=True)
    after = pd.concat(left)
    row(f"{name}: GDSC's array", base, base, size(bundle, bundle.builder.transform(ours), ours))
    row(f"{name}: as it is", base, other, size(bundle, bundle.builder.transform(theirs), theirs))
    row(f"{name}: calibrated", base, fixed, size(bundle, after, theirs))
    unseen = [line for line in theirs.samples.index if line in bundle.manifest["held_out_lines"]]
    for told, table in (("as it is", other), ("calibrated", fixed)):
        mine, yours = (one[one["sample_id"].isin(unseen)] for one in (base, table))
        row(f"  {len(unseen)} held out: {told}", mine, yours, None)
    gain = per_line(base, other) - per_line(base, fixed)
    print(f"  |d pct| less by {interval(gain)}; held out lines {interval(gain[unseen])}")


def row(name: str, base: pd.DataFrame, table: pd.DataFrame, shift: float | None) -> None:
    own, other = wide(base), wide(table).loc[wide(base).index]
    r = wide(base, "ln_ic50").corrwith(wide(table, "ln_ic50").loc[own.index]).mean()
    moved = (other.median() - own.median()).abs()
    low, high = bootstrap(per_line(base, table))
    first, three = concentration(table)
    print(
        f"{name:28}{len(own):>6}{'-' if shift is None else f'{shift:.2f}':>7}{r:>7.3f}"
        f"{per_line(base, table).mean():>9.1f}{f'({low:.1f} to {high:.1f})':>16}{(moved >= 10).sum():>9}"
        f"{(moved >= 20).sum():>9}{first:>7.0%}{three:>7.0%}"
    )


def measured(bundle: Bundle, theirs: Profiles, response: pd.DataFrame) -> None:
    """Agreement of NCI-60's predictions with its own measured response, before and after."""
    features, parts = bundle.builder.transform(theirs), []
    for fold in tenths(theirs):
        kept = features.drop(index=fold)
        lab = learned(bundle, kept, theirs.samples.loc[kept.index, "tissue"])
        parts.append(bundle.calibrated(lab).predict(theirs.subset(fold)))
    tables = {"as it is": bundle.predict(theirs), "calibrated": pd.concat(parts)}
    unseen = [line for line in response.index if line not in set(bundle.manifest["trained_lines"])]
    print("\nNCI-60's own response: mean over drugs of r(predicted, measured), all lines; and within a line, mean rho")
    drugs = [drug for drug in response.columns if drug in set(tables["as it is"]["drug"])]
    across, inside = {}, {}
    for name, table in tables.items():
        lines = [line for line in wide(table).index if line in response.index]
        across[name] = (-wide(table, "ln_ic50")).loc[lines, drugs], response.loc[lines, drugs]
        inside[name] = wide(table).loc[lines, drugs].corrwith(response.loc[lines, drugs], axis=1, method="spearman")
        r = across[name][0].corrwith(across[name][1]).mean()
        print(f"  {name:12} r {r:.3f}, rho within a line {inside[name].mean():.3f} ({len(lines)} lines)")
    random, gains = np.random.default_rng(SEED), []
    for _ in range(300):
        rows = random.integers(0, len(across["as it is"][0]), len(across["as it is"][0]))
        means = [
            here.iloc[rows].reset_index(drop=True).corrwith(there.iloc[rows].reset_index(drop=True)).mean()
            for here, there in across.values()
        ]
        gains.append(means[1] - means[0])
    low, high = np.quantile(gains, [0.025, 0.975])
    more = inside["calibrated"] - inside["as it is"]
    print(f"  calibrated minus as it is: r {low:+.3f} to {high:+.3f}; rho {interval(more)}")
    print(f"  {len(unseen)} lines that training did not see: rho {interval(more[unseen])}")


def pten(bundle: Bundle, both: Laboratories, rna: Profiles, nci: Profiles) -> None:
    """How often PTEN's transcript lies under the limit that the released bundle learned."""
    name, limit = "transcriptome.PTEN", bundle.builder.brakes_.low_under
    if limit is None:
        return
    print(f"\nPTEN under the limit of PTEN_low_expression ({limit:.2f}), share of samples; calibrated on the cohort")
    for told, profiles in (("GDSC", both.everyone), ("NCI-60", nci), ("HPA", rna)):
        features = bundle.builder.transform(profiles)
        lab = learned(bundle, features, profiles.samples["tissue"])
        low = [(part[name] < limit).mean() for part in (features, bundle.calibrated(lab).builder.transform(profiles))]
        print(f"  {told:8}{low[0]:>6.0%}{low[1]:>6.0%}")


def simulated(both: Laboratories, moves: dict[str, dict[str, float]]) -> None:
    """GDSC lines moved as another laboratory's are, in cohorts of several sizes and kinds."""
    bundle = both.bundle
    random = np.random.default_rng(SEED)
    lines = np.array([line for line in both.everyone.samples.index if line in set(bundle.manifest["trained_lines"])])
    cohorts = {f"{n} lines": list(random.choice(lines, n, replace=False)) for n in (20, 50, 100)}
    cohorts |= {name: found for name, found in kinds(both).items() if "driver" in name or name == "breast"}
    print(f"\n2. Simulated offsets\n{HEAD}")
    for name, chosen in cohorts.items():
        profiles = both.everyone.subset(chosen)
        base = bundle.predict(profiles)
        tissue = profiles.samples["tissue"]
        for told, moved in moves.items():
            away = replace(bundle, builder=bundle.builder.with_offsets({gene: -by for gene, by in moved.items()}))
            features = away.builder.transform(profiles)
            lab = learned(bundle, features, tissue)
            back = {gene: lab.offsets.get(gene, 0.0) - by for gene, by in moved.items()}
            fixed = replace(bundle, builder=bundle.builder.with_offsets(back))
            row(f"{name} as {told}", base, away.predict(profiles), size(bundle, features, profiles))
            after = fixed.builder.transform(profiles)
            row("  calibrated", base, fixed.predict(profiles), size(bundle, after, profiles))


def one_kind(both: Laboratories) -> None:
    """What is taken from cohorts that need nothing: how the medians of the drugs move."""
    bundle = both.bundle
    print("\n3. Cohorts of one kind, on the training's own array: points by which drug medians move")
    print(f"{'':20}{'lines':>6}{'shift':>7}{'mean':>7}{'largest':>9}   Alpelisib against lines of the tissues")
    for name, chosen in kinds(both).items():
        profiles = both.everyone.subset(chosen)
        features, tissue = bundle.builder.transform(profiles), profiles.samples["tissue"]
        lab = learned(bundle, features, tissue)
        tables = [bundle.predict(profiles), bundle.calibrated(lab).predict(profiles)]
        moved = (wide(tables[1]).median() - wide(tables[0]).median()).abs()
        assert bundle.tissues is not None
        told = [drug_shifts(table, tissue, bundle.reference, bundle.tissues)["shift"] for table in tables]
        print(
            f"{name:20}{len(chosen):>6}{lab.size:>7.2f}{moved.mean():>7.1f}{moved.max():>9.1f}"
            f"   {told[0]['Alpelisib']:+.0f}, calibrated {told[1]['Alpelisib']:+.0f}"
        )


def paired(bundle: Bundle, array: Profiles, rna: Profiles, examples: set[str]) -> None:
    """Offsets from lines in both, judged on lines that they were not learned from."""
    print("\n4. Offsets of RNA-seq against the array, from lines measured by both, for single samples")
    here, there = bundle.builder.transform(array), bundle.builder.transform(rna)
    base, other = bundle.predict(array), bundle.predict(rna)
    lines = list(array.samples.index)
    seven = [line for line in lines if line in examples]
    fit_on = [line for line in lines if line not in examples]

    def fixed(learn: list[str], judge: list[str]) -> pd.DataFrame:
        offsets = paired_offsets(bundle, here.loc[learn], there.loc[learn])
        return replace(bundle, builder=bundle.builder.with_offsets(offsets)).predict(rna.subset(judge))

    each = pd.concat([fixed([line for line in lines if line != one], [one]) for one in lines])
    for name, judged, table in (
        (f"fitted on {len(fit_on)}, judged on {len(seven)}", seven, fixed(fit_on, seven)),
        (f"leaving one out of {len(lines)}", lines, each),
    ):
        mine, before = (one[one["sample_id"].isin(judged)] for one in (base, other))
        gain = per_line(mine, before) - per_line(mine, table)
        old, new = wide(before, "ln_ic50"), wide(table, "ln_ic50")
        r = [wide(mine, "ln_ic50").corrwith(one.loc[wide(mine).index]).mean() for one in (old, new)]
        print(f"  {name:30} |d pct| less by {interval(gain)}; r with the array {r[0]:.3f} to {r[1]:.3f}")


def single(both: Laboratories, others: dict[str, Profiles]) -> None:
    """How often one sample exceeds limits that 2 % of the reference lines exceed."""
    bundle = both.bundle
    assert bundle.tissues is not None
    assert bundle.applicability is not None
    lines = bundle.reference.lines
    place = pd.DataFrame(percentiles_among(lines, lines), index=lines.index, columns=lines.columns)
    middle = bundle.tissues.percentiles(bundle.reference).median(axis=1)
    tissue = both.everyone.samples["tissue"]
    off = place.median(axis=1) - tissue.reindex(place.index).map(middle)
    low, high = off.quantile([0.01, 0.99])
    print("\n5. Single samples: share beyond what 98 % of reference lines show, by two measures")
    print(
        f"   median percentile over drugs less the tissue's ({low:+.0f} to {high:+.0f}); transcripts beyond the panel"
    )
    print(f"   ({bundle.tissues.usual:.2f}, learned so that 1 % of held-out reference lines are)")
    held = both.everyone.subset(bundle.manifest["held_out_lines"])
    for name, profiles in {"GDSC, held out": held, **others}.items():
        table = bundle.predict(profiles)
        own = wide(table).median(axis=1) - profiles.samples["tissue"].map(middle).reindex(wide(table).index)
        left = bundle.applicability.panel.measure(bundle.builder.transform(profiles))["platform"]
        beyond = ((own < low) | (own > high)).mean()
        print(f"   {name:18}{len(own):>4} samples{beyond:>8.0%}{(left > bundle.tissues.usual).mean():>8.0%}")


def paired_offsets(bundle: Bundle, here: pd.DataFrame, there: pd.DataFrame) -> dict[str, float]:
    """Of each transcript the median difference, shrunk as `learn_offsets` shrinks."""
    assert bundle.applicability is not None
    genes = bundle.applicability.panel.genes
    left = (there[genes] - here[genes]).to_numpy()
    shift = np.nanmedian(left, axis=0)
    variance = np.pi / 2 * (1.4826 * np.nanmedian(np.abs(left - shift), axis=0)) ** 2 / len(left)
    true = max(0.0, float(np.nanmean(shift**2) - np.nanmean(variance)))
    kept = np.nan_to_num(shift * true / (true + variance))
    return {gene.partition(".")[2]: float(value) for gene, value in zip(genes, kept, strict=True)}


def difference(bundle: Bundle, ours: Profiles, theirs: Profiles) -> dict[str, float]:
    """Median difference of each transcript over the lines of both."""
    assert bundle.applicability is not None
    genes = bundle.applicability.panel.genes
    moved = (bundle.builder.transform(theirs)[genes] - bundle.builder.transform(ours)[genes]).median()
    return {gene.partition(".")[2]: float(by) for gene, by in moved.fillna(0.0).items()}


def kinds(both: Laboratories) -> dict[str, list[str]]:
    """Training lines with one driver, and of one tissue."""
    trained = both.everyone.subset(both.bundle.manifest["trained_lines"])
    calls = trained.mutations
    assert calls is not None
    drivers = calls[calls["driver"].fillna(False).astype(bool)]
    found = {name: sorted(set(drivers.loc[drivers["gene"] == gene, "sample_id"])) for name, gene in KINDS}
    tissue = trained.samples["tissue"]
    return found | {name: list(tissue.index[tissue == name]) for name in TISSUES}


def learned(bundle: Bundle, features: pd.DataFrame, tissue: pd.Series) -> LabOffsets:
    assert bundle.applicability is not None
    assert bundle.tissues is not None
    return learn_offsets(features, tissue, bundle.applicability.panel, bundle.tissues, bundle.reference_digest)


def size(bundle: Bundle, features: pd.DataFrame, profiles: Profiles) -> float | None:
    assert bundle.applicability is not None
    assert bundle.tissues is not None
    tissue = profiles.samples["tissue"].reindex(features.index)
    return size_of_shift(features, tissue, bundle.applicability.panel, bundle.tissues)


def tenths(profiles: Profiles) -> list[list[str]]:
    lines = np.random.default_rng(SEED).permutation(profiles.samples.index)
    return [list(part) for part in np.array_split(lines, 10)]


def wide(table: pd.DataFrame, column: str = "sensitivity_percentile") -> pd.DataFrame:
    return table.pivot(index="sample_id", columns="drug", values=column)


def per_line(base: pd.DataFrame, table: pd.DataFrame) -> pd.Series:
    """Mean absolute difference of the percentile over drugs, of each line."""
    own = wide(base)
    return (wide(table).loc[own.index] - own).abs().mean(axis=1)


def concentration(table: pd.DataFrame) -> tuple[float, float]:
    first = table.loc[table["rank"] == 1, "drug"].value_counts(normalize=True)
    return float(first.iloc[0]), float(first.iloc[:3].sum())


def bootstrap(values: pd.Series, of: Callable[..., np.ndarray] = np.mean) -> tuple[float, float]:
    draws = np.random.default_rng(SEED).integers(0, len(values), (DRAWS, len(values)))
    low, high = np.quantile(of(values.to_numpy()[draws], axis=1), [0.025, 0.975])
    return float(low), float(high)


def interval(values: pd.Series) -> str:
    low, high = bootstrap(values)
    return f"{values.mean():.2f} ({low:+.2f} to {high:+.2f})"


if __name__ == "__main__":
    main_of(run, __doc__)
