"""Releases of the portals in small, made up, with the traps that the real ones hold."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from pamrx.identifiers.genes import default_genes

# name, SIDM, ACH, COSMIC, cancer type, OncoTree code, patient
LINES = [
    ("MCF-7", "SIDM00148", "ACH-000019", "905946", "Breast Carcinoma", "BRCA", "PT-1"),
    ("HCC1954", "SIDM00872", "ACH-000859", "749709", "Breast Carcinoma", "BRCA", "PT-2"),
    ("A549", "SIDM00903", "ACH-000681", "905949", "Non-Small Cell Lung Carcinoma", "LUAD", "PT-3"),
    ("T-T", "SIDM01184", "ACH-000707", "1299064", "Esophageal Carcinoma", "ESCC", "PT-4"),
    ("TT", "SIDM00298", "ACH-001321", "930299", "Thyroid Gland Carcinoma", "THME", "PT-5"),
    ("SW480", "SIDM00840", "ACH-000842", "", "Colorectal Carcinoma", "COAD", "PT-6"),
    ("SW620", "SIDM00841", "ACH-000651", "905962", "Colorectal Carcinoma", "COAD", "PT-6"),
]
KEYS = ["A549", "HCC1954", "MCF7", "SW480", "SW620", "TT-1299064", "TT-930299"]
GENES = sorted({"PIK3CA", "PTEN", "ERBB2", "TSC1", "KRAS", "TP53", *sorted(default_genes() - {""})[100:150]})
OTHERS = ["ZZGENE1", "ZZGENE2"]


def models(folder: Path) -> None:
    """`model_list` and `Model.csv`: COSMIC ids as floats, and lines that stand in one of the two only."""
    frame = pd.DataFrame(
        LINES, columns=["model_name", "model_id", "BROAD_ID", "COSMIC_ID", "cancer_type", "_", "patient_id"]
    )
    passports = frame.drop(columns="_").assign(msi_status="MSS", RRID="CVCL_0001", CCLE_ID=frame["model_name"] + "_X")
    passports["COSMIC_ID"] = [f"{cosmic}.0" if cosmic else "" for cosmic in passports["COSMIC_ID"]]
    passports.head(6).to_csv(folder / "model_list_20240110.csv", index=False)
    depmap = pd.DataFrame(
        {
            "ModelID": frame["BROAD_ID"],
            "PatientID": frame["patient_id"],
            "CellLineName": frame["model_name"],
            "OncotreeCode": frame["_"],
            "SangerModelID": frame["model_id"],
            "COSMICID": frame["COSMIC_ID"],
        }
    )
    depmap.iloc[1:].to_csv(folder / "Model.csv", index=False)
    pd.DataFrame({"ModelConditionID": ["MC-1"], "ModelID": ["ACH-000019"]}).to_csv(folder / "ModelCondition.csv")


def responses(folder: Path, ending: str = "csv", screen: str = "GDSC2") -> None:
    """Two drugs of the axis (one of them in two ranges) and one outside, on all lines but the last, and a stranger."""
    rows = []
    names = {"1003": "Pictilisib", "1058": "Pictilisib", "1560": "Alpelisib", "1": "Erlotinib"}
    for drug, name in names.items():
        for place, (line, sidm, _, cosmic, *_) in enumerate(
            [*LINES[:6], ("Stranger", "SIDM99999", "", "1", "", "", "")]
        ):
            rows.append(
                {
                    "DATASET": screen, "NLME_RESULT_ID": 343, "COSMIC_ID": cosmic, "CELL_LINE_NAME": line,
                    "SANGER_MODEL_ID": sidm, "DRUG_ID": drug, "DRUG_NAME": name,
                    "MAX_CONC": 10.0 if drug != "1058" else 2.0,
                    "LN_IC50": 0.5 * place + int(drug) / 1000, "AUC": 0.5 + 0.05 * place,
                }
            )  # fmt: skip
    frame = pd.DataFrame(rows)
    path = folder / f"{screen}_fitted_dose_response_27Oct23.{ending}"
    frame.to_excel(path, index=False) if ending == "xlsx" else frame.to_csv(path, index=False)


def levels(seed: int = 0) -> pd.DataFrame:
    """Lines (names) x genes, TPM."""
    draw = np.random.default_rng(seed).lognormal(2.0, 1.5, (len(LINES), len(GENES) + len(OTHERS)))
    return pd.DataFrame(draw.round(3), index=[line[0] for line in LINES], columns=[*GENES, *OTHERS])


def passports_expression(folder: Path, doubled: bool = True) -> None:
    """`rnaseq_tpm`: five lines above the genes; HCC1954 was sequenced at both institutes, the Broad's column first."""
    tpm = levels()
    broad = tpm.loc[["HCC1954"]] * 3 + 1
    columns = [("SIDM00872", "HCC1954", "broad", broad.iloc[0])] if doubled else []
    columns += [(line[1], line[0], "sanger", tpm.loc[line[0]]) for line in LINES]
    lines = [
        "model_id,," + ",".join(column[0] for column in columns),
        "model_name,," + ",".join(column[1] for column in columns),
        "dataset_name,," + ",".join("RNASeq" for _ in columns),
        "data_source,," + ",".join(column[2] for column in columns),
        "gene_id,symbol," + "," * (len(columns) - 1),
    ]
    for place, gene in enumerate(tpm.columns):
        lines.append(f"SIDG{place:05},{gene}," + ",".join(str(column[3][gene]) for column in columns))
    (folder / "rnaseq_tpm_20220624.csv").write_text("\n".join(lines) + "\n")


