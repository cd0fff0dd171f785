"""Questions that nothing answered: counted once a message, masked, listed for the managers."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from sqlalchemy import select
from typer.testing import CliRunner

from bot import chores
from bot.cli import app
from care.records.interaction import UnansweredQuestion
from care.rules.vocabulary import Topic
from care.services.context import Care
from care.services.knowledge import note_unanswered
from care.services.knowledge_unanswered import Unanswered, unanswered
from care.settings import Settings
from tests.conftest import ManualClock
from tests.integration.conftest import Shop


async def test_an_unanswered_question_is_counted_once_per_message(
    care: Care, shop: Shop, clock: ManualClock
) -> None:
    visit = await shop.visit()
    first = await shop.say(visit.id, "你们老板叫什么名字?")
    await note_unanswered(care, "你们老板叫什么名字?", Topic.STORE, first.message_id)
    await note_unanswered(care, "你们老板叫什么名字?", Topic.STORE, first.message_id)
    clock.advance(hours=1)
    second = await shop.say(visit.id, "请问你们老板叫什么名字")
    await note_unanswered(care, "请问你们老板叫什么名字", None, second.message_id)
    await note_unanswered(care, "???", None, None)
    async with care.sessions.read() as session:
        (row,) = (await session.scalars(select(UnansweredQuestion))).all()
    assert (row.count, row.topic, row.example) == (2, "store", "你们老板叫什么名字?")
    assert row.last_at == clock.now() > row.first_at


async def test_numbers_of_people_are_masked_in_what_managers_read(care: Care) -> None:
    await note_unanswered(care, "我的号码13812345678为什么收不到广告", None, None)
    async with care.sessions.read() as session:
        (row,) = (await session.scalars(select(UnansweredQuestion))).all()
    assert "13812345678" not in row.example + row.normalised


async def test_the_most_frequent_comes_first_and_a_closed_one_not_at_all(
    care: Care, clock: ManualClock
) -> None:
    for question in ("能开英文发票吗", "门店可以带狗吗", "能开英文发票吗?", "空调罩送吗"):
        await note_unanswered(care, question, Topic.INVOICE if "发票" in question else None, None)
        clock.advance(minutes=1)
    async with care.sessions.write() as session:
        row = await session.scalar(
            select(UnansweredQuestion).where(UnansweredQuestion.example == "空调罩送吗")
        )
        assert row is not None
        row.closed_at = clock.now()
    listed = await unanswered(care)
    assert [(asked.question, asked.count, asked.topic) for asked in listed] == [
        ("能开英文发票吗", 2, Topic.INVOICE),
        ("门店可以带狗吗", 1, None),
    ]


@pytest.fixture
def asked(clock: ManualClock, monkeypatch: pytest.MonkeyPatch) -> list[Unanswered]:
    """What the command finds; the service behind it is tested above."""
    questions = [
        Unanswered("能开[英文]发票吗", Topic.INVOICE, 7, clock.now(), clock.now()),
        Unanswered('=HYPERLINK("http://x")', None, 1, clock.now(), clock.now()),
    ]

    async def stored(_: Settings) -> list[Unanswered]:
        return questions

    monkeypatch.setattr(chores, "unanswered_questions", stored)
    return questions


def test_the_command_shows_a_table(asked: list[Unanswered]) -> None:
    shown = CliRunner().invoke(app, ["knowledge", "unanswered"])
    assert shown.exit_code == 0
    assert "能开[英文]发票吗" in shown.output
    assert "2026-11-24 10:00" in shown.output
    one = CliRunner().invoke(app, ["knowledge", "unanswered", "--limit", "1"])
    assert "HYPERLINK" not in one.output


def test_nothing_unanswered_is_said(asked: list[Unanswered]) -> None:
    asked.clear()
    assert "没有未答上来的问题" in CliRunner().invoke(app, ["knowledge", "unanswered"]).output


def test_a_customers_words_are_no_formula_in_the_managers_spreadsheet(
    asked: list[Unanswered], tmp_path: Path
) -> None:
    target = tmp_path / "asked.csv"
    assert CliRunner().invoke(app, ["knowledge", "unanswered", "--csv", str(target)]).exit_code == 0
    rows = list(csv.reader(target.read_text("utf-8-sig").splitlines()))
    assert rows[0] == ["次数", "问题", "话题", "首次", "最近"]
    assert rows[1] == ["7", "能开[英文]发票吗", "发票", "2026-11-24 10:00", "2026-11-24 10:00"]
    assert rows[2][1].startswith("'=")


def test_a_place_that_cannot_be_written_is_said(asked: list[Unanswered], tmp_path: Path) -> None:
    refused = CliRunner().invoke(app, ["knowledge", "unanswered", "--csv", str(tmp_path / "none" / "a.csv")])
    assert refused.exit_code == 1
    assert "不能写入" in refused.output


def test_a_database_that_was_never_made_is_said_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ZHIKE_VAR_DIR", str(tmp_path))
    monkeypatch.delenv("ZHIKE_DATABASE_URL", raising=False)
    told = CliRunner().invoke(app, ["knowledge", "unanswered"])
    assert told.exit_code == 1
    assert "zhike migrate" in told.output
    assert "Traceback" not in told.output
