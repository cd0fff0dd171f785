"""The migrations build exactly the tables that the code uses, on both databases."""

from __future__ import annotations

import asyncio
from pathlib import Path
from uuid import uuid4

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, inspect, text

from care.migrations.upgrade import newest_revision, present_revision, upgrade
from care.records import Base, make_engine


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_database(request, tmp_path: Path):
    if request.param == "sqlite":
        return f"sqlite+aiosqlite:///{tmp_path / 'new' / 'zhike.db'}"
    server = request.getfixturevalue("postgres")
    name = f"migrate_{uuid4().hex}"
    server.run(f"CREATE DATABASE {name}")
    return server.url(name).replace("postgresql:", "postgresql+asyncpg:")


async def run(url: str, function):
    engine = make_engine(url)
    try:
        async with engine.begin() as connection:
            return await connection.run_sync(function)
    finally:
        await engine.dispose()


def differences(connection: Connection) -> list[object]:
    context = MigrationContext.configure(connection, opts={"compare_type": True})
    return list(compare_metadata(context, Base.metadata))


async def test_the_migrations_build_every_table_as_the_code_declares_it(empty_database):
    assert await upgrade(empty_database) is True
    assert await run(empty_database, differences) == []
    assert await present_revision(empty_database) == newest_revision()


async def test_a_second_migration_does_nothing(empty_database):
    await upgrade(empty_database)
    assert await upgrade(empty_database) is False


async def test_two_processes_that_start_together_migrate_once(empty_database):
    done = await asyncio.gather(upgrade(empty_database), upgrade(empty_database))
    assert sorted(done) == [False, True]
    assert await run(empty_database, differences) == []


async def test_the_first_revision_can_be_taken_back(empty_database):
    await upgrade(empty_database)

    def take_back(connection: Connection) -> set[str]:
        from alembic import command

        from care.migrations.upgrade import script_config

        config = script_config()
        config.attributes["connection"] = connection
        command.downgrade(config, "base")
        return set(inspect(connection).get_table_names())

    assert await run(empty_database, take_back) == {"alembic_version"}


async def test_a_difference_between_tables_and_migrations_would_be_seen(empty_database):
    """The guard itself: a forgotten column must not pass the comparison above."""
    await upgrade(empty_database)

    def drop_a_column(connection: Connection) -> None:
        connection.exec_driver_sql("ALTER TABLE message DROP COLUMN card")

    await run(empty_database, drop_a_column)
    assert [change[0] for change in await run(empty_database, differences)] == ["add_column"]


async def test_rows_survive_the_migrations_that_copy_their_table(empty_database):
    """SQLite drops the old table, which would take along every row that refers to it."""
    await upgrade(empty_database, "9776ab695649")

    def fill(connection: Connection) -> None:
        connection.execute(
            text(
                "INSERT INTO customer (id, public_id, name, type, tier, lifecycle_stage, is_demo, created_at) "
                "VALUES (1, 'c-1', '李想', 'consumer', 'general', 'new', false, '2026-11-24 02:00:00')"
            )
        )
        connection.execute(
            text(
                "INSERT INTO consent (id, customer_id, purpose, notice_version, given_at, evidence) "
                "VALUES (1, 1, 'service', '1', '2026-11-24 02:00:00', '勾选')"
            )
        )

    await run(empty_database, fill)
    await upgrade(empty_database)

    def left(connection: Connection) -> tuple[int, int]:
        return tuple(
            connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one()
            for table in ("customer", "consent")
        )

    assert await run(empty_database, left) == (1, 1)


async def test_old_win_back_cases_get_a_state_and_a_customer_keeps_one_open_case(empty_database):
    await upgrade(empty_database, "b1f0c3a4d507")

    def fill(connection: Connection) -> None:
        connection.execute(
            text(
                "INSERT INTO customer (id, public_id, name, type, tier, lifecycle_stage, is_demo, created_at) "
                "VALUES (1, 'c-1', '李想', 'consumer', 'general', 'new', false, '2026-11-24 02:00:00')"
            )
        )
        for number, result in enumerate(("'recovered'", "NULL", "NULL"), 1):
            connection.execute(
                text(
                    "INSERT INTO winback_case (id, customer_id, trigger, reason, has_consent, opened_on, result) "
                    f"VALUES ({number}, 1, 'silence_2x_gap', 'price', true, '2026-10-01', {result})"
                )
            )

    await run(empty_database, fill)
    await upgrade(empty_database)

    def found(connection: Connection) -> list[tuple[object, ...]]:
        rows = connection.execute(
            text("SELECT state, open_key, result, trigger, basis FROM winback_case ORDER BY id")
        )
        return [tuple(row) for row in rows]

    assert await run(empty_database, found) == [
        ("won", None, "recovered", "silence", "marketing"),
        ("open", "customer:1", None, "silence", "marketing"),
        ("dropped", None, "dropped", "silence", "marketing"),
    ]
