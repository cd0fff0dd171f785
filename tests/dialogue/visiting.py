"""Scripted visits: what a customer says and presses through the chat socket, and what must come of it.

A visit is a YAML mapping; `tests/dialogue/visits/README.md` explains its keys. Whatever the script says, some things
must hold in every visit (`house_rules`): a label first, no apology with an exclamation mark, no turn
that repeats itself again and again, no half-width punctuation among Chinese.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from string import Formatter
from typing import Any

from ruamel.yaml import YAML
from sqlalchemy import select

from actions import wording
from care.records.complaint import Complaint
from care.records.conversation import Conversation, Handoff
from care.records.notice import StaffNotice
from care.rules.complaint import ComplaintState
from care.rules.times import SHANGHAI
from care.services.context import Care
from tests.dialogue import visit_ends, visit_staff
from tests.dialogue.shoppers import Shopper
from tests.live.customer import Customer, Frame, NoAnswer

FOLDER = Path(__file__).with_name("visits")
ANSWER_S = 30.0
OWNER_S = 3.0
#: The clockwork delivers once a second.
TRACKER_S = 2.5
#: Bubbles of one turn are stored together, so they arrive together.
QUIET_S = 0.12
CASE_NUMBER = re.compile(r"TS-\d{8}-\d{4}")
NUMBER = re.compile(r"[A-Z]{2}-\d{8}-\d{4}")

_TURN_KEYS = {
    "say",
    "press",
    "does",
    "comes_back",
    "hears",
    "never",
    "buttons",
    "no_buttons",
    "card",
    "owner",
    "staff",
    "text",
    "days",
    "quiet",
}
_VISIT_KEYS = {"visit", "as", "orders", "hours", "turns", "ends"}
_DAY = re.compile(r"\d日\(周[一二三四五六日]\)")
_HALF_WIDTH = re.compile(r"[\u4e00-\u9fff”）》][,;:?!()]|[,;:?!()][\u4e00-\u9fff“（《]")
_SORRY = re.compile(r"抱歉|对不起|不好意思")
_LABEL = "智能客服"


def load_visits(folder: Path = FOLDER) -> list[dict[str, Any]]:
    """Every visit of every file, in order.

    Raises:
        ValueError: a key that no visit or turn has.
    """
    visits: list[dict[str, Any]] = []
    for path in sorted(folder.glob("*.yml")):
        for visit in YAML(typ="safe").load(path.read_text("utf-8")):
            unknown = set(visit) - _VISIT_KEYS | {
                key for turn in visit["turns"] for key in set(turn) - _TURN_KEYS
            }
            if unknown:
                raise ValueError(f"{path.name}: {visit.get('visit')}: unknown {', '.join(sorted(unknown))}")
            visits.append({**visit, "file": path.stem})
    return visits


class GoalMissed(AssertionError):
    """The visit went another way than its script; the text is the transcript so far."""


@dataclass
class Visiting:
    """One visit under way."""

    care: Care
    tab: Customer
    shopper: Shopper
    code: Callable[[str], Awaitable[str]]
    transcript: list[str] = field(default_factory=list)
    answers: list[list[Frame]] = field(default_factory=list)
    cases: list[str] = field(default_factory=list)

    async def run(self, visit: Mapping[str, Any], *, with_house_rules: bool = True) -> None:
        """Plays the whole script. Raises `GoalMissed`."""
        for turn in visit["turns"]:
            heard = await self._turn(turn)
            self.answers.append(heard)
            self.cases += [n for n in CASE_NUMBER.findall(_text(heard)) if n not in self.cases]
            await self._check_turn(turn, heard)
            if with_house_rules and heard:
                self._check_house_rules(heard)
        await self._check_records(visit.get("ends") or {})

    # -- what the customer does ------------------------------------------------------------------

    async def _turn(self, turn: Mapping[str, Any]) -> list[Frame]:
        if "does" in turn:
            self.transcript.append(f"   （{turn['does']}）")
            await self.tab.do(turn["does"])
            await self.tab.until(lambda: self.tab.owner == turn["owner"], ANSWER_S)
            return []
        if "comes_back" in turn:
            self.transcript.append("   （断线后重连）")
            before = self.tab.connections
            await self.tab.drop()
            await self.tab.until(lambda: self.tab.connections > before, ANSWER_S)
            return []
        if "staff" in turn:
            return await self._colleague(turn)
        if "press" in turn:
            title = await self._filled(turn["press"])
            self.transcript.append(f"客 [{title}]")
            try:
                sent = await self.tab.press(title)
            except AssertionError:
                self._fail(f"没有按钮 {title}")
        else:
            text = await self._filled(turn["say"])
            self.transcript.append(f"客 {text}")
            sent = await self.tab.say(text)
        if self.tab.owner != "bot":
            await self.tab.acked(sent, ANSWER_S)
            return []
        return await self._answer(sent)

    async def _colleague(self, turn: Mapping[str, Any]) -> list[Frame]:
        """A colleague does something with the visit's last case; what the customer is told of it by itself."""
        before = max(self.tab.lines, default=0)
        self.transcript.append(f"   （同事：{turn['staff']} {turn.get('text', '')}）")
        await visit_staff.act(self.care, self.cases[-1], turn["staff"], turn)
        if turn.get("quiet"):
            return []

        def news() -> list[Frame]:
            lines = sorted(self.tab.lines.items())
            return [line for seq, line in lines if seq > before and line["from"] == "system"]

        # Several steps are told one by one.
        wanted = _listed(turn.get("hears"))
        await self.tab.until(
            lambda: bool(news()) and all(re.search(one, _text(news())) for one in wanted), ANSWER_S
        )
        # The bot's own memory hears of it right after.
        await asyncio.sleep(TRACKER_S)
        self.transcript += [f"  * {line['text']}" for line in news()]
        return news()

    async def _answer(self, sent: str) -> list[Frame]:
        await self.tab.until(lambda: sent in self.tab.acks, ANSWER_S)
        asked = self.tab.acks[sent]

        def answers() -> list[Frame]:
            lines = sorted(self.tab.lines.items())
            return [line for seq, line in lines if seq > asked and line["from"] != "customer"]

        await self.tab.until(lambda: bool(answers()), ANSWER_S)
        known = -1
        while known != len(self.tab.frames):
            known = len(self.tab.frames)
            await asyncio.sleep(QUIET_S)
        for line in answers():
            titles = "".join(f" [{b['title']}]" for b in line.get("buttons") or ())
            card = f" <{line['card'].get('number') or line['card'].get('name')}>" if line.get("card") else ""
            self.transcript.append(f"  {line['text']}{card}{titles}")
        return answers()

    async def _filled(self, text: str, *, as_pattern: bool = False) -> str:
        text = str(text)
        if "{code}" in text:
            text = text.replace("{code}", await self.code(self.shopper.phone))
        if "{new_code}" in text:
            text = text.replace("{new_code}", await self.code(self.shopper.new_phone))
        if "{case}" in text:
            text = text.replace("{case}", self.cases[-1] if self.cases else "TS-00000000-0000")
        if "{foreign_case}" in text:
            text = text.replace("{foreign_case}", await visit_staff.case_of_somebody_else(self.care))
        if "{number}" in text:
            numbers = NUMBER.findall("\n".join(_text(heard) for heard in self.answers))
            text = text.replace("{number}", numbers[-1] if numbers else "TH-00000000-0000")
        return self.shopper.filled(text, as_pattern=as_pattern)

    # -- what must have come of it -----------------------------------------------------------------

    async def _check_turn(self, turn: Mapping[str, Any], heard: list[Frame]) -> None:
        said = _text(heard)
        titles = [button["title"] for line in heard for button in line.get("buttons") or ()]
        for pattern in _listed(turn.get("hears")):
            if not re.search(await self._filled(pattern, as_pattern=True), _in_any_words(heard)):
                self._fail(f"没有听到 {pattern}")
        for pattern in _listed(turn.get("never")):
            if re.search(await self._filled(pattern, as_pattern=True), said):
                self._fail(f"不该听到 {pattern}")
        for title in _listed(turn.get("buttons")):
            if not any(title in shown for shown in titles):
                self._fail(f"没有按钮 {title}")
        for title in _listed(turn.get("no_buttons")):
            if any(title in shown for shown in titles):
                self._fail(f"不该有按钮 {title}")
        cards = _cards(heard)
        if "card" in turn:
            wanted = await self._filled(turn["card"]) if turn["card"] else None
            if wanted is None and cards:
                self._fail(f"不该有卡片 {cards}")
            if wanted is not None and wanted not in cards:
                self._fail(f"没有卡片 {wanted}")
        if "owner" in turn:
            # The change of hands is told in a frame of its own, after the words.
            with suppress(NoAnswer):
                await self.tab.until(lambda: self.tab.owner == turn["owner"], OWNER_S)
        if "owner" in turn and self.tab.owner != turn["owner"]:
            self._fail(f"会话由 {self.tab.owner} 接待，应为 {turn['owner']}")

    def _check_house_rules(self, heard: list[Frame]) -> None:
        for problem in house_rules(self.answers):
            self._fail(problem)

    async def _check_records(self, ends: Mapping[str, Any]) -> None:
        if "owner" in ends and self.tab.owner != ends["owner"]:
            self._fail(f"会话由 {self.tab.owner} 接待，应为 {ends['owner']}")
        said = "\n".join(_in_any_words(heard) for heard in self.answers)
        for pattern in _listed(ends.get("heard")):
            if not re.search(await self._filled(pattern, as_pattern=True), said):
                self._fail(f"整场没有听到 {pattern}")
        shown = [card for heard in self.answers for card in _cards(heard)]
        for wanted in _listed(ends.get("cards")):
            if await self._filled(wanted) not in shown:
                self._fail(f"整场没有卡片 {wanted}")
        async with self.care.sessions.read() as session:
            conversation = await session.scalar(
                select(Conversation).where(Conversation.public_id == self.tab.conversation)
            )
            assert conversation is not None
            complaints = list(
                await session.scalars(
                    select(Complaint)
                    .where(Complaint.conversation_id == conversation.id)
                    .order_by(Complaint.id)
                )
            )
            reasons = list(
                await session.scalars(
                    select(Handoff.reason)
                    .where(Handoff.conversation_id == conversation.id)
                    .order_by(Handoff.id)
                )
            )
            told = await session.scalars(
                select(StaffNotice.kind).where(StaffNotice.conversation_id == conversation.id)
            )
            notices = {kind.value for kind in told}
            filled = await self._all_filled(ends)
            changed = await visit_ends.problems(
                session, conversation, self.shopper.phone, self.shopper.numbers, filled
            )
        if changed:
            self._fail("；".join(changed))
        received = [case for case in complaints if case.case_number]
        if "cases" in ends and len(received) != ends["cases"]:
            self._fail(f"受理了 {len(received)} 件，应为 {ends['cases']} 件")
        if "draft" in ends and any(c.state is ComplaintState.DRAFT for c in complaints) != ends["draft"]:
            self._fail(f"草稿：{[c.state.value for c in complaints]}")
        if missed := set(_listed(ends.get("notices"))) - notices:
            self._fail(f"同事没有收到 {missed}，只有 {notices}")
        if "reason" in ends and ends["reason"] not in reasons:
            self._fail(f"转人工的原因是 {reasons}，应为 {ends['reason']}")
        if wanted := ends.get("case"):
            if not complaints:
                self._fail("没有投诉记录")
            await self._check_case(complaints[-1], wanted)

    async def _all_filled(self, wanted: Any) -> Any:
        """`wanted` with every text in it filled in."""
        if isinstance(wanted, str):
            return await self._filled(wanted)
        if isinstance(wanted, Mapping):
            return {key: await self._all_filled(value) for key, value in wanted.items()}
        return [await self._all_filled(one) for one in wanted] if isinstance(wanted, list) else wanted

    async def _check_case(self, case: Complaint, wanted: Mapping[str, Any]) -> None:
        expected_day = case.expectation_at.astimezone(SHANGHAI) if case.expectation_at else None
        found = {
            "topic": case.topic,
            "state": case.state.value,
            "grade": case.grade.value,
            "order": case.order_number,
            "product": case.product_said or "",
            "words": case.own_words,
            "not_words": case.own_words,
            "remedy": case.remedy_said or "",
            "expectation": case.expectation_said or "",
            "is_own": case.order_is_own,
            "on_behalf": case.on_behalf_of or "",
            "due_in_days": (
                None
                if expected_day is None
                else (expected_day.date() - case.opened_at.astimezone(SHANGHAI).date()).days
            ),
        }
        for name, value in wanted.items():
            for part in value if isinstance(value, list) else [value]:
                part = await self._filled(part) if isinstance(part, str) else part
                is_inside = name in ("words", "product", "remedy", "expectation", "on_behalf")
                ok = part in found[name] if is_inside else found[name] == part
                if name == "not_words":
                    ok = part not in found[name]
                if not ok:
                    self._fail(f"投诉记录 {name} 是 {found[name]!r}，应为 {part!r}")

    def _fail(self, what: str) -> None:
        raise GoalMissed("\n".join(["", *self.transcript, f"✗ {what}"]))


