"""``python -m bench.latency``: what a customer waits for an answer of the whole running product.

Starts the three processes with the demo shop in a temporary folder, speaks over the public
WebSocket, and measures from sending a message to the first bubble that answers it. One customer
at a time: this is latency, not throughput. Writes the entry ``latency`` of ``bench/results.json``.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import platform
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import jwt
from rich.console import Console
from rich.progress import track
from rich.table import Table
from sqlalchemy import select

from bench.results import write_entry
from care.records.customer import Customer as CustomerRow
from care.services.context import open_care
from tests.live.customer import Customer, customer
from tests.live.system import LiveSystem, live_system_in, rss_mb

DEMO_PHONE = "13800000001"
TURNS = 200
#: Before measuring, so that caches and connections are what they are after a minute of work.
WARM_UP = 10
#: The shop lets a visitor say five things a second; a new visitor comes after this many turns.
TURNS_PER_VISITOR = 25
LONGEST_S = 60.0
#: The further bubbles of an answer come together with the first.
BREATH_S = 0.1

QUESTIONS = (
    "电子发票怎么开?", "七天无理由退货怎么算", "空调安装收费吗", "保修期是多久", "可以用花呗分期吗", "几天能送到", "退货运费谁出",
    "会员积分怎么用", "门店在哪里", "怎么修改登录密码",
)  # fmt: skip
LOOK_UPS = ("我的空调快递到哪了", "查订单", "我的订单什么时候到", "物流信息")
SMALL_TALK = ("你好", "谢谢", "你是机器人吗", "再见", "在吗", "好的")
COMPLAINT = "我要投诉,洗衣机用了两天就漏水,地板都泡坏了"
#: Buttons that lead from there to a case number, the last step first.
STEPS = ("对", "三天内", "换货", "和订单无关")


async def measure(system: LiveSystem, turns: int) -> dict[str, list[float]]:
    """Seconds to the first bubble of each turn, by kind."""
    took: dict[str, list[float]] = {}
    plan = _plan(turns + WARM_UP)
    for start in track(
        range(0, len(plan), TURNS_PER_VISITOR), description="测量…", console=Console(stderr=True)
    ):
        async with _verified(system) as asker, customer(system.base_url) as complainer:
            for number, kind in enumerate(plan[start : start + TURNS_PER_VISITOR], start=start):
                seconds = await _turn(system, asker, complainer, kind, number)
                if number >= WARM_UP:
                    took.setdefault(kind, []).append(seconds)
    return took


def _plan(turns: int) -> list[str]:
    """Kinds of turns in the shares of a shop's day: questions most, then orders, complaints, courtesies."""
    cycle = ("question", "order", "question", "complaint", "small_talk", "question", "order", "complaint")
    return [cycle[n % len(cycle)] for n in range(turns)]


async def _turn(system: LiveSystem, asker: Customer, complainer: Customer, kind: str, number: int) -> float:
    if kind == "complaint":
        return await _complaint_step(complainer)
    texts = {"question": QUESTIONS, "order": LOOK_UPS, "small_talk": SMALL_TALK}[kind]
    return await _timed(asker, texts[number % len(texts)])


async def _complaint_step(one: Customer) -> float:
    """The next step of a complaint; after its number a new one begins."""
    titles = [b["title"] for line in one.said()[-3:] for b in line.get("buttons") or ()]
    step = next((title for title in STEPS if title in titles), None)
    return await (_timed(one, step, is_button=True) if step else _timed(one, COMPLAINT))


async def _timed(one: Customer, text: str, *, is_button: bool = False) -> float:
    began = time.perf_counter()
    asked = await (one.press(text) if is_button else one.say(text))
    await one.until(lambda: _is_answered(one, asked), LONGEST_S)
    seconds = time.perf_counter() - began
    heard = await one.answer(asked, LONGEST_S, quiet_s=BREATH_S)
    if any(line["from"] != "bot" for line in heard):
        raise RuntimeError(f"{text} was not answered by the bot: {one.texts()}")
    return seconds


def _is_answered(one: Customer, asked: str) -> bool:
    seq = one.acks.get(asked)
    return seq is not None and any(n > seq and line["from"] != "customer" for n, line in one.lines.items())


@asynccontextmanager
async def _verified(system: LiveSystem) -> AsyncIterator[Customer]:
    """A customer whom the records know: the shop's page has signed for them."""
    async with open_care(system.settings) as care, care.sessions.read() as session:
        row = (await session.scalars(select(CustomerRow).where(CustomerRow.phone == DEMO_PHONE))).first()
    assert row is not None, "no demo shop"
    token = jwt.encode(
        {"sub": row.external_id or row.public_id, "aud": "zhike", "exp": int(time.time()) + 1800},
        system.settings.host_page_secret,
        algorithm="HS256",
    )
    async with customer(system.base_url, identity=token) as one:
        yield one


def summary(took: dict[str, list[float]]) -> dict[str, dict[str, float]]:
    """Milliseconds, by kind and overall."""
    everything = [seconds for values in took.values() for seconds in values]
    return {
        kind: {
            "turns": len(values),
            "p50_ms": round(statistics.median(values) * 1000, 1),
            "p95_ms": round(_quantile(values, 0.95) * 1000, 1),
            "max_ms": round(max(values) * 1000, 1),
        }
        for kind, values in {**dict(sorted(took.items())), "all": everything}.items()
    }


def _quantile(values: Sequence[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def run(turns: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder, live_system_in(Path(folder)) as system:
        idle = {name: round(rss_mb(pid)) for name, pid in system.pids.items()}
        try:
            took = asyncio.run(measure(system, turns))
        except Exception as trouble:
            logs = "\n".join(system.tail(name) for name in system.specs)
            raise SystemExit(f"{trouble!r}\n{logs}") from trouble
        return {
            "turns": summary(took),
            "ready_s": {name: round(seconds, 1) for name, seconds in sorted(system.ready_s.items())},
            "rss_mb_ready": idle,
            "rss_mb_after": {name: round(rss_mb(pid)) for name, pid in system.pids.items()},
            "load_1m": round(os.getloadavg()[0], 2),
            "cores": os.cpu_count(),
            "python": platform.python_version(),
            "model": system.archive.name,
        }


def show(result: dict[str, Any], console: Console) -> None:
    table = Table(title=f"首条回复用时(毫秒);测量结束时负载 {result['load_1m']},{result['cores']} 核")
    for column in ("种类", "次数", "p50", "p95", "最长"):
        table.add_column(column, justify="left" if column == "种类" else "right")
    names = {
        "question": "知识问答",
        "order": "订单查询",
        "complaint": "投诉步骤",
        "small_talk": "寒暄",
        "all": "全部",
    }
    for kind, row in result["turns"].items():
        table.add_row(
            names[kind], str(row["turns"]), *(f"{row[key]:.0f}" for key in ("p50_ms", "p95_ms", "max_ms"))
        )
    console.print(table)
    parts = Table(title="进程")
    for column in ("进程", "就绪用时 s", "内存 MB(就绪)", "内存 MB(测后)"):
        parts.add_column(column, justify="left" if column == "进程" else "right")
    for name, seconds in result["ready_s"].items():
        parts.add_row(
            name, str(seconds), str(result["rss_mb_ready"][name]), str(result["rss_mb_after"][name])
        )
    console.print(parts)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.latency", description=__doc__)
    parser.add_argument("--turns", type=int, default=TURNS)
    turns = parser.parse_args().turns
    result = run(turns)
    write_entry("latency", result)
    show(result, Console())
    return 0


if __name__ == "__main__":
    sys.exit(main())
