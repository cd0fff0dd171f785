"""What customers are worth: computed from the rows at any time, kept as dated snapshots, signed by managers.

A second run on the same day replaces that day's snapshots with the same figures.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import delete, func, insert, select, update

from care.records import Base
from care.records.customer import Customer
from care.records.staff import Staff
from care.records.value import CustomerValue
from care.rules.alive import History, Parameters
from care.rules.clv import TERMS, Purchase, lifetime_value, retention_of, yearly_margin
from care.rules.errors import InvalidInput, NotFound
from care.rules.key_account import Proposal, Standing, propose, tier_of
from care.rules.lifecycle import next_due, stage_of
from care.rules.seven_p import SevenP, seven_p
from care.rules.tiers import KeyCriterion, Rfm, is_silent
from care.rules.times import SHANGHAI, shanghai_day, to_shanghai
from care.rules.vocabulary import CustomerType, LifecycleStage, Tier
from care.services import value_model
from care.services.context import Care
from care.services.customers import by_public_id, is_live
from care.services.value_facts import alive, facts_of
from care.services.value_rows import (
    Bought,
    Contacts,
    all_bought,
    all_contacts,
    group_size,
    group_sizes,
    histories_of,
    last_shop_rate,
    ranks_of,
    shop_rate,
)

BATCH = 1000
#: The clockwork recomputes when the last snapshots are this old, at night.
DUE_AFTER = timedelta(days=7)
NIGHT = range(1, 6)
#: Small there: a batch is computed on the loop that serves customers.
_NIGHT_BATCH = 50


@dataclass
class RecomputeReport:
    """`customers` have orders and got a snapshot; `model` is what P(alive) was computed with."""

    customers: int = 0
    stages_changed: int = 0
    tiers_changed: int = 0
    model: Parameters | None = None


@dataclass(frozen=True)
class KeyAccount:
    """The six scores as a manager signed them, and what the rows propose."""

    scores: dict[str, int]
    score: float | None
    tier: Tier
    signed_by: str | None
    reason: str | None
    proposals: tuple[Proposal, ...]


@dataclass(frozen=True)
class Snapshot:
    as_of: date
    rfm: Rfm
    clv: Decimal
    spent: Decimal
    p_alive: float | None
    stage: LifecycleStage
    tier: Tier


@dataclass(frozen=True)
class ValueOfCustomer:
    """The seven tabs as of now, the key account, and the snapshots, newest first."""

    seven_p: SevenP
    key_account: KeyAccount
    history: tuple[Snapshot, ...]


async def of(care: Care, customer_id: int) -> ValueOfCustomer:
    """The customer's value, computed now from the rows.

    Raises:
        NotFound: no such customer, or it was merged or erased.
    """
    now = care.clock.now()
    async with care.sessions.read() as session:
        customer = await session.scalar(select(Customer).where(Customer.id == customer_id, is_live()))
        if customer is None:
            raise NotFound("没有找到这位客户。")
        model = await value_model.latest(session)
        rate = await last_shop_rate(session, customer_id)
        facts = await facts_of(session, customer, now, model, rate)
        snapshots = await session.scalars(
            select(CustomerValue)
            .where(CustomerValue.customer_id == customer_id)
            .order_by(CustomerValue.as_of.desc())
            .limit(60)
        )
        history_ = tuple(
            Snapshot(
                row.as_of, Rfm(row.recency, row.frequency, row.money), row.clv, row.spent, row.p_alive, row.stage, row.tier
            )
            for row in snapshots
        )  # fmt: skip
        today = shanghai_day(now)
        bought = Bought(
            tuple(order.day.toordinal() for order in facts.orders if order.stands),
            tuple(round(order.amount * 100) for order in facts.orders if order.stands),
        )
        recent = [one for one in facts.contacts if shanghai_day(one.started_at) > today - timedelta(days=365)]
        standing = _standing(
            bought, facts.rfm, facts.alive, len(recent), await group_size(session, customer.group_id), today
        )
        scores = dict(customer.key_account_scores or {})
        judged = tier_of(scores or None, is_signed=customer.key_account_signed_by is not None)
        signed_by = (
            None
            if customer.key_account_signed_by is None
            else await session.scalar(select(Staff.name).where(Staff.id == customer.key_account_signed_by))
        )
        account = KeyAccount(
            scores,
            None if judged is None else judged[1],
            customer.tier,
            signed_by,
            customer.tier_reason,
            propose(standing),
        )
    return ValueOfCustomer(seven_p(facts, now), account, history_)


async def sign(care: Care, ref: str, scores: Mapping[str, int], *, staff_id: int, reason: str) -> KeyAccount:
    """A manager gives the six scores (0–5 by wire name) and signs the tier that follows.

    Raises:
        NotFound: no such customer.
        InvalidInput: a score is missing or not 0–5, or there is no reason.
    """
    if not reason.strip():
        raise InvalidInput(fields={"reason": "请写明评分的理由。"})
    try:
        judged = tier_of(dict(scores), is_signed=True)
    except ValueError:
        judged = None
    if judged is None or set(scores) != {criterion.value for criterion in KeyCriterion}:
        raise InvalidInput(fields={"scores": "六项都要打分，每项 0 到 5。"})
    tier, score = judged
    async with care.sessions.write() as session:
        found = await by_public_id(session, ref)
        if found is None or found.erased_at is not None:
            raise NotFound("没有找到这位客户。")
        customer = await session.get_one(Customer, found.id, with_for_update=True, populate_existing=True)
        customer.key_account_scores = dict(scores)
        customer.key_account_signed_by = staff_id
        customer.tier = tier
        customer.tier_reason = f"六项得分 {score:.0f}：{reason.strip()}"[:200]
        customer_id = customer.id
    return (await of(care, customer_id)).key_account


async def recompute(
    care: Care, *, on_progress: Callable[[int, int], None] | None = None, batch: int = BATCH
) -> RecomputeReport:
    """Computes every customer's value from the rows and stores today's snapshots (Asia/Shanghai).

    Lifecycle stages follow; tiers follow the scores that managers gave, and nothing else.
    """
    now = care.clock.now()
    today = shanghai_day(now)
    report = RecomputeReport()
    async with care.sessions.read() as session:
        bought = await all_bought(session)
        contacts = await all_contacts(session, now)
        groups = await group_sizes(session)
        rate = await shop_rate(session)
    ids = sorted(bought)
    # Seconds of pure computing: the loop that serves customers goes on meanwhile.
    histories = await asyncio.to_thread(histories_of, bought, today)
    found = await asyncio.to_thread(value_model.fit, list(histories.values()))
    if found is not None:
        report.model = found.parameters
        async with care.sessions.write() as session:
            await value_model.store(session, found, now)
    ranks = await asyncio.to_thread(ranks_of, bought, today)
    async with care.sessions.read() as session:
        everybody = list(await session.scalars(select(Customer.id).where(is_live()).order_by(Customer.id)))
    shop = _Shop(today, now, bought, histories, contacts, groups, ranks, rate, report.model)
    for start in range(0, len(everybody), batch):
        await _write_batch(care, everybody[start : start + batch], shop, report)
        if on_progress is not None:
            on_progress(min(start + batch, len(everybody)), len(everybody))
    report.customers = len(ids)
    return report


async def recompute_at_night(care: Care) -> RecomputeReport | None:
    """For the clockwork: once a week, at night in Asia/Shanghai; `None` when it is not due."""
    now = care.clock.now()
    if to_shanghai(now).hour not in NIGHT:
        return None
    async with care.sessions.read() as session:
        last = await session.scalar(select(func.max(CustomerValue.computed_at)))
    if last is not None and now - last < DUE_AFTER:
        return None
    return await recompute(care, batch=_NIGHT_BATCH)


@dataclass(frozen=True)
class _Shop:
    """What the value of one customer is measured against."""

    today: date
    now: datetime
    bought: Mapping[int, Bought]
    histories: Mapping[int, History]
    contacts: Mapping[int, Contacts]
    groups: Mapping[str, int]
    ranks: Mapping[int, Rfm]
    rate: float
    model: Parameters | None


async def _write_batch(care: Care, ids: Sequence[int], shop: _Shop, report: RecomputeReport) -> None:
    values = Base.metadata.tables[CustomerValue.__tablename__]
    customers = Base.metadata.tables[Customer.__tablename__]
    async with care.sessions.write() as session:
        rows = await session.execute(
            select(
                Customer.id,
                Customer.type,
                Customer.tier,
                Customer.lifecycle_stage,
                Customer.group_id,
                Customer.key_account_scores,
                Customer.key_account_signed_by,
            ).where(Customer.id.between(ids[0], ids[-1]), is_live())
        )
        new = []
        for row in rows.all():
            judged = _judged(row)
            tier = row.tier if judged is None else judged[0]
            bought = shop.bought.get(row.id)
            if bought is None:
                stage = LifecycleStage.PROSPECT
            else:
                snapshot = _snapshot(row, bought, shop, tier, None if judged is None else judged[1])
                stage = snapshot["stage"]
                new.append(snapshot)
            changes: dict[str, Any] = {}
            if stage is not row.lifecycle_stage:
                changes["lifecycle_stage"] = stage
                report.stages_changed += 1
            if tier is not row.tier:
                changes["tier"] = tier
                report.tiers_changed += 1
            if changes:
                await session.execute(update(customers).where(customers.c.id == row.id).values(changes))
        await session.execute(
            delete(values).where(values.c.customer_id.between(ids[0], ids[-1]), values.c.as_of == shop.today)
        )
        if new:
            await session.execute(insert(values), new)


def _judged(row: Any) -> tuple[Tier, float] | None:
    try:
        return tier_of(row.key_account_scores, is_signed=row.key_account_signed_by is not None)
    except ValueError:
        return None  # scores of an older form: the tier stays as it is


def _snapshot(row: Any, bought: Bought, shop: _Shop, tier: Tier, score: float | None) -> dict[str, Any]:
    dates = bought.dates
    one = shop.histories[row.id]
    p = None if shop.model is None else alive(one, shop.model)
    contacts = shop.contacts.get(row.id, Contacts())
    year = yearly_margin(
        [Purchase(day, Decimal(cents) / 100) for day, cents in zip(dates, bought.cents, strict=True)],
        shop.today,
        agent_contacts=contacts.by_person,
        bot_contacts=contacts.by_bot,
    )
    retention = retention_of(p, one.repeats, shop.rate)
    silent = is_silent([datetime.combine(day, time(), SHANGHAI) for day in sorted(set(dates))], shop.now)
    rank = shop.ranks[row.id]
    stage = stage_of(dates, shop.today, alive=p)
    standing = _standing(
        bought,
        rank,
        p,
        contacts.by_person + contacts.by_bot,
        shop.groups.get(row.group_id or "", 1),
        shop.today,
    )
    basis: dict[str, Any] = {
        "sales": str(year.sales),
        "service_cost": str(year.service_cost),
        "retention": str(retention),
        "shop_rate": shop.rate,
        "terms": {name: str(value) for name, value in vars(TERMS).items()},
        "history": {"repeats": one.repeats, "last_at_weeks": round(one.last_at, 3), "age_weeks": round(one.age, 3)},
        "stage": stage.why,
    }  # fmt: skip
    if row.type in (CustomerType.COMPANY, CustomerType.CHANNEL):
        basis["proposed"] = {proposal.criterion.value: proposal.score for proposal in propose(standing)}
    return {
        "customer_id": row.id,
        "as_of": shop.today,
        "computed_at": shop.now,
        "recency": rank.recency,
        "frequency": rank.frequency,
        "money": rank.money,
        "orders": len(bought.days),
        "spent": Decimal(sum(bought.cents)) / 100,
        "margin_a_year": year.margin,
        "clv": lifetime_value(year.margin, retention),
        "p_alive": p,
        "alive_by": "bg_nbd" if p is not None else "silence" if silent is not None else None,
        "is_silent": silent,
        "next_due_on": next_due(dates),
        "stage": stage.stage,
        "tier": tier,
        "key_score": score,
        "basis": basis,
    }


def _standing(
    bought: Bought, rank: Rfm | None, p: float | None, contacts: int, members: int, today: date
) -> Standing:
    year, before = today.toordinal() - 365, today.toordinal() - 730
    pairs = list(zip(bought.days, bought.cents, strict=True))
    return Standing(
        money_quintile=0 if rank is None else rank.money,
        frequency_quintile=0 if rank is None else rank.frequency,
        alive=p,
        tenure_days=today.toordinal() - bought.days[0] if bought.days else 0,
        contacts_a_year=contacts,
        spent_a_year=Decimal(sum(cents for day, cents in pairs if day > year)) / 100,
        spent_before=Decimal(sum(cents for day, cents in pairs if before < day <= year)) / 100,
        group_members=members,
    )
