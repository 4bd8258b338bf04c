"""The released bundle with a laboratory's offsets: one tumour as in a crowd, a shift taken off, biology kept."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pamrx
import pandas as pd
import pytest
from pamrx import Bundle, Profiles
from pamrx.bundle.bundle import load_bundle, save_bundle
from pamrx.bundle.lab_file import write_offsets
from pamrx.bundle.tissue_files import tissue_state
from pamrx.errors import BundleError, InputError
from pamrx.prediction.laboratory import USUAL_SIZE, LabOffsets

pytestmark = pytest.mark.medium

DRUGS = ["Alpelisib", "Capivasertib", "Dactolisib"]


def shifted(bundle: Bundle, n: int = 24, size: float = 0.6) -> Profiles:
    """Breast and skin samples made from the reference's means, each gene moved as by another platform."""
    assert bundle.applicability is not None
    assert bundle.tissues is not None
    random = np.random.default_rng(3)
    panel = bundle.applicability.panel
    tissue = ["breast" if k % 2 else "skin" for k in range(n)]
    means = bundle.tissues.profiles(panel).loc[tissue].to_numpy()
    values = means + random.normal(0, 0.5, means.shape) + random.normal(0, size, means.shape[1])
    index = pd.Index([f"T{k:02d}" for k in range(n)], name="sample_id")
    genes = [gene.partition(".")[2] for gene in panel.genes]
    samples = pd.DataFrame({"tissue": tissue, "sample_type": None, "msi": None}, index=index, dtype=object)
    expression = pd.DataFrame(values, index=index, columns=genes)
    return Profiles(samples=samples, sequenced=pd.Series(False, index=index), expression=expression)


@pytest.fixture(scope="module")
def cohort(bundle: Bundle) -> Profiles:
    return shifted(bundle)


@pytest.fixture(scope="module")
def lab(bundle: Bundle, cohort: Profiles) -> LabOffsets:
    return bundle.learn_offsets(cohort)


def test_one_tumour_scores_as_it_does_in_a_crowd_bit_for_bit(bundle: Bundle, cohort: Profiles, lab: LabOffsets) -> None:
    calibrated = bundle.calibrated(lab)
    crowd = calibrated.predict(cohort, DRUGS)
    for sample in ("T00", "T17"):
        alone = calibrated.predict(cohort.subset([sample]), DRUGS)
        own = crowd[crowd["sample_id"] == sample].reset_index(drop=True)
        pd.testing.assert_frame_equal(alone, own, check_exact=True)


def test_without_a_calibration_nothing_is_taken_off(bundle: Bundle, cohort: Profiles, lab: LabOffsets) -> None:
    before = bundle.predict(cohort, DRUGS)
    calibrated = bundle.calibrated(lab)
    assert not calibrated.predict(cohort, DRUGS)["ln_ic50"].equals(before["ln_ic50"])
    pd.testing.assert_frame_equal(bundle.predict(cohort, DRUGS), before, check_exact=True)
    assert calibrated.builder.state() == bundle.builder.state()
    assert bundle.builder.offsets_ is None


def test_the_shift_is_found_and_taken_off(bundle: Bundle, cohort: Profiles, lab: LabOffsets) -> None:
    assert lab.size > 2 * USUAL_SIZE
    features = bundle.builder.transform(cohort)
    table = bundle.predict(cohort)
    (note,) = bundle.platform_notes(cohort, features, table)
    assert "platform" in note
    calibrated = bundle.calibrated(lab)
    after = calibrated.builder.transform(cohort)
    assert calibrated.platform_notes(cohort, after, calibrated.predict(cohort)) == []


def test_offsets_are_replaced_and_not_added(bundle: Bundle, cohort: Profiles, lab: LabOffsets) -> None:
    once = bundle.calibrated(lab)
    assert once.learn_offsets(cohort) == lab
    twice = once.calibrated(lab)
    one = cohort.subset(["T00"])
    pd.testing.assert_frame_equal(twice.predict(one, DRUGS), once.predict(one, DRUGS), check_exact=True)


def test_the_file_gives_the_same_in_predict_and_explain(
    bundle: Bundle, cohort: Profiles, lab: LabOffsets, tmp_path: Path
) -> None:
    write_offsets(lab, tmp_path / "lab.json")
    one = cohort.subset(["T00"])
    told = pamrx.predict(one, DRUGS[:1], bundle=bundle, calibration=tmp_path / "lab.json")
    pd.testing.assert_frame_equal(told, bundle.calibrated(lab).predict(one, DRUGS[:1]), check_exact=True)
    why = pamrx.explain(one, DRUGS[:1], bundle=bundle, calibration=tmp_path / "lab.json")
    assert why["contribution"].sum() == pytest.approx(told["ln_ic50"].item(), abs=1e-6)


def test_offsets_towards_other_lines_are_refused(bundle: Bundle, lab: LabOffsets, tmp_path: Path) -> None:
    other = replace(lab, reference="0" * 64)
    with pytest.raises(InputError, match="learn them anew with this bundle"):
        bundle.calibrated(other)
    write_offsets(other, tmp_path / "lab.json")
    with pytest.raises(InputError, match="write it anew with `pamrx calibrate`"):
        bundle.calibrated(tmp_path / "lab.json")


def test_a_saved_bundle_reads_the_offsets_of_the_one_it_was_saved_from(
    bundle: Bundle, lab: LabOffsets, tmp_path: Path
) -> None:
    save_bundle(bundle, tmp_path / "bundle", "# card")
    again = load_bundle(tmp_path / "bundle")
    assert again.tissues is not None
    assert bundle.tissues is not None
    assert tissue_state(again.tissues) == tissue_state(bundle.tissues)
    assert again.calibrated(lab).builder.offsets_ is not None


def test_a_bundle_without_its_lines_by_tissue_says_so(bundle: Bundle, cohort: Profiles, lab: LabOffsets) -> None:
    older = replace(bundle, tissues=None)
    for needs in (lambda: older.learn_offsets(cohort), lambda: older.calibrated(lab)):
        with pytest.raises(BundleError, match="does not hold its reference lines by tissue"):
            needs()
    features = bundle.builder.transform(cohort)
    assert older.platform_notes(cohort, features, bundle.predict(cohort, DRUGS)) == []


def test_the_examples_are_not_taken_for_another_platform(bundle: Bundle, examples: Any) -> None:
    features = bundle.builder.transform(examples)
    assert bundle.platform_notes(examples, features, bundle.predict(examples, DRUGS)) == []
