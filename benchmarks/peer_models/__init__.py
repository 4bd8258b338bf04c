"""Parts of `benchmarks.peers`: exported splits, the peers' own environment, one job per model and fold, the table."""
