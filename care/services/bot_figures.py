"""How the bot did in a period: what it understood, what it solved alone, topic by topic."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import fsum
from typing import Any

from sqlalchemy import select

from care.records.interaction import CareInteraction
from care.rules.figures import LOW_CONFIDENCE, Measured, count_of, share_of
from care.rules.labelled import Labelled
from care.rules.period import Period
from care.rules.service_terms import Service
from care.rules.vocabulary import HandledBy, Topic
from care.services import service_rows
from care.services.context import Care
from care.services.satisfaction_rows import within
from care.services.service_figures import containment


class Understood(Labelled):
    LINES = "lines", "听懂的话"
    LOW = "low_confidence", "没听准的比例"
    SESSIONS = "bot_sessions", "智能客服接待的来访"


@dataclass
class _Tally:
    confidences: list[float] = field(default_factory=list)
    lines: int = 0
    contacts: int = 0
    contained: int = 0


@dataclass(frozen=True)
class TopicFigures:
    """Lines on a topic and the contacts in which it came up; `mean_confidence` over lines that have one."""

    topic: Topic
    lines: int
    mean_confidence: float | None
    low_share: float | None
    contacts: int
    contained: int


@dataclass(frozen=True)
class BotFigures:
    period: Period
    understood: Mapping[Understood, Measured]
    service: Mapping[Service, Measured]
    topics: tuple[TopicFigures, ...]


async def figures(care: Care, period: Period) -> BotFigures:
    async with care.sessions.read() as session:
        contacts = await service_rows.contacts(session, period.start, period.end)
        rows = await session.execute(
            select(CareInteraction.id, CareInteraction.topics).where(
                *within(period, CareInteraction.started_at)
            )
        )
        said = [(id_, topics or []) for id_, topics in rows]
    contained = {one.id for one in contacts if one.is_contained}
    tallies = tally(said, contained)
    confidences = [one for of in tallies.values() for one in of.confidences]
    sessions = sum(one.handled_by is not HandledBy.AGENT for one in contacts)
    return BotFigures(
        period,
        {
            Understood.SESSIONS: count_of(sessions),
            Understood.LINES: count_of(sum(of.lines for of in tallies.values())),
            Understood.LOW: share_of(sum(one < LOW_CONFIDENCE for one in confidences), len(confidences)),
        },
        containment(contacts),
        tuple(
            TopicFigures(
                topic=topic,
                lines=of.lines,
                mean_confidence=fsum(of.confidences) / len(of.confidences) if of.confidences else None,
                low_share=sum(one < LOW_CONFIDENCE for one in of.confidences) / len(of.confidences)
                if of.confidences
                else None,
                contacts=of.contacts,
                contained=of.contained,
            )
            for topic, of in sorted(tallies.items(), key=lambda item: (-item[1].lines, item[0].value))
        ),
    )


async def last_model(care: Care) -> str | None:
    """The model that the latest contact with one was understood with."""
    async with care.sessions.read() as session:
        return await session.scalar(
            select(CareInteraction.model_version)
            .where(CareInteraction.model_version.is_not(None))
            .order_by(CareInteraction.id.desc())
            .limit(1)
        )


def tally(
    said: Sequence[tuple[int, Sequence[Mapping[str, Any]]]], contained: set[int]
) -> dict[Topic, _Tally]:
    """Counts by topic; a word that this vocabulary does not know is left out."""
    known = Topic.labels()
    found: dict[Topic, _Tally] = defaultdict(_Tally)
    for contact_id, lines in said:
        topics = set()
        for line in lines:
            name = str(line.get("topic"))
            if name not in known:
                continue
            of = found[Topic(name)]
            of.lines += 1
            if line.get("confidence") is not None:
                of.confidences.append(float(line["confidence"]))
            topics.add(Topic(name))
        for topic in topics:
            found[topic].contacts += 1
            found[topic].contained += contact_id in contained
    return dict(found)
