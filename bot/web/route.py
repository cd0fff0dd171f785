"""What a line of the route table is."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import Enum

from aiohttp import web
from msgspec import Struct

from care.rules.permissions import Permission

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

CONVERSATION = r"/api/desk/conversations/{conversation:[0-9a-f-]{36}}"


class Access(Enum):
    PUBLIC = "public"
    SIGNED_IN = "signed_in"


@dataclass(frozen=True)
class Route:
    """`body`, `query` and `answer` are the types of JSON routes; the OpenAPI document is made of them."""

    method: str
    path: str
    handler: Handler
    access: Access | Permission
    summary: str
    body: type[Struct] | None = None
    query: type[Struct] | None = None
    answer: type[Struct] | None = None
    #: The widget on a trusted site asks here too; the handler goes by the visitor's token, never by a cookie.
    is_for_widget: bool = False
