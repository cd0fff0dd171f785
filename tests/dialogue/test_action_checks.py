"""The quick check of action results equals stock's, in what it accepts and in what it refuses."""

from __future__ import annotations

from typing import Any

import jsonschema
import pytest
import rasa
from rasa.core.actions.action import RemoteAction

from bot.dialogue import action_checks

GOOD: list[dict[str, Any]] = [
    {"events": [], "responses": []},
    {
        "events": [{"event": "slot", "timestamp": None, "name": "tries", "value": 1}],
        "responses": [{"text": "好", "buttons": []}],
    },
    {"events": [{"event": "active_loop", "timestamp": None, "name": None}], "responses": []},
    {},
]
BAD: list[dict[str, Any]] = [
    {"events": {}, "responses": []},
    {"events": [{"event": "slot"}], "responses": []},
    {"events": [{"event": "no_such_event"}], "responses": []},
    {"events": [], "responses": ["text"]},
]


def stock(result: dict[str, Any]) -> None:
    jsonschema.validate(result, RemoteAction.action_response_format_spec())


def test_it_is_made_for_this_version() -> None:
    assert rasa.__version__ == action_checks.FOR_VERSION


@pytest.mark.parametrize("result", GOOD)
def test_both_accept(result: dict[str, Any]) -> None:
    stock(result)
    assert action_checks.check(RemoteAction("action_x", None), result) is True


@pytest.mark.parametrize("result", BAD)
def test_both_refuse_for_the_same_reason(result: dict[str, Any]) -> None:
    with pytest.raises(jsonschema.ValidationError) as by_stock:
        stock(result)
    with pytest.raises(jsonschema.ValidationError) as by_us:
        action_checks.check(RemoteAction("action_x", None), result)
    assert by_us.value.message == by_stock.value.message
