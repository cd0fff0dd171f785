"""What a customer does on the chat page, against the running system."""

from __future__ import annotations

import json
import re

from playwright.async_api import WebSocketRoute, expect

from care.services import conversations, handoff, staff
from care.services.context import Care
from tests.browser.chat_page import ANSWER_MS, Chat
from tests.browser.conftest import OpenPage

KNOWN_QUESTION = "七天无理由退货怎么退"


async def test_a_question_is_answered_with_its_source(chat: Chat) -> None:
    answer = await chat.ask(KNOWN_QUESTION)
    await expect(answer.locator(".source")).to_have_text(re.compile("^来源"))
    assert await chat.own_texts() == [KNOWN_QUESTION]
    await chat.wait_sent()


async def test_the_assistant_says_what_it_is_and_the_way_to_a_person_is_there(chat: Chat) -> None:
    await expect(chat.page.get_by_role("heading", name="智能客服")).to_be_visible()
    await expect(chat.human).to_have_text("转人工")
    privacy = chat.root.locator(".privacy a")
    async with chat.page.context.expect_page() as opened:
        await privacy.click()
    page = await opened.value
    await expect(page.get_by_role("heading", name="隐私说明")).to_be_visible()


async def test_enter_sends_and_shift_enter_breaks_the_line(chat: Chat) -> None:
    await chat.field.fill("第一行")
    await chat.field.press("Shift+Enter")
    await chat.field.press_sequentially("第二行")
    assert await chat.own_texts() == []
    await chat.field.press("Enter")
    await expect(chat.own).to_have_text(["第一行\n第二行"])
    await expect(chat.field).to_have_value("")


async def test_enter_while_an_input_method_composes_takes_the_word_and_sends_nothing(chat: Chat) -> None:
    devtools = await chat.page.context.new_cdp_session(chat.page)
    await chat.field.focus()
    await devtools.send(
        "Input.imeSetComposition", {"text": "chading", "selectionStart": 7, "selectionEnd": 7}
    )
    await expect(chat.field).to_have_value("chading")
    # The browser's own Enter while the composition is open…
    await chat.page.keyboard.press("Enter")
    # …and the one with which Safari ends it: no longer composing, but with the old code 229.
    await chat.field.evaluate(
        "field => field.dispatchEvent(new KeyboardEvent('keydown',"
        " {key: 'Enter', keyCode: 229, bubbles: true, composed: true, cancelable: true}))"
    )
    assert await chat.own_texts() == []
    await devtools.send("Input.insertText", {"text": "查订单"})
    await expect(chat.field).to_have_value(re.compile("查订单"))
    assert await chat.own_texts() == []
    await chat.field.fill("查订单")
    await chat.field.press("Enter")
    await expect(chat.own).to_have_text(["查订单"])


async def test_a_thousand_characters_are_the_limit_and_are_counted_from_nine_hundred(chat: Chat) -> None:
    counter = chat.root.locator(".counter")
    send = chat.page.get_by_role("button", name="发送", exact=True)
    await chat.field.fill("字" * 899)
    await expect(counter).to_be_empty()
    await chat.field.fill("字" * 900)
    await expect(counter).to_have_text("还可输入 100 字")
    await chat.field.fill("字" * 999 + "👍")
    await expect(counter).to_have_text("还可输入 0 字")
    await expect(send).to_be_enabled()
    await chat.field.fill("字" * 1001)
    await expect(counter).to_contain_text("超出 1 字")
    await expect(send).to_be_disabled()
    await chat.field.press("Enter")
    assert await chat.own_texts() == []


async def test_forged_markup_is_text_now_and_after_a_reload(chat: Chat) -> None:
    forged = (
        "<img src=x onerror=\"document.title='hacked'\"><b>粗</b><script>document.title='hacked'</script>"
    )
    await chat.ask(forged)
    for _ in range(2):
        await expect(chat.own).to_have_text([forged])
        assert await chat.root.locator(".bubble img, .bubble b, .bubble script").count() == 0
        assert "hacked" not in await chat.page.title()
        await chat.page.reload()
        await chat.ready()
        await expect(chat.own).to_have_count(1)


