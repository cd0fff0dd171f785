import pytest

from care.services.phones import read_phone


@pytest.mark.parametrize(
    ("text", "number", "is_mobile", "problem"),
    [
        ("13800000001", "13800000001", True, None),
        ("+86 138-0000-0001", "13800000001", True, None),
        ("8613800000001", "13800000001", True, None),
        ("１３８０００００００１", "13800000001", True, None),
        ("0571-88001234", "0571-88001234", False, None),
        ("057188001234", "0571-88001234", False, None),
        ("(010)62770000", "010-62770000", False, None),
        ("+852 2345 6789", "+85223456789", False, None),
        ("+1 650 253 0000", "+16502530000", False, None),
        ("1380000000", "1380000000", False, "手机号应为 11 位，现在是 10 位"),
        ("138000000011", "138000000011", False, "手机号应为 11 位，现在是 12 位"),
        ("12800000001", "12800000001", False, "没有这样的手机号段"),
        ("88", "88", False, "不是有效的电话号码"),
        ("没有", "没有", False, "不是电话号码"),
        ("", "", False, "不是电话号码"),
    ],
)
def test_a_phone_is_stored_in_one_form_or_told_what_is_wrong(
    text: str, number: str, is_mobile: bool, problem: str | None
) -> None:
    found = read_phone(text)
    assert (found.number, found.is_mobile, found.problem) == (number, is_mobile, problem)
