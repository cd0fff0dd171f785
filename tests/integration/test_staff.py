"""Staff sign in; guesses are slowed down; only hashes are kept."""

from __future__ import annotations

import asyncio

import pytest
from argon2 import PasswordHasher
from sqlalchemy import select

from care.records.staff import Staff, StaffSession
from care.rules.errors import (
    Conflict,
    InvalidInput,
    NotFound,
    NotSignedIn,
    TooManyRequests,
    VerificationFailed,
)
from care.rules.vocabulary import Role
from care.services import staff

PASSWORD = "correct horse battery"


async def add(care, login: str = "agent1", **values: object) -> staff.StaffView:
    return await staff.add_staff(
        care, **{"login": login, "name": "王小美", "role": Role.AGENT, "password": PASSWORD, **values}
    )


async def test_signed_in_staff_is_known_by_the_token_until_signing_out(care):
    added = await add(care)
    signed = await staff.sign_in(care, " Agent1 ", PASSWORD)
    known = await staff.staff_of_session(care, signed.token)
    assert known.staff == signed.staff == added
    assert staff.is_csrf(known, signed.csrf)
    assert not staff.is_csrf(known, None)
    await staff.sign_out(care, signed.token)
    with pytest.raises(NotSignedIn):
        await staff.staff_of_session(care, signed.token)


async def test_a_wrong_password_and_an_unknown_login_get_the_same_answer_and_the_same_lock(care, clock):
    await add(care)
    answers = []
    for login in ("agent1", "nobody"):
        said = []
        for _ in range(6):
            with pytest.raises((VerificationFailed, TooManyRequests)) as refused:
                await staff.sign_in(care, login, "guess")
            said.append(refused.value.as_wire())
        answers.append(said)
    assert answers[0] == answers[1]
    assert [a["error"]["code"] for a in answers[0]] == ["verification_failed"] * 5 + ["too_many_requests"]
    with pytest.raises(TooManyRequests):
        await staff.sign_in(care, "agent1", PASSWORD)
    assert (await staff.list_staff(care))[0].locked_until is not None
    clock.advance(minutes=15)
    await staff.sign_in(care, "agent1", PASSWORD)


async def test_guesses_sent_at_once_are_counted_one_by_one(care):
    await add(care)
    results = await asyncio.gather(
        *(staff.sign_in(care, "agent1", f"guess {n}") for n in range(8)), return_exceptions=True
    )
    kinds = [type(r) for r in results]
    assert kinds.count(VerificationFailed) == 5
    assert kinds.count(TooManyRequests) == 3


async def test_the_stand_in_hash_costs_what_a_real_one_costs():
    assert not PasswordHasher().check_needs_rehash(staff._NOBODY)


async def test_a_new_password_signs_everyone_out_and_lifts_the_lock(care):
    await add(care)
    signed = await staff.sign_in(care, "agent1", PASSWORD)
    for _ in range(5):
        with pytest.raises(VerificationFailed):
            await staff.sign_in(care, "agent1", "guess")
    await staff.reset_password(care, "agent1", "a brand new password")
    with pytest.raises(NotSignedIn):
        await staff.staff_of_session(care, signed.token)
    with pytest.raises(VerificationFailed):
        await staff.sign_in(care, "agent1", PASSWORD)
    await staff.sign_in(care, "agent1", "a brand new password")


async def test_a_session_ends_after_twelve_hours_or_with_the_account(care, clock):
    await add(care)
    first = await staff.sign_in(care, "agent1", PASSWORD)
    for _ in range(4):  # never idle for long
        clock.advance(hours=2.75)
        assert await staff.staff_of_session(care, first.token)
    clock.advance(hours=1)
    with pytest.raises(NotSignedIn):
        await staff.staff_of_session(care, first.token)
    second = await staff.sign_in(care, "agent1", PASSWORD)
    async with care.sessions.write() as session:
        (await session.scalars(select(Staff))).one().active = False
    with pytest.raises(NotSignedIn):
        await staff.staff_of_session(care, second.token)
    with pytest.raises(VerificationFailed):
        await staff.sign_in(care, "agent1", PASSWORD)


async def test_neither_password_nor_token_is_kept(care):
    await add(care)
    signed = await staff.sign_in(care, "agent1", PASSWORD)
    async with care.sessions.read() as session:
        rows = [*(await session.scalars(select(Staff))), *(await session.scalars(select(StaffSession)))]
    kept = " ".join(repr(vars(row)) for row in rows)
    assert PASSWORD not in kept
    assert signed.token not in kept
    assert "$argon2id$" in kept


async def test_a_token_that_nobody_has_signs_nobody_in(care):
    await add(care)
    await staff.sign_in(care, "agent1", PASSWORD)
    for token in (None, "", "x" * 43, "中文"):
        with pytest.raises(NotSignedIn):
            await staff.staff_of_session(care, token)


async def test_accounts_are_checked_when_made(care):
    await add(care)
    with pytest.raises(Conflict):
        await add(care)
    with pytest.raises(InvalidInput) as refused:
        await add(care, login="坐席 1", name=" ", password="short")
    assert set(refused.value.fields) == {"login", "name", "password"}
    with pytest.raises(NotFound):
        await staff.reset_password(care, "nobody", "a brand new password")
    assert [s.login for s in await staff.list_staff(care)] == ["agent1"]
