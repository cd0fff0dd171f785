"""``python -m bench.duplicates``: how well duplicates are found, in the demo shop and among pairs that are hard to tell.

Precision: of the pairs reported, how many are of one customer. Recall: of the pairs of one customer, how many
are reported. The demo shop is searched whole, as the nightly check does it; of the hard pairs each is weighed by
itself, and counts as found only when both records also share a key, without which they would never meet.
Writes the entry ``duplicates`` of ``bench/results.json``.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections import defaultdict
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from sqlalchemy import select
from sqlalchemy.orm import aliased

from bench.duplicate_pairs import Pair, hard_pairs
from bench.results import write_entry
from care import demo
from care.demo.people import CUSTOMERS
from care.migrations.upgrade import upgrade_database
from care.records.customer import Customer, DataQualityIssue
from care.rules.duplicates import LIKELY_FROM, POSSIBLE_FROM, weigh
from care.rules.vocabulary import DataIssue
from care.services import quality
from care.services.context import Care, open_care
from care.services.duplicate_features import compare, keys_of
from care.settings import load_settings

PLANTED = 12


async def planted_pairs(care: Care) -> set[frozenset[int]]:
    """Ids of the twins that the demo shop was sown with: the last twelve customers and whom they were copied from."""
    async with care.sessions.read() as session:
        ids = {
            row[0]: row[1]
            for row in await session.execute(
                select(Customer.external_id, Customer.id).where(Customer.external_id.like("demo-%"))
            )
        }
    first = CUSTOMERS - PLANTED
    return {frozenset((ids[f"demo-{first + n:04d}"], ids[f"demo-{40 + n * 7:04d}"])) for n in range(PLANTED)}


async def reported_pairs(care: Care, at_least: int = POSSIBLE_FROM) -> set[frozenset[int]]:
    """Open duplicates with at least this score."""
    one, other = aliased(Customer), aliased(Customer)
    async with care.sessions.read() as session:
        rows = await session.execute(
            select(one.id, other.id)
            .select_from(DataQualityIssue)
            .join(one, one.id == DataQualityIssue.customer_id)
            .join(other, other.id == DataQualityIssue.other_customer_id)
            .where(
                DataQualityIssue.issue == DataIssue.DUPLICATE,
                DataQualityIssue.fixed_at.is_(None),
                DataQualityIssue.score >= at_least,
            )
        )
        return {frozenset(pair) for pair in rows}


def figures(found: int, right: int, there: int) -> dict[str, float]:
    return {
        "reported": found,
        "right": right,
        "there": there,
        "precision": round(right / found, 4) if found else 0.0,
        "recall": round(right / there, 4) if there else 0.0,
    }


def score_of(pair: Pair) -> int:
    """0 when the two would never be compared."""
    if not keys_of(pair.one) & keys_of(pair.other):
        return 0
    return weigh(compare(pair.one, pair.other)).score


def hard_figures(threshold: int) -> dict[str, float]:
    pairs = hard_pairs()
    reported = [pair for pair in pairs if score_of(pair) >= threshold]
    return figures(
        len(reported), sum(pair.is_duplicate for pair in reported), sum(pair.is_duplicate for pair in pairs)
    )


def by_kind() -> dict[str, dict[str, Any]]:
    """Kind of pair → how many of it are reported as possible and as likely."""
    found: dict[str, list[Pair]] = defaultdict(list)
    for pair in hard_pairs():
        found[pair.kind].append(pair)
    return {
        kind: {
            "is_duplicate": pairs[0].is_duplicate,
            "pairs": len(pairs),
            "possible": sum(score_of(pair) >= POSSIBLE_FROM for pair in pairs),
            "likely": sum(score_of(pair) >= LIKELY_FROM for pair in pairs),
        }
        for kind, pairs in found.items()
    }


async def demo_figures() -> dict[str, dict[str, float]]:
    with tempfile.TemporaryDirectory() as folder:
        settings = load_settings({"ZHIKE_VAR_DIR": folder, "ZHIKE_SECRET_KEY": "k" * 40}, root=Path(folder))
        await upgrade_database(settings)
        async with open_care(settings) as care:
            await demo.seed(care, password="a-demo-password")
            await quality.scan(care)
            planted = await planted_pairs(care)
            found = {
                "possible": await reported_pairs(care),
                "likely": await reported_pairs(care, LIKELY_FROM),
            }
    return {name: figures(len(pairs), len(pairs & planted), len(planted)) for name, pairs in found.items()}


def main() -> int:
    console = Console()
    result = {
        "demo": asyncio.run(demo_figures()),
        "hard": {"possible": hard_figures(POSSIBLE_FROM), "likely": hard_figures(LIKELY_FROM)},
        "hard_by_kind": by_kind(),
    }
    write_entry("duplicates", result)
    table = Table(title="重复客户：查准与查全")
    for column in ("数据", "界限", "报告", "正确", "应有", "查准", "查全"):
        table.add_column(column, justify="left" if column in ("数据", "界限") else "right")
    for data, label in (("demo", "演示店"), ("hard", "难分的对")):
        for level, name in (("likely", f"很可能 ≥ {LIKELY_FROM}"), ("possible", f"可能 ≥ {POSSIBLE_FROM}")):
            row = result[data][level]
            table.add_row(
                label, name, str(row["reported"]), str(row["right"]), str(row["there"]),
                f"{row['precision']:.1%}", f"{row['recall']:.1%}",
            )  # fmt: skip
    console.print(table)
    kinds = Table(title="难分的对，按情形")
    for column in ("情形", "同一客户", "对数", "报为可能", "报为很可能"):
        kinds.add_column(column, justify="left" if column == "情形" else "right")
    for kind, row in result["hard_by_kind"].items():
        kinds.add_row(
            kind,
            "是" if row["is_duplicate"] else "否",
            str(row["pairs"]),
            str(row["possible"]),
            str(row["likely"]),
        )
    console.print(kinds)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
