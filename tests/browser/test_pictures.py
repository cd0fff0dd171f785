"""A customer adds pictures: chosen, pasted, dropped, refused, tried again, looked at, read to by a screen reader."""

from __future__ import annotations

import base64
import io
import re

import pytest
from PIL import Image, ImageDraw
from playwright.async_api import Locator, Route, expect
from sqlalchemy import select

from care.records.complaint import Complaint
from care.records.evidence import Evidence
from care.services import evidence_turns
from care.services.context import Care
from tests.browser.chat_page import ANSWER_MS, Chat
from tests.browser.conftest import DESKTOP, PHONE, OpenPage
from tests.browser.test_accessibility import violations

ASK = evidence_turns.ASK.format(which="图片")


def photo(words: str = "cracked", size: tuple[int, int] = (900, 675)) -> bytes:
    picture = Image.new("RGB", size, "#7d8f86")
    draw = ImageDraw.Draw(picture)
    for at in range(0, size[0], 60):
        draw.line((size[0] // 2, size[1] // 2, at, 0), fill="white", width=3)
    draw.text((30, 30), words, fill="black")
    out = io.BytesIO()
    picture.save(out, "JPEG")
    return out.getvalue()


def file(name: str = "屏幕碎裂.jpg", data: bytes | None = None) -> dict[str, object]:
    return {"name": name, "mimeType": "image/jpeg", "buffer": photo() if data is None else data}


async def choose(chat: Chat, *files: dict[str, object]) -> None:
    async with chat.page.expect_file_chooser() as chosen:
        await chat.page.get_by_role("button", name="发送图片").click()
    await (await chosen.value).set_files(list(files))  # type: ignore[arg-type]


def pictures(chat: Chat) -> Locator:
    return chat.root.locator(".from-customer .evidence img")


async def is_drawn(picture: Locator) -> None:
    await expect(picture).to_be_visible(timeout=ANSWER_MS)
    await picture.page.wait_for_function(
        "image => image.complete && image.naturalWidth > 0", arg=await picture.element_handle()
    )


_TRANSFER = """([field, kind, data, name]) => {
  const bytes = Uint8Array.from(atob(data), (sign) => sign.charCodeAt(0));
  const transfer = new DataTransfer();
  transfer.items.add(new File([bytes], name, { type: "image/jpeg" }));
  const more = { bubbles: true, composed: true, cancelable: true };
  if (kind === "paste") field.dispatchEvent(new ClipboardEvent("paste", { ...more, clipboardData: transfer }));
  else for (const step of ["dragover", "drop"]) field.dispatchEvent(new DragEvent(step, { ...more, dataTransfer: transfer }));
}"""


async def hand_over(chat: Chat, kind: str) -> None:
    data = base64.b64encode(photo(kind)).decode()
    await chat.page.evaluate(_TRANSFER, [await chat.field.element_handle(), kind, data, f"{kind}.jpg"])


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
async def test_a_chosen_picture_stands_in_the_conversation_and_opens_whole(
    open_page: OpenPage, base_url: str, size: tuple[int, int]
) -> None:
    chat = Chat(await open_page(size))
    await chat.open(base_url)
    await choose(chat, file())
    picture = pictures(chat)
    await is_drawn(picture)
    await expect(picture).to_have_attribute("alt", "屏幕碎裂.jpg")
    await expect(chat.root.locator(".picture-row")).to_have_count(0)
    await expect(chat.answers.last).to_have_text(ASK, timeout=ANSWER_MS)
    await expect(chat.own).to_have_count(0)  # the line says the same as the picture
    await chat.shoot(f"chat-picture-{size[0]}")
    await chat.page.get_by_role("button", name="查看大图：屏幕碎裂.jpg").click()
    box = chat.root.get_by_role("dialog", name="屏幕碎裂.jpg")
    await is_drawn(box.locator("img"))
    assert await box.locator("img").evaluate("image => image.naturalWidth") == 900
    await chat.shoot(f"chat-picture-whole-{size[0]}")
    await chat.page.keyboard.press("Escape")
    await expect(box).to_have_count(0)
    await expect(chat.page.get_by_role("button", name="查看大图：屏幕碎裂.jpg")).to_be_focused()


@pytest.mark.parametrize("kind", ["paste", "drop"])
async def test_a_pasted_or_dropped_picture_is_sent(chat: Chat, kind: str) -> None:
    await hand_over(chat, kind)
    await is_drawn(pictures(chat))
    await expect(pictures(chat)).to_have_attribute("alt", f"{kind}.jpg")


async def test_in_the_middle_of_a_complaint_it_goes_along_and_the_question_stays_open(
    chat: Chat, care: Care
) -> None:
    await chat.ask("我要投诉，电饭煲用了两天就不加热了，找你们客服没人理")
    await choose(chat, file())
    await expect(chat.answers.last).to_have_text(
        evidence_turns.WITH_DRAFT.format(which="图片"), timeout=ANSWER_MS
    )
    await chat.ask("希望给我退款")
    async with care.sessions.read() as session:
        row = (await session.scalars(select(Evidence).order_by(Evidence.id.desc()).limit(1))).one()
        told = await session.get(Complaint, row.complaint_id)
    assert told is not None
    assert "电饭煲" in told.own_words
    assert told.remedy_said is not None


async def test_pasted_words_stay_words(chat: Chat) -> None:
    await chat.field.focus()
    await chat.page.evaluate("() => navigator.clipboard?.writeText('只是文字').catch(() => {})")
    await chat.field.fill("只是文字")
    await expect(chat.root.locator(".picture-row")).to_have_count(0)
    await expect(chat.field).to_have_value("只是文字")


async def test_it_is_there_after_a_reload_and_several_keep_their_order(chat: Chat) -> None:
    await choose(chat, *(file(f"{number}.jpg", photo(str(number))) for number in range(1, 4)))
    await expect(pictures(chat)).to_have_count(3, timeout=ANSWER_MS)
    await chat.page.reload()
    await chat.ready()
    await expect(pictures(chat)).to_have_count(3)
    names = [await one.get_attribute("alt") for one in await pictures(chat).all()]
    assert names == ["1.jpg", "2.jpg", "3.jpg"]
    await is_drawn(pictures(chat).last)


async def test_what_is_no_picture_says_so_and_can_be_taken_away(chat: Chat) -> None:
    await choose(chat, file("发票.jpg", b"%PDF-1.7 not a picture"))
    row = chat.root.locator(".picture-row")
    await expect(row.locator(".picture-reason")).to_have_text("只能发送 JPEG、PNG 或 WebP 图片。")
    await expect(chat.root.get_by_role("status").filter(has_text="只能发送")).to_have_count(1)
    await chat.shoot("chat-picture-refused")
    await row.get_by_role("button", name="删除").click()
    await expect(row).to_have_count(0)
    await expect(chat.page.get_by_role("button", name="发送图片")).to_be_focused()


async def test_too_large_a_file_is_told_before_it_is_sent(chat: Chat) -> None:
    asked: list[str] = []
    chat.page.on("request", lambda request: asked.append(request.url) if "evidence" in request.url else None)
    await choose(chat, file("巨大.jpg", b"\xff\xd8\xff" + b"\0" * (8 * 1024 * 1024)))
    await expect(chat.root.locator(".picture-reason")).to_have_text(re.compile("超过 8 MB"))
    assert asked == []


async def test_a_broken_line_is_tried_again_and_the_picture_counts_once(chat: Chat) -> None:
    lost = 0

    async def lose(route: Route) -> None:
        nonlocal lost
        lost += 1
        if lost == 1:
            await route.fetch()  # it arrives, but nobody hears that it did
        await route.abort() if lost < 3 else await route.continue_()

    await chat.page.route("**/api/chat/evidence", lose)
    await choose(chat, file())
    row = chat.root.locator(".picture-row")
    for _ in range(2):
        await expect(row.locator(".picture-reason")).to_have_text("图片没有发送成功，请检查网络")
        await row.get_by_role("button", name="重新发送").click()
    await expect(row).to_have_count(0, timeout=ANSWER_MS)
    await expect(pictures(chat)).to_have_count(1)
    await chat.page.reload()
    await chat.ready()
    await expect(pictures(chat)).to_have_count(1)


async def test_by_keyboard_alone(chat: Chat) -> None:
    button = chat.page.get_by_role("button", name="发送图片")
    async with chat.page.expect_file_chooser() as chosen:
        await button.press("Enter")
    await (await chosen.value).set_files(file())  # type: ignore[arg-type]
    await is_drawn(pictures(chat))
    await expect(chat.root.get_by_role("status").filter(has_text="已发送 屏幕碎裂.jpg")).to_have_count(1)
    shown = chat.page.get_by_role("button", name="查看大图：屏幕碎裂.jpg")
    await shown.focus()
    await chat.page.keyboard.press("Enter")
    close = chat.page.get_by_role("button", name="关闭大图")
    await expect(close).to_be_focused()
    await chat.page.keyboard.press("Enter")
    await expect(shown).to_be_focused()


async def test_on_a_shops_page_too(open_page: OpenPage, shop_url: str) -> None:
    page = await open_page()
    await page.goto(shop_url)
    await page.get_by_role("button", name="在线客服").click()
    chat = Chat(page)
    await chat.ready()
    await choose(chat, file())
    await is_drawn(pictures(chat))
    await chat.page.get_by_role("button", name="查看大图：屏幕碎裂.jpg").click()
    await is_drawn(chat.root.get_by_role("dialog", name="屏幕碎裂.jpg").locator("img"))
    await chat.shoot("widget-picture-whole")


async def test_axe_finds_nothing_serious(chat: Chat, axe: str) -> None:
    await choose(chat, file(), file("假.jpg", b"no picture"))
    await is_drawn(pictures(chat))
    await expect(chat.root.locator(".picture-reason")).to_be_visible()
    assert await violations(chat.page, axe) == []
