"""Rasa's tokenizer: jieba with the shop's dictionary, which is part of the model and of its fingerprint."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.tokenizers.tokenizer import Token, Tokenizer
from rasa.shared.nlu.training_data.message import Message

from bot.nlu.kept import DictionaryComponent
from bot.nlu.segmenter import shared_segmenter, words_of


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_TOKENIZER, is_trainable=True)
class ShopJiebaTokenizer(DictionaryComponent, Tokenizer):
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

    def tokenize(self, message: Message, attribute: str) -> list[Token]:
        words = words_of(self._segmenter, message.get(attribute))
        return self._apply_token_pattern([Token(word, start, end) for word, start, end in words])
