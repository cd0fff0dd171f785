"""180 days of demo contacts: an interaction for each, a conversation with its lines for most of them."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from care.demo.base import Anchor, Row, moment, stream, uuid_of
from care.demo.orders import DAYS, Orders
from care.demo.people import People
from care.demo.words import BLAME_REASONS, CONTACTS, PRAISE_REASONS
from care.rules.complaint import care_part_of_topic, care_stage_of_topic
from care.rules.survey import OPEN_FOR, RULE_VERSION, NotInvited, SurveyKind, SurveyState, share_of
from care.rules.vocabulary import (
    Channel,
    Emotion,
    HandledBy,
    Kind,
    Outcome,
    Owner,
    ResolvedBasis,
    Speaker,
    Topic,
    VerifiedBy,
    kind_of_topic,
)

PER_DAY = 12
GREETING = "您好,我是知客优选的智能客服,也可以随时转人工。"


@dataclass
class Contacts:
    """Rows with positions for ids; `staff` is a login. `conversation` of an interaction may be None."""

    conversations: list[Row] = field(default_factory=list)
    messages: list[Row] = field(default_factory=list)
    interactions: list[Row] = field(default_factory=list)
    handoffs: list[Row] = field(default_factory=list)
    feedback: list[Row] = field(default_factory=list)


def contacts(anchor: Anchor, folk: People, bought: Orders, products: list[Row]) -> Contacts:
    """About 2,200 contacts other than complaints; three in four with their transcript."""
    rng = stream("contacts")
    made = Contacts()
    names = {position: str(row["spoken_names"][0]) for position, row in enumerate(products)}
    first_product = {row["order"]: row["product"] for row in reversed(bought.lines)}
    topics, weights = list(CONTACTS), [weight for weight, _ in CONTACTS.values()]
    for days_ago in range(DAYS, 0, -1):
        # Two busier days a week, counted from today: which rows there are must not depend on the weekday.
        is_busy = days_ago % 7 in (2, 3)
        for _ in range(rng.randint(PER_DAY - 4, PER_DAY + 4) + (3 if is_busy else 0)):
            topic = Topic(rng.choices(topics, weights=weights)[0])
            order = rng.randrange(len(bought.orders))
            line, answer = rng.choice(CONTACTS[topic.value][1])
            line = line.format(p=names[first_product[order]])
            _contact(
                made, rng, anchor, moment(rng, anchor, days_ago), topic, line, answer, bought.orders[order]
            )
    return made


def _contact(
    made: Contacts,
    rng: random.Random,
    anchor: Anchor,
    at: datetime,
    topic: Topic,
    line: str,
    answer: str,
    order: Row,
) -> None:
    is_known = rng.random() < 0.7
    channel = rng.choices(
        (Channel.WEB, Channel.APP, Channel.WECHAT, Channel.PHONE, Channel.EMAIL), weights=(45, 20, 20, 12, 3)
    )[0]
    wants_person = topic is Topic.REQUEST_HUMAN or rng.random() < 0.12
    agent = rng.choice(("agent1", "agent2")) if wants_person and rng.random() < 0.9 else None
    if channel in (Channel.PHONE, Channel.EMAIL):
        agent = agent or rng.choice(("agent1", "agent2"))
    outcome = _outcome(rng, topic, wants_person=wants_person, has_agent=agent is not None)
    wait = timedelta(seconds=rng.randint(8, 240))
    lasts = timedelta(minutes=rng.uniform(1, 9))
    kind = kind_of_topic(topic)
    row: Row = {
        "conversation": None,
        "customer": order["customer"] if is_known else None,
        "channel": channel,
        "direction": "in",
        "started_at": at,
        "ended_at": at + lasts + wait,
        "handled_by": HandledBy.BOT if agent is None else HandledBy.MIXED,
        "agent_id": agent,
        "model_version": "zhike-demo",
        "topics": [{"topic": topic.value, "confidence": round(rng.uniform(0.62, 0.99), 3), "message": None}],
        "care_stage": care_stage_of_topic(topic),
        "care_part": care_part_of_topic(topic),
        "kind": kind,
        "touchpoint": "phone" if channel is Channel.PHONE else f"{channel.value}_chat",
        "order_number": order["number"] if is_known and kind is not Kind.CONTROL else None,
        "emotion": rng.choices((Emotion.CALM, Emotion.WORRIED, Emotion.ANNOYED), weights=(80, 12, 8))[0],
        "handoff_requested_at": at + lasts / 2 if wants_person else None,
        "handoff_at": at + lasts / 2 + wait if wants_person and agent else None,
        "first_human_reply_at": at + lasts / 2 + wait + timedelta(seconds=20)
        if wants_person and agent
        else None,
        "outcome": outcome,
        "resolved_basis": _basis(rng, outcome),
        "label_shown": True,
        "data_read": ["order"] if is_known and kind is Kind.INQUIRY else [],
        "data_written": [],
        "is_demo": True,
    }
    made.interactions.append(row)
    if channel not in (Channel.PHONE, Channel.EMAIL) and rng.random() < 0.75:
        row["conversation"] = transcript(
            made, rng, row, [(Speaker.CUSTOMER, line), (Speaker.BOT, answer)], topic=topic
        )
    made.feedback.append(
        _feedback(rng, anchor, len(made.interactions) - 1, row, agent)
        if rng.random() < 0.3
        else _not_invited(rng, len(made.interactions) - 1, row, agent)
    )


def transcript(
    made: Contacts,
    rng: random.Random,
    contact: Row,
    lines: list[tuple[Speaker, str]],
    *,
    topic: Topic,
    is_verified: bool = True,
) -> int:
    """Adds a closed conversation with these lines between greeting and end; returns its position."""
    position = len(made.conversations)
    at, agent = contact["started_at"], contact["agent_id"]
    said: list[tuple[Speaker, str]] = [(Speaker.BOT, GREETING), *lines]
    if contact["handoff_requested_at"]:
        said.append((Speaker.CUSTOMER, "找个人工来"))
        said.append((Speaker.SYSTEM, "已为您转人工,请稍候。"))
        if agent:
            said += [
                (Speaker.AGENT, "您好,我是人工客服,我来帮您看一下。"),
                (Speaker.CUSTOMER, "好的"),
                (Speaker.AGENT, "已为您处理好了,还有其他需要吗?"),
            ]
    if contact["outcome"] is Outcome.RESOLVED:
        said.append((Speaker.CUSTOMER, rng.choice(("好的谢谢", "知道了", "嗯嗯 谢谢", "行"))))
    step = (contact["ended_at"] - at) / (len(said) + 1)
    for seq, (speaker, text) in enumerate(said, start=1):
        is_customer = speaker is Speaker.CUSTOMER
        made.messages.append(
            {
                "conversation": position,
                "public_id": uuid_of(rng),
                "seq": seq,
                "speaker": speaker,
                "agent_id": agent if speaker is Speaker.AGENT else None,
                "client_msg_id": uuid_of(rng) if is_customer else None,
                "text": text,
                "payload": None,
                "buttons": None,
                "card": None,
                "understood": {"topic": topic.value, "confidence": 0.9} if is_customer and seq == 2 else None,
                "reply_to": None,
                "bot_state": "done" if is_customer else None,
                "state": "shown",
                "at": at + step * (seq - 1),
            }
        )
    made.conversations.append(
        {
            "public_id": uuid_of(rng),
            "sender_id": uuid_of(rng),
            "visitor_id": None,
            "channel": contact["channel"],
            "customer": contact["customer"] if is_verified else None,
            "verified_by": VerifiedBy.TOKEN if is_verified and contact["customer"] is not None else None,
            "verified_at": at if is_verified and contact["customer"] is not None else None,
            "owner": Owner.CLOSED,
            "owner_version": 3 if agent else 1,
            "agent_id": agent,
            "queued_at": None,
            "last_seq": len(said),
            "page": None,
            "bot_failures": 0,
            "opened_at": at,
            "last_message_at": at + step * (len(said) - 1),
            "closed_at": contact["ended_at"],
            "is_demo": True,
        }
    )
    if contact["handoff_requested_at"]:
        made.handoffs.append(
            {
                "conversation": position,
                "reason": "asked",
                "source_message_id": None,
                "requested_at": contact["handoff_requested_at"],
                "taken_at": contact["handoff_at"],
                "first_reply_at": contact["first_human_reply_at"],
                "ended_at": contact["ended_at"],
                "end": "closed" if contact["handoff_at"] else "abandoned",
                "agent_id": agent if contact["handoff_at"] else None,
            }
        )
    return position


def _outcome(rng: random.Random, topic: Topic, *, wants_person: bool, has_agent: bool) -> Outcome:
    if wants_person and not has_agent:
        return Outcome.ABANDONED
    if topic is Topic.OUT_OF_SCOPE:
        return Outcome.UNRESOLVED
    weights = (78, 10, 12) if has_agent else (70, 10, 20)
    return rng.choices((Outcome.RESOLVED, Outcome.UNRESOLVED, Outcome.ABANDONED), weights=weights)[0]


def _basis(rng: random.Random, outcome: Outcome) -> ResolvedBasis | None:
    if outcome is not Outcome.RESOLVED:
        return None
    return ResolvedBasis.CUSTOMER_CONFIRMED if rng.random() < 0.45 else ResolvedBasis.INFERRED


def _feedback(rng: random.Random, anchor: Anchor, position: int, contact: Row, agent: str | None) -> Row:
    """An invitation at a random quota; about four in ten answer."""
    good = contact["outcome"] is Outcome.RESOLVED
    is_answered = rng.random() < 0.4
    answers: Row = dict.fromkeys(
        ("expectation_e", "perception_p", "csat", "ces", "nps", "reason_text", "answered_at")
    )
    if is_answered:
        csat = rng.choices((5, 4, 3, 2, 1), weights=(46, 36, 10, 5, 3) if good else (6, 14, 26, 28, 26))[0]
        expected = rng.choices((4, 5, 6, 7), weights=(15, 35, 35, 15))[0]
        answers = {
            "expectation_e": expected,
            "perception_p": max(1, min(7, round(csat * 1.35) + rng.choice((-1, 0, 0, 1)))),
            "csat": csat,
            "ces": max(1, min(7, csat + rng.choice((0, 1, 2)))) if rng.random() < 0.6 else None,
            "nps": max(0, min(10, csat * 2 + rng.choice((-1, 0, 0, 1)))) if rng.random() < 0.6 else None,
            "reason_text": rng.choice(PRAISE_REASONS if csat >= 4 else BLAME_REASONS)
            if rng.random() < 0.5
            else None,
            "answered_at": min(contact["ended_at"] + timedelta(minutes=rng.randint(1, 600)), anchor.now),
        }
    return {
        "interaction": position,
        "complaint": None,
        "agent_id": agent,
        "expectation_source": rng.choice(("ad", "promise", "past", "others")) if is_answered else None,
        "kind": SurveyKind.CONTACT,
        "state": state_of(contact["ended_at"], answers["answered_at"], anchor.now),
        "not_invited_why": None,
        "sample_rule": _sample_rule(contact),
        "sample_share": share_of(contact["channel"], contact["outcome"], contact["handled_by"]),
        "invited_at": contact["ended_at"],
        "closes_at": contact["ended_at"] + OPEN_FOR,
        "finished_at": answers["answered_at"],
        **answers,
    }


def state_of(invited_at: datetime, answered_at: datetime | None, now: datetime) -> SurveyState:
    """Where an invitation of the demo stands."""
    if answered_at is not None:
        return SurveyState.ANSWERED
    return SurveyState.UNANSWERED if invited_at + OPEN_FOR <= now else SurveyState.INVITED


def _not_invited(rng: random.Random, position: int, contact: Row, agent: str | None) -> Row:
    row: Row = dict.fromkeys(
        (
            "expectation_e", "perception_p", "csat", "ces", "nps", "reason_text", "answered_at",
            "expectation_source", "invited_at", "closes_at", "finished_at",
        )
    )  # fmt: skip
    is_far = contact["channel"] in (Channel.PHONE, Channel.EMAIL)
    why = NotInvited.UNREACHABLE if is_far else rng.choice((NotInvited.NOT_DRAWN, NotInvited.ASKED_RECENTLY))
    return {
        **row,
        "interaction": position,
        "complaint": None,
        "agent_id": agent,
        "kind": SurveyKind.CONTACT,
        "state": SurveyState.NOT_INVITED,
        "not_invited_why": why,
        "sample_rule": _sample_rule(contact),
        "sample_share": share_of(contact["channel"], contact["outcome"], contact["handled_by"]),
    }


def _sample_rule(contact: Row) -> str:
    return f"{RULE_VERSION}/{contact['channel']}/{contact['outcome']}/{contact['handled_by']}"
