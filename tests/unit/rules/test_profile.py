"""What may stand in a customer's record."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone

import pytest

from care.rules import profile
from care.rules.errors import InvalidInput
from care.rules.profile import FIELD_TERMS, ProfileField, is_stale, mask_field

TODAY = date(2026, 11, 24)
NOW = datetime(2026, 11, 24, 2, tzinfo=timezone.utc)


def test_every_field_says_why_it_is_kept_and_for_how_long_it_holds():
    assert set(FIELD_TERMS) == set(ProfileField)
    assert all(terms.purpose and terms.ttl_days > 0 for terms in FIELD_TERMS.values())


@pytest.mark.parametrize(
    ("said", "kept"),
    [("li.xiang@Example.COM", "li.xiang@example.com"), (" a+b@mail.qq.com ", "a+b@mail.qq.com")],
)
def test_a_mailbox_is_kept_with_its_domain_in_lower_case(said, kept):
    assert profile.check_email(said) == kept


@pytest.mark.parametrize(
    "said", ["", "李想", "a@b", "a..b@c.com", "@qq.com", "a@-b.com", "a b@qq.com", "a@qq.c"]
)
def test_what_is_no_mailbox_is_refused_with_the_reason(said):
    with pytest.raises(InvalidInput) as refusal:
        profile.check_email(said)
    assert "email" in refusal.value.fields


@pytest.mark.parametrize("said", ["1990-05-01", "1990年5月1日", "1990/5/1", "1990.05.01", "19900501"])
def test_a_birthday_is_read_as_people_write_it(said):
    assert profile.check_birthday(said, TODAY) == "1990-05-01"


@pytest.mark.parametrize("said", ["1990-02-30", "昨天", "2027-01-01", "1900-01-01", "5月1日"])
def test_an_impossible_birthday_is_refused(said):
    with pytest.raises(InvalidInput):
        profile.check_birthday(said, TODAY)


def test_a_child_of_under_fourteen_needs_a_guardian():
    assert profile.check_birthday("2012-11-24", TODAY) == "2012-11-24"
    with pytest.raises(InvalidInput, match="监护人"):
        profile.check_birthday("2012-11-25", TODAY)


@pytest.mark.parametrize("said", ["杭州", "文三路 12 号 3 单元", "浙江省杭州市西湖区", "x" * 201])
def test_an_address_that_no_carrier_could_find_is_refused(said):
    with pytest.raises(InvalidInput):
        profile.check_address(said)


def test_a_whole_address_is_kept_as_it_was_said():
    assert (
        profile.check_address(" 浙江省杭州市西湖区文三路12号  3单元 ") == "浙江省杭州市西湖区文三路12号 3单元"
    )


@pytest.mark.parametrize("said", ["", "123", "张\u200b伟!", "x" * 41])
def test_what_is_no_name_is_refused(said):
    with pytest.raises(InvalidInput):
        profile.check_name(said)


@pytest.mark.parametrize("said", ["阿依古丽·买买提", "李想", "O'Neil Smith", "𠮷田"])
def test_names_of_all_our_customers_are_names(said):
    assert profile.check_name(said) == said


@pytest.mark.parametrize(
    ("field", "value", "shown"),
    [
        (ProfileField.PHONE, "13800000001", "138****0001"),
        (ProfileField.EMAIL, "li.xiang@example.com", "l****@example.com"),
        (ProfileField.ADDRESS, "浙江省杭州市西湖区文三路12号", "浙江省杭州市西湖区****"),
        (ProfileField.BIRTHDAY, "1990-05-01", "****-**-**"),
        (ProfileField.NAME, "李想", "李*"),
        (ProfileField.INVOICE_TITLE, "杭州云帆酒店管理有限公司", "杭州****"),
        (ProfileField.TAX_NUMBER, "91330106MA2CFABC1X", "91****BC1X"),
    ],
)
def test_a_masked_value_can_be_recognised_and_not_read(field, value, shown):
    assert mask_field(field, value) == shown


def test_a_value_is_stale_when_nobody_confirmed_it_in_its_time():
    assert is_stale(None, 365, NOW)
    assert not is_stale(NOW - timedelta(days=365), 365, NOW)
    assert is_stale(NOW - timedelta(days=365, seconds=1), 365, NOW)
