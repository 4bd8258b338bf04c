"""Predictions on a terminal."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from rich.table import Table
from rich.text import Text

from pamrx.cli.console import table_console
from pamrx.console.console import PlainConsole
from pamrx.explanation.contributions import block_name
from pamrx.explanation.reasons import in_words

LOW_EVIDENCE = 0.25
"""Below this share a prediction mostly repeats its drug's mean. A choice, not a measurement."""


FLAG_WORDS = {
    "platform": "the expression is unlike the training panel's, as with mixed-up genes, another species or noise",
    "missing": "too little of what the model leans on was measured; predictions are near each drug's mean",
    "biology": "the expression is sound but lies far from every kind of tumour in the training panel",
}


STATEMENTS_SHOWN = 2
"""Clinical statements per tumour; the rest is counted."""

_DIRECTIONS = {"sensitive": "sensitive", "resistant": "resistant", "none": "no effect"}


def show_notes(notes: Sequence[str]) -> None:
    """What reading did with the files."""
    console = table_console()
    for note in notes:
        console.print(Text(f"· {note}", style="dim"))


def show_tumour(
    sample: str,
    about: pd.Series,
    altered: pd.DataFrame,
    present: pd.Series,
    rows: pd.DataFrame,
    reasons: pd.DataFrame,
    purity: pd.Series | None = None,
    calls: bool = True,
    unlearned: pd.DataFrame | None = None,
    statements: pd.DataFrame | None = None,
) -> None:
    """One tumour: what was measured, and its best drugs with what argues for and against each.

    Parameters
    ----------
    about : tissue, sample_type and msi of the sample.
    altered : its rows of `pamrx.explanation.alterations.axis_alterations`.
    present : share of each block's features that the sample has.
    rows : its predictions, best first; with `measured_ln_ic50` where a measurement is to stand beside.
    reasons : its rows of `pamrx.explanation.contributions.top_contributions`.
    purity : its row of `pamrx.features.purity.estimate_purity`; NaN is not shown.
    calls : whether its copy number has calls of single genes; segments alone give none.
    unlearned : its rows of `pamrx.clinical.unlearned_alterations`; None says nothing of them.
    statements : its rows of `pamrx.clinical.clinical_statements`; likewise.
    """
    console = table_console()
    words = [str(word).replace("_", " ") for word in about if isinstance(word, str)]
    console.print()
    console.print(Text.assemble((sample, "bold"), f"  {', '.join(words)}" if words else ""))
    console.print(f"axis alterations: {_alterations(altered, present, calls)}")
    for line in (*_unlearned(unlearned), *_clinical(statements)):
        console.print(line)
    measured = ", ".join(f"{block_name(str(block))} {share:.0%}" for block, share in present.items())
    console.print(Text(f"features present: {measured}", style="dim"))
    if purity is not None and not math.isnan(purity["estimate"]):
        console.print(Text(_purity(purity, about), style="dim"))
    _show_flag(console, rows)
    console.print(_drug_table(rows, reasons))


def show_footer(tumours_left: int, n_drugs: int, top: int, coverage: float) -> None:
    """How to read the tables, and how to get what was not shown."""
    console = table_console()
    console.print()
    if tumours_left > 0:
        console.print(f"{tumours_left} more tumours were predicted; write them all with -o FILE.")
    if n_drugs > top:
        console.print(f"{top} of {n_drugs} drugs shown; --top N shows more, -o FILE writes all.")
    console.print(
        Text(
            "percentile: among out-of-fold predictions of the reference cell lines with the same kinds of data, 100 is "
            "most sensitive; compare drugs by it, not by IC50. specific: the same without what makes a line sensitive "
            "to drugs of any kind. IC50 in brackets: "
            f"{coverage:.0%} of measurements of GDSC-like cell lines lie inside, of tumours an unknown share; many "
            "IC50 lie beyond what was tested. Cmax: highest total concentration in patients' plasma, where it is "
            "known; what is free is less (`pamrx drugs NAME`). active: chance that the measured IC50 lies below that, "
            "or below the highest concentration tested (`active_at_um`). evidence: share of what the model leans on "
            "that was present. "
            "Reasons in brackets: effect on ln IC50, negative towards sensitive. "
            "Research software, not a medical device.",
            style="dim",
        )
    )


