"""The two forms that the topic classifier reads."""

from __future__ import annotations

from bot.nlu.topic_reading import TopicReading, topic_reading


def entity(text: str, what: str, kind: str) -> dict[str, object]:
    start = text.index(what)
    return {"entity": kind, "start": start, "end": start + len(what)}


def test_found_things_are_replaced_by_their_kind() -> None:
    text = "8号买的電飯鍋坏了"
    found = [entity(text, "電飯鍋", "product"), entity(text, "8号", "date")]
    assert topic_reading(text, found) == TopicReading("8号买的电饭锅坏了", "D买的P坏了")


def test_without_a_found_thing_both_forms_are_alike() -> None:
    assert topic_reading("在吗", ()) == TopicReading("在吗", "在吗")


def test_a_clause_takes_only_the_things_within_it() -> None:
    text = "洗衣机坏了,8号买的"
    found = [entity(text, "洗衣机", "product"), entity(text, "8号", "date")]
    assert topic_reading(text[6:], found, offset=6).masked == "D买的"


def test_things_of_other_kinds_stay_words() -> None:
    text = "给我退款"
    assert topic_reading(text, [entity(text, "退款", "remedy")]).masked == text
