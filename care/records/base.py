"""Declarative base, column types and the engine.

One `Base` with a naming convention, so that migrations name constraints the same on
every database. Times are stored in UTC and are always time-zone-aware in Python.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timezone
from enum import Enum
from typing import Any

import async_timeout
import asyncpg
from sqlalchemy import JSON, DateTime, MetaData, String, event
from sqlalchemy.engine import Dialect
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, mapped_column
from sqlalchemy.types import TypeDecorator

from care.records.encryption import KeyRing
from care.rules.errors import Unavailable

#: How long a writer waits for another one before the person is told that the system is busy.
LOCK_WAIT_S = 5
#: A process that starts waits for another one's migration of a large database.
MIGRATION_WAIT_S = 120

Json = JSON(none_as_null=True)


class Base(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class UtcDateTime(TypeDecorator[datetime]):
    """Aware datetime in, aware UTC datetime out; a naive one is refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a naive datetime was given; times are aware, in UTC")
        utc = value.astimezone(timezone.utc)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=timezone.utc) if value.tzinfo is None else value.astimezone(timezone.utc)


class Text(TypeDecorator[Enum]):
    """A `Labelled` enum stored by its wire value in a plain string column.

    Plain strings keep migrations simple when a member is added on either database.
    """

    impl = String(32)
    cache_ok = True

    def __init__(self, enum: type[Enum]) -> None:
        super().__init__()
        self.enum = enum

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        return None if value is None else str(self.enum(value).value)

    def process_result_value(self, value: Any, dialect: Dialect) -> Enum | None:
        return None if value is None else self.enum(value)


def enum_column(enum: type[Enum], **kwargs: Any) -> Any:
    return mapped_column(Text(enum), **kwargs)


def make_engine(database_url: str, *, is_migration: bool = False, keys: KeyRing | None = None) -> AsyncEngine:
    """An engine for SQLite (WAL, waits 5 s for a lock) or PostgreSQL.

    Args:
        keys: for encrypted columns; an engine without them reads and writes none.
        is_migration: on SQLite, foreign keys are not enforced (a migration changes a table by copying it, and
            dropping the old one would take every row that refers to it along), and the wait for the lock is
            as long as another process's migration may take.
    """
    engine = _engine(database_url, is_migration=is_migration)
    engine.dialect.zhike_keys = keys  # type: ignore[attr-defined]
    return engine


def _engine(database_url: str, *, is_migration: bool) -> AsyncEngine:
    wait_s = MIGRATION_WAIT_S if is_migration else LOCK_WAIT_S
    if not database_url.startswith("sqlite"):
        return create_async_engine(
            database_url,
            pool_pre_ping=True,
            pool_size=10,
            max_overflow=10,
            pool_timeout=LOCK_WAIT_S,
            json_serializer=_json,
            hide_parameters=True,  # an error's text goes to the log, personal data does not
            connect_args={"timeout": 5, "server_settings": {"lock_timeout": f"{wait_s}s"}},
        )
    engine = create_async_engine(
        database_url, json_serializer=_json, hide_parameters=True, connect_args={"timeout": wait_s}
    )

    @event.listens_for(engine.sync_engine, "connect")
    def _configure(connection: Any, _record: Any) -> None:
        # The driver must not open transactions by itself: a deferred one that turns into a
        # write meets "database is locked" at once instead of waiting.
        connection.isolation_level = None
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA synchronous=NORMAL")
        cursor.execute(f"PRAGMA foreign_keys={'OFF' if is_migration else 'ON'}")
        cursor.execute(f"PRAGMA busy_timeout={wait_s * 1000}")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def _begin(connection: Any) -> None:
        # Readers take a snapshot; `Sessions.write()` asks for the write lock up front.
        mode = connection.get_execution_options().get("sqlite_begin", "DEFERRED")
        connection.exec_driver_sql(f"BEGIN {mode}")

    return engine


class Sessions:
    """Where services get their transactions: ``async with sessions.write() as s`` commits or rolls back.

    On SQLite a writer begins IMMEDIATE, so that two writers wait for each other instead of
    failing half-way; writers of one process queue here first, because SQLite's own waiting is
    by polling and unfair. On PostgreSQL both kinds are ordinary transactions. Never open
    `write()` inside `write()`.

    Both raise `care.rules.errors.Unavailable` when the database cannot be had now; nothing of
    the transaction is then written.
    """

    def __init__(self, engine: AsyncEngine) -> None:
        self.engine = engine
        self._read = async_sessionmaker(engine, expire_on_commit=False)
        self._write = async_sessionmaker(
            engine.execution_options(sqlite_begin="IMMEDIATE"), expire_on_commit=False
        )
        self._writers = asyncio.Lock() if engine.dialect.name == "sqlite" else None

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncSession]:
        async with _telling_unavailable(), self._read.begin() as session:
            yield session

    @asynccontextmanager
    async def one_picture(self) -> AsyncIterator[AsyncSession]:
        """As `read`, and all that is read stems from one moment, on PostgreSQL as on SQLite anyway."""
        async with self.read() as session:
            if self.engine.dialect.name == "postgresql":
                await session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
            yield session

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncSession]:
        if self._writers is None:
            async with _telling_unavailable(), self._write.begin() as session:
                yield session
            return
        async with _telling_unavailable():
            # Not `asyncio.wait_for`: before Python 3.12 it may swallow a cancellation.
            async with async_timeout.timeout(2 * LOCK_WAIT_S):
                await self._writers.acquire()
            try:
                async with self._write.begin() as session:
                    yield session
            finally:
                self._writers.release()

    async def close(self) -> None:
        await self.engine.dispose()


BUSY = "系统正忙，刚才的操作没有保存，请稍后再试。"

_SQLITE_BUSY = ("locked", "busy", "unable to open", "disk is full", "disk I/O", "readonly")
#: SQLSTATE classes: connection lost, transaction rolled back (deadlock), out of resources,
#: lock not available, operator intervention.
_POSTGRES_AWAY = ("08", "40", "53", "55P03", "57")


@asynccontextmanager
async def _telling_unavailable() -> AsyncIterator[None]:
    try:
        yield
    except DBAPIError as error:
        if not _means_unavailable(error):
            raise
        raise Unavailable(BUSY) from error
    except (
        OSError,
        asyncio.TimeoutError,
        PoolTimeout,
        asyncpg.PostgresConnectionError,
        asyncpg.OperatorInterventionError,
        asyncpg.InsufficientResourcesError,
    ) as error:
        raise Unavailable(BUSY) from error


def _means_unavailable(error: DBAPIError) -> bool:
    if error.connection_invalidated:
        return True
    state = getattr(error.orig, "sqlstate", None)
    if state is not None:
        return str(state).startswith(_POSTGRES_AWAY)
    return any(sign in str(error.orig) for sign in _SQLITE_BUSY)


def _json(value: Any) -> str:
    # Chinese stays readable in the tables, and half the size.
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


__all__ = [
    "BUSY",
    "AsyncSession",
    "Base",
    "Json",
    "Sessions",
    "Text",
    "UtcDateTime",
    "enum_column",
    "make_engine",
]
