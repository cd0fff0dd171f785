"""The six criteria of a key account: what can be told from the rows is proposed, the rest a manager judges.

A proposal binds nobody: a tier counts when a manager has signed the scores (care.md §2.8).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from care.rules.tiers import KEY_WEIGHTS, KeyCriterion, key_account_score, tier_of_score
from care.rules.vocabulary import Tier


@dataclass(frozen=True)
class Standing:
    """What the rows say of a customer. Money is yuan; `spent_before` is of the year before the last one."""

    money_quintile: int
    frequency_quintile: int
    alive: float | None
    tenure_days: int
    contacts_a_year: int
    spent_a_year: Decimal
    spent_before: Decimal
    group_members: int


@dataclass(frozen=True)
class Proposal:
    """One criterion's proposed score 0–5 and why; `None` where only a person can tell."""

    criterion: KeyCriterion
    score: int | None
    why: str


def propose(of: Standing) -> tuple[Proposal, ...]:
    """Proposed scores in the order of `KeyCriterion`; influence is always a manager's."""
    growth = None if of.spent_before <= 0 else of.spent_a_year / of.spent_before
    return (
        Proposal(KeyCriterion.SALES_PROFIT, of.money_quintile, f"消费额在全部客户中居第 {of.money_quintile} 档（5 最高）"),
        Proposal(
            KeyCriterion.LOYALTY,
            _loyalty(of),
            f"购买频次第 {of.frequency_quintile} 档，已 {of.tenure_days} 天"
            + ("" if of.alive is None else f"，P(alive) {of.alive:.0%}"),
        ),
        Proposal(KeyCriterion.INTERACTION, _steps(of.contacts_a_year, (1, 3, 6, 12, 24)), f"近一年接触 {of.contacts_a_year} 次"),
        Proposal(
            KeyCriterion.POTENTIAL,
            None if growth is None else _steps(float(growth), (0.5, 0.8, 1.1, 1.5, 2.0)),
            "没有上一年可比" if growth is None else f"近一年消费是上一年的 {float(growth):.1f} 倍",
        ),
        Proposal(KeyCriterion.CLUSTER, _steps(of.group_members, (2, 3, 5, 8, 12)), f"同一群落 {of.group_members} 位客户"),
        Proposal(KeyCriterion.INFLUENCE, None, "由经理判断"),
    )  # fmt: skip


def tier_of(scores: Mapping[str, int] | None, *, is_signed: bool) -> tuple[Tier, float] | None:
    """Tier and score of a customer's scores by wire name; `None` when they were never given.

    Raises:
        ValueError: a criterion is missing or not 0–5.
    """
    if not scores:
        return None
    given = {criterion: scores[criterion.value] for criterion in KeyCriterion if criterion.value in scores}
    score = key_account_score(given, KEY_WEIGHTS)
    return tier_of_score(score, is_signed=is_signed), float(score)


def _loyalty(of: Standing) -> int:
    """Frequency, less one when it is doubtful that the customer still is one, at most 2 in the first half year."""
    score = of.frequency_quintile - (1 if of.alive is not None and of.alive < 0.5 else 0)
    return max(0, min(score, 2 if of.tenure_days < 180 else 5))


def _steps(value: float, bounds: tuple[float, ...]) -> int:
    """How many of the bounds are reached."""
    return sum(value >= bound for bound in bounds)
