"""What was found, as MLflow runs: parameters, metrics, predictions, explanations and the bundle.

Everything goes in as text, JSON, CSV, Parquet or PNG; no pickle is written or read. Every run has one shape:

```
params      what was set, and data_fingerprint
inputs      the data, by fingerprint
metrics     lco_pearson, lco_pearson.GDSC2.Alpelisib, lco_rmse.GDSC2.Alpelisib, interval_coverage.complete,
            interval_width.complete, shap_share.transcriptome, seconds, ...; lto_ where whole tissues were left out
artifacts   evaluation/out_of_fold.parquet, evaluation/per_assay.csv
            shap/contributions.parquet, shap/full/GDSC2.Alpelisib.parquet (approved drugs), shap/importance.parquet,
            shap/block_shares.csv, shap/overall.png, shap/block/mutation.png,
            shap/summary/GDSC2.Alpelisib.png, shap/bar/..., shap/dependence/...
model       of a training: the bundle as an MLflow model
tags        kind, bundle fingerprint, git commit, command, version.<package>
```

A study (an ablation, repeated splits, a comparison of candidates) is a run with one run under it for each candidate.
"""

from pamrx_training.tracking.names import metric_name
from pamrx_training.tracking.records import DataSet, Run
from pamrx_training.tracking.runs import log_run, sync
from pamrx_training.tracking.store import tracking_uri, without_password

__all__ = ["DataSet", "Run", "log_run", "metric_name", "sync", "tracking_uri", "without_password"]
