"""Demo complaints in every state, their promises and feedback; events are made in `trails`."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal

from care.demo.base import Anchor, Row, moment, stream
from care.demo.contacts import Contacts, transcript
from care.demo.orders import DAYS, Orders
from care.demo.people import People
from care.demo.words import COMPLAINTS, EXPECTATIONS, REMEDIES
from care.rules.complaint import (
    ComplaintCategory,
    ComplaintState,
    care_part_of_topic,
    care_stage_of_topic,
    category_of_topic,
)
from care.rules.cues import find_cues
from care.rules.severity import grade, parts_from
from care.rules.times import shanghai_day
from care.rules.vocabulary import Channel, Cue, Emotion, HandledBy, Kind, Outcome, Speaker, Topic

S = ComplaintState

#: Numbers of demo cases start here: they never use up a real day's numbers, and no real day reaches them.
FIRST_SERIAL = 9001
#: How a case of that age stands: (state, weight). The young ones are under way, the old ones mostly settled.
_YOUNG = (
    (S.ACKNOWLEDGED, 8), (S.ASSESSED, 8), (S.INVESTIGATING, 14), (S.WAITING_CUSTOMER, 6), (S.PROPOSED, 9),
    (S.EXECUTING, 9), (S.CLOSED, 12), (S.RECEIVED, 3),
)  # fmt: skip
_OLD = (
    (S.CLOSED, 82), (S.UNRESOLVED, 6), (S.WITHDRAWN, 3), (S.RECLASSIFIED, 3), (S.MERGED, 2), (S.REOPENED, 2),
    (S.INVESTIGATING, 2),
)  # fmt: skip
#: Two surges: a leaking kettle, 62 days ago; late deliveries of the last five days (4, 6, 8, 9, 7).
KETTLE = "MD-K17"
KETTLE_SURGE = {64: 2, 63: 5, 62: 9, 61: 6, 60: 3}
LATE_SURGE = {5: 4, 4: 6, 3: 8, 2: 9, 1: 7}
_KETTLE_LINES = (
    "{p}底座漏水,插座都湿了", "新买的{p}烧水的时候漏电,手麻了一下", "{p}壶底一直滴水", "{p}用了三天就漏",
    "热水壶漏水把台面烫了,差点烫到孩子",
)  # fmt: skip


@dataclass
class Cases:
    """Complaint rows with positions for ids and `goal`, the state to reach."""

    complaints: list[Row] = field(default_factory=list)


def cases(anchor: Anchor, folk: People, bought: Orders, products: list[Row], made: Contacts) -> Cases:
    """About 230 complaints, each with its contact; every state occurs."""
    rng = stream("cases")
    found = Cases()
    teller = _Teller(rng, anchor, bought, products, made, found)
    for days_ago in range(DAYS, 0, -1):
        for _ in range(rng.choices((0, 1, 2, 3), weights=(34, 40, 20, 6))[0]):
            topic = Topic(rng.choices(list(COMPLAINTS), weights=[w for w, _ in COMPLAINTS.values()])[0])
            teller.complain(days_ago, topic, rng.choice(COMPLAINTS[topic.value][1]))
        for _ in range(KETTLE_SURGE.get(days_ago, 0)):
            teller.complain(days_ago, Topic.COMPLAINT_QUALITY, rng.choice(_KETTLE_LINES), model=KETTLE)
        for _ in range(LATE_SURGE.get(days_ago, 0)):
            teller.complain(
                days_ago, Topic.COMPLAINT_DELIVERY, rng.choice(COMPLAINTS["complaint_delivery"][1][::3])
            )
    for number in range(3):
        teller.complain(
            1, Topic.COMPLAINT_OTHER, ("{p}不对劲", "我要投诉", "送来的{p}有点问题")[number], goal=S.DRAFT
        )
    _number(found)
    _merge_targets(found)
    return found


class _Teller:
    """Writes one complaint after another with the contact in which it was told."""

    def __init__(
        self,
        rng: random.Random,
        anchor: Anchor,
        bought: Orders,
        products: list[Row],
        made: Contacts,
        found: Cases,
    ) -> None:
        self.rng, self.anchor, self.bought, self.products = rng, anchor, bought, products
        self.made, self.found = made, found
        self.product_of = {row["order"]: row["product"] for row in reversed(bought.lines)}
        self.of_model: dict[str, list[int]] = {}
        for line in bought.lines:
            self.of_model.setdefault(str(products[line["product"]]["model"]), []).append(line["order"])

    def complain(
        self, days_ago: int, topic: Topic, words: str, *, model: str | None = None, goal: S | None = None
    ) -> None:
        rng = self.rng
        position = self._order(days_ago, model)
        order = self.bought.orders[position]
        product = self.product_of[position]
        if model is not None:
            product = next(n for n, row in enumerate(self.products) if row["model"] == model)
        own_words = words.format(p=self.products[product]["spoken_names"][0])
        at = moment(rng, self.anchor, days_ago)
        cues = set(find_cues(own_words)) | ({Cue.AUTHORITY_12315} if rng.random() < 0.05 else set())
        emotion = rng.choices((Emotion.CALM, Emotion.ANNOYED, Emotion.ANGRY), weights=(20, 45, 35))[0]
        category = category_of_topic(topic, frozenset(cues), own_words)
        amount = (
            Decimal(order["amount"])
            if category in (ComplaintCategory.DEFECT, ComplaintCategory.REFUND)
            else None
        )
        parts = parts_from(topic, frozenset(cues), emotion, amount, False)
        remedy_said, remedy = rng.choice(REMEDIES)
        states, weights = zip(*(_YOUNG if days_ago <= 12 else _OLD), strict=True)
        self.found.complaints.append(
            {
                "interaction": self._contact(at, topic, own_words, order, emotion),
                "customer": order["customer"],
                "case_number": None,
                "channel": Channel.WEB,
                "goal": goal or rng.choices(states, weights=weights)[0],
                "opened_at": at,
                "own_words": own_words,
                "topic": topic.value,
                "category": category,
                "care_parts": [care_part_of_topic(topic).value],
                "care_part": care_part_of_topic(topic),
                "care_stage": care_stage_of_topic(topic),
                "order_number": order["number"] if goal is None else None,
                "order_is_own": goal is None,
                "product": product if goal is None else None,
                "product_said": self.products[product]["spoken_names"][0],
                "recurrent": False,
                "requested_remedies": [remedy] if goal is None else [],
                "remedy_said": remedy_said if goal is None else None,
                "expectation_said": rng.choice(EXPECTATIONS) if goal is None else None,
                "expectation_at": None,
                "expectation_e": rng.choice((4, 5, 5, 6, 6, 7)),
                "amount": amount,
                "legal_flags": ["authority_12315"] if Cue.AUTHORITY_12315 in cues else [],
                "cues": sorted(cue.value for cue in cues),
                "emotion": emotion,
                "severity_parts": parts.as_dict(),
                "grade": grade(parts, cues=frozenset(cues), amount=amount),
                "is_demo": True,
            }
        )

    def _order(self, days_ago: int, model: str | None) -> int:
        """An order placed before that day, of that model where one is asked for."""
        latest = self.anchor.at(days_ago)
        pool = self.of_model[model] if model else range(len(self.bought.orders))
        older = [
            n
            for n in self.rng.sample(list(pool), min(40, len(pool)))
            if self.bought.orders[n]["placed_at"] < latest
        ]
        return older[0] if older else self.rng.choice(list(pool))

    def _contact(self, at: datetime, topic: Topic, words: str, order: Row, emotion: Emotion) -> int:
        rng = self.rng
        row: Row = {
            "conversation": None,
            "customer": order["customer"],
            "channel": Channel.WEB,
            "direction": "in",
            "started_at": at - timedelta(minutes=3),
            "ended_at": at + timedelta(minutes=8),
            "handled_by": HandledBy.BOT,
            "agent_id": None,
            "model_version": "zhike-demo",
            "topics": [
                {"topic": topic.value, "confidence": round(rng.uniform(0.6, 0.98), 3), "message": None}
            ],
            "care_stage": care_stage_of_topic(topic),
            "care_part": care_part_of_topic(topic),
            "kind": Kind.COMPLAINT,
            "touchpoint": "web_chat",
            "order_number": order["number"],
            "emotion": emotion,
            "handoff_requested_at": None,
            "handoff_at": None,
            "first_human_reply_at": None,
            "outcome": Outcome.TRANSFERRED,
            "resolved_basis": None,
            "label_shown": True,
            "data_read": ["order"],
            "data_written": ["complaint"],
            "is_demo": True,
        }
        row["conversation"] = transcript(
            self.made,
            rng,
            row,
            [
                (Speaker.CUSTOMER, words),
                (Speaker.BOT, "很抱歉给您带来不好的体验。请问您希望怎么处理?"),
                (Speaker.CUSTOMER, "尽快给我解决"),
                (Speaker.BOT, "已为您登记,稍后给您编号和时限。"),
            ],
            topic=topic,
        )
        self.made.interactions.append(row)
        return len(self.made.interactions) - 1


def _number(found: Cases) -> None:
    """Case numbers by the day of receipt, in the order of receipt, without touching the real counter."""
    serials: dict[date, int] = {}
    for row in sorted(found.complaints, key=lambda row: row["opened_at"]):
        if row["goal"] is not S.DRAFT:
            day = shanghai_day(row["opened_at"] + timedelta(minutes=4))
            serials[day] = serials.get(day, FIRST_SERIAL - 1) + 1
            row["case_number"] = f"TS-{day:%Y%m%d}-{serials[day]:04d}"


def _merge_targets(found: Cases) -> None:
    """A merged case points to an earlier one of the same category that lives on."""
    for position, row in enumerate(found.complaints):
        if row["goal"] is S.MERGED:
            row["merged_into"] = next(
                (
                    n
                    for n in range(position - 1, -1, -1)
                    if found.complaints[n]["goal"] in (S.CLOSED, S.INVESTIGATING)
                    and found.complaints[n]["category"] is row["category"]
                ),
                None,
            )
            if row["merged_into"] is None:
                row["goal"] = S.CLOSED
