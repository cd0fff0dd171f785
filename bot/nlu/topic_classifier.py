"""Rasa's intent classifier: topics from character n-grams, with the complaint gate and further wishes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.shared.exceptions import RasaException
from rasa.shared.nlu.constants import INTENT, INTENT_RANKING_KEY, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.nlu.kept import KeptComponent
from bot.nlu.spacy_reader import READ_ENTITIES, SpacyReader
from bot.nlu.topic_model import TopicModel
from bot.nlu.topic_reading import topic_reading
from bot.nlu.topics import READING_DEFAULTS, TopicReader

TOPIC, ALSO, KIND = "topic", "also", "kind"


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class TopicClassifier(KeptComponent, IntentClassifier):
    """Sets intent, ranking, topic, also and kind. Training options: `TrainingChoices`."""

    @classmethod
    def required_components(cls) -> list[type]:
        return [SpacyReader]

    @staticmethod
    def required_packages() -> list[str]:
        return ["sklearn", "scipy"]

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        return {
            "strength": 1.2,
            "folds": 3,
            "seed": 7,
            "wrapped_share": 0.3,
            "gate_recall_weight": 1.25,
            "caution": 0.92,
            **READING_DEFAULTS,
        }

    def __init__(
        self,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        model: TopicModel | None = None,
    ) -> None:
        self._config = config
        self._model_storage = model_storage
        self._resource = resource
        options = {name: config[name] for name in READING_DEFAULTS}
        self._reader = TopicReader(model, **options) if model is not None else None

    @classmethod
    def _kept(cls, folder: Path) -> TopicModel:
        return TopicModel.load(folder)

    def train(self, training_data: TrainingData) -> Resource:
        """Fits and keeps a model.

        Raises:
            RasaException: there are no examples to learn from.
        """
        # Training pulls in scikit-learn, which takes seconds to import; a running server never needs it.
        from bot.nlu.topic_training import TrainingChoices, train_topic_model

        examples = [
            (topic_reading(m.get(TEXT), m.get(READ_ENTITIES, ())), m.get(INTENT))
            for m in training_data.intent_examples
            if m.get(TEXT)
        ]
        if not examples:
            raise RasaException("TopicClassifier: no training examples with a text; is data/nlu empty?")
        choices = TrainingChoices(
            **{name: self._config[name] for name in TrainingChoices.__dataclass_fields__}
        )
        model = train_topic_model(examples, choices)
        with self._model_storage.write_to(self._resource) as folder:
            model.save(folder)
        return self._resource

    def process(self, messages: list[Message]) -> list[Message]:
        for message in messages:
            if self._reader is not None and isinstance(message.get(TEXT), str):
                self._read(self._reader, message)
        return messages

    @staticmethod
    def _read(reader: TopicReader, message: Message) -> None:
        understood = reader.read(message.get(TEXT), message.get(READ_ENTITIES, ()))
        ranking = [{"name": name, "confidence": value} for name, value in understood.ranking]
        message.set(INTENT, dict(ranking[0]), add_to_output=True)
        message.set(INTENT_RANKING_KEY, ranking, add_to_output=True)
        message.set(TOPIC, understood.topic.value, add_to_output=True)
        message.set(ALSO, [topic.value for topic in understood.also], add_to_output=True)
        message.set(KIND, understood.kind.value, add_to_output=True)
