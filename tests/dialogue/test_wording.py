"""The clerk's tone: variants, length, no exclamation marks, values filled; and every sentence is used."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from actions import wording
from care.settings import ROOT

#: Lines of data rather than phrases: one form each.
ONE_FORM = {
    "verify_too_many", "complaint_restate", "case_line", "case_due", "case_closed", "case_proposal", "knowledge_source",
    "product_line", "product_more",
}  # fmt: skip
#: Seldom said.
TWO_FORMS = {
    "verify_given_up",
    "order_needs_person_aside",
    "complaint_order_unclear",
    "complaint_unclear_person",
    "human_there",
}
_SOURCE = "".join(path.read_text() for path in (ROOT / "actions").glob("*.py"))
_RESPONSES = YAML(typ="safe").load(Path(ROOT / "domain.yml").read_text())["responses"]


@pytest.mark.parametrize("key", wording.sentences())
def test_sentences(key: str) -> None:
    variants = wording.sentences()[key]
    assert f'"{key}"' in _SOURCE, "nobody says this"
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


def test_the_same_message_hears_the_same_variant_again() -> None:
    said = {wording.say("complaint_sorry", "17") for _ in range(5)}
    assert len(said) == 1
    assert len({wording.say("complaint_sorry", str(seed)) for seed in range(40)}) > 2


def test_every_sentence_that_code_names_exists() -> None:
    named = set(re.findall(r'say\(\s*"(\w+)"', _SOURCE)) | set(
        re.findall(r'_wait_for\(turn, "\w+", "(\w+)"\)', _SOURCE)
    )
    assert named - {"remind"} <= set(wording.sentences())
