"""A laboratory's own screen: wells of plates to one row per sample and drug (ln IC50, AUC, GR metrics, quality)."""
