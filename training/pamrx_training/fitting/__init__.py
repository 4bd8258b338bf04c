"""From a cohort to a fitted model: lines, splits, fits and their cache, calibration."""
