"""The page `docs/signatures.md`: every signature of the knowledge table, how much of it is measured, and its source.

Run: `python -m pamrx_training.release.signature_table` writes the page again, and the column `in_model` of
`knowledge/signature_sources.csv`, which says what the released bundle holds; tests say when either must be.
"""

from __future__ import annotations

from collections.abc import Iterable
from importlib.resources import files
from pathlib import Path

import pandas as pd
from pamrx import knowledge
from pamrx.bundle.bundle import load_bundle
from pamrx.features import FeatureBuilder
from pamrx.features.signatures import MIN_GENE_SHARE
from pamrx.knowledge import every_version, table
from pamrx.outputs import whole_file

SOURCES = Path(knowledge.__file__).parent / "signature_sources.csv"
PAGE = Path(__file__).resolve().parents[3] / "docs" / "signatures.md"
BLOCKS = {"tme": "Microenvironment (`tme`)", "programme": "Programmes (`programme`)"}


def main() -> None:
    """Write the page and the column."""
    builder = load_bundle().builder
    with whole_file(PAGE) as target:
        target.write_text(page(builder.universe_), encoding="utf-8")
    held = held_signatures(builder)
    rows = every_version("signature_sources")
    with whole_file(SOURCES) as target:
        rows.assign(in_model=["yes" if name in held else "no" for name in rows["signature"]]).to_csv(
            target, index=False, lineterminator="\n"
        )
    print(f"written: {PAGE.name}, {SOURCES.name}")


def held_signatures(builder: FeatureBuilder) -> frozenset[str]:
    """The signatures that a fitted builder has as features."""
    return frozenset({*builder.tme_.members, *builder.programme_.members})


def page(universe: Iterable[str]) -> str:
    """The page as Markdown, for the transcripts that training measured."""
    signatures = describe(universe)
    learned = signatures["in_model"] == "yes"
    template = (files(__package__) / "signatures.md").read_text(encoding="utf-8")
    count = f"{len(signatures)} signatures, {learned.sum()} of them features"
    parts = [_section(BLOCKS[str(block)], rows) for block, rows in signatures.groupby("block", sort=False)]
    notes = signatures[signatures["note"] != ""]
    reasons = [f"- **`{name}`** ({row['cross_platform']}): {row['note']}" for name, row in notes.iterrows()]
    return template.format(count=count, tables="\n\n".join(parts), notes="\n".join(reasons))


def describe(universe: Iterable[str]) -> pd.DataFrame:
    """One row per signature, in the table's order: its sources' columns, `genes`, `down`, `measured`, `why`.

    `in_model` is "yes" or "no" as a bundle trained on `universe` will have it; `why` tells why not.
    """
    held = set(universe)
    genes = table("signatures")
    spelled = [[gene, *alias.split("|")] for gene, alias in zip(genes["gene"], genes["aliases"], strict=True)]
    genes = genes.assign(measured=[any(name in held for name in names) for names in spelled])
    grouped = genes.groupby("signature")
    counts = pd.DataFrame(
        {
            "genes": grouped.size(),
            "down": grouped["weight"].agg(lambda weights: int((weights == "-1").sum())),
            "measured": grouped["measured"].sum(),
        }
    )
    found = table("signature_sources").set_index("signature").join(counts)
    enough = found["measured"] >= MIN_GENE_SHARE * found["genes"]
    found["why"] = ""
    found["in_model"] = "yes"
    found.loc[found["left_out"] == "yes", ["in_model", "why"]] = ["no", "taken out, see below"]
    found.loc[~enough, "why"] = "under half measured"
    found.loc[~enough, "in_model"] = "no"
    return found


def _section(title: str, rows: pd.DataFrame) -> str:
    """One block's table."""
    learned = (rows["in_model"] == "yes").sum()
    lines = [
        f"## {title}: {len(rows)}, of which {learned} are features",
        "",
        "| name | what it is | genes | measured | feature | r | source |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for name, row in rows.iterrows():
        size = f"{row['genes']} ({row['down']} down)" if row["down"] else f"{row['genes']}"
        feature = row["in_model"] + (f": {row['why']}" if row["why"] else "")
        lines.append(
            f"| `{name}` | {row['title']}: {row['meaning']} | {size} | {row['measured']} | {feature} | "
            f"{row['cross_platform']} | {row['source']} |"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    main()
