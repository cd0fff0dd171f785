"""Rasa's entity extractor: a spaCy pipeline of ours, and whether the message asks, states or commands."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.extractors.extractor import EntityExtractorMixin
from rasa.shared.nlu.constants import ENTITIES, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.nlu.dictionary import load_dictionary
from bot.nlu.entities.pipeline import DEFAULT_ORDER_NUMBER_PATTERN, EntityReader
from bot.nlu.kept import DictionaryComponent
from bot.nlu.reading import simplified
from bot.nlu.segmenter import shared_segmenter
from care.rules.sentence_mood import find_mood

MOOD = "mood"
#: The entities on their own: the topic classifier reads by them, and in training they must not pass for annotations.
READ_ENTITIES = "read_entities"


# A featurizer too, because only those run over the training data.
@DefaultV1Recipe.register(
    [DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, DefaultV1Recipe.ComponentType.MESSAGE_FEATURIZER],
    is_trainable=True,
)
class SpacyReader(DictionaryComponent, EntityExtractorMixin):
    """Sets entities and mood. It learns nothing; training keeps the dictionary with the model."""

    @staticmethod
    def required_packages() -> list[str]:
        return ["spacy", "jieba"]

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        return {
            "dictionary_path": "data/dict",
            "cache_dir": "var/jieba",
            "order_number_pattern": DEFAULT_ORDER_NUMBER_PATTERN,
        }

    def __init__(
        self, config: dict[str, Any], model_storage: ModelStorage, resource: Resource, dictionary: Path
    ) -> None:
        self._model_storage = model_storage
        self._resource = resource
        self._dictionary = dictionary
        self._reader = EntityReader(
            load_dictionary(dictionary),
            shared_segmenter(dictionary, Path(config["cache_dir"])),
            order_number_pattern=config["order_number_pattern"],
        )

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        for message in training_data.training_examples:
            if isinstance(text := message.get(TEXT), str):
                message.set(READ_ENTITIES, self._reader.read(text))
        return training_data

    def process(self, messages: list[Message]) -> list[Message]:
        for message in messages:
            text = message.get(TEXT)
            if not isinstance(text, str):
                continue
            entities = self.add_extractor_name(self._reader.read(text))
            message.set(READ_ENTITIES, entities)
            message.set(ENTITIES, message.get(ENTITIES, []) + entities, add_to_output=True)
            message.set(MOOD, find_mood(simplified(text)).value, add_to_output=True)
        return messages
