"""The model over HTTP: an MLflow model that takes a profile as JSON, and the server around it."""
