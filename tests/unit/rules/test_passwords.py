"""Which passwords staff may not choose."""

from __future__ import annotations

import pytest

from care.rules.passwords import password_problem


@pytest.mark.parametrize(
    "password",
    [
        "short", "x" * 201, "aaaaaaaaaaaa", "password123", "P@ssw0rd2026", "1234567890", "13800000001",
        "qwertyuiop", "abcdefghijk", "abc123abc123", "woaini5201314", "zhike-2026!!", "wangxiaomei1",
        "agent.wang99", "王小美2026abcd",
    ],
)  # fmt: skip
def test_short_common_and_own_names_are_refused(password: str) -> None:
    assert password_problem(password, login="agent.wang", names=("王小美", "wangxiaomei"))


@pytest.mark.parametrize(
    "password", ["correct horse battery", "月亮照在屋顶上的两只猫", "t8Kq-v2Lm-x9Rz", "a brand new password"]
)
def test_long_ones_of_any_kind_are_taken(password: str) -> None:
    assert password_problem(password, login="agent.wang", names=("王小美", "wangxiaomei")) is None
