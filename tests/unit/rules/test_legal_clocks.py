"""Terms of law as pure functions, over real holidays and adjusted work days."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from care.adapters.clock import ChinaCalendar
from care.rules.deadlines import end_of_workday, paused_for, promised
from care.rules.legal_clocks import (
    LegalKind,
    LegalTerm,
    Party,
    Term,
    basis_of,
    due,
    end_of_day,
    nearest,
    of_complaint,
    party_of,
    span,
)
from care.rules.returns import no_reason_until, proof_until, refund_due, trader_bears_proof
from care.rules.severity import Grade
from care.rules.times import SHANGHAI, format_moment, shanghai_day

K = LegalKind
is_workday = ChinaCalendar().is_workday
MOMENTS = st.datetimes(datetime(2025, 1, 2), datetime(2026, 9, 1), timezones=st.just(timezone.utc))  # noqa: DTZ001


def local(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=SHANGHAI)  # type: ignore[arg-type,misc]


def until(kind: LegalKind, start: datetime, **terms: Term) -> str | None:
    known = {LegalTerm(name): term for name, term in terms.items()}
    end = due(kind, start, is_workday=is_workday, terms=known)
    return None if end is None else format_moment(end)


DELIVERED = local(2026, 11, 3, 15, 20)


@pytest.mark.parametrize(
    ("kind", "end"),
    [
        (K.NO_REASON_RETURN, "11月11日(周三)00:00"),
        (K.QUALITY_RETURN, "11月11日(周三)00:00"),
        (K.REFUND, "11月11日(周三)00:00"),
        (K.THREEBAGS_RETURN, "11月11日(周三)00:00"),
        (K.THREEBAGS_REPLACE, "11月19日(周四)00:00"),
        (K.THREEBAGS_REPAIR, "12月4日(周五)00:00"),
        (K.PROOF, "5月4日(周二)00:00"),
        (K.AUTHORITY_ANSWER, "11月12日(周四)18:00"),
    ],
)
def test_each_term_ends_when_its_last_day_is_over(kind: LegalKind, end: str) -> None:
    assert until(kind, DELIVERED) == end


def test_the_day_of_the_fact_does_not_count_however_late_it_was() -> None:
    assert until(K.REFUND, local(2026, 11, 3, 0, 1)) == until(K.REFUND, local(2026, 11, 3, 23, 59))


def test_terms_agree_with_what_customers_are_told_of_returns() -> None:
    day = shanghai_day(DELIVERED)
    assert due(K.NO_REASON_RETURN, DELIVERED, is_workday=is_workday) == end_of_day(no_reason_until(day))
    assert due(K.REFUND, DELIVERED, is_workday=is_workday) == end_of_day(refund_due(day))
    assert due(K.PROOF, DELIVERED, is_workday=is_workday) == end_of_day(proof_until(day))


def test_six_months_end_with_a_shorter_month() -> None:
    assert proof_until(date(2026, 8, 31)) == date(2027, 2, 28)
    assert trader_bears_proof(date(2026, 8, 31), date(2027, 2, 28))
    assert not trader_bears_proof(date(2026, 8, 31), date(2027, 3, 1))


def test_holidays_move_terms_in_work_days_and_no_others() -> None:
    # 1–7 October 2026 are off, Saturday 10 October is worked.
    start = local(2026, 9, 29, 10, 0)
    assert until(K.AUTHORITY_ANSWER, start) == "10月14日(周三)18:00"
    assert until(K.REFUND, start) == "10月7日(周三)00:00"


def test_the_spring_festival_too() -> None:
    # 15–23 February 2026 are off; Saturdays 14 and 28 February are worked.
    assert until(K.AUTHORITY_ANSWER, local(2026, 2, 12, 10, 0)) == "2月28日(周六)18:00"
    assert until(K.NO_REASON_RETURN, local(2026, 2, 12, 10, 0)) == "2月20日(周五)00:00"


def test_a_term_that_is_not_filled_in_is_not_applied() -> None:
    for kind in (K.AUTHORITY_ACCEPT, K.AUTHORITY_MEDIATE, K.TRADER_REPLY):
        assert until(kind, DELIVERED) is None
        assert span(kind, DELIVERED, is_workday=is_workday).starts_at == DELIVERED
    assert until(K.AUTHORITY_ACCEPT, DELIVERED, accept=Term(3, True)) == "11月6日(周五)18:00"
    assert until(K.AUTHORITY_MEDIATE, DELIVERED, mediate=Term(10, False)) == "11月14日(周六)00:00"


def test_a_complaint_of_quality_has_the_clocks_of_quality_and_others_have_not() -> None:
    def kinds(**facts: object) -> list[LegalKind]:
        given = {"delivered_at": DELIVERED, "is_quality": True, "no_reason_applies": True, **facts}
        return [s.kind for s in of_complaint(is_workday=is_workday, **given)]  # type: ignore[arg-type]

    assert kinds() == [
        K.NO_REASON_RETURN, K.QUALITY_RETURN, K.THREEBAGS_RETURN, K.THREEBAGS_REPLACE, K.PROOF,
    ]  # fmt: skip
    assert kinds(is_quality=False) == [K.NO_REASON_RETURN]
    assert kinds(no_reason_applies=False, is_quality=False) == []
    assert kinds(delivered_at=None) == []


def test_the_nearest_term_still_running_is_found() -> None:
    spans = of_complaint(
        delivered_at=DELIVERED, is_quality=True, no_reason_applies=True, is_workday=is_workday
    )
    found = nearest(spans, now=local(2026, 11, 12, 0, 0))
    assert found is not None
    assert found.kind is K.THREEBAGS_REPLACE
    assert nearest(spans, now=local(2027, 6, 1, 0, 0)) is None


def test_every_term_names_its_article_and_whose_time_it_is() -> None:
    assert {kind: basis_of(kind) for kind in (K.REFUND, K.PROOF, K.AUTHORITY_ANSWER)} == {
        K.REFUND: "消法25",
        K.PROOF: "消法23",
        K.AUTHORITY_ANSWER: "消法46",
    }
    assert {kind for kind in K if party_of(kind) is Party.SHOP} == {
        K.REFUND,
        K.THREEBAGS_REPAIR,
        K.TRADER_REPLY,
    }
    assert all(basis_of(kind) for kind in K)


@given(MOMENTS, st.sampled_from(K), st.timedeltas(timedelta(), timedelta(days=40)))
def test_a_later_fact_never_ends_earlier(start: datetime, kind: LegalKind, later: timedelta) -> None:
    terms = {term: Term(5, True) for term in LegalTerm}
    first = due(kind, start, is_workday=is_workday, terms=terms)
    second = due(kind, start + later, is_workday=is_workday, terms=terms)
    assert first is not None
    assert second is not None
    assert start < first <= second


@pytest.mark.parametrize(
    ("received", "grade", "result", "solved"),
    [
        # The eve of the National Day: work begins again on Thursday 8, and Saturday 10 counts.
        (local(2026, 9, 30, 17, 59), Grade.P2, "10月9日(周五)18:00", "10月13日(周二)18:00"),
        (local(2026, 10, 3, 9, 0), Grade.P3, "10月10日(周六)18:00", "10月10日(周六)18:00"),
        # The eve of the Spring Festival: Saturday 14 counts, then nothing until Tuesday 24.
        (local(2026, 2, 13, 9, 0), Grade.P3, "2月25日(周三)18:00", "2月25日(周三)18:00"),
        (local(2026, 2, 16, 23, 0), Grade.P4, "2月28日(周六)18:00", "2月28日(周六)18:00"),
    ],
)
def test_internal_deadlines_over_real_holidays(
    received: datetime, grade: Grade, result: str, solved: str
) -> None:
    found = promised(grade, received, is_workday=is_workday)
    assert format_moment(found.first_result) == result
    assert format_moment(found.solve) == solved


def test_an_urgent_case_does_not_wait_for_the_end_of_a_holiday() -> None:
    received = local(2026, 10, 1, 2, 0)
    assert promised(Grade.P1, received, is_workday=is_workday).solve == received + timedelta(hours=24)


@given(MOMENTS, st.sampled_from(Grade), st.lists(st.floats(0, 400), min_size=2, max_size=8))
def test_pauses_only_ever_add_and_never_more_than_they_lasted(
    received: datetime, grade: Grade, hours: list[float]
) -> None:
    solve = promised(grade, received, is_workday=is_workday).solve
    moments = sorted(received + timedelta(hours=h) for h in hours)
    pauses = list(zip(moments[::2], moments[1::2], strict=False))
    moved = solve + paused_for(pauses, since=received, now=moments[-1])
    assert solve <= moved <= solve + sum((end - start for start, end in pauses), timedelta())


@given(MOMENTS, st.integers(1, 12))
def test_an_internal_term_ends_on_a_work_day_at_six(start: datetime, days: int) -> None:
    end = end_of_workday(start, days, is_workday=is_workday)
    assert is_workday(shanghai_day(end))
    assert format_moment(end).endswith("18:00")
