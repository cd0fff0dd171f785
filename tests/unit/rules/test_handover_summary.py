"""A summary holds what stands in the transcript, and nothing else."""

from __future__ import annotations

from care.rules.handover_summary import Said, in_words, summarise
from care.rules.next_question import VERIFY, next_question
from care.rules.vocabulary import Emotion, Speaker, Topic


def customer(seq: int, text: str, topic: str = "inform", emotion: str = "calm", **more: object) -> Said:
    return Said(seq, Speaker.CUSTOMER, text, {"topic": topic, "emotion": emotion, "intent": topic, **more})


def entity(kind: str, value: str) -> dict[str, str]:
    return {"entity": kind, "value": value}


TALK = [
    customer(1, "你好", "greet"),
    Said(2, Speaker.BOT, "您好，我是智能客服。请问有什么可以帮您？"),
    customer(
        3, "洗衣机用了两天就不转了", "complaint_quality", "annoyed", entities=[entity("product", "洗衣机")]
    ),
    Said(4, Speaker.BOT, "很抱歉给您带来不便。请问是哪一笔订单？"),
    customer(5, "88120231105", entities=[entity("order_number", "88120231105")]),
    Said(6, Speaker.BOT, "您希望怎么处理？"),
    customer(7, "一堆废话", "out_of_scope", "angry", intent="nlu_fallback"),
    customer(8, "转人工", "request_human", "angry"),
]


def test_the_wish_is_the_complaint_and_not_the_last_word() -> None:
    found = summarise(TALK)
    assert found.wish == "洗衣机用了两天就不转了"
    assert found.topics == (Topic.COMPLAINT_QUALITY,)


def test_questions_stand_with_their_answers() -> None:
    asked = [(one.question, one.answer) for one in summarise(TALK).asked]
    assert asked == [
        ("请问有什么可以帮您？", "洗衣机用了两天就不转了"),
        ("请问是哪一笔订单？", "88120231105"),
        ("您希望怎么处理？", "一堆废话"),
    ]


def test_a_question_that_only_a_colleague_followed_is_not_answered() -> None:
    talk = [Said(1, Speaker.BOT, "请问是哪一笔订单？"), Said(2, Speaker.AGENT, "我来看看"), customer(3, "好")]
    assert summarise(talk).asked[0].answer is None


def test_facts_failures_deeds_and_the_course_of_feeling_are_told() -> None:
    found = summarise(TALK, ["return:TH-20261124-0001", "customer_field:phone", "return:TH-20261124-0001"], 2)
    assert [(one.kind, one.value) for one in found.facts] == [
        ("product", "洗衣机"),
        ("order_number", "88120231105"),
    ]
    assert found.done == ("办理退换 TH-20261124-0001", "更新资料 手机号")
    assert found.failures == ("没有听懂“一堆废话”", "智能客服有 2 次没能回答")
    assert found.emotion is Emotion.ANGRY
    assert [point.emotion for point in found.emotions] == [
        Emotion.CALM,
        Emotion.ANNOYED,
        Emotion.CALM,
        Emotion.ANGRY,
    ]
    assert found.lines()[0] == "诉求：洗衣机用了两天就不转了"
    assert "已知：商品 洗衣机；订单号 88120231105" in found.lines()


def test_nothing_said_gives_an_empty_summary() -> None:
    found = summarise([])
    assert (found.wish, found.lines(), found.emotion) == (None, [], Emotion.CALM)


def test_every_sentence_of_a_summary_was_said_or_is_a_label() -> None:
    said = "".join(line.text for line in TALK)
    found = summarise(TALK)
    for quoted in (found.wish, *(a.question for a in found.asked), *(f.value for f in found.facts)):
        assert quoted is not None
        assert quoted in said


def test_an_unknown_record_stands_for_itself() -> None:
    assert in_words("complaint") == "登记投诉"
    assert in_words("parcel:7") == "parcel 7"


def test_the_next_question_is_the_first_thing_nobody_said() -> None:
    topic = Topic.COMPLAINT_QUALITY
    first = next_question(topic, [], is_verified=False)
    assert first is not None
    assert first.text == VERIFY
    assert next_question(topic, [], is_verified=True).about == "order"  # type: ignore[union-attr]
    assert next_question(topic, ["order_number"], is_verified=True).about == "remedy"  # type: ignore[union-attr]
    assert next_question(topic, ["order_number", "remedy"], is_verified=True) is None
    assert next_question(Topic.PRODUCT_INFO, [], is_verified=False).about == "product"  # type: ignore[union-attr]
    assert next_question(Topic.WARRANTY, ["order_number"], is_verified=False) is None
    assert next_question(None, [], is_verified=True) is None
