"""Agents and a customer at once, in real browsers on the running system."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime, timedelta, timezone
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio
from playwright.async_api import WebSocketRoute, expect
from sqlalchemy import select

from bot.up.prepare import demo_password
from care.records.conversation import Conversation
from care.rules.vocabulary import Owner
from care.services import handoff
from care.services.context import Care
from care.settings import Settings
from tests.browser.chat_page import ANSWER_MS, Chat
from tests.browser.conftest import DESKTOP, LAPTOP, OpenPage
from tests.browser.desk_page import SOON_MS, Desk
from tests.browser.test_accessibility import violations

OpenDesk = Callable[..., Awaitable[Desk]]
Ask = Callable[..., Awaitable[Chat]]


@pytest.fixture
def password(settings: Settings) -> str:
    return demo_password(settings)


#: Base address and login → the session's cookies. Signing in is limited for each address, as it should be, so
#: everybody signs in with the form once and comes back with the session after that.
_SESSIONS: dict[tuple[str, str], list[Any]] = {}


@pytest_asyncio.fixture
async def open_desk(open_page: OpenPage, base_url: str, password: str, care: Care) -> AsyncIterator[OpenDesk]:
    """A member of staff at the desk; what they still hold at the end is closed, so that the next test has room."""
    opened: dict[str, Desk] = {}
    # Nor may those who wait since other tests fill the desk of whoever comes online.
    async with care.sessions.read() as session:
        waiting = await session.scalars(select(Conversation.id).where(Conversation.owner == Owner.QUEUED))
        left = list(waiting)
    for conversation_id in left:
        await handoff.close(care, conversation_id, "system")

    async def come(
        login: str, *, presence: str = "忙碌", size: tuple[int, int] = LAPTOP, **more: Any
    ) -> Desk:
        # Busy ones are given nothing by routing: each test says itself who takes whom.
        desk = Desk(await open_page(size, **more))
        opened.setdefault(login, desk)
        if cookies := _SESSIONS.get((base_url, login)):
            await desk.come_back(base_url, cookies)
        else:
            await desk.sign_in(base_url, login, password)
            _SESSIONS[base_url, login] = await desk.page.context.cookies()
        await desk.be(presence)
        return desk

    yield come
    for desk in opened.values():
        for item in (await desk.call("/api/desk/conversations?scope=mine"))["items"]:
            await desk.call(f"/api/desk/conversations/{item['conversation']}/close", {})
        await desk.call("/api/desk/presence", {"presence": "away"})


@pytest_asyncio.fixture
async def ask_for_a_person(open_page: OpenPage, base_url: str, customer_token: str) -> Ask:
    """A customer who has said `words` to the assistant and wants a person; the words are found in the desk's lists."""

    async def ask(words: str, *, is_known: bool = False) -> Chat:
        chat = Chat(await open_page())
        await chat.open(base_url)
        if is_known:
            await chat.page.evaluate(
                "token => document.querySelector('zhike-chat').setUser(token)", customer_token
            )
            await chat.ready()
        await chat.human.click()
        await expect(chat.waiting).to_be_visible(timeout=ANSWER_MS)
        await chat.say(words)
        await chat.wait_sent()
        return chat

    return ask


def own_words() -> str:
    """Something that no other test says."""
    return f"请帮我看看编号 {uuid4().hex[:8]}"


def the_day_after_tomorrow() -> str:
    """18:00 in Shanghai, as a field for times takes it."""
    day = datetime.now(timezone(timedelta(hours=8))) + timedelta(days=2)
    return day.strftime("%Y-%m-%dT18:00")


async def test_an_answer_reaches_the_customer_and_the_customers_word_comes_back(
    open_desk: OpenDesk, ask_for_a_person: Ask
) -> None:
    words = own_words()
    desk = await open_desk("agent1")
    chat = await ask_for_a_person(words)
    await desk.see("等待")
    await desk.pick(words)
    await expect(desk.lock).to_contain_text("排队等待人工")
    await expect(desk.reply).to_be_hidden()
    await desk.take()
    await desk.is_mine()
    await desk.say("您好，我来为您处理。")
    said = chat.root.locator(".from-agent .bubble")
    await expect(said.last).to_have_text("您好，我来为您处理。", timeout=ANSWER_MS)
    await expect(chat.root.locator(".from-agent .name").last).to_have_text("王晓彤")
    await chat.field.press_sequentially("好的")
    await expect(desk.thread.locator(".typing")).to_have_text("客户 正在输入…", timeout=SOON_MS)
    await chat.field.press("Enter")
    await expect(desk.line("customer", "好的")).to_be_visible(timeout=SOON_MS)
    await expect(desk.thread.locator(".typing")).to_be_empty()


