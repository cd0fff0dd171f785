"""Answer or another matter: what a message is to the question of a form."""

from __future__ import annotations

from typing import Any

import pytest
from rasa_sdk import Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions.bearing import Bearing, bearing
from actions.turn import Turn
from care.rules.vocabulary import topic_of_intent


def turn(text: str, intent: str, confidence: float, *, emotion: str = "calm", button: bool = False) -> Turn:
    message: dict[str, Any] = {
        "text": text,
        "intent": {"name": intent, "confidence": confidence},
        "topic": topic_of_intent(intent).value,
        "entities": [],
        "emotion": emotion,
        "metadata": {"message_id": 1, "button": button},
    }
    tracker = Tracker("s", {}, message, [], False, None, {}, "action_listen")
    return Turn(None, tracker, CollectingDispatcher(), None)  # type: ignore[arg-type]


def test_words_that_hold_the_answer_are_one_whatever_they_were_read_as() -> None:
    for intent in ("greet", "chitchat", "request_return", "complaint_quality", "nlu_fallback"):
        assert bearing(turn("越快越好", intent, 0.5), fits=True) is Bearing.ANSWER


@pytest.mark.parametrize(
    ("text", "intent", "confidence"),
    [
        ("电子发票怎么开", "invoice", 0.9),
        ("发票怎么开", "invoice", 0.4),
        ("你好", "greet", 0.9),
        ("谢谢", "thanks", 0.9),
        ("你是机器人吧", "bot_challenge", 0.9),
        ("转人工", "request_human", 0.5),
        ("今天天气怎么样", "chitchat", 0.9),
        ("地址写错了改一下", "change_order", 0.9),
    ],
)
def test_another_matter(text: str, intent: str, confidence: float) -> None:
    assert bearing(turn(text, intent, confidence), fits=False) is Bearing.ASIDE


def test_a_sure_question_is_stronger_than_words_that_fit() -> None:
    asked = turn("三天内能退货吗", "return_policy", 0.9)
    assert bearing(asked, fits=True) is Bearing.ASIDE


def test_a_person_is_stronger_than_anything() -> None:
    assert bearing(turn("别修了找个人来", "request_human", 0.6), fits=True) is Bearing.ASIDE


def test_anger_is_part_of_the_story() -> None:
    assert bearing(turn("你们都是骗子", "complaint_other", 0.4), fits=False) is Bearing.STORY
    assert bearing(turn("滚", "nlu_fallback", 0.1, emotion="angry"), fits=False) is Bearing.STORY


def test_a_guess_about_another_matter_is_none() -> None:
    """One misread message costs one question, not the form."""
    assert bearing(turn("呃这个嘛", "invoice", 0.3), fits=False) is Bearing.UNCLEAR
    assert bearing(turn("师傅把墙打坏了", "installation", 0.5), fits=False, is_open=True) is Bearing.ANSWER


def test_buttons_of_the_form_answer_and_others_do_not() -> None:
    assert bearing(turn("退款", "inform", 1.0, button=True), fits=False) is Bearing.ANSWER
    assert bearing(turn("查订单", "order_status", 1.0, button=True), fits=False) is Bearing.ASIDE