def show_agreement(table: pd.DataFrame) -> None:
    """Spearman's rho between predicted and measured ln IC50, per drug, over the example lines."""
    known = table.dropna(subset="measured_ln_ic50")
    rows = []
    for drug, own in known.groupby("drug"):
        if len(own) >= 3:
            rho = own["ln_ic50"].corr(own["measured_ln_ic50"], method="spearman")
            rows.append((str(drug), str(own["drug_class"].iloc[0]), str(own["screen"].iloc[0]), len(own), float(rho)))
    if not rows:
        return
    rows.sort(key=lambda row: (-row[4], row[0]))
    console = table_console()
    shown = Table(title="Predicted against measured, lines the model never saw", box=None, header_style="bold")
    for name in ("drug", "class", "screen"):
        shown.add_column(name, no_wrap=True)
    for name in ("lines", "Spearman"):
        shown.add_column(name, justify="right")
    for drug, drug_class, screen, count, rho in rows:
        shown.add_row(drug, drug_class, screen, str(count), f"{rho:+.2f}")
    console.print()
    console.print(shown)
    values = pd.Series([row[4] for row in rows])
    console.print(
        f"median over {len(rows)} drugs {values.median():+.2f}, {(values > 0).mean():.0%} above 0. Twelve lines say "
        "little of one drug: a true rho of 0.5 gives values from about -0.1 to 0.8. `pamrx evaluate` has the evidence."
    )


def show_written(table: pd.DataFrame, output: Path) -> None:
    """One line on what was written."""
    samples, drugs = table["sample_id"].nunique(), table["drug"].nunique()
    table_console().print(f"{samples} samples x {drugs} drugs written to {output}", soft_wrap=True)


def show_evidence_written(samples: int, output: Path) -> None:
    """One line on the table of evidence."""
    table_console().print(f"what each block holds of {samples} samples written to {output}", soft_wrap=True)


def show_contributions_written(rows: int, samples: int, drugs: int, output: Path) -> None:
    """One line on the file of contributions."""
    what = f"contributions to {samples} samples x {drugs} drugs ({rows:,} rows)"
    table_console().print(f"{what} written to {output}", soft_wrap=True)


def show_evidence(table: pd.DataFrame) -> None:
    """A caution where most of what the model leans on is missing."""
    of_samples = table.groupby("sample_id", sort=False)["evidence"].median()
    low = of_samples[of_samples < LOW_EVIDENCE]
    if len(low):
        many = f"{len(low)} of {len(of_samples)} samples" if len(of_samples) > 1 else "the sample"
        bounds = dict.fromkeys((f"{low.min():.0%}", f"{low.max():.0%}"))
        table_console().print(
            f"Evidence is low for {many} (median over drugs {' to '.join(bounds)}): most of what "
            "the model leans on is missing there. Such predictions say little; do not rank drugs by them.",
            soft_wrap=True,
        )


