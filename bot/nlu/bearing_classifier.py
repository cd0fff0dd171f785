"""Rasa's part that reads how a message is borne: severity cues and emotion, by rules and model together."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.nlu.bearing_data import bearing_fingerprint, cue_lines, emotion_lines
from bot.nlu.bearing_model import BearingModel
from bot.nlu.bearing_reader import BearingReader
from bot.nlu.kept import KeptComponent

EMOTION, CUES = "emotion", "cues"


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class BearingClassifier(KeptComponent):
    """Sets emotion and cues. Training options: `BearingChoices`; `data_path` holds the labelled messages."""

    @staticmethod
    def required_packages() -> list[str]:
        return ["sklearn", "scipy"]

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        return {"data_path": "data/bearing", "seed": 7}

    def __init__(
        self,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        model: BearingModel | None = None,
    ) -> None:
        self._config = config
        self._model_storage = model_storage
        self._resource = resource
        self._reader = BearingReader(model) if model is not None else None

    @classmethod
    def _kept(cls, folder: Path) -> BearingModel:
        return BearingModel.load(folder)

    @classmethod
    def fingerprint_addon(cls, config: dict[str, Any]) -> str | None:
        path = config.get("data_path") or cls.get_default_config()["data_path"]
        return bearing_fingerprint(Path(path))

    def train(self, training_data: TrainingData) -> Resource:
        """Fits and keeps a model.

        Raises:
            BearingDataError: the labelled messages cannot be read.
        """
        # Training pulls in scikit-learn, which takes seconds to import; a running server never needs it.
        from bot.nlu.bearing_training import BearingChoices, train_bearing_model

        folder = Path(self._config["data_path"])
        chosen = {
            name: self._config[name] for name in BearingChoices.__dataclass_fields__ if name in self._config
        }
        model = train_bearing_model(
            cue_lines(folder),
            emotion_lines(folder),
            [(m.get(TEXT), m.get(INTENT)) for m in training_data.intent_examples if m.get(TEXT)],
            BearingChoices(**chosen),
        )
        with self._model_storage.write_to(self._resource) as target:
            model.save(target)
        return self._resource

    def process(self, messages: list[Message]) -> list[Message]:
        for message in messages:
            text = message.get(TEXT)
            if self._reader is not None and isinstance(text, str):
                bearing = self._reader.read(text)
                message.set(EMOTION, bearing.emotion.value, add_to_output=True)
                message.set(CUES, sorted(cue.value for cue in bearing.cues), add_to_output=True)
        return messages
