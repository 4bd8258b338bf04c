"""From features to the result table: predictions, intervals, percentiles and applicability."""
