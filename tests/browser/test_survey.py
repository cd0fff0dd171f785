"""Being asked at the end of a conversation, in a real browser."""

from __future__ import annotations

from playwright.async_api import expect

from care.rules.vocabulary import Role
from care.services import conversations, handoff, staff
from care.services.context import Care
from tests.browser.chat_page import ANSWER_MS, Chat

FACES = ["很不满意", "不满意", "一般", "满意", "很满意"]


async def test_the_end_asks_with_five_faces_and_the_answer_survives_a_reload(chat: Chat, care: Care) -> None:
    await chat.ask("七天无理由退货怎么退")
    await chat.wait_sent()
    view = await conversations.get_conversation(care, await chat.conversation())
    people = await staff_named(care)
    await handoff.take(care, view.id, people)
    await handoff.close(care, view.id, f"staff:{people}")
    survey = chat.root.get_by_role("region", name="服务评价")
    await expect(survey).to_be_visible(timeout=ANSWER_MS)
    await expect(survey.locator(".face span")).to_have_text(FACES)
    await expect(survey.locator("input:checked")).to_have_count(0)
    await expect(survey.get_by_role("button", name="下一题")).to_be_disabled()
    await chat.shoot("survey-faces")
    # By keyboard alone.
    await survey.get_by_role("radio", name="很不满意").focus()
    for _ in range(3):
        await chat.page.keyboard.press("ArrowRight")
    await expect(survey.get_by_role("radio", name="满意", exact=True)).to_be_checked()
    await chat.page.keyboard.press("Enter")
    await expect(survey.locator(".face")).to_have_count(0)
    await chat.page.reload()
    await expect(survey).to_be_visible(timeout=ANSWER_MS)
    await expect(survey.locator(".survey-step")).to_contain_text("第 2 题")
    await chat.shoot("survey-second")
    while await survey.locator(".mark").count():
        step = await survey.locator(".survey-step").inner_text()
        await survey.locator(".mark").nth(5).click()
        await survey.get_by_role("button", name="下一题").click()
        await expect(survey.locator(".survey-step")).not_to_have_text(step)
    await survey.get_by_role("textbox").fill("很耐心")
    await expect(survey.locator(".survey-left")).to_have_text("还可输入 497 字")
    await chat.shoot("survey-reason")
    await survey.get_by_role("button", name="提交").click()
    await expect(survey.get_by_role("status")).to_contain_text("评价小问")
    await chat.shoot("survey-thanks")
    await survey.get_by_role("button", name="关闭").click()
    await expect(survey).to_be_hidden()


async def staff_named(care: Care) -> int:
    """An agent of this test alone."""
    added = await staff.add_staff(
        care, login="survey_agent", name="小问", role=Role.AGENT, password="long enough 1"
    )
    return added.id
