"""Pictures over the wire: what is taken, what is refused, and who may look."""

from __future__ import annotations

import io
import struct
import uuid
import zlib
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any
from urllib.parse import quote

import pytest
from aiohttp.test_utils import TestClient
from PIL import Image
from sqlalchemy import func, select

from bot.web.limits import Limits, Rate
from care.records.customer import AccessLog
from care.records.evidence import Evidence
from care.rules.pictures import MAX_BYTES
from care.rules.vocabulary import Role
from care.services import evidence_turns, staff
from care.services.context import Care
from tests.web.people import PASSWORD, Agent, ScriptedBot, Start, Visitor

Connect = Callable[..., Awaitable[Visitor]]
SignIn = Callable[..., Awaitable[Agent]]
Client = TestClient[Any, Any]


def photo(kind: str = "JPEG", size: tuple[int, int] = (640, 480), colour: str = "red", **more: Any) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, colour).save(out, kind, **more)
    return out.getvalue()


def png_of(width: int, height: int) -> bytes:
    """A PNG that says it is this large and packs that into next to nothing."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    rows = zlib.compress(b"\0" * 1_000_000)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


async def send(
    client: Client, visitor: Visitor, data: bytes, name: str = "屏幕.jpg", message: str = "", **headers: str
) -> Any:
    given = {
        "Content-Type": "application/octet-stream",
        "X-Zhike-Visitor": visitor.token,
        "X-Zhike-Message": message or str(uuid.uuid4()),
        "X-Zhike-Name": quote(name),
        **headers,
    }
    return await client.post("/api/chat/evidence", data=data, headers=given)


async def seen(client: Client, visitor: Visitor, evidence: str, end: str = "") -> Any:
    return await client.get(f"/api/evidence/{evidence}{end}", headers={"X-Zhike-Visitor": visitor.token})


class TestTaking:
    async def test_a_picture_is_a_line_of_its_own_and_the_bot_asks_what_it_is_about(
        self, client: Client, visitor: Visitor, bot: ScriptedBot
    ) -> None:
        answer = await send(client, visitor, photo(), "碎了 的/手机.HEIF")
        assert answer.status == 200
        told = await answer.json()
        line = await visitor.next("message")
        assert (line["from"], line["text"], line["seq"]) == ("customer", "[图片] 手机.jpg", told["seq"])
        assert line["card"]["type"] == "evidence"
        assert (line["card"]["id"], line["card"]["width"]) == (told["id"], 640)
        reply = await visitor.next("message")
        assert reply["text"] == evidence_turns.ASK.format(which="图片")
        assert [button["title"] for button in reply["buttons"]] == ["我要投诉", "查订单", "转人工"]
        assert bot.asked == []

    async def test_a_retry_stores_nothing_twice(
        self, client: Client, visitor: Visitor, care_sqlite: Care
    ) -> None:
        message = str(uuid.uuid4())
        first = await (await send(client, visitor, photo(), message=message)).json()
        second = await (await send(client, visitor, photo(), message=message)).json()
        assert second == first
        async with care_sqlite.sessions.read() as session:
            assert await session.scalar(select(func.count()).select_from(Evidence)) == 1
        files = list((care_sqlite.settings.var_dir / "evidence").rglob("*"))
        assert len([file for file in files if file.is_file()]) == 2  # the picture and its preview
        lines = [frame for frame in await visitor.rest(at_least=2) if frame["type"] == "message"]
        assert [line["from"] for line in lines] == ["customer", "bot"]

    async def test_the_words_before_it_are_answered_before_it(
        self, client: Client, visitor: Visitor, bot: ScriptedBot
    ) -> None:
        await visitor.say("手机屏幕碎了")
        await send(client, visitor, photo())
        said = [f["text"] for f in await visitor.rest(at_least=5) if f["type"] == "message"]
        assert said.index("收到:手机屏幕碎了") < said.index(evidence_turns.ASK.format(which="图片"))
        assert [turn.text for turn in bot.asked] == ["手机屏幕碎了"]

    async def test_what_it_called_itself_counts_for_nothing(self, client: Client, visitor: Visitor) -> None:
        told = await (
            await send(client, visitor, photo("PNG"), "a.jpg", **{"Content-Type": "image/jpeg"})
        ).json()
        shown = await seen(client, visitor, told["id"])
        assert (shown.content_type, told["name"]) == ("image/png", "a.png")


@pytest.mark.parametrize(
    ("data", "status", "words"),
    [
        (b"", 415, "空的"),
        (b"<html><script>alert(1)</script></html>", 415, "只能发送"),
        (b"%PDF-1.7 ...", 415, "只能发送"),
        (b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", 415, "只能发送"),
        (b"\0\0\0\x18ftypheic\0\0\0\0", 415, "HEIC"),
        (photo("GIF"), 415, "GIF"),
        (photo()[:400], 415, "打不开"),
        (b"\xff\xd8\xff" + b"\0" * 1000, 415, "打不开"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 1000, 415, "打不开"),
        (b"RIFF\x10\0\0\0WEBPVP8 " + b"\0" * 100, 415, "打不开"),
        (png_of(30_000, 30_000), 413, "像素"),
        (png_of(2_000_000_000, 2), 413, "像素"),
        (b"\xff\xd8\xff" + b"\0" * MAX_BYTES, 413, "8 MB"),
    ],
    ids=[
        "nothing", "html", "pdf", "svg", "heic", "gif", "cut", "not a jpeg", "not a png", "not a webp", "bomb", "long bomb",
        "too large",
    ],
)  # fmt: skip
async def test_what_is_no_picture_is_refused_in_words_and_leaves_nothing(
    client: Client, visitor: Visitor, care_sqlite: Care, data: bytes, status: int, words: str
) -> None:
    answer = await send(client, visitor, data)
    assert answer.status == status
    assert words in (await answer.json())["error"]["message"]
    assert not [f for f in (care_sqlite.settings.var_dir / "evidence").rglob("*") if f.is_file()]
    assert await visitor.rest() == []


async def test_moving_pictures_are_refused(client: Client, visitor: Visitor) -> None:
    frames = [Image.new("RGB", (20, 20), colour) for colour in ("red", "blue")]
    out = io.BytesIO()
    frames[0].save(out, "WEBP", save_all=True, append_images=frames[1:])
    answer = await send(client, visitor, out.getvalue())
    assert (answer.status, "动图" in (await answer.json())["error"]["message"]) == (415, True)


async def test_a_body_without_a_length_is_cut_off_too(client: Client, visitor: Visitor) -> None:
    async def endless() -> Any:
        for _ in range(200):
            yield b"\xff\xd8\xff" + b"\0" * 65_536

    answer = await client.post(
        "/api/chat/evidence",
        data=endless(),
        headers={"X-Zhike-Visitor": visitor.token, "X-Zhike-Message": str(uuid.uuid4())},
    )
    assert answer.status == 413


async def test_nothing_hidden_in_the_file_is_kept_and_it_stands_upright(
    client: Client, visitor: Visitor
) -> None:
    picture = Image.new("RGB", (400, 200), "red")
    picture.paste("blue", (0, 0, 200, 200))
    notes = picture.getexif()
    notes[0x0112], notes[0x010E] = 6, "SECRET-HOME"
    notes.get_ifd(0x8825)[1] = "N"
    out = io.BytesIO()
    picture.save(out, "JPEG", exif=notes, comment=b"SECRET-COMMENT")
    sent = out.getvalue() + b"PK\x03\x04<script>SECRET-TAIL</script>"
    told = await (await send(client, visitor, sent)).json()
    kept = await (await seen(client, visitor, told["id"])).read()
    assert b"SECRET" in sent
    assert b"SECRET" not in kept
    assert b"PK\x03\x04" not in kept
    shown = Image.open(io.BytesIO(kept))
    assert (shown.size, dict(shown.getexif())) == ((200, 400), {})
    red, _, blue = shown.getpixel((100, 10))
    assert blue > 200 > 50 > red


async def test_files_lie_encrypted_where_no_page_is_served_from(
    client: Client, visitor: Visitor, care_sqlite: Care
) -> None:
    await send(client, visitor, photo())
    folder = care_sqlite.settings.var_dir / "evidence"
    for file in (f for f in folder.rglob("*") if f.is_file()):
        assert file.stat().st_mode & 0o777 == 0o600
        assert file.read_bytes().startswith(b"enc:1:")
        assert not file.is_relative_to(care_sqlite.settings.root / "ui")


class TestLooking:
    async def test_the_sender_sees_it_and_nothing_in_it_can_run(
        self, client: Client, visitor: Visitor
    ) -> None:
        told = await (await send(client, visitor, photo(size=(1600, 1200)))).json()
        whole = await seen(client, visitor, told["id"])
        assert (whole.status, whole.content_type) == (200, "image/jpeg")
        assert whole.headers["X-Content-Type-Options"] == "nosniff"
        assert whole.headers["Content-Security-Policy"].startswith("sandbox; default-src 'none'")
        assert whole.headers["Content-Disposition"] == f"inline; filename*=UTF-8''{quote('屏幕.jpg')}"
        assert "no-store" in whole.headers["Cache-Control"]
        small = await seen(client, visitor, told["id"], "/preview")
        assert Image.open(io.BytesIO(await small.read())).size == (320, 240)

    async def test_nobody_else_does(self, client: Client, visitor: Visitor, connect: Connect) -> None:
        told = await (await send(client, visitor, photo())).json()
        other = await connect()
        await other.hello()
        for end in ("", "/preview"):
            assert (await seen(client, other, told["id"], end)).status == 404
            path = f"/api/evidence/{told['id']}{end}"
            assert (await client.get(path, headers={"X-Zhike-Visitor": "x" * 43})).status == 404
            assert (await client.get(path, headers={"X-Zhike-Visitor": ""})).status == 404
            assert (await client.get(path)).status == 401
        assert (await seen(client, visitor, str(uuid.uuid4()))).status == 404

    async def test_who_serves_the_conversation_sees_it_and_it_is_logged(
        self, client: Client, visitor: Visitor, sign_in: SignIn, care_sqlite: Care
    ) -> None:
        agent, lead = await sign_in("agent1"), await sign_in("lead1", Role.LEAD)
        told = await (await send(client, visitor, photo())).json()
        path = f"/api/evidence/{told['id']}"
        assert (await agent.get(path)).status == 200  # the bot's: on everybody's desk
        assert (await lead.get(path)).status == 200
        await visitor.do("request_human")
        await visitor.until("owner")
        assert (await agent.on(visitor.conversation, "take")).status == 200
        assert (await agent.get(f"{path}/preview")).status == 200
        colleague = await sign_in("agent2")
        assert (await colleague.get(path)).status == 403
        async with care_sqlite.sessions.read() as session:
            assert await session.scalar(select(func.count()).select_from(AccessLog)) == 0  # nobody is known

    async def test_a_first_password_opens_no_picture(
        self, client: Client, visitor: Visitor, care_sqlite: Care
    ) -> None:
        told = await (await send(client, visitor, photo())).json()
        await staff.add_staff(
            care_sqlite, login="new1", name="新同事", role=Role.LEAD, password=PASSWORD, must_change=True
        )
        colleague = Agent(client)
        assert (await colleague.sign_in("new1")).status == 200
        for end in ("", "/preview"):
            refused = await colleague.get(f"/api/evidence/{told['id']}{end}")
            assert refused.status == 403
            assert (await refused.json())["error"]["code"] == "password_change_needed"

    async def test_the_agent_who_has_the_conversation_gets_the_line(
        self, client: Client, visitor: Visitor, sign_in: SignIn, bot: ScriptedBot
    ) -> None:
        agent = await sign_in("agent1")
        await visitor.say("你好")
        await visitor.rest(at_least=3)
        await visitor.do("request_human")
        await visitor.until("owner")
        await agent.on(visitor.conversation, "take")
        told = await (await send(client, visitor, photo())).json()
        transcript = await (await agent.get(f"/api/desk/conversations/{visitor.conversation}")).json()
        assert transcript["lines"][-1]["card"]["id"] == told["id"]
        assert "bot" not in {f["from"] for f in await visitor.rest(at_least=1) if f["type"] == "message"}


class TestLimits:
    async def test_nine_a_day_and_then_words(self, client: Client, visitor: Visitor) -> None:
        for _ in range(9):
            assert (await send(client, visitor, photo(size=(8, 8)))).status == 200
        tenth = await send(client, visitor, photo(size=(8, 8)))
        assert (tenth.status, (await tenth.json())["error"]["code"]) == (429, "too_many_pictures")

    async def test_a_flood_of_one_visitor_finds_a_wall(self, start: Start, connect: Connect) -> None:
        client = await start(limits=Limits(uploads_per_visitor=Rate(2, 0.001)))
        visitor = await connect(client)
        await visitor.hello()
        answers = [(await send(client, visitor, b"no picture")).status for _ in range(3)]
        assert answers == [415, 415, 429]

    async def test_without_a_visit_nothing_is_read(self, client: Client, visitor: Visitor) -> None:
        visitor.token = "x" * 43
        assert (await send(client, visitor, photo())).status == 401


class TestOrigins:
    async def test_the_widget_on_a_trusted_site_may_and_others_may_not(
        self, start: Start, connect: Connect, care_sqlite: Care
    ) -> None:
        settings = replace(care_sqlite.settings, trusted_origins=("https://shop.example",))
        client = await start(replace(care_sqlite, settings=settings))
        visitor = await connect(client)
        await visitor.hello()
        shop, evil = {"Origin": "https://shop.example"}, {"Origin": "https://evil.example"}
        asked = await client.options("/api/chat/evidence", headers=shop)
        assert asked.status == 204
        assert asked.headers["Access-Control-Allow-Origin"] == "https://shop.example"
        assert "X-Zhike-Visitor" in asked.headers["Access-Control-Allow-Headers"]
        assert "Access-Control-Allow-Credentials" not in asked.headers
        refused = await client.options("/api/chat/evidence", headers=evil)
        assert "Access-Control-Allow-Origin" not in refused.headers
        taken = await send(client, visitor, photo(), **shop)
        assert (taken.status, taken.headers["Access-Control-Allow-Origin"]) == (200, "https://shop.example")
        wrong = await send(client, visitor, b"no picture", **shop)
        assert (wrong.status, wrong.headers["Access-Control-Allow-Origin"]) == (415, "https://shop.example")
        assert (await send(client, visitor, photo(), **evil)).status == 403
        assert (await client.options("/api/staff/login", headers=shop)).status == 405