def house_rules(answers: list[list[Frame]]) -> list[str]:
    """What is wrong with the last answer whatever the customer said."""
    problems: list[str] = []
    heard = answers[-1]
    spoken = [line for line in heard if line["from"] == "bot"]
    for line in spoken:
        text = _DAY.sub("", line["text"])
        # A customer's or a record's own words are shown as they are.
        own = re.sub(r"(?m)^(?:问题|订单或商品|希望处理|期望答复)：.*$|《[^》]*》", "", text)
        if not line["text"].strip() or re.search(r"[{}]|None", line["text"]):
            problems.append(f"空话或没有填好：{line['text']!r}")
        if found := _HALF_WIDTH.search(own):
            problems.append(f"半角标点 {found[0]!r}：{line['text']}")
        if _SORRY.search(line["text"]) and re.search("[!！]", line["text"]):
            problems.append(f"道歉带感叹号：{line['text']}")
        if any(len(b["title"]) > 30 for b in line.get("buttons") or ()):
            problems.append(f"按钮太长：{line['buttons']}")
    first = next((turn for turn in answers if turn), None)
    if spoken and heard is first:
        if _LABEL not in spoken[0]["text"]:
            problems.append("第一轮没有标明智能客服")
        if len(spoken) > 1 and len(spoken[0]["text"]) > 20:
            problems.append(f"标明太长：{spoken[0]['text']}")
    last = [_shape(turn) for turn in answers[-3:] if turn]
    if len(last) == 3 and last[0] == last[1] == last[2]:
        problems.append("同一轮话连说三遍")
    return problems


