"""Brings a database to the newest revision; what `zhike migrate` and `zhike up` call."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.engine import make_url

from care.records import Sessions, make_engine
from care.services.context import engine_of
from care.services.data_keys import rotate
from care.settings import Settings

#: Any number that nothing else of ours locks: processes that start together migrate one after another.
_LOCK = 7_401_993


def script_config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    return config


def newest_revision() -> str | None:
    return ScriptDirectory.from_config(script_config()).get_current_head()


async def present_revision(database_url: str) -> str | None:
    """The revision that the database stands at; `None` for an empty one."""
    engine = make_engine(database_url)
    try:
        async with engine.connect() as connection:
            return await connection.run_sync(lambda c: MigrationContext.configure(c).get_current_revision())
    finally:
        await engine.dispose()


async def upgrade_database(settings: Settings) -> bool:
    """Brings the settings' database to the newest revision; whether anything was done.

    Values that older revisions stored in the clear are encrypted afterwards.
    """
    is_changed = await upgrade(settings.database_url)
    if is_changed:
        sessions = Sessions(engine_of(settings))
        try:
            await rotate(sessions)
        finally:
            await sessions.close()
    return is_changed


async def upgrade(database_url: str, revision: str = "head") -> bool:
    """As `upgrade_database`, to any revision. The folder of an SQLite file is made."""
    url = make_url(database_url)
    if url.get_backend_name() == "sqlite" and url.database and url.database != ":memory:":
        Path(url.database).parent.mkdir(parents=True, exist_ok=True)
    engine = make_engine(database_url, is_migration=True)
    try:
        # On SQLite two starting processes wait here for each other's whole migration.
        async with engine.execution_options(sqlite_begin="IMMEDIATE").begin() as connection:
            return await connection.run_sync(_upgrade, revision)
    finally:
        await engine.dispose()


def _upgrade(connection: Connection, revision: str) -> bool:
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
    before = MigrationContext.configure(connection).get_current_revision()
    config = script_config()
    config.attributes["connection"] = connection
    command.upgrade(config, revision)
    check_references(connection)
    return before != MigrationContext.configure(connection).get_current_revision()


def check_references(connection: Connection) -> None:
    """On SQLite, where migrations run without enforced foreign keys: every reference still leads somewhere.

    Raises:
        RuntimeError: one does not; the migration is then rolled back.
    """
    if connection.dialect.name != "sqlite":
        return
    broken = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
    if broken:
        raise RuntimeError(
            f"the migration leaves {len(broken)} references to missing rows, first: {broken[0]}"
        )
