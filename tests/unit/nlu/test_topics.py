"""The topic model and what is made of its probabilities, on a training set small enough to see through."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bot.nlu.topic_model import TopicModel, softmax
from bot.nlu.topic_reading import topic_reading
from bot.nlu.topic_training import TrainingChoices, fitted_gate, fitted_sharpness, train_topic_model
from bot.nlu.topics import READING_DEFAULTS, TopicReader, is_unsure
from bot.nlu.wrapping import with_wrapped
from care.rules.vocabulary import Kind, Topic

WRITTEN = [
    *(
        (text, "invoice")
        for text in ("开发票", "发票抬头", "要专票", "电子发票怎么开", "补开发票", "发票税号错了")
    ),
    *(
        (text, "logistics")
        for text in ("快递到哪了", "物流信息", "包裹到哪", "快递几天到", "查物流", "快递到了吗")
    ),
    *(
        (text, "complaint_attitude")
        for text in ("客服骂人", "态度太差", "你们骂人", "客服态度恶劣", "挂我电话", "态度差")
    ),
    *(
        (text, "complaint_delivery")
        for text in ("快递乱扔", "快递摔坏了", "扔在楼下", "快递员乱扔", "包裹摔烂", "没送上门")
    ),
    *((text, "thanks") for text in ("谢谢", "多谢", "谢啦", "感谢", "谢谢你", "太感谢了")),
]
EXAMPLES = [(topic_reading(text, ()), intent) for text, intent in WRITTEN]


@pytest.fixture(scope="module")
def model() -> TopicModel:
    return train_topic_model(EXAMPLES)


@pytest.fixture(scope="module")
def reader(model: TopicModel) -> TopicReader:
    return TopicReader(model, **{**READING_DEFAULTS, "also_threshold": 0.4})


def test_equal_data_give_equal_models(model: TopicModel) -> None:
    again = train_topic_model(EXAMPLES)
    assert np.array_equal(again.weights, model.weights)
    assert (again.sharpness, again.complaint_gate) == (model.sharpness, model.complaint_gate)


def test_a_saved_model_reads_alike(model: TopicModel, tmp_path: Path) -> None:
    model.save(tmp_path)
    loaded = TopicModel.load(tmp_path)
    for reading in (topic_reading(text, ()) for text in ("发票开错了", "快递乱扔", "", "从没见过的字ξ")):
        assert np.array_equal(loaded.probabilities(reading), model.probabilities(reading))


def test_probabilities_sum_to_one_whatever_is_written(model: TopicModel) -> None:
    for reading in (topic_reading(text, ()) for text in ("", "ξ", "发票" * 500)):
        assert model.probabilities(reading).sum() == pytest.approx(1.0, abs=1e-5)


def test_a_topic_with_its_kind_and_ranking(reader: TopicReader) -> None:
    understood = reader.read("发票抬头怎么改")
    assert (understood.topic, understood.kind, understood.also) == (Topic.INVOICE, Kind.INQUIRY, ())
    assert understood.ranking[0] == ("invoice", understood.confidence)
    assert len(understood.ranking) == 5


def test_a_second_wish_is_kept_and_thanks_is_none(reader: TopicReader) -> None:
    assert reader.read("快递员骂人态度恶劣,发票抬头怎么开").also == (Topic.INVOICE,)
    assert reader.read("电子发票怎么开,太感谢了谢谢").also == ()


def test_complaints_together_outweigh_one_question(model: TopicModel) -> None:
    """Neither complaint is the likeliest topic, but that it is a complaint is likelier than the gate asks."""
    from dataclasses import replace

    flat = replace(
        model,
        weights=np.zeros_like(model.weights),
        bias=np.log(np.array([0.25, 0.2, 0.1, 0.35, 0.1], dtype=np.float32)),
        sharpness=1.0,
        complaint_gate=0.3,
    )
    assert flat.intents == ("complaint_attitude", "complaint_delivery", "invoice", "logistics", "thanks")
    assert TopicReader(flat, **READING_DEFAULTS).read("什么").intent == "complaint_attitude"
    assert (
        TopicReader(replace(flat, complaint_gate=0.5), **READING_DEFAULTS).read("什么").intent == "logistics"
    )


def test_unsure_is_asked_back_but_a_sure_complaint_of_an_unsure_kind_is_not() -> None:
    assert is_unsure([("invoice", 0.2), ("logistics", 0.18)], 0.3)
    assert not is_unsure([("logistics", 0.28), ("order_status", 0.26)], 0.3)
    assert not is_unsure([("invoice", 0.31), ("logistics", 0.3)], 0.3)
    assert not is_unsure([("complaint_other", 0.28), ("complaint_quality", 0.27)], 0.3)
    assert is_unsure([("complaint_other", 0.28), ("invoice", 0.27)], 0.3)
    assert is_unsure([], 0.3)


def test_wrapping_repeats_itself_and_leaves_control_messages_alone() -> None:
    rows = list(with_wrapped(EXAMPLES, seed=7))
    assert rows == list(with_wrapped(EXAMPLES, seed=7))
    assert rows != list(with_wrapped(EXAMPLES, seed=8))
    assert sum(intent == "thanks" for _, intent in rows) == 6
    assert sum(intent == "invoice" for _, intent in rows) == 12


def test_sharpness_is_found_again() -> None:
    generator = np.random.default_rng(1)
    scores = generator.normal(size=(4000, 5)).astype(np.float32)
    chances = softmax(scores.astype(float) * 2.0)
    truth = np.array([generator.choice(5, p=row / row.sum()) for row in chances])
    assert fitted_sharpness(scores, truth) == pytest.approx(2.0, abs=0.2)


def test_the_gate_opens_wider_when_recall_weighs_more() -> None:
    generator = np.random.default_rng(2)
    complaint = generator.random(2000) < 0.3
    mass = np.clip(np.where(complaint, 0.45, 0.2) + generator.normal(0, 0.15, 2000), 0, 1)
    probabilities = np.stack([mass, 1 - mass], axis=1).astype(np.float32)
    columns = np.array([True, False])
    truth = np.where(complaint, 0, 1)
    wide = fitted_gate(probabilities, truth, columns, recall_weight=3.0)
    narrow = fitted_gate(probabilities, truth, columns, recall_weight=0.5)
    assert wide < narrow


def test_the_defaults_are_those_of_the_rasa_component() -> None:
    assert TrainingChoices() == TrainingChoices(
        strength=1.2, folds=3, seed=7, wrapped_share=0.3, gate_recall_weight=1.25, caution=0.92
    )
