"""Rasa's tokenizer: jieba with the shop's dictionary, which is part of the model and of its fingerprint."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rasa.engine.graph import ExecutionContext
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.tokenizers.tokenizer import Token, Tokenizer
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.nlu.dictionary import content_fingerprint, copy_dictionary
from bot.nlu.segmenter import shared_segmenter, words_of


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_TOKENIZER, is_trainable=True)
class ShopJiebaTokenizer(Tokenizer):
    """Words as jieba cuts them once it knows `data/dict`; never a token of white space."""

    @staticmethod
    def supported_languages() -> list[str] | None:
        return ["zh"]

    @staticmethod
    def required_packages() -> list[str]:
        return ["jieba"]

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        return {
            "dictionary_path": "data/dict",
            "cache_dir": "var/jieba",
            "intent_tokenization_flag": False,
            "intent_split_symbol": "_",
            "token_pattern": None,
            "prefix_separator_symbol": None,
        }

    def __init__(
        self, config: dict[str, Any], model_storage: ModelStorage, resource: Resource, dictionary: Path
    ) -> None:
        super().__init__(config)
        self._model_storage = model_storage
        self._resource = resource
        self._dictionary = dictionary
        self._segmenter = shared_segmenter(dictionary, Path(config["cache_dir"]))

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> ShopJiebaTokenizer:
        return cls(config, model_storage, resource, Path(config["dictionary_path"]))

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> ShopJiebaTokenizer:
        with model_storage.read_from(resource) as folder:
            return cls(config, model_storage, resource, folder)

    @classmethod
    def fingerprint_addon(cls, config: dict[str, Any]) -> str | None:
        path = config.get("dictionary_path") or cls.get_default_config()["dictionary_path"]
        return content_fingerprint(Path(path))

    def train(self, training_data: TrainingData) -> Resource:
        """Keeps the dictionary with the model: what was trained is what runs."""
        with self._model_storage.write_to(self._resource) as folder:
            copy_dictionary(self._dictionary, folder)
        return self._resource

    def tokenize(self, message: Message, attribute: str) -> list[Token]:
        words = words_of(self._segmenter, message.get(attribute))
        return self._apply_token_pattern([Token(word, start, end) for word, start, end in words])
