"""`python -m tests.dialogue.change_page`: plays one visit for each change and writes what was said into docs/changes.md.

The visits are tests like all others; a test compares what they say today with the page, sentence by sentence, and
says so when it has grown stale. Which variant of a sentence was said, and numbers and days, may differ.
"""

from __future__ import annotations

import asyncio
import re
import tempfile
from functools import lru_cache
from pathlib import Path

from actions import wording
from bot.chores import host_page_token
from care.services.context import open_care
from care.settings import ROOT
from tests.dialogue.shoppers import USUAL, new_shopper
from tests.dialogue.spoken_lines import page_lines
from tests.dialogue.visiting import Visiting, load_visits
from tests.live.customer import customer
from tests.live.system import LiveSystem, live_system_in

PAGE = ROOT / "docs" / "changes.md"
#: Heading on the page → the visits under it.
SHOWN: dict[str, tuple[str, ...]] = {
    "取消和催单": ("取消待发货的订单", "取消在路上的订单要拦截", "取消已签收的改成退货", "用一单的尾号核实，取消另一单要验证码", "催在路上的一单"),
    "改收货信息": (
        "一句话改地址，只说街道就用原来的城市", "还是上次那个地址", "不说改什么就问改哪一项", "改送货时间，中途换",
        "只知道订单尾号的人改地址要验证码", "已经发出的改不了，人工还有办法",
    ),
    "退货、换货、退款": ("七天内不想要了，没拆封", "超过七天的不想要，登记给人工审核而不拒绝", "退货改成换货", "仅退款由人工核实", "申请了又撤销"),
    "维修和安装": ("报修，约周几，改约，取消", "预约安装", "没签收的商品不能报修，人工有办法"),
    "发票": ("开公司发票，税号写错一位", "开好以后更正抬头"),
    "资料和积分": ("换手机号，验证码发到新手机", "改邮箱，先说错再更正", "没核实的查积分先核实"),
    "个人信息": ("查我的信息", "导出我的信息", "注销，确认后有编号和时间", "同意营销又撤回"),
    "进度": ("退货到哪一步了",),
    "打断、放下、接着办": ("改地址时先去取消另一单，再回来", "投诉里说要改订单地址，登记完接着办", "取消到一半又不取消了"),
}  # fmt: skip
_AT_ONCE = 3
#: A sentence with fewer signs of its own would fit whatever is said.
_OWN_WORDS = 6
_INTRODUCTION = """\
# What a customer may do by talking

Every change is asked for in the customer's own words, verified, restated, confirmed, written once and answered with a
number and a time. What the rules do not allow is taken down for a person. `actions/change/` holds a file for each kind.

| wish | done by | proof beside order number and phone tail |
|---|---|---|
| cancel, urge, return, exchange, refund, repair, invoice | the order system, for the order that was proven | a code for any other order |
| another day of delivery | the order system, until the parcel leaves | none |
| another address, phone or receiver | the order system, until the parcel leaves | code or sign-in |
| name, mailbox, address, birthday | the customer's record, the old value kept | code or sign-in |
| phone | the customer's record, after a code to the new phone | code or sign-in |
| copy or deletion of one's data | a request with number and term | code or sign-in |
| consents, what is kept, points, progress | at once | none |

Below is what is said, word for word. This page is written by `python -m tests.dialogue.change_page`, never by hand; the
visits are in `tests/dialogue/visits/`. Numbers, codes and phones are replaced. In brackets: buttons.
"""
_TEXT = re.compile(r"^- \*\*(客户|知客)\*\*　(.*?)(?: `(.*)`)?$", re.S)


_CARD = re.compile(r" ⟨[^⟩]*⟩$")


async def play(system: LiveSystem) -> dict[str, list[str]]:
    """Name of each shown visit → its lines, as they stand on the page. Raises `GoalMissed`."""
    visits = {visit["visit"]: visit for visit in load_visits()}
    places = asyncio.Semaphore(_AT_ONCE)
    async with open_care(system.settings) as care:

        async def lines_of(name: str) -> list[str]:
            async with places:
                shopper = await new_shopper(care, tuple(visits[name].get("orders", USUAL)))
                is_signed = visits[name].get("as") == "signed"
                identity = await host_page_token(system.settings, shopper.phone) if is_signed else None
                async with customer(system.base_url, identity=identity) as tab:
                    visiting = Visiting(care, tab, shopper, system.code)
                    await visiting.run(visits[name])
                return page_lines(visiting.transcript, shopper)

        names = [name for group in SHOWN.values() for name in group]
        return dict(zip(names, await asyncio.gather(*map(lines_of, names)), strict=True))


def page_of(lines: dict[str, list[str]]) -> str:
    parts = [_INTRODUCTION]
    for heading, names in SHOWN.items():
        parts.append(f"\n## {heading}\n")
        parts += [f"\n### {name}\n\n" + "\n".join(lines[name]) + "\n" for name in names]
    return "".join(parts)


def lines_on_page(page: str) -> dict[str, list[str]]:
    """Name of each visit → its lines, further lines of a bubble with the first."""
    found: dict[str, list[str]] = {}
    for section in re.split(r"^### ", page, flags=re.M)[1:]:
        name, _, body = section.partition("\n")
        body = re.split(r"^## ", body, flags=re.M)[0].strip()
        found[name.strip()] = re.split(r"\n(?=- )", body)
    return found


def sense(line: str) -> str:
    """What a line says, whichever variant was chosen and whatever its numbers and days are."""
    match = _TEXT.match(line)
    if match is None:
        return line
    # A person is offered beside the same words where a case has grown grave, also by its number.
    who, text, buttons = match[1], _CARD.sub("", match[2]), (match[3] or "").replace("[转人工]", "")
    if who == "知客":
        text = next((key for key, pattern in _sentences() if pattern.fullmatch(text)), text)
    return _plain(f"{who} {text} {buttons}")


def _plain(text: str) -> str:
    return re.sub(r"周[一二三四五六日]", "周_", re.sub(r"\d+", "0", text))


@lru_cache(maxsize=1)
def _sentences() -> list[tuple[str, re.Pattern[str]]]:
    """Every variant as a pattern, those with the most words of their own first."""
    variants = [(key, text) for key, texts in wording.sentences().items() for text in texts]
    variants.sort(key=lambda pair: -len(re.sub(r"{\w+}", "", pair[1])))
    return [
        (key, re.compile(re.sub(r"\\{\w+\\}", ".*?", re.escape(text.replace("\n", "  \n  "))), re.S))
        for key, text in variants
        if len(re.sub(r"{\w+}", "", text)) >= _OWN_WORDS
    ]


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="zhike-page-") as folder, live_system_in(Path(folder)) as system:
        PAGE.write_text(page_of(asyncio.run(play(system))), "utf-8")
    print(f"{PAGE.relative_to(ROOT)} written")


if __name__ == "__main__":
    main()
