"""`FeatureName`: its text form, the way back, and the blocks of many labels."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from pamrx.errors import PamrxError
from pamrx.features import BLOCKS
from pamrx.identifiers.feature_name import FeatureName, blocks_of, feature_labels, in_block


def test_text_and_back() -> None:
    feature = FeatureName("ncrna", "hsa-miR-21-5p")
    assert str(feature) == "ncrna.hsa-miR-21-5p"
    assert FeatureName.parse(str(feature)) == feature
    assert FeatureName.parse("transcriptome.RP11-34P13.7") == FeatureName("transcriptome", "RP11-34P13.7")
    assert copy.deepcopy(feature) == feature


@pytest.mark.parametrize("text", ["", "PIK3CA", "mutation.", ".PIK3CA"])
def test_a_text_without_block_or_name_is_refused(text: Any) -> None:
    with pytest.raises(PamrxError, match=r"expected BLOCK\.NAME, such as mutation\.PIK3CA"):
        FeatureName.parse(text)


def test_a_feature_name_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        FeatureName("mutation", "PIK3CA").name = "PTEN"


@pytest.mark.medium
def test_every_label_of_the_released_bundle_is_read_and_written_the_same(bundle: Any) -> None:
    labels = bundle.model.features_
    features = [FeatureName.parse(label) for label in labels]
    assert [str(feature) for feature in features] == labels
    assert blocks_of(labels) == [feature.block for feature in features]
    assert set(blocks_of(labels)) == set(BLOCKS)
    for block in BLOCKS:
        own = [feature.name for feature in features if feature.block == block]
        assert in_block(labels, block) == feature_labels(block, own)


def test_labels_that_are_no_features_belong_to_no_block() -> None:
    assert in_block(["tissue", "tissue.breast", "tissues.skin", "platform"], "tissue") == ["tissue.breast"]
