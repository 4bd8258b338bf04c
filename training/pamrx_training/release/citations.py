"""Checks the citations of the knowledge tables: their form, and that each says the same wherever it stands.

`knowledge/citations.csv` has one record per citation: its `id` (`PMID 12345678`, else `doi 10.x/y`, else another), what
else it goes by, first author, journal, year, a few words of the title where they were seen, and a `status`: `opened`
where the record or page of the source itself was seen, `secondary` where another source that was opened tells of it,
`recalled` where neither could be had; `how` says what was seen, and `retracted` is the year of a retraction. In the
tables a `source` names its citations by id, and the column `citation_status` is the best status among those that
stand. A row that cites nothing but retracted papers is a problem.

Run: `python -m pamrx_training.release.citations` prints the counts and what is wrong; with `--write` it writes the
column `citation_status` again. Nothing is looked up: that is for a person, who then changes the record's status.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from pamrx import knowledge
from pamrx.display import short_repr
from pamrx.knowledge import UNTIL, every_version, table
from pamrx.outputs import whole_file

FOLDER = Path(knowledge.__file__).parent
STATUS = "citation_status"
STATUSES = ("opened", "secondary", "recalled")
"""Best first."""

FACTS = ("genes", "hotspots", "ncrna", "relations", "markers", "signature_sources")
"""Tables of biological and clinical facts whose citations all have a record."""

OWN = "measured on these data"
"""A source that is this project's own measurement, which anybody can repeat."""

RESOURCES = ("cancerhotspots.org v2",)
"""Sources that are no paper and have a record by name."""

_ID = re.compile(
    r"PMID \d+|doi 10\.[^\s,;)]+|PMC\d+|PII [\dSX()-]+\d|" + "|".join(map(re.escape, RESOURCES)),
)
_WELL_FORMED = re.compile(
    r"PMID [1-9]\d{5,7}|doi 10\.\d{4,9}/\S+|PMC[1-9]\d{5,8}|PII S[\dX()-]+\d|" + "|".join(map(re.escape, RESOURCES))
)
_WORDS = re.compile(
    r"(?P<author>(?:van der |van |le )?[A-Z][\w'-]+(?: [A-Z][\w'-]+)?), "
    r"(?P<journal>[A-Za-z][A-Za-z ]+?) (?P<year>\d{4})"
)


@short_repr
@dataclass(frozen=True)
class Cited:
    """One citation in a row's source: its ids, and the author, journal and year written before them, if any."""

    ids: tuple[str, ...]
    words: tuple[str, str, str] | None


@short_repr
@dataclass(frozen=True)
class Record:
    """A record of `knowledge/citations.csv`.

    Attributes
    ----------
    ids : what it goes by, its `id` first.
    words : first author, journal and year.
    title_words : a few words of the title, where they were seen.
    status : one of `STATUSES`.
    how : what was seen.
    retracted : the year of its retraction, or nothing.
    """

    ids: tuple[str, ...]
    words: tuple[str, str, str]
    title_words: str
    status: str
    how: str
    retracted: str = ""


