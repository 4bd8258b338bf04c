"""What `pamrx vocab` and `pamrx features` print."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from pamrx.cli.console import plain_table, table_console
from pamrx.console.console import PlainConsole
from pamrx.errors import UsageError, did_you_mean
from pamrx.identifiers.feature_name import feature_labels

ROWS_SHOWN = 60


def show_vocabulary() -> None:
    """The words of the samples table, with the codes and other words that are understood as each tissue."""
    from pamrx.identifiers.vocabulary import vocabulary
    from pamrx.knowledge import table as knowledge

    words = vocabulary()
    tissues = knowledge("tissues").set_index("tissue")
    table = plain_table("tissue", "what it is", "TCGA", "OncoTree")
    for tissue in words["tissue"]:
        row = tissues.loc[tissue]
        codes = [str(row[column]).replace("|", ", ") for column in ("tcga_codes", "oncotree_codes")]
        table.add_row(tissue, str(row["description"]), *codes)
    console = table_console()
    console.print(table)
    for column in ("sample_type", "msi", "sequenced"):
        console.print(f"{column}: {', '.join(words[column])}")
    console.print("Gene panels that --panel takes by name: `pamrx vocab --panels`.")


def show_panels() -> None:
    """The gene panels that `--panel` takes by name, with their other names, the number of genes and the source."""
    from pamrx.knowledge.panels import all_panels

    table = plain_table("panel", "genes", "also called", "source")
    table.columns[-1].overflow = "fold"  # addresses are to be copied
    for panel in all_panels():
        source = f"{panel.source} ({panel.note})" if panel.note else panel.source
        table.add_row(panel.name, str(len(panel.genes)), ", ".join(panel.aliases), source)
    console = table_console()
    console.print(table)
    console.print(
        "`--panel NAME` takes a panel from here, `--panel FILE` any other: a file of its gene symbols, one per line."
    )


def show_features(bundle_folder: Path | None, output: Path | None, block: str | None) -> None:
    """The features of a bundle with their mean effect; genes of the axis without a feature are named."""
    from pamrx.bundle.bundle import load_bundle, released_bundle
    from pamrx.explanation.feature_listing import feature_listing
    from pamrx.tables import check_tables, write_table

    check_tables({"the features": output}, [bundle_folder or released_bundle()])
    table = feature_listing(load_bundle(bundle_folder).model)
    if block is not None:
        blocks = list(dict.fromkeys(table["block"]))
        if block not in blocks:
            raise UsageError(
                f"unknown block '{block}'; expected one of {', '.join(blocks)}{did_you_mean(block, blocks)}"
            )
        table = table[table["block"] == block]
    if output is not None:
        write_table(table, output)
    console = table_console()
    shown = plain_table("feature", "learned from", "mean |effect| on ln IC50")
    for row in table.sort_values("mean_abs_effect", ascending=False).head(ROWS_SHOWN).itertuples():
        shown.add_row(str(row.feature), "yes" if row.learned else "no", f"{row.mean_abs_effect:.4f}")
    console.print(shown)
    if len(table) > ROWS_SHOWN:
        console.print(f"{ROWS_SHOWN} of {len(table)} features shown, those of the largest effect; -o FILE writes all.")
    _show_untrained(console, table.loc[~table["learned"], "feature"])


def _show_untrained(console: PlainConsole, untrained: pd.Series) -> None:
    """Features that the model did not learn from, the circRNAs apart: those it could not have."""
    from pamrx.knowledge import table as knowledge

    known = knowledge("ncrna").query("kind == 'circRNA'")["ncrna"]
    circular = untrained[untrained.isin(feature_labels("ncrna", known))]
    others = untrained[~untrained.isin(circular)]
    if len(others):
        console.print(f"not learned from: {', '.join(others)}")
    if len(circular):
        console.print(f"not learned from, since no training data hold circRNAs: {', '.join(circular)}")