async def test_only_addresses_of_allowed_hosts_become_links(chat: Chat, base_url: str) -> None:
    await chat.say(f"看 {base_url}/privacy 和 https://evil.example.com/x 还有 javascript:alert(1)")
    await expect(chat.own.locator("a")).to_have_count(1)
    await expect(chat.own.locator("a")).to_have_attribute("href", f"{base_url}/privacy")
    await expect(chat.own.locator("a")).to_have_attribute("rel", re.compile("noopener"))


async def test_a_reload_keeps_the_history_and_the_draft(chat: Chat) -> None:
    answer = await (await chat.ask(KNOWN_QUESTION)).inner_text()
    await chat.field.fill("还没有写完")
    await chat.page.reload()
    await chat.ready()
    await expect(chat.own).to_have_text([KNOWN_QUESTION])
    assert await chat.answers.last.inner_text() == answer
    await expect(chat.field).to_have_value("还没有写完")


async def test_what_is_written_offline_is_sent_once_when_the_network_is_back(chat: Chat) -> None:
    await chat.page.context.set_offline(True)
    await expect(chat.connection).to_have_text("已离线，消息会在恢复后发送")
    await chat.say("离线时写的")
    await expect(chat.root.locator(".delivery")).to_contain_text("等待发送")
    await chat.shoot("chat-offline-1280x720")
    await chat.page.context.set_offline(False)
    await chat.wait_sent()
    await chat.ready()
    await chat.page.reload()
    await chat.ready()
    await expect(chat.own).to_have_text(["离线时写的"])


async def test_a_message_whose_acknowledgement_was_lost_is_sent_again_and_counts_once(
    open_page: OpenPage, base_url: str
) -> None:
    page = await open_page()
    sent: list[str] = []

    def between(socket: WebSocketRoute) -> None:
        """Lets everything through, but cuts the first connection instead of its acknowledgement."""
        server = socket.connect_to_server()
        is_first = not sent

        def to_server(message: str | bytes) -> None:
            frame = json.loads(message)
            if frame["type"] == "message":
                sent.append(frame["client_msg_id"])
            server.send(message)

        async def to_page(message: str | bytes) -> None:
            if is_first and json.loads(message)["type"] == "ack":
                await socket.close()
            elif not (is_first and sent):
                socket.send(message)

        socket.on_message(to_server)
        server.on_message(to_page)

    await page.route_web_socket(re.compile("/ws/chat"), between)
    chat = Chat(page)
    await chat.open(base_url)
    await chat.say("只能算一次")
    await chat.wait_sent()
    assert len(sent) >= 2
    assert len(set(sent)) == 1
    await expect(chat.own).to_have_text(["只能算一次"])
    await page.reload()
    await chat.ready()
    await expect(chat.own).to_have_text(["只能算一次"])


async def test_two_windows_of_one_visitor_show_the_same_conversation(chat: Chat, base_url: str) -> None:
    await chat.ask(KNOWN_QUESTION)
    other = Chat(await chat.page.context.new_page())
    await other.open(base_url)
    await expect(other.own).to_have_text([KNOWN_QUESTION])
    await other.say("从另一个窗口")
    await expect(chat.own).to_have_text([KNOWN_QUESTION, "从另一个窗口"])


async def test_quick_replies_go_grey_once_one_is_used_and_stay_so(chat: Chat) -> None:
    await chat.ask("我要投诉，昨天买的电饭煲坏了")
    choice = chat.choices.last
    await expect(choice).to_be_visible(timeout=ANSWER_MS)
    title = await choice.inner_text()
    group = (
        chat.root.locator(".choices:not(.starters)").filter(has=chat.page.get_by_text(title, exact=True)).last
    )
    await choice.click()
    await expect(chat.own.last).to_have_text(title)
    await chat.wait_sent()
    used = await group.locator(".choice").count()
    await expect(group.locator(".choice[aria-disabled=true]")).to_have_count(used)
    before = len(await chat.own_texts())
    await group.locator(".choice").first.click(force=True)
    await chat.page.reload()
    await chat.ready()
    await expect(chat.own).to_have_count(before)
    await expect(chat.root.locator(".choice[data-chosen]").first).to_have_text(title)


