"""The two questions of a Python user: how sensitive, and why. Reading and loading are `pamrx.profiles` and `bundle`."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING

from pamrx.bundle.bundle import load_bundle
from pamrx.bundle.file_prediction import read_by_hand, read_files
from pamrx.errors import UsageError
from pamrx.prediction.intervals import COVERAGE

if TYPE_CHECKING:
    import pandas as pd

    from pamrx.bundle.bundle import Bundle
    from pamrx.outputs import PathLike
    from pamrx.profiles import Profiles
    from pamrx.readers.frames import Given


def predict(
    profiles: Profiles | None = None,
    drugs: Sequence[str] | None = None,
    coverage: float = COVERAGE,
    bundle: Bundle | None = None,
    calibration: str | os.PathLike[str] | None = None,
    *,
    mutations: Given | None = None,
    expression: Given | None = None,
    ncrna: Given | None = None,
    copy_number: Given | None = None,
    samples: Given | None = None,
    panel: PathLike | None = None,
    expression_unit: str | None = None,
    copy_number_unit: str | None = None,
    alterations: Sequence[str] | pd.DataFrame | None = None,
    tissue: str | None = None,
) -> pd.DataFrame:
    """Predict the sensitivity of each sample to each drug.

    A sample's rows do not depend on the other samples.

    Parameters
    ----------
    profiles : Profiles, optional
        n samples, from `read_profiles` or `read_study`. What was not measured stays missing and widens the intervals.
    drugs : sequence of str, optional
        Drug names or synonyms, as `pamrx drugs` lists them; one that no screen holds is answered by the screened drugs
        of its class. Default: all m drugs of the bundle.
    coverage : float, default 0.9
        Share of measurements that lie inside the prediction intervals in the long run, 0.5 to 0.99.
    bundle : Bundle, optional
        The trained model. Default: the released one, loaded once per process.
    calibration : str or path, optional
        File of the offsets of the laboratory that the expression comes from, as `pamrx calibrate` writes it. Default:
        nothing is taken off.
    mutations, expression, ncrna, copy_number, samples, panel, expression_unit, copy_number_unit : optional
        In place of `profiles`, what `read_profiles` takes: files, frames of pandas or polars, AnnData. What was read of
        them says `read_profiles(...).notes`.
    alterations : sequence of str or DataFrame, optional
        In place of `profiles`: `["PIK3CA:H1047R", "PTEN:deletion", "KRAS:wild-type"]` of one tumour, or a table of
        sample_id, gene, alteration. What is not named is unknown.
    tissue : str, optional
        With or without `alterations`: the tissue of these tumours, a word of `pamrx vocab`.

    Returns
    -------
    DataFrame of n x m rows
        Samples in the order of `profiles`, and for each the drugs from the most to the least sensitive. Columns:

        sample_id, drug, drug_class, status : str
        screen : str
            The newest screen with the drug, GDSC1 or GDSC2; its scale is that of the prediction.
        ln_ic50, ln_ic50_lower, ln_ic50_upper : float
            Natural logarithm of the IC50 in micromolar, and the bounds of its prediction interval. Lower is more
            sensitive.
        ic50_um : float
            IC50 in micromolar.
        beyond_tested_range : boolean
            Whether that exceeds the highest concentration that the screen tested; null where none is known.
        max_tested_um : float
            That concentration, in micromolar.
        cmax_um, cmax_free_um : float
            Highest concentration in patients' plasma at the approved or recommended dose, in micromolar, in all and
            unbound; NaN where no source was found.
        active_chance, active_at_um : float
            Chance (0 to 1) that the measured IC50 lies below a concentration, and that concentration in micromolar:
            `cmax_free_um` where it is known, else `cmax_um`, else `max_tested_um`. A low IC50 in rank alone does not
            say that a drug works; this does, for cell lines.
        sensitivity_percentile, specific_percentile : float
            0 to 100, 100 most sensitive: place among the out-of-fold predictions of reference cell lines with the same
            pattern of missing data, and the same of the response without the line's general sensitivity.
        rank : int
            1 for the drug with the highest `sensitivity_percentile` in this sample.
        evidence : float
            0 to 1: share of the model's mean absolute contributions that the features present make up.
        distance : float
            Distance of the profile from the training data; 1 is the limit of applicability.
        flag : str
            Why it is beyond the limit, `platform`, `missing` or `biology`; empty if it is not.
        proxy_for : str
            The drugs asked for that no screen holds and that this drug of their class answers for; else empty.

    Raises
    ------
    UsageError
        For an unknown drug, one that the bundle was not trained on, a coverage outside 0.5 to 0.99, no input, or
        profiles given in two ways.
    InputError
        For a table that cannot be used (as `read_profiles`), an alteration or a tissue that is not known, and a
        calibration that is not what `pamrx calibrate` writes, or was made with another trained model.
    BundleError
        If the released bundle is missing or damaged.

    References
    ----------
    Response and molecular data of the released bundle: Yang, Nucleic Acids Research 2013; Iorio, Cell 2016 (PMID
    27397505). Intervals: conformal regression as in https://github.com/henrikbostrom/crepes.

    Examples
    --------
    >>> import pamrx
    >>> profiles = pamrx.read_profiles(**pamrx.example_files())
    >>> table = pamrx.predict(profiles, drugs=["BYL719", "Capivasertib"])
    >>> table.shape
    (24, 22)
    >>> sorted(table["drug"].unique())
    ['Alpelisib', 'Capivasertib']
    >>> by_hand = pamrx.predict(alterations=["PIK3CA:H1047R", "PTEN:deletion"], tissue="breast", drugs=["Alpelisib"])
    >>> by_hand["sample_id"].tolist()
    ['tumour']
    >>> bool(((table["ln_ic50_lower"] < table["ln_ic50"]) & (table["ln_ic50"] < table["ln_ic50_upper"])).all())
    True
    """
    used = _used(bundle, calibration)
    given = {"mutations": mutations, "expression": expression, "ncrna": ncrna, "copy_number": copy_number,
             "samples": samples, "panel": panel}  # fmt: skip
    if alterations is None and tissue is None:
        profiles = _read(profiles, used, given, expression_unit, copy_number_unit)
    else:
        also = ["profiles"] * (profiles is not None) + [name for name, table in given.items() if table is not None]
        if also:
            raise UsageError(f"predict: give either profiles, or alterations and tissue; leave out {also[0]}")
        profiles = read_by_hand(() if alterations is None else alterations, tissue, used)
    return used.predict(profiles, drugs, coverage)


def explain(
    profiles: Profiles | None = None,
    drugs: Sequence[str] | None = None,
    bundle: Bundle | None = None,
    calibration: str | os.PathLike[str] | None = None,
    *,
    mutations: Given | None = None,
    expression: Given | None = None,
    ncrna: Given | None = None,
    copy_number: Given | None = None,
    samples: Given | None = None,
    panel: PathLike | None = None,
    expression_unit: str | None = None,
    copy_number_unit: str | None = None,
) -> pd.DataFrame:
    """Give what each feature contributes to each prediction.

    A contribution is in natural-logarithm units of IC50. A negative one lowers the predicted IC50 and so argues for
    sensitivity. It is the feature's linear term plus its SHAP value in the trees.

    Parameters
    ----------
    profiles : Profiles, optional
        n samples, from `read_profiles` or `read_study`.
    drugs : sequence of str, optional
        Drug names or synonyms. Default: all drugs of the bundle; some 6,900 rows per sample and drug.
    bundle : Bundle, optional
        The trained model. Default: the released one, loaded once per process.
    calibration : str or path, optional
        As in `predict`.
    mutations, expression, ncrna, copy_number, samples, panel, expression_unit, copy_number_unit : optional
        As in `predict`.

    Returns
    -------
    DataFrame
        Per sample and drug one row with `base` as block and feature, which holds the base value of the drug, and one
        row for each feature whose contribution is not zero. The contributions of a sample and drug sum to its
        `ln_ic50` in `predict`, to 1e-6. The same table as `pamrx predict --explain FILE` writes. Columns:

        sample_id, drug, screen, block, feature : categorical
            A feature is named `block.name`.
        value : float
            Value of the feature in the sample; NaN in the row `base` and where the sample lacks it.
        contribution : float
            In ln units of IC50.

    Raises
    ------
    UsageError
        For an unknown drug, or one that the bundle was not trained on, no input, or profiles and tables both.
    InputError
        For a table that cannot be used, as `read_profiles`.
    BundleError
        If the released bundle is missing or damaged.

    References
    ----------
    The blocks and features are described, with their sources, in `docs/features.md` and `docs/signatures.md`.

    Examples
    --------
    >>> import pamrx
    >>> profiles = pamrx.read_profiles(**pamrx.example_files()).subset(["MCF-7"])
    >>> table = pamrx.explain(profiles, drugs=["Alpelisib"])
    >>> list(table.columns)
    ['sample_id', 'drug', 'screen', 'block', 'feature', 'value', 'contribution']
    >>> predicted = pamrx.predict(profiles, drugs=["Alpelisib"])["ln_ic50"].item()
    >>> bool(abs(table["contribution"].sum() - predicted) < 1e-6)
    True
    """
    from pamrx.explanation.export import contributions_of
    from pamrx.prediction.predictions import chosen_assays

    used = _used(bundle, calibration)
    given = {"mutations": mutations, "expression": expression, "ncrna": ncrna, "copy_number": copy_number,
             "samples": samples, "panel": panel}  # fmt: skip
    profiles = _read(profiles, used, given, expression_unit, copy_number_unit)
    assays = chosen_assays(used.model.assays_, drugs)
    return contributions_of(used.model, used.builder.transform(profiles), assays)


def _read(
    profiles: Profiles | None,
    used: Bundle,
    given: Mapping[str, Given | None],
    expression_unit: str | None,
    copy_number_unit: str | None,
) -> Profiles:
    """The profiles given, or those of the tables."""
    from pamrx.profiles import Profiles

    tables = {kind: table for kind, table in given.items() if table is not None}
    units = {"expression_unit": expression_unit, "copy_number_unit": copy_number_unit}
    if profiles is None:
        for name, unit in units.items():
            if unit is not None and (kind := name.removesuffix("_unit")) not in tables:
                raise UsageError(f"{name} goes with {kind}: it says in which unit that is")
        return read_files(tables, used, expression_unit, copy_number_unit)
    if not isinstance(profiles, Profiles):
        raise UsageError(
            f"profiles: found {type(profiles).__name__}, expected what read_profiles gives; say what a table is, as in "
            "expression=table"
        )
    if also := [*tables, *(name for name, unit in units.items() if unit is not None)]:
        raise UsageError(
            f"profiles and {also[0]} given; {also[0]} goes with tables, in place of profiles: leave out one"
        )
    return profiles


def _used(bundle: Bundle | None, calibration: str | os.PathLike[str] | None) -> Bundle:
    used = bundle or _released()
    return used if calibration is None else used.calibrated(calibration)


@cache
def _released() -> Bundle:
    return load_bundle()
