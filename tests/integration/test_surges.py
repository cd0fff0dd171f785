"""Surge alarms on real rows: opened once, added to, told, explained, closed; the demo's two are found."""

from __future__ import annotations

import asyncio
from datetime import date, datetime, timedelta, timezone

import pytest
from sqlalchemy import func, select

from care import demo
from care.records.complaint import Complaint
from care.records.improvement import SurgeAlarm
from care.records.notice import StaffNotice
from care.records.order import Product
from care.rules.complaint import ComplaintCategory, ComplaintState
from care.rules.errors import Conflict, InvalidInput, NotFound
from care.rules.notice_terms import NoticeKind
from care.rules.surge_charts import SurgeMethod
from care.rules.surge_terms import Exposure, SurgeDimension
from care.rules.vocabulary import Channel, Role
from care.services import surge_desk, surges
from care.services.context import Care
from tests.conftest import ManualClock
from tests.integration.conftest import Shop
from tests.integration.customers import order_of
from tests.integration.improving import colleague, complaint, complaints_on, product
from tests.integration.test_demo import PASSWORD, TODAY

D = SurgeDimension
#: Every fourth day one, for twelve weeks.
QUIET = dict.fromkeys(range(8, 84, 4), 1)


async def alarms(care: Care) -> list[tuple[SurgeDimension, str, date, int]]:
    async with care.sessions.read() as session:
        rows = await session.scalars(select(SurgeAlarm).order_by(SurgeAlarm.dimension, SurgeAlarm.value))
        return [(row.dimension, row.value, row.day, row.count) for row in rows]


async def notices(care: Care) -> int:
    async with care.sessions.read() as session:
        found = select(func.count()).select_from(StaffNotice).where(StaffNotice.kind == NoticeKind.SURGE)
        return int(await session.scalar(found) or 0)


async def only_alarm(care: Care, dimension: SurgeDimension = D.CATEGORY) -> surge_desk.AlarmView:
    (found,) = [one for one in await surge_desk.alarms(care) if one.dimension is dimension]
    return found


async def test_a_surge_is_found_in_every_dimension_and_told_to_leads_and_managers_once(care: Care) -> None:
    for login, role in (("agent9", Role.AGENT), ("lead9", Role.LEAD), ("manager9", Role.MANAGER)):
        await colleague(care, login, role)
    kettle = await product(care)
    await complaints_on(care, QUIET, product_id=kettle)
    await complaints_on(care, {0: 6}, product_id=kettle)
    report = await surges.watch(care)
    today = date(2026, 11, 24)
    assert await alarms(care) == [
        (D.CATEGORY, "defect", today, 6),
        (D.CATEGORY_PRODUCT, f"defect:{kettle}", today, 6),
        (D.CHANNEL, "web", today, 6),
        (D.PRODUCT, str(kettle), today, 6),
    ]
    assert (report.opened, await notices(care)) == (4, 8)
    assert (await only_alarm(care, D.CATEGORY_PRODUCT)).label == "米朵 1.7升 电热水壶·质量缺陷"


async def test_looking_again_and_on_two_nodes_at_once_changes_nothing(care: Care) -> None:
    await colleague(care, "lead9")
    await complaints_on(care, {**QUIET, 0: 6})
    await asyncio.gather(surges.watch(care), surges.watch(care), surges.watch(care))
    await surges.watch(care)
    first = await alarms(care)
    assert len(first) == 2
    again = await surges.watch(care)
    assert (again.opened, again.crossings, await alarms(care)) == (0, 0, first)
    assert await notices(care) == 2


async def test_a_later_crossing_is_added_to_the_open_alarm_and_a_growing_day_counted_anew(
    care: Care, clock: ManualClock
) -> None:
    await colleague(care, "lead9")
    await complaints_on(care, {**QUIET, 0: 5})
    await surges.watch(care)
    await complaints_on(care, {0: 2})
    await surges.watch(care)
    assert (await only_alarm(care)).count == 7
    clock.advance(days=1)
    await complaints_on(care, {0: 6})
    await surges.watch(care)
    found = await only_alarm(care)
    assert [one.day for one in found.crossings if one.method is SurgeMethod.SINGLE_DAY] == [
        date(2026, 11, 24), date(2026, 11, 25),
    ]  # fmt: skip
    assert (found.day, found.last_day, await notices(care)) == (date(2026, 11, 24), date(2026, 11, 25), 2)


async def test_an_open_alarm_that_was_quiet_is_told_of_again(care: Care, clock: ManualClock) -> None:
    await colleague(care, "lead9")
    await complaints_on(care, {**QUIET, 0: 5})
    await surges.watch(care)
    clock.advance(days=20)
    await complaints_on(care, {0: 7})
    await surges.watch(care)
    assert len(await surge_desk.alarms(care)) == 2  # category and channel, both still open
    assert await notices(care) == 4


async def test_usual_days_and_a_young_shop_raise_no_alarm(care: Care) -> None:
    await complaints_on(care, {days: 4 + days % 3 for days in range(84)})
    await surges.recompute(care, date(2026, 11, 1))
    assert await alarms(care) == []


async def test_a_shop_of_ten_days_has_no_usual_yet(care: Care) -> None:
    await complaints_on(care, {9: 1, 0: 30})
    await surges.watch(care)
    assert await alarms(care) == []


