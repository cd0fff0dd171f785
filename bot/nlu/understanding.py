"""The whole reading of a message from a trained model, without Rasa: what `zhike parse` runs.

It takes from the model archive what the graph components wrote there and calls the same plain readers; a test
holds both to equal answers. Neither Rasa nor TensorFlow is imported, which takes ten seconds off the start.
"""

from __future__ import annotations

import json
import tarfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from bot.nlu.bearing_model import BearingModel
from bot.nlu.bearing_reader import BearingReader
from bot.nlu.dictionary import load_dictionary
from bot.nlu.quiet_spacy import without_tensorflow
from bot.nlu.reading import simplified
from bot.nlu.segmenter import shared_segmenter
from bot.nlu.topic_model import TopicModel
from bot.nlu.topics import READING_DEFAULTS, TopicReader, Understood, is_unsure
from care.rules.sentence_mood import Mood, find_mood
from care.rules.vocabulary import Cue, Emotion

FALLBACK_INTENT = "nlu_fallback"

_TOPICS = "bot.nlu.topic_classifier.TopicClassifier"
_ENTITIES = "bot.nlu.spacy_reader.SpacyReader"
_BEARING = "bot.nlu.bearing_classifier.BearingClassifier"
_UNSURE = "bot.nlu.fallback.UnsureClassifier"


class ModelMissing(RuntimeError):
    """There is no trained model with our understanding in it; the text says what to do."""


@dataclass(frozen=True)
class Reading:
    """Everything read in one message."""

    understood: Understood
    intent: str
    entities: list[dict[str, Any]]
    emotion: Emotion
    cues: frozenset[Cue]
    mood: Mood


class Understanding:
    """Readers loaded from one model archive."""

    def __init__(self, archive: Path, *, scratch: Path, cache_dir: Path) -> None:
        """Loads the archive's NLU part.

        Args:
            scratch: an empty folder for the unpacked files; may be deleted afterwards.
            cache_dir: see `bot.nlu.segmenter.shared_segmenter`.

        Raises:
            ModelMissing: the archive is incomplete or was not trained with the pipeline of `config.yml`.
        """
        try:
            with tarfile.open(archive) as tar:
                nodes = _nodes(tar, archive)
                topics, entities, bearing = (
                    _unpacked(tar, nodes[uses], scratch) for uses in (_TOPICS, _ENTITIES, _BEARING)
                )
        except (tarfile.ReadError, EOFError) as problem:
            raise ModelMissing(f"模型 {archive.name} 不完整,可能还在训练;请稍后再试或重新训练。") from problem
        options = {
            name: nodes[_TOPICS]["config"].get(name, value) for name, value in READING_DEFAULTS.items()
        }
        self._topics = TopicReader(TopicModel.load(topics), **options)
        self._bearing = BearingReader(BearingModel.load(bearing))
        self._threshold = float(nodes[_UNSURE]["config"]["threshold"])
        self._entities = _entity_reader(entities, nodes[_ENTITIES]["config"], cache_dir)
        self.order_number_pattern = self._entities.order_number_pattern

    def read(self, text: str) -> Reading:
        entities = self._entities.read(text)
        understood = self._topics.read(text, entities)
        bearing = self._bearing.read(text)
        unsure = is_unsure(understood.ranking, self._threshold)
        return Reading(
            understood=understood,
            intent=FALLBACK_INTENT if unsure else understood.intent,
            entities=entities,
            emotion=bearing.emotion,
            cues=bearing.cues,
            mood=find_mood(simplified(text)),
        )


def models_newest_first(folder: Path) -> list[Path]:
    """Model archives by the time they were written.

    Raises:
        ModelMissing: the folder holds none.
    """
    archives = sorted(folder.glob("*.tar.gz"), key=lambda path: path.stat().st_mtime, reverse=True)
    if not archives:
        raise ModelMissing(f"{folder} 里还没有训练好的模型,请先运行 zhike train(或 make train)。")
    return archives


def _nodes(tar: tarfile.TarFile, archive: Path) -> dict[str, dict[str, Any]]:
    """The prediction graph's nodes by the component they run."""
    file = tar.extractfile("metadata.json")
    metadata = json.load(file) if file else {}
    nodes = {node["uses"]: node for node in metadata.get("predict_schema", {}).get("nodes", {}).values()}
    if missing := {_TOPICS, _ENTITIES, _BEARING, _UNSURE} - nodes.keys():
        names = "、".join(sorted(name.rsplit(".", 1)[1] for name in missing))
        raise ModelMissing(f"模型 {archive.name} 里没有 {names},请用当前的 config.yml 重新训练:zhike train。")
    return nodes


def _unpacked(tar: tarfile.TarFile, node: dict[str, Any], scratch: Path) -> Path:
    """One component's files, flat in a folder of their own whatever paths the archive claims."""
    inside = PurePosixPath("components", node["resource"]["name"])
    target = scratch / node["resource"]["name"]
    target.mkdir()
    for member in tar.getmembers():
        path = PurePosixPath(member.name)
        if member.isfile() and path.parent == inside and (file := tar.extractfile(member)):
            (target / path.name).write_bytes(file.read())
    return target


def _entity_reader(folder: Path, config: dict[str, Any], cache_dir: Path) -> Any:
    with without_tensorflow():
        from bot.nlu.entities.pipeline import DEFAULT_ORDER_NUMBER_PATTERN, EntityReader
    return EntityReader(
        load_dictionary(folder),
        shared_segmenter(folder, cache_dir),
        order_number_pattern=config.get("order_number_pattern", DEFAULT_ORDER_NUMBER_PATTERN),
    )
