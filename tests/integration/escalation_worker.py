"""A process that works off escalations until it is killed: ``python -m tests.integration.escalation_worker``."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from care.services import escalations
from care.services.context import open_care
from tests.conftest import settings_for


async def work(database_url: str, folder: str) -> None:
    async with open_care(settings_for(database_url, Path(folder))) as care:
        print("ready", flush=True)
        while True:
            await escalations.work_off(care, batch=3)
            await asyncio.sleep(0.01)


if __name__ == "__main__":
    asyncio.run(work(sys.argv[1], sys.argv[2]))
