"""Puts the reading form beside the text; the text itself is never changed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.nlu.reading import reading_form

NORMALISED = "normalised"


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_FEATURIZER, is_trainable=False)
class ReadingNormaliser(GraphComponent):
    """Sets `normalised` (see `bot.nlu.reading.reading_form`) on every message with a text."""

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> ReadingNormaliser:
        return cls()

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        self._read(training_data.training_examples)
        return training_data

    def process(self, messages: list[Message]) -> list[Message]:
        self._read(messages)
        return messages

    @staticmethod
    def _read(messages: Iterable[Message]) -> None:
        for message in messages:
            text = message.get(TEXT)
            if isinstance(text, str):
                message.set(NORMALISED, reading_form(text), add_to_output=True)
