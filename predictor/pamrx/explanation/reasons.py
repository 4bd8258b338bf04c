"""What argues for and against a drug, in words: the reasons of `top_contributions` as a person reads them."""

from __future__ import annotations

import pandas as pd

from pamrx.explanation.contributions import readable
from pamrx.identifiers.feature_name import FeatureName

DIRECTIONS = {"for": "reasons_for", "against": "reasons_against"}
"""The column of each direction in a table of results."""


def in_words(feature: str, value: float) -> str:
    """A feature with its value in words: `no PIK3CA mutation`, `low EGFR expression`, `2 RAS genes mutated`."""
    parsed, name = FeatureName.parse(feature), readable(feature)
    if parsed.block == "tissue":
        tissue = parsed.name.replace("_", " ")
        return tissue if value else f"not {tissue}"
    if parsed == FeatureName("mutation", "driver_burden_log2"):
        return f"{name} {value:.1f}"
    if parsed.block == "mutation" and (parsed.name.startswith("hits_") or parsed.name == "brakes_lost"):
        return f"{value:.0f} {name}" if value else f"no {name}"
    if parsed.block in ("mutation", "copy_number"):
        return name if value else f"no {name}"
    return f"{'high' if value > 0 else 'low'} {name}"


def reason_table(reasons: pd.DataFrame) -> pd.DataFrame:
    """The reasons one by one, with their words.

    Parameters
    ----------
    reasons : from `pamrx.explanation.contributions.top_contributions`.

    Returns
    -------
    DataFrame
        sample_id, drug, screen, direction, rank, reason (words), effect (on ln IC50), feature, block, value; rows as
        given.
    """
    words = [in_words(*pair) for pair in zip(reasons["feature"], reasons["value"], strict=True)]
    told = reasons.rename(columns={"contribution": "effect"}).assign(reason=words)
    return told[["sample_id", "drug", "screen", "direction", "rank", "reason", "effect", "feature", "block", "value"]]


def with_reasons(table: pd.DataFrame, reasons: pd.DataFrame) -> pd.DataFrame:
    """Results with the columns `pamrx.prediction.schema.REASONS`: `PIK3CA mutation (-0.22); breast (-0.29)`.

    Parameters
    ----------
    table : results, one row per sample and drug.
    reasons : from `top_contributions`, of the same samples and drugs.
    """
    told = reason_table(reasons).sort_values("rank", kind="stable")
    texts = told["reason"] + told["effect"].map(" ({:+.2f})".format)
    keys = [told["sample_id"], told["drug"], told["direction"]]
    joined = texts.astype(object).groupby(keys).agg("; ".join).to_dict()
    rows = list(zip(table["sample_id"], table["drug"], strict=True))
    return table.assign(
        **{
            column: pd.Series([joined.get((*row, direction), "") for row in rows], index=table.index, dtype="str")
            for direction, column in DIRECTIONS.items()
        }
    )