def _drug_table(rows: pd.DataFrame, reasons: pd.DataFrame) -> Table:
    """One line per prediction of a sample, with what argues for and against sensitivity."""
    table = Table(box=None, header_style="bold", pad_edge=False)
    for name in ("", "drug", "class", "screen"):
        table.add_column(name, no_wrap=name != "class")
    measured = ["measured"] if "measured_ln_ic50" in rows else []
    reached = ["Cmax µM"] if len(rows) and rows["cmax_um"].notna().any() else []
    for name in ("IC50 µM", "active", *measured, *reached, "percentile", "specific", "evidence"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("argues for sensitivity", ratio=1)
    table.add_column("argues against", ratio=1)
    for row in rows.to_dict("records"):
        own = reasons[reasons["drug"] == row["drug"]]
        cells = [str(row["rank"]), row["drug"], row["drug_class"], row["screen"], _ic50(row)]
        active = row["active_chance"]
        cells.append("–" if math.isnan(active) else f"{active:.0%}")
        if measured:
            known = row["measured_ln_ic50"]
            cells.append("–" if math.isnan(known) else _number(math.exp(known)))
        if reached:
            cells.append("–" if math.isnan(row["cmax_um"]) else _number(row["cmax_um"]))
        specific = row["specific_percentile"]
        cells += [f"{row['sensitivity_percentile']:.0f}", "–" if math.isnan(specific) else f"{specific:.0f}"]
        cells.append(f"{row['evidence']:.0%}")
        table.add_row(*cells, _reasons(own, "for"), _reasons(own, "against"))
    return table


def _alterations(altered: pd.DataFrame, present: pd.Series, calls: bool = True) -> str:
    """`PIK3CA (p.H1047R, activating), PTEN (deep deletion; both copies hit)`."""
    if len(altered):
        genes = altered.groupby("gene", sort=False)["alteration"].agg("; ".join)
        return ", ".join(f"{gene} ({what})" for gene, what in genes.items())
    kinds = (("mutation", "drivers"), *([("copy_number", "strong calls")] if calls else []))
    looked = [words for block, words in kinds if present[block] > 0]
    return f"no {' or '.join(looked)} found" if looked else "not looked for"


def _unlearned(rows: pd.DataFrame | None) -> list[str]:
    """`not learned: AKT1 p.E17K, activating (training does not mark its drivers)`, each reason once."""
    if rows is None:
        return []
    return [
        f"{str(reason).replace('not learned (', 'not learned by the model (', 1)}: "
        + "; ".join(f"{gene} {what}" for gene, what in zip(own["gene"], own["alteration"], strict=True))
        for reason, own in rows.groupby("model", sort=False)
    ]


def _clinical(rows: pd.DataFrame | None) -> list[str]:
    """The first statements of clinical evidence for the tumour type, and how many more there are."""
    if rows is None:
        return []
    fitting = rows[rows["tumour_type_match"].isin(["this", "any"])]
    out: list[str] = []
    first = fitting.drop_duplicates(["gene", "drug", "drug_class", "direction"])
    for row in first.head(STATEMENTS_SHOWN).to_dict("records"):
        trial = f", {row['trial']}" if row["trial"] else ""
        model = f"; model: {row['model']}" if row["model"] else ""
        what = f"{row['drug'] or row['drug_class']} and {row['gene']} {row['alteration']}"
        head = "  " if out else "clinical evidence: "
        out.append(f"{head}{what}: {_DIRECTIONS[row['direction']]} ({row['level']}{trial}){model}")
    left = len(fitting) - len(out)
    return out + ([f"  {left} more: `pamrx.clinical.clinical_statements` in Python"] if left > 0 else [])


def _purity(purity: pd.Series, about: pd.Series) -> str:
    """The purity with its two scores, and what it rests on."""
    beyond = math.isnan(purity["purity"])
    value = "beyond the formula's range" if beyond else f"about {purity['purity']:.2f}"
    known = isinstance(about["tissue"], str) and isinstance(about["sample_type"], str)
    return (
        f"ESTIMATE purity, approximate: {value} (stromal score {purity['stromal']:.0f}, immune score "
        f"{purity['immune']:.0f})" + ("" if known else "; holds for a solid tumour only")
    )


def _ic50(row: Mapping[Any, Any]) -> str:
    beyond = row["beyond_tested_range"] is True
    about = f"beyond {row['max_tested_um']:g} uM tested" if beyond else _number(row["ic50_um"])
    lower, upper = row.get("ln_ic50_lower"), row.get("ln_ic50_upper")
    if lower is None or upper is None or not (math.isfinite(lower) and math.isfinite(upper)):
        return about
    return f"{about} ({_short(math.exp(lower))}–{_short(math.exp(upper))})"


def _show_flag(console: PlainConsole, rows: pd.DataFrame) -> None:
    """One line where the profile lies beyond what the model knows."""
    flag = rows["flag"].iloc[0] if len(rows) else None
    if isinstance(flag, str) and flag:
        distance = f"distance {rows['distance'].iloc[0]:.1f}, limit 1"
        console.print(Text(f"flagged, {flag}: {FLAG_WORDS[flag]} ({distance})", style="yellow"))


def _short(value: float) -> str:
    """Two significant digits."""
    return _number(float(f"{value:.1e}")).rstrip("0").rstrip(".") if value < 100 else f"{float(f'{value:.1e}'):.0f}"


def _number(value: float) -> str:
    """Three significant digits, never in powers of ten."""
    if value >= 100:
        return f"{value:.0f}"
    return f"{value:.{max(0, 2 - math.floor(math.log10(value)))}f}" if value > 0 else "0"


def _reasons(own: pd.DataFrame, direction: str) -> str:
    rows = own[own["direction"] == direction].sort_values("rank")
    return ", ".join(
        f"{in_words(feature, value)} ({effect:+.2f})"
        for feature, value, effect in zip(rows["feature"], rows["value"], rows["contribution"], strict=True)
    )
