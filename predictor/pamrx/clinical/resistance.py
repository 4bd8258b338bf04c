"""Ways by which tumours escape inhibitors of the axis, and which of them a profile shows; never part of a prediction.

The facts are in `knowledge/resistance.csv`, one row per statement. Notes on its columns:

- `route` groups statements on one mechanism; `kind` is `escape` (from inhibitors of the axis), or `chemotherapy`,
  `radiotherapy`, `immunotherapy` for what the axis does beside those.
- `direction` is what the statement says of the drugs where the route is there: resistant, sensitive, either, none.
- `drugs` are names of `drugs.csv` or classes; empty where the statement is of the pathway. `tissues` are the tumours
  that the evidence is of; empty where it is of several, or of a mechanism.
- `present`, `high`, `low` are features of the model that would show the route, any of them; `changes` are exact protein
  changes, `GENE p.X`. A statement that names none cannot be read from a profile and is `general`.
- `level` is the best evidence that the source gives, `partners` what was tried together with the drug.
- `citation_status`: `opened` (the record or a page of it was read) or `secondary` (another page states it).

Which features stand for a route is a reading of the source, not a measured classifier.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from functools import cache

import numpy as np
import pandas as pd

from pamrx.display import short_repr
from pamrx.errors import UsageError
from pamrx.identifiers.feature_name import FeatureName
from pamrx.knowledge import table
from pamrx.model.sensitivity import SensitivityModel
from pamrx.profiles import Profiles

KINDS = ("escape", "chemotherapy", "radiotherapy", "immunotherapy")
LEVELS = ("phase 3", "phase 2", "phase 1", "case series", "preclinical")
"""From the strongest evidence to the weakest."""

DIRECTIONS = ("resistant", "sensitive", "either", "none")

SHOWN, NOT_SHOWN, NOT_ASSESSED = "shown", "not shown", "not assessed"
GENERAL, OTHER_TISSUE = "general", "other tissue"
STATUSES = (SHOWN, NOT_SHOWN, NOT_ASSESSED, GENERAL, OTHER_TISSUE)

HIGH = 1.28
"""Standard deviations from the mean of the training lines: one line in ten lies as high, and one as low, where a
feature is about normal. Low enough that a route is not missed for a single gene's noise, and a tenth is still rare."""

COLUMNS = (
    "sample_id", "route", "kind", "status", "shown_by", "statement", "direction", "drugs", "partners", "level", "trial",
    "source", "citation_status",
)  # fmt: skip


@short_repr
@dataclass(frozen=True)
class Statement:
    """One row of the table; see the module."""

    route: str
    kind: str
    direction: str
    statement: str
    drugs: tuple[str, ...]
    tissues: tuple[str, ...]
    present: tuple[str, ...]
    high: tuple[str, ...]
    low: tuple[str, ...]
    changes: tuple[tuple[str, str], ...]
    partners: str
    level: str
    trial: str
    source: str
    citation_status: str

    @property
    def features(self) -> tuple[str, ...]:
        """All features that would show it."""
        return (*self.present, *self.high, *self.low)


@cache
def statements() -> tuple[Statement, ...]:
    """The whole table."""
    return tuple(_statement(row) for row in table("resistance").to_dict(orient="records"))


def resistance_statements(profiles: Profiles, features: pd.DataFrame, model: SensitivityModel) -> pd.DataFrame:
    """Which statements on resistance each tumour's profile shows.

    Parameters
    ----------
    profiles : of n tumours; their tissue and exact changes are read.
    features : (n, n_features) of the same tumours, from the bundle's `FeatureBuilder`.
    model : whose training lines say what is high.

    Returns
    -------
    DataFrame
        n rows per statement, columns `COLUMNS`, by sample in order, then status in the order of `STATUSES`, then level.
        status is `shown` (a feature is present, high or low as the statement asks, or a change is there), `not shown`
        (some of what it asks for is known, and nothing of it is there), `not assessed` (nothing of it is known),
        `general` (it asks for nothing) or `other tissue` (the tumour is known to be of none of its tissues). shown_by
        names what shows it.

    Raises
    ------
    UsageError
        If the rows of features are not the samples.
    """
    if not features.index.equals(profiles.samples.index):
        raise UsageError("resistance: the rows of features are not the samples, in their order")
    scaled = _standardised(features, model)
    changes = _changes(profiles)
    rows = []
    for place, sample in enumerate(features.index):
        own, z, tissue = features.iloc[place], scaled.iloc[place], profiles.samples["tissue"].iloc[place]
        for statement in statements():
            status, shown_by = _judged(statement, own, z, changes.get(str(sample), {}))
            if statement.tissues and isinstance(tissue, str) and tissue not in statement.tissues:
                status, shown_by = OTHER_TISSUE, ""
            rows.append((str(sample), statement.route, statement.kind, status, shown_by, statement.statement,
                         statement.direction, "|".join(statement.drugs), statement.partners, statement.level,
                         statement.trial, statement.source, statement.citation_status))  # fmt: skip
    found = pd.DataFrame(rows, columns=list(COLUMNS))
    keys = pd.DataFrame(
        {
            "sample": np.repeat(np.arange(len(features)), len(statements())),
            "status": found["status"].map(STATUSES.index),
            "level": found["level"].map(LEVELS.index),
        }
    )
    return found.loc[keys.sort_values(["sample", "status", "level"], kind="stable").index].reset_index(drop=True)


