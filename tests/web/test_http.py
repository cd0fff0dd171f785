"""Pages, files, headers, health and the wire shape of errors."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient

from bot.web import openapi
from bot.web.keys import PARTS
from bot.web.routes import ROUTES, Access, Route
from care.rules.permissions import Permission
from care.rules.vocabulary import Role
from care.services.context import Care
from tests.web.people import Agent, Start

SignIn = Callable[..., Awaitable[Agent]]


@pytest.fixture
def dist(care_sqlite: Care) -> Path:
    """A built front end."""
    folder = care_sqlite.settings.root / "ui" / "dist"
    (folder / "assets").mkdir(parents=True)
    (folder / "chat.html").write_text("<!doctype html><title>聊天</title>", encoding="utf-8")
    (folder / "widget.js").write_text("window.zhike = {};", encoding="utf-8")
    (folder / "assets" / "chat-COUXD09Q.js").write_text("export {};", encoding="utf-8")
    (folder / "assets" / "logo.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>", encoding="utf-8")
    (care_sqlite.settings.root / "ui" / "secret.txt").write_text("secret", encoding="utf-8")
    return folder


def policy(header: str) -> dict[str, str]:
    return dict(part.strip().split(" ", 1) for part in header.split(";"))


class TestPages:
    async def test_the_front_leads_to_the_chat(self, client: TestClient[Any, Any]) -> None:
        answer = await client.get("/", allow_redirects=False)
        assert (answer.status, answer.headers["Location"]) == (302, "/chat")

    async def test_the_chat_page_runs_only_own_files(self, dist: Path, client: TestClient[Any, Any]) -> None:
        answer = await client.get("/chat")
        assert (answer.status, answer.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
        assert "聊天" in await answer.text()
        rules = policy(answer.headers["Content-Security-Policy"])
        assert (rules["default-src"], rules["script-src"], rules["style-src"]) == (
            "'none'",
            "'self'",
            "'self'",
        )
        assert rules["frame-ancestors"] == "'self'"
        assert "unsafe" not in answer.headers["Content-Security-Policy"]
        assert rules["connect-src"].split()[0] == "'self'"
        assert f"ws://127.0.0.1:{client.port}" in rules["connect-src"]
        assert answer.headers["Cache-Control"] == "no-cache"

    async def test_trusted_hosts_may_frame_the_chat(
        self, dist: Path, start: Start, care_sqlite: Care
    ) -> None:
        settings = replace(care_sqlite.settings, trusted_origins=("https://shop.example",))
        client = await start(replace(care_sqlite, settings=settings))
        answer = await client.get("/chat")
        assert (
            policy(answer.headers["Content-Security-Policy"])["frame-ancestors"]
            == "'self' https://shop.example"
        )
        assert "X-Frame-Options" not in answer.headers

    @pytest.mark.parametrize(("path", "name"), [("/desk", "坐席台"), ("/console", "管理台")])
    async def test_the_staffs_pages_are_in_nobodys_frame(
        self, dist: Path, start: Start, care_sqlite: Care, path: str, name: str
    ) -> None:
        settings = replace(care_sqlite.settings, trusted_origins=("https://shop.example",))
        client = await start(replace(care_sqlite, settings=settings))
        missing = await client.get(path)
        assert (missing.status, f"还没有{name}" in await missing.text()) == (404, True)
        (dist / f"{path[1:]}.html").write_text("<!doctype html>", encoding="utf-8")
        built = await client.get(path)
        assert built.status == 200
        assert policy(built.headers["Content-Security-Policy"])["frame-ancestors"] == "'none'"
        assert built.headers["X-Frame-Options"] == "DENY"

    async def test_a_forged_host_header_gets_nothing_into_the_policy(
        self, dist: Path, client: TestClient[Any, Any]
    ) -> None:
        answer = await client.get("/chat", headers={"Host": "evil; script-src *"})
        assert "evil" not in answer.headers.get("Content-Security-Policy", "")

    async def test_without_a_built_front_end_the_page_says_what_to_do(
        self, client: TestClient[Any, Any]
    ) -> None:
        answer = await client.get("/chat")
        assert answer.status == 503
        assert "make run" in await answer.text()
        script = await client.get("/widget.js")
        assert (script.status, script.content_type) == (503, "text/javascript")
        assert "make run" in await script.text()

    async def test_hashed_files_are_kept_for_ever_others_asked_again(
        self, dist: Path, client: TestClient[Any, Any]
    ) -> None:
        hashed = await client.get("/assets/chat-COUXD09Q.js")
        assert (hashed.status, hashed.headers["Cache-Control"]) == (
            200,
            "public, max-age=31536000, immutable",
        )
        assert "javascript" in hashed.content_type
        plain = await client.get("/assets/logo.svg")
        assert (plain.content_type, plain.headers["Cache-Control"]) == ("image/svg+xml", "no-cache")
        again = await client.get("/assets/logo.svg", headers={"If-None-Match": plain.headers["ETag"]})
        assert again.status == 304

    async def test_the_widget_may_be_loaded_by_other_sites(
        self, dist: Path, client: TestClient[Any, Any]
    ) -> None:
        answer = await client.get("/widget.js")
        assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
        assert answer.headers["Cache-Control"] == "public, max-age=300"

    @pytest.mark.parametrize(
        "path",
        [
            "/assets/../secret.txt", "/assets/../../secret.txt", "/assets/%2e%2e/%2e%2e/secret.txt",
            "/assets/..%2f..%2fsecret.txt", "/assets//etc/passwd", "/assets/%00", "/assets/.", "/assets/none.js",
        ],
    )  # fmt: skip
    async def test_nothing_outside_the_built_files_is_served(
        self, dist: Path, client: TestClient[Any, Any], path: str
    ) -> None:
        from yarl import URL

        answer = await client.session.get(URL(f"http://127.0.0.1:{client.port}{path}", encoded=True))
        assert answer.status in (400, 404)
        assert "secret" not in await answer.text()

    async def test_the_privacy_page_says_what_is_kept(self, client: TestClient[Any, Any]) -> None:
        answer = await client.get("/privacy")
        text = await answer.text()
        assert answer.status == 200
        for words in (
            "知客优选",
            "智能客服",
            "转人工",
            "保存什么",
            "保存多久",
            "您的权利",
            "30 分钟",
            'href="/me"',
        ):
            assert words in text
        assert (await client.get("/plain.css")).status == 200

    async def test_the_privacy_page_tells_the_keeping_times_that_are_applied(
        self, client: TestClient[Any, Any], care_sqlite: Care
    ) -> None:
        from care.rules.retention import Kept
        from care.services import retention

        before = await (await client.get("/privacy")).text()
        assert all(kind.label in before for kind in Kept)
        assert "200 天" not in before
        await retention.set_time(care_sqlite, "messages", 200, by="admin1")
        assert "200 天" in await (await client.get("/privacy")).text()

    async def test_a_shops_name_cannot_break_the_page(self, start: Start, care_sqlite: Care) -> None:
        settings = replace(care_sqlite.settings, shop_name="<script>alert(1)</script>")
        client = await start(replace(care_sqlite, settings=settings))
        assert "<script>" not in await (await client.get("/privacy")).text()


class TestErrors:
    @pytest.mark.parametrize("path", ["/nope", "/api/nope", "/api/staff", "/ws/nope", "/.env", "/api/%00"])
    async def test_an_unknown_address_is_told_in_one_shape(
        self, client: TestClient[Any, Any], path: str
    ) -> None:
        answer = await client.get(path)
        assert answer.status == 404
        assert await answer.json() == {"error": {"code": "not_found", "message": "没有这个地址。"}}

    async def test_a_person_gets_a_page(self, client: TestClient[Any, Any]) -> None:
        answer = await client.get("/nope", headers={"Accept": "text/html,*/*"})
        assert (answer.status, answer.content_type) == (404, "text/html")
        assert "没有这个地址" in await answer.text()
        assert (
            await client.get("/api/nope", headers={"Accept": "text/html"})
        ).content_type == "application/json"

    async def test_a_wrong_method_names_the_right_ones(self, client: TestClient[Any, Any]) -> None:
        answer = await client.get("/api/staff/login")
        assert (answer.status, (await answer.json())["error"]["code"]) == (405, "method_not_allowed")
        assert answer.headers["Allow"] == "POST"

    async def test_invented_methods_do_not_fill_the_metrics(self, client: TestClient[Any, Any]) -> None:
        for method in ("PROPFIND", "SUBSCRIBE", "PURGE"):
            assert (await client.request(method, "/chat")).status == 405
        counted = await (await client.get("/metrics")).text()
        assert 'method="other",route="(none)",status="405"} 3.0' in counted

    async def test_a_fault_of_ours_shows_no_inside(
        self, client: TestClient[Any, Any], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        async def broken(*_: object) -> None:
            raise RuntimeError("secret inside of the program")

        monkeypatch.setattr("care.services.staff.staff_of_session", broken)
        answer = await client.get("/api/staff/me")
        assert answer.status == 500
        assert await answer.json() == {
            "error": {"code": "unexpected", "message": "系统出了点问题，请稍后再试。"}
        }

    async def test_every_answer_carries_the_safe_headers(
        self, dist: Path, client: TestClient[Any, Any]
    ) -> None:
        for path in (
            "/chat",
            "/widget.js",
            "/assets/logo.svg",
            "/privacy",
            "/healthz",
            "/nope",
            "/api/staff/me",
        ):
            headers = (await client.get(path)).headers
            assert headers["X-Content-Type-Options"] == "nosniff", path
            assert headers["Referrer-Policy"] == "same-origin", path
            assert "default-src 'none'" in headers["Content-Security-Policy"], path
            assert len(headers["X-Request-Id"]) == 32, path
            assert headers["Server"] == "zhike", path

    async def test_a_request_id_is_taken_over_when_it_is_plain(self, client: TestClient[Any, Any]) -> None:
        mine = await client.get("/healthz", headers={"X-Request-Id": "trace-12345678"})
        assert mine.headers["X-Request-Id"] == "trace-12345678"
        forged = await client.get("/healthz", headers={"X-Request-Id": "x y <script>"})
        assert "script" not in forged.headers["X-Request-Id"]


class TestHealth:
    async def test_ready_when_every_part_answers(self, start: Start) -> None:
        async def well() -> None:
            """Answers."""

        client = await start(probes={"rasa": well, "actions": well})
        answer = await client.get("/readyz")
        assert answer.status == 200
        assert await answer.json() == {
            "status": "ok",
            "parts": {"database": "ok", "rasa": "ok", "actions": "ok"},
        }

    async def test_not_ready_names_the_part(self, start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
        async def down() -> None:
            raise OSError("connection refused by 10.0.0.7")

        async def hangs() -> None:
            await asyncio.sleep(60)

        monkeypatch.setattr("bot.web.readiness.PROBE_TIMEOUT_S", 1.0)
        client = await start(probes={"rasa": down, "actions": hangs})
        answer = await client.get("/readyz")
        assert answer.status == 503
        assert await answer.json() == {
            "status": "unavailable",
            "parts": {"database": "ok", "rasa": "unavailable", "actions": "unavailable"},
        }
        assert (await client.get("/healthz")).status == 200

    async def test_asking_often_asks_the_parts_once(self, start: Start) -> None:
        asked = []

        async def count() -> None:
            asked.append(1)

        client = await start(probes={"rasa": count})
        await asyncio.gather(*(client.get("/readyz") for _ in range(10)))
        assert len(asked) == 1

    async def test_metrics_are_for_this_machine_and_managers(
        self, client: TestClient[Any, Any], sign_in: SignIn
    ) -> None:
        agent, manager = await sign_in(), await sign_in("manager1", Role.MANAGER)
        local = await client.get("/metrics")
        assert local.status == 200
        assert (
            'zhike_http_requests_total{method="POST",route="/api/staff/login",status="200"} 2.0'
            in await local.text()
        )
        outside = {"X-Forwarded-For": "203.0.113.9"}
        assert (await client.get("/metrics", headers=outside)).status == 403
        for who, status in ((agent, 403), (manager, 200)):
            answer = await client.get("/metrics", headers={**outside, "Cookie": f"zhike_staff={who.token}"})
            assert answer.status == status


class TestOpenApi:
    async def test_every_json_route_is_described(self, client: TestClient[Any, Any]) -> None:
        document = await (await client.get("/api/openapi.json")).json()
        described = {(path, method) for path, methods in document["paths"].items() for method in methods}
        for route in ROUTES:
            is_file = route.path.startswith(("/api/me/export/", "/api/evidence/", "/api/staff/oidc/"))
            is_file |= route.path.endswith("/export") and route.method == "GET"
            if route.path.startswith("/api/") and route.path != "/api/openapi.json" and not is_file:
                path = re.sub(r"\{(\w+):(?:[^{}]|\{[^{}]*\})*\}", r"{\1}", route.path)
                assert (path, route.method.lower()) in described
        assert document["openapi"] == "3.1.0"

    async def test_every_reference_leads_somewhere(self, client: TestClient[Any, Any]) -> None:
        text = await (await client.get("/api/openapi.json")).text()
        known = json.loads(text)["components"]["schemas"]
        assert set(re.findall(r'"#/components/schemas/([^"]+)"', text)) <= set(known)

    def test_two_types_of_one_name_are_told_apart(self) -> None:
        one = msgspec.defstruct("Line", [("text", str)], module="bot.web.one")
        other = msgspec.defstruct("Line", [("count", int)], module="bot.web.other")

        async def handler(request: web.Request) -> web.Response:
            return web.Response()

        routes = [
            Route("POST", f"/{name}", handler, Access.PUBLIC, name, body=kind, answer=kind, query=kind)
            for name, kind in (("one", one), ("other", other))
        ]
        document = json.loads(openapi.build(routes, title="t"))
        for name, field in (("one", "text"), ("other", "count")):
            operation = document["paths"][f"/{name}"]["post"]
            ref = operation["responses"]["200"]["content"]["application/json"]["schema"]["$ref"]
            assert list(document["components"]["schemas"][ref.rsplit("/", 1)[1]]["properties"]) == [field]
            assert operation["requestBody"]["content"]["application/json"]["schema"]["$ref"] == ref
            assert [one["name"] for one in operation["parameters"]] == [field]

    async def test_the_document_names_who_may(self, client: TestClient[Any, Any]) -> None:
        paths = (await (await client.get("/api/openapi.json")).json())["paths"]
        take = paths["/api/desk/conversations/{conversation}/take"]["post"]
        assert take["x-permission"] == Permission.SERVE.value
        assert take["security"] == [{"session": [], "csrf": []}]
        assert "security" not in paths["/api/staff/login"]["post"]

    async def test_answers_are_as_described(
        self, client: TestClient[Any, Any], sign_in: SignIn, connect: Any
    ) -> None:
        import jsonschema

        document = await (await client.get("/api/openapi.json")).json()

        def check(body: Any, path: str, method: str = "get", status: str = "200") -> None:
            schema = document["paths"][path][method]["responses"][status]["content"]["application/json"][
                "schema"
            ]
            jsonschema.validate(body, {**schema, "components": document["components"]})

        lead = await sign_in("lead1", Role.LEAD)
        visitor = await connect()
        await visitor.hello()
        await visitor.say("你好")
        await visitor.next("ack")
        await visitor.do("request_human")
        check(await (await client.get("/readyz")).json(), "/readyz")
        check(await (await client.get("/healthz")).json(), "/healthz")
        check(await (await lead.get("/api/staff/me")).json(), "/api/staff/me")
        queue = await (await lead.get("/api/desk/queue")).json()
        check(queue, "/api/desk/queue")
        transcript = await (await lead.get(f"/api/desk/conversations/{visitor.conversation}")).json()
        check(transcript, "/api/desk/conversations/{conversation}")
        taken = await (await lead.on(visitor.conversation, "take")).json()
        check(taken, "/api/desk/conversations/{conversation}/take", "post")
        missing = await (await client.post("/api/staff/login", json={})).json()
        check(missing, "/api/staff/login", "post", "default")
        with pytest.raises(jsonschema.ValidationError):
            check({"staff": 1}, "/api/staff/me")


#: What stands before a session; everything else of the staff needs one.
WAYS_IN = {
    "/api/staff/sign_in_options",
    "/api/staff/login",
    "/api/staff/login/code",
    "/api/staff/oidc/start",
    "/api/staff/oidc/callback",
}


def test_every_staff_route_has_a_permission() -> None:
    for route in ROUTES:
        if route.path.startswith("/api/desk"):
            assert isinstance(route.access, Permission), route.path
        if route.path.startswith("/api/staff/accounts"):
            assert isinstance(route.access, Permission), route.path
        elif route.path.startswith("/api/staff") and route.path not in WAYS_IN:
            assert route.access is not Access.PUBLIC, route.path
        assert route.method in ("GET", "POST", "PUT", "DELETE"), route.path


async def test_nothing_is_left_running_after_the_end(start: Start) -> None:
    client = await start(with_clockwork=True)
    app: web.Application = client.app
    async with client.ws_connect("/ws/chat") as socket:
        await socket.send_json({"type": "hello", "visitor": None, "after": 0})
        await socket.receive_json()
    before = {task for task in asyncio.all_tasks() if task.get_name().startswith(("ear-", "turns-"))}
    await client.close()
    assert all(task.done() for task in before)
    assert app[PARTS].metrics.sockets._value.get() == 0
