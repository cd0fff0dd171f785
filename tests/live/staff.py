"""An agent's browser on the JSON API, signed in with a demo account."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

import aiohttp


class StaffMember:
    def __init__(self, base_url: str, http: aiohttp.ClientSession) -> None:
        self._base_url = base_url
        self._http = http
        self._csrf = ""
        self.name = ""

    async def sign_in(self, login: str, password: str) -> None:
        answer = await self.post("/api/staff/login", {"login": login, "password": password})
        self._csrf, self.name = answer["csrf"], answer["staff"]["name"]

    async def get(self, path: str) -> Any:
        async with self._http.get(f"{self._base_url}{path}") as answer:
            assert answer.status == 200, await answer.text()
            return await answer.json()

    async def post(self, path: str, body: Any = None, *, expect: int = 200) -> Any:
        async with self._http.post(
            f"{self._base_url}{path}", json=body, headers={"X-CSRF-Token": self._csrf}
        ) as answer:
            assert answer.status == expect, f"{answer.status}: {await answer.text()}"
            return await answer.json()

    async def take(self, conversation: str) -> Any:
        return await self.post(f"/api/desk/conversations/{conversation}/take")

    async def send(self, conversation: str, text: str) -> Any:
        body = {"text": text, "client_msg_id": str(uuid4())}
        return await self.post(f"/api/desk/conversations/{conversation}/send", body)

    async def return_to_bot(self, conversation: str) -> Any:
        return await self.post(f"/api/desk/conversations/{conversation}/return_to_bot")

    async def close(self, conversation: str) -> Any:
        return await self.post(f"/api/desk/conversations/{conversation}/close")


@asynccontextmanager
async def signed_in(base_url: str, login: str, password: str) -> AsyncIterator[StaffMember]:
    # The cookie jar refuses addresses without a name unless told that they are meant.
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as http:
        member = StaffMember(base_url, http)
        await member.sign_in(login, password)
        yield member
