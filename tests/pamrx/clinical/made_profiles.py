"""Forty made profiles, and the evidence that must and must not be told of each."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from pamrx import Profiles

from tests.pamrx.features.test_blocks import profiles

MISSENSE, NONSENSE, SHIFT = "Missense_Mutation", "Nonsense_Mutation", "Frame_Shift_Del"


@dataclass(frozen=True)
class Case:
    """One sample, `s`: `mutations` are (gene, class, change) or (gene, class, change, vaf); `calls` copy
    number by gene. `must` and `must_not` are ids of evidence; `must_not` may
    end in `*`; `notes` are parts of the note of an id."""

    name: str
    tissue: str | None
    mutations: tuple[tuple[Any, ...], ...] | None = ()
    calls: dict[str, float] = field(default_factory=dict)
    assessed: frozenset[str] | None = None
    purity: float | None = None
    must: tuple[str, ...] = ()
    must_not: tuple[str, ...] = ()
    notes: dict[str, str] = field(default_factory=dict)

    def profile(self) -> Profiles:
        """The sample, as if it had been read."""
        rows = None if self.mutations is None else [("s", *one[:3]) for one in self.mutations]
        matrices = {"copy_number": {gene: [call] for gene, call in self.calls.items()}} if self.calls else {}
        made = profiles(["s"], rows, assessed=self.assessed, tissue=[self.tissue], **matrices)
        if rows and any(len(one) > 3 for one in self.mutations or ()):
            made.mutations["vaf"] = [one[3] if len(one) > 3 else np.nan for one in self.mutations or ()]
        return made

    def purities(self) -> pd.Series | None:
        """The purity of the sample, where it is known."""
        return None if self.purity is None else pd.Series({"s": self.purity})


CASES = (
    # The exact change, in the tumour type of the trial.
    Case(
        "AKT1 E17K, breast",
        "breast",
        (("AKT1", MISSENSE, "p.E17K"),),
        must=(
            "AKT1.CAPItello-291",
            "AKT1.MATCH-Y",
            "AKT1.ASCO-2024",
            "AKT1.ASCO-2024.alpelisib",
            "PIK3CA.VIKTORIA-1.wild-type",
        ),
        must_not=("PIK3CA.SOLAR-1", "PTEN.*"),
    ),
    Case(
        "PIK3CA H1047R, breast",
        "breast",
        (("PIK3CA", MISSENSE, "p.H1047R"),),
        must=(
            "PIK3CA.SOLAR-1",
            "PIK3CA.INAVO120",
            "PIK3CA.CAPItello-291",
            "PIK3CA.H1047R.phase1",
            "PIK3CA.IPATunity130",
        ),
        must_not=(
            "PIK3CA.double.*",
            "PIK3CA.VIKTORIA-1.wild-type",
            "PIK3CA.BOLERO-1-3",
            "PIK3CA.KRAS-BRAF",
            "PIK3CA.secondary",
        ),
    ),
    Case(
        "PIK3CA E545K, breast",
        "breast",
        (("PIK3CA", MISSENSE, "p.E545K"),),
        must=("PIK3CA.SOLAR-1",),
        must_not=("PIK3CA.H1047R.phase1",),
    ),
    Case(
        "PIK3CA E545_Q546delinsKK holds E545K",
        "breast",
        (("PIK3CA", MISSENSE, "p.E545_Q546delinsKK"),),
        must=("PIK3CA.SOLAR-1", "PIK3CA.INAVO120"),
    ),
    Case(
        "ESR1 D538G",
        "breast",
        (("ESR1", MISSENSE, "p.D538G"),),
        must=("ESR1.D538G.everolimus",),
        must_not=("ESR1.Y537S.everolimus",),
    ),
    Case(
        "ESR1 Y537S",
        "breast",
        (("ESR1", MISSENSE, "p.Y537S"),),
        must=("ESR1.Y537S.everolimus",),
        must_not=("ESR1.D538G.everolimus",),
    ),
    Case(
        "MTOR F2108L, thyroid",
        "thyroid",
        (("MTOR", MISSENSE, "p.F2108L"),),
        must=("MTOR.F2108L", "MTOR.FRB"),
        must_not=("MTOR.activating.models", "MTOR.Wagle"),
    ),
    # Another change in the same gene.
    Case(
        "AKT1 L52R is no E17K",
        "breast",
        (("AKT1", MISSENSE, "p.L52R"),),
        must=("AKT1.ASCO-2024",),
        must_not=("AKT1.CAPItello-291", "AKT1.MATCH-Y", "AKT1.Hyman"),
    ),
    Case("AKT1 passenger", "breast", (("AKT1", MISSENSE, "p.D32Y"),), must_not=("AKT1.*",)),
    Case(
        "PIK3CA N345K is outside the list",
        "breast",
        (("PIK3CA", MISSENSE, "p.N345K"),),
        must=("PIK3CA.INAVO120", "PIK3CA.CAPItello-291"),
        must_not=("PIK3CA.SOLAR-1",),
    ),
    Case(
        "PIK3CA Q75E, head and neck",
        "aero_dig_tract",
        (("PIK3CA", MISSENSE, "p.Q75E"),),
        must=("PIK3CA.Q75E",),
        must_not=("PIK3CA.SOLAR-1", "PIK3CA.secondary"),
    ),
    Case(
        "PIK3CA unknown missense",
        "breast",
        (("PIK3CA", MISSENSE, "p.L10F"),),
        must=("PIK3CA.SOLAR-1.wild-type",),
        must_not=("PIK3CA.SOLAR-1", "PIK3CA.INAVO120"),
    ),
    Case(
        "MTOR in the FRB domain by position only",
        "kidney",
        (("MTOR", MISSENSE, "p.S2035T"),),
        must=("MTOR.FRB", "none.RECORD-1"),
        must_not=("MTOR.F2108L", "MTOR.kidney.rapalogs"),
    ),
    Case(
        "MTOR outside that domain",
        "kidney",
        (("MTOR", MISSENSE, "p.C1483F"),),
        must=("MTOR.kidney.rapalogs", "MTOR.activating.models"),
        must_not=("MTOR.FRB",),
    ),
    # Losses, by one hit or two.
    Case(
        "PTEN deep deletion, prostate",
        "prostate",
        (),
        {"PTEN": -2},
        must=("PTEN.CAPItello-281", "PTEN.IPATential150", "PTEN.MATCH-N", "PTEN.MATCH-Z1H"),
        must_not=("PTEN.Juric", "PTEN.AZD8186.TNBC"),
        notes={"PTEN.CAPItello-281": "both copies hit"},
    ),
    Case(
        "PTEN stop with a loss",
        "prostate",
        (("PTEN", NONSENSE, "p.R130*"),),
        {"PTEN": -1},
        must=("PTEN.CAPItello-281",),
        notes={"PTEN.CAPItello-281": "both copies hit"},
    ),
    Case(
        "PTEN stop on a diploid gene",
        "prostate",
        (("PTEN", NONSENSE, "p.R130*"),),
        {"PTEN": 0},
        must=("PTEN.CAPItello-281",),
        notes={"PTEN.CAPItello-281": "one hit found"},
    ),
    Case(
        "PTEN stop, copies not measured",
        "prostate",
        (("PTEN", NONSENSE, "p.R130*"),),
        must=("PTEN.CAPItello-281",),
        notes={"PTEN.CAPItello-281": "the other copy was not assessed"},
    ),
    Case("PTEN shallow loss alone", "prostate", (), {"PTEN": -1}, must_not=("PTEN.*",)),
    Case("PTEN passenger", "endometrium", (("PTEN", MISSENSE, "p.A79T"),), must_not=("PTEN.CAPItello-291",)),
    Case(
        "TSC1 both copies, bladder",
        "Bladder",
        (("TSC1", NONSENSE, "p.R692*"), ("TSC1", SHIFT, "p.L557fs")),
        must=("TSC1.everolimus.biallelic", "TSC1.PRECISION1", "TSC1.Iyer"),
        must_not=("TSC2.*",),
        notes={"TSC1.everolimus.biallelic": "both copies hit"},
    ),
    Case(
        "TSC1 one hit, bladder",
        "Bladder",
        (("TSC1", NONSENSE, "p.R692*"),),
        {"TSC1": 0},
        must=("TSC1.everolimus.basket", "TSC1.Iyer"),
        must_not=("TSC1.everolimus.biallelic",),
    ),
    Case(
        "TSC2, sarcoma",
        "soft_tissue",
        (("TSC2", NONSENSE, "p.Q1178*"),),
        must=("TSC2.PEComa", "none.AMPECT", "TSC2.PRECISION1"),
        must_not=("TSC2.thyroid", "TSC2.liver"),
    ),
    Case(
        "NF2, brain",
        "nervous_system",
        (("NF2", NONSENSE, "p.R57*"),),
        must=("NF2.schwannoma.Karajannis", "NF2.schwannoma.Goutagny"),
    ),
    # The wrong tumour type.
    Case(
        "AKT1 E17K, lung",
        "lung_NSCLC",
        (("AKT1", MISSENSE, "p.E17K"),),
        must=("AKT1.MATCH-Y", "AKT1.CAPItello-291"),
        must_not=("PIK3CA.VIKTORIA-1.wild-type",),
        notes={"AKT1.CAPItello-291": "evidence from another tumour type (breast)"},
    ),
    Case("VHL in breast says nothing", "breast", (("VHL", NONSENSE, "p.R161*"),), must_not=("VHL.*", "none.*")),
    Case("RICTOR amplified, small cell", "lung_SCLC", (), {"RICTOR": 2}, must=("RICTOR.SCLC",)),
    Case("RICTOR amplified, breast: a model of another tumour", "breast", (), {"RICTOR": 2}, must_not=("RICTOR.*",)),
    Case(
        "no tissue",
        None,
        (("PIK3CA", MISSENSE, "p.H1047R"),),
        must=("PIK3CA.SOLAR-1", "PIK3CA.MATCH-Z1F"),
        must_not=("none.*", "PIK3CD.*"),
    ),
    Case(
        "lymphoma without any alteration",
        "lymphoma",
        (),
        must=("PIK3CD.idelalisib.FL", "PIK3CD.umbralisib", "PIK3CD.copanlisib", "PIK3CD.duvelisib.FL"),
        must_not=("PIK3CD.idelalisib.CLL",),
    ),
    Case(
        "leukaemia without any alteration",
        "leukemia",
        (),
        must=("PIK3CD.idelalisib.CLL", "PIK3CD.duvelisib.DUO", "PIK3CD.idelalisib.first-line"),
        must_not=("PIK3CD.umbralisib",),
    ),
    # Not sequenced, or not looked at.
    Case("not sequenced, breast", "breast", None, must_not=("PIK3CA.*", "AKT1.*", "PTEN.*")),
    Case(
        "not sequenced, PTEN deleted",
        "prostate",
        None,
        {"PTEN": -2},
        must=("PTEN.CAPItello-281",),
        must_not=("PIK3CA.*",),
    ),
    Case(
        "a panel without PIK3CA",
        "breast",
        (("AKT1", MISSENSE, "p.E17K"),),
        assessed=frozenset({"AKT1", "PTEN"}),
        must=("AKT1.CAPItello-291",),
        must_not=("PIK3CA.*", "PTEN.*"),
        notes={"AKT1.ASCO-2024.alpelisib": "holds without PIK3CA driver, which was not assessed"},
    ),
    Case("PIK3CA missense whose change is not given", "breast", (("PIK3CA", MISSENSE, ""),), must_not=("PIK3CA.*",)),
    # Subclonal.
    Case(
        "PIK3CA at 6 % in a pure tumour",
        "breast",
        (("PIK3CA", MISSENSE, "p.H1047R", 0.06),),
        purity=0.8,
        must=("PIK3CA.SOLAR-1",),
        notes={
            "PIK3CA.SOLAR-1": "likely subclonal (allele fraction 0.06 at purity 0.80: in some 15 % of tumour cells)"
        },
    ),
    Case(
        "PIK3CA at 6 % in an impure tumour",
        "breast",
        (("PIK3CA", MISSENSE, "p.H1047R", 0.06),),
        purity=0.14,
        must=("PIK3CA.SOLAR-1",),
        notes={"PIK3CA.SOLAR-1": ""},
    ),
    # Other alterations beside it.
    Case(
        "two changes of PIK3CA",
        "breast",
        (("PIK3CA", MISSENSE, "p.E545K"), ("PIK3CA", MISSENSE, "p.E726K")),
        must=("PIK3CA.double.SANDPIPER", "PIK3CA.double.Vasan", "PIK3CA.SOLAR-1"),
    ),
    Case(
        "PIK3CA with KRAS, colon",
        "large_intestine",
        (("PIK3CA", MISSENSE, "p.H1047R"), ("KRAS", MISSENSE, "p.G13D")),
        must=("PIK3CA.KRAS-BRAF", "PIK3CA.colorectal.KRAS", "KRAS.axis.phase1"),
        must_not=("PIK3CA.MATCH-Z1F",),
        notes={"PIK3CA.KRAS-BRAF": "with KRAS G13D"},
    ),
    Case(
        "PIK3CA and PTEN lost, HER2 amplified, breast",
        "breast",
        (("PIK3CA", MISSENSE, "p.H1047R"), ("PTEN", NONSENSE, "p.R130*")),
        {"PTEN": -2, "ERBB2": 2, "INPP4B": -2},
        must=("PIK3CA.BOLERO-1-3", "PTEN.BOLERO-1-3", "PTEN.Juric", "ERBB2.pilaralisib", "INPP4B.TNBC"),
        notes={"PTEN.Juric": "with PIK3CA H1047R", "INPP4B.TNBC": "with PTEN R130*"},
    ),
)
