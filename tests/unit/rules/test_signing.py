import pytest
from hypothesis import given
from hypothesis import strategies as st

from care.rules.signing import TOLERANCE_S, check, sign

SECRET, NOW = "a secret", 1_764_000_000


@given(st.binary(), st.integers(min_value=0, max_value=10**11))
def test_a_signed_body_passes_at_the_same_moment(body: bytes, now: int) -> None:
    assert check(SECRET, sign(SECRET, body, now), body, now)


@pytest.mark.parametrize("late_s", [-TOLERANCE_S, TOLERANCE_S])
def test_a_clock_a_minute_off_is_accepted(late_s: int) -> None:
    assert check(SECRET, sign(SECRET, b"{}", NOW), b"{}", NOW + late_s)


@pytest.mark.parametrize("late_s", [-TOLERANCE_S - 1, TOLERANCE_S + 1])
def test_an_older_or_newer_request_is_refused(late_s: int) -> None:
    assert not check(SECRET, sign(SECRET, b"{}", NOW), b"{}", NOW + late_s)


def test_another_body_secret_or_time_is_refused() -> None:
    header = sign(SECRET, b'{"a":1}', NOW)
    assert not check(SECRET, header, b'{"a":2}', NOW)
    assert not check("another", header, b'{"a":1}', NOW)
    assert not check(SECRET, header.replace(f"t={NOW}", f"t={NOW + 1}"), b'{"a":1}', NOW)


def test_time_and_body_cannot_be_shifted_into_each_other() -> None:
    assert sign(SECRET, b"2.x", 1).split("v1=")[1] != sign(SECRET, b"x", 12).split("v1=")[1]


@pytest.mark.parametrize(
    "header", [None, "", "t=,v1=", "v1=00", "t=1,v1=zz", "t=١,v1=" + "0" * 64, "garbage"]
)
def test_a_malformed_header_is_refused_not_an_error(header: str | None) -> None:
    assert not check(SECRET, header, b"", 1)


def test_an_empty_secret_signs_nothing() -> None:
    with pytest.raises(ValueError, match="secret is empty"):
        sign("", b"", NOW)
    with pytest.raises(ValueError, match="secret is empty"):
        check("", "t=1,v1=" + "0" * 64, b"", 1)


def test_the_header_has_the_agreed_shape() -> None:
    # echo -n '1.body' | openssl dgst -sha256 -hmac key
    assert (
        sign("key", b"body", 1) == "t=1,v1=91b5374b153842ad05b2c4eab9349b8321b14703165bd3fb8b034dfb8be98ae5"
    )
