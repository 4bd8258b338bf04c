"""The shipped examples as rows of a warehouse's table, one sample each."""

from __future__ import annotations

from typing import Any

import pandas as pd
from pamrx.examples import example_files
from pamrx.profiles import read_profiles
from pamrx.profiles.profiles import SAMPLE_COLUMNS


def example_rows() -> list[dict[str, Any]]:
    """As `pamrx_training.serving.rows` takes them; what is not known is None."""
    profiles = read_profiles(**example_files())
    assert profiles.mutations is not None
    told = ["gene", "variant_classification", "hgvsp", "driver"]
    rows = []
    for name, words in profiles.samples.iterrows():
        row: dict[str, Any] = {"sample_id": name, **{word: _word(words[word]) for word in SAMPLE_COLUMNS}}
        own = profiles.mutations[profiles.mutations["sample_id"] == name]
        row["mutations"] = own[told].to_dict("records") if profiles.sequenced[name] else None
        for kind in ("expression", "ncrna", "copy_number", "segments"):
            matrix = getattr(profiles, kind)
            if matrix is not None:
                row[kind] = matrix.loc[name].to_dict()
        rows.append(row)
    return rows


def _word(value: object) -> object:
    return None if pd.isna(value) else value
