"""What resolution and reopening mean, over rows (care.md §4). Days and moments are aware; no I/O."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

#: No contact for the same cause within these days [P].
SAME_CAUSE = timedelta(days=7)
REOPENED_WITHIN = timedelta(days=30)


@dataclass(frozen=True)
class Issue:
    """A contact of a known customer about one thing."""

    customer: int
    cause: str
    started_at: datetime
    ended_at: datetime
    is_solved: bool


def first_contact_resolution(
    issues: Iterable[Issue], start: datetime, end: datetime, now: datetime
) -> tuple[int, int]:
    """(solved at the first contact, issues) of those that began in the span.

    A contact within seven days after another one of the same customer and cause is no issue of its own. An issue
    counts as solved when it was solved and nobody came again for it within seven days; one whose seven days are
    not over yet says nothing and is left out.
    """
    by_cause: dict[tuple[int, str], list[Issue]] = defaultdict(list)
    for issue in issues:
        by_cause[issue.customer, issue.cause].append(issue)
    solved = total = 0
    for row in by_cause.values():
        row.sort(key=lambda one: (one.started_at, one.ended_at))
        for position, one in enumerate(row):
            is_again = position > 0 and one.started_at - row[position - 1].ended_at <= SAME_CAUSE
            if is_again or not start <= one.started_at < end or one.ended_at + SAME_CAUSE > now:
                continue
            comes_again = (
                position + 1 < len(row) and row[position + 1].started_at - one.ended_at <= SAME_CAUSE
            )
            total += 1
            solved += one.is_solved and not comes_again
    return solved, total


def reopened_share(
    closings: Sequence[tuple[int, datetime]], reopenings: Iterable[tuple[int, datetime]], now: datetime
) -> tuple[int, int]:
    """(reopened within 30 days, closings) of the closings whose 30 days are over: the others cannot be judged."""
    again: dict[int, list[datetime]] = defaultdict(list)
    for complaint, at in reopenings:
        again[complaint].append(at)
    reopened = total = 0
    for complaint, closed_at in closings:
        if closed_at + REOPENED_WITHIN <= now:
            total += 1
            reopened += any(closed_at < at <= closed_at + REOPENED_WITHIN for at in again[complaint])
    return reopened, total
