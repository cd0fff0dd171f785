"""Customers' visits played through the chat socket of the running product; the scripts are in `visits/`."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from bot.chores import host_page_token
from care.rules.times import shanghai_day
from care.services import opening_hours
from care.services.context import Care, open_care
from tests.dialogue import change_page
from tests.dialogue.shoppers import USUAL, new_shopper
from tests.dialogue.spoken_lines import page_lines
from tests.dialogue.visiting import Visiting, house_rules, load_visits
from tests.live.customer import customer
from tests.live.system import LiveSystem

VISITS = load_visits()
#: So many customers are in the shop at the same time; played one after another they would take twice as long.
AT_ONCE = 3
#: What was said in the visits that reached their goals, as a page shows it.
LINES: dict[str, list[str]] = {}


@pytest.fixture(scope="module")
def outcomes(live_system: LiveSystem, request: pytest.FixtureRequest) -> dict[str, BaseException | None]:
    """Name of each chosen visit → what went wrong with it."""
    chosen = [
        item.callspec.params
        for item in request.session.items
        if "outcomes" in getattr(item, "fixturenames", ())
    ]
    names = {params["name"] if "name" in params else params["visit"]["visit"] for params in chosen}
    wanted = [visit for visit in VISITS if visit["visit"] in names]
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, play_all(live_system, wanted)).result()


async def play_all(system: LiveSystem, visits: list[dict[str, Any]]) -> dict[str, BaseException | None]:
    places = asyncio.Semaphore(AT_ONCE)
    async with open_care(system.settings) as care:

        async def play(visit: dict[str, Any]) -> None:
            async with places:
                await play_one(system, care, visit)

        # Hours are the whole shop's: who comes when nobody is there comes after everybody else.
        by_day = [visit for visit in visits if "hours" not in visit]
        at_night = [visit for visit in visits if "hours" in visit]
        ended = await asyncio.gather(*map(play, by_day), return_exceptions=True)
        if at_night:
            today = shanghai_day(care.clock.now()).weekday()
            # Nine to nine on every day but this one: the door opens tomorrow, whatever time it is.
            week = {day: [(9 * 60, 21 * 60)] for day in range(7) if day != today}
            await opening_hours.set_week(care, week, who="test")
            ended += await asyncio.gather(*map(play, at_night), return_exceptions=True)
            await opening_hours.set_week(care, {day: [(0, 1440)] for day in range(7)}, who="test")
    played = [*by_day, *at_night]
    return {visit["visit"]: problem for visit, problem in zip(played, ended, strict=True)}


async def play_one(system: LiveSystem, care: Care, visit: dict[str, Any]) -> None:
    shopper = await new_shopper(care, tuple(visit.get("orders", USUAL)))
    is_signed = visit.get("as") == "signed"
    identity = await host_page_token(system.settings, shopper.phone) if is_signed else None
    async with customer(system.base_url, identity=identity) as tab:
        visiting = Visiting(care, tab, shopper, system.code)
        await visiting.run(visit)
    LINES[visit["visit"]] = page_lines(visiting.transcript, shopper)


@pytest.mark.slow
@pytest.mark.parametrize("visit", VISITS, ids=lambda visit: f"{visit['file']}: {visit['visit']}")
def test_the_visit_reaches_its_goal(visit: dict[str, Any], outcomes: dict[str, BaseException | None]) -> None:
    problem = outcomes[visit["visit"]]
    if problem is not None:
        raise problem


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for names in change_page.SHOWN.values() for name in names])
def test_the_page_of_changes_shows_what_is_said_today(
    name: str, outcomes: dict[str, BaseException | None]
) -> None:
    if name not in LINES:
        pytest.skip("the visit was not among those that were played, or missed its goal")
    page = change_page.lines_on_page(change_page.PAGE.read_text("utf-8"))
    shown = [change_page.sense(line) for line in page.get(name, [])]
    said = [change_page.sense(line) for line in LINES[name]]
    assert shown == said, "stale: run `python -m tests.dialogue.change_page`"


def test_the_page_of_changes_shows_every_kind() -> None:
    page = change_page.lines_on_page(change_page.PAGE.read_text("utf-8"))
    assert list(page) == [name for names in change_page.SHOWN.values() for name in names]
    assert set(page) <= {visit["visit"] for visit in VISITS}


def test_there_are_enough_of_them_and_each_has_a_name_of_its_own() -> None:
    assert len(VISITS) >= 40
    assert len({visit["visit"] for visit in VISITS}) == len(VISITS)


def bot(*texts: str) -> list[dict[str, Any]]:
    return [{"from": "bot", "text": text} for text in texts]


@pytest.mark.parametrize(
    ("answers", "problem"),
    [
        ([bot("您好")], "没有标明"),
        ([bot("我是智能客服，由人工智能为您服务，随时转人工", "已查到")], "标明太长"),
        ([bot("我是智能客服"), bot("很抱歉！")], "感叹号"),
        ([bot("我是智能客服"), bot("好的,马上查")], "半角"),
        ([bot("我是智能客服"), bot("")], "空话"),
        ([bot("我是智能客服"), bot("编号 None")], "空话"),
        ([bot("我是智能客服"), *[bot("请再说一遍")] * 3], "三遍"),
    ],
)
def test_the_house_rules_see_what_is_wrong(answers: list[list[dict[str, Any]]], problem: str) -> None:
    assert any(problem in found for found in house_rules(answers))


def test_the_house_rules_let_pass_what_is_right() -> None:
    said = "您希望 11月25日(周三)18:00前有答复（编号 TS-20261124-0001）。"
    assert house_rules([bot("我是智能客服，随时可转人工。"), bot(said)]) == []