async def test_merged_reclassified_and_unconfirmed_ones_do_not_count(care: Care) -> None:
    await complaints_on(care, QUIET)
    for state in (ComplaintState.MERGED, ComplaintState.RECLASSIFIED):
        await complaints_on(care, {0: 6}, state=state)
    await surges.watch(care)
    assert await alarms(care) == []
    await complaints_on(care, {0: 6}, state=ComplaintState.WITHDRAWN)
    await surges.watch(care)
    assert len(await alarms(care)) == 2


async def test_a_day_is_a_day_of_shanghai(care: Care) -> None:
    await complaints_on(care, QUIET)
    before_midnight = datetime(2026, 11, 22, 15, 59, tzinfo=timezone.utc)  # 23:59 on the 22nd in Shanghai
    async with care.sessions.write() as session:
        session.add_all([complaint(before_midnight + timedelta(minutes=n)) for n in (0, 0, 0, 1, 1, 1, 1)])
    await surges.recompute(care, date(2026, 11, 22))
    found = await only_alarm(care)
    days = {one.day: one.count for one in found.crossings if one.method is SurgeMethod.SINGLE_DAY}
    assert days == {date(2026, 11, 22): 3, date(2026, 11, 23): 4}


async def test_an_alarm_knows_its_cases_and_its_chart(care: Care) -> None:
    await complaints_on(care, QUIET)
    wanted = await complaints_on(care, {1: 4, 0: 6})
    await complaints_on(care, {0: 2}, category=ComplaintCategory.LATE)
    await surges.watch(care)
    found = await surge_desk.alarm(care, (await only_alarm(care)).id)
    assert {case.id for case in found.cases} == set(wanted)
    assert [point.count for point in found.points[-2:]] == [4, 6]
    assert (found.points[-1].crossings[0].count, found.exposure) == (6, Exposure.NONE)


async def test_more_orders_let_more_complaints_be_usual(care: Care, shop: Shop) -> None:
    customer = await shop.customer()
    await complaints_on(care, QUIET)
    await order_of(care, customer)
    await complaints_on(care, {0: 6})
    await surges.watch(care)
    found = await surge_desk.alarm(care, (await only_alarm(care)).id)
    assert found.exposure is Exposure.ORDERS


async def test_from_notice_to_cause_to_close_and_then_a_new_one(care: Care, clock: ManualClock) -> None:
    lead = await colleague(care, "lead9")
    await complaints_on(care, {**QUIET, 0: 6})
    await surges.watch(care)
    alarm = await only_alarm(care)
    assert (await surge_desk.acknowledge(care, lead, alarm.id)).acknowledged_by == "同事lead9"
    with pytest.raises(InvalidInput, match="有误"):
        await surge_desk.close(care, lead, alarm.id, "不用管")
    with pytest.raises(InvalidInput):
        await surge_desk.set_cause(care, lead, alarm.id, "  ")
    await surge_desk.set_cause(care, lead, alarm.id, "一批次壶底密封不合格")
    with pytest.raises(InvalidInput):
        await surge_desk.close(care, lead, alarm.id)
    closed = await surge_desk.close(care, lead, alarm.id, "批次已停售")
    assert (closed.is_open, closed.close_note, closed.cause) == (False, "批次已停售", "一批次壶底密封不合格")
    with pytest.raises(Conflict):
        await surge_desk.close(care, lead, alarm.id, "再关一次")
    await complaints_on(care, {0: 2})
    await surges.watch(care)
    assert len([one for one in await surge_desk.alarms(care) if one.dimension is D.CATEGORY]) == 1
    clock.advance(days=1)
    await complaints_on(care, {0: 6})
    await surges.watch(care)
    of_category = [one for one in await surge_desk.alarms(care) if one.dimension is D.CATEGORY]
    assert [one.is_open for one in of_category] == [True, False]
    with pytest.raises(NotFound):
        await surge_desk.alarm(care, 4711)


async def test_the_two_surges_of_the_demo_shop_are_found_on_their_days(care: Care) -> None:
    await demo.seed(care, password=PASSWORD, today=TODAY)
    await surges.recompute(care, TODAY - timedelta(days=75))
    async with care.sessions.read() as session:
        kettle = await session.scalar(select(Product.id).where(Product.model == "MD-K17"))
        count = await session.scalar(
            select(func.count())
            .select_from(Complaint)
            .where(Complaint.product_id == kettle, Complaint.category == ComplaintCategory.DEFECT)
        )
    found = {(one[0], one[1]): one[2] for one in await alarms(care)}
    kettle_day = TODAY - timedelta(days=63)
    assert found[(D.PRODUCT, str(kettle))] == kettle_day
    assert found[(D.CATEGORY_PRODUCT, f"defect:{kettle}")] == kettle_day
    late = await only_alarm_of(care, D.CATEGORY, "late")
    days = {one.day for one in late.crossings}
    assert {TODAY - timedelta(days=n) for n in range(5, 0, -1)} <= days
    assert (D.CHANNEL, Channel.WEB.value) in found
    detail = await surge_desk.alarm(
        care, (await only_alarm_of(care, D.CATEGORY_PRODUCT, f"defect:{kettle}")).id
    )
    assert len(detail.cases) >= 0.8 * int(count or 0)
    again = await surges.recompute(care, TODAY - timedelta(days=75))
    assert (again.opened, again.crossings) == (0, 0)


async def only_alarm_of(care: Care, dimension: SurgeDimension, value: str) -> surge_desk.AlarmView:
    (found,) = [
        one for one in await surge_desk.alarms(care) if (one.dimension, one.value) == (dimension, value)
    ]
    return found
