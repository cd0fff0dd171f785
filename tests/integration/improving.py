"""Short ways to complaints, staff and answers: for tests of what is improved."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from care.records.complaint import Complaint
from care.records.customer import Consent
from care.records.interaction import Feedback
from care.records.order import Product
from care.rules.complaint import ComplaintCategory, ComplaintState
from care.rules.severity import Grade
from care.rules.vocabulary import CarePart, CareStage, Channel, ConsentPurpose, Role, Topic
from care.services import staff
from care.services.context import Care
from care.services.staff import StaffView
from tests.integration.conftest import PASSWORD


def complaint(received_at: datetime, **columns: Any) -> Complaint:
    values: dict[str, Any] = {
        "channel": Channel.WEB,
        "state": ComplaintState.ACKNOWLEDGED,
        "opened_at": received_at,
        "received_at": received_at,
        "own_words": "用了两天就坏了",
        "topic": Topic.COMPLAINT_QUALITY.value,
        "category": ComplaintCategory.DEFECT,
        "care_part": CarePart.PRODUCT_QUALITY,
        "care_stage": CareStage.POST,
        "grade": Grade.P3,
        "severity_parts": {},
        **columns,
    }
    return Complaint(**values)


async def complaints_on(care: Care, per_day: dict[int, int], **columns: Any) -> list[int]:
    """So many complaints so many days ago, before nine in Shanghai; their ids."""
    morning = care.clock.now().replace(hour=1, minute=0)
    rows = [
        complaint(morning - timedelta(days=days_ago, minutes=n), **columns)
        for days_ago, count in per_day.items()
        for n in range(count)
    ]
    async with care.sessions.write() as session:
        session.add_all(rows)
        await session.flush()
        for row in rows:
            row.case_number = f"TS-20260101-{row.id:04d}"
    return [row.id for row in rows]


async def product(care: Care, name: str = "米朵 1.7升 电热水壶", sku: str = "K17") -> int:
    row = Product(
        sku=sku, name=name, brand="米朵", model=sku, category="电热水壶", price=199, stock=1,
        spoken_names=["水壶"], attributes={}, warranty_months=12,
    )  # fmt: skip
    async with care.sessions.write() as session:
        session.add(row)
    return row.id


async def colleague(care: Care, login: str, role: Role = Role.LEAD) -> StaffView:
    return await staff.add_staff(care, login=login, name=f"同事{login}", role=role, password=PASSWORD)


async def agrees(care: Care, customer_id: int, purpose: ConsentPurpose = ConsentPurpose.MARKETING) -> None:
    async with care.sessions.write() as session:
        session.add(
            Consent(
                customer_id=customer_id,
                purpose=purpose,
                notice_version="1",
                given_at=care.clock.now() - timedelta(days=100),
                evidence="测试",
            )
        )


async def answered(care: Care, complaint_id: int, **scores: int) -> None:
    now = care.clock.now()
    async with care.sessions.write() as session:
        session.add(
            Feedback(
                complaint_id=complaint_id,
                sample_rule="every_closed_case",
                invited_at=now - timedelta(days=1),
                answered_at=now - timedelta(hours=2),
                **scores,
            )
        )
