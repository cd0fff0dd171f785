"""Rasa's fallback classifier, except that a sure complaint of an unsure kind is no fallback."""

from __future__ import annotations

from typing import Any

from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.nlu.classifiers.fallback_classifier import THRESHOLD_KEY, FallbackClassifier
from rasa.shared.nlu.constants import INTENT_NAME_KEY, INTENT_RANKING_KEY, PREDICTED_CONFIDENCE_KEY
from rasa.shared.nlu.training_data.message import Message

from bot.nlu.topics import is_unsure


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=False)
class UnsureClassifier(FallbackClassifier):
    """Predicts `nlu_fallback` when `bot.nlu.topics.is_unsure`; the topic stays the likeliest reading."""

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        return {THRESHOLD_KEY: 0.4}

    def _should_fallback(self, message: Message) -> bool:
        ranking = [
            (i[INTENT_NAME_KEY], i[PREDICTED_CONFIDENCE_KEY]) for i in message.get(INTENT_RANKING_KEY, [])
        ]
        return is_unsure(ranking, self.component_config[THRESHOLD_KEY])
