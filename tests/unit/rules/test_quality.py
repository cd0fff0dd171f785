from datetime import date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from care.rules.profile import ProfileField
from care.rules.quality import (
    UNVERIFIED,
    WEIGHTS,
    WRONG,
    FieldFacts,
    Quality,
    freshness,
    is_courtesy,
    judge,
    problem_of,
)
from care.rules.vocabulary import CustomerType, DataIssue

NOW = datetime(2026, 11, 24, 2, 0, tzinfo=timezone.utc)
F = ProfileField


def known(
    value: str = "x", days_ago: float | None = 0, ttl: int = 100, problem: str | None = None
) -> FieldFacts:
    return FieldFacts(value, None if days_ago is None else NOW - timedelta(days=days_ago), ttl, problem)


def judged(kind: CustomerType = CustomerType.CONSUMER, **fields: FieldFacts) -> Quality:
    return judge(kind, {F(name): facts for name, facts in fields.items()}, NOW, NOW - timedelta(days=10))


@pytest.mark.parametrize("kind", CustomerType)
def test_the_weights_of_every_type_of_customer_add_up_to_100(kind: CustomerType) -> None:
    assert sum(WEIGHTS[kind].values()) == 100


def test_a_consumer_of_whom_everything_is_known_and_fresh_scores_100() -> None:
    found = judged(name=known(), phone=known(), address=known(), email=known())
    assert (found.score, found.completeness, found.correctness, found.freshness) == (100, 100, 100, 100)
    assert found.findings == ()


def test_a_birthday_that_nobody_gave_is_no_fault() -> None:
    found = judged(name=known(), phone=known(), address=known(), email=known())
    assert all(f.field is not F.BIRTHDAY for f in found.findings)


def test_a_company_without_invoice_title_and_tax_number_is_asked_for_the_title_only() -> None:
    found = judged(CustomerType.COMPANY, name=known(), phone=known(), address=known(), email=known())
    assert found.completeness == found.score == 75
    assert [(f.issue, f.field) for f in found.findings] == [(DataIssue.MISSING, F.INVOICE_TITLE)]


def test_a_wrong_phone_costs_most_of_its_weight_and_is_named() -> None:
    found = judged(name=known(), phone=known(problem="手机号应为 11 位"), address=known(), email=known())
    assert found.score == 65 + 35 * WRONG
    assert found.correctness == 65
    assert [(f.issue, f.detail) for f in found.findings] == [(DataIssue.INACCURATE, "手机号应为 11 位")]


def test_an_outdated_value_is_told_with_its_time_and_an_empty_one_is_missing() -> None:
    found = judged(name=known(), phone=known(days_ago=101), address=known("  "), email=known())
    assert {(f.issue, f.field, f.detail) for f in found.findings} == {
        (DataIssue.OUTDATED, F.PHONE, "超过 100 天未核实"),
        (DataIssue.MISSING, F.ADDRESS, "没有收货地址"),
    }


def test_a_value_never_verified_counts_from_the_day_of_the_record() -> None:
    phone = {F.PHONE: known(days_ago=None, ttl=30)}
    young = judge(CustomerType.INTERNAL, phone, NOW, NOW - timedelta(days=29))
    old = judge(CustomerType.INTERNAL, phone, NOW, NOW - timedelta(days=31))
    assert DataIssue.OUTDATED not in {f.issue for f in young.findings}
    assert DataIssue.OUTDATED in {f.issue for f in old.findings}
    assert young.score == 25 * UNVERIFIED


@pytest.mark.parametrize(("days", "expected"), [(0, 1.0), (100, 1.0), (150, 0.5), (200, 0.0), (900, 0.0)])
def test_freshness_holds_for_its_time_and_falls_to_nothing_at_twice_that(days: int, expected: float) -> None:
    assert freshness(NOW - timedelta(days=days), 100, NOW) == pytest.approx(expected)


def test_a_time_of_trust_that_is_not_positive_is_refused() -> None:
    with pytest.raises(ValueError, match="trusted"):
        freshness(NOW, 0, NOW)