def _shape(heard: list[Frame]) -> tuple[Any, ...]:
    return tuple((line["text"], tuple(b["title"] for b in line.get("buttons") or ())) for line in heard)


def _text(heard: list[Frame]) -> str:
    return "\n".join(line["text"] for line in heard)


def _in_any_words(heard: list[Frame]) -> str:
    """What was said, and each line again in the other variants of its sentence: which one a turn draws is chance."""
    return "\n".join(text for line in heard for text in (line["text"], *_other_words(line["text"])))


def _other_words(text: str) -> list[str]:
    found = []
    for variants, patterns in _variants():
        for pattern in patterns:
            if said := pattern.fullmatch(text):
                found += [variant.format_map(said.groupdict()) for variant in variants]
                break
    return found


@lru_cache(maxsize=1)
def _variants() -> list[tuple[list[str], list[re.Pattern[str]]]]:
    """Each sentence's variants that name the same values, and patterns that read the values back."""
    alike: dict[tuple[str, frozenset[str]], list[str]] = {}
    for key, variants in wording.sentences().items():
        for variant in variants:
            names = frozenset(re.findall(r"{(\w+)}", variant))
            alike.setdefault((key, names), []).append(variant)
    return [(texts, [_pattern(text) for text in texts]) for texts in alike.values() if len(texts) > 1]


def _pattern(variant: str) -> re.Pattern[str]:
    seen: set[str] = set()
    parts = []
    for literal, name, _, _ in Formatter().parse(variant):
        parts.append(re.escape(literal))
        if name:
            parts.append(f"(?P={name})" if name in seen else f"(?P<{name}>.+)")
            seen.add(name)
    return re.compile("".join(parts), re.DOTALL)


def _cards(heard: list[Frame]) -> list[str]:
    return [line["card"].get("number") or line["card"].get("name") for line in heard if line.get("card")]


def _listed(value: Any) -> list[str]:
    return [] if value is None else [value] if isinstance(value, str) else list(value)