async def test_two_agents_want_one_customer_and_the_loser_sees_who_was_first(
    open_desk: OpenDesk, ask_for_a_person: Ask
) -> None:
    words = own_words()
    first, second = await open_desk("agent1"), await open_desk("agent2")
    chat = await ask_for_a_person(words)
    for desk in (first, second):
        await desk.see("等待")
        await desk.pick(words)
    await asyncio.gather(first.take(), second.take(), return_exceptions=True)
    winners = [desk for desk in (first, second) if await _holds(desk)]
    assert len(winners) == 1
    winner, loser = (first, second) if winners == [first] else (second, first)
    name = "王晓彤" if winner is first else "陈立"
    await expect(loser.reply).to_be_hidden()
    await expect(loser.lock).to_contain_text(f"已由{name}接待", timeout=SOON_MS)
    await winner.say("您好，由我接待。")
    await expect(chat.root.locator(".from-agent .bubble")).to_have_count(1, timeout=ANSWER_MS)


async def _holds(desk: Desk) -> bool:
    head = desk.thread.locator(".head")
    await expect(head).to_contain_text(re.compile("我在接待|正在接待"), timeout=SOON_MS)
    return "我在接待" in await head.inner_text()


async def test_a_transfer_goes_to_a_colleague_with_the_note_and_the_customer_hears_the_new_name(
    open_desk: OpenDesk, ask_for_a_person: Ask
) -> None:
    words = own_words()
    first, second = await open_desk("agent1"), await open_desk("agent2", presence="在线")
    chat = await ask_for_a_person(words)
    # Routing may have given the customer to the one who is free; then it goes the other way round.
    await first.see("全部")
    await second.see("我的")
    if not await _is_listed(second, words):
        await first.see("等待")
        await first.pick(words)
        await first.take()
        await first.is_mine()
    giver, taker, name = (
        (second, first, "王晓彤") if await _is_listed(second, words) else (first, second, "陈立")
    )
    if giver is second:
        await taker.be("在线")
        await giver.pick(words)
        await giver.is_mine()
    await giver.page.keyboard.press("Escape")
    await giver.thread.locator("h2").click()
    await giver.page.keyboard.press("t")
    await expect(giver.dialog).to_be_visible()
    await giver.dialog.get_by_role("combobox").click()
    await giver.page.get_by_role("option", name=re.compile(name)).click()
    await giver.dialog.get_by_label("交接说明").fill("客户等了很久请先道歉")
    await giver.dialog.get_by_role("button", name="转交", exact=True).click()
    await expect(giver.dialog).to_be_hidden(timeout=SOON_MS)
    await taker.see("我的")
    await taker.pick(words)
    await taker.is_mine()
    await expect(taker.line("note", "客户等了很久请先道歉")).to_be_visible(timeout=SOON_MS)
    await taker.say("让您久等了。")
    await expect(chat.root.locator(".from-agent .name").last).to_have_text(name, timeout=ANSWER_MS)
    await expect(chat.root).not_to_contain_text("请先道歉")


async def _is_listed(desk: Desk, words: str) -> bool:
    """Routing decides within a few seconds, or not at all."""
    for _ in range(20):
        if await desk.item(words).count():
            return True
        await desk.page.wait_for_timeout(250)
    return False


