"""Bringing a table in, batch by batch: each batch is one transaction, a bad row is named and left out.

An import that breaks off keeps the batches that were done; the same file again goes on where it stopped,
because a row that is in the records already changes nothing.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol
from uuid import uuid4

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from care.rules.errors import Conflict
from care.services import leases
from care.services.context import Care
from care.services.import_tables import BadCell, Column, Row, Table, open_table

BATCH = 1000
_LEASE_S = 120
#: More are counted, but not kept in memory; the report file has all of them.
KEPT_BAD = 1000


@dataclass
class Counts:
    """Records by what became of them. `kept`: values left alone, because the record's own were verified."""

    added: int = 0
    changed: int = 0
    unchanged: int = 0
    kept: int = 0
    bad: int = 0


@dataclass
class ImportReport:
    """`notes` are for people: columns that were not understood, records that were left alone and why."""

    counts: Counts = field(default_factory=Counts)
    rows: int = 0
    bad: list[BadCell] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    report_file: Path | None = None


class Importer(Protocol):
    """One kind of record. It remembers what the file said before, to find repeats within it."""

    @property
    def columns(self) -> Sequence[Column]: ...

    def items(self, table: Table, bad: Callable[[BadCell], None]) -> Iterator[Any]:
        """Records of the table, in its order; what is wrong goes to `bad`."""

    async def write(
        self,
        session: AsyncSession,
        items: Sequence[Any],
        counts: Counts,
        bad: Callable[[BadCell], None],
        *,
        dry: bool,
    ) -> None:
        """Brings one batch in and counts it; with `dry` it only counts."""


async def run(
    care: Care,
    importer: Importer,
    path: Path,
    *,
    dry_run: bool = False,
    report: Path | None = None,
    batch: int = BATCH,
    on_progress: Callable[[int, int], None] | None = None,
) -> ImportReport:
    """Imports the file; with `dry_run` nothing is written and the counts are the same.

    Args:
        report: where every bad cell is written, as CSV; made only when there is one.
        on_progress: called with (lines read, lines in all) after every batch.

    Raises:
        TableError: the file as a whole cannot be used.
        Conflict: another import is running, or somebody else wrote the same records meanwhile.
        Unavailable: the database cannot be had; batches that were done stay.
    """
    table = open_table(path, importer.columns)
    found = ImportReport()
    if table.ignored:
        found.notes.append(f"没有用到的列：{'、'.join(table.ignored)}")
    holder = uuid4().hex
    if not dry_run and not await leases.hold(care, "import", holder, _LEASE_S):
        raise Conflict("另一个导入正在进行，请等它结束后再试。")
    writer = _BadCells(found, report)
    seen = _Progress(table, on_progress)
    try:
        for items in _batches(importer.items(seen.watched(), writer.add), batch):
            if dry_run:
                async with care.sessions.read() as session:
                    await importer.write(session, items, found.counts, writer.add, dry=True)
            else:
                await leases.hold(care, "import", holder, _LEASE_S)
                async with care.sessions.write() as session:
                    await importer.write(session, items, found.counts, writer.add, dry=False)
            seen.tell()
        seen.tell()
    except IntegrityError as clash:
        raise Conflict("导入期间有人改动了同样的记录，这一批没有写入，请再导入一次。") from clash
    finally:
        writer.close()
        if not dry_run:
            await leases.release(care, "import", holder)
    found.rows = seen.rows
    found.counts.bad = writer.rows
    return found


class _Progress:
    def __init__(self, table: Table, on_progress: Callable[[int, int], None] | None) -> None:
        self.table, self.on_progress = table, on_progress
        self.rows = self.line = 0

    def watched(self) -> Table:
        return Table(self._rows(), self.table.lines, self.table.labels, self.table.ignored)

    def _rows(self) -> Iterator[Row]:
        for row in self.table.rows:
            self.rows += 1
            self.line = row.line
            yield row

    def tell(self) -> None:
        if self.on_progress is not None:
            self.on_progress(self.line, max(self.table.lines + 1, self.line))


class _BadCells:
    """Keeps the first thousand and writes all of them to the report file."""

    def __init__(self, found: ImportReport, path: Path | None) -> None:
        self._found, self._path = found, path
        self._file: Any = None
        self._writer: Any = None
        self._lines: set[int] = set()

    @property
    def rows(self) -> int:
        return len(self._lines)

    def add(self, cell: BadCell) -> None:
        self._lines.add(cell.line)
        if len(self._found.bad) < KEPT_BAD:
            self._found.bad.append(cell)
        if self._path is None:
            return
        if self._file is None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._file = self._path.open("w", encoding="utf-8-sig", newline="")
            self._writer = csv.writer(self._file)
            self._writer.writerow(["行", "列", "原因"])
            self._found.report_file = self._path
        self._writer.writerow([cell.line, cell.column, cell.reason])

    def close(self) -> None:
        if self._file is not None:
            self._file.close()


def _batches(items: Iterator[Any], size: int) -> Iterator[list[Any]]:
    batch: list[Any] = []
    for item in items:
        batch.append(item)
        if len(batch) >= size:
            yield batch
            batch = []
    if batch:
        yield batch
