"""A table of answers: what is new, what changed, what is wrong; a second run changes nothing."""

from __future__ import annotations

import csv
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook
from typer.testing import CliRunner

from bot import knowledge_cli
from bot.cli import app
from care.services.knowledge import KnowledgeError, load_knowledge
from care.services.knowledge_entries import Entry, read_folder
from care.services.knowledge_import import ImportRefused, import_entries

TODAY = date(2026, 11, 24)
HEADINGS = ["编号", "话题", "问题", "其他问法", "答案", "出处", "更新日期", "失效日期", "商品"]
FIRST = [
    "gift-box",
    "配送|price_promotion",
    "能包礼盒吗",
    "礼盒怎么买|送人包装；要礼品袋",
    "可以，每个 ¥8.00。",
    "店规 3",
    "2026-11-01",
    "",
    "",
]
SECOND = [
    "",
    "使用与故障",
    "电饭煲报C1",
    "C1什么意思",
    "请断电放凉。",
    "说明书第 9 页",
    "",
    "2027/6/30",
    "电饭煲",
]


def csv_table(
    path: Path, *rows: list[Any], headings: list[str] = HEADINGS, encoding: str = "utf-8-sig"
) -> Path:
    with path.open("w", encoding=encoding, newline="") as file:
        csv.writer(file).writerows([headings, *rows])
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    knowledge = tmp_path / "knowledge"
    knowledge.mkdir()
    (knowledge / "shop.yml").write_text(
        "- {id: hours, topics: [store], question: 几点开门, answer: 九点。, source: 店规, updated: 2026-01-01}\n",
        "utf-8",
    )
    return knowledge


def entries(folder: Path) -> dict[str, Entry]:
    return read_folder(folder).entries


def test_rows_become_entries_the_bot_can_use(tmp_path: Path, folder: Path) -> None:
    done = import_entries(csv_table(tmp_path / "a.csv", FIRST, SECOND), folder, today=TODAY)
    assert done.bad == []
    named, made = done.added
    assert named == "gift-box"
    gift, cooker = entries(folder)["gift-box"], entries(folder)[made]
    assert [topic.value for topic in gift.topics] == ["delivery_policy", "price_promotion"]
    assert gift.variants == ("礼盒怎么买", "送人包装", "要礼品袋")
    assert (gift.updated, gift.expires) == (date(2026, 11, 1), None)
    assert (cooker.updated, cooker.expires, cooker.about) == (TODAY, date(2027, 6, 30), ("电饭煲",))
    answer = load_knowledge(folder).nearest("能包礼盒吗", None, TODAY)[0]
    assert answer.entry.id == "gift-box"


def test_a_second_run_changes_nothing_on_any_day(tmp_path: Path, folder: Path) -> None:
    table = csv_table(tmp_path / "a.csv", FIRST, SECOND)
    import_entries(table, folder, today=TODAY)
    before = (folder / "imported.yml").read_bytes()
    again = import_entries(table, folder, today=date(2027, 1, 5))
    assert (again.added, again.changed, len(again.unchanged)) == ([], {}, 2)
    assert (folder / "imported.yml").read_bytes() == before


def test_a_changed_row_changes_its_entry_and_nothing_else(tmp_path: Path, folder: Path) -> None:
    import_entries(csv_table(tmp_path / "a.csv", FIRST, SECOND), folder, today=TODAY)
    dearer = [*FIRST[:4], "可以，每个 ¥9.00。", *FIRST[5:]]
    done = import_entries(csv_table(tmp_path / "b.csv", dearer, SECOND), folder, today=TODAY)
    assert done.changed == {"gift-box": ("answer",)}
    assert len(done.unchanged) == 1
    assert entries(folder)["gift-box"].answer == "可以，每个 ¥9.00。"


def test_what_people_wrote_around_the_entries_stays(tmp_path: Path, folder: Path) -> None:
    (folder / "imported.yml").write_text(
        "# 我的注释\n- id: gift-box\n  topics: [store]\n  question: 旧\n  answer: 旧。  # 记得改\n  source: 旧\n"
        "  updated: 2026-01-01\n  buttons: [{title: 看看, payload: /x}]\n",
        "utf-8",
    )
    only = ["编号", "话题", "问题", "答案", "出处"]
    table = csv_table(tmp_path / "a.csv", ["gift-box", "store", "新", "新。", "新"], headings=only)
    import_entries(table, folder, today=TODAY)
    assert (folder / "imported.yml").read_text("utf-8").startswith("# 我的注释\n")
    entry = entries(folder)["gift-box"]
    assert (entry.question, entry.updated) == ("新", TODAY)
    assert [dict(button) for button in entry.buttons] == [{"title": "看看", "payload": "/x"}]


def test_a_missing_column_leaves_what_the_entry_had_and_an_empty_cell_takes_it(
    tmp_path: Path, folder: Path
) -> None:
    import_entries(csv_table(tmp_path / "a.csv", FIRST), folder, today=TODAY)
    short = [FIRST[0], FIRST[1], FIRST[2], FIRST[4], FIRST[5]]
    headings = ["编号", "话题", "问题", "答案", "出处"]
    done = import_entries(csv_table(tmp_path / "b.csv", short, headings=headings), folder, today=TODAY)
    assert done.unchanged == ["gift-box"]
    emptied = [*FIRST[:3], "", *FIRST[4:]]
    done = import_entries(csv_table(tmp_path / "c.csv", emptied), folder, today=TODAY)
    assert done.changed == {"gift-box": ("variants",)}