async def test_a_conversation_given_back_is_answered_by_the_assistant_again(
    open_desk: OpenDesk, ask_for_a_person: Ask
) -> None:
    words = own_words()
    desk = await open_desk("agent1")
    chat = await ask_for_a_person(words)
    await desk.serve(words)
    await desk.thread.get_by_role("button", name="交还机器人").click()
    await desk.dialog.get_by_role("button", name="确定").click()
    await expect(chat.human).to_have_text("转人工", timeout=ANSWER_MS)
    await expect(desk.lock).to_contain_text("机器人接待中", timeout=SOON_MS)
    await expect(desk.reply).to_be_hidden()
    answer = await chat.ask("七天无理由退货怎么退")
    await expect(answer).to_contain_text("退")
    await expect(desk.line("customer", "七天无理由退货怎么退")).to_be_visible(timeout=SOON_MS)
    await desk.note.fill("客户改问退货。")
    await desk.note.press("Enter")
    await expect(desk.line("note", "客户改问退货。")).to_be_visible(timeout=SOON_MS)
    await desk.take()
    await desk.is_mine()
    await expect(chat.root).not_to_contain_text("客户改问退货")


async def test_what_was_missed_and_what_was_written_while_the_connection_was_away_come_once(
    open_desk: OpenDesk, ask_for_a_person: Ask
) -> None:
    words = own_words()
    desk = await open_desk("agent1")
    chat = await ask_for_a_person(words)
    await desk.serve(words)
    await desk.say("我看一下。")
    await desk.page.context.set_offline(True)
    await expect(desk.connection).to_contain_text(re.compile(r"以下为截至 \d\d:\d\d 的视图"), timeout=SOON_MS)
    await chat.say("您还在吗")
    await chat.wait_sent()
    await desk.reply.fill("在的，马上。")
    await desk.reply.press("Enter")
    await expect(desk.thread.locator(".unsent")).to_contain_text("等待连接恢复后发送")
    await desk.shoot("desk-offline-1280x720")
    await desk.page.context.set_offline(False)
    await desk.ready()
    await expect(desk.line("customer", "您还在吗")).to_have_count(1, timeout=SOON_MS)
    await expect(desk.thread.locator(".unsent")).to_have_count(0, timeout=SOON_MS)
    await expect(desk.line("agent", "在的，马上。")).to_have_count(1)
    await expect(chat.root.locator(".from-agent .bubble").filter(has_text="在的，马上。")).to_have_count(
        1, timeout=ANSWER_MS
    )
    texts = await desk.texts()
    assert texts.index("您还在吗") < texts.index("在的，马上。")


async def test_a_reply_whose_acknowledgement_was_lost_counts_once(
    open_page: OpenPage, base_url: str, ask_for_a_person: Ask, open_desk: OpenDesk
) -> None:
    words = own_words()
    keeper = await open_desk("agent1")  # closes what is left at the end
    chat = await ask_for_a_person(words)
    await keeper.see("等待")
    await keeper.pick(words)
    await keeper.take()
    await keeper.is_mine()
    page = await open_page()
    await page.context.add_cookies(await keeper.page.context.cookies())
    sent: list[str] = []

    def between(socket: WebSocketRoute) -> None:
        """Lets everything through, but cuts the first connection right after the reply went out."""
        server = socket.connect_to_server()
        is_first = not sent

        async def to_server(message: str | bytes) -> None:
            server.send(message)
            if b'"send"' in (message if isinstance(message, bytes) else message.encode()):
                sent.append(str(message))
                if is_first:
                    await socket.close()

        socket.on_message(to_server)
        server.on_message(lambda message: None if is_first and sent else socket.send(message))

    await page.route_web_socket(re.compile("/ws/desk"), between)
    desk = Desk(page)
    await desk.open(base_url)
    await desk.ready()
    await desk.pick(words)
    await desk.say("只说一次")
    await desk.ready()
    await expect(desk.thread.locator(".unsent")).to_have_count(0, timeout=SOON_MS)
    await expect(desk.line("agent", "只说一次")).to_have_count(1)
    assert len(sent) >= 2
    await expect(chat.root.locator(".from-agent .bubble").filter(has_text="只说一次")).to_have_count(
        1, timeout=ANSWER_MS
    )


