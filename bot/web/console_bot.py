"""`/api/console/bot…`: how the bot does, what it could not answer, and the models on disk."""

from __future__ import annotations

import asyncio
from datetime import datetime, timezone
from pathlib import Path

from aiohttp import web

from bot.web import console_lists as lists
from bot.web.bodies import json_response, read_body, read_query
from bot.web.console_numbers import link, number
from bot.web.console_schemas import PeriodQuery
from bot.web.console_today import service_number
from bot.web.keys import PARTS
from bot.web.schemas import Nothing
from care.rules.figures import LOW_CONFIDENCE
from care.rules.period import period_of
from care.rules.times import shanghai_day
from care.services import bot_figures, knowledge_answering
from care.services.bot_figures import TopicFigures, Understood
from care.services.contact_list import Which
from care.services.context import Care
from care.services.knowledge_answering import AnswerDraft, OpenQuestion

_MOST_SHOWN = 20
_NOT_MEASURED = "这个模型没有留存的测试成绩"
_DEFINITIONS = {
    Understood.SESSIONS: "由智能客服开始接待的来访",
    Understood.LINES: "来访中听出话题的话；一句话有几个话题算几次",
    Understood.LOW: f"把握低于 {LOW_CONFIDENCE} 的话 ÷ 有把握度的话",
}


async def overview(request: web.Request) -> web.Response:
    care: Care = request.app[PARTS].care
    asked = read_query(request, PeriodQuery)
    now = care.clock.now()
    period = period_of(asked.since, asked.until, today=shanghai_day(now))
    found = await bot_figures.figures(care, period)
    questions, total = await knowledge_answering.open_questions(care, limit=_MOST_SHOWN)
    in_use = await bot_figures.last_model(care)
    models = await asyncio.to_thread(_models, care.settings.root / "models", in_use)
    where = {
        Understood.SESSIONS: link("contacts", period),
        Understood.LINES: link("contacts", period),
        Understood.LOW: link("contacts", period, which=Which.LOW_CONFIDENCE.value),
    }

    def topic_row(one: TopicFigures) -> lists.TopicRow:
        return lists.TopicRow(
            topic=one.topic,
            label=one.topic.label,
            lines=one.lines,
            mean_confidence=one.mean_confidence,
            low_share=one.low_share,
            contacts=one.contacts,
            contained=one.contained,
            link=link("contacts", period, topic=one.topic.value),
        )

    return json_response(
        lists.Bot(
            since=period.since,
            until=period.until,
            as_of=now,
            low_confidence=LOW_CONFIDENCE,
            numbers=[
                *(service_number(key, measured, period) for key, measured in found.service.items()),
                *(
                    number(key.value, key.label, measured, definition=_DEFINITIONS[key], link=where[key])
                    for key, measured in found.understood.items()
                ),
            ],
            topics=[topic_row(one) for one in found.topics],
            unanswered=[_question(one) for one in questions],
            unanswered_open=total,
            models=models,
        )
    )


async def unanswered(request: web.Request) -> web.Response:
    care: Care = request.app[PARTS].care
    asked = read_query(request, lists.UnansweredQuery)
    found, total = await knowledge_answering.open_questions(
        care, topic=asked.topic, offset=asked.offset, limit=asked.limit
    )
    return json_response(lists.UnansweredPage([_question(one) for one in found], total))


async def answer(request: web.Request) -> web.Response:
    """The answer becomes an entry of the knowledge; what is wrong with it is said field by field."""
    care: Care = request.app[PARTS].care
    given = await read_body(request, lists.KnowledgeAnswer)
    written = await knowledge_answering.answer(
        care,
        int(request.match_info["id"]),
        AnswerDraft(
            question=given.question,
            answer=given.answer,
            source=given.source,
            topics=given.topics,
            variants=given.variants,
            expires=given.expires,
        ),
    )
    return json_response(
        lists.KnowledgeWritten(written.entry, written.file, list(written.remarks)), status=201
    )


async def dismiss(request: web.Request) -> web.Response:
    await knowledge_answering.dismiss(request.app[PARTS].care, int(request.match_info["id"]))
    return json_response(Nothing())


def _question(one: OpenQuestion) -> lists.UnansweredRow:
    return lists.UnansweredRow(
        id=one.id,
        question=one.question,
        topic=one.topic,
        topic_label=None if one.topic is None else one.topic.label,
        count=one.count,
        first_at=one.first_at,
        last_at=one.last_at,
        last_conversation=one.conversation,
    )


def _models(folder: Path, in_use: str | None) -> list[lists.ModelRow]:
    """Trained models, the newest first. `in_use`: the one that the last contact was understood with."""
    files = sorted(folder.glob("zhike-*.tar.gz"), key=lambda path: path.stat().st_mtime, reverse=True)
    rows = []
    for path in files:
        name = path.name.removesuffix(".tar.gz")
        size = path.stat()
        rows.append(
            lists.ModelRow(
                name=name,
                trained_at=datetime.fromtimestamp(size.st_mtime, timezone.utc),
                size_bytes=size.st_size,
                is_in_use=None if in_use is None else in_use.removesuffix(".tar.gz") == name,
                macro_f1=None,
                measured_n=None,
                worst_topics=[],
                note=_NOT_MEASURED,
            )
        )
    return rows
