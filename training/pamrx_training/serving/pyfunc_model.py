"""What MLflow keeps as the code of the model: this file is copied into the store and run where the model is loaded."""

from mlflow.models import set_model

from pamrx_training.serving.model import PamrxModel

set_model(PamrxModel())
