"""In which order waiting customers are served, and how long the next one waits (care.md §2.8).

Severity comes before tier; a tier is a head start in minutes, never more; and whoever has waited
past the floor comes before everybody who has not, so general customers cannot starve.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from statistics import median
from types import MappingProxyType

from care.rules.desk_terms import Presence
from care.rules.severity import Grade
from care.rules.vocabulary import Tier

#: Our own head starts: a key customer who comes 2 minutes later is served as if at the same time.
TIER_HEAD_START: Mapping[Tier, timedelta] = MappingProxyType(
    {
        Tier.STRATEGIC: timedelta(minutes=4),
        Tier.KEY: timedelta(minutes=2),
        Tier.POTENTIAL: timedelta(minutes=1),
        Tier.GENERAL: timedelta(),
    }
)
GRADE_HEAD_START: Mapping[Grade, timedelta] = MappingProxyType(
    {Grade.P2: timedelta(minutes=5), Grade.P3: timedelta(), Grade.P4: timedelta()}
)
#: After this long a customer's tier and everybody else's count no more.
AGEING_FLOOR = timedelta(minutes=10)
WAITS_REMEMBERED = 20
#: Our own promise for the first words of a person, from the asking on.
FIRST_REPLY_WITHIN = timedelta(minutes=2)
#: Who served a customer within this time is asked first.
PREVIOUS_AGENT_WITHIN = timedelta(days=7)


@dataclass(frozen=True)
class Waiting:
    """One conversation in the queue; `since` is aware.

    `skill`: only who has it may serve; `previous_agent`: who served this customer last, when that is recent.
    """

    key: int
    since: datetime
    tier: Tier = Tier.GENERAL
    grade: Grade | None = None
    skill: str | None = None
    previous_agent: int | None = None


@dataclass(frozen=True)
class Agent:
    """A member of staff as routing sees them. `idle_since`: when they last got something or came, aware."""

    key: int
    presence: Presence
    load: int
    capacity: int
    skills: frozenset[str] = frozenset()
    idle_since: datetime | None = None

    @property
    def has_room(self) -> bool:
        return self.presence is Presence.ONLINE and self.load < self.capacity


@dataclass(frozen=True)
class Assignment:
    """`waiting` goes to `agent`, both by their keys."""

    waiting: int
    agent: int


def queue_order(waiting: Iterable[Waiting], now: datetime) -> tuple[Waiting, ...]:
    """Who is served first, first: P1, then those past the ageing floor, then by wait plus head start.

    Within P1 and past the floor it is the longest wait alone. Equals go by `key`, so the order does
    not depend on the order of the input.
    """
    return tuple(sorted(waiting, key=lambda w: _rank(w, now)))


def position(waiting: Sequence[Waiting], key: int, now: datetime) -> int | None:
    """Place in the queue from 1, or `None` when `key` is not waiting."""
    for place, entry in enumerate(queue_order(waiting, now), start=1):
        if entry.key == key:
            return place
    return None


def may_serve(agent: Agent, skill: str | None) -> bool:
    """Whether the agent has what the conversation asks for; one that asks for nothing is everybody's."""
    return skill is None or skill in agent.skills


def next_agent(waiting: Waiting, agents: Iterable[Agent]) -> Agent | None:
    """Who gets it: the previous agent when there is room, else the least loaded, then the longest idle.

    Load counts as a share of the capacity. Equals go by `key`. `None`: nobody has room and the skill.
    """
    free = [agent for agent in agents if agent.has_room and may_serve(agent, waiting.skill)]
    for agent in free:
        if agent.key == waiting.previous_agent:
            return agent
    return min(free, key=_by_load_then_idle, default=None)


def assignments(waiting: Iterable[Waiting], agents: Iterable[Agent], now: datetime) -> tuple[Assignment, ...]:
    """Everyone who can be served now, with who serves them, in the queue's order.

    Who waits for a skill that nobody free has holds up nobody behind them.
    """
    free = {agent.key: agent for agent in agents if agent.has_room}
    result = []
    for entry in queue_order(waiting, now):
        if not free:
            break
        chosen = next_agent(entry, free.values())
        if chosen is None:
            continue
        result.append(Assignment(entry.key, chosen.key))
        busier = replace(chosen, load=chosen.load + 1, idle_since=now)
        if busier.has_room:
            free[chosen.key] = busier
        else:
            del free[chosen.key]
    return tuple(result)


def expected_wait(place: int, between_takes_s: Sequence[float]) -> int | None:
    """Seconds until the customer at `place` (from 1) is taken; `None` without data.

    The median of the last 20 hand-overs' take times (oldest first), times the place.

    Raises:
        ValueError: `place` < 1.
    """
    if place < 1:
        raise ValueError(f"place {place} is not in the queue")
    recent = between_takes_s[-WAITS_REMEMBERED:]
    return round(median(recent) * place) if recent else None


def _by_load_then_idle(agent: Agent) -> tuple[float, float, int]:
    idle_since = agent.idle_since.timestamp() if agent.idle_since else 0.0
    return agent.load / agent.capacity, idle_since, agent.key


def _rank(waiting: Waiting, now: datetime) -> tuple[int, float, int]:
    waited = now - waiting.since
    if waiting.grade is Grade.P1:
        return 0, -waited.total_seconds(), waiting.key
    if waited >= AGEING_FLOOR:
        return 1, -waited.total_seconds(), waiting.key
    start = TIER_HEAD_START[waiting.tier]
    if waiting.grade is not None:
        start += GRADE_HEAD_START[waiting.grade]
    return 2, -(waited + start).total_seconds(), waiting.key
