"""The form of a knowledge entry, and what is wrong with one, said so that its author can mend it.

`docs/knowledge.md` describes the form. An error keeps the whole knowledge from being used; a remark does not.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from care.rules.vocabulary import Topic

REQUIRED = ("id", "topics", "question", "answer", "source", "updated")
FIELDS = (*REQUIRED, "variants", "about", "expires", "buttons")
LONGEST_ANSWER = 120  # characters; more does not fit a bubble well
FEWEST_VARIANTS = 3
_SOON = timedelta(days=14)

_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_HAN = "\u3400-\u9fff“”《》"
_HALF_WIDTH = re.compile(rf"(?<=[{_HAN}])\s?[,;:?!()]|[,;:?!()](?=\s?[{_HAN}])")
#: 11月25日(周三)18:00 is how the shop writes a time.
_TIME = re.compile(r"\d+月\d+日\(周.\)")


@dataclass(frozen=True)
class Entry:
    """One thing the shop knows. `expires` is the last day on which it may be said.

    `about` names the products it speaks of; a question that names only others is not answered with it.
    """

    id: str
    topics: tuple[Topic, ...]
    question: str
    variants: tuple[str, ...]
    answer: str
    source: str
    updated: date
    expires: date | None = None
    buttons: tuple[Mapping[str, str], ...] = ()
    about: tuple[str, ...] = ()

    @property
    def wordings(self) -> tuple[str, ...]:
        """What customers say when they want this answer."""
        return (self.question, *self.variants)

    def is_valid_on(self, day: date) -> bool:
        return self.expires is None or day <= self.expires


@dataclass(frozen=True)
class Problem:
    """Something in a file that its author should mend; `entry` and `field` may not be known."""

    file: str
    entry: str
    field: str
    text: str
    is_error: bool = True

    def __str__(self) -> str:
        where = f"文件 {self.file}"
        if self.entry:
            where += f"，条目 {self.entry}"
        if self.field:
            where += f"，字段 {self.field}"
        return f"{where}：{self.text}"


class KnowledgeError(ValueError):
    """Knowledge that cannot be used; the text names file, entry and field of every error."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = tuple(problems)


@dataclass
class Reading:
    """All entries of a folder that have the right form, and what is wrong with it."""

    entries: dict[str, Entry] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)  # entry → file
    problems: list[Problem] = field(default_factory=list)

    @property
    def errors(self) -> list[Problem]:
        return [problem for problem in self.problems if problem.is_error]


def read_folder(folder: Path) -> Reading:
    """Reads every ``*.yml`` of `folder`; finds errors of form, and ids and wordings that come twice."""
    reading = Reading()
    for path in sorted(folder.glob("*.yml")):
        _read_file(path, reading)
    if not reading.entries and not reading.problems:
        reading.problems.append(Problem(folder.name, "", "", "文件夹里没有任何条目。"))
    seen: dict[str, str] = {}
    for entry in reading.entries.values():
        for wording in entry.wordings:
            first = seen.setdefault(wording, entry.id)
            if first != entry.id or entry.wordings.count(wording) > 1:
                where = "本条" if first == entry.id else f"条目 {first} "
                text = f"问法“{wording}”在{where}里已经有了，机器人无法分辨，请删去一处。"
                reading.problems.append(
                    Problem(reading.files[entry.id], entry.id, "variants", text, is_error=False)
                )
    return reading


def check_folder(folder: Path, today: date) -> list[Problem]:
    """Everything an author should know: the errors of `read_folder`, and remarks on quality and expiry."""
    reading = read_folder(folder)
    for entry in reading.entries.values():
        file = reading.files[entry.id]
        reading.problems += (
            Problem(file, entry.id, *remark, is_error=False) for remark in remarks(entry, today)
        )
    return sorted(reading.problems, key=lambda problem: not problem.is_error)


def remarks(entry: Entry, today: date) -> list[tuple[str, str]]:
    """What is not wrong but worth a look, as (field, text)."""
    found: list[tuple[str, str]] = []
    if len(entry.variants) < FEWEST_VARIANTS:
        text = f"只有 {len(entry.variants)} 种问法，至少写 {FEWEST_VARIANTS} 种客户会用的说法，才容易被找到。"
        found.append(("variants", text))
    if len(entry.answer) > LONGEST_ANSWER:
        found.append(
            ("answer", f"有 {len(entry.answer)} 个字，超过 {LONGEST_ANSWER} 字，请分成两条或写短些。")
        )
    for name, text in (("question", entry.question), ("answer", entry.answer), ("source", entry.source)):
        if match := _HALF_WIDTH.search(_TIME.sub("", text)):
            found.append((name, f"汉字旁边用了半角标点“{match.group().strip()}”，请改成全角。"))
    if entry.updated > today:
        found.append(("updated", f"{entry.updated} 还没有到，请填实际核对答案的日期。"))
    if entry.expires is not None and today > entry.expires:
        found.append(("expires", f"已在 {entry.expires} 之后失效，机器人不再说它，请更新或删除。"))
    elif entry.expires is not None and today + _SOON >= entry.expires:
        found.append(
            ("expires", f"{entry.expires} 之后失效，只剩 {(entry.expires - today).days} 天，请准备更新。")
        )
    return found


