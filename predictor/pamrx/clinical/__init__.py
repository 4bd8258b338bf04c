"""What trials, guidelines and models say of a tumour's alterations: stands beside a prediction, never inside it."""

from pamrx.clinical.combinations import measured_partners
from pamrx.clinical.learning import unlearned_alterations
from pamrx.clinical.resistance import resistance_statements
from pamrx.clinical.statements import clinical_statements, not_assessed

__all__ = [
    "clinical_statements",
    "measured_partners",
    "not_assessed",
    "resistance_statements",
    "unlearned_alterations",
]
