"""Cases of one cause: the same matter of a product, one root cause, the same words."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from care.rules.complaint_terms import ComplaintCategory
from care.rules.same_cause import DAY, Case, Fault, Link, faults_in, group, matter_of

C = ComplaintCategory
NOW = datetime(2026, 11, 24, 2, 0, tzinfo=timezone.utc)


def case(
    number: int,
    category: C = C.DEFECT,
    product: int | None = 1,
    words: str = "漏水",
    hours: float = 1,
    **more: object,
) -> Case:
    return Case(number, category, product, words, NOW - timedelta(hours=hours), **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        ("壶底一直滴水", Fault.LEAK),
        ("烧水的时候漏电,手麻了一下", Fault.ELECTRIC),
        ("洗衣机脱水噪音太大了", Fault.NOISE),
        ("空调一点都不制冷", Fault.NO_COOLING),
        ("说好昨天到,还没到", Fault.LATE),
        ("下单五天了还没发货", Fault.NOT_SHIPPED),
        ("少发了一个配件", Fault.WRONG),
        ("师傅约好了没人上门", Fault.NO_SHOW),
        ("退款半个月没到账", Fault.NO_REFUND),
        ("客服态度特别差", Fault.RUDE),
        ("买完第二天就降价", Fault.PRICE_DROP),
    ],
)
def test_words_name_the_fault(words: str, fault: Fault) -> None:
    assert fault in faults_in(words)


@pytest.mark.parametrize("words", ["你好", "我想问下发票", "谢谢你们"])
def test_other_words_name_none(words: str) -> None:
    assert faults_in(words) == ()


def test_danger_is_one_matter_and_all_else_with_its_product() -> None:
    assert matter_of(C.SAFETY, None) == matter_of(C.SAFETY, 3) == "safety"
    assert matter_of(C.DEFECT, 3) != matter_of(C.DEFECT, 4)
    assert matter_of(C.DEFECT, None) is None


def test_five_in_a_day_are_urgent_and_older_ones_only_counted() -> None:
    cases = [case(n, hours=n) for n in range(1, 6)] + [case(9, hours=30)]
    (found,) = [one for one in group(cases, NOW) if one.link is Link.MATTER]
    assert (found.in_24h, found.in_7d, found.is_urgent) == (5, 6, True)
    assert found.faults == ((Fault.LEAK, 6),)
    assert [one.id for one in found.cases] == [1, 2, 3, 4, 5, 9]


def test_the_window_bounds_what_is_looked_at() -> None:
    cases = [case(1), case(2, hours=25), case(3, hours=24 * 7)]
    assert group(cases, NOW, window=DAY) == ()
    (found,) = group(cases, NOW)
    assert [one.id for one in found.cases] == [1, 2]


def test_one_root_cause_joins_what_looked_different() -> None:
    shared = ("流程", "质检漏检")
    cases = [
        case(1, root_cause=shared),
        case(2, C.REFUND, 2, "退款没到", root_cause=shared),
        case(3, C.LATE, 3, "慢"),
    ]
    (found,) = group(cases, NOW)
    assert (found.link, found.key, len(found.cases)) == (Link.ROOT_CAUSE, "流程/质检漏检", 2)
    assert not found.is_urgent


def test_the_same_words_join_across_products() -> None:
    cases = [
        case(1, C.LATE, 1, "还没到"),
        case(2, C.LATE, 2, "一直没送"),
        case(3, C.LATE, None, "太慢, 还没到"),
    ]
    (found,) = group(cases, NOW)
    assert (found.link, len(found.cases)) == (Link.WORDS, 3)


def test_groups_of_the_very_same_cases_are_shown_once() -> None:
    assert [one.link for one in group([case(1), case(2)], NOW)] == [Link.MATTER]
