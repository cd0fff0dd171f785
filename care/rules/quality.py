"""How good a customer's record is: complete, correct, fresh (source documents B03–B08; the weights are our own).

A record is judged by the fields that its type of customer needs. Nothing else is asked for: a birthday that
nobody gave is no fault.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from types import MappingProxyType

from care.rules.errors import InvalidInput
from care.rules.profile import (
    FIELD_TERMS,
    ProfileField,
    check_address,
    check_birthday,
    check_email,
    check_invoice_title,
    check_name,
)
from care.rules.vocabulary import CustomerType, DataIssue

_F = ProfileField
_FIRM = {_F.NAME: 20, _F.PHONE: 25, _F.ADDRESS: 15, _F.EMAIL: 15, _F.INVOICE_TITLE: 15, _F.TAX_NUMBER: 10}
#: What each type of customer's record needs, in shares of 100.
WEIGHTS: Mapping[CustomerType, Mapping[ProfileField, int]] = MappingProxyType(
    {
        CustomerType.CONSUMER: {_F.NAME: 25, _F.PHONE: 35, _F.ADDRESS: 25, _F.EMAIL: 15},
        CustomerType.COMPANY: _FIRM,
        CustomerType.CHANNEL: _FIRM,
        CustomerType.INTERNAL: {_F.NAME: 50, _F.PHONE: 25, _F.EMAIL: 25},
    }
)
#: Missing ones are put into the queue; the others only lower the score.
_ASKED_FOR: Mapping[CustomerType, frozenset[ProfileField]] = MappingProxyType(
    {
        CustomerType.CONSUMER: frozenset({_F.NAME, _F.PHONE, _F.ADDRESS, _F.EMAIL}),
        CustomerType.COMPANY: frozenset({_F.NAME, _F.PHONE, _F.ADDRESS, _F.EMAIL, _F.INVOICE_TITLE}),
        CustomerType.CHANNEL: frozenset({_F.NAME, _F.PHONE, _F.ADDRESS, _F.EMAIL, _F.INVOICE_TITLE}),
        CustomerType.INTERNAL: frozenset({_F.NAME, _F.PHONE, _F.EMAIL}),
    }
)

#: What a value is worth that is wrong, or right but never verified, of one that is right and fresh.
WRONG, UNVERIFIED = 0.2, 0.6
_TAX_NUMBER = re.compile(r"[0-9A-Z]{15,20}", re.ASCII)
_COURTESY = re.compile(r"[\u3400-\u9fff]{1,2}(?:先生|女士|小姐|老师|师傅|太太|总|经理)")
_NO_NAME = re.compile(
    r"(?:测试|试用|匿名|未知|不详|无名|用户|客户|顾客|会员|test|admin|null|none|n/?a)\d*", re.I
)
_ORGANISATION = re.compile(
    r"公司|集团|厂|店|行|中心|部|院|所|会|社|学校|大学|中学|小学|幼儿园|医院|银行|酒店|联盟|合作社|工作室|Ltd|Inc|Co\b",
    re.I,
)


@dataclass(frozen=True)
class FieldFacts:
    """One value and what is known of it. `verified_at` is the latest check or word of the customer, aware."""

    value: str | None
    verified_at: datetime | None = None
    ttl_days: int = 365
    problem: str | None = None

    @property
    def is_known(self) -> bool:
        return bool(self.value and self.value.strip())


@dataclass(frozen=True)
class Finding:
    """Something wrong with one field; `detail` is Chinese, for people, and repeats no personal value."""

    issue: DataIssue
    field: ProfileField
    detail: str


@dataclass(frozen=True)
class Quality:
    """`score` and the three parts it is made of, 0–100, with what is wrong."""

    score: int
    completeness: int
    correctness: int
    freshness: int
    findings: tuple[Finding, ...]


def freshness(verified_at: datetime | None, ttl_days: int, now: datetime) -> float:
    """1 while the value may be trusted, then falling evenly to 0 at twice that time; `UNVERIFIED` if never verified.

    Raises:
        ValueError: `ttl_days` is not positive.
    """
    if ttl_days <= 0:
        raise ValueError(f"a value cannot be trusted for {ttl_days} days")
    if verified_at is None:
        return UNVERIFIED
    age = (now - verified_at) / timedelta(days=ttl_days)
    return max(0.0, min(1.0, 2.0 - age))


def judge(
    kind: CustomerType, fields: Mapping[ProfileField, FieldFacts], now: datetime, since: datetime
) -> Quality:
    """The record's quality at `now`.

    score = Σ weight · (0 missing, `WRONG` wrong, freshness otherwise). Completeness counts what is there,
    correctness the right among what is there, freshness the mean freshness of what is right.

    Args:
        fields: what is known; a field that is left out is missing.
        since: when the record was made; a value never verified counts as known since then.
    """
    weights = WEIGHTS[kind]
    total = known = right = fresh = 0.0
    found: list[Finding] = []
    for field, weight in weights.items():
        facts = fields.get(field, FieldFacts(None))
        if not facts.is_known:
            if field in _ASKED_FOR[kind]:
                found.append(Finding(DataIssue.MISSING, field, f"没有{field.label}"))
            continue
        known += weight
        if facts.problem:
            total += weight * WRONG
            continue
        right += weight
        level = freshness(facts.verified_at, facts.ttl_days, now)
        fresh += weight * level
        total += weight * level
    for field, facts in fields.items():
        if not facts.is_known:
            continue
        if facts.problem:
            found.append(Finding(DataIssue.INACCURATE, field, facts.problem))
        elif now - (facts.verified_at or since) > timedelta(days=facts.ttl_days):
            found.append(Finding(DataIssue.OUTDATED, field, f"超过 {facts.ttl_days} 天未核实"))
    return Quality(
        score=round(total),
        completeness=round(known),
        correctness=round(100 * right / known) if known else 0,
        freshness=round(100 * fresh / right) if right else 0,
        findings=tuple(found),
    )


def problem_of(field: ProfileField, value: str, kind: CustomerType, today: date) -> str | None:
    """What is wrong with a value, in Chinese, or None. Phones need the numbering plan: `care.services.phones`."""
    try:
        if field is ProfileField.NAME:
            return _name_problem(value, kind)
        if field is ProfileField.EMAIL:
            check_email(value)
        elif field is ProfileField.BIRTHDAY:
            check_birthday(value, today)
        elif field is ProfileField.ADDRESS:
            check_address(value)
        elif field is ProfileField.INVOICE_TITLE:
            check_invoice_title(value)
        elif field is ProfileField.TAX_NUMBER and not _TAX_NUMBER.fullmatch(value):
            return "税号应为 15 到 20 位数字和大写字母"
    except InvalidInput as problem:
        return problem.message.rstrip("。")
    return None


def is_courtesy(name: str) -> bool:
    """``王先生``, ``李女士``: how to speak to somebody, not what somebody is called."""
    return _COURTESY.fullmatch(name.strip()) is not None


def _name_problem(name: str, kind: CustomerType) -> str | None:
    name = name.strip()
    if _NO_NAME.fullmatch(name):
        return "不像真实的姓名"
    if kind in (CustomerType.COMPANY, CustomerType.CHANNEL):
        return None if _ORGANISATION.search(name) else "企业客户的名称不像单位名称"
    check_name(name)
    if is_courtesy(name):
        return "只有称呼，没有全名"
    if len(name) > 1 and len(set(name)) == 1 and len(name) > 2:
        return "姓名是重复的同一个字"
    if len(name) == 1:
        return "姓名只有一个字"
    return None


def default_ttl(field: ProfileField) -> int:
    """Days that a value of this kind may be trusted when its row says nothing else."""
    return FIELD_TERMS[field].ttl_days
