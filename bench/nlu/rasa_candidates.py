"""Rasa's own classifiers, trained and run by Rasa itself."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from ruamel.yaml import YAML

from bench.nlu.data import Row

_WORDS: list[dict[str, Any]] = [
    {"name": "JiebaTokenizer"},
    {"name": "CountVectorsFeaturizer"},
    {"name": "CountVectorsFeaturizer", "analyzer": "char_wb", "min_ngram": 1, "max_ngram": 3},
]
LOGISTIC: list[dict[str, Any]] = [*_WORDS, {"name": "LogisticRegressionClassifier", "max_iter": 200}]


def diet(epochs: int) -> list[dict[str, Any]]:
    """Stock DIET with Rasa's defaults but for the number of epochs."""
    learner = {
        "name": "DIETClassifier",
        "epochs": epochs,
        "constrain_similarities": True,
        "entity_recognition": False,
        "random_seed": 7,
    }
    return [*_WORDS, {"name": "LexicalSyntacticFeaturizer"}, learner]


class RasaPipeline:
    """A pipeline of `config.yml`, from `rasa train nlu` to `Agent.parse_message`."""

    intents: tuple[str, ...] = ()

    def __init__(self, pipeline: list[dict[str, Any]]) -> None:
        self._pipeline = pipeline
        self._agent: Any = None
        self._loop = asyncio.new_event_loop()

    def fit(self, rows: Sequence[Row]) -> None:
        from rasa.core.agent import Agent
        from rasa.model_training import train_nlu

        self.intents = tuple(sorted({row.topic for row in rows}))
        with tempfile.TemporaryDirectory(prefix="zhike-compare-") as folder:
            config, data = Path(folder, "config.yml"), Path(folder, "nlu.yml")
            yaml = YAML()
            with config.open("w", encoding="utf-8") as file:
                yaml.dump(
                    {
                        "recipe": "default.v1",
                        "assistant_id": "c",
                        "language": "zh",
                        "pipeline": self._pipeline,
                    },
                    file,
                )
            with data.open("w", encoding="utf-8") as file:
                yaml.dump({"version": "3.1", "nlu": _blocks(rows)}, file)
            archive = train_nlu(str(config), str(data), output=folder)
            self._agent = Agent.load(archive)

    def scores(self, row: Row) -> NDArray[np.float32]:
        parsed = self._loop.run_until_complete(self._agent.parse_message(row.text))
        found = {item["name"]: item["confidence"] for item in parsed["intent_ranking"]}
        return np.log(
            np.array([max(found.get(intent, 0.0), 1e-9) for intent in self.intents], dtype=np.float32)
        )


def _blocks(rows: Sequence[Row]) -> list[dict[str, str]]:
    by_topic: dict[str, list[str]] = {}
    for row in rows:
        by_topic.setdefault(row.topic, []).append(row.text)
    return [
        {"intent": topic, "examples": "".join(f"- {text}\n" for text in texts)}
        for topic, texts in by_topic.items()
    ]
