"""Answers from knowledge: how often right, how often wrongly given, never expired, misses counted."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from care.rules.vocabulary import Topic
from care.services import knowledge
from care.services.knowledge import MIN_SCORE, KnowledgeBase, load_knowledge
from care.settings import ROOT

TODAY = date(2026, 11, 24)
CASES = YAML(typ="safe").load(Path(__file__).with_name("knowledge_cases.yml"))
#: The rows that threshold and bonuses were chosen on, and the rows that nothing was chosen on.
PARTS = ("", "_new")


def answered(part: str) -> list[tuple[str, set[str]]]:
    return [(q, {e} if isinstance(e, str) else set(e)) for q, e in CASES[f"answered{part}"]]


def unanswered(part: str) -> list[str]:
    return list(CASES[f"unanswered{part}"])


@pytest.fixture(scope="module")
def base() -> KnowledgeBase:
    return load_knowledge(ROOT / "data" / "knowledge")


def test_there_is_enough_to_answer_and_to_measure(base: KnowledgeBase) -> None:
    assert len(base.entries) >= 165
    assert len(answered("_new")) >= 120
    assert len(unanswered("_new")) >= 60
    ids = {entry.id for entry in base.entries}
    wordings = {wording for entry in base.entries for wording in entry.wordings}
    for part in PARTS:
        assert set().union(*(right for _, right in answered(part))) <= ids
        assert not wordings & {question for question, _ in answered(part)}
        assert not wordings & set(unanswered(part))


@pytest.mark.parametrize(("part", "first_least", "three_least"), [("", 0.8, 0.9), ("_new", 0.62, 0.76)])
def test_the_right_entry_comes_first_or_among_three_to_ask_back(
    base: KnowledgeBase, part: str, first_least: float, three_least: float
) -> None:
    """Measured without any topic: first 82 %, among three 92 %; on the untouched rows 64 % and 78 %."""
    rows = answered(part)
    ranked = [[a.entry.id for a in base.nearest(q, None, TODAY, limit=3)] for q, _ in rows]
    first = sum(bool(r) and r[0] in right for r, (_, right) in zip(ranked, rows, strict=True))
    three = sum(bool(set(r) & right) for r, (_, right) in zip(ranked, rows, strict=True))
    assert first / len(rows) >= first_least
    assert three / len(rows) >= three_least


@pytest.mark.parametrize(("part", "right_least", "wrong_most"), [("", 0.46, 0.03), ("_new", 0.22, 0.03)])
def test_what_is_answered_is_nearly_always_right(
    base: KnowledgeBase, part: str, right_least: float, wrong_most: float
) -> None:
    """Measured: right 49 %, wrong 2 %; on the untouched rows 23 % and 2 %. The rest gets no answer."""
    given = [(base.answer(q, None, TODAY), right) for q, right in answered(part)]
    right = sum(answer is not None and answer.entry.id in wanted for answer, wanted in given)
    wrong = sum(answer is not None and answer.entry.id not in wanted for answer, wanted in given)
    assert right / len(given) >= right_least
    assert wrong / len(given) <= wrong_most


@pytest.mark.parametrize(("part", "most"), [("", 0.1), ("_new", 0.13)])
def test_what_no_entry_answers_is_seldom_answered(base: KnowledgeBase, part: str, most: float) -> None:
    """Measured: 10 % (four in 41), and 12 % (eight in 68) where all are near misses of the shop's own field."""
    false = [q for q in unanswered(part) if base.answer(q, None, TODAY) is not None]
    assert len(false) / len(unanswered(part)) <= most, false


@pytest.mark.parametrize(
    ("asked", "topic", "right"),
    [
        ("退货运费谁出", Topic.RETURN_POLICY, "return-shipping-fee"),
        ("电子发票怎么开", Topic.INVOICE, "invoice-how"),
        ("七天无理由怎么退", Topic.RETURN_POLICY, "return-7days"),
        ("花呗能分几期", Topic.PAYMENT, "payment-instalment"),
        ("送到乡镇吗", Topic.DELIVERY_POLICY, "delivery-remote"),
        ("打孔收费吗", Topic.INSTALLATION, "install-drill"),
        ("E4是什么故障", Topic.USAGE, "usage-aircon-e4"),
        ("验证码收不到", Topic.ACCOUNT, "account-code"),
        ("能保价吗", Topic.PRICE_PROMOTION, "price-protect"),
        ("发什么快递", Topic.DELIVERY_POLICY, "delivery-carrier"),
        ("压缩机保几年", Topic.WARRANTY, "warranty-compressor"),
        ("积分什么时候过期", Topic.MEMBERSHIP, "member-points-expire"),
        ("附近有门店吗", Topic.STORE, "store-where"),
        ("拆封了还能退吗", Topic.RETURN_POLICY, "return-opened"),
    ],
)
def test_everyday_questions_are_always_answered(
    base: KnowledgeBase, asked: str, topic: Topic, right: str
) -> None:
    answer = base.answer(asked, topic, TODAY)
    assert answer is not None
    assert answer.entry.id == right


