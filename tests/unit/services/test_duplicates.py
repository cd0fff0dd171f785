"""Records of one customer are told from those of two: cases, and measures on pairs that are hard to tell."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.duplicate_pairs import hard_pairs
from bench.duplicates import hard_figures
from care.rules.duplicates import (
    LIKELY_FROM,
    POSSIBLE_FROM,
    AddressLikeness,
    Comparison,
    Likeness,
    NameLikeness,
    PhoneLikeness,
    weigh,
)
from care.rules.vocabulary import CustomerType
from care.services.duplicate_features import Person, compare, keys_of

HOME = "浙江省杭州市西湖区文三路12号3幢501室"
FIRM = CustomerType.COMPANY


@pytest.mark.parametrize(
    ("one", "other", "name"),
    [
        ("王小明", "王小明", NameLikeness.SAME),
        ("張偉", "张伟", NameLikeness.SAME),
        ("王小明", "王晓明", NameLikeness.SOUND),
        ("王先生", "王小明", NameLikeness.COURTESY),
        ("欧阳女士", "欧阳娜", NameLikeness.COURTESY),
        ("欧女士", "欧阳娜", NameLikeness.OTHER),
        ("李先生", "王小明", NameLikeness.OTHER),
        ("王建国", "王建军", NameLikeness.NEAR),
        ("王伟", "王芳", NameLikeness.OTHER),
        ("John Smith", "Jon Smith", NameLikeness.SLIP),
        ("John Smith", "Smith John", NameLikeness.SLIP),
        ("", "王小明", NameLikeness.UNKNOWN),
    ],
)
def test_names_are_compared_by_sign_and_by_sound(one: str, other: str, name: NameLikeness) -> None:
    assert compare(Person(one), Person(other)).name is name


@pytest.mark.parametrize(
    ("one", "other", "name"),
    [
        ("杭州云帆酒店管理有限公司", "杭州云帆酒店管理股份有限公司", NameLikeness.SAME),
        ("杭州云帆酒店管理有限公司", "云帆酒店管理（杭州）有限公司", NameLikeness.SLIP),
        ("杭州云帆酒店管理有限公司", "上海云帆酒店管理有限公司", NameLikeness.OTHER),
    ],
)
def test_firms_are_told_by_what_not_all_of_them_have(one: str, other: str, name: NameLikeness) -> None:
    assert compare(Person(one, kind=FIRM), Person(other, kind=FIRM)).name is name


@pytest.mark.parametrize(
    ("one", "other", "phone"),
    [
        ("13800000001", "13800000001", PhoneLikeness.SAME),
        ("13800000001", "13800000002", PhoneLikeness.SLIP),
        ("13812345678", "13821345678", PhoneLikeness.SLIP),
        ("13812345678", "1381234567", PhoneLikeness.SLIP),
        ("13812345678", "13912345679", PhoneLikeness.OTHER),
        ("13812345678", None, PhoneLikeness.UNKNOWN),
    ],
)
def test_a_slip_in_a_phone_is_one_digit_or_two_swapped(
    one: str, other: str | None, phone: PhoneLikeness
) -> None:
    assert compare(Person("王", one), Person("王", other)).phone is phone


@pytest.mark.parametrize(
    ("other", "address"),
    [
        ("杭州西湖区文三路12号3栋501", AddressLikeness.DOOR),
        ("浙江省杭州市西湖区文三路12号3幢502室", AddressLikeness.BUILDING),
        ("浙江省杭州市西湖区文三路99号", AddressLikeness.STREET),
        ("浙江省杭州市滨江区江南大道1号", AddressLikeness.CITY),
        ("上海市徐汇区漕溪北路1号", AddressLikeness.OTHER),
        (None, AddressLikeness.UNKNOWN),
    ],
)
def test_addresses_are_compared_down_to_the_door(other: str | None, address: AddressLikeness) -> None:
    assert compare(Person("王", address=HOME), Person("李", address=other)).address is address


def test_the_verdict_names_what_spoke_for_and_against_it_the_strongest_first() -> None:
    verdict = weigh(
        Comparison(
            NameLikeness.SAME, PhoneLikeness.OTHER, AddressLikeness.DOOR, Likeness.UNKNOWN, Likeness.OTHER
        )
    )
    assert [one.fact for one in verdict.evidence] == [
        "姓名相同",
        "地址到门牌都相同",
        "生日不同",
        "手机号不同",
    ]
    assert verdict.is_possible
    assert not verdict.is_likely


def test_a_common_name_says_less_than_a_rare_one() -> None:
    def score(share: float) -> int:
        return weigh(
            Comparison(
                NameLikeness.SAME,
                PhoneLikeness.OTHER,
                AddressLikeness.DOOR,
                Likeness.UNKNOWN,
                Likeness.UNKNOWN,
                name_share=share,
            )
        ).score

    assert score(0.05) < score(0.01) <= score(0.0001) == score(0)
    with pytest.raises(ValueError, match="share"):
        score(1.5)


people = st.builds(
    Person,
    st.sampled_from(("王小明", "王先生", "李想", "John Smith", "")),
    st.none() | st.sampled_from(("13800000001", "13800000002", "13912345678")),
    st.none() | st.sampled_from(("a@example.com", "B@example.com")),
    st.none() | st.sampled_from((HOME, "上海市徐汇区漕溪北路1号", "某地")),
    st.none() | st.sampled_from(("1990-05-01", "1991-05-01")),
    st.sampled_from(CustomerType),
)


@given(people, people)
def test_it_does_not_matter_which_of_two_records_comes_first(one: Person, other: Person) -> None:
    assert weigh(compare(one, other)) == weigh(compare(other, one))


@given(people)
def test_a_record_with_itself_shares_every_key(one: Person) -> None:
    assert keys_of(one) == keys_of(Person(**vars(one)))


def test_on_the_hard_pairs_what_is_called_likely_mostly_is() -> None:
    pairs = hard_pairs()
    assert len(pairs) >= 200
    assert sum(pair.is_duplicate for pair in pairs) * 2 == len(pairs)
    likely, possible = hard_figures(LIKELY_FROM), hard_figures(POSSIBLE_FROM)
    print("likely", likely, "possible", possible)
    assert likely["precision"] >= 0.92
    assert likely["recall"] >= 0.79
    assert possible["precision"] >= 0.79
    assert possible["recall"] >= 0.82
