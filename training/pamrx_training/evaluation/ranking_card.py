"""The ranking of drugs in the model card."""

from __future__ import annotations

import math

import pandas as pd

from pamrx_training.evaluation.dossier import markdown
from pamrx_training.evaluation.ranked import Ranked
from pamrx_training.evaluation.ranking import ACROSS, WITHIN
from pamrx_training.evaluation.ranking_scores import GATE
from pamrx_training.evaluation.ranking_tables import (
    HEADS,
    TRUTHS,
    drugs_named,
    lines_judged,
    named,
    numbered,
    verdict,
    with_interval,
)


def ranking_markdown(found: Ranked) -> str:
    """The orders of approved and clinical drugs as Markdown tables, one per truth, and the verdict."""
    group = found.table["drugs"].iloc[0]
    drugs = f"{found.fewest} or more of {found.n_drugs} drugs"
    parts = [f"{lines_judged(found)} lines with {drugs} measured. {drugs_named(group)}."]
    for truth in found.truths:
        part = found.table[(found.table["drugs"] == group) & (found.table["truth"] == truth)]
        value, less = part[part["against"] == ""], part[part["against"] == GATE[truth][0]]
        rows = []
        for score in dict.fromkeys(value["score"]):
            own = value[value["score"] == score].set_index("measure")
            over = less[less["score"] == score].set_index("measure")
            told = [numbered(own["value"].get(name, math.nan)) for name in (*WITHIN, *ACROSS)]
            told += [with_interval(over.loc[name]) if name in over.index else "" for name in ("top_three", "rho")]
            rows.append((named(score), *told))
        heads = ["order", *(HEADS[name] for name in (*WITHIN, *ACROSS))]
        heads += ["top three minus percentile (95 %)", "rho minus percentile (95 %)"]
        parts.append(f"Truth: {TRUTHS[truth]}.\n\n{markdown(pd.DataFrame(rows, columns=heads))}")
    return "\n\n".join([*parts, "\n".join(f"- {line}" for line in verdict(found))])
