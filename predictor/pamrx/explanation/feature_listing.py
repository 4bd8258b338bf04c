"""What a model learned from, feature by feature, and what the training data did not hold."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from pamrx.identifiers.feature_name import FeatureName, blocks_of, feature_labels, in_block
from pamrx.identifiers.mirna_ids import name_mirnas
from pamrx.knowledge import table
from pamrx.model.sensitivity import SensitivityModel


def feature_listing(model: SensitivityModel) -> pd.DataFrame:
    """Every feature of a model and how much it moves predictions.

    What is known to act on the axis and has no feature is listed too, as not learned: genes whose mutations the
    training data did not assess as `mutation.GENE`, and the miRNAs, lncRNAs and circRNAs of `knowledge/ncrna.csv` that
    they did not measure (or found in too few samples) as `ncrna.NAME`.

    Returns
    -------
    DataFrame
        feature, block, learned, mean_abs_effect (ln units, mean over assays and training lines).
    """
    effect = model.importance_.mean(axis=1)
    listing = pd.DataFrame({"feature": model.features_, "mean_abs_effect": effect})
    listing["learned"] = listing["mean_abs_effect"] > 0
    genes = table("genes").query("level != ''")["gene"]
    absent = sorted(set(feature_labels("mutation", genes)) - set(model.features_))
    absent += _ncrna_without_feature(model.features_)
    extra = pd.DataFrame({"feature": absent, "mean_abs_effect": 0.0, "learned": False})
    listing = pd.concat([listing, extra], ignore_index=True)
    listing["block"] = blocks_of(listing["feature"])
    return listing[["feature", "block", "learned", "mean_abs_effect"]]


def _ncrna_without_feature(features: Sequence[str]) -> list[str]:
    """`ncrna.NAME` of each ncRNA of the table that no feature stands for, as pamrx writes it; miRNAs first."""
    measured = [FeatureName.parse(label).name for label in in_block(features, "ncrna")]
    known_names = {name for merged in measured for name in merged.split("+")}
    known = table("ncrna").drop_duplicates("ncrna")
    absent: list[str] = []
    for kind in ("miRNA", "lncRNA", "circRNA"):
        own = known.loc[known["kind"] == kind]
        names = name_mirnas(own["ncrna"])["name"] if kind == "miRNA" else own["ncrna"]
        given = zip(names, own["ncrna"], own["older_names"], strict=True)
        new = {name for name, *others in given if known_names.isdisjoint({name, *_cells(others)})}
        absent += sorted(feature_labels("ncrna", new))
    return absent


def _cells(cells: Sequence[str]) -> list[str]:
    return [name for cell in cells for name in cell.split("|") if name]
