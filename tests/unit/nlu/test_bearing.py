"""Cues and emotion by rules and model together, on a training set small enough to see through."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bot.nlu.bearing_data import CueLine, EmotionLine
from bot.nlu.bearing_fitting import fitted_threshold, kind_of_message, neighbour_places
from bot.nlu.bearing_model import CUES, EMOTIONS, BearingModel, mood_values
from bot.nlu.bearing_reader import BearingReader
from bot.nlu.bearing_terms import terms_of
from bot.nlu.bearing_training import train_bearing_model
from care.rules.cues import denied_cues, find_cues
from care.rules.vocabulary import Cue, Emotion, Topic

SHOCKED = ("手上麻酥酥的", "水龙头麻酥酥", "壳子麻酥酥的", "一摸麻酥酥", "花洒麻酥酥", "门把麻酥酥的")
QUIET = ("颜色好看", "快递到了", "尺寸合适", "没有麻酥酥的", "很好用", "发票收到")
MOODS = {
    Emotion.CALM: ("请问几点关门", "请问有货吗", "请问怎么退", "请问发货了吗"),
    Emotion.ANNOYED: ("就这服务呵呵", "呵呵就这", "呵呵真快", "就这质量呵呵"),
    Emotion.ANGRY: ("滚蛋骗子", "骗子公司滚", "滚骗子店", "骗子滚蛋"),
}
EXAMPLES = [
    *(
        (f"{text}吗", "store")
        for text in ("几点开门", "几点关门", "在哪里", "周末开门", "有停车场", "能自提")
    ),
    *(
        (text, "complaint_attitude")
        for text in ("客服呵呵", "店员凶", "态度呵呵", "没人理", "挂电话", "翻白眼")
    ),
]


@pytest.fixture(scope="module")
def model() -> BearingModel:
    cues = [
        CueLine(text, frozenset({Cue.ELECTRICITY}), f"block {i % 3}") for i, text in enumerate(SHOCKED)
    ] + [CueLine(text, frozenset(), f"block {i % 3}") for i, text in enumerate(QUIET)]
    emotions = [EmotionLine(text, emotion, "block") for emotion, texts in MOODS.items() for text in texts]
    return train_bearing_model(cues, emotions, EXAMPLES)


@pytest.fixture(scope="module")
def reader(model: BearingModel) -> BearingReader:
    return BearingReader(model)


def sure_of(model: BearingModel, chance: float, cue: Cue) -> BearingReader:
    """A reader whose model gives `cue` that chance and the others none, whatever is written."""
    bias = np.full_like(model.bias, -20.0)
    bias[model.kinds + CUES.index(cue)] = np.log(chance / (1 - chance))
    blind = replace(
        model,
        weights=np.zeros_like(model.weights),
        bias=bias,
        thresholds=np.full(len(CUES), 0.5, dtype=np.float32),
    )
    return BearingReader(blind)


def test_equal_data_give_equal_models(model: BearingModel) -> None:
    cues = [CueLine(text, frozenset({Cue.FIRE}), "a") for text in ("冒烟", "着火了", "冒火星")]
    emotions = [EmotionLine("滚", Emotion.ANGRY, "a"), EmotionLine("好的", Emotion.CALM, "a")]
    one, other = (train_bearing_model(cues, emotions, EXAMPLES) for _ in range(2))
    assert np.array_equal(one.weights, other.weights)
    assert np.array_equal(one.mood_weights, other.mood_weights)
    assert np.array_equal(one.thresholds, other.thresholds)


def test_a_saved_model_reads_alike(model: BearingModel, tmp_path: Path) -> None:
    model.save(tmp_path)
    loaded = BearingModel.load(tmp_path)
    for reading in ("花洒麻酥酥", "呵呵就这", "", "从没见过的字ξ"):
        was = model.read(reading, emotion=Emotion.CALM, cues=frozenset())
        now = loaded.read(reading, emotion=Emotion.CALM, cues=frozenset())
        assert all(np.array_equal(a, b) for a, b in zip(was, now, strict=True))
    assert np.array_equal(loaded.thresholds, model.thresholds)


def test_a_model_for_other_cues_is_refused(model: BearingModel, tmp_path: Path) -> None:
    model.save(tmp_path)
    file = tmp_path / "bearing_model.json"
    file.write_text(file.read_text(encoding="utf-8").replace('"injury"', '"wound"'), encoding="utf-8")
    with pytest.raises(ValueError, match="train again"):
        BearingModel.load(tmp_path)


def test_what_no_rule_knows_is_learned_from_the_labelled_lines(reader: BearingReader) -> None:
    text = "把手麻酥酥的"
    assert find_cues(text) == frozenset()
    assert reader.read(text).cues == {Cue.ELECTRICITY}
    assert reader.read("几点开门").cues == frozenset()


def test_emotion_follows_the_words(reader: BearingReader) -> None:
    assert reader.read("请问几点发货").emotion is Emotion.CALM
    assert reader.read("呵呵就这效率").emotion is Emotion.ANNOYED
    assert reader.read("骗子滚").emotion is Emotion.ANGRY


def test_an_emotion_that_nobody_showed_is_never_read(reader: BearingReader) -> None:
    texts = ("", "求求你们了", "我好担心", "呵呵", "滚", "请问")
    assert {reader.read(text).emotion for text in texts} <= set(MOODS)


@pytest.mark.parametrize("text", ["没有着火,就是不转了", "会着火吗", "119元那款还有吗", "没冒烟没着火"])
def test_what_the_rules_see_denied_or_asked_the_model_cannot_state(model: BearingModel, text: str) -> None:
    assert denied_cues(text, frozenset()) == {Cue.FIRE}
    assert sure_of(model, 0.99, Cue.FIRE).read(text).cues == frozenset()


def test_a_denial_beside_a_stated_danger_takes_nothing_away(model: BearingModel) -> None:
    text = "没有着火但是冒了好大的烟"
    assert denied_cues(text, find_cues(text)) == frozenset()
    assert sure_of(model, 0.99, Cue.FIRE).read(text).cues == {Cue.FIRE}


def test_one_voice_is_enough_unless_the_model_is_all_but_sure_of_nothing(model: BearingModel) -> None:
    assert sure_of(model, 0.10, Cue.MEDIA).read("给电视台采购的,叫记者来收").cues == {Cue.MEDIA}
    assert sure_of(model, 0.01, Cue.MEDIA).read("给电视台采购的,叫记者来收").cues == frozenset()
    assert sure_of(model, 0.40, Cue.FIRE).read("插头都糊了点").cues <= {Cue.FIRE}
    assert sure_of(model, 0.60, Cue.LAWYER).read("今天天气不错").cues == {Cue.LAWYER}


def test_self_harm_found_by_the_rules_is_never_doubted_and_is_distress(model: BearingModel) -> None:
    read = sure_of(model, 0.001, Cue.SELF_HARM).read("我不想活了")
    assert (read.cues, read.emotion) == ({Cue.SELF_HARM}, Emotion.DISTRESSED)


def test_words_of_one_group_are_one_term() -> None:
    shared = terms_of("腰扭了") & terms_of("膝盖磕青了")
    assert {"<limb", "<hurt", "<hurt+limb", "<limb>hurt"} <= shared
    assert "<limb>hurt" not in terms_of("手机到了。价格伤不起")


def test_mood_values_are_a_share_of_each_kind_and_what_the_rules_found() -> None:
    values = mood_values(np.array([1.0, 2.0, 3.0], dtype=np.float32), Emotion.ANGRY, frozenset({Cue.FIRE}))
    assert values[:3].sum() == pytest.approx(1.0)
    assert np.flatnonzero(values[3:]).tolist() == [
        EMOTIONS.index(Emotion.ANGRY),
        len(EMOTIONS) + CUES.index(Cue.FIRE),
    ]


def test_the_threshold_falls_when_a_missed_cue_weighs_more() -> None:
    generator = np.random.default_rng(3)
    truth = generator.random(3000) < 0.2
    chances = np.clip(np.where(truth, 0.6, 0.35) + generator.normal(0, 0.15, 3000), 0, 1)
    weights = np.ones(3000)
    assert fitted_threshold(chances, truth, weights, recall_weight=3.0) < fitted_threshold(
        chances, truth, weights, recall_weight=0.5
    )


def test_complaints_are_kinds_of_their_own_and_questions_are_one() -> None:
    assert kind_of_message("complaint_quality") == Topic.COMPLAINT_QUALITY
    assert kind_of_message("stock") == kind_of_message("invoice") != kind_of_message("urge_order")


def test_neighbours_share_a_fold() -> None:
    assert neighbour_places(list("aaaaaabbb"), 3).tolist() == [0, 0, 1, 1, 2, 2, 0, 1, 2]
