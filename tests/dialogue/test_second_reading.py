"""What a message means in its visit, where its own words were read unsurely."""

from __future__ import annotations

from typing import Any

import pytest
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActionExecuted, ActiveLoop, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker

from bot.dialogue.second_reading import read_again

#: Rasa warns about its own pins while it is imported.
pytestmark = pytest.mark.filterwarnings("ignore")


def parse(
    text: str, intent: str, confidence: float, *, topic: str | None = None, **more: Any
) -> dict[str, Any]:
    return {
        "text": text,
        "intent": {"name": intent, "confidence": confidence},
        "topic": topic or intent,
        "kind": "inquiry",
        "also": [],
        "intent_ranking": [{"name": topic or intent, "confidence": confidence}],
        **more,
    }


def after(text: str, intent: str, *, form: str | None = None) -> DialogueStateTracker:
    tracker = DialogueStateTracker.from_events("somebody", [], Domain.empty().slots)
    tracker.update(UserUttered(text, {"name": intent}, parse_data=parse(text, intent, 0.95)))
    tracker.update(ActionExecuted("action_answer_question"))
    if form:
        tracker.update(ActiveLoop(form))
    tracker.update(ActionExecuted("action_listen"))
    return tracker


def test_a_follow_up_goes_on_with_the_question_before() -> None:
    again = read_again(parse("那运费呢", "complaint_billing", 0.4), after("拆封了还能退吗", "return_policy"))
    assert again["topic"] == "return_policy"
    assert again["follows"] == {"text": "拆封了还能退吗", "topic": "return_policy", "asks": "运费"}


def test_a_sure_reading_stays_and_knows_what_it_may_follow() -> None:
    again = read_again(parse("那发票怎么开呢", "invoice", 0.95), after("拆封了还能退吗", "return_policy"))
    assert again["topic"] == "invoice"
    assert again["follows"]["topic"] == "return_policy"


@pytest.mark.parametrize(
    "said",
    [
        parse("那算了", "stop", 0.9, topic="deny"),
        parse("谢谢", "thanks", 0.9),
        parse("洗衣机漏水了", "complaint_quality", 0.5),
        parse("那我要投诉你们这种不讲理的商家可以吗", "complaint_other", 0.5),
    ],
    ids=lambda said: str(said["text"]),
)
def test_what_is_no_follow_up_stays_what_it_is(said: dict[str, Any]) -> None:
    assert read_again(said, after("拆封了还能退吗", "return_policy"))["topic"] == said["topic"]


def test_in_a_form_the_form_decides() -> None:
    said = parse("那运费呢", "complaint_billing", 0.4)
    assert read_again(said, after("查订单", "order_status", form="order_form")) == said


def test_a_complaint_said_in_so_many_words_is_never_asked_back() -> None:
    said = parse("你们挂我电话,我要投诉,再查下订单", "nlu_fallback", 0.2, topic="order_status")
    assert read_again(said, None)["intent"]["name"] == "complaint_other"


def test_danger_is_never_asked_back() -> None:
    said = parse("热水器漏电差点电到孩子", "nlu_fallback", 0.2, topic="usage", cues=["electricity"])
    assert read_again(said, None)["intent"]["name"] == "complaint_quality"


@pytest.mark.parametrize("text", ["烦死了听不懂人话,给我真人", "找个人工客服来", "别废话,转人工"])
def test_a_person_asked_for_in_plain_words(text: str) -> None:
    assert read_again(parse(text, "complaint_attitude", 0.4), None)["topic"] == "request_human"


@pytest.mark.parametrize("text", ["打了三次人工客服电话都没人接", "人工客服态度太差了"])
def test_a_complaint_about_people_is_no_wish_for_one(text: str) -> None:
    assert read_again(parse(text, "complaint_attitude", 0.5), None)["topic"] == "complaint_attitude"


def test_the_bare_name_of_a_product_asks_the_same_of_it() -> None:
    said = parse("扫地机器人", "nlu_fallback", 0.3, entities=[{"entity": "product", "value": "扫地机器人"}])
    again = read_again(said, after("保修几年啊", "warranty"))
    assert again["topic"] == "warranty"
    assert again["follows"]["asks"] == "扫地机器人"


def test_the_bare_name_of_a_product_after_an_order_points_at_it() -> None:
    said = parse("洗衣机", "product_info", 0.6, entities=[{"entity": "product", "value": "洗衣机"}])
    assert read_again(said, after("查订单", "order_status"))["topic"] == "inform"


def test_a_weak_complaint_gives_way_to_a_likely_question() -> None:
    ranking = [
        {"name": "complaint_delivery", "confidence": 0.48},
        {"name": "logistics", "confidence": 0.35},
    ]
    said = {**parse("东西什么时候送来", "complaint_delivery", 0.48), "intent_ranking": ranking}
    assert read_again(said, None)["topic"] == "logistics"


@pytest.mark.parametrize("text", ["上一单", "再上一单", "第二个", "那看看第一个吧"])
def test_pointing_at_what_was_shown_is_no_wish_of_its_own(text: str) -> None:
    assert read_again(parse(text, "cancel_order", 0.5), None)["topic"] == "inform"


def test_a_short_question_without_its_subject_goes_on() -> None:
    again = read_again(parse("几天能开好", "logistics", 0.5), after("能开专票吗", "invoice"))
    assert again["topic"] == "invoice"


def test_a_complaint_guessed_from_a_few_empty_words_is_asked_about() -> None:
    again = read_again(parse("那谁知道", "complaint_privacy", 0.52), None)
    assert again["intent"]["name"] == "nlu_fallback"


@pytest.mark.parametrize(
    "said",
    [
        parse("左耳没声音", "complaint_quality", 0.7),
        parse("烦死了", "complaint_attitude", 0.5, emotion="angry"),
        parse("漏电了", "complaint_quality", 0.5, cues=["electricity"]),
        parse("耳机坏", "complaint_quality", 0.5, entities=[{"entity": "product", "value": "耳机"}]),
    ],
    ids=lambda said: str(said["text"]),
)
def test_a_complaint_that_tells_something_is_never_asked_back(said: dict[str, Any]) -> None:
    assert read_again(said, None)["intent"]["name"] == said["intent"]["name"]


def test_a_complaint_said_in_so_many_words_beats_an_unsure_reading() -> None:
    assert read_again(parse("还是帮我投诉吧", "case_progress", 0.46), None)["topic"] == "complaint_other"


def test_progress_of_a_complaint_is_no_new_one() -> None:
    assert read_again(parse("我投诉的那件事", "case_progress", 0.5), None)["topic"] == "case_progress"
