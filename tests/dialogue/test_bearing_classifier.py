"""Rasa's component for cues and emotion: what it learns it keeps, and changed lines are learned anew."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from rasa.engine.graph import ExecutionContext, GraphSchema
from rasa.engine.storage.local_model_storage import LocalModelStorage
from rasa.engine.storage.resource import Resource
from rasa.shared.nlu.constants import INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.nlu.bearing_classifier import BearingClassifier
from bot.nlu.bearing_data import BearingDataError

CUES = "## a\n水龙头麻酥酥\telectricity\n壳子麻酥酥的\telectricity\n花洒麻酥酥\telectricity\n颜色好看\t\n到货了\t\n"
EMOTIONS = "## b\n请问几点关门\tcalm\n请问有货吗\tcalm\n呵呵就这\tannoyed\n就这质量呵呵\tannoyed\n"
TOLD = ("把手麻酥酥的", "呵呵就这服务", "请问几点开门", "我不想活了", "没有漏电", "")


def examples() -> TrainingData:
    pairs = [("几点开门", "store"), ("在哪里", "store"), ("周末开吗", "store")]
    pairs += [
        ("客服凶", "complaint_attitude"),
        ("没人理", "complaint_attitude"),
        ("挂电话", "complaint_attitude"),
    ]
    return TrainingData([Message({TEXT: text, INTENT: intent}) for text, intent in pairs])


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "bearing"
    folder.mkdir()
    (folder / "cues.tsv").write_text(CUES, encoding="utf-8")
    (folder / "emotion.tsv").write_text(EMOTIONS, encoding="utf-8")
    return folder


def component(data: Path, storage: LocalModelStorage, *, load: bool = False) -> BearingClassifier:
    config = {**BearingClassifier.get_default_config(), "data_path": str(data), "lowest_threshold": 0.3}
    make: Any = BearingClassifier.load if load else BearingClassifier.create
    made: BearingClassifier = make(
        config, storage, Resource("bearing"), ExecutionContext(GraphSchema({}), "test")
    )
    return made


def read(classifier: BearingClassifier) -> list[tuple[str | None, list[str] | None]]:
    messages = classifier.process([Message({TEXT: text}) for text in TOLD])
    return [(message.get("emotion"), message.get("cues")) for message in messages]


def trained(data: Path, folder: Path) -> LocalModelStorage:
    folder.mkdir()
    storage = LocalModelStorage(folder)
    component(data, storage).train(examples())
    return storage


def test_what_was_learned_is_kept_with_the_model(data: Path, tmp_path: Path) -> None:
    storage = trained(data, tmp_path / "model")
    first = read(component(data, storage, load=True))
    assert first == read(component(data, storage, load=True))
    assert first[0][1] == ["electricity"]
    assert [emotion for emotion, _ in first[1:4]] == ["annoyed", "calm", "distressed"]
    assert [cues for _, cues in first[3:]] == [["self_harm"], [], []]


def test_an_edited_line_is_trained_anew_and_read_otherwise(data: Path, tmp_path: Path) -> None:
    config = {"data_path": str(data)}
    before = BearingClassifier.fingerprint_addon(config)
    assert before == BearingClassifier.fingerprint_addon(config)
    old = read(component(data, trained(data, tmp_path / "old"), load=True))
    (data / "cues.tsv").write_text(CUES.replace("electricity", "fire"), encoding="utf-8")
    assert BearingClassifier.fingerprint_addon(config) != before
    new = read(component(data, trained(data, tmp_path / "new"), load=True))
    assert (old[0][1], new[0][1]) == (["electricity"], ["fire"])


def test_the_reading_is_part_of_what_the_server_puts_out(data: Path, tmp_path: Path) -> None:
    storage = trained(data, tmp_path / "model")
    (message,) = component(data, storage, load=True).process([Message({TEXT: "冒烟了"})])
    assert {"emotion", "cues"} <= message.output_properties
    assert message.get("cues") == ["fire"]


def test_a_missing_folder_stops_the_training_with_its_name(tmp_path: Path) -> None:
    with pytest.raises(BearingDataError, match="nowhere"):
        trained(tmp_path / "nowhere", tmp_path / "model")
