"""A complaint: sorry first, at most four questions, told back, numbered and promised; and all that comes between."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select

from bot.dialogue.client import BotUnavailable
from care.records.complaint import Complaint, ComplaintEvent
from care.records.interaction import Promise
from care.rules.complaint import ComplaintState
from care.services import complaints
from tests.dialogue.conftest import Servers, Visitor, start_actions, start_rasa

pytestmark = pytest.mark.slow

CASE_NUMBER = re.compile(r"TS-\d{8}-\d{4}")


async def the_complaint(visitor: Visitor) -> Complaint:
    async with visitor.care.sessions.read() as session:
        found: Complaint = await session.scalar(
            select(Complaint)
            .where(Complaint.conversation_id == visitor.conversation_id)
            .order_by(Complaint.id.desc())
            .limit(1)
        )
        return found


async def test_four_answers_make_a_case_with_number_and_time(visitor: Visitor) -> None:
    heard = await visitor.says("我要投诉")
    assert any(word in heard for word in ("抱歉", "对不起"))
    assert "!" not in heard
    assert "\uff01" not in heard
    assert (await the_complaint(visitor)).state is ComplaintState.DRAFT, "in the records from the first word"

    await visitor.says("洗衣机用了两天就漏水,地板都泡坏了")
    await visitor.says("没有订单号,就是10公斤滚筒洗衣机")
    assert "换货" in visitor.titles
    await visitor.says("给我换一台新的")
    heard = await visitor.says("后天之前")
    assert "漏水" in heard
    assert "给我换一台新的" in heard
    assert "后天之前" in heard
    assert visitor.titles == ["对", "修改", "算了"]

    heard = await visitor.presses("对")
    number = CASE_NUMBER.search(heard)
    assert number
    assert "18:00" in heard
    case = await the_complaint(visitor)
    assert case.case_number == number[0]
    assert case.state is ComplaintState.ACKNOWLEDGED
    assert case.topic == "complaint_quality"
    async with visitor.care.sessions.read() as session:
        promises = list(await session.scalars(select(Promise).where(Promise.complaint_id == case.id)))
        kinds = list(
            await session.scalars(
                select(ComplaintEvent.kind)
                .where(ComplaintEvent.complaint_id == case.id)
                .order_by(ComplaintEvent.seq)
            )
        )
    assert promises
    assert kinds[0] == "opened"

    assert number[0] in await visitor.says("我刚才的投诉处理到哪一步了")


async def test_what_was_already_told_is_not_asked_again(visitor: Visitor) -> None:
    heard = await visitor.says("我买的降噪耳机才用三天左耳就没声音了,质量太差")
    assert "发生了什么" not in heard
    assert "怎么处理" in heard or "解决办法" in heard or "要求" in heard, "what and which are known"


async def test_a_verified_customer_chooses_the_order_by_a_button(visitor: Visitor) -> None:
    await visitor.is_verified()
    await visitor.says("我要投诉,快递员把箱子扔在楼下就走了")
    assert any("降噪耳机" in title for title in visitor.titles)
    await visitor.presses("降噪耳机")
    case = await the_complaint(visitor)
    assert case.order_number == visitor.delivered
    assert case.order_is_own


async def test_not_this_order_but_the_one_before(visitor: Visitor) -> None:
    await visitor.is_verified()
    await visitor.says("我要投诉,快递员把箱子扔在楼下就走了")
    await visitor.presses("空调")
    assert (await the_complaint(visitor)).order_number == visitor.shipped
    heard = await visitor.says("不是这个订单,是上一个")
    assert (await the_complaint(visitor)).order_number == visitor.delivered
    assert "退款" in visitor.titles, f"and goes on where it was: {heard}"
    await visitor.says("道歉")
    heard = await visitor.says("三天内")
    assert visitor.delivered in heard


async def test_a_question_in_between_is_answered_and_the_form_goes_on(visitor: Visitor) -> None:
    await visitor.says("我要投诉,耳机质量太差了,左耳没声音")
    before = [title for title in visitor.titles if title != "转人工"]  # that stands by the apology
    heard = await visitor.says("电子发票怎么开?")
    assert "来源" in heard
    assert visitor.titles[-len(before) :] == before
    await visitor.says("退款")
    heard = await visitor.says("明天")
    assert "退款" in heard
    assert "发票" not in heard


async def test_stop_leaves_and_says_that_nothing_was_handed_in(visitor: Visitor) -> None:
    await visitor.says("我要投诉,耳机质量太差了,左耳没声音")
    heard = await visitor.says("算了")
    assert any(word in heard for word in ("没有提交", "没有生效"))
    assert (await the_complaint(visitor)).state is ComplaintState.WITHDRAWN
    assert not CASE_NUMBER.search(await visitor.says("退货运费谁出"))


async def test_change_asks_which_part_and_only_that(visitor: Visitor) -> None:
    await visitor.says("我要投诉,耳机质量太差了,左耳没声音")
    await visitor.presses("换货")
    await visitor.presses("一周内")
    await visitor.presses("修改")
    await visitor.presses("处理要求")
    assert "退款" in visitor.titles
    heard = await visitor.presses("退款")
    assert "希望处理：退款" in heard
    assert "期望答复：一周内" in heard
    heard = await visitor.says("不是退款,是维修")
    assert "希望处理：维修" in heard


async def test_danger_gets_safety_advice_first_and_a_person(visitor: Visitor) -> None:
    await visitor.says("你好")
    await visitor.says("你们的插座冒烟了还把我手烫伤了")
    texts = [reply.text for reply in visitor.replies]
    assert "120" in texts[0]
    assert any("断电" in text or "电源" in text for text in texts[:2])
    assert "转人工" in visitor.titles
    assert (await the_complaint(visitor)).grade.value == "P1"


async def test_anger_offers_a_person_in_the_same_turn_and_raises_the_grade(visitor: Visitor) -> None:
    await visitor.says("我要投诉,快递晚了一天")
    calm = (await the_complaint(visitor)).grade
    await visitor.says("气死我了!再不处理我就打12315曝光你们这帮骗子!")
    assert "转人工" in visitor.titles
    case = await the_complaint(visitor)
    assert case.grade.value < calm.value
    assert "12315" in case.own_words, "what was said in between is kept"


async def test_a_person_asked_for_in_the_middle_needs_no_more_answers(visitor: Visitor) -> None:
    await visitor.says("我要投诉,耳机质量太差了")
    heard = await visitor.says("别跟我扯,叫个真人来")
    assert "第 " in heard or "前面还有" in heard
    assert (await the_complaint(visitor)).state is ComplaintState.DRAFT, "what was told is not lost"


async def test_several_wishes_complaint_first_then_the_rest(visitor: Visitor) -> None:
    heard = await visitor.says("你们客服态度太差还骂人,另外电子发票怎么开")
    assert (await the_complaint(visitor)).topic == "complaint_attitude"
    assert heard.index("发票") > max(heard.find("抱歉"), heard.find("对不起"))


async def test_progress_of_a_case_that_is_still_being_told(visitor: Visitor) -> None:
    await visitor.says("我要投诉,耳机质量太差了")
    heard = await visitor.says("我的投诉处理到哪一步了")
    assert "编号" in heard
    assert await complaints.draft_of(visitor.care, visitor.conversation_id) is not None


async def test_an_order_asked_about_inside_a_complaint_is_shown_and_the_form_goes_on(
    visitor: Visitor,
) -> None:
    await visitor.is_verified()
    await visitor.says("我要投诉,客服态度很差还挂我电话")
    await visitor.says("我的空调快递到哪了?")
    assert visitor.card["number"] == visitor.shipped
    assert any("和订单无关" in title for title in visitor.titles)


async def test_a_product_named_instead_of_a_wish_is_kept_and_the_wish_asked_again(visitor: Visitor) -> None:
    await visitor.says("我要投诉,客服态度很差还挂我电话")
    await visitor.presses("和订单无关")
    await visitor.says("就是买空调那次")
    assert "退款" in visitor.titles
    assert (await the_complaint(visitor)).remedy_said is None


async def test_kill_9_of_both_servers_in_the_middle_loses_nothing(servers: Servers, visitor: Visitor) -> None:
    await visitor.says("我要投诉,耳机质量太差了,左耳没声音")
    for name in ("rasa", "actions"):
        servers.processes[name].kill()
        servers.processes[name].wait()
    with pytest.raises(BotUnavailable):
        await visitor.says("退款")
    servers.processes["actions"] = start_actions(servers)
    servers.processes["rasa"] = start_rasa(servers)
    await visitor.gets_answer()  # the message that waited in the records
    heard = await visitor.says("三天内")
    assert "希望处理：退款" in heard
    assert CASE_NUMBER.search(await visitor.presses("对"))


async def test_an_old_order_is_found_by_its_product(visitor: Visitor) -> None:
    await visitor.is_verified()
    await visitor.says("滚筒洗衣机用了一个多月就坏了,太差了")
    assert (await the_complaint(visitor)).order_number == visitor.old
