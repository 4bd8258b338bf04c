"""The text of LightGBM models is checked before LightGBM, which trusts it, reads it."""

from __future__ import annotations

from functools import cache

import lightgbm as lgb
import numpy as np
import pytest
from pamrx.errors import BundleError
from pamrx.model.boosted import PARAMETERS
from pamrx.model.tree_text import check_model_texts

FEATURES = ["mutation.TP53", "tissue.lung", "transcriptome.A B"]


@cache
def model_text(rounds: int = 3) -> str:
    """A model of three features, of which the last never varies."""
    rng = np.random.default_rng(0)
    values = rng.normal(size=(200, 3))
    values[:, 2] = 1.0
    values[:20, 0] = np.nan
    parameters = {**PARAMETERS, "feature_fraction": 1.0, "seed": 1}
    data = lgb.Dataset(values, label=values[:, 1] + rng.normal(size=200), feature_name=FEATURES, params=parameters)
    return str(lgb.train(parameters, data, num_boost_round=rounds).model_to_string())


def field(text: str, name: str, tree: int = 0) -> str:
    return [line for line in text.split("\n") if line.startswith(f"{name}=")][tree]


def sized(text: str) -> str:
    """The text with the lengths of its trees made anew, as a stranger would who changes one."""
    head, _, rest = text.partition("\n\nTree=0\n")
    trees = ("Tree=0\n" + rest.partition("end of trees")[0]).split("Tree=")[1:]
    sizes = " ".join(str(len("Tree=") + len(tree)) for tree in trees)
    return text.replace(field(head, "tree_sizes"), f"tree_sizes={sizes}")


def refused(text: str) -> str:
    with pytest.raises(BundleError) as error:
        check_model_texts({"b/boosted_00.txt": text.encode()}, FEATURES)
    message = str(error.value)
    assert message.startswith("b/boosted_00.txt: ")
    assert "\n" not in message
    assert "expected" in message
    assert message.endswith("get the bundle anew, or train it again")
    return message


def changed(name: str, place: int, value: str) -> str:
    """The model with one number of one field of its first tree changed."""
    line = field(model_text(), name)
    words = line.partition("=")[2].split(" ")
    words[place] = value
    return sized(model_text().replace(line, f"{name}={' '.join(words)}", 1))


def test_what_lightgbm_writes_is_accepted() -> None:
    check_model_texts({"a": model_text().encode(), "b": model_text(1).encode()}, FEATURES)


def test_a_model_that_never_splits_is_accepted() -> None:
    data = lgb.Dataset(np.ones((40, 1)), label=np.zeros(40), feature_name=["mutation.TP53"], params=PARAMETERS)
    text = lgb.train({**PARAMETERS, "min_data_in_leaf": 30}, data, num_boost_round=1).model_to_string()
    check_model_texts({"a": text.encode()}, ["mutation.TP53"])


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("split_feature", "-5", "split_feature -5 found; expected 0 to 2"),
        ("split_feature", "3", "split_feature 3 found"),
        ("split_feature", "99999999999999999999", "split_feature"),
        ("left_child", "1000000", "left_child 1000000 of split 0 found; expected a later split up to 5, or a leaf"),
        ("left_child", "0", "left_child 0 of split 0 found"),
        ("right_child", "-8", "right_child -8 of split 0 found"),
        ("right_child", "5", "child of two splits or of none"),
        ("decision_type", "3", "decision_type '3' found; expected plain thresholds"),
        ("decision_type", "4", "decision_type '4' found"),
        ("threshold", "nan", "threshold"),
        ("threshold", "1e999", "threshold of an impossible size"),
        ("threshold", "", "threshold"),
        ("leaf_value", "inf", "leaf_value"),
        ("leaf_value", "1e300", "leaf_value of an impossible size"),
        ("leaf_value", "1_0", "leaf_value holds"),
        ("leaf_count", "0", "leaf_count 0 found"),
        ("internal_count", "7", "internal_count 7 of split 0 found"),
        ("num_leaves", "8", "values of"),
        ("num_leaves", "1000000000", "num_leaves 1000000000 found; expected 1 to 256"),
        ("num_cat", "1", "num_cat='1' found; expected 0"),
        ("is_linear", "1", "is_linear='1' found; expected 0"),
        ("shrinkage", "1e9", "shrinkage"),
        ("split_gain", "x", "split_gain holds more than numbers"),
    ],
)
def test_a_tree_that_is_not_one_is_refused_before_lightgbm_reads_it(name: str, value: str, said: str) -> None:
    assert said in refused(changed(name, 0, value))


def test_a_cycle_of_splits_is_refused() -> None:
    """Splits that are children of each other, with the leaves all in place."""
    assert "expected a later split" in refused(changed("left_child", 2, "1"))


def test_a_split_that_sets_missing_values_apart_is_accepted() -> None:
    check_model_texts({"a": changed("threshold", 0, "inf").encode()}, FEATURES)
    refused(changed("threshold", 0, "-inf"))


@pytest.mark.parametrize(
    ("found", "put"),
    [
        ("version=v4", "version=v3"),
        ("num_class=1", "num_class=2"),
        ("num_tree_per_iteration=1", "num_tree_per_iteration=0"),
        ("max_feature_idx=2", "max_feature_idx=200000000"),
        ("objective=regression\n", "objective=binary sigmoid:1\n"),
        ("objective=regression\n", "average_output\nobjective=regression\n"),
        ("feature_names=mutation.TP53", "feature_names=mutation.KRAS"),
        ("feature_infos=[", "feature_infos=1:2:3 ["),
        ("tree_sizes=", "tree_sizes=1 "),
        ("is_linear=0", "leaf_const=1\nis_linear=0"),
        ("\nend of trees", ""),
        ("feature_importances:", "feature_importances:\nforced=1"),
        ("[boosting: gbdt]", "[boosting: dart]"),
        ("[linear_tree: 0]", "[linear_tree: 1]"),
        ("[data: ]", '[data: "}]'),
        ("[data: ]", "[data: ]\n[data: ]"),
        ("pandas_categorical:null", 'pandas_categorical:[["a"]]'),
        ("\nend of parameters", "\n\0end of parameters"),
    ],
)
def test_any_other_line_is_refused(found: str, put: str) -> None:
    assert found in model_text()
    refused(model_text().replace(found, put, 1))


def test_without_the_lengths_of_trees_it_is_refused() -> None:
    refused(model_text().replace(field(model_text(), "tree_sizes") + "\n", ""))


def test_bytes_that_are_no_text_are_refused() -> None:
    with pytest.raises(BundleError, match="not text in UTF-8"):
        check_model_texts({"a": b"tree\n\xff"}, FEATURES)
