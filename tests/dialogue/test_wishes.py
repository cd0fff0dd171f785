"""Several wishes in one message, each with the words in which it was said."""

from __future__ import annotations

from typing import Any

import pytest

from bot.dialogue.wishes import with_parts

#: Rasa warns about its own pins while it is imported.
pytestmark = pytest.mark.filterwarnings("ignore")


class Reader:
    """Understanding that was told what each text means; it must be asked about nothing else."""

    def __init__(self, **topics: str) -> None:
        self._topics = topics

    async def __call__(self, text: str) -> dict[str, Any]:
        topic = next(topic for word, topic in self._topics.items() if word in text)
        return parse(text, topic)


def parse(text: str, topic: str, confidence: float = 0.95, **more: Any) -> dict[str, Any]:
    return {
        "text": text,
        "intent": {"name": topic, "confidence": confidence},
        "intent_ranking": [{"name": topic, "confidence": confidence}],
        "topic": topic,
        "kind": "inquiry",
        "also": [],
        "entities": [],
        **more,
    }


async def test_a_further_question_is_cut_out_of_a_complaint() -> None:
    said = parse("耳机坏了我要投诉,另外手机那单到哪了,顺便问下能开发票吗", "complaint_quality")
    read = Reader(耳机="complaint_quality", 手机="logistics", 发票="invoice")
    found = await with_parts(said, read)
    assert [(part["topic"], part["text"]) for part in found["parts"]] == [
        ("logistics", "另外手机那单到哪了"),
        ("invoice", "顺便问下能开发票吗"),
    ]
    assert found["rest"]["text"] == "耳机坏了我要投诉"
    assert found["also"] == ["logistics", "invoice"]
    assert found["text"] == said["text"]


async def test_a_reproach_in_a_complaint_is_no_further_wish() -> None:
    said = parse("买了半个月,到底什么时候发货,太过分了", "complaint_delivery")
    read = Reader(什么时候="urge_order", 过分="complaint_attitude", 买="complaint_delivery")
    assert "parts" not in await with_parts(said, read)


async def test_what_a_complaint_asks_for_is_its_remedy() -> None:
    said = parse("洗衣机漏水,要求换一台新的", "complaint_quality", also=["request_return"])
    assert "parts" not in await with_parts(said, Reader(漏水="complaint_quality", 换="request_return"))


async def test_two_questions_are_answered_apart() -> None:
    said = parse("手机到哪了 还有空调打孔怎么收费", "logistics")
    found = await with_parts(said, Reader(打孔="installation", 手机="logistics"))
    assert found["rest"]["text"] == "手机到哪了"
    assert [part["text"] for part in found["parts"]] == ["还有空调打孔怎么收费"]


async def test_background_is_no_wish() -> None:
    said = parse("上个月买的耳机,昨天到的,怎么连蓝牙", "usage")
    read = Reader(买="order_status", 到="logistics", 蓝牙="usage")
    assert "parts" not in await with_parts(said, read)


async def test_an_answer_to_a_form_keeps_its_further_question_apart() -> None:
    said = parse("对,另外手机那单到哪了", "logistics")
    found = await with_parts(said, Reader(对="affirm", 手机="logistics"), in_form=True)
    assert found["topic"] == "affirm"
    assert found["rest"]["text"] == "对"
    assert [part["topic"] for part in found["parts"]] == ["logistics"]


async def test_one_wish_stays_as_it_was() -> None:
    said = parse("你好,运费怎么算", "delivery_policy")
    assert await with_parts(said, Reader(运费="delivery_policy")) is said


async def test_a_form_hears_only_what_is_said_as_a_further_wish() -> None:
    said = parse("哎我说错了,还是耳机那单", "cancel_order", also=["order_status"])
    found = await with_parts(said, Reader(错="cancel_order", 耳机="order_status"), in_form=True)
    assert "parts" not in found


async def test_what_a_bare_complaint_is_about_stands_in_another_part() -> None:
    said = parse("我要投诉,洗衣机用了三天就漏水", "complaint_other")
    found = await with_parts(said, Reader(投诉="complaint_other", 漏水="complaint_quality"))
    assert found["matter"] == "complaint_quality"
    assert found["topic"] == "complaint_other"
