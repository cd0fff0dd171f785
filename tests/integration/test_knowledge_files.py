"""What the authors of knowledge are told: every error and remark names file, entry and field, in Chinese."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot import knowledge_cli
from bot.cli import app
from care.rules.vocabulary import Topic
from care.services.knowledge import KnowledgeError, load_knowledge
from care.services.knowledge_entries import FIELDS, check_folder, read_folder
from care.services.knowledge_import import COLUMNS
from care.services.knowledge_words import WordTable
from care.settings import ROOT

TODAY = date(2026, 11, 24)
DEMO = ROOT / "data" / "knowledge"
GOOD = "id: a, topics: [invoice], question: 甲, answer: 乙。, source: 丙, updated: 2026-01-01"


def shop(folder: Path, text: str, name: str = "shop.yml") -> Path:
    (folder / name).write_text(text, "utf-8")
    return folder


def test_the_demo_shop_has_nothing_to_mend_but_what_expired() -> None:
    problems = check_folder(DEMO, TODAY)
    assert [(p.entry, p.field) for p in problems if not p.is_error] == [("price-double11", "expires")]
    assert not [p for p in problems if p.is_error]


def test_every_demo_entry_can_be_said_in_a_chat() -> None:
    for entry in read_folder(DEMO).entries.values():
        assert len(entry.variants) >= 5, entry.id
        assert not re.search(r"[!！]", entry.answer), entry.id
        assert not re.search(r"[,;:?()]", re.sub(r"\d[,:]\d", "", entry.answer)), entry.id
        assert re.search(r"[。）”]$", entry.answer), entry.id


def test_every_product_an_entry_is_about_is_in_the_table() -> None:
    subjects = WordTable.read(DEMO / "subjects.tsv")
    for entry in read_folder(DEMO).entries.values():
        assert all(subjects.meaning.get(word) == word for word in entry.about), entry.id


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("id: a", r"文件 shop\.yml：应是条目的列表"),
        ("- 甲", r"条目 第 1 条：应有 id、question 等字段"),
        ("- {question: 甲}", r"条目 第 1 条，字段 id：没有填写"),
        ("- {" + GOOD.replace(", updated: 2026-01-01", "") + "}", r"条目 a，字段 updated：没有填写"),
        ("- {" + GOOD.replace("invoice", "nope") + "}", r"字段 topics：没有“nope”这个话题"),
        ("- {" + GOOD.replace("[invoice]", "invoice") + "}", r"字段 topics：应是列表"),
        ("- {" + GOOD.replace("[invoice]", "[]") + "}", r"字段 topics：没有填写"),
        (
            "- {" + GOOD.replace("2026-01-01", "soon") + "}",
            r"字段 updated：应是 2026-10-01 这样的日期，现在是“soon”",
        ),
        ("- {" + GOOD + ", expires: 2025-01-01}", r"字段 expires：失效日期 2025-01-01 早于更新日期"),
        ("- {" + GOOD + ", topic: x}", r"字段 topic：没有这个字段"),
        ("- {" + GOOD.replace("id: a", "id: 甲") + "}", r"字段 id：“甲”只能用小写字母"),
        ("- {" + GOOD.replace("question: 甲", "question: 24") + "}", r"字段 question：应是一段文字"),
        ("- {" + GOOD + ", variants: [12]}", r"字段 variants：“12”不是文字"),
        ("- {" + GOOD + ", buttons: [{title: 甲}]}", r"字段 buttons：每个按钮要有且只有 title 和 payload"),
        ("- [unclosed", r"文件 shop\.yml：第 \d 行附近的 YAML 写法有误"),
        ("[]", r"没有任何条目"),
        ("- {" + GOOD + "}\n- {" + GOOD + "}", r"条目 a，字段 id：编号重复"),
    ],
)
def test_an_error_names_its_place_and_keeps_the_knowledge_from_being_used(
    tmp_path: Path, text: str, said: str
) -> None:
    with pytest.raises(KnowledgeError, match=said):
        load_knowledge(shop(tmp_path, text))


def test_every_error_is_told_at_once(tmp_path: Path) -> None:
    shop(tmp_path, "- {id: a, topics: [nope], question: 甲}\n- {id: b}")
    with pytest.raises(KnowledgeError) as told:
        load_knowledge(tmp_path)
    assert {(p.entry, p.field) for p in told.value.problems} == {
        ("a", "answer"), ("a", "source"), ("a", "updated"), ("a", "topics"),
        ("b", "topics"), ("b", "question"), ("b", "answer"), ("b", "source"), ("b", "updated"),
    }  # fmt: skip


def test_a_file_that_is_not_utf8_is_named(tmp_path: Path) -> None:
    (tmp_path / "shop.yml").write_bytes("- {id: 甲}".encode("gb18030"))
    with pytest.raises(KnowledgeError, match="不是 UTF-8"):
        load_knowledge(tmp_path)


def test_an_id_used_in_two_files_is_refused(tmp_path: Path) -> None:
    shop(shop(tmp_path, f"- {{{GOOD}}}"), f"- {{{GOOD}}}", "two.yml")
    with pytest.raises(KnowledgeError, match=r"文件 two\.yml，条目 a，字段 id：编号重复，文件 shop\.yml"):
        load_knowledge(tmp_path)


@pytest.mark.parametrize(
    ("change", "field", "said"),
    [
        ({}, "variants", "只有 0 种问法"),
        ({"answer: 乙。": "answer: 乙" + "长" * 130 + "。"}, "answer", "有 132 个字"),
        ({"answer: 乙。": "answer: 满99包邮,不满收费。"}, "answer", "半角标点“,”"),
        ({"answer: 乙。": "answer: 下单(含预售)即可。"}, "answer", "半角标点"),
        ({"2026-01-01": "2027-01-01"}, "updated", "还没有到"),
        ({"2026-01-01": "2026-01-01, expires: 2026-11-23"}, "expires", "机器人不再说它"),
        ({"2026-01-01": "2026-01-01, expires: 2026-12-01"}, "expires", "只剩 7 天"),
        ({"question: 甲": "question: 甲, variants: [丁, 丁, 戊]"}, "variants", "问法“丁”在本条里已经有了"),
    ],
)
def test_a_remark_does_not_keep_the_bot_from_answering(
    tmp_path: Path, change: dict[str, str], field: str, said: str
) -> None:
    text = GOOD
    for old, new in change.items():
        text = text.replace(old, new)
    shop(
        tmp_path,
        f"- {{{text}}}" if "," not in text.split("answer: ")[1].split(", source")[0] else _quoted(text),
    )
    assert any(p.field == field and said in p.text and not p.is_error for p in check_folder(tmp_path, TODAY))
    load_knowledge(tmp_path)


def _quoted(text: str) -> str:
    return "- {" + re.sub(r"answer: (.*?), source", r'answer: "\1", source', text) + "}"


def test_a_time_in_the_shops_way_keeps_its_brackets(tmp_path: Path) -> None:
    shop(
        tmp_path,
        "- {"
        + GOOD.replace("乙。", "11月25日(周三)18:00 前回复，票价 ¥1{,}299.00。".replace("{,}", ""))
        + "}",
    )
    assert not [p for p in check_folder(tmp_path, TODAY) if p.field == "answer"]


def test_the_page_names_every_field_topic_and_column() -> None:
    page = (ROOT / "docs" / "knowledge.md").read_text("utf-8")
    for word in (
        *FIELDS,
        *COLUMNS,
        *(topic.value for topic in Topic if topic.value not in ("affirm", "deny")),
    ):
        assert f"`{word}`" in page, word


def test_the_command_ends_with_one_when_there_are_errors(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(knowledge_cli, "_folder", lambda _: tmp_path)
    shop(tmp_path, "- {id: a}")
    told = CliRunner().invoke(app, ["knowledge", "check"])
    assert told.exit_code == 1
    assert "错误　文件 shop.yml，条目 a，字段 topics：没有填写。" in told.output
    assert "0 条知识，5 处错误，0 处提醒。" in told.output
    shop(tmp_path, "- {" + GOOD + ", variants: [丁, 戊, 己]}")
    fine = CliRunner().invoke(app, ["knowledge", "check"])
    assert (fine.exit_code, fine.output.strip()) == (0, "1 条知识，0 处错误，0 处提醒。")


def test_the_command_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = GOOD.replace("id: a", "id: b").replace("question: 甲", "question: 几点关门")
    text = f"- {{{GOOD.replace('question: 甲', 'question: 发票怎么开')}}}\n- {{{other}}}"
    monkeypatch.setattr(knowledge_cli, "_folder", lambda _: shop(tmp_path, text))
    told = CliRunner().invoke(app, ["knowledge", "why", "发票怎么开"])
    assert told.exit_code == 0
    assert "1. a　发票怎么开" in told.output
    assert "会回答：乙。" in told.output
    nothing = CliRunner().invoke(app, ["knowledge", "why", "火星"])
    assert "不会回答" in nothing.output


def test_serving_leaves_out_a_bad_entry_and_keeps_the_others(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    text = (ROOT / "data" / "knowledge" / "store_privacy.yml").read_text("utf-8")
    (tmp_path / "good.yml").write_text(text, "utf-8")
    (tmp_path / "bad.yml").write_text("- id: half-written\n  question: 几点", "utf-8")
    whole = load_knowledge(ROOT / "data" / "knowledge")
    kept = load_knowledge(tmp_path, skip_bad=True)
    assert 0 < len(kept.entries) < len(whole.entries)
    assert "bad.yml" in caplog.text
