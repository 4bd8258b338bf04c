"""Text files: MAF, matrices, tables of samples, gene panels, study folders."""

from __future__ import annotations

from pathlib import Path
from random import Random

from tests.fuzz.case import Case, Kind, by_content
from tests.fuzz.kinds.layouts import (
    GENES,
    MIRNAS,
    SAMPLES,
    asked,
    levels,
    maf_rows,
    matrix_rows,
    put,
    sample_rows,
    scored,
    text_of,
)


def _maf(random: Random, folder: Path) -> Case:
    packed = random.random() < 0.2
    text = random.choice(("", "#version gdc-1.0.0\n")) + text_of(maf_rows(random))
    return asked(random, {"mutations": put(folder / ("x.maf.gz" if packed else "x.maf"), text, packed)})


def _matrix(random: Random, folder: Path) -> Case:
    option, file = random.choice(_MATRICES)(random, folder)
    if random.random() < 0.1:
        shards = folder / "cohort"
        shards.mkdir()
        ending = file.partition(".")[2]
        name = f"cohort/{option.replace('-', '_')}-01.{ending}"
        (folder / file).rename(folder / name)
        return scored("cohort", [name])
    return asked(random, {option: file})


def _expression(random: Random, folder: Path) -> tuple[str, str]:
    unit, ending = random.choice(("log2", "counts", "tpm")), random.choice(("tsv", "csv"))
    text = text_of(matrix_rows(random, unit), "\t" if ending == "tsv" else ",")
    packed = random.random() < 0.2
    return "expression", put(folder / f"expression.{ending}{'.gz' if packed else ''}", text, packed)


def _gct(random: Random, folder: Path) -> tuple[str, str]:
    values = levels(random, "tpm", len(GENES), len(SAMPLES))
    rows: list[list[object]] = [["#1.2"], [len(GENES), len(SAMPLES)], ["Name", "Description", *SAMPLES]]
    rows += [[f"ENSG00000{place:06}.3", gene, *values[place]] for place, gene in enumerate(GENES)]
    return "expression", put(folder / "expression.gct", text_of(rows))


def _long(random: Random, folder: Path) -> tuple[str, str]:
    values = levels(random, "log2", len(GENES), len(SAMPLES))
    rows: list[list[object]] = [["sample_id", "gene", "value"]]
    rows += [
        [sample, gene, values[row][column]] for column, sample in enumerate(SAMPLES) for row, gene in enumerate(GENES)
    ]
    return "expression", put(folder / "long.tsv", text_of(rows))


def _copy_number(random: Random, folder: Path) -> tuple[str, str]:
    corner = random.choice(("gene", "Gene Symbol", "Hugo_Symbol"))
    return "copy-number", put(folder / "calls.tsv", text_of(matrix_rows(random, "calls", corner=corner)))


def _ncrna(random: Random, folder: Path) -> tuple[str, str]:
    return "ncrna", put(folder / "mirna.tsv", text_of(matrix_rows(random, "counts", MIRNAS, corner="miRNA_ID")))


_MATRICES = (_expression, _expression, _gct, _long, _copy_number, _ncrna)


def _samples(random: Random, folder: Path) -> Case:
    separator = random.choice((",", "\t"))
    files = {"samples": put(folder / "samples.csv", text_of(sample_rows(random), separator))}
    if random.random() < 0.5:
        files["mutations"] = put(folder / "x.maf", text_of(maf_rows(random)))
    case = asked(random, files)
    return Case(case.arguments, case.files[:1], case.output)


def _panel(random: Random, folder: Path) -> Case:
    plain = "\n".join([*(["# of three laboratories", "gene"] if random.random() < 0.5 else []), *GENES, ""])
    portal = f"stable_id: TEST12\ndescription: Targeted\ngene_list:\t{chr(9).join(GENES)}\n"
    panel = put(folder / "panel.txt", random.choice((plain, portal)))
    case = asked(random, {"panel": panel, "mutations": put(folder / "x.maf", text_of(maf_rows(random)))})
    return Case(case.arguments, (panel,), case.output)


