"""Knowledge, products, changes, a person, small talk, and what was not understood."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import select

from bot.nlu.understanding import Understanding
from care.records.conversation import Conversation
from care.records.interaction import UnansweredQuestion
from care.rules.vocabulary import Owner
from care.settings import ROOT
from tests.dialogue.conftest import Visitor

pytestmark = pytest.mark.slow


async def owner(visitor: Visitor) -> Owner:
    async with visitor.care.sessions.read() as session:
        return (await session.get_one(Conversation, visitor.conversation_id)).owner


async def test_the_first_turn_says_what_it_is_and_only_the_first(visitor: Visitor) -> None:
    assert "智能客服" in await visitor.says("在吗")
    assert "智能客服" not in await visitor.says("谢谢")


@pytest.mark.parametrize(
    ("question", "part"),
    [
        ("退货运费谁出", "运费"),
        ("电子发票怎么开", "发票"),
        ("你们门店几点下班", "营业"),
        ("空调压缩机保修几年", "年"),
    ],
)
async def test_an_answer_carries_source_and_date(visitor: Visitor, question: str, part: str) -> None:
    heard = await visitor.says(question)
    assert part in heard
    assert "来源：" in heard
    assert "更新于" in heard


#: What no shop has written down.
UNKNOWN = (
    "黑金会员能不能带宠物坐你们的热气球", "积分可以换去南极的船票吗", "会员生日会派人来唱歌吗", "你们门店的柱子是什么石头做的",
)  # fmt: skip


async def test_what_nobody_knows_is_said_and_collected(visitor: Visitor) -> None:
    unknown = []
    for question in UNKNOWN:
        heard = await visitor.says(question)
        if "都不是" in visitor.titles:  # what comes near is offered first
            heard = await visitor.presses("都不是")
        if any(words in heard for words in ("还没有可靠的答案", "答不准", "没有找到确切的说明")):
            assert "转人工" in visitor.titles
            unknown.append(question)
    assert unknown, "none of the questions was left unanswered"
    async with visitor.care.sessions.read() as session:
        found = set(await session.scalars(select(UnansweredQuestion.example)))
    assert set(unknown) <= found


async def test_a_product_is_answered_from_the_table(visitor: Visitor) -> None:
    heard = await visitor.says("云雀 Q3 降噪耳机还有货吗")
    assert "¥399.00" in heard
    assert "仅剩 3 件" in heard
    assert "缺货" in await visitor.says("滚筒洗衣机XQG100有现货吗")


async def test_a_change_is_said_back_and_done_on_yes(visitor: Visitor) -> None:
    await visitor.is_verified()
    heard = await visitor.says(f"帮我取消订单{visitor.shipped}")
    assert visitor.shipped[-4:] in heard
    assert visitor.titles == ["对", "要改", "先不办"]
    assert "拦截" in await visitor.says("好的")
    assert await owner(visitor) is Owner.BOT


async def test_a_change_declined_changes_nothing(visitor: Visitor) -> None:
    await visitor.is_verified()
    await visitor.says(f"帮我取消订单{visitor.shipped}")
    heard = await visitor.presses("先不办")
    assert "没有" in heard
    assert await owner(visitor) is Owner.BOT


@pytest.mark.parametrize("words", ["人工", "找真人", "别跟我扯机器人,换个人来", "转接人工客服"])
async def test_a_person_is_had_by_any_wording_in_one_step(visitor: Visitor, words: str) -> None:
    heard = await visitor.says(words)
    assert "第 " in heard or "前面还有" in heard
    assert "留" in heard or "写下来" in heard, "a message can be left"
    assert await owner(visitor) is Owner.QUEUED


async def test_yes_it_is_a_machine(visitor: Visitor) -> None:
    heard = await visitor.says("你是机器人吧")
    assert any(word in heard for word in ("是的", "对，", "没错"))
    assert "转人工" in visitor.titles


#: Whatever the model has learned, some of these stay strange to it.
STRANGE = (
    "橡皮擦跳舞了", "云里雾里的算盘", "木头螺丝飞上楼梯", "方块圆珠笔跑得快", "紫色的星期八", "嘟嘟囔囔的窗台", "三角形的蓝色味道",
    "螺旋的茶杯唱着风", "镜子里的第九个影子", "月亮把梯子折了",
)  # fmt: skip


async def test_not_understood_offers_readings_then_a_person(
    visitor: Visitor, archive: Path, tmp_path: Path
) -> None:
    understanding = Understanding(archive, scratch=tmp_path, cache_dir=ROOT / "var" / "jieba")
    lost = [words for words in STRANGE if understanding.read(words).intent == "nlu_fallback"]
    assert len(lost) >= 2, "the model is sure about nonsense"
    await visitor.says("你好")
    await visitor.says(lost[0])
    assert len(visitor.titles) >= 2
    assert "转人工" in visitor.titles
    heard = await visitor.says(lost[1])
    assert visitor.titles == ["转人工"], f"the second time in a row a person: {heard}"
    await visitor.says("好的")
    assert await owner(visitor) is Owner.QUEUED


@pytest.mark.parametrize(
    "words",
    [
        "我的个人信息你们存了哪些", "换手机号了", "洗衣机不转了叫人来修", "我要退货", "地址写错了改一下", "小王态度真好",
        "建议加个夜间配送", "今天天气咋样", "帮我写篇作文", "好的", "不用了", "算了", "上周三", "积分什么时候过期",
        "花呗能分几期", "送到乡镇吗", "打孔收费吗", "E4是什么故障", "验证码收不到", "双十一还降吗", "能保价吗", "退款到哪步了",
        "刚下单就接到骗子电话", "修三次没修好还推来推去", "宣传说静音吵得要死", "退款半个月不到账", "再见",
    ],
)  # fmt: skip
async def test_no_topic_is_a_dead_end(visitor: Visitor, words: str) -> None:
    """Each gets an answer of its own, short enough to read, and a person is never far."""
    await visitor.says(words)
    texts = [reply.text for reply in visitor.replies[1:]]
    assert texts, visitor.understood
    assert all(texts)
    assert all(len(text) <= 140 for text in texts), max(texts, key=len)
    assert not any("{" in text for text in texts)