@pytest.mark.parametrize(
    ("asked", "right"),
    [
        ("冰箱显示E6", "usage-fridge-e6"),
        ("柜机报E6", "usage-aircon-e6"),
        ("洗碗机报E9", "usage-dishwasher-e9"),
    ],
)
def test_one_code_of_two_products_is_told_apart(base: KnowledgeBase, asked: str, right: str) -> None:
    answer = base.answer(asked, Topic.USAGE, TODAY)
    assert answer is not None
    assert answer.entry.id == right


def test_no_product_is_answered_with_the_manual_of_another(base: KnowledgeBase) -> None:
    about = {entry.id: entry.about for entry in base.entries}
    for asked in ("打印机怎么连wifi", "微波炉怎么连手机", "电风扇怎么清洗滤网"):
        named = base.words.subjects.found_in(asked)
        for answer in base.nearest(asked, None, TODAY, limit=5):
            assert not about[answer.entry.id] or named & set(about[answer.entry.id]), (asked, answer.entry.id)


def test_why_an_entry_wins_can_be_seen(base: KnowledgeBase) -> None:
    best, *_ = base.reasons("冰箱里一股怪味怎么去掉", Topic.USAGE, TODAY)
    assert best.entry.id == "usage-fridge-smell"
    assert best.bonus == pytest.approx(knowledge.TOPIC_BONUS + knowledge.SUBJECT_BONUS)
    assert sum(share for _, share in best.had) == pytest.approx(best.coverage)
    assert not {term for term, _ in best.had} & {term for term, _ in best.lacked}
    assert base.reasons("???", None, TODAY) == []


def test_every_wording_of_an_entry_is_answered_with_it(base: KnowledgeBase) -> None:
    """Whatever else is alike, and whatever topic was understood."""
    wrong = []
    for entry in base.entries:
        for wording in entry.wordings:
            answer = base.answer(f"请问{wording}？", Topic.CHITCHAT, entry.updated)
            if answer is None or answer.entry.id != entry.id:
                wrong.append((wording, entry.id))
    assert wrong == []


def test_the_understood_topic_makes_surer_or_less_sure(base: KnowledgeBase) -> None:
    def sure(topic: Topic | None) -> float:
        best = base.nearest("上门多少钱", topic, TODAY)[0]
        assert best.entry.id == "warranty-out-fee"
        return best.score

    assert sure(Topic.WARRANTY) > sure(None) > sure(Topic.INSTALLATION)


@pytest.mark.parametrize("asked", ["E2是什么故障", "显示e2", "洗衣机报E2怎么办"])
def test_a_code_is_answered_by_its_own_entry(base: KnowledgeBase, asked: str) -> None:
    assert base.nearest(asked, None, TODAY)[0].entry.id == "usage-washer-e2"


def test_a_code_that_no_entry_knows_is_not_answered_with_another(base: KnowledgeBase) -> None:
    assert base.answer("空调显示E7是什么故障", Topic.USAGE, TODAY) is None
    assert base.nearest("空调显示E7是什么故障", Topic.USAGE, TODAY) == []


def test_expired_knowledge_is_never_spoken_nor_offered(base: KnowledgeBase) -> None:
    question = "双十一有什么活动"
    last_day = date(2026, 11, 11)
    spoken = base.answer(question, None, last_day)
    assert spoken is not None
    assert spoken.entry.id == "price-double11"
    assert spoken.score >= MIN_SCORE
    day_after = last_day + timedelta(days=1)
    assert base.answer(question, None, day_after) is None
    offered = base.nearest(question, None, day_after, limit=5)
    assert "price-double11" not in {answer.entry.id for answer in offered}


@pytest.mark.parametrize("nothing", ["", "   ", "???", "😀😀", "\x00", "对", "1"])
def test_nothing_said_is_nothing_answered(base: KnowledgeBase, nothing: str) -> None:
    assert base.answer(nothing, None, TODAY) is None
    assert base.nearest(nothing, None, TODAY) == []


def test_a_very_long_message_is_read_too(base: KnowledgeBase) -> None:
    long = "我前天在你们这里看中一个东西" * 70
    assert base.answer(long, None, TODAY) is None
    answer = base.answer("运费多少钱" + "啊" * 900, None, TODAY)
    assert answer is not None
    assert answer.entry.id == "delivery-fee"


def test_a_small_shop_with_one_entry_still_answers(tmp_path: Path) -> None:
    (tmp_path / "shop.yml").write_text(
        "- {id: a, topics: [store], question: 几点开门, answer: 九点。, source: 店规, updated: 2026-01-01}",
        "utf-8",
    )
    answer = load_knowledge(tmp_path).answer("几点开门", None, TODAY)
    assert answer is not None
    assert answer.entry.id == "a"


def test_the_module_reads_no_file_and_trains_nothing_at_import() -> None:
    assert not [name for name, value in vars(knowledge).items() if isinstance(value, KnowledgeBase)]
