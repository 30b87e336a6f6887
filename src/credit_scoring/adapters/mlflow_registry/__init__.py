"""The registry of models in MLflow: ``runs`` is what a training leaves, ``registry`` which version is whose place.

``connection`` is MLflow itself; nothing else imports it.
"""

from credit_scoring.adapters.mlflow_registry.registry import MlflowRegistry, RegisteredVersion

__all__ = ["MlflowRegistry", "RegisteredVersion"]