def _meta(alteration: str, datatype: str, file: str) -> str:
    return (
        f"cancer_study_identifier: made\ngenetic_alteration_type: {alteration}\ndatatype: {datatype}\n"
        f"stable_id: x\nprofile_name: x\ndata_filename: {file}\n"
    )


_CLINICAL = (
    "#Patient Identifier\tSample Identifier\tCancer Type\tOncotree Code\tSample Class\tMSI Type\n"
    "#The patient\tThe sample\tCancer\tCode\tClass\tMSI\n#STRING\tSTRING\tSTRING\tSTRING\tSTRING\tSTRING\n"
    "#1\t1\t1\t1\t1\t1\nPATIENT_ID\tSAMPLE_ID\tCANCER_TYPE\tONCOTREE_CODE\tSAMPLE_CLASS\tMSI_TYPE\n"
    "P1\tT1\tBreast Cancer\tIDC\tTumor\tStable\nP2\tT2\tColorectal Cancer\t\tXenograft\tInstable\n"
    "P3\tT3\tMelanoma\tMEL\tTumor\tDo not report\n"
)
_LISTED = (
    "cancer_study_identifier: made\nstable_id: made_sequenced\ncase_list_name: Sequenced\ncase_list_ids: T1\tT2\tT3\n"
)


def _of_portal(random: Random, unit: str) -> str:
    head: list[object] = ["Hugo_Symbol", "Entrez_Gene_Id", *SAMPLES]
    values = levels(random, unit, len(GENES), len(SAMPLES))
    return text_of([head, *([gene, 5290 + row, *values[row]] for row, gene in enumerate(GENES))])


def _study(random: Random, folder: Path) -> Case:
    files = {
        "meta_study.txt": "type_of_cancer: mixed\ncancer_study_identifier: made\nname: Made\ndescription: x\n",
        "meta_mutations.txt": _meta("MUTATION_EXTENDED", "MAF", "data_mutations.txt"),
        "data_mutations.txt": text_of(maf_rows(random)),
        "meta_clinical_sample.txt": _meta("CLINICAL", "SAMPLE_ATTRIBUTES", "data_clinical_sample.txt"),
        "data_clinical_sample.txt": _CLINICAL,
        "meta_mrna.txt": _meta("MRNA_EXPRESSION", "CONTINUOUS", "data_mrna_seq_v2_rsem.txt"),
        "data_mrna_seq_v2_rsem.txt": _of_portal(random, "tpm"),
        "meta_cna.txt": _meta("COPY_NUMBER_ALTERATION", "DISCRETE", "data_cna.txt"),
        "data_cna.txt": _of_portal(random, "calls"),
        "case_lists/cases_sequenced.txt": _LISTED,
    }
    for name, text in files.items():
        path = folder / "study" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        put(path, text)
    spoilt = tuple(f"study/{name}" for name in files)
    command = random.choice(("check", "check", "predict", "score"))
    if command == "score":
        return scored("study", spoilt)
    return Case((command, "study", *(("--drugs", "alpelisib") if command == "predict" else ())), spoilt)


def _spoil_study(random: Random, folder: Path, case: Case) -> Case:
    """By the content of a file, or by what lies where a file belongs."""
    path = folder / random.choice(case.files)
    change = random.choice(
        ("content", "content", "content", "content", "gone", "folder", "unreadable", "link", "twice")
    )
    if change == "content":
        return by_content(random, folder, case)
    if change == "unreadable":
        (path if random.random() < 0.5 else path.parent).chmod(0)
        return case
    content = path.read_bytes()
    if change != "twice":
        path.unlink()
    if change == "folder":
        path.mkdir()
    elif change == "link":
        path.symlink_to(random.choice((path.name, "absent.txt", "/dev/null", "..")))
    elif change == "twice":
        path.with_name(f"{path.stem}_{random.choice(('2', 'tpm', 'zscores', 'normals'))}.txt").write_bytes(content)
    return case


KINDS = (
    Kind("maf", 160, _maf),
    Kind("matrix", 220, _matrix),
    Kind("samples", 90, _samples),
    Kind("panel", 40, _panel),
    Kind("study", 60, _study, _spoil_study),
)
