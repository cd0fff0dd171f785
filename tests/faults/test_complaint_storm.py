"""Hundreds of complaints, several processes, some of them killed: afterwards all books agree."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import PostgresServer, create_tables
from tests.faults.complaint_storm import Outcome, storm


@pytest.fixture
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="zhike-storm-") as name:
        yield Path(name)


def check(outcome: Outcome) -> None:
    assert outcome.faults == []
    assert outcome.done > outcome.cases, "most acts were done"
    assert outcome.refused["conflict"] > 0, "the workers met on the same cases"
    assert len(outcome.states) >= 5, outcome.states


@pytest.mark.usefixtures("postgres_settings")
def test_300_complaints_under_four_processes_and_kills_agree_on_postgresql(
    postgres: PostgresServer, folder: Path
) -> None:
    outcome = asyncio.run(
        storm(
            postgres.url("zhike"), folder, cases=300, passes=1, workers=4, clocks=2, kills=4, seconds=60
        )
    )  # fmt: skip
    assert outcome.kills == 4
    check(outcome)


def test_40_complaints_under_two_processes_and_kills_agree_on_sqlite(folder: Path) -> None:
    url = f"sqlite:///{folder / 'zhike.db'}"
    asyncio.run(create_tables(url.replace("sqlite:", "sqlite+aiosqlite:")))
    outcome = asyncio.run(storm(url, folder, cases=40, passes=3, workers=2, clocks=1, kills=2, seconds=60))
    check(outcome)
