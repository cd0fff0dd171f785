"""The clerk's tone: variants, length, no exclamation marks, values filled; and every sentence is used."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from actions import wording
from care.settings import ROOT

#: Lines of data rather than phrases: one form each.
ONE_FORM = {
    "verify_too_many", "case_line", "case_due", "case_closed", "case_proposal", "knowledge_source",
    "product_line", "product_more", "change_right",
}  # fmt: skip
#: Seldom said.
TWO_FORMS = {
    "verify_given_up",
    "order_after_this",
    "change_after_this",
    "complaint_order_unclear",
    "complaint_unclear_person",
    "human_there",
}
_SOURCE = "".join(path.read_text() for path in (ROOT / "actions").rglob("*.py"))
#: Questions for a field, said by its name.
_BY_FIELD = re.compile("(?:delivery|profile|invoice)_(?:name|phone|address|email|birthday|title|tax_number)")
_RESPONSES = YAML(typ="safe").load(Path(ROOT / "domain.yml").read_text())["responses"]


@pytest.mark.parametrize("key", wording.sentences())
def test_sentences(key: str) -> None:
    variants = wording.sentences()[key]
    assert f'"{key}"' in _SOURCE or _BY_FIELD.match(key), "nobody says this"
    if key not in ONE_FORM:
        assert len(variants) >= (2 if key in TWO_FORMS else 3)
        assert len(set(variants)) == len(variants)
    fields = {frozenset(re.findall(r"{(\w+)}", variant)) for variant in variants}
    allowed = set.union(*map(set, fields))
    for variant in variants:
        bare = re.sub(r"{\w+}", "", variant)
        assert len(bare) <= 66, variant
        assert "!" not in bare
        assert "\uff01" not in bare
        assert not re.search(r"(?<!您)你", bare), "customers are 您"
        assert set(re.findall(r"{(\w+)}", variant)) <= allowed


@pytest.mark.parametrize("name", _RESPONSES)
def test_fixed_answers(name: str) -> None:
    texts = [response["text"] for response in _RESPONSES[name]]
    assert len(set(texts)) >= 3
    assert all(len(text) <= 60 and "!" not in text and "\uff01" not in text for text in texts)


_HALF_WIDTH = re.compile(r"[\u4e00-\u9fff”）》}][,;:?!()]|[,;:?!()][\u4e00-\u9fff“（《{]")


def test_chinese_punctuation_stands_beside_chinese() -> None:
    said = [text for variants in wording.sentences().values() for text in variants]
    said += [response["text"] for responses in _RESPONSES.values() for response in responses]
    said += [
        literal
        for path in (ROOT / "actions").rglob("*.py")
        for literal in _chinese_literals(path.read_text("utf-8"))
    ]
    assert [text for text in said if _HALF_WIDTH.search(text)] == []


#: A piece of a pattern that is put together elsewhere.
_PATTERN = re.compile(r"\(\?:|\[[^\]]+\]|\\[ds]")


def _chinese_literals(source: str) -> list[str]:
    """Texts in code that may be said: no docstrings, no patterns."""
    tree = ast.parse(source)
    passed_over: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            passed_over.add(id(node.value))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in (
            "compile", "search", "match", "fullmatch", "sub",
        ):  # fmt: skip
            passed_over |= {id(inner) for inner in ast.walk(node)}
    return [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and id(node) not in passed_over
        and not _PATTERN.search(node.value)
    ]


def test_the_same_message_hears_the_same_variant_again() -> None:
    said = {wording.say("complaint_sorry", "17") for _ in range(5)}
    assert len(said) == 1
    assert len({wording.say("complaint_sorry", str(seed)) for seed in range(40)}) > 2


def test_every_sentence_that_code_names_exists() -> None:
    named = set(re.findall(r'say\(\s*"(\w+)"', _SOURCE)) | set(
        re.findall(r'_wait_for\(turn, "\w+", "(\w+)"\)', _SOURCE)
    )
    assert named - {"remind"} <= set(wording.sentences())
