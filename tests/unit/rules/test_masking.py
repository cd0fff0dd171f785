import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from care.rules.masking import (
    is_bank_card,
    is_identity_card,
    mask_address,
    mask_cards,
    mask_name,
    mask_phone,
    mask_phones,
    mask_receiver,
)


def luhn_completed(digits: str) -> str:
    """`digits` and the check digit that makes them a card number."""
    return next(digits + str(d) for d in range(10) if _luhn_sum(digits + str(d)) % 10 == 0)


def _luhn_sum(number: str) -> int:
    total = 0
    for place, digit in enumerate(reversed(number)):
        doubled = int(digit) * (1 + place % 2)
        total += doubled // 10 + doubled % 10
    return total


@pytest.mark.parametrize(
    ("phone", "shown"),
    [
        ("13800000001", "138****0001"),
        ("+86 138-0000-0001", "138****0001"),
        ("010-62345678", "010****5678"),
        ("62345678", "****5678"),
        ("12315", "*****"),
        ("", ""),
    ],
)
def test_a_phone_shows_three_and_four_digits(phone: str, shown: str) -> None:
    assert mask_phone(phone) == shown


@pytest.mark.parametrize(
    ("name", "shown"), [("张伟", "张*"), ("张小明", "张*"), (" 欧阳娜娜 ", "欧*"), ("", "")]
)
def test_a_name_shows_its_first_sign(name: str, shown: str) -> None:
    assert mask_name(name) == shown


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("浙江省杭州市西湖区文三路100号2幢301", "浙江省杭州市西湖区****"),
        ("北京市朝阳区建国路1号", "北京市朝阳区****"),
        ("广西壮族自治区南宁市青秀区民族大道", "广西壮族自治区南宁市青秀区****"),
        ("杭州文三路100号", "杭州****"),
        ("", ""),
    ],
)
def test_an_address_ends_at_the_district(address: str, shown: str) -> None:
    assert mask_address(address) == shown


def test_a_receiver_is_one_masked_line() -> None:
    line = mask_receiver("张三", "13800000001", "浙江省杭州市西湖区文三路100号")
    assert line == "张* 138****0001 浙江省杭州市西湖区****"


def test_phones_in_a_sentence_are_masked() -> None:
    assert mask_phones("打13800000001或 138 0000 0002") == "打138****0001或 138****0002"
    assert mask_phones("订单88120231105") == "订单88120231105"


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("我的卡6222021234567890128谢谢", "我的卡***************0128谢谢"),
        ("卡号 4111 1111 1111 1111", "卡号 ************1111"),
        ("5500-0000-0000-0004", "************0004"),
        ("3782 822463 10005", "***********0005"),
        ("卡号4111111111111111,电话13800000001", "卡号************1111,电话13800000001"),
        ("４１１１１１１１１１１１１１１１", "************１１１１"),
    ],
)
def test_a_bank_card_keeps_its_last_four_digits(text: str, kept: str) -> None:
    assert mask_cards(text) == kept


@pytest.mark.parametrize("card", ["11010519491231002X", "11010519491231002x", "110105 19491231 002X"])
def test_an_identity_card_is_masked(card: str) -> None:
    assert mask_cards(f"身份证{card}。") == "身份证110*************2X。"


@pytest.mark.parametrize(
    "text",
    [
        "订单号 88120231105",
        "88120231105",
        "电话13800000001 尾号0001",
        "订单号4111111111111111",
        "快递单号 4111111111111111",
        "我11月25日买的,12315",
        "11010519491231002",
        "110105194912310021",
        "4111111111111112",
        "1764000000000",
        "0000000000000000",
        "A4111111111111111",
    ],
)
def test_other_numbers_are_left_alone(text: str) -> None:
    assert mask_cards(text) == text


def test_an_order_number_of_the_shop_is_left_alone_though_it_looks_like_a_card() -> None:
    number = "4111111111111111"
    assert mask_cards(number, order_number_pattern=r"4111\d{12}") == number
    assert mask_cards(number) != number


def test_an_identity_card_called_an_order_number_is_masked_all_the_same() -> None:
    assert "19491231" not in mask_cards("订单号11010519491231002X")


@given(st.from_regex(r"\A[2-6][0-9]{14,17}\Z"))
def test_every_card_number_is_recognised_and_one_wrong_digit_is_not(digits: str) -> None:
    assume(len(set(digits)) > 1)
    number = luhn_completed(digits)
    assert is_bank_card(number)
    wrong = number[:-1] + str((int(number[-1]) + 1) % 10)
    assert not is_bank_card(wrong)
    if not is_identity_card(number):
        assert mask_cards(f"卡号{number}") == f"卡号{'*' * (len(number) - 4)}{number[-4:]}"


@given(st.text(alphabet="0123456789 -Xx张三订单号,", max_size=80))
def test_masking_keeps_the_words_and_is_done_once(text: str) -> None:
    masked = mask_cards(text)
    assert mask_cards(masked) == masked
    assert [c for c in masked if c in "张三订单号,"] == [c for c in text if c in "张三订单号,"]


@given(st.text(max_size=100))
def test_any_text_can_be_masked(text: str) -> None:
    assert isinstance(mask_cards(text), str)
    assert isinstance(mask_address(text), str)
