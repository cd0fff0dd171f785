"""Tables as people have them, CSV (UTF-8, GB 18030, UTF-16) or XLSX, read row by row; headers in both languages.

Nothing is read whole: a hundred thousand rows take no more memory than a hundred.
"""

from __future__ import annotations

import codecs
import csv
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import chain
from pathlib import Path
from typing import Any, TypeVar
from zipfile import BadZipFile

from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from care.rules.errors import InvalidInput
from care.rules.text import tidy

T = TypeVar("T")

_MEGABYTE = 1 << 20
_DELIMITERS = (",", "\t", ";", "，")
_TRIMMED = str.maketrans("", "", " _-*：:（）()【】[]/　")


class TableError(InvalidInput):
    """The file as a whole cannot be used; the message says why."""

    code = "bad_table"


@dataclass(frozen=True)
class BadCell:
    """What is wrong with one cell. `reason` is Chinese and repeats no personal value; `line` is the file's own."""

    line: int
    column: str
    reason: str

    def __str__(self) -> str:
        return f"第 {self.line} 行「{self.column}」：{self.reason}"


@dataclass(frozen=True)
class Column:
    """A column that an import understands: the names it may have in a header, beside `name` itself."""

    name: str
    label: str
    also: tuple[str, ...] = ()
    is_needed: bool = False


@dataclass
class Row:
    """One line's cells by column name, empty ones left out."""

    line: int
    cells: dict[str, str]


@dataclass
class Table:
    """An open table. `rows` yields each line once; `ignored` are headers that no column answers to."""

    rows: Iterator[Row]
    lines: int
    labels: Mapping[str, str]
    ignored: list[str] = field(default_factory=list)


def open_table(path: Path, columns: Sequence[Column]) -> Table:
    """The table with its first line as header.

    Raises:
        TableError: the file cannot be read, is no table, has no header, or lacks a column that is needed.
    """
    try:
        if path.suffix.lower() in (".xlsx", ".xlsm"):
            lines, count = _xlsx(path)
        else:
            lines, count = _csv(path)
        header = next(lines, None)
    except OSError as problem:
        raise TableError(f"不能读取 {path}：{problem.strerror}。") from problem
    except (BadZipFile, InvalidFileException, KeyError) as problem:
        raise TableError(f"{path.name} 不是有效的 XLSX 文件。") from problem
    if header is None or not any(header[1]):
        raise TableError(f"{path.name} 是空的，第一行应是列名。")
    names, labels, ignored = _columns_of(header[1], columns)
    missing = [column.label for column in columns if column.is_needed and column.name not in names]
    if missing:
        raise TableError(f"{path.name} 缺少列：{'、'.join(missing)}。")
    return Table(_rows(lines, names), max(0, count - 1), labels, ignored)


def whole_rows(
    table: Table, read: Callable[[Row], tuple[T, list[tuple[str, str]]]], bad: Callable[[BadCell], None]
) -> Iterator[T]:
    """What `read` makes of each row; a row with problems (column, reason) is told to `bad` and left out."""
    for row in table.rows:
        item, problems = read(row)
        for column, reason in problems:
            bad(BadCell(row.line, table.labels[column], reason))
        if not problems:
            yield item


def _rows(lines: Iterator[tuple[int, list[Any]]], names: Sequence[str | None]) -> Iterator[Row]:
    for number, cells in lines:
        texts = {
            name: text
            for name, cell in zip(names, cells)  # noqa: B905  short lines are usual
            if name is not None and (text := _text(cell))
        }
        if texts:
            yield Row(number, texts)


def _columns_of(
    header: Sequence[Any], columns: Sequence[Column]
) -> tuple[list[str | None], dict[str, str], list[str]]:
    known = {
        _plain(title): column for column in columns for title in (column.name, column.label, *column.also)
    }
    names: list[str | None] = []
    labels = {column.name: column.label for column in columns}
    ignored: list[str] = []
    for cell in header:
        title = _text(cell)
        column = known.get(_plain(title))
        if column is None or column.name in names:
            names.append(None)
            if title:
                ignored.append(title)
            continue
        names.append(column.name)
        labels[column.name] = title
    return names, labels, ignored


def _plain(title: str) -> str:
    return title.lower().translate(_TRIMMED)


def _text(cell: Any) -> str:
    """A cell as somebody would have typed it: a phone that a spreadsheet took for a number is digits again."""
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "是" if cell else "否"
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, datetime):
        return (
            cell.isoformat(sep=" ", timespec="seconds")
            if cell.time().isoformat() != "00:00:00"
            else f"{cell:%Y-%m-%d}"
        )
    if isinstance(cell, date):
        return cell.isoformat()
    # Spreadsheets are made to keep leading zeros by an apostrophe or ="…".
    text = tidy(str(cell))
    if text.startswith('="') and text.endswith('"'):
        text = text[2:-1]
    return text.removeprefix("'")


def _csv(path: Path) -> tuple[Iterator[tuple[int, list[Any]]], int]:
    encoding, count = _encoding_of(path)

    def lines() -> Iterator[tuple[int, list[Any]]]:
        with path.open(encoding=encoding, newline="") as file:
            first = file.readline()
            delimiter = max(_DELIMITERS, key=first.count)
            reader = csv.reader(chain([first], file), delimiter=delimiter, strict=True)
            try:
                last = 0
                for cells in reader:
                    yield last + 1, cells
                    last = reader.line_num
            except csv.Error as problem:
                raise TableError(
                    f"{path.name} 第 {reader.line_num} 行不是有效的 CSV：{problem}。"
                ) from problem

    return lines(), count


def _encoding_of(path: Path) -> tuple[str, int]:
    """The encoding that the whole file can be read with, and its number of lines."""
    with path.open("rb") as file:
        start = file.read(4)
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16", _count_lines(path, "utf-16")
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return encoding, _count_lines(path, encoding)
        except UnicodeDecodeError:
            continue
    raise TableError(f"{path.name} 的编码无法识别，请另存为 UTF-8 或 GBK 的 CSV，或 XLSX。")


def _count_lines(path: Path, encoding: str) -> int:
    count, last = 0, ""
    with path.open(encoding=encoding, newline="") as file:
        while block := file.read(_MEGABYTE):
            if "\0" in block:
                raise TableError(f"{path.name} 不是文本文件。")
            count += block.count("\n")
            last = block[-1]
    return count + (last not in ("", "\n"))


def _xlsx(path: Path) -> tuple[Iterator[tuple[int, list[Any]]], int]:
    book = load_workbook(path, read_only=True, data_only=True)
    sheet = book.worksheets[0]
    # What the file says of its own size may be wrong or missing; it only moves the progress bar.
    count = sheet.max_row or 0

    def lines() -> Iterator[tuple[int, list[Any]]]:
        try:
            for number, cells in enumerate(sheet.iter_rows(values_only=True), 1):
                yield number, list(cells)
        finally:
            book.close()

    return lines(), count