def parse_entry(item: Mapping[str, Any]) -> tuple[Entry | None, list[tuple[str, str]]]:
    """The entry that `item` describes, or None and every error as (field, text)."""
    errors = [(name, "没有填写。") for name in REQUIRED if item.get(name) in (None, "", [])]
    for name in item:
        if name not in FIELDS:
            errors.append((str(name), f"没有这个字段，可用的是：{'、'.join(FIELDS)}。"))
    identifier = item.get("id")
    if identifier and not (isinstance(identifier, str) and _ID.fullmatch(identifier)):
        errors.append(("id", f"“{identifier}”只能用小写字母、数字和连字符，如 return-7days。"))
    for name in ("question", "answer", "source"):
        if item.get(name) and not isinstance(item[name], str):
            errors.append((name, f"应是一段文字，现在是“{item[name]}”，请加引号。"))
    for name in ("updated", "expires"):
        value = item.get(name)
        if value not in (None, "") and (not isinstance(value, date) or isinstance(value, datetime)):
            errors.append((name, f"应是 2026-10-01 这样的日期，现在是“{value}”。"))
    errors += _errors_of_lists(item)
    errors += _errors_of_buttons(item.get("buttons"))
    if not errors and item.get("expires") and item["expires"] < item["updated"]:
        errors.append(("expires", f"失效日期 {item['expires']} 早于更新日期 {item['updated']}。"))
    if errors:
        return None, errors
    entry = Entry(
        id=item["id"],
        topics=tuple(Topic(topic) for topic in item["topics"]),
        question=item["question"].strip(),
        variants=tuple(item.get("variants") or ()),
        answer=item["answer"].strip(),
        source=item["source"].strip(),
        updated=item["updated"],
        expires=item.get("expires") or None,
        buttons=tuple(item.get("buttons") or ()),
        about=tuple(item.get("about") or ()),
    )
    return entry, []


def _read_file(path: Path, reading: Reading) -> None:
    def problem(entry: str, name: str, text: str) -> None:
        reading.problems.append(Problem(path.name, entry, name, text))

    try:
        raw = YAML(typ="safe").load(path.read_text("utf-8-sig"))
    except UnicodeDecodeError:
        return problem("", "", "不是 UTF-8 编码，请另存为 UTF-8。")
    except YAMLError as error:
        line = (
            error.problem_mark.line + 1 if isinstance(error, MarkedYAMLError) and error.problem_mark else None
        )
        return problem("", "", f"第 {line} 行附近的 YAML 写法有误。" if line else "YAML 写法有误。")
    if raw is None:
        return None
    if not isinstance(raw, list):
        return problem("", "", "应是条目的列表，每条以“- id: …”开头。")
    for number, item in enumerate(raw, 1):
        if not isinstance(item, dict):
            problem(f"第 {number} 条", "", f"应有 id、question 等字段，现在是“{str(item)[:40]}”。")
            continue
        entry, errors = parse_entry(item)
        name = str(item.get("id") or f"第 {number} 条")
        for where, text in errors:
            problem(name, where, text)
        if entry is not None and entry.id in reading.entries:
            problem(name, "id", f"编号重复，文件 {reading.files[entry.id]} 里已经有一条。")
        elif entry is not None:
            reading.entries[entry.id] = entry
            reading.files[entry.id] = path.name
    return None


def _errors_of_lists(item: Mapping[str, Any]) -> list[tuple[str, str]]:
    errors = []
    for name in ("topics", "variants", "about"):
        values = item.get(name) or []
        if not isinstance(values, list):
            errors.append((name, f"应是列表，如 [甲, 乙]，现在是“{values}”。"))
            continue
        for value in values:
            if not isinstance(value, str) or not value.strip():
                errors.append((name, f"“{value}”不是文字，请加引号。"))
            elif name == "topics" and value not in {topic.value for topic in Topic}:
                errors.append((name, f"没有“{value}”这个话题，话题见 docs/knowledge.md。"))
    return errors


def _errors_of_buttons(buttons: Any) -> list[tuple[str, str]]:
    for button in buttons or []:
        if (
            not isinstance(buttons, list)
            or not isinstance(button, dict)
            or set(button) != {"title", "payload"}
        ):
            return [("buttons", "每个按钮要有且只有 title 和 payload。")]
        if not all(isinstance(value, str) and value for value in button.values()):
            return [("buttons", "title 和 payload 都应是文字。")]
    return []
