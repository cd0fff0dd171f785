"""Cues and emotion over messages as customers write them; `cue_cases.tsv` holds the list."""

import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from care.rules.cues import find_cues, find_emotion, plain
from care.rules.severity import URGENT_CUES
from care.rules.vocabulary import EMOTION_STRENGTH, Cue, Emotion

CASES = [
    (text, frozenset(Cue(cue) for cue in cues.split(",") if cue))
    for text, _, cues in (
        line.partition("\t")
        for line in (Path(__file__).parent / "cue_cases.tsv").read_text(encoding="utf-8").splitlines()
        if not line.startswith("#")
    )
]
STATED = [case for case in CASES if case[1]]
HARMLESS = [text for text, cues in CASES if not cues]


def test_severe_cues_are_found_at_least_98_times_in_100() -> None:
    asked = [(text, cue) for text, cues in STATED for cue in cues & URGENT_CUES]
    missed = [(text, cue.value) for text, cue in asked if cue not in find_cues(text)]
    assert len(asked) >= 550
    assert 1 - len(missed) / len(asked) >= 0.98, missed


def test_threats_and_repetition_are_found_at_least_95_times_in_100() -> None:
    asked = [(text, cue) for text, cues in STATED for cue in cues - URGENT_CUES]
    missed = [(text, cue.value) for text, cue in asked if cue not in find_cues(text)]
    assert len(asked) >= 45
    assert 1 - len(missed) / len(asked) >= 0.95, missed


def test_harmless_mentions_show_a_cue_at_most_twice_in_100() -> None:
    wrong = [(text, sorted(c.value for c in find_cues(text))) for text in HARMLESS if find_cues(text)]
    assert len(HARMLESS) >= 400
    assert len(wrong) / len(HARMLESS) <= 0.02, wrong


@pytest.mark.parametrize(
    "text",
    [
        "没有着火",
        "防火材料吗",
        "律师事务所的发票抬头",
        "儿童手表",
        "记者节优惠",
        "12315号快递柜",
        "这个会漏电吗",
        "听说会爆炸是真的吗",
        "没冒烟没着火就是不转",
        "",
        "😀😀",
    ],
)
def test_a_harmless_mention_shows_no_cue(text: str) -> None:
    assert find_cues(text) == frozenset()


@pytest.mark.parametrize(
    ("text", "cue"),
    [
        ("充电时冒烟了", Cue.FIRE),
        ("电到我了", Cue.ELECTRICITY),
        ("孩子误吞了电池", Cue.MINOR),
        ("孩子误吞了电池", Cue.INJURY),
        ("手被划伤缝了三针", Cue.INJURY),
        ("我要找媒体曝光", Cue.MEDIA),
        ("打12315", Cue.AUTHORITY_12315),
        ("让律师起诉你们", Cue.LAWYER),
        ("第三次投诉了", Cue.REPEATED),
        ("活不下去了", Cue.SELF_HARM),
        ("刚下单就接到诈骗电话", Cue.DATA_LEAK),
    ],
)
def test_a_stated_cue_is_found(text: str, cue: Cue) -> None:
    assert cue in find_cues(text)


@pytest.mark.parametrize(
    ("text", "cue"),
    [
        ("没想到冒烟了", Cue.FIRE),
        ("没用两天就漏电了", Cue.ELECTRICITY),
        ("不小心被玻璃划破手", Cue.INJURY),
        ("没注意被烫伤了", Cue.INJURY),
        ("没有着火但是冒了好大的烟", Cue.FIRE),
        ("怎么会冒烟呢", Cue.FIRE),
    ],
)
def test_a_not_that_denies_something_else_hides_no_cue(text: str, cue: Cue) -> None:
    assert cue in find_cues(text)


@pytest.mark.parametrize(
    ("text", "cue"),
    [
        ("再不退款我就打12315", Cue.AUTHORITY_12315),
        ("如果再拖我就起诉", Cue.LAWYER),
        ("不处理就微博曝光", Cue.MEDIA),
    ],
)
def test_a_threat_under_a_condition_is_a_threat(text: str, cue: Cue) -> None:
    assert cue in find_cues(text)


