"""A corrective action from its cause to a figure that has moved, or has not."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta

import pytest
from sqlalchemy import select, update

from bot.chores import verify_logs
from care import demo
from care.records.improvement import CorrectiveAction, CorrectiveActionEvent
from care.rules.complaint import ComplaintCategory
from care.rules.corrective import ActionCause, ActionState, Aim, Figure
from care.rules.effect import Verdict
from care.rules.errors import Conflict, IllegalMove, InvalidInput, NotFound
from care.rules.times import shanghai_day
from care.services import action_log, corrective_actions, surge_desk, surges
from care.services.context import Care
from care.services.corrective_actions import ActionDraft, ActionView, SubTask
from care.services.measures import Scope, measure
from care.services.staff import StaffView
from tests.conftest import ManualClock
from tests.integration.conftest import Shop
from tests.integration.customers import order_of
from tests.integration.improving import answered, colleague, complaints_on
from tests.integration.test_demo import PASSWORD, TODAY

A = ActionState
DRAFT = ActionDraft(
    title="换配送商",
    cause=ActionCause.COMPLAINTS,
    cause_note="末端送不完",
    improves=(Aim.SPEED, Aim.COST),
    owner="lead9",
    due_on=date(2026, 12, 10),
    sub_tasks=(SubTask("签临时协议"),),
    hypothesis="换回原配送商后更快",
    figure=Figure.SOLVED_IN_TIME,
    scope=Scope(category=ComplaintCategory.LATE),
)
DONE_TASKS = ActionDraft(sub_tasks=(SubTask("签临时协议", is_done=True),))


async def late(care: Care, first: int, last: int, *, in_time: bool) -> None:
    """One late delivery a day, solved in time or not."""
    now = care.clock.now()
    for days_ago in range(first, last - 1, -1):
        received = now - timedelta(days=days_ago)
        due = received + timedelta(days=2)
        await complaints_on(
            care,
            {days_ago: 1},
            category=ComplaintCategory.LATE,
            solve_due_at=due,
            closed_at=due + timedelta(hours=-5 if in_time else 5),
        )


async def carried_out(care: Care, owner: StaffView) -> ActionView:
    """Planned, measured before, and done today."""
    today = shanghai_day(care.clock.now())
    found = await corrective_actions.create(care, owner, DRAFT)
    found = await corrective_actions.measure_before(
        care, owner, found.id, today - timedelta(days=30), today - timedelta(days=5), version=found.version
    )
    found = await corrective_actions.move(care, owner, found.id, A.DOING, version=found.version)
    found = await corrective_actions.change(care, owner, found.id, DONE_TASKS, version=found.version)
    return await corrective_actions.move(care, owner, found.id, A.DONE, version=found.version)


async def verifying(care: Care, owner: StaffView, clock: ManualClock, *, in_time: bool) -> ActionView:
    await late(care, 30, 5, in_time=False)
    found = await carried_out(care, owner)
    clock.advance(days=31)
    await late(care, 30, 4, in_time=in_time)
    return await corrective_actions.move(care, owner, found.id, A.VERIFYING, version=found.version)


async def measured_after(care: Care, by: StaffView, found: ActionView) -> ActionView:
    today = shanghai_day(care.clock.now())
    return await corrective_actions.measure_after(
        care, by, found.id, today - timedelta(days=30), today - timedelta(days=4), version=found.version
    )


async def test_the_whole_way_to_verified_by_somebody_else(care: Care, clock: ManualClock) -> None:
    owner, manager = await colleague(care, "lead9"), await colleague(care, "manager9")
    found = await verifying(care, owner, clock, in_time=True)
    found = await measured_after(care, manager, found)
    assert found.before is not None
    assert found.after is not None
    assert found.comparison is not None
    assert (found.before.value, found.before.n, found.after.value) == (0.0, 26, 1.0)
    assert found.comparison.verdict is Verdict.BETTER
    with pytest.raises(IllegalMove, match="以外"):
        await corrective_actions.move(care, owner, found.id, A.VERIFIED, version=found.version)
    found = await corrective_actions.move(care, manager, found.id, A.VERIFIED, version=found.version)
    assert (found.state, found.verified_by, found.is_intact) == (A.VERIFIED, "同事manager9", True)
    assert [one.kind for one in found.trail] == [
        "created", "measured_before", "state", "changed", "state", "state", "measured_after", "state",
    ]  # fmt: skip


async def test_what_has_not_moved_is_no_success_and_may_be_tried_again(
    care: Care, clock: ManualClock
) -> None:
    owner, manager = await colleague(care, "lead9"), await colleague(care, "manager9")
    found = await verifying(care, owner, clock, in_time=False)
    found = await measured_after(care, manager, found)
    assert found.comparison is not None
    assert found.comparison.verdict is Verdict.UNDECIDED
    with pytest.raises(IllegalMove, match="未定"):
        await corrective_actions.move(care, manager, found.id, A.VERIFIED, version=found.version)
    found = await corrective_actions.move(
        care, manager, found.id, A.INEFFECTIVE, version=found.version, reason="没有变化"
    )
    found = await corrective_actions.move(
        care, owner, found.id, A.PLANNED, version=found.version, reason="换一个办法"
    )
    assert (found.before, found.after, found.comparison, found.done_at) == (None, None, None, None)
    assert "measured_after" in [one.kind for one in found.trail]


async def test_a_start_without_hypothesis_figure_or_measurement_is_refused(care: Care) -> None:
    owner = await colleague(care, "lead9")
    bare = ActionDraft(**{**vars(DRAFT), "hypothesis": None, "figure": None, "scope": None})
    found = await corrective_actions.create(care, owner, bare)
    with pytest.raises(IllegalMove, match="设想"):
        await corrective_actions.move(care, owner, found.id, A.DOING, version=found.version)
    with pytest.raises(Conflict, match="指标"):
        await corrective_actions.measure_before(
            care, owner, found.id, date(2026, 10, 1), date(2026, 10, 9), version=found.version
        )
    found = await corrective_actions.change(
        care, owner, found.id, ActionDraft(hypothesis="会更快", figure=Figure.CSAT), version=found.version
    )
    with pytest.raises(IllegalMove, match="实施前"):
        await corrective_actions.move(care, owner, found.id, A.DOING, version=found.version)


async def test_what_is_missing_is_named_field_by_field(care: Care) -> None:
    owner = await colleague(care, "lead9")
    with pytest.raises(InvalidInput) as problem:
        await corrective_actions.create(care, owner, ActionDraft(owner="nobody", due_on=date(2026, 11, 1)))
    assert set(problem.value.fields) == {"title", "cause", "cause_note", "improves", "owner", "due_on"}
    with pytest.raises(NotFound):
        await corrective_actions.action(care, 99)


async def test_the_measure_is_fixed_once_it_was_taken_and_periods_must_be_over(care: Care) -> None:
    owner = await colleague(care, "lead9")
    found = await corrective_actions.create(care, owner, DRAFT)
    for since, until in ((date(2026, 11, 9), date(2026, 11, 1)), (date(2026, 11, 1), date(2026, 11, 24))):
        with pytest.raises(InvalidInput):
            await corrective_actions.measure_before(
                care, owner, found.id, since, until, version=found.version
            )
    found = await corrective_actions.measure_before(
        care, owner, found.id, date(2026, 11, 1), date(2026, 11, 20), version=found.version
    )
    with pytest.raises(Conflict, match="不能再改"):
        await corrective_actions.change(
            care, owner, found.id, ActionDraft(figure=Figure.CES), version=found.version
        )


async def test_the_second_period_begins_after_it_was_done(care: Care, clock: ManualClock) -> None:
    owner = await colleague(care, "lead9")
    found = await verifying(care, owner, clock, in_time=True)
    today = shanghai_day(care.clock.now())
    with pytest.raises(InvalidInput):
        await corrective_actions.measure_after(
            care,
            owner,
            found.id,
            today - timedelta(days=31),
            today - timedelta(days=1),
            version=found.version,
        )


async def test_of_two_moves_at_once_exactly_one_wins(care: Care) -> None:
    owner = await colleague(care, "lead9")
    found = await corrective_actions.create(care, owner, DRAFT)
    moves = [
        corrective_actions.move(care, owner, found.id, A.DROPPED, version=found.version, reason="不做了")
        for _ in range(4)
    ]
    done = await asyncio.gather(*moves, return_exceptions=True)
    assert sum(isinstance(one, ActionView) for one in done) == 1
    assert sum(isinstance(one, Conflict) for one in done) == 3
    after = await corrective_actions.action(care, found.id)
    assert (len(after.trail), after.is_intact) == (2, True)


@pytest.mark.parametrize("what", ["changed", "cut"])
async def test_a_trail_that_somebody_touched_says_so(care: Care, what: str) -> None:
    owner = await colleague(care, "lead9")
    found = await corrective_actions.create(care, owner, DRAFT)
    await corrective_actions.move(care, owner, found.id, A.DROPPED, version=found.version, reason="不做了")
    assert await action_log.verify(care) == []
    async with care.sessions.write() as session:
        if what == "changed":
            await session.execute(
                update(CorrectiveActionEvent).where(CorrectiveActionEvent.seq == 1).values(actor="other")
            )
        else:
            last = (
                await session.scalars(select(CorrectiveActionEvent).where(CorrectiveActionEvent.seq == 2))
            ).one()
            await session.delete(last)
    assert not (await corrective_actions.action(care, found.id)).is_intact
    assert await action_log.verify(care) == [f"{found.id} {found.title}"]
    (told,) = await verify_logs(care.settings)
    assert found.title in told


async def test_an_action_answers_an_alarm(care: Care) -> None:
    owner = await colleague(care, "lead9")
    await complaints_on(care, {**dict.fromkeys(range(8, 60, 4), 1), 0: 6})
    await surges.watch(care)
    alarm = (await surge_desk.alarms(care))[0]
    found = await corrective_actions.create(
        care, owner, ActionDraft(**{**vars(DRAFT), "cause": ActionCause.SURGE, "alarm_id": alarm.id})
    )
    assert found.alarm_ids == (alarm.id,)
    await surge_desk.set_cause(care, owner, alarm.id, "换了分拨中心")
    assert (await surge_desk.close(care, owner, alarm.id)).corrective_action_id == found.id


async def test_every_figure_is_measured_from_its_rows(care: Care, shop: Shop) -> None:
    customer = await shop.customer()
    await order_of(care, customer)  # thirty days ago
    now = care.clock.now()
    (one, two) = await complaints_on(
        care, {29: 2}, customer_id=customer.id,
        acknowledge_due_at=now - timedelta(days=28), acknowledged_at=now - timedelta(days=29),
        solve_due_at=now - timedelta(days=27), closed_at=now - timedelta(days=26), reopen_count=1,
    )  # fmt: skip
    await answered(care, one, csat=5, ces=6, expectation_e=6, perception_p=5)
    await answered(care, two, csat=2, ces=4, expectation_e=6, perception_p=3)
    expected = {
        Figure.COMPLAINTS_PER_1000: (2000.0, 1),
        Figure.ACKNOWLEDGED_IN_TIME: (1.0, 2),
        Figure.SOLVED_IN_TIME: (0.0, 2),
        Figure.REOPENED: (1.0, 2),
        Figure.KEPT_PROMISES: (None, 0),
        Figure.CSAT: (0.5, 2),
        Figure.GAP: (-2.0, 2),
        Figure.CES: (5.0, 2),
    }
    today = shanghai_day(now)
    async with care.sessions.read() as session:
        for figure, (value, n) in expected.items():
            scope = Scope(category=ComplaintCategory.DEFECT)
            sample = await measure(
                session, figure, scope, date(2026, 10, 20), today - timedelta(days=1), now=now
            )
            if figure in (Figure.CSAT, Figure.GAP, Figure.CES):
                continue  # answered today: the day is not over
            assert (sample.value, sample.n) == (value, n), figure
        later = now + timedelta(days=1)
        for figure in (Figure.CSAT, Figure.GAP, Figure.CES):
            sample = await measure(session, figure, Scope(), date(2026, 10, 20), today, now=later)
            assert (sample.value, sample.n) == expected[figure]
        hours = await measure(session, Figure.SOLVE_HOURS, Scope(), date(2026, 10, 20), today, now=later)
        assert (hours.n, round(hours.value or 0)) == (2, 73)


async def test_the_demo_has_an_action_in_each_state_with_its_figures(care: Care) -> None:
    await demo.seed(care, password=PASSWORD, today=TODAY)
    async with care.sessions.read() as session:
        ids = list(await session.scalars(select(CorrectiveAction.id)))
    found = [await corrective_actions.action(care, id_) for id_ in ids]
    by_state = {one.state: one for one in found}
    assert set(by_state) == set(A)
    assert all(one.is_intact and one.before is not None and one.before.n > 0 for one in found)
    for state in (A.VERIFYING, A.VERIFIED, A.INEFFECTIVE):
        assert by_state[state].comparison is not None
    verdicts = {one.state: one.comparison.verdict for one in found if one.comparison is not None}
    assert verdicts[A.VERIFIED] is Verdict.BETTER
    assert verdicts[A.INEFFECTIVE] in (Verdict.UNDECIDED, Verdict.WORSE)
    assert by_state[A.VERIFIED].verified_by != by_state[A.VERIFIED].owner_name
    assert all(one.verified_at is None or one.verified_at < care.clock.now() for one in found)