async def test_enter_that_takes_an_input_methods_word_does_not_send(
    open_desk: OpenDesk, ask_for_a_person: Ask
) -> None:
    words = own_words()
    desk = await open_desk("agent1")
    await ask_for_a_person(words)
    await desk.serve(words)
    before = await desk.bubbles.count()
    await desk.reply.focus()
    session = await desk.page.context.new_cdp_session(desk.page)
    await session.send("Input.imeSetComposition", {"text": "ni hao", "selectionStart": 6, "selectionEnd": 6})
    await session.send(
        "Input.dispatchKeyEvent",
        {"type": "rawKeyDown", "key": "Enter", "code": "Enter", "windowsVirtualKeyCode": 229},
    )
    await desk.page.wait_for_timeout(300)
    assert await desk.bubbles.count() == before
    await expect(desk.thread.locator(".unsent")).to_have_count(0)
    await session.send("Input.insertText", {"text": "你好"})
    await expect(desk.reply).to_have_value("你好")
    await desk.reply.press("Shift+Enter")
    await desk.reply.press_sequentially("第二行")
    await desk.reply.press("Enter")
    await expect(desk.line("agent", "你好\n第二行")).to_be_visible(timeout=SOON_MS)


async def test_everything_is_done_with_the_keyboard(open_desk: OpenDesk, ask_for_a_person: Ask) -> None:
    words = own_words()
    desk = await open_desk("agent1")
    chat = await ask_for_a_person(words)
    keys = desk.page.keyboard
    await keys.press("?")
    await expect(desk.dialog).to_contain_text("快捷键")
    await keys.press("Escape")
    await expect(desk.dialog).to_be_hidden()
    await keys.press("Control+k")
    await keys.type("等待")
    await keys.press("Enter")
    await expect(desk.item(words)).to_be_visible(timeout=SOON_MS)
    rows = await desk.lists.locator("button.item").count()
    for _ in range(rows):
        await keys.press("j")
        if await desk.lists.locator("button.item[data-marked]").filter(has_text=words).count():
            break
    await keys.press("Enter")
    await expect(desk.line("customer", words)).to_be_visible(timeout=SOON_MS)
    await keys.press("Control+k")
    await keys.type("接待")
    await keys.press("Enter")
    await desk.is_mine()
    await keys.press("Escape")
    await keys.press("r")
    await expect(desk.reply).to_be_focused()
    await keys.type("jktenr 都是字母")
    await expect(desk.dialog).to_be_hidden()
    await keys.press("Enter")
    await expect(chat.root.locator(".from-agent .bubble").last).to_have_text(
        "jktenr 都是字母", timeout=ANSWER_MS
    )
    await keys.press("Escape")
    await keys.press("n")
    await expect(desk.note).to_be_focused()
    await keys.type("键盘写的笔记")
    await keys.press("Enter")
    await expect(desk.line("note", "键盘写的笔记")).to_be_visible(timeout=SOON_MS)
    await keys.press("Escape")
    await keys.press("e")
    await expect(desk.dialog).to_contain_text("结束会话")


async def test_a_draft_is_kept_by_the_service(open_desk: OpenDesk, ask_for_a_person: Ask) -> None:
    words = own_words()
    desk = await open_desk("agent1")
    await ask_for_a_person(words)
    await desk.serve(words)
    await desk.reply.fill("还没有写完的回复")
    await desk.page.wait_for_timeout(1500)
    other = await open_desk("agent1")
    await other.pick(words)
    await expect(other.reply).to_have_value("还没有写完的回复")


async def test_a_ready_made_reply_is_found_by_pinyin_and_can_still_be_changed(
    open_desk: OpenDesk, ask_for_a_person: Ask
) -> None:
    words, title = own_words(), f"道歉{uuid4().hex[:4]}"
    desk = await open_desk("agent1")
    body = {"title": title, "text": "让您久等了，非常抱歉。", "category": "问候", "shared": False}
    await desk.call("/api/desk/canned", body)
    chat = await ask_for_a_person(words)
    await desk.serve(words)
    await desk.reply.press_sequentially("/daoqian")
    option = desk.thread.get_by_role("option").filter(has_text=title)
    await expect(option).to_be_visible(timeout=SOON_MS)
    await desk.shoot("desk-canned-1280x720")
    await option.click()
    await expect(desk.reply).to_have_value("让您久等了，非常抱歉。")
    await desk.reply.press_sequentially("马上为您查。")
    await desk.reply.press("Enter")
    await expect(chat.root.locator(".from-agent .bubble").last).to_have_text(
        "让您久等了，非常抱歉。马上为您查。", timeout=ANSWER_MS
    )