def passports_genome(folder: Path) -> None:
    """`mutations_all` and copy number by gene, of which SW620 has none."""
    row = {"ensembl_gene_id": "ENSG1", "chromosome": "chr1", "coding": True, "source": "Sanger", "vaf": 0.5}
    calls = [
        ("PIK3CA", "SIDM00148", "p.E545K", "missense"),
        ("PIK3CA", "SIDM00872", "p.H1047R", "missense"),
        ("PIK3CA", "SIDM00903", "p.A1020A", "silent"),
        ("PTEN", "SIDM01184", "p.R130*", "nonsense"),
        ("KRAS", "SIDM00840", "p.G12V", "missense"),
        ("KRAS", "SIDM00841", "p.G12V", "missense"),
        ("KRAS", "SIDM00903", "p.G12S", "missense"),
        ("TP53", "SIDM00298", "p.R175H", "missense"),
        ("TP53", "SIDM77777", "p.R175H", "missense"),
    ]
    names = ["gene_symbol", "model_id", "protein_mutation", "effect"]
    frame = pd.DataFrame([{**dict(zip(names, call, strict=True)), **row} for call in calls])
    frame.assign(cdna_mutation="c.1A>G").to_csv(folder / "mutations_all_20230202.csv", index=False)
    number = [
        {"model_id": sidm, "symbol": gene, "cn_category": "Neutral", "source": "Sanger"}
        for _, sidm, *_ in LINES[:6]
        for gene in ("ERBB2", "PTEN", "ZZGENE1")
    ]
    number[3]["cn_category"] = "Amplification"  # HCC1954, ERBB2
    number[10]["cn_category"] = "Deletion"  # T-T, PTEN
    broad = [{"model_id": "SIDM00872", "symbol": "ERBB2", "cn_category": "Neutral", "source": "Broad"}]
    pd.DataFrame(broad + number).to_csv(folder / "WES_pureCN_CNV_genes_20250207.csv", index=False)


