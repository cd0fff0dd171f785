"""domain.yml, the rules, the actions and the vocabulary are copies of one truth."""

from __future__ import annotations

from typing import Any

import pytest
from rasa_sdk.executor import ActionExecutor
from ruamel.yaml import YAML

from actions import topics
from care.rules.vocabulary import FINER_INTENTS, Kind, Topic, kind_of_topic
from care.settings import ROOT

DOMAIN: dict[str, Any] = YAML(typ="safe").load((ROOT / "domain.yml").read_text())
INTENTS = [next(iter(intent)) for intent in DOMAIN["intents"]]
RULES = [
    rule for path in sorted((ROOT / "data/rules").glob("*.yml")) for rule in YAML(typ="safe").load(path.read_text())["rules"]
]  # fmt: skip


def test_intents_are_the_topics_and_the_finer_ones() -> None:
    assert sorted(INTENTS) == sorted([topic.value for topic in Topic] + list(FINER_INTENTS))


def test_every_action_of_the_domain_runs_and_none_is_left_out() -> None:
    executor = ActionExecutor()
    executor.register_package("actions")
    assert set(executor.actions) == set(DOMAIN["actions"])


@pytest.mark.parametrize("intent", INTENTS)
def test_every_intent_has_a_rule_outside_forms(intent: str) -> None:
    first = [rule["steps"][0] for rule in RULES if "condition" not in rule]
    named = {step.get("intent") for step in first} | {
        s["intent"] for step in first for s in step.get("or", [])
    }
    assert intent in named


@pytest.mark.parametrize("form", DOMAIN["forms"])
def test_every_form_is_validated_ended_and_asks_all_its_slots(form: str) -> None:
    assert f"validate_{form}" in DOMAIN["actions"]
    assert any(
        rule.get("condition") == [{"active_loop": form}] and {"active_loop": None} in rule["steps"]
        for rule in RULES
    )
    for slot in DOMAIN["forms"][form]["required_slots"]:
        assert f"action_ask_{slot}" in DOMAIN["actions"]


def test_no_slot_fills_itself() -> None:
    for name, slot in DOMAIN["slots"].items():
        assert slot["mappings"] == [{"type": "custom"}], name
        assert slot["influence_conversation"] is False, name


def test_sessions_neither_expire_nor_carry_anything_over() -> None:
    assert DOMAIN["session_config"] == {
        "session_expiration_time": 0,
        "carry_over_slots_to_new_session": False,
    }


def test_further_wishes_of_a_message_have_an_answer() -> None:
    answered = set(topics._answers)
    wishes = {t for t in Topic if kind_of_topic(t) in (Kind.INQUIRY, Kind.RECORD_CHANGE, Kind.RIGHTS_REQUEST)}
    assert wishes <= answered