def main() -> None:
    """Print the counts and the problems; exit with 1 where there is one."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    options.add_argument("--write", action="store_true", help="write the column citation_status again")
    if options.parse_args().write:
        for name in FACTS:
            rows = every_version(name)
            with whole_file(FOLDER / f"{name}.csv") as target:
                rows.assign(**{STATUS: statuses(rows)}).to_csv(target, index=False, lineterminator="\n")
        every_version.cache_clear()
    print(counts().to_string())
    found = list(problems())
    print("\n".join(found) if found else "no problem found")
    sys.exit(bool(found))


def cited(source: str) -> list[Cited]:
    """The citations of a source, parted by semicolons outside brackets."""
    out = []
    for part in re.split(r"; (?![^()]*\))", source):
        ids = tuple(dict.fromkeys(_ID.findall(part)))
        words = _WORDS.search(part)
        if ids:
            out.append(Cited(ids, (words["author"], words["journal"], words["year"]) if words else None))
    return out


def statuses(rows: pd.DataFrame) -> pd.Series:
    """The best status among the citations of each row; `recalled` for one that cites nothing with a record."""
    known = {one: record.status for one, record in records().items() if not record.retracted}
    best = {source: _best(source, known) for source in rows["source"].unique()}
    return rows["source"].map(best)


def records() -> dict[str, Record]:
    """The records of citations by each id that they go by."""
    return {one: record for record in _all_records() for one in record.ids}


def counts() -> pd.DataFrame:
    """Rows of each table of facts by status, and how many of them name no citation by id."""
    found = {}
    for name in FACTS:
        rows = every_version(name)
        by_status = statuses(rows).value_counts()
        without = sum(not cited(source) and OWN not in source for source in rows["source"])
        found[name] = {status: int(by_status.get(status, 0)) for status in STATUSES} | {"without id": without}
    found["citations"] = {status: int((table("citations")["status"] == status).sum()) for status in STATUSES}
    return pd.DataFrame(found).T.reindex(columns=[*STATUSES, "without id"]).fillna(0).astype(int)


def problems() -> Iterator[str]:
    """What is wrong, one line each."""
    yield from _in_records()
    known = records()
    used: set[str] = set()
    for name in (*FACTS, *_others()):
        rows = every_version(name)
        standing = set(rows["source"] if UNTIL not in rows else rows.loc[rows[UNTIL] == "", "source"])
        for status in sorted(set(rows[STATUS]) - set(STATUSES)):
            yield f"{name}.csv: {STATUS} is '{status}'; expected one of {', '.join(STATUSES)}"
        for source in rows["source"].unique():
            for one in cited(source):
                used.update(one.ids)
                yield from (f"{name}.csv, {source!r}: {line}" for line in _against_record(one, known, name in FACTS))
            if source in standing and (retracted := _all_retracted(source, known)):
                yield f"{name}.csv, {source!r}: nothing stands but {retracted}, which is retracted"
        if name in FACTS and (other := int((statuses(rows) != rows[STATUS]).sum())):
            yield f"{name}.csv: {other} rows have another {STATUS} than their citations; run this with --write"
    for record in _all_records():
        if not used & set(record.ids):
            yield f"citations.csv: {record.ids[0]} is cited nowhere"


def _best(source: str, known: dict[str, str]) -> str:
    found = {known[one] for part in cited(source) for one in part.ids if one in known}
    if OWN in source:
        found.add("opened")
    return next((status for status in STATUSES if status in found), "recalled")


def _all_records() -> list[Record]:
    rows = table("citations").to_dict("records")
    return [
        Record(
            ids=(row["id"], *filter(None, row["other_ids"].split("|"))),
            words=(row["first_author"], row["journal"], row["year"]),
            title_words=row["title_words"],
            status=row["status"],
            how=row["how"],
            retracted=row["retracted"],
        )
        for row in rows
    ]


def _in_records() -> Iterator[str]:
    """Problems of the records themselves: form, and one citation under two ids."""
    seen: set[str] = set()
    same: dict[tuple[str, str, str], list[Record]] = {}
    for record in _all_records():
        name = record.ids[0]
        for one in record.ids:
            if not _WELL_FORMED.fullmatch(one):
                yield f"citations.csv: '{one}' is not a PMID, doi, PMC or PII"
            if one in seen:
                yield f"citations.csv: {one} stands there twice"
            seen.add(one)
        if record.status not in STATUSES:
            yield f"citations.csv: {name}: status '{record.status}'; expected one of {', '.join(STATUSES)}"
        if record.status != "recalled" and not record.how:
            yield f"citations.csv: {name}: {record.status}, but `how` does not say what was seen"
        if any(record.words):
            same.setdefault(record.words, []).append(record)
    for words, group in same.items():
        titles = {record.title_words for record in group}
        if len(group) > 1 and ("" in titles or len(titles) < len(group)):
            ids = ", ".join(record.ids[0] for record in group)
            yield f"citations.csv: {', '.join(words)} has several ids ({ids}); tell them apart by `title_words`"


def _against_record(one: Cited, known: dict[str, Record], recorded: bool) -> Iterator[str]:
    """Problems of a citation in a table: its form, a record that lacks, other words than the record's."""
    for row_id in one.ids:
        if not _WELL_FORMED.fullmatch(row_id):
            yield f"'{row_id}' is not a PMID, doi, PMC or PII"
        elif row_id not in known and recorded:
            yield f"{row_id} has no record in citations.csv"
    for record in {known[row_id] for row_id in one.ids if row_id in known}:
        if one.words and all(record.words) and not all(map(_alike, one.words, record.words)):
            yield f"{record.ids[0]} is {', '.join(record.words)} in citations.csv, here {', '.join(one.words)}"


def _all_retracted(source: str, known: dict[str, Record]) -> str:
    """The ids of what a source cites, where all of it is retracted; else nothing."""
    ids = [one for part in cited(source) for one in part.ids]
    return ", ".join(ids) if ids and all(one in known and known[one].retracted for one in ids) else ""


def _alike(one: str, other: str) -> bool:
    """Whether two spellings of an author, a journal or a year are of the same, a country at the end aside."""
    letters = [re.sub(r"[^a-z0-9]", "", text.lower().removesuffix(" usa")) for text in (one, other)]
    return letters[0] == letters[1]


def _others() -> list[str]:
    """The other tables that give a status to their citations."""
    names = sorted(path.stem for path in FOLDER.glob("*.csv"))
    return [name for name in names if name not in (*FACTS, "citations") and STATUS in every_version(name)]


if __name__ == "__main__":
    main()