@given(
    st.dictionaries(
        st.sampled_from(ProfileField),
        st.builds(
            FieldFacts,
            st.none() | st.text(max_size=5),
            st.none() | st.datetimes(timezones=st.just(timezone.utc), max_value=datetime(2026, 11, 1)),  # noqa: DTZ001
            st.integers(1, 4000),
            st.none() | st.just("错"),
        ),
    ),
    st.sampled_from(CustomerType),
)
def test_whatever_is_known_the_parts_stay_between_0_and_100(
    fields: dict[ProfileField, FieldFacts], kind: CustomerType
) -> None:
    found = judge(kind, fields, NOW, NOW)
    for part in (found.score, found.completeness, found.correctness, found.freshness):
        assert 0 <= part <= 100
    assert found.score <= found.completeness


@pytest.mark.parametrize(
    ("field", "value", "kind", "problem"),
    [
        (F.NAME, "李想", CustomerType.CONSUMER, None),
        (F.NAME, "阿依古丽·买买提", CustomerType.CONSUMER, None),
        (F.NAME, "John Smith", CustomerType.CONSUMER, None),
        (F.NAME, "王先生", CustomerType.CONSUMER, "只有称呼，没有全名"),
        (F.NAME, "欧阳女士", CustomerType.CONSUMER, "只有称呼，没有全名"),
        (F.NAME, "测试", CustomerType.CONSUMER, "不像真实的姓名"),
        (F.NAME, "用户138", CustomerType.CONSUMER, "不像真实的姓名"),
        (F.NAME, "test01", CustomerType.CONSUMER, "不像真实的姓名"),
        (F.NAME, "啊啊啊", CustomerType.CONSUMER, "姓名是重复的同一个字"),
        (F.NAME, "丽丽", CustomerType.CONSUMER, None),
        (F.NAME, "李", CustomerType.CONSUMER, "姓名只有一个字"),
        (F.NAME, "13800000001", CustomerType.CONSUMER, "姓名请用 1 到 40 个汉字或字母"),
        (F.NAME, "杭州云帆酒店管理有限公司", CustomerType.COMPANY, None),
        (F.NAME, "李想", CustomerType.COMPANY, "企业客户的名称不像单位名称"),
        (F.EMAIL, "li.xiang@example.com", CustomerType.CONSUMER, None),
        (F.EMAIL, "li.xiang@example", CustomerType.CONSUMER, "电子邮箱格式不对，例如 name@example.com"),
        (F.EMAIL, "li..xiang@example.com", CustomerType.CONSUMER, "电子邮箱格式不对，例如 name@example.com"),
        (F.EMAIL, "李想@example.com", CustomerType.CONSUMER, "电子邮箱格式不对，例如 name@example.com"),
        (F.BIRTHDAY, "1990-05-01", CustomerType.CONSUMER, None),
        (F.BIRTHDAY, "1990-02-30", CustomerType.CONSUMER, "生日请写成年月日，例如 1990年5月1日"),
        (F.BIRTHDAY, "1790-05-01", CustomerType.CONSUMER, "这个生日不可能，请检查年份"),
        (F.BIRTHDAY, "2030-05-01", CustomerType.CONSUMER, "这个生日不可能，请检查年份"),
        (F.ADDRESS, "浙江省杭州市西湖区文三路12号", CustomerType.CONSUMER, None),
        (F.ADDRESS, "文三路12号3幢", CustomerType.CONSUMER, "地址缺少省、市、区，请写完整"),
        (F.ADDRESS, "浙江省杭州市西湖", CustomerType.CONSUMER, "地址缺少街道或门牌，请写完整"),
        (F.TAX_NUMBER, "91330106MA2XXXXX3D", CustomerType.COMPANY, None),
        (F.TAX_NUMBER, "9133", CustomerType.COMPANY, "税号应为 15 到 20 位数字和大写字母"),
    ],
)
def test_a_value_that_cannot_be_is_told_why(
    field: ProfileField, value: str, kind: CustomerType, problem: str | None
) -> None:
    assert problem_of(field, value, kind, date(2026, 11, 24)) == problem


@pytest.mark.parametrize(
    ("name", "courtesy"), [("王先生", True), ("刘女士", True), ("王先", False), ("李想", False)]
)
def test_a_courtesy_is_told_from_a_name(name: str, courtesy: bool) -> None:
    assert is_courtesy(name) is courtesy
