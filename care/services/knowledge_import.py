"""Entries from a table (CSV or XLSX) into `imported.yml`: what is new, what changed, what is wrong.

The table is read whole before anything is written; rows with errors are reported and left out, and a
second run of the same table changes nothing.
"""

from __future__ import annotations

import csv
import hashlib
import io
import os
import re
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException
from ruamel.yaml import YAML

from care.rules.vocabulary import Topic
from care.services.knowledge_entries import Entry, KnowledgeError, parse_entry, read_folder

IMPORTED_FILE = "imported.yml"
_HEADER = "# 由 zhike knowledge import 写入；可以手工修改，再次导入同一编号时以表格为准。\n"
#: Columns as people write them; both languages, in any order.
COLUMNS = {
    "编号": "id",
    "话题": "topics",
    "问题": "question",
    "其他问法": "variants",
    "答案": "answer",
    "出处": "source",
    "更新日期": "updated",
    "失效日期": "expires",
    "商品": "about",
}
_NEEDED = ("topics", "question", "answer", "source")
_OPTIONAL = ("variants", "about", "expires")
_LISTS = ("topics", "variants", "about")
_DATES = ("updated", "expires")
_SEPARATORS = re.compile(r"[|｜;；\n]+")
_DATE = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?(?: 00:00:00)?")


class ImportRefused(KnowledgeError):
    """The table as a whole cannot be read; nothing was written."""

    def __init__(self, text: str) -> None:
        ValueError.__init__(self, text)
        self.problems = ()


@dataclass(frozen=True)
class BadRow:
    """A row that was left out; `row` counts as the spreadsheet does, the headings being row 1."""

    row: int
    name: str
    reasons: tuple[str, ...]

    def __str__(self) -> str:
        return f"第 {self.row} 行（{self.name}）：" + "".join(self.reasons)


@dataclass
class Imported:
    """What an import did, or would do; ids in the table's order."""

    added: list[str] = field(default_factory=list)
    changed: dict[str, tuple[str, ...]] = field(default_factory=dict)  # id → fields
    unchanged: list[str] = field(default_factory=list)
    bad: list[BadRow] = field(default_factory=list)


def import_entries(table: Path, folder: Path, *, today: date, dry_run: bool = False) -> Imported:
    """Adds and updates entries of `folder`/imported.yml from a CSV or XLSX table.

    Args:
        table: first row the headings (`COLUMNS`, or the fields' own names), then one entry a row. Lists
            are parted by ``|`` or ``;``. An empty id is made from the question; an empty date of updating
            is `today`, or stays what it was if the entry did not change.
        folder: of the knowledge.
        today: in the shop's time zone.
        dry_run: only report.

    Raises:
        ImportRefused: the table cannot be read or lacks a needed column.
        KnowledgeError: the knowledge there already is has errors.
    """
    rows = list(_rows_of(table))  # nothing is touched before the whole table could be read
    reading = read_folder(folder) if any(folder.glob("*.yml")) else None
    if reading is not None and reading.errors:
        raise KnowledgeError(reading.errors)
    before = dict(reading.entries) if reading else {}
    files = dict(reading.files) if reading else {}
    owner = {wording: entry.id for entry in before.values() for wording in entry.wordings}
    done = Imported()
    written: dict[str, Entry] = {}
    first_row: dict[str, int] = {}
    for number, cells in rows:
        item, errors = _item_of(cells)
        name = str(item.get("id") or item.get("question") or "空编号")[:30]
        old = before.get(str(item.get("id")))
        entry = None
        if not errors:
            item = _kept(cells, old) | item
            item["updated"] = item.get("updated") or _day_of(item, old, today)
            entry, wrong = parse_entry(item)
            errors = [f"{_heading(column)}：{text}" for column, text in wrong]
        if entry is not None:
            errors = _conflicts(entry, files, owner, first_row)
        if entry is None or errors:
            done.bad.append(BadRow(number, name, tuple(errors)))
            continue
        first_row[entry.id] = number
        for wording in entry.wordings:
            owner[wording] = entry.id
        if old == entry:
            done.unchanged.append(entry.id)
            continue
        written[entry.id] = entry
        if old is None:
            done.added.append(entry.id)
        else:
            done.changed[entry.id] = tuple(f for f in vars(entry) if getattr(old, f) != getattr(entry, f))
    if written and not dry_run:
        write_entries(folder / IMPORTED_FILE, written, header=_HEADER)
    return done


