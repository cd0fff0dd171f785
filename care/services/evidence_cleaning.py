"""Takes pictures away: rows are marked first, in the transaction of whoever decides; the files follow after commit."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from care.records.evidence import Evidence
from care.services.context import Care
from care.services.evidence_files import EvidenceFiles

log = logging.getLogger(__name__)

REMOVED_NAME = "（已删除）"
#: A file without a row may belong to an upload that is just being stored.
ORPHAN_AFTER_S = 3600.0
_BATCH = 500


async def mark_removed(session: AsyncSession, which: ColumnElement[bool], now: datetime) -> None:
    """Nobody sees these pictures from here on; their names are gone. In the caller's transaction."""
    await session.execute(
        update(Evidence)
        .where(which, Evidence.removed_at.is_(None))
        .values(removed_at=now, name=REMOVED_NAME)
        .execution_options(synchronize_session=False)
    )


async def remove_files(care: Care, *, orphan_after_s: float = ORPHAN_AFTER_S) -> int:
    """Deletes the files of removed pictures, and old files that no row names; how many pictures."""
    files = EvidenceFiles(care.settings)
    removed = await _remove_marked(care, files)
    old = await asyncio.to_thread(lambda: list(files.older_than(orphan_after_s)))
    for start in range(0, len(old), _BATCH):
        part = old[start : start + _BATCH]
        async with care.sessions.read() as session:
            known = set(await session.scalars(select(Evidence.path).where(Evidence.path.in_(part))))
        orphans = [path for path in part if path not in known]
        await asyncio.to_thread(_remove, files, orphans)
        removed += len(orphans)
    if removed:
        log.info("evidence: the files of %d pictures were removed", removed)
    return removed


async def _remove_marked(care: Care, files: EvidenceFiles) -> int:
    done = 0
    while True:
        async with care.sessions.read() as session:
            rows = await session.execute(
                select(Evidence.id, Evidence.path)
                .where(Evidence.removed_at.is_not(None), Evidence.path.is_not(None))
                .limit(_BATCH)
            )
            found = [(row.id, str(row.path)) for row in rows]
        if not found:
            return done
        # Files first: a crash in between leaves a path that points at nothing and is tried again.
        await asyncio.to_thread(_remove, files, [path for _, path in found])
        async with care.sessions.write() as session:
            await session.execute(
                update(Evidence)
                .where(Evidence.id.in_([row_id for row_id, _ in found]))
                .values(path=None)
                .execution_options(synchronize_session=False)
            )
        done += len(found)


def _remove(files: EvidenceFiles, paths: Iterable[str]) -> None:
    for path in paths:
        files.remove(path)
