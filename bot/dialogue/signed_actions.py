"""Every call of the action server is signed, also from `rasa shell`.

`rasa run` gets our endpoint from the channel (`bot.dialogue.processor.adopt`); `rasa shell` opens no channel of ours
and makes a plain endpoint from endpoints.yml, which cannot sign. Rasa offers no place for another class there, so
this is a patch, for the one version it was read in; it is put in place with the tracker store, which
endpoints.yml does name.
"""

from __future__ import annotations

from typing import Any

import rasa
from rasa.core.actions.action import RemoteAction

from bot.dialogue.action_checks import FOR_VERSION
from bot.dialogue.processor import ActionEndpoint
from care.settings import Settings

_stock_run = RemoteAction.run


def install(settings: Settings) -> bool:
    """Leaves any other Rasa version as it is and returns `False`."""
    if rasa.__version__ != FOR_VERSION:
        return False
    endpoint = ActionEndpoint(f"{settings.actions_url.rstrip('/')}/webhook", settings.secret_key)

    async def run(self: RemoteAction, *args: Any, **kwargs: Any) -> Any:
        if not isinstance(self.action_endpoint, ActionEndpoint):
            self.action_endpoint = endpoint
        return await _stock_run(self, *args, **kwargs)

    RemoteAction.run = run
    return True
