"""Graph components that keep something with the trained model and read it back when the model is loaded."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.nlu.dictionary import content_fingerprint, copy_dictionary


class KeptComponent(GraphComponent):
    """Rasa's `create` and `load`. Subclasses are made of config, storage, resource and what was kept.

    Rasa looks at the annotations when it checks a pipeline: they name classes that exist at run time.
    """

    @classmethod
    def _fresh(cls, config: dict[str, Any]) -> Any:
        """What stands for the kept thing before training."""
        return None

    @classmethod
    def _kept(cls, folder: Path) -> Any:
        """What training wrote into `folder`."""
        raise NotImplementedError

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> GraphComponent:
        return cls(config, model_storage, resource, cls._fresh(config))

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> GraphComponent:
        with model_storage.read_from(resource) as folder:
            return cls(config, model_storage, resource, cls._kept(folder))


class DictionaryComponent(KeptComponent):
    """Keeps the shop's dictionary: what was trained is what runs, and an edited word trains anew.

    Subclasses set `_model_storage`, `_resource` and `_dictionary`.
    """

    _model_storage: ModelStorage
    _resource: Resource
    _dictionary: Path

    @classmethod
    def _fresh(cls, config: dict[str, Any]) -> Path:
        return Path(config["dictionary_path"])

    @classmethod
    def _kept(cls, folder: Path) -> Path:
        return folder

    @classmethod
    def fingerprint_addon(cls, config: dict[str, Any]) -> str | None:
        path = config.get("dictionary_path") or cls.get_default_config()["dictionary_path"]
        return content_fingerprint(Path(path))

    def train(self, training_data: TrainingData) -> Resource:
        with self._model_storage.write_to(self._resource) as folder:
            copy_dictionary(self._dictionary, folder)
        return self._resource
