"""The text of LightGBM models, checked before LightGBM reads it.

LightGBM trusts the text of a model: a child or a feature out of range is an address in memory to it. So whatever it
reads from a file is first compared, line by line and number by number, with what `pamrx train` writes: regression
trees of plain thresholds, whose nodes are each reached once.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache

import numpy as np

from pamrx.errors import BundleError

MOST_TREES, MOST_LEAVES = 2_000, 256
"""Of one model, and of one tree; `pamrx train` makes 150 trees of up to 7 leaves."""

MOST_ROWS = 2**31 - 1
"""Training rows of a leaf: LightGBM counts them in 32 bits."""

LARGEST = 1e9
"""Absolute value of a leaf: a response component is of the order of 1 to 100."""

_REMEDY = "get the bundle anew, or train it again"
_HEADER = (
    "tree",
    "version=v4",
    "num_class=1",
    "num_tree_per_iteration=1",
    "label_index=0",
    "max_feature_idx={last}",
    "objective=regression",
    "feature_names={names}",
)
_FIELDS = (
    "Tree",
    "num_leaves",
    "num_cat",
    "split_feature",
    "split_gain",
    "threshold",
    "decision_type",
    "left_child",
    "right_child",
    "leaf_value",
    "leaf_weight",
    "leaf_count",
    "internal_value",
    "internal_weight",
    "internal_count",
    "is_linear",
    "shrinkage",
)
_LINES = len(_FIELDS) + 2  # and two empty lines behind each tree
_DECISIONS = frozenset({"0", "2", "8", "10"})
"""Plain thresholds: no categories (bit 0), and zero is no missing value (bit 2); see `include/LightGBM/tree.h`."""

_WHOLE, _ANY = b"0123456789- ", b"0123456789-+.e "
_INFO = re.compile(r"none|\[-?[0-9][0-9.e+-]{0,40}:-?[0-9][0-9.e+-]{0,40}\]")
_INFINITE = re.compile(r"(?<![^ ])inf(?![^ ])")
_IMPORTANCE = re.compile(r"([^\s=]+)=[0-9]{1,9}")
_PARAMETER = re.compile(r"\[([a-z0-9_]{1,60}): ([A-Za-z0-9_.,+ -]{0,200})\]")
_PARAMETERS = {"boosting": "gbdt", "objective": "regression", "linear_tree": "0"}


def check_model_texts(texts: Mapping[str, bytes], features: Sequence[str]) -> None:
    """Refuse models that are not what `pamrx train` writes.

    Parameters
    ----------
    texts : the bytes of each file, by its path.
    features : names of the columns that the trees split on, in order.

    Raises
    ------
    BundleError
        With the file, the line, what was found and what was expected.
    """
    for file, data in texts.items():
        try:
            _check(data.decode("utf-8"), tuple(features))
        except UnicodeDecodeError:
            raise BundleError(f"{file}: not text in UTF-8; expected a model of LightGBM; {_REMEDY}") from None
        except _OtherwiseError as error:
            raise BundleError(f"{file}: {error}; {_REMEDY}") from None


class _OtherwiseError(ValueError):
    """What was found, and what was expected."""


def _check(text: str, features: tuple[str, ...]) -> None:
    lines = text.split("\n")
    if "end of trees" not in lines:
        raise _OtherwiseError("no line 'end of trees'; expected a whole model of LightGBM")
    start, end = len(_HEADER) + 3, lines.index("end of trees")
    count, left = divmod(end - start, _LINES)
    if left or not 1 <= count <= MOST_TREES:
        raise _OtherwiseError(
            f"{end - start} lines of trees; expected {_LINES} for each of 1 to {MOST_TREES:,} trees, after "
            f"{start} of the header"
        )
    trees = lines[start:end]
    _check_header(lines[:start], trees, features)
    _check_trees(trees, count, len(features))
    _check_end(lines[end + 1 :], features)


def _check_header(header: Sequence[str], trees: Sequence[str], features: tuple[str, ...]) -> None:
    names = _names(features)
    expected = [line.format(last=len(features) - 1, names=names) for line in _HEADER]
    for place, (found, right) in enumerate(zip(header, expected, strict=False), start=1):
        if found != right:
            raise _OtherwiseError(f"line {place}: {_short(found)} found; expected {_short(right)}")
    infos, sizes, empty = header[len(_HEADER) :]
    if not _are_infos(infos, len(features)):
        raise _OtherwiseError(f"{_short(infos)} found; expected feature_infos, the range of each feature or none")
    lengths = np.fromiter(map(len, trees), dtype=int).reshape(-1, _LINES).sum(axis=1) + _LINES
    right = "tree_sizes=" + " ".join(map(str, lengths.tolist()))
    if sizes != right or empty:
        raise _OtherwiseError(f"{_short(sizes)} found; expected {_short(right)}, the length of each tree's text")


def _check_trees(lines: Sequence[str], count: int, n_features: int) -> None:
    fields = {name: _values(lines[place::_LINES], name) for place, name in enumerate(_FIELDS)}
    for blank in (*lines[_LINES - 2 :: _LINES], *lines[_LINES - 1 :: _LINES]):
        if blank:
            raise _OtherwiseError(f"{_short(blank)} found; expected an empty line behind each tree")
    for name, right in (("Tree", map(str, range(count))), ("num_cat", ["0"] * count), ("is_linear", ["0"] * count)):
        for tree, (found, one) in enumerate(zip(fields[name], right, strict=True)):
            if found != one:
                raise _OtherwiseError(f"tree {tree}: {name}={_short(found)} found; expected {one}")
    trees = np.arange(count)
    leaves = _whole(fields["num_leaves"], "num_leaves", np.ones(count, dtype=int))
    _in_range(leaves, 1, MOST_LEAVES, trees, "num_leaves")
    splits = leaves - 1
    _check_numbers(fields, leaves)
    split_on = _whole(fields["split_feature"], "split_feature", splits)
    _in_range(split_on, 0, n_features - 1, np.repeat(trees, splits), "split_feature")
    # A tree that does not split says only how many rows it saw, or not even that.
    counted = _sizes(fields["leaf_count"], leaves)
    outer = _whole(fields["leaf_count"], "leaf_count", counted)
    _in_range(outer, 0, MOST_ROWS, np.repeat(trees, counted), "leaf_count")
    outer = outer[np.repeat(splits > 0, counted)]
    _in_range(outer, 1, MOST_ROWS, np.repeat(trees[splits > 0], leaves[splits > 0]), "leaf_count")
    inner = _whole(fields["internal_count"], "internal_count", splits)
    children = [_whole(fields[f"{side}_child"], f"{side}_child", splits) for side in ("left", "right")]
    _check_shape(np.stack(children), splits, inner, outer)


def _check_numbers(fields: Mapping[str, Sequence[str]], leaves: np.ndarray) -> None:
    """The numbers that are no places in a tree."""
    splits = leaves - 1
    for name in ("split_gain", "internal_value", "internal_weight", "leaf_weight"):  # LightGBM only carries them along
        _words(fields[name], name, _sizes(fields[name], leaves) if name == "leaf_weight" else splits, _ANY)
    for name, sizes, most in (
        ("threshold", splits, np.finfo(float).max),
        ("leaf_value", leaves, LARGEST),
        ("shrinkage", np.ones(len(leaves), dtype=int), 1.0),
    ):
        wrong = np.flatnonzero(~(np.abs(_numbers(fields[name], name, sizes)) <= most))
        if len(wrong):
            tree = np.repeat(np.arange(len(leaves)), sizes)[wrong[0]]
            raise _OtherwiseError(f"tree {tree}: {name} of an impossible size; expected up to {most:g}")
    strange = set(_words(fields["decision_type"], "decision_type", splits, _WHOLE)) - _DECISIONS
    if strange:
        known = ", ".join(sorted(_DECISIONS, key=int))
        raise _OtherwiseError(f"decision_type {_short(min(strange))} found; expected plain thresholds, {known}")


def _sizes(texts: Sequence[str], leaves: np.ndarray) -> np.ndarray:
    """How many values of its leaves each tree has: one each; of a tree that does not split, one or none."""
    single = np.array([min(len(text.split()), 1) for text in texts])
    return np.where(leaves > 1, leaves, single)


def _check_shape(children: np.ndarray, splits: np.ndarray, inner: np.ndarray, outer: np.ndarray) -> None:
    """Every split but the first, and every leaf, of each tree is the child of one split of it.

    Parameters
    ----------
    children : (2, s) left and right children of the splits of all trees, one tree behind the other.
    splits : (trees,) how many each has.
    inner, outer : (s,) training rows of each split, and those of each leaf of the trees that split.
    """
    own = splits[splits > 0]
    tree = np.repeat(np.flatnonzero(splits), own)
    first_split = np.repeat(np.cumsum(own) - own, own)
    first_leaf = np.repeat(np.cumsum(own + 1) - own - 1, own)
    place = np.arange(len(tree)) - first_split
    for side, name in zip(children, ("left_child", "right_child"), strict=True):
        is_leaf = side < 0
        # LightGBM numbers splits as it makes them: a child of a split comes after it.
        fits = np.where(is_leaf, ~side <= splits[tree], (side > place) & (side < splits[tree]))
        if not fits.all():
            at = int(np.flatnonzero(~fits)[0])
            raise _OtherwiseError(
                f"tree {tree[at]}: {name} {side[at]} of split {place[at]} found; expected a later split up to "
                f"{splits[tree[at]] - 1}, or a leaf from -1 to {-1 - splits[tree[at]]}"
            )
    is_leaf = children < 0
    below_splits = np.bincount((children + first_split)[~is_leaf], minlength=len(tree))
    below_leaves = np.bincount((~children + first_leaf)[is_leaf], minlength=len(outer))
    if not ((below_splits == (place > 0)).all() and (below_leaves == 1).all()):
        raise _OtherwiseError("a split or leaf is the child of two splits or of none; expected trees")
    rows = np.empty(children.shape, dtype=np.int64)
    rows[~is_leaf], rows[is_leaf] = inner[(children + first_split)[~is_leaf]], outer[(~children + first_leaf)[is_leaf]]
    wrong = np.flatnonzero(rows.sum(axis=0) != inner)
    if len(wrong):
        at = wrong[0]
        raise _OtherwiseError(
            f"tree {tree[at]}: internal_count {inner[at]} of split {place[at]} found; expected {rows[:, at].sum()}, "
            "the rows of its children"
        )


def _check_end(lines: Sequence[str], features: tuple[str, ...]) -> None:
    """What stands behind the trees: how often each feature was used, and the parameters of the training."""
    expected = "expected feature_importances, parameters and nothing else behind the trees"
    if tuple(lines[:2]) != ("", "feature_importances:") or "parameters:" not in lines:
        raise _OtherwiseError(f"{_short(' '.join(lines[:2]))} found; {expected}")
    at = lines.index("parameters:")
    known = _spelt(features)
    for line in lines[2 : at - 1]:
        used = _IMPORTANCE.fullmatch(line)
        if used is None or used[1] not in known:
            raise _OtherwiseError(f"{_short(line)} found among feature_importances; expected feature=times")
    if lines[at - 1]:
        raise _OtherwiseError(f"{_short(lines[at - 1])} found; {expected}")
    fault = _fault_of_parameters(tuple(lines[at + 1 :]))
    if fault:
        raise _OtherwiseError(f"{fault}; {expected}")


@lru_cache(maxsize=4)
def _fault_of_parameters(lines: tuple[str, ...]) -> str:
    """Alike in all models of a bundle."""
    if lines[-5:] != ("", "end of parameters", "", "pandas_categorical:null", ""):
        return f"{_short(' '.join(lines[-5:]))} found at the end"
    found: dict[str, str] = {}
    for line in lines[:-5]:
        parameter = _PARAMETER.fullmatch(line)
        if parameter is None or parameter[1] in found:
            return f"{_short(line)} found among the parameters"
        found[parameter[1]] = parameter[2]
    wrong = [name for name, value in _PARAMETERS.items() if found.get(name, value) != value]
    return f"parameter {wrong[0]} {found[wrong[0]]} found" if wrong else ""


@lru_cache(maxsize=4)
def _names(features: tuple[str, ...]) -> str:
    """As LightGBM writes them."""
    return " ".join(name.replace(" ", "_") for name in features)


@lru_cache(maxsize=4)
def _spelt(features: tuple[str, ...]) -> frozenset[str]:
    return frozenset(name.replace(" ", "_") for name in features)


@lru_cache(maxsize=4)
def _are_infos(line: str, count: int) -> bool:
    """Alike in all models of a bundle that are fitted on the same rows."""
    name, _, infos = line.partition("=")
    parts = infos.split(" ")
    return name == "feature_infos" and len(parts) == count and all(map(_INFO.fullmatch, parts))


def _values(lines: Sequence[str], name: str) -> list[str]:
    """What stands behind `name=` in the line of each tree."""
    start = f"{name}="
    before, *values = ("\n" + "\n".join(lines)).split("\n" + start)
    if before or len(values) != len(lines):
        tree = next(place for place, line in enumerate(lines) if not line.startswith(start))
        raise _OtherwiseError(f"tree {tree}: {_short(lines[tree])} found; expected {start}")
    return values


def _whole(texts: Sequence[str], name: str, sizes: np.ndarray) -> np.ndarray:
    words = _words(texts, name, sizes, _WHOLE)
    try:
        return np.array(list(map(int, words)), dtype=np.int64)
    except (ValueError, OverflowError):
        raise _OtherwiseError(f"{name} holds no whole numbers; expected whole numbers") from None


def _numbers(texts: Sequence[str], name: str, sizes: np.ndarray) -> np.ndarray:
    # A split that sets missing values apart from all others has the threshold inf.
    endless = name == "threshold" and any("inf" in text for text in texts)
    finite = [_INFINITE.sub("1e308", text) for text in texts] if endless else texts
    try:
        return np.array(list(map(float, _words(finite, name, sizes, _ANY))))
    except ValueError:
        raise _OtherwiseError(f"{name} holds text that is no number; expected numbers") from None


def _words(texts: Sequence[str], name: str, sizes: np.ndarray, allowed: bytes) -> list[str]:
    """The words of all trees, of which each has as many as `sizes` says, set apart by one space."""
    counts = np.array([text.count(" ") + 1 if text else 0 for text in texts])
    words = " ".join(texts).split()
    if (counts != sizes).any():
        tree = int(np.flatnonzero(counts != sizes)[0])
        raise _OtherwiseError(f"tree {tree}: {counts[tree]} values of {name} found; expected {sizes[tree]}")
    if len(words) != counts.sum() or "".join(texts).encode("utf-8").translate(None, allowed):
        raise _OtherwiseError(f"{name} holds more than numbers with one space between; expected those")
    return words


def _in_range(values: np.ndarray, least: int, most: int, tree: np.ndarray, name: str) -> None:
    outside = np.flatnonzero((values < least) | (values > most))
    if len(outside):
        at = outside[0]
        raise _OtherwiseError(f"tree {tree[at]}: {name} {values[at]} found; expected {least} to {most:,}")


def _short(text: str) -> str:
    """Of a line as much as a message can show, without characters that a terminal would obey."""
    shown = "".join(character if character.isprintable() else "?" for character in text[:60])
    return f"'{shown}{'...' if len(text) > 60 else ''}'"
