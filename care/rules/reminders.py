"""When a customer who owes a case an answer is reminded of it (care.md §3, rule 3).

Three reminders, on the first, third and sixth day of the silence, on work days between 9:00 and 18:00 and
never in the customer's own quiet hours. Where holidays leave no room for three within seven days, the count
begins anew after them. Every moment is aware and in UTC.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time, timedelta, timezone

from care.rules.complaint import REMINDER_WINDOW, REMINDERS_TO_CLOSE, ComplaintState
from care.rules.deadlines import IsWorkday
from care.rules.quiet_hours import send_at
from care.rules.times import SHANGHAI, shanghai_day, to_shanghai

S = ComplaintState

REMIND_AFTER_DAYS = (1, 3, 6)
TALK_HOURS = (time(9, 0), time(18, 0))
_DAY = timedelta(days=1)
#: A reminder that goes out a little late must still lie within the window.
_MARGIN = timedelta(hours=1)
_LONGEST_SEARCH = 60  # days


def waits_for_customer(state: ComplaintState, *, is_remedy_done: bool) -> bool:
    """Whether the next word on the case is the customer's."""
    return state in (S.WAITING_CUSTOMER, S.PROPOSED) or (state is S.EXECUTING and is_remedy_done)


def first_look(state: ComplaintState, now: datetime, *, is_remedy_done: bool) -> datetime | None:
    """When to look whether the customer must be reminded; None where nothing is asked of them."""
    if not waits_for_customer(state, is_remedy_done=is_remedy_done):
        return None
    return now + timedelta(days=REMIND_AFTER_DAYS[0])


def next_reminder(
    silent_since: datetime,
    sent: Sequence[datetime],
    *,
    is_workday: IsWorkday,
    quiet: str | None = None,
) -> datetime | None:
    """When the next reminder is due; None once three went out within seven days.

    Args:
        silent_since: when the customer was asked, or their last word after that.
        sent: reminders so far; those before `silent_since` were answered.
        quiet: the customer's own quiet hours, ``12:00-14:00``.

    Raises:
        ValueError: a naive moment, or a calendar without work days.
    """
    run = sorted(at for at in sent if at > silent_since)
    while True:
        if len(run) >= REMINDERS_TO_CLOSE and run[-1] - run[-REMINDERS_TO_CLOSE] <= REMINDER_WINDOW:
            return None
        run = run[-(REMINDERS_TO_CLOSE - 1) :]
        if not run and sent:
            silent_since = max(silent_since, max(sent))  # the count begins anew after the last one
        due = _nth(silent_since, run, is_workday=is_workday, quiet=quiet)
        if not run or due - run[0] <= REMINDER_WINDOW - _MARGIN:
            return due
        run = run[1:]


def _nth(
    silent_since: datetime, run: Sequence[datetime], *, is_workday: IsWorkday, quiet: str | None
) -> datetime:
    """The reminder after `run`: as many days after the first as the plan has, never two within a day."""
    if not run:
        return _talk_time(silent_since + REMIND_AFTER_DAYS[0] * _DAY, is_workday=is_workday, quiet=quiet)
    target = run[0] + (REMIND_AFTER_DAYS[len(run)] - REMIND_AFTER_DAYS[0]) * _DAY
    soonest = run[-1] + _DAY
    day = max(target, soonest)
    # A weekend is stepped over backwards where that leaves a day since the last one.
    back = day
    while back >= soonest:
        if is_workday(shanghai_day(back)):
            at = _talk_time(back, is_workday=is_workday, quiet=quiet)
            if at <= day or shanghai_day(at) == shanghai_day(back):
                return at
        back -= _DAY
    return _talk_time(day, is_workday=is_workday, quiet=quiet)


def _talk_time(at: datetime, *, is_workday: IsWorkday, quiet: str | None) -> datetime:
    """The first moment from `at` on that is work time and in nobody's quiet hours.

    A customer whose quiet hours leave no work time free is written to right after them; hours that leave no
    time at all count as none.
    """
    found = at
    for _ in range(_LONGEST_SEARCH):
        local = to_shanghai(found)
        day = local.date()
        if not is_workday(day) or local.time() >= TALK_HOURS[1]:
            found = datetime.combine(day + _DAY, TALK_HOURS[0], SHANGHAI).astimezone(timezone.utc)
            continue
        opening = datetime.combine(day, TALK_HOURS[0], SHANGHAI).astimezone(timezone.utc)
        free = send_at(max(found, opening), quiet)
        if shanghai_day(free) == day:
            return free.astimezone(timezone.utc)
        found = free
    if quiet is not None:
        return _talk_time(
            at, is_workday=is_workday, quiet=None
        )  # no hour is left free: they cannot mean that
    raise ValueError(f"no work day within {_LONGEST_SEARCH} days after {at}")
