"""The migrations build exactly the tables that the code uses, on both databases."""

from __future__ import annotations

import asyncio
from pathlib import Path
from uuid import uuid4

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, inspect

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
