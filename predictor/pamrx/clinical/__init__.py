"""What trials, guidelines and models say of a tumour's alterations: stands beside a prediction, never inside it."""

from pamrx.clinical.learning import unlearned_alterations
from pamrx.clinical.statements import clinical_statements, not_assessed

__all__ = ["clinical_statements", "not_assessed", "unlearned_alterations"]