def _statement(row: dict[Hashable, str]) -> Statement:
    pairs = (cell.partition(" ") for cell in _cells(row["changes"]))
    return Statement(
        route=row["route"],
        kind=row["kind"],
        direction=row["direction"],
        statement=row["statement"],
        drugs=_cells(row["drugs"]),
        tissues=_cells(row["tissues"]),
        present=_cells(row["present"]),
        high=_cells(row["high"]),
        low=_cells(row["low"]),
        changes=tuple((gene, change) for gene, _, change in pairs),
        partners=row["partners"],
        level=row["level"],
        trial=row["trial"],
        source=row["source"],
        citation_status=row["citation_status"],
    )


def _judged(
    statement: Statement, own: pd.Series, z: pd.Series, changes: dict[tuple[str, str], bool]
) -> tuple[str, str]:
    """The status of one statement in one tumour, and what shows it.

    `changes` holds, for each change of the table whose gene was looked at in the tumour, whether it is there.
    """
    if not statement.features and not statement.changes:
        return GENERAL, ""
    wanted = [
        *((name, own.get(name, np.nan), own.get(name, np.nan) > 0, "") for name in statement.present),
        *((name, z.get(name, np.nan), z.get(name, np.nan) >= HIGH, "high") for name in statement.high),
        *((name, z.get(name, np.nan), z.get(name, np.nan) <= -HIGH, "low") for name in statement.low),
    ]
    shown = [_words(name, value, word) for name, value, there, word in wanted if there]
    shown += [f"{gene} {change}" for gene, change in statement.changes if changes.get((gene, change))]
    if shown:
        return SHOWN, ", ".join(shown)
    known = any(not np.isnan(value) for _, value, _, _ in wanted)
    return (NOT_SHOWN if known or any(one in changes for one in statement.changes) else NOT_ASSESSED), ""


def _words(feature: str, value: float, word: str) -> str:
    """`PIM1 high (2.1 sd)`, `MYC amplification`."""
    name = FeatureName.parse(feature).name.replace("_", " ")
    return f"{name} {word} ({value:+.1f} sd)" if word else name


def _standardised(features: pd.DataFrame, model: SensitivityModel) -> pd.DataFrame:
    """The features of the table in standard deviations of the training lines; NaN where not known or constant."""
    view = model.views_[0]
    asked = sorted({name for statement in statements() for name in (*statement.high, *statement.low)})
    place = {name: row for row, name in enumerate(view.features)}
    names = [name for name in asked if name in features and name in place]
    rows = [place[name] for name in names]
    scale = np.where(view.scale[rows] > 0, view.scale[rows], np.nan)
    values = (features[names].to_numpy(dtype=float) - view.centre[rows]) / scale
    return pd.DataFrame(values, index=features.index, columns=names)


def _changes(profiles: Profiles) -> dict[str, dict[tuple[str, str], bool]]:
    """Sample -> (gene, change) of the table -> whether the sample has it; only where the gene was looked at."""
    asked = {one for statement in statements() for one in statement.changes}
    found: dict[str, dict[tuple[str, str], bool]] = {}
    for genes, rows in profiles.assessed():
        for sample in profiles.samples.index[rows & profiles.sequenced.to_numpy()]:
            found[str(sample)] = {one: False for one in asked if genes is None or one[0] in genes}
    if profiles.mutations is not None:
        own = profiles.mutations[["sample_id", "gene", "hgvsp"]]
        for sample, gene, change in own.itertuples(index=False):
            if (gene, change) in asked:
                found[str(sample)][gene, change] = True
    return found


def _cells(text: str) -> tuple[str, ...]:
    return tuple(text.split("|")) if text else ()
