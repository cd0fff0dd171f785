"""Checking an action's result without checking Rasa's own schema again each time.

`jsonschema.validate` verifies the (constant) schema before it looks at the result: some 25 ms for each of the two or
three action calls of a turn. The validator is made once here; what it accepts and refuses is the same, and a
test holds it to stock's. Rasa has no extension point for this, so it is a patch, for the one version it was read in.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import rasa
from jsonschema import Draft7Validator
from jsonschema.exceptions import best_match
from jsonschema.validators import validator_for
from rasa.core.actions.action import RemoteAction

FOR_VERSION = "3.6.21"


def install() -> bool:
    """Puts the quick check in place; leaves any other Rasa version as it is and returns `False`."""
    if rasa.__version__ != FOR_VERSION:
        return False
    RemoteAction._validate_action_result = check
    return True


def check(action: RemoteAction, result: dict[str, Any]) -> bool:
    """As stock: `True`, or the most telling error.

    Raises:
        jsonschema.ValidationError: the action server's answer is not what Rasa expects.
    """
    error = best_match(_validator().iter_errors(result))
    if error is not None:
        raise error
    return True


@lru_cache(maxsize=1)
def _validator() -> Any:
    schema = RemoteAction.action_response_format_spec()
    kind = validator_for(schema, default=Draft7Validator)
    kind.check_schema(schema)
    return kind(schema)
