"""A manager at the console, in a real browser on the running system with its demo data."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from uuid import uuid4
from zipfile import ZipFile

import pytest
import pytest_asyncio
from playwright.async_api import expect

from bot.up.prepare import demo_password
from care.settings import Settings
from tests.browser.conftest import DESKTOP, LAPTOP, PHONE, OpenPage
from tests.browser.console_page import SOON_MS, Console
from tests.browser.test_accessibility import violations

OpenConsole = Callable[..., Awaitable[Console]]
PAGES = ("今日", "投诉台账", "满意度", "客户", "机器人", "服务", "团队", "改进", "设置")


@pytest_asyncio.fixture
async def open_console(open_page: OpenPage, base_url: str, settings: Settings) -> OpenConsole:
    async def sign_in(login: str = "manager1", size: tuple[int, int] = LAPTOP) -> Console:
        console = Console(await open_page(size))
        await console.sign_in(base_url, login, demo_password(settings))
        return console

    return sign_in


async def test_overdue_complaints_of_today_lead_to_exactly_these_rows(open_console: OpenConsole) -> None:
    console = await open_console()
    await console.is_at("今日")
    await expect(console.main.get_by_role("status")).to_have_text(re.compile(r"更新于 \d\d:\d\d"))
    card = console.figure("超时的投诉")
    shown = int(re.sub(r"\D", "", await card.locator(".value").inner_text(timeout=SOON_MS)))
    await card.click()
    await console.is_at("投诉台账")
    assert await console.total() == shown > 0


async def test_the_ledger_is_filtered_by_state_and_text_and_a_case_opens(open_console: OpenConsole) -> None:
    console = await open_console()
    await console.go("投诉台账")
    whole = await console.total()
    state = console.states.get_by_role("button", name=re.compile("^调查中"))
    count = int(re.sub(r"\D", "", await state.inner_text()))
    await state.click()
    await expect(console.main.get_by_role("status")).to_have_text(f"共 {count} 件", timeout=SOON_MS)
    assert 0 < count < whole
    await expect(console.rows.first).to_contain_text("调查中")
    number = await console.rows.first.get_by_role("link").first.inner_text()
    await console.main.get_by_role("button", name="清除").click()
    await console.main.get_by_label("编号、原话、商品、订单").fill(number)
    await console.main.get_by_role("button", name="查找").click()
    await expect(console.rows).to_have_count(1, timeout=SOON_MS)
    await console.rows.get_by_role("link", name=number).click()
    await console.is_at(number)
    await expect(console.main.get_by_text(re.compile("记录链校验通过"))).to_be_visible(timeout=SOON_MS)
    await console.has_loaded()


async def test_what_is_filtered_is_exported(open_console: OpenConsole, tmp_path: Path) -> None:
    console = await open_console()
    await console.go("投诉台账")
    await console.total()
    async with console.page.expect_download() as started:
        await console.main.get_by_role("link", name="导出 XLSX").click()
    file = tmp_path / "ledger.xlsx"
    await (await started.value).save_as(file)
    with ZipFile(file) as book:
        assert "xl/workbook.xml" in book.namelist()


async def test_a_saved_view_brings_its_filters_back(open_console: OpenConsole) -> None:
    console = await open_console()
    await console.go("投诉台账")
    whole = await console.total()
    await console.states.get_by_role("button", name=re.compile("^调查中")).click()
    await expect(console.main.get_by_role("status")).not_to_have_text(f"共 {whole} 件", timeout=SOON_MS)
    narrowed = await console.total()
    await console.main.get_by_role("button", name="存为视图").click()
    await console.page.get_by_label("视图名称").fill("正在查的")
    await console.page.get_by_role("dialog").get_by_role("button", name="保存").click()
    await console.main.get_by_role("button", name="清除").click()
    await expect(console.main.get_by_role("status")).to_have_text(f"共 {whole} 件", timeout=SOON_MS)
    await console.page.reload()
    await console.main.get_by_label("常用视图").select_option("正在查的")
    await expect(console.main.get_by_role("status")).to_have_text(f"共 {narrowed} 件", timeout=SOON_MS)


async def test_every_satisfaction_chart_has_its_table_and_a_group_leads_to_its_answers(
    open_console: OpenConsole,
) -> None:
    console = await open_console()
    await console.go("满意度")
    await expect(console.main.get_by_role("region", name="关怀矩阵")).to_contain_text(
        "样本不足", timeout=SOON_MS
    )
    charts = console.main.locator("figure")
    await expect(charts.first.locator("canvas")).to_be_visible()
    await charts.first.get_by_role("button", name="看表格").click()
    await expect(charts.first.locator("tbody tr").first).to_be_visible()
    group = console.main.get_by_role("region", name="分组").locator("tbody").get_by_role("link").first
    await group.click()
    await console.is_at("评价回答")
    await expect(console.rows.first).to_be_visible(timeout=SOON_MS)


async def test_an_administrator_makes_an_account_and_its_password_is_shown_once(
    open_console: OpenConsole,
) -> None:
    console = await open_console("admin")
    await console.go("设置")
    await console.main.get_by_role("button", name="新建账号").click()
    form = console.page.get_by_role("dialog", name="新建账号")
    login = f"new-{uuid4().hex[:8]}"
    await form.get_by_label("登录名").fill("大 写")
    await form.get_by_label("姓名").fill("李新")
    await form.get_by_label("同时接待上限").fill("99")
    await form.get_by_role("button", name="保存").click()
    await expect(form.get_by_role("alert")).to_have_count(2, timeout=SOON_MS)
    await form.get_by_label("登录名").fill(login)
    await form.get_by_label("同时接待上限").fill("4")
    await form.get_by_role("button", name="保存").click()
    shown = console.page.get_by_role("dialog", name="首次登录的密码")
    password = await shown.locator("code").inner_text(timeout=SOON_MS)
    await shown.get_by_role("button", name="已记下，关闭").click()
    await expect(console.rows.filter(has_text=login)).to_contain_text("首次登录要改密码", timeout=SOON_MS)
    assert len(password) >= 12
    assert password not in await console.page.content()


async def test_a_lead_sees_of_the_settings_the_replies_alone(open_console: OpenConsole) -> None:
    console = await open_console("lead1")
    await console.go("设置")
    tabs = console.main.get_by_role("navigation", name="设置").get_by_role("link")
    await expect(tabs).to_have_text(["常用语"])
    await console.main.get_by_label(re.compile("^文字、拼音")).fill("cuifahuo")
    await console.main.get_by_role("button", name="查找").click()
    await expect(console.rows.first).to_contain_text("催发货", timeout=SOON_MS)


async def test_an_agent_is_refused_and_shown_the_way_to_the_desk(open_console: OpenConsole) -> None:
    console = await open_console("agent1")
    await console.is_at("您不能查看管理台")
    await expect(console.main.get_by_role("link", name="打开坐席台")).to_be_visible()
    await expect(console.nav).to_have_count(0)


@pytest.mark.parametrize(("name", "size"), [("1440", DESKTOP), ("1280", LAPTOP)])
async def test_every_page_loads_and_has_no_serious_barrier(
    open_console: OpenConsole, axe: str, name: str, size: tuple[int, int]
) -> None:
    console = await open_console(size=size)
    await console.is_at("今日")
    for page in PAGES:
        await console.go(page)
        await console.has_loaded()
        await console.shoot(f"console-{page}-{name}")
        assert await violations(console.page, axe) == [], page


async def test_today_fits_a_phone(open_console: OpenConsole) -> None:
    console = await open_console(size=PHONE)
    await console.is_at("今日")
    await expect(console.figure("超时的投诉")).to_be_visible(timeout=SOON_MS)
    assert await console.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    await console.shoot("console-今日-390")
