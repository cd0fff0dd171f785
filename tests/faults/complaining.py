"""A customer who wants to complain and keeps at it, whatever happens to the system meanwhile."""

from __future__ import annotations

import asyncio
import re

import aiohttp

from tests.live.customer import Customer, Frame
from tests.live.system import LiveSystem

CASE_NUMBER = re.compile(r"TS-\d{8}-\d{4}")
FIRST = "我要投诉,洗衣机用了两天就漏水,地板都泡坏了"
#: A title among the buttons → what is answered to that question.
ANSWERS = (
    ("对", "对"),
    ("换货", "换货"),
    ("三天内", "三天内"),
    ("和订单无关", "和订单无关"),
)
MAX_TURNS = 20


async def complain(system: LiveSystem, one: Customer) -> str:
    """Answers the bot's questions until there is a case number, and returns it.

    A bounded number of turns; after an apology the customer waits until the service says that
    it is well and says the same again.
    """
    said: str = FIRST
    heard = await one.ask(said, seconds=120)
    for _ in range(MAX_TURNS):
        if number := CASE_NUMBER.search(" ".join(line["text"] for line in heard)):
            return number[0]
        if one.owner != "bot":
            raise AssertionError(f"handed over: {one.texts()}")
        if any(line["from"] == "system" for line in heard):
            await well(system)
            heard = await one.ask(said, seconds=120)
            continue
        choice = next((answer for title, answer in ANSWERS if title in _titles(heard)), None)
        said = choice or "洗衣机用了两天就漏水,地板都泡坏了"
        heard = await (one.choose(choice, seconds=120) if choice else one.ask(said, seconds=120))
    raise AssertionError(f"no case number after {MAX_TURNS} turns: {one.texts()}")


async def well(system: LiveSystem, seconds: float = 180.0) -> None:
    """Returns once the service says that every part answers."""
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5)) as http:
        for _ in range(int(seconds / 0.5)):
            try:
                async with http.get(f"{system.base_url}/readyz") as answer:
                    if answer.status == 200:
                        return
            except (aiohttp.ClientError, asyncio.TimeoutError):
                pass
            await asyncio.sleep(0.5)
    raise AssertionError(f"not well after {seconds} s: {system.lines[-5:]}")


def _titles(heard: list[Frame]) -> list[str]:
    return [button["title"] for line in heard for button in line.get("buttons") or ()]