async def test_a_field_of_the_customers_record_is_put_right(
    open_desk: OpenDesk, ask_for_a_person: Ask
) -> None:
    words = own_words()
    desk = await open_desk("agent1")
    await ask_for_a_person(words, is_known=True)
    await desk.serve(words)
    await desk.customer.get_by_role("button", name="更正").first.click()
    await desk.choose("项目", "电子邮箱")
    await desk.dialog.get_by_label("新的值").fill("不是邮箱")
    await desk.dialog.get_by_role("button", name="更正", exact=True).click()
    await expect(desk.dialog.get_by_role("alert")).to_contain_text("邮箱", timeout=SOON_MS)
    await desk.dialog.get_by_label("新的值").fill(f"{uuid4().hex[:8]}@example.com")
    await desk.dialog.get_by_role("button", name="更正", exact=True).click()
    await expect(desk.told.filter(has_text="旧值已保留")).to_be_visible(timeout=SOON_MS)
    await expect(desk.dialog).to_be_hidden()


async def test_a_wrap_up_is_filled_in_and_ends_the_conversation(
    open_desk: OpenDesk, ask_for_a_person: Ask
) -> None:
    words = own_words()
    desk = await open_desk("agent1")
    chat = await ask_for_a_person(words)
    await desk.serve(words)
    await desk.thread.get_by_role("button", name="结束", exact=True).click()
    await expect(desk.dialog.get_by_label("结果")).to_be_visible(timeout=SOON_MS)
    await desk.choose("问题", "查物流")
    await desk.choose("环节", "客户服务")
    await desk.shoot("desk-close-1280x720")
    await desk.dialog.get_by_role("button", name="结束会话").click()
    await expect(desk.dialog).to_be_hidden(timeout=SOON_MS)
    await expect(chat.page.get_by_role("button", name="开始新的会话")).to_be_visible(timeout=ANSWER_MS)
    await desk.see("我的")
    await expect(desk.item(words)).to_have_count(0)


async def test_a_complaint_is_opened_from_the_thread_and_moved_by_its_legal_steps_only(
    open_desk: OpenDesk, ask_for_a_person: Ask
) -> None:
    words = f"我要投诉，洗衣机漏水了 {uuid4().hex[:8]}"
    desk = await open_desk("agent1", size=DESKTOP)
    await ask_for_a_person(words, is_known=True)
    await desk.serve(words)
    await expect(desk.customer.get_by_text("网站登录核实")).to_be_visible(timeout=SOON_MS)
    await desk.page.get_by_label("更多操作").click()
    await desk.page.get_by_role("menuitem", name="登记投诉").click()
    await desk.choose("投诉什么", "投诉商品")
    await desk.dialog.get_by_label("客户的原话").fill(words)
    await desk.dialog.locator(".el-switch").click()
    await desk.dialog.get_by_label("客户怎样确认的").fill("在会话里回复“对的”")
    await desk.dialog.get_by_role("button", name="登记投诉").click()
    panel = desk.customer
    await expect(panel.get_by_role("heading", name=re.compile(r"TS-\d{8}-\d{4}"))).to_be_visible(
        timeout=SOON_MS
    )
    moves = panel.get_by_role("region", name="下一步")
    await expect(moves.get_by_role("button", name="已评审")).to_be_enabled()
    await expect(moves.get_by_role("button", name="执行中")).to_have_count(0)
    await moves.get_by_role("button", name="已评审").click()
    if await desk.dialog.is_visible():
        await desk.dialog.get_by_role("button", name="确定").click()
    await expect(panel.locator(".top .badge").last).to_have_text("已评审", timeout=SOON_MS)
    await moves.get_by_role("button", name="调查中").click()
    await expect(panel.locator(".top .badge").last).to_have_text("调查中", timeout=SOON_MS)
    await moves.get_by_role("button", name="记录承诺").click()
    await panel.get_by_label("承诺什么").fill("今天内安排师傅上门检查")
    await panel.get_by_label("什么时候之前").fill(the_day_after_tomorrow())
    await panel.get_by_role("button", name="确定").click()
    await expect(panel.get_by_role("region", name="承诺")).to_contain_text(
        "今天内安排师傅上门检查", timeout=SOON_MS
    )
    await desk.shoot("desk-complaint-1440x900")
    await moves.get_by_role("button", name="方案待确认").click()
    await desk.dialog.get_by_label("处理方案").fill("换一台新的，并补偿运费。")
    if await desk.dialog.get_by_label("方式").count():
        await desk.choose("方式", "补偿")
        await desk.dialog.get_by_label("金额（元）").fill("99999")
        await expect(desk.dialog).to_contain_text("提交后由组长批准")
    await desk.shoot("desk-propose-1440x900")


