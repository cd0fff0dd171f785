"""domain.yml, the training data, the actions and the vocabulary agree."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from rasa_sdk.executor import ActionExecutor
from ruamel.yaml import YAML

from care.rules.vocabulary import FINER_INTENTS, Kind, Topic, kind_of_topic, topic_of_intent

ROOT = Path(__file__).resolve().parents[2]
RASA_MAKES = {"nlu_fallback"}


def load(path: Path) -> Any:
    return YAML(typ="safe").load(path.read_text())


@pytest.fixture(scope="module")
def domain() -> dict[str, Any]:
    return load(ROOT / "domain.yml")


def intent_names(domain: dict[str, Any]) -> set[str]:
    return {next(iter(i)) if isinstance(i, dict) else i for i in domain["intents"]}


def test_every_intent_reports_to_a_topic_and_every_topic_has_its_intent(domain: dict[str, Any]) -> None:
    intents = intent_names(domain)
    assert {topic_of_intent(intent) for intent in intents} == set(Topic)
    assert intents - RASA_MAKES == {t.value for t in Topic} | (set(FINER_INTENTS) - RASA_MAKES)


def test_the_training_data_teach_exactly_the_intents_of_the_domain(domain: dict[str, Any]) -> None:
    taught = {
        block["intent"]
        for file in (ROOT / "data/nlu").glob("*.yml")
        for block in load(file)["nlu"]
        if "intent" in block
    }
    assert taught == intent_names(domain) - RASA_MAKES


def test_the_action_server_offers_exactly_the_actions_of_the_domain(domain: dict[str, Any]) -> None:
    executor = ActionExecutor()
    executor.register_package("actions")
    rasa_brings = {"action_listen", "action_restart", "action_back", "action_deactivate_loop"}
    declared = {name for name in domain["actions"] if not name.startswith("utter_")} - rasa_brings
    assert set(executor.actions) == declared


def test_every_response_that_rules_and_actions_use_exists(domain: dict[str, Any]) -> None:
    used: set[str] = set()
    for file in [
        *(ROOT / "data").glob("r*/*.yml"),
        *(ROOT / "data").glob("s*/*.yml"),
        *(ROOT / "actions").glob("*.py"),
    ]:
        used |= set(re.findall(r"\butter_[a-z0-9_]+\b", file.read_text()))
    used.discard("utter_message")  # the dispatcher's method
    assert used <= set(domain["responses"]), used - set(domain["responses"])


def test_what_is_said_often_has_at_least_three_wordings(domain: dict[str, Any]) -> None:
    for name in ("utter_greet", "utter_thanks", "utter_goodbye", "utter_out_of_scope"):
        assert len(domain["responses"][name]) >= 3, name


def test_sessions_never_expire_and_carry_nothing_over(domain: dict[str, Any]) -> None:
    assert domain["session_config"] == {
        "session_expiration_time": 0,
        "carry_over_slots_to_new_session": False,
    }


def test_every_complaint_topic_counts_as_a_complaint() -> None:
    for topic in Topic:
        assert (kind_of_topic(topic) is Kind.COMPLAINT) == topic.value.startswith("complaint_")
