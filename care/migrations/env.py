"""Alembic's entry: an open connection from `care.migrations.upgrade`, or the settings' database on the command line."""

from __future__ import annotations

import asyncio
from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlalchemy import JSON, Connection

from care.migrations.upgrade import check_references
from care.records import Base, make_engine
from care.records.base import Text, UtcDateTime
from care.records.encryption import BlindIndex, Encrypted, EncryptedJson
from care.settings import load_settings


def render_item(kind: str, item: Any, _autogen: AutogenContext) -> str | Literal[False]:
    """Revisions name the database's types only, so that an old one still runs when our types change."""
    if kind == "type" and isinstance(item, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and isinstance(item, Text):
        return "sa.String(length=32)"
    if kind == "type" and isinstance(item, Encrypted | EncryptedJson):
        return "sa.Text()"
    if kind == "type" and isinstance(item, BlindIndex):
        return "sa.String(length=64)"
    if kind == "type" and isinstance(item, JSON):
        return "sa.JSON(none_as_null=True)"
    return False


def migrate(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_item=render_item,
        compare_type=True,
        # SQLite changes a table by copying it.
        render_as_batch=connection.dialect.name == "sqlite",
    )
    with context.begin_transaction():
        context.run_migrations()


async def migrate_settings_database() -> None:
    engine = make_engine(load_settings().database_url, is_migration=True)
    async with engine.connect() as connection:
        await connection.run_sync(migrate)
        await connection.run_sync(check_references)
        await connection.commit()
    await engine.dispose()


given: Connection | None = context.config.attributes.get("connection")
if given is not None:
    migrate(given)
else:
    asyncio.run(migrate_settings_database())