async def test_a_lead_looks_on_and_steps_in(open_desk: OpenDesk, ask_for_a_person: Ask) -> None:
    words = own_words()
    agent, lead = await open_desk("agent1"), await open_desk("lead1")
    chat = await ask_for_a_person(words)
    await agent.see("等待")
    await agent.pick(words)
    await agent.take()
    await agent.is_mine()
    await lead.see("全部")
    await lead.pick(words)
    await expect(lead.lock).to_contain_text("王晓彤 正在接待")
    await expect(lead.reply).to_be_hidden()
    await lead.note.fill("先安抚客户。")
    await lead.note.press("Enter")
    await expect(agent.line("note", "先安抚客户。")).to_be_visible(timeout=SOON_MS)
    await lead.thread.get_by_role("button", name="介入接管").click()
    await lead.is_mine()
    await expect(agent.reply).to_be_hidden(timeout=SOON_MS)
    await lead.say("您好，我是组长。")
    await expect(chat.root.locator(".from-agent .name").last).to_have_text("周敏", timeout=ANSWER_MS)


async def test_a_wrong_password_is_said_and_a_session_that_ended_asks_again(
    open_page: OpenPage, base_url: str, password: str
) -> None:
    desk = Desk(await open_page())
    await desk.open(base_url)
    await desk.page.get_by_label("登录名").fill("agent2")
    await desk.page.get_by_label("密码", exact=True).fill("wrong-password")
    await desk.page.get_by_role("button", name="登录").click()
    await expect(desk.page.get_by_role("alert")).to_contain_text("不正确")
    await desk.shoot("desk-sign-in-1280x720")
    await desk.page.get_by_label("密码", exact=True).fill(password)
    await desk.page.get_by_role("button", name="登录").click()
    await desk.ready()
    await desk.page.context.clear_cookies()
    await desk.page.get_by_role("button", name="回电任务").click()
    await expect(desk.page.get_by_text("登录已过期，请重新登录。")).to_be_visible(timeout=SOON_MS)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [DESKTOP, LAPTOP], ids=["1440x900", "1280x720"])
async def test_every_state_fits_and_has_no_serious_violation(
    open_desk: OpenDesk, ask_for_a_person: Ask, axe: str, size: tuple[int, int], scheme: str
) -> None:
    words = f"我要投诉，电饭煲用了两天就不加热了，气死我了 {uuid4().hex[:6]}"
    desk = await open_desk("agent1", size=size)
    tail = f"{size[0]}x{size[1]}{'-dark' if scheme == 'dark' else ''}"
    found: list[str] = []

    async def look(state: str) -> None:
        await desk.shoot(f"desk-{state}-{tail}")
        assert await desk.page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
        found.extend(f"{state}: {one}" for one in await violations(desk.page, axe))

    if scheme == "dark":
        await desk.page.get_by_role("button", name="账号菜单").click()
        await desk.page.get_by_role("menuitem", name="深色界面").click()
    await look("1-empty")
    await ask_for_a_person(words, is_known=True)
    await desk.see("等待")
    await look("2-waiting")
    await desk.pick(words)
    await expect(desk.customer.get_by_text("网站登录核实")).to_be_visible(timeout=SOON_MS)
    await look("3-locked")
    await desk.take()
    await desk.is_mine()
    await desk.say("您好，我来为您处理。")
    await look("4-mine")
    await desk.customer.get_by_role("tab", name="投诉").click()
    await look("5-complaints")
    for state, key in (("6-keys", "?"), ("7-commands", "Control+k"), ("8-transfer", "t"), ("9-close", "e")):
        await desk.thread.locator("h2").click()
        await desk.page.keyboard.press(key)
        await expect(desk.dialog).to_be_visible()
        await look(state)
        await desk.page.keyboard.press("Escape")
        await expect(desk.dialog).to_be_hidden()
    await desk.page.get_by_role("button", name=re.compile("通知")).click()
    await look("10-notices")
    assert found == [], "\n".join(found)
