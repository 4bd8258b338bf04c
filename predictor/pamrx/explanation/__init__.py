"""Why a prediction is what it is: contributions of features, and the alterations that a profile holds."""