async def test_the_button_for_a_person_shows_the_place_and_can_be_taken_back(chat: Chat) -> None:
    await chat.ask(KNOWN_QUESTION)
    await chat.human.click()
    await expect(chat.waiting).to_be_visible(timeout=ANSWER_MS)
    await expect(chat.waiting.locator(".place")).to_contain_text(re.compile(r"您排在第 \d+ 位"))
    await chat.say("先留个言")
    await chat.wait_sent()
    await chat.page.reload()
    await chat.ready()
    await expect(chat.waiting).to_be_visible()
    await expect(chat.waiting.locator(".place")).to_contain_text(re.compile(r"您排在第 \d+ 位"))
    await expect(chat.own.last).to_have_text("先留个言")
    await chat.page.get_by_role("button", name="继续由智能客服接待").click()
    await expect(chat.waiting).to_be_hidden(timeout=ANSWER_MS)
    await expect(chat.human).to_have_text("转人工")


async def test_an_agent_is_shown_by_name_and_hands_back(chat: Chat, care: Care) -> None:
    await chat.ask(KNOWN_QUESTION)
    await chat.human.click()
    await expect(chat.waiting).to_be_visible(timeout=ANSWER_MS)
    conversation = await conversations.get_conversation(care, await chat.conversation())
    agent = next(one for one in await staff.list_staff(care) if one.login == "agent1")
    await handoff.take(care, conversation.id, agent.id)
    await handoff.say_as_agent(
        care, conversation.id, agent.id, "我是人工客服。", "0d9a3c1e-3c70-4a36-9c0f-5f7b8f0c9a11"
    )
    said = chat.root.locator(".from-agent")
    await expect(said.locator(".bubble")).to_have_text("我是人工客服。", timeout=ANSWER_MS)
    await expect(said.locator(".name")).to_have_text(agent.name)
    await expect(chat.root.locator(".status")).to_contain_text(agent.name)
    await expect(chat.waiting).to_be_hidden()
    await chat.shoot("chat-agent-1280x720")
    await handoff.return_to_bot(care, conversation.id, agent.id)
    await expect(chat.human).to_have_text("转人工", timeout=ANSWER_MS)


async def test_an_ended_conversation_says_so_and_a_new_one_can_begin(chat: Chat) -> None:
    await chat.ask(KNOWN_QUESTION)
    await chat.page.get_by_role("button", name="结束会话").click()
    dialog = chat.page.get_by_role("dialog")
    await dialog.get_by_role("button", name="结束会话").click()
    restart = chat.page.get_by_role("button", name="开始新的会话")
    await expect(restart).to_be_visible(timeout=ANSWER_MS)
    await expect(chat.field).to_be_hidden()
    await restart.click()
    await chat.ready()
    await expect(chat.root.locator(".divider")).to_be_visible()
    await chat.ask("您好")
    await expect(chat.own.last).to_have_text("您好")


async def test_an_order_is_a_card_with_its_timeline(chat: Chat, customer_token: str) -> None:
    await chat.page.evaluate("token => document.querySelector('zhike-chat').setUser(token)", customer_token)
    await chat.ready()
    await chat.ask("我的订单到哪了")
    await chat.choices.filter(has_text="运输中").first.click()
    card = chat.root.locator("section.card").first
    await expect(card).to_be_visible(timeout=ANSWER_MS)
    await expect(card.locator(".total strong")).to_have_text(re.compile(r"^¥[\d,]+\.\d\d$"))
    await expect(card.locator(".state")).not_to_be_empty()
    toggle = card.locator(".toggle")
    await expect(card.locator(".timeline li:visible")).to_have_count(1)
    await toggle.click()
    await expect(toggle).to_have_attribute("aria-expanded", "true")
    assert await card.locator(".timeline li:visible").count() > 1
    await chat.shoot("chat-order-timeline-1280x720")
    await toggle.click()
    await expect(card.locator(".timeline li:visible")).to_have_count(1)