def depmap_release(folder: Path, copy_number: str = "PortalOmicsCNGeneLog2") -> None:
    """Expression with a row that is no default, mutations of both, and copy number as log2(ratio + 1)."""
    tpm = levels()
    labels = [f"{gene} ({place + 1})" for place, gene in enumerate(tpm.columns)]
    rows = np.log2(tpm + 1).set_axis(labels, axis=1)
    rows.insert(0, "SequencingID", [f"CDS-{place}" for place in range(len(LINES))])
    rows.insert(1, "ModelID", [line[2] for line in LINES])
    rows.insert(2, "IsDefaultEntryForModel", "Yes")
    other = rows.iloc[[0]].assign(SequencingID="CDS-9", IsDefaultEntryForModel="No")
    other[labels] = 0.5
    whole = pd.concat([other, rows], ignore_index=True)
    whole.to_csv(folder / "OmicsExpressionTPMLogp1HumanProteinCodingGenes.csv")
    mutations = pd.DataFrame(
        {
            "HugoSymbol": ["PIK3CA", "PTEN", "KRAS", "TP53", "KRAS", "KRAS", "TP53"],
            "ModelID": [line[2] for line in LINES],
            "ProteinChange": ["p.E545K", "p.R130*", "p.G12S", "p.R175H", "p.G12D", "p.G12V", "p.R273H"],
            "VariantInfo": ["missense_variant", "stop_gained", *["missense_variant"] * 5],
            "DNAChange": "c.1A>G",
            "IsDefaultEntryForModel": ["Yes", "Yes", "Yes", "Yes", "No", "Yes", "Yes"],
        }
    )
    mutations.to_csv(folder / "OmicsSomaticMutations.csv", index=False)
    ratio = pd.DataFrame(1.0, index=[line[2] for line in LINES], columns=["ERBB2 (2064)", "PTEN (5728)", "KRAS (3845)"])
    ratio.loc["ACH-000859", "ERBB2 (2064)"] = 6.0
    ratio.loc["ACH-000707", "PTEN (5728)"] = 0.02
    np.log2(ratio + 1).round(4).to_csv(folder / f"{copy_number}.csv")


def gdsc_expression(folder: Path) -> None:
    """The RMA table: COSMIC ids behind `DATA.`, one line measured again, and a row without a symbol."""
    rma = np.log2(levels() + 4).T
    rma = rma[[line[0] for line in LINES if line[3]]].set_axis([f"DATA.{line[3]}" for line in LINES if line[3]], axis=1)
    rma.insert(2, "DATA.905946.1", 7.5)
    rma.insert(0, "GENE_title", "a gene")
    rma.loc[""] = ["no symbol", *[5.0] * (rma.shape[1] - 1)]
    rma.to_csv(folder / "Cell_line_RMA_proc_basalExp.txt", sep="\t", index_label="GENE_SYMBOLS")


def screens(folder: Path) -> None:
    """PRISM with a failed STR profile and a compound in two screens, CTRP's four tables, growth rates and RPPA."""
    prism = pd.DataFrame(
        [
            ("BRD-1", "ACH-000019", "alpelisib", "HTS002", 0.9, "TRUE"),
            ("BRD-1", "ACH-000019", "alpelisib", "MTS010", 0.6, "TRUE"),
            ("BRD-1", "ACH-000859", "alpelisib", "MTS010", 0.4, "FALSE"),
            ("BRD-1", "ACH-999999", "alpelisib", "MTS010", 0.4, "TRUE"),
        ],
        columns=["broad_id", "depmap_id", "name", "screen_id", "auc", "passed_str_profiling"],
    )
    prism.to_csv(folder / "secondary-screen-dose-response-curve-parameters.csv", index=False)
    tables = {
        "data.curves_post_qc": {"experiment_id": [1, 2], "area_under_curve": [12.5, 9.0], "master_cpd_id": [7, 7]},
        "meta.per_experiment": {"experiment_id": [1, 1, 2], "master_ccl_id": [11, 11, 12], "baseline": ["a", "b", "c"]},
        "meta.per_cell_line": {"master_ccl_id": [11, 12], "ccl_name": ["MCF7", "TT"]},
        "meta.per_compound": {"master_cpd_id": [7], "cpd_name": ["BYL-719"]},
    }
    for name, columns in tables.items():
        pd.DataFrame(columns).to_csv(folder / f"v20.{name}.txt", sep="\t", index=False)
    growth = {"model_id": ["SIDM00148", "SIDM00148"], "day4_day1_ratio": [9.0, 4.0], "replicates": [1, 3]}
    pd.DataFrame(growth).to_csv(folder / "growth_rate_20220907.csv", index=False)
    rppa = pd.DataFrame({"Akt_pS473": [1.5, -0.5]}, index=["MCF-7_X", "NOONE_LUNG"])
    rppa.to_csv(folder / "CCLE_RPPA_20181003.csv")
