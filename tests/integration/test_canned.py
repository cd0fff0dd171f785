"""Ready-made replies: found by signs, pinyin and initials; shared ones are the leads'; placeholders are filled."""

from __future__ import annotations

import pytest

from care.rules.canned import filled, problems_of
from care.rules.errors import Forbidden, InvalidInput, NotFound
from care.rules.vocabulary import Role
from care.services import canned, staff
from care.services.canned import CannedWish
from care.settings import ROOT

WISHES = canned.read_files(ROOT / "data" / "canned")


async def people(care):
    made = []
    for login, role in (("agent1", Role.AGENT), ("agent2", Role.AGENT), ("lead1", Role.LEAD)):
        made.append(
            await staff.add_staff(
                care, login=login, name="王小美", role=role, password="correct horse battery"
            )
        )
    return made


async def titles(care, reader, q: str) -> list[str]:
    return [one.title for one in await canned.search(care, reader, q, limit=3)]


def test_the_shops_replies_are_many_and_each_can_be_used():
    assert len(WISHES) >= 40
    assert len({wish.shortcut for wish in WISHES}) == len(WISHES)
    for wish in WISHES:
        assert "{" not in filled(wish.text, {}), wish.title


@pytest.mark.parametrize(
    ("q", "title"),
    [
        ("催发货", "催发货"), ("cuifahuo", "催发货"), ("cfh", "催发货"), ("tkjd", "退款进度"),
        ("退款", "退款进度"), ("yuyueanzhuang", "预约安装"), ("价格保护", "价格保护"), ("漏电", "漏电起火先断电"),
        ("nh", "问候"), ("fapiao", "开发票"),
    ],
)  # fmt: skip
async def test_it_is_found_by_signs_pinyin_and_initials(care, q, title):
    _, _, lead = await people(care)
    for wish in WISHES:
        await canned.create(care, lead, wish)
    assert title in await titles(care, lead, q)


async def test_what_nobody_wrote_is_not_found(care):
    _, _, lead = await people(care)
    await canned.create(care, lead, WISHES[0])
    assert await titles(care, lead, "xyzxyz") == []


async def test_own_ones_are_seen_by_nobody_else_and_shared_ones_changed_by_leads_only(care):
    first, second, lead = await people(care)
    own = await canned.create(care, first, CannedWish("我的话", "好的", "其他"))
    shared = await canned.create(care, lead, CannedWish("大家的", "好的", "其他", shared=True))
    assert [one.title for one in await canned.search(care, second)] == ["大家的"]
    with pytest.raises(NotFound):
        await canned.change(care, second, own.id, CannedWish("抢", "来", "其他"))
    for act in (
        canned.change(care, first, shared.id, CannedWish("改", "了", "其他")),
        canned.remove(care, first, shared.id),
        canned.create(care, first, CannedWish("大家", "用", "其他", shared=True)),
    ):
        with pytest.raises(Forbidden):
            await act
    await canned.remove(care, first, own.id)
    changed = await canned.change(care, lead, shared.id, CannedWish("改好的", "好", "其他", shared=True))
    assert (changed.title, changed.shared, changed.mine) == ("改好的", True, False)


async def test_the_most_used_stands_first(care):
    first, *_ = await people(care)
    await canned.create(care, first, CannedWish("甲", "甲", "其他"))
    used = await canned.create(care, first, CannedWish("乙", "乙", "其他"))
    await canned.note_use(care, first, used.id)
    assert [(one.title, one.uses) for one in await canned.search(care, first)] == [("乙", 1), ("甲", 0)]
    with pytest.raises(NotFound):
        await canned.note_use(care, first, 4711)


async def test_placeholders_are_filled_from_the_conversation(care, shop):
    first, *_ = await people(care)
    wish = CannedWish("查", "{客户称呼}好，我是{店名}的{坐席}，订单 {订单号} 在查。", "其他")
    await canned.create(care, first, wish)
    visit = await shop.visit()
    (empty,) = await canned.search(care, first, conversation_id=visit.id)
    assert empty.text == "您好，我是知客优选的王小美，订单 （订单号） 在查。"
    await shop.say(visit.id, "88120231105")
    await shop.answer(
        visit.id, "好", topic="inform", entities=[{"entity": "order_number", "value": "88120231105"}]
    )
    (known,) = await canned.search(care, first, conversation_id=visit.id)
    assert "订单 88120231105 在查" in known.text
    assert known.raw == wish.text


async def test_what_cannot_be_a_reply_is_refused_by_field(care):
    first, *_ = await people(care)
    with pytest.raises(InvalidInput) as refused:
        await canned.create(care, first, CannedWish("", "你好{生日}", "", "a b"))
    assert set(refused.value.fields) == {"title", "text", "category", "shortcut"}


def test_a_value_is_never_read_as_a_placeholder():
    assert filled("{坐席}", {"坐席": "{店名}", "店名": "x"}) == "{店名}"
    assert problems_of("题", "｛坐席｝好", "类", None) == {}
