"""Pages and files for browsers: the built front end, and the few pages that are written here."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Mapping
from pathlib import Path
from string import Template

from aiohttp import web

from bot.web import texts
from bot.web.keys import PARTS
from bot.web.security import PAGE_POLICY, chat_policy, workplace_policy
from care.rules.errors import CareError, NotFound
from care.rules.retention import KEEPING, Kept, days_in_words
from care.services import retention

_TEMPLATES = Path(__file__).parent / "templates"
_HASHED = re.compile(r"-[A-Za-z0-9_-]{8,}\.[a-z0-9.]+$")
_FOR_EVER = "public, max-age=31536000, immutable"
_ASK_AGAIN = "no-cache"
_FIVE_MINUTES = "public, max-age=300"


async def front(request: web.Request) -> web.StreamResponse:
    raise web.HTTPFound("/chat")


async def chat(request: web.Request) -> web.StreamResponse:
    settings = request.app[PARTS].care.settings
    page = _dist(request) / "chat.html"
    if not page.is_file():
        return _page("not_built.html", status=503, shop=settings.shop_name)
    return web.FileResponse(
        page,
        headers={
            "Content-Type": "text/html; charset=utf-8",
            "Cache-Control": _ASK_AGAIN,
            "Content-Security-Policy": chat_policy(request.host, settings.trusted_origins),
        },
    )


async def me(request: web.Request) -> web.StreamResponse:
    """我的信息: the page itself holds nothing; it asks the API with the visitor's token."""
    page = _dist(request) / "me.html"
    if not page.is_file():
        return _page("not_built.html", status=503, shop=request.app[PARTS].care.settings.shop_name)
    headers = {
        "Content-Type": "text/html; charset=utf-8",
        "Cache-Control": _ASK_AGAIN,
        "Content-Security-Policy": workplace_policy(request.host),
    }
    return web.FileResponse(page, headers=headers)


async def desk(request: web.Request) -> web.StreamResponse:
    return _workplace(request, "desk.html", texts.DESK)


async def console(request: web.Request) -> web.StreamResponse:
    return _workplace(request, "console.html", texts.CONSOLE)


def _workplace(request: web.Request, file: str, name: str) -> web.StreamResponse:
    """A page for staff; it signs in over the API, so the page itself holds nothing."""
    page = _dist(request) / file
    if not page.is_file():
        shop = request.app[PARTS].care.settings.shop_name
        return _page("not_yet.html", status=404, shop=shop, name=name)
    headers = {
        "Content-Type": "text/html; charset=utf-8",
        "Cache-Control": _ASK_AGAIN,
        "Content-Security-Policy": workplace_policy(request.host),
    }
    return web.FileResponse(page, headers=headers)


async def widget(request: web.Request) -> web.StreamResponse:
    script = _dist(request) / "widget.js"
    if not script.is_file():
        return web.Response(
            text=f"console.error({json.dumps(texts.NOT_BUILT)});",
            status=503,
            content_type="text/javascript",
            charset="utf-8",
        )
    # Its name never changes, because it stands in other people's pages: so a short life.
    return web.FileResponse(
        script,
        headers={
            "Content-Type": "text/javascript; charset=utf-8",
            "Cache-Control": _FIVE_MINUTES,
            "Access-Control-Allow-Origin": "*",
        },
    )


async def asset(request: web.Request) -> web.StreamResponse:
    """A built file. Names that carry a hash of their content may be kept for ever."""
    folder = (_dist(request) / "assets").resolve()
    if not request.match_info["path"].isprintable():
        raise NotFound(texts.NO_ADDRESS)
    file = (folder / request.match_info["path"]).resolve()
    if not file.is_relative_to(folder) or not file.is_file():
        raise NotFound(texts.NO_ADDRESS)
    return web.FileResponse(
        file,
        headers={
            "Cache-Control": _FOR_EVER if _HASHED.search(file.name) else _ASK_AGAIN,
            "Access-Control-Allow-Origin": "*",
        },
    )


async def style(request: web.Request) -> web.StreamResponse:
    """The one style sheet of the pages written here."""
    return web.FileResponse(_TEMPLATES / "plain.css", headers={"Cache-Control": _FIVE_MINUTES})


async def privacy(request: web.Request) -> web.StreamResponse:
    """The notice, with the keeping times that are really applied."""
    care = request.app[PARTS].care
    try:
        days: dict[Kept, int] = await retention.times(care)
    except CareError:
        days = {}  # the notice must be readable whatever happens; the defaults stand
    rows = "".join(
        f"<tr><td>{html.escape(kind.label)}</td>"
        f"<td>{html.escape(days_in_words(days.get(kind, keeping.days)))}</td>"
        f"<td>{html.escape(keeping.why)}</td></tr>"
        for kind, keeping in KEEPING.items()
    )
    response = _page("privacy.html", shop=care.settings.shop_name)
    response.text = (response.text or "").replace("<!-- keeping -->", rows)
    return response


def wants_page(request: web.BaseRequest) -> bool:
    """A person followed a link: neither the API nor a socket."""
    return "text/html" in request.headers.get("Accept", "") and not request.path.startswith(("/api/", "/ws/"))


def error_page(request: web.Request, refusal: CareError, headers: Mapping[str, str]) -> web.Response:
    shop = request.app[PARTS].care.settings.shop_name
    return _page("error.html", status=refusal.status, headers=headers, shop=shop, message=refusal.message)


def _page(
    template_name: str, *, status: int = 200, headers: Mapping[str, str] | None = None, **values: str
) -> web.Response:
    template = Template((_TEMPLATES / template_name).read_text(encoding="utf-8"))
    text = template.substitute({key: html.escape(value) for key, value in values.items()})
    response = web.Response(text=text, status=status, content_type="text/html", headers=headers)
    response.headers["Content-Security-Policy"] = PAGE_POLICY
    response.headers.setdefault("Cache-Control", _ASK_AGAIN)
    return response


def _dist(request: web.Request) -> Path:
    return request.app[PARTS].care.settings.root / "ui" / "dist"