def test_a_workbook_with_real_dates_is_the_same_as_a_csv(tmp_path: Path, folder: Path) -> None:
    book = Workbook()
    sheet = book.worksheets[0]
    sheet.append(HEADINGS)
    sheet.append([*FIRST[:6], datetime.combine(date(2026, 11, 1), time()), None, None])
    sheet.append([None] * 9)
    sheet.append([*SECOND[:7], date(2027, 6, 30), SECOND[8]])
    book.save(tmp_path / "a.xlsx")
    assert len(import_entries(tmp_path / "a.xlsx", folder, today=TODAY).added) == 2
    done = import_entries(csv_table(tmp_path / "a.csv", FIRST, SECOND), folder, today=TODAY)
    assert len(done.unchanged) == 2


def test_a_csv_as_a_chinese_excel_saves_it_is_read(tmp_path: Path, folder: Path) -> None:
    done = import_entries(csv_table(tmp_path / "a.csv", FIRST, encoding="gb18030"), folder, today=TODAY)
    assert done.added == ["gift-box"]
    assert entries(folder)["gift-box"].answer == "可以，每个 ¥8.00。"


def test_a_dry_run_reports_and_writes_nothing(tmp_path: Path, folder: Path) -> None:
    done = import_entries(csv_table(tmp_path / "a.csv", FIRST), folder, today=TODAY, dry_run=True)
    assert done.added == ["gift-box"]
    assert [path.name for path in folder.iterdir()] == ["shop.yml"]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (["x1", "", "问", "", "答", "源", "", "", ""], "话题：没有填写。"),
        (["x1", "nope", "问", "", "答", "源", "", "", ""], "话题：没有“nope”这个话题"),
        (["x1", "发票", "", "", "答", "源", "", "", ""], "问题：没有填写。"),
        (["x1", "发票", "问", "", "", "源", "", "", ""], "答案：没有填写。"),
        (["x1", "发票", "问", "", "答", "", "", "", ""], "出处：没有填写。"),
        (
            ["x1", "发票", "问", "", "答", "源", "明天", "", ""],
            "更新日期：应是 2026-10-01 这样的日期，现在是“明天”。",
        ),
        (["x1", "发票", "问", "", "答", "源", "", "2026-02-30", ""], "失效日期：应是"),
        (
            ["x1", "发票", "问", "", "答", "源", "2026-02-03", "2026-02-01", ""],
            "失效日期：失效日期 2026-02-01 早于",
        ),
        (["X 1", "发票", "问", "", "答", "源", "", "", ""], "编号：“X 1”只能用小写字母"),
        (["hours", "发票", "问", "", "答", "源", "", "", ""], "编号：“hours”在 shop.yml 里"),
        (["x1", "发票", "几点开门", "", "答", "源", "", "", ""], "问法“几点开门”在条目 hours 里已经有了"),
        (["gift-box", "发票", "问", "", "答", "源", "", "", ""], "编号：与第 2 行重复。"),
    ],
)
def test_a_bad_row_is_left_out_with_its_reason_and_the_others_are_taken(
    tmp_path: Path, folder: Path, row: list[str], reason: str
) -> None:
    done = import_entries(csv_table(tmp_path / "a.csv", FIRST, row), folder, today=TODAY)
    assert done.added == ["gift-box"]
    (bad,) = done.bad
    assert bad.row == 3
    assert reason in str(bad)
    assert set(entries(folder)) == {"hours", "gift-box"}


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("none.csv", None, "找不到文件"),
        ("a.csv", b"", "是空的"),
        ("a.txt", b"x", "只能导入 CSV 和 XLSX"),
        ("a.xlsx", b"not a workbook", "不是完好的 XLSX"),
        ("a.csv", b"\xff\xfe\xff\xff", "编码"),
        ("a.csv", "编号,问题\n".encode(), "缺少这些列：话题、答案、出处"),
        ("a.csv", "话题,问题,答案,出处,备注\n".encode(), "不认识的列：备注"),
        ("a.csv", "话题,问题,答案,出处,问题\n".encode(), "重复的列：问题"),
    ],
)
def test_a_table_that_cannot_be_read_is_refused_whole(
    tmp_path: Path, folder: Path, name: str, content: bytes | None, said: str
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(ImportRefused, match=said):
        import_entries(tmp_path / name, folder, today=TODAY)
    assert [path.name for path in folder.iterdir()] == ["shop.yml"]


def test_knowledge_with_errors_is_not_added_to(tmp_path: Path, folder: Path) -> None:
    (folder / "bad.yml").write_text("- {id: b}", "utf-8")
    with pytest.raises(KnowledgeError, match=r"bad\.yml"):
        import_entries(csv_table(tmp_path / "a.csv", FIRST), folder, today=TODAY)


def test_the_command_reports_and_ends_with_one_when_a_row_was_left_out(
    tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(knowledge_cli, "_folder", lambda _: folder)
    good = csv_table(tmp_path / "a.csv", FIRST)
    tried = CliRunner().invoke(app, ["knowledge", "import", str(good), "--dry-run"])
    assert (tried.exit_code, "这是试运行，没有写入。" in tried.output) == (0, True)
    told = CliRunner().invoke(app, ["knowledge", "import", str(good)])
    assert told.exit_code == 0
    assert "新增 1 条，更新 0 条，未变 0 条，跳过 0 行。" in told.output
    again = CliRunner().invoke(app, ["knowledge", "import", str(good)])
    assert "新增 0 条，更新 0 条，未变 1 条，跳过 0 行。" in again.output
    bad = csv_table(tmp_path / "b.csv", FIRST, ["x1", "发票", "问", "", "", "源", "", "", ""])
    left = CliRunner().invoke(app, ["knowledge", "import", str(bad)])
    assert left.exit_code == 1
    assert "跳过　第 3 行（x1）：答案：没有填写。" in left.output
    refused = CliRunner().invoke(app, ["knowledge", "import", str(tmp_path / "none.csv")])
    assert (refused.exit_code, "找不到文件" in refused.output) == (1, True)
