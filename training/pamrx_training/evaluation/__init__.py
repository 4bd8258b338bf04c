"""How good a model is: metrics, rankings, baselines, ceilings, ablation, other laboratories."""
