"""``python -m bench.customer_value``: the value of a hundred thousand customers, computed from their orders.

The shop is simulated as BG/NBD tells of one, so that the fitted parameters can be held against those that made
the data. Each step runs in a process of its own, whose peak memory is told. Writes the entry ``customer_value``.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from rich.console import Console
from sqlalchemy import func, insert, select

from bench.results import write_entry
from care.migrations.upgrade import upgrade_database
from care.records import Base
from care.rules.alive import Parameters
from care.rules.vocabulary import CustomerType, LifecycleStage, OrderState, Tier
from care.services import customer_value
from care.services.context import Care, open_care
from care.settings import Settings, load_settings

CUSTOMERS = 100_000
TRUTH = Parameters(r=0.9, alpha=12.0, a=0.8, b=2.5)  # weeks
DAYS = 900
_CHUNK = 5000


async def sow(care: Care, customers: int) -> int:
    """Customers and their orders; returns how many orders."""
    rng = random.Random(20261124)
    now = care.clock.now()
    tables = Base.metadata.tables
    numbers = 0
    for start in range(0, customers, _CHUNK):
        people, orders = [], []
        for n in range(start + 1, min(start + _CHUNK, customers) + 1):
            people.append(
                {
                    "id": n, "public_id": f"bench-{n}", "name": "张伟", "type": CustomerType.CONSUMER, "tier": Tier.GENERAL,
                    "lifecycle_stage": LifecycleStage.NEW, "is_demo": False, "created_at": now - timedelta(days=DAYS),
                }
            )  # fmt: skip
            for at in _purchases(rng, now):
                numbers += 1
                orders.append(
                    {
                        "number": f"B{numbers}", "customer_id": n, "state": OrderState.COMPLETED,
                        "amount": Decimal(rng.randint(2000, 300000)) / 100, "placed_at": at, "receiver_name": "",
                        "receiver_phone": "", "receiver_address": "", "is_demo": False,
                    }
                )  # fmt: skip
        async with care.sessions.write() as session:
            await session.execute(insert(tables["customer"]), people)
            await session.execute(insert(tables["order"]), orders)
    return numbers


def _purchases(rng: random.Random, now: datetime) -> list[datetime]:
    age = rng.uniform(60, DAYS) / 7
    rate, leaves = rng.gammavariate(TRUTH.r, 1 / TRUTH.alpha), rng.betavariate(TRUTH.a, TRUTH.b)
    at, found = 0.0, [now - timedelta(weeks=age)]
    while True:
        at += rng.expovariate(max(rate, 1e-9))
        if at > age:
            return found
        found.append(now - timedelta(weeks=age - at))
        if rng.random() < leaves:
            return found


async def _step(settings: Settings, step: str, customers: int) -> dict[str, Any]:
    async with open_care(settings) as care:
        started = time.perf_counter()
        if step == "sow":
            outcome: dict[str, Any] = {"orders": await sow(care, customers)}
        elif step == "recompute":
            report = await customer_value.recompute(care)
            outcome = {
                "customers": report.customers,
                "stages_changed": report.stages_changed,
                "model": None
                if report.model is None
                else {k: round(v, 3) for k, v in vars(report.model).items()},
            }
        else:
            async with care.sessions.read() as session:
                last = int(await session.scalar(select(func.max(Base.metadata.tables["customer"].c.id))) or 1)
            started = time.perf_counter()
            for n in range(50):
                await customer_value.of(care, 1 + n * (last - 1) // 50)
            outcome = {"ms_each": round((time.perf_counter() - started) / 50 * 1000, 1)}
        took = time.perf_counter() - started
    used = resource.getrusage(resource.RUSAGE_SELF)
    cpu = round(used.ru_utime + used.ru_stime, 1)
    return {"seconds": round(took, 1), "cpu_s": cpu, "peak_mb": round(used.ru_maxrss / 1024), **outcome}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.customer_value", description=__doc__)
    parser.add_argument("--customers", type=int, default=CUSTOMERS)
    parser.add_argument("--step", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.step:
        print(json.dumps(asyncio.run(_step(load_settings(), given.step, given.customers))))
        return 0
    result: dict[str, Any] = {"customers": given.customers, "truth": vars(TRUTH), "cores": os.cpu_count()}
    with tempfile.TemporaryDirectory() as folder:
        environ = {"ZHIKE_VAR_DIR": folder, "ZHIKE_SECRET_KEY": "k" * 40}
        asyncio.run(upgrade_database(load_settings(environ, root=Path(folder))))
        for name, step in (("sow", "sow"), ("first", "recompute"), ("again", "recompute"), ("of", "of")):
            done = subprocess.run(
                [
                    sys.executable,
                    "-m",
                    "bench.customer_value",
                    "--step",
                    step,
                    "--customers",
                    str(given.customers),
                ],
                env={**os.environ, **environ},
                check=True,
                capture_output=True,
                text=True,
            )
            result[name] = json.loads(done.stdout.splitlines()[-1])
            Console().print(name, result[name])
    write_entry("customer_value", result)
    return 0


if __name__ == "__main__":
    sys.exit(main())
