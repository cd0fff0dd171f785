"""The console's groups and the severity of a case count the same."""

from __future__ import annotations

from sqlalchemy import select

from care.records.complaint import Complaint
from care.rules.complaint import ComplaintCategory, ComplaintState
from care.rules.same_cause import DAY, Link
from care.services import same_cause
from care.services.context import Care
from tests.integration.improving import complaints_on, product


async def test_severity_and_groups_count_the_same_cases(care: Care) -> None:
    kettle, kettle2 = await product(care), await product(care, "另一款水壶", "K18")
    await complaints_on(care, {0: 4}, product_id=kettle, own_words="壶底漏水")
    await complaints_on(care, {0: 2}, product_id=kettle2, own_words="坏了")
    await complaints_on(care, {0: 1}, product_id=kettle, category=ComplaintCategory.LATE, own_words="没送到")
    await complaints_on(care, {0: 3}, category=ComplaintCategory.SAFETY, own_words="漏电了")
    await complaints_on(care, {2: 2}, product_id=kettle, own_words="也漏水")
    await complaints_on(care, {0: 1}, product_id=kettle, state=ComplaintState.DRAFT, own_words="漏水")
    now = care.clock.now()
    groups = [one for one in await same_cause.groups(care) if one.link is Link.MATTER]
    assert [(one.label, one.in_24h, one.in_7d) for one in groups] == [
        ("米朵 1.7升 电热水壶：质量缺陷", 4, 6),
        ("安全", 3, 3),
        ("另一款水壶：质量缺陷", 2, 2),
    ]
    async with care.sessions.read() as session:
        for one in groups:
            for case in one.cases:
                row = await session.get_one(Complaint, case.id)
                # Who came earlier than a day ago is graded as of then: only the young ones are asked now.
                if now - case.received_at < DAY:
                    assert await same_cause.same_cause_24h(session, row, now) == one.in_24h


async def test_settled_cases_leave_the_console_and_still_count_for_severity(care: Care) -> None:
    kettle = await product(care)
    await complaints_on(care, {0: 2}, product_id=kettle, state=ComplaintState.CLOSED)
    await complaints_on(care, {0: 1}, product_id=kettle)
    assert await same_cause.groups(care) == []
    async with care.sessions.read() as session:
        row = (
            await session.scalars(select(Complaint).where(Complaint.state == ComplaintState.ACKNOWLEDGED))
        ).one()
        assert await same_cause.same_cause_24h(session, row, care.clock.now()) == 3