def _rows_of(table: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    kind = table.suffix.lower()
    if kind not in (".csv", ".xlsx", ".xlsm"):
        raise ImportRefused(f"只能导入 CSV 和 XLSX 文件，{table.name} 不是。")
    try:
        lines = _csv_lines(table) if kind == ".csv" else _xlsx_lines(table)
    except FileNotFoundError:
        raise ImportRefused(f"找不到文件 {table}。") from None
    except (IsADirectoryError, PermissionError):
        raise ImportRefused(f"打不开文件 {table}。") from None
    except UnicodeDecodeError:
        raise ImportRefused(f"{table.name} 既不是 UTF-8 也不是 GB18030 编码的 CSV。") from None
    except csv.Error as error:
        raise ImportRefused(f"{table.name} 不是完好的 CSV：{error}") from None
    except (
        InvalidFileException,
        BadZipFile,
        KeyError,
        ValueError,
        SyntaxError,
    ):  # a broken archive or its XML
        raise ImportRefused(f"{table.name} 不是完好的 XLSX 文件。") from None
    if not lines:
        raise ImportRefused(f"{table.name} 是空的。")
    fields = [COLUMNS.get(str(cell or "").strip(), str(cell or "").strip()) for cell in lines[0]]
    missing = [_heading(name) for name in _NEEDED if name not in fields]
    if missing:
        raise ImportRefused(
            f"{table.name} 缺少这些列：{'、'.join(missing)}。可用的列名：{'、'.join(COLUMNS)}。"
        )
    unknown = [name for name in fields if name and name not in COLUMNS.values()]
    if unknown:
        raise ImportRefused(
            f"{table.name} 有不认识的列：{'、'.join(unknown)}。可用的列名：{'、'.join(COLUMNS)}。"
        )
    doubled = sorted({name for name in fields if name and fields.count(name) > 1})
    if doubled:
        raise ImportRefused(f"{table.name} 有重复的列：{'、'.join(map(_heading, doubled))}。")
    for number, line in enumerate(lines[1:], 2):
        cells = {name: cell for name, cell in zip(fields, line) if name}  # noqa: B905  short rows are usual
        if any(cell not in (None, "") for cell in cells.values()):
            yield number, cells


def _csv_lines(table: Path) -> list[list[str]]:
    raw = table.read_bytes()
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = raw.decode("gb18030")  # what a Chinese Excel saves as CSV
    return list(csv.reader(io.StringIO(text, newline=""), strict=True))


def _xlsx_lines(table: Path) -> list[list[Any]]:
    book = load_workbook(table, read_only=True, data_only=True)
    try:
        return [list(row) for row in book.worksheets[0].iter_rows(values_only=True)]
    finally:
        book.close()


def _item_of(cells: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """The fields of a row as the YAML would have them, and what cannot be read."""
    item: dict[str, Any] = {}
    errors: list[str] = []
    for name, cell in cells.items():
        if cell is None or str(cell).strip() == "":
            continue
        if name in _LISTS:
            item[name] = [part.strip() for part in _SEPARATORS.split(str(cell)) if part.strip()]
        elif name in _DATES:
            day = _date_of(cell)
            if day is None:
                errors.append(f"{_heading(name)}：应是 2026-10-01 这样的日期，现在是“{cell}”。")
            else:
                item[name] = day
        else:
            item[name] = str(cell).strip()
    labels = {topic.label: topic.value for topic in Topic}
    if "topics" in item:
        item["topics"] = [labels.get(topic, topic) for topic in item["topics"]]
    if "id" not in item and "question" in item:
        item["id"] = "import-" + hashlib.sha256(item["question"].encode()).hexdigest()[:8]
    return item, errors


def _date_of(cell: Any) -> date | None:
    if isinstance(cell, datetime):
        return cell.date()
    if isinstance(cell, date):
        return cell
    match = _DATE.fullmatch(str(cell).strip())
    try:
        return date(*map(int, match.groups())) if match else None
    except ValueError:
        return None


def _kept(cells: dict[str, Any], old: Entry | None) -> dict[str, Any]:
    """What the entry had and the table has no column for."""
    if old is None:
        return {}
    kept = {
        name: value for name, value in _as_mapping(old).items() if name in _OPTIONAL and name not in cells
    }
    return kept | ({"buttons": list(old.buttons)} if old.buttons else {})


def _day_of(item: dict[str, Any], old: Entry | None, today: date) -> date:
    """An entry that says what it said before keeps its day."""
    if old is not None:
        again, _ = parse_entry({**item, "updated": old.updated})
        if again == old:
            return old.updated
    return today


def _conflicts(
    entry: Entry, files: dict[str, str], owner: dict[str, str], first_row: dict[str, int]
) -> list[str]:
    errors = []
    if entry.id in first_row:
        errors.append(f"编号：与第 {first_row[entry.id]} 行重复。")
    elif files.get(entry.id, IMPORTED_FILE) != IMPORTED_FILE:
        errors.append(f"编号：“{entry.id}”在 {files[entry.id]} 里，请改那个文件，或换一个编号。")
    for wording in dict.fromkeys(entry.wordings):
        if owner.get(wording, entry.id) != entry.id:
            errors.append(f"问法“{wording}”在条目 {owner[wording]} 里已经有了。")
    return errors


def _heading(name: str) -> str:
    return next((heading for heading, column in COLUMNS.items() if column == name), name)


def write_entries(path: Path, entries: dict[str, Entry], *, header: str) -> None:
    """Replaces entries of the same id and appends the others; what people wrote around them stays."""
    yaml = YAML()
    yaml.width = 110  # type: ignore[assignment]  # the library's stub says None
    yaml.allow_unicode = True
    yaml.indent(mapping=2, sequence=2, offset=0)
    items = (yaml.load(path.read_text("utf-8-sig")) if path.exists() else None) or yaml.load("[]")
    items.fa.set_block_style()
    places = {item["id"]: n for n, item in enumerate(items)}
    for entry in entries.values():
        if entry.id in places:
            items[places[entry.id]] = _as_mapping(entry)
        else:
            items.append(_as_mapping(entry))
    out = io.StringIO()
    yaml.dump(items, out)
    text = out.getvalue()
    if not text.startswith("#"):
        text = header + text
    handle, part = tempfile.mkstemp(dir=path.parent, prefix=f".{path.stem}-")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(part, 0o644)
        os.replace(part, path)
    except BaseException:
        os.unlink(part)
        raise


def _as_mapping(entry: Entry) -> dict[str, Any]:
    mapping: dict[str, Any] = {
        "id": entry.id,
        "topics": [topic.value for topic in entry.topics],
        "question": entry.question,
    }
    for name in ("about", "variants"):
        if getattr(entry, name):
            mapping[name] = list(getattr(entry, name))
    mapping |= {"answer": entry.answer, "source": entry.source, "updated": entry.updated}
    if entry.expires:
        mapping["expires"] = entry.expires
    if entry.buttons:
        mapping["buttons"] = [dict(button) for button in entry.buttons]
    return mapping