@pytest.mark.parametrize(
    "text",
    ["充電的時候冒煙了", "充 电 时 冒 烟 了", "充电时冒烟了!!!", "充电时冒\u200b烟了", "ＯＭＧ充电时冒烟了"],
)
def test_writing_habits_hide_no_fire(text: str) -> None:
    assert Cue.FIRE in find_cues(text)


def test_a_child_near_any_danger_is_a_minor_in_danger() -> None:
    assert {Cue.FIRE, Cue.MINOR} <= find_cues("插座冒烟了,家里还有孩子")
    assert Cue.MINOR not in find_cues("插座冒烟了,家里没人")


def test_a_hospital_as_an_address_is_no_injury() -> None:
    assert Cue.INJURY not in find_cues("我在住院,快递先别送")
    assert Cue.INJURY in find_cues("吃了你们的东西住院了")


@pytest.mark.parametrize(
    ("text", "emotion"),
    [
        ("请问什么时候发货", Emotion.CALM),
        ("麻烦问下发票怎么开", Emotion.CALM),
        ("空气炸锅怎么用", Emotion.CALM),
        ("滚筒洗衣机有货吗", Emotion.CALM),
        ("附近有垃圾桶吗", Emotion.CALM),
        ("不着急,慢慢来", Emotion.CALM),
        ("有点担心赶不上孩子生日", Emotion.WORRIED),
        ("快点啊急用", Emotion.WORRIED),
        ("真行,等了一个月", Emotion.ANNOYED),
        ("太让人失望了", Emotion.ANNOYED),
        ("麻烦问下为什么又没人回我", Emotion.ANNOYED),
        ("用了两天就坏,什么破玩意", Emotion.ANGRY),
        ("骗子公司,给我个说法", Emotion.ANGRY),
        ("我要去法院告你们", Emotion.ANGRY),
        ("我真的崩溃了", Emotion.DISTRESSED),
        ("活不下去了", Emotion.DISTRESSED),
        ("系统崩溃了怎么重启", Emotion.CALM),
    ],
)
def test_emotion_is_read_from_the_words(text: str, emotion: Emotion) -> None:
    assert find_emotion(text) is emotion


def test_a_danger_told_calmly_is_at_least_worrying() -> None:
    assert EMOTION_STRENGTH[find_emotion("插座冒烟了")] >= EMOTION_STRENGTH[Emotion.WORRIED]


@given(st.text(max_size=60))
def test_any_text_is_read_without_an_error(text: str) -> None:
    assert find_cues(text) <= frozenset(Cue)
    assert find_emotion(text) in Emotion


@pytest.mark.parametrize("tail", ["。", "!", "？", ",谢谢", "\n请处理", " 请处理"])
def test_what_follows_the_clause_takes_no_cue_away(tail: str) -> None:
    # 四次了 alone is a reproach; with more behind it, it may be anything.
    lost = [text for text, _ in STATED if not find_cues(text) - {Cue.REPEATED} <= find_cues(text + tail)]
    assert lost == []


@pytest.mark.parametrize("head", ["你好,", "在吗 ", "亲,我想问一下。", "88120231105\n"])
def test_a_greeting_or_an_order_number_before_takes_no_cue_away(head: str) -> None:
    lost = [text for text, _ in STATED if not find_cues(text) - {Cue.REPEATED} <= find_cues(head + text)]
    assert lost == []


def test_plain_text_is_simplified_lower_case_and_half_width() -> None:
    assert plain("我要打 １２３１５ 投訴") == "我要打12315投诉"


@pytest.mark.parametrize(
    "unit",
    [
        "你们的洗衣机昨天用手被夹了好几次没有受伤没有着火",
        "我",
        "孩子",
        "手",
        "电",
        "火",
        "没有",
        "1",
        "我的手机,",
    ],
)
def test_the_longest_message_is_read_quickly(unit: str) -> None:
    start = time.perf_counter()
    find_cues((unit * 1000)[:1000])
    assert time.perf_counter() - start < 1
