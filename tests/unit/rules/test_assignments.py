"""Who gets whom, and that nobody waits beyond the bound, by simulation."""

from __future__ import annotations

import heapq
import random
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, timezone

import pytest

from care.rules.desk_terms import Presence
from care.rules.routing import AGEING_FLOOR, Agent, Assignment, Waiting, assignments, next_agent
from care.rules.severity import Grade
from care.rules.vocabulary import Tier

NOW = datetime(2026, 11, 24, 4, 0, tzinfo=timezone.utc)


def agent(key: int, load: int = 0, capacity: int = 5, *skills: str, idle_min: float = 0) -> Agent:
    since = NOW - timedelta(minutes=idle_min)
    return Agent(key, Presence.ONLINE, load, capacity, frozenset(skills), since)


def waiting(key: int, **more: object) -> Waiting:
    return Waiting(key, NOW - timedelta(minutes=1), **more)  # type: ignore[arg-type]


def test_the_previous_agent_comes_first_while_there_is_room() -> None:
    agents = [agent(1), agent(2, load=4)]
    assert next_agent(waiting(9, previous_agent=2), agents) == agents[1]
    full = [agent(1), agent(2, load=5)]
    assert next_agent(waiting(9, previous_agent=2), full) == full[0]


def test_else_the_least_loaded_by_share_then_the_longest_idle_then_the_key() -> None:
    assert next_agent(waiting(9), [agent(1, 2, 4), agent(2, 2, 5)]) == agent(2, 2, 5)
    assert next_agent(waiting(9), [agent(1, idle_min=1), agent(2, idle_min=9)]) == agent(2, idle_min=9)
    assert next_agent(waiting(9), [agent(2), agent(1)]) == agent(1)


@pytest.mark.parametrize("presence", [Presence.BUSY, Presence.AWAY, Presence.BREAK])
def test_only_who_is_online_gets_something(presence: Presence) -> None:
    assert assignments([waiting(1)], [replace(agent(1), presence=presence)], NOW) == ()


def test_who_waits_for_a_skill_that_nobody_free_has_holds_up_nobody_behind() -> None:
    queue = [waiting(1, skill="大家电", grade=Grade.P1), waiting(2)]
    assert assignments(queue, [agent(7, 0, 5, "数码")], NOW) == (Assignment(2, 7),)
    assert assignments(queue, [agent(7, 0, 1, "大家电")], NOW) == (Assignment(1, 7),)


def test_room_is_filled_and_never_over() -> None:
    plan = assignments([waiting(n) for n in range(1, 9)], [agent(1, 3, 5), agent(2, 0, 3)], NOW)
    assert [one.waiting for one in plan] == [1, 2, 3, 4, 5]
    assert [one.agent for one in plan].count(1) == 2
    assert [one.agent for one in plan].count(2) == 3


@dataclass
class Desk:
    """A discrete-event simulation: arrivals by a Poisson process, service times between bounds."""

    seed: int
    agents: int
    general_every_s: float
    key_every_s: float
    hours: float = 8
    service_s: tuple[float, float] = (120.0, 480.0)
    waits: dict[Tier, list[float]] = field(default_factory=lambda: {tier: [] for tier in Tier})
    queued: int = 0

    def run(self) -> None:
        dice = random.Random(self.seed)
        crowd: list[tuple[float, int, Tier]] = []
        for tier, every in ((Tier.GENERAL, self.general_every_s), (Tier.STRATEGIC, self.key_every_s)):
            at = dice.expovariate(1 / every)
            while at < self.hours * 3600:
                crowd.append((at, len(crowd) + 1, tier))
                at += dice.expovariate(1 / every)
        events: list[tuple[float, int, str, int]] = [(at, key, "comes", key) for at, key, _ in crowd]
        heapq.heapify(events)
        tiers = {key: tier for _, key, tier in crowd}
        came = {key: at for at, key, _ in crowd}
        queue: dict[int, Waiting] = {}
        load = dict.fromkeys(range(1, self.agents + 1), 0)
        while events:
            at, _, kind, key = heapq.heappop(events)
            now = NOW + timedelta(seconds=at)
            if kind == "comes":
                queue[key] = Waiting(key, now, tiers[key])
            else:
                load[key] -= 1
            self.queued = max(self.queued, len(queue))
            team = [Agent(a, Presence.ONLINE, held, 1) for a, held in load.items()]
            for one in assignments(queue.values(), team, now):
                del queue[one.waiting]
                load[one.agent] += 1
                self.waits[tiers[one.waiting]].append(at - came[one.waiting])
                ends = at + dice.uniform(*self.service_s)
                heapq.heappush(events, (ends, 10**6 + one.waiting, "ends", one.agent))
        assert not queue


class TestNobodyStarves:
    """Key customers alone keep every agent busy and more; general ones come seldom.

    The bound: a general customer past the floor yields only to those who are past it too and came
    earlier. Those still waiting from before the arrival are at most what queues at any time, and
    `agents` of them leave at least every longest service.
    """

    @pytest.mark.parametrize("seed", range(8))
    def test_under_a_burst_of_key_customers_no_general_one_waits_beyond_floor_and_service(
        self, seed: int
    ) -> None:
        desk = Desk(seed, agents=10, general_every_s=300, key_every_s=30, hours=6)
        desk.run()
        longest = desk.service_s[1]
        bound = AGEING_FLOOR.total_seconds() + longest * (1 + desk.queued / desk.agents)
        assert desk.waits[Tier.GENERAL]
        assert max(desk.waits[Tier.GENERAL]) <= bound

    def test_in_lasting_overload_a_general_customer_waits_as_long_as_a_key_one_and_the_head_start(
        self,
    ) -> None:
        """Demand is 1.5 times the capacity, so the queue grows; ageing makes everybody equal past the floor."""
        desk = Desk(1, agents=10, general_every_s=300, key_every_s=22, hours=3)
        desk.run()
        service = sum(desk.service_s) / 2
        assert service / 22 > desk.agents * 1.3
        assert max(desk.waits[Tier.STRATEGIC]) > 2 * AGEING_FLOOR.total_seconds()
        general, key = sorted(desk.waits[Tier.GENERAL]), sorted(desk.waits[Tier.STRATEGIC])
        assert general[-1] <= key[-1] + AGEING_FLOOR.total_seconds() + desk.service_s[1]

    def test_without_the_floor_the_same_crowd_would_starve_them(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The test above measures something: with a tier that always wins the last general one waits longest."""
        from care.rules import routing

        monkeypatch.setattr(routing, "AGEING_FLOOR", timedelta(days=1))
        monkeypatch.setattr(
            routing, "TIER_HEAD_START", {**routing.TIER_HEAD_START, Tier.STRATEGIC: timedelta(hours=12)}
        )
        desk = Desk(1, agents=10, general_every_s=300, key_every_s=22, hours=3)
        desk.run()
        longest = max(desk.waits[Tier.STRATEGIC]) + AGEING_FLOOR.total_seconds() + desk.service_s[1]
        assert max(desk.waits[Tier.GENERAL]) > longest
