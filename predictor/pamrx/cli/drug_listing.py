"""What `pamrx drugs` prints: one line per drug, or all that is known of one."""

from __future__ import annotations

from pamrx.cli.console import plain_table, table_console
from pamrx.console.console import PlainConsole
from pamrx.errors import UsageError, did_you_mean
from pamrx.knowledge.concentrations import max_concentration
from pamrx.knowledge.drug_status import STATUSES, history, status, with_status
from pamrx.knowledge.drugs import DRUG_CLASSES, Drug, all_drugs, is_drug, proxies, resolve
from pamrx.knowledge.exposure import exposure
from pamrx.knowledge.natural_products import KINDS, NaturalProduct, forms_of, natural_product, natural_products


def show_drugs(drug_class: str | None = None, wanted_status: str | None = None) -> None:
    """The drugs of the axis, those in a screen first, by class: one line each, also at 80 columns.

    Natural products and delivery forms follow where the list is not narrowed; they have no class and no prediction.

    Parameters
    ----------
    drug_class, wanted_status : only drugs of these; None for all.

    Raises
    ------
    UsageError
        For a class or status that is none.
    """
    drugs = sorted(all_drugs(), key=lambda drug: (not drug.screened, _place(drug), drug.name.lower()))
    if drug_class is not None:
        chosen = _word("class", drug_class, DRUG_CLASSES)
        drugs = [drug for drug in drugs if drug.drug_class == chosen]
    if wanted_status is not None:
        drugs = with_status(drugs, _word("status", wanted_status, STATUSES))
    console = table_console()
    if not drugs:
        console.print("no drug of that class and status")
        return
    table = plain_table("drug", "class", "status", "screens", "Cmax µM")
    for column in table.columns:
        column.no_wrap = True
    for drug in drugs:
        reached = exposure(drug)
        cmax = f"{reached.cmax_um:.3g}" if reached else ""
        table.add_row(drug.name, drug.drug_class, status(drug), ", ".join(drug.screens) or "none", cmax)
    console.print(table)
    screened = sum(drug.screened for drug in drugs)
    console.print(
        f"{screened} of these {len(drugs)} drugs are screened in GDSC1 or GDSC2; the others are answered through drugs "
        "of their class. `pamrx drugs NAME` tells more: other names, targets, approvals by region, concentrations, "
        "sources. --class and --status narrow the list. Cmax: highest concentration in patients' plasma."
    )
    if drug_class is None and wanted_status is None:
        _show_natural_products()


def show_drug(name: str) -> None:
    """One drug, found by any of its names; for one that no screen holds, the proxies of its class.

    A natural product or delivery form is shown with what is known of its targets.

    Raises
    ------
    UsageError
        If no drug has that name.
    """
    product = natural_product(name)
    if product is not None and not is_drug(name):
        _show_natural_product(product)
        return
    drug = resolve(name)
    forms = "; ".join(f"{form.name}: {form.in_people or form.evidence}" for form in forms_of(drug.name))
    console = _show_rows(
        ("drug", drug.name),
        ("also called", ", ".join(drug.aliases)),
        ("class", drug.drug_class),
        ("targets", ", ".join(drug.targets)),
        ("status", status(drug)),
        *(("", f"{row}; {row.source}") for row in history(drug)),
        ("screens", ", ".join(_screens(drug)) or "none"),
        ("reached in patients", _reached(drug)),
        ("GDSC's label", drug.gdsc_label_note),
        ("delivery forms", forms),
        ("source", drug.source),
    )
    if not drug.screened:
        names = ", ".join(proxy.name for proxy in proxies(drug))
        console.print(f"No screen holds {drug.name}. Its class ({drug.drug_class}) is screened as: {names}.")


def _show_natural_products() -> None:
    console = table_console()
    console.print(
        "No prediction is made for the following; `evidence` is how far what is known of their targets goes "
        "(docs/natural_products.md)."
    )
    for kind in KINDS:
        table = plain_table(kind, "evidence", "targets")
        for one in natural_products():
            if one.kind == kind:
                table.add_row(one.name, one.level, ", ".join(one.targets))
        console.print(table)


def _show_natural_product(product: NaturalProduct) -> None:
    console = _show_rows(
        ("name", product.name),
        ("also called", ", ".join(product.aliases)),
        ("kind", product.kind),
        ("substance", product.drug),
        ("acts on", ", ".join(product.targets)),
        ("evidence", f"{product.evidence} ({product.level})"),
        ("in people", product.in_people),
        ("screens", ", ".join(product.screens) or "none"),
        ("source", product.source),
    )
    console.print(f"Nothing is predicted for {product.name}.")


def _show_rows(*rows: tuple[str, str]) -> PlainConsole:
    """Print names and values, without those that are empty; a value stays one paragraph, so a list is several rows."""
    table = plain_table("", "", header=False)
    for key, value in rows:
        if value:
            table.add_row(key, value)
    console = table_console()
    console.print(table)
    return console


def _screens(drug: Drug) -> list[str]:
    tested = [(screen, max_concentration(drug, screen)) for screen in drug.screens]
    return [f"{screen} (to {highest:g} µM)" if highest is not None else screen for screen, highest in tested]


def _reached(drug: Drug) -> str:
    """`3.2 µM in plasma, free 0.7 µM, at 400 mg twice daily; source`."""
    found = exposure(drug)
    if found is None:
        return ""
    free = "" if found.cmax_free_um is None else f", free {found.cmax_free_um:.3g} µM"
    return f"{found.cmax_um:.3g} µM in {found.matrix}{free}, at {found.dose}; {found.source}"


def _word(what: str, word: str, words: tuple[str, ...]) -> str:
    """The word of that spelling; case and blanks at the ends do not count."""
    found = next((one for one in words if one.lower() == word.strip().lower()), None)
    if found is None:
        raise UsageError(f"unknown {what} '{word}'; expected one of {', '.join(words)}{did_you_mean(word, words)}")
    return found


def _place(drug: Drug) -> int:
    return DRUG_CLASSES.index(drug.drug_class)
