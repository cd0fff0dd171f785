"""Who the customer is: proven, limited in tries, and telling nobody what exists."""

from __future__ import annotations

import asyncio
import contextlib
import re
from uuid import uuid4

import jwt
import pytest
from sqlalchemy import select

from care.records.complaint import Complaint
from care.records.conversation import OneTimeCode
from care.records.engine import Outbox
from care.records.interaction import CareInteraction
from care.records.order import Order
from care.rules.complaint import ComplaintState
from care.rules.errors import InvalidInput, NotFound, TooManyRequests, VerificationFailed
from care.rules.vocabulary import OrderState, VerifiedBy
from care.services import complaint_log, conversations, handoff, identity, outbox
from tests.integration.customers import order_of

PHONE = "13800000001"


async def delivered_codes(care, capsys) -> list[str]:
    """What the phones received, from the terminal."""
    await outbox.deliver_due(care, {identity.SMS_TOPIC: identity.sms_handler(care)})
    return re.findall(r"验证码 (\d{6})", capsys.readouterr().out)


async def verified(care, conversation_id: int) -> str | None:
    customer = await identity.customer_of(care, conversation_id)
    return customer.public_id if customer else None


class TestCodes:
    async def test_the_code_that_was_sent_verifies_the_conversation(self, care, shop, capsys):
        visit, customer = await shop.visit(), await shop.customer(PHONE)
        await identity.request_code(care, visit.id, "138 0000 0001")
        assert capsys.readouterr().out == ""  # nothing leaves before the outbox is delivered
        (code,) = await delivered_codes(care, capsys)
        ref = await identity.verify_code(care, visit.id, f" {code} ")
        assert ref.public_id == customer.public_id
        summary = await identity.customer_of(care, visit.id)
        assert summary is not None
        assert (summary.masked_name, summary.masked_phone) == ("张*", "138****0001")
        await shop.say(visit.id, "查订单")
        assert (await shop.turn(visit.id)).customer_ref == customer.public_id

    async def test_neither_the_code_nor_its_text_is_stored_anywhere(self, care, shop, capsys):
        visit = await shop.visit()
        await shop.customer(PHONE)
        await identity.request_code(care, visit.id, PHONE)
        async with care.sessions.read() as session:
            rows = [*(await session.scalars(select(OneTimeCode))), *(await session.scalars(select(Outbox)))]
            kept = " ".join(repr(vars(row)) for row in rows)
        (code,) = await delivered_codes(care, capsys)
        assert code not in re.findall(r"(?<!\d)\d{6}(?!\d)", kept)

    async def test_an_unknown_phone_gets_the_same_answer_and_the_same_limits_but_no_code(
        self, care, shop, capsys
    ):
        visit = await shop.visit()
        await shop.customer(PHONE)
        assert await identity.request_code(care, visit.id, "13900000009") is None
        assert await identity.request_code(care, visit.id, PHONE) is None
        assert len(await delivered_codes(care, capsys)) == 1
        for phone in ("13900000009", PHONE):
            with pytest.raises(TooManyRequests):
                await identity.request_code(care, visit.id, phone)

    async def test_five_codes_an_hour_for_a_phone_whoever_asks(self, care, shop, clock):
        await shop.customer(PHONE)
        for _ in range(5):
            await identity.request_code(care, (await shop.visit()).id, PHONE)
            clock.advance(seconds=61)
        with pytest.raises(TooManyRequests):
            await identity.request_code(care, (await shop.visit()).id, PHONE)
        clock.advance(minutes=55)
        await identity.request_code(care, (await shop.visit()).id, PHONE)

    async def test_a_conversation_cannot_try_out_phones(self, care, shop):
        visit = await shop.visit()
        for n in range(10):
            await identity.request_code(care, visit.id, f"1390000001{n}")
        with pytest.raises(TooManyRequests):
            await identity.request_code(care, visit.id, "13900000099")

    async def test_asked_twice_at_once_one_code_is_sent(self, care, shop, capsys):
        visits = [await shop.visit() for _ in range(4)]
        await shop.customer(PHONE)
        results = await asyncio.gather(
            *(identity.request_code(care, visit.id, PHONE) for visit in visits), return_exceptions=True
        )
        assert sum(r is None for r in results) == 1
        assert len(await delivered_codes(care, capsys)) == 1

    async def test_the_sixth_try_fails_even_with_the_right_code(self, care, shop, capsys):
        visit = await shop.visit()
        await shop.customer(PHONE)
        await identity.request_code(care, visit.id, PHONE)
        (code,) = await delivered_codes(care, capsys)
        wrong = f"{(int(code) + 1) % 1_000_000:06d}"
        for _ in range(5):
            with pytest.raises(VerificationFailed):
                await identity.verify_code(care, visit.id, wrong)
        with pytest.raises(VerificationFailed):
            await identity.verify_code(care, visit.id, code)
        assert await verified(care, visit.id) is None

    async def test_guesses_sent_at_once_do_not_get_more_tries(self, care, shop, capsys):
        visit = await shop.visit()
        await shop.customer(PHONE)
        await identity.request_code(care, visit.id, PHONE)
        (code,) = await delivered_codes(care, capsys)
        guesses = [f"{(int(code) + n) % 1_000_000:06d}" for n in range(1, 9)]
        await asyncio.gather(
            *(identity.verify_code(care, visit.id, g) for g in guesses), return_exceptions=True
        )
        async with care.sessions.read() as session:
            assert (await session.scalars(select(OneTimeCode.tries))).all() == [5]

    @pytest.mark.parametrize("spoil", ["expired", "used", "other conversation"])
    async def test_a_code_is_good_once_for_five_minutes_where_it_was_asked(
        self, care, shop, clock, capsys, spoil
    ):
        visit, other = await shop.visit(), await shop.visit()
        await shop.customer(PHONE)
        await identity.request_code(care, visit.id, PHONE)
        (code,) = await delivered_codes(care, capsys)
        if spoil == "expired":
            clock.advance(minutes=5)
        if spoil == "used":
            await identity.verify_code(care, visit.id, code)
        with pytest.raises(VerificationFailed):
            await identity.verify_code(care, other.id if spoil.startswith("other") else visit.id, code)

    async def test_a_code_too_late_for_use_is_not_sent(self, care, shop, clock, capsys):
        visit = await shop.visit()
        await shop.customer(PHONE)
        await identity.request_code(care, visit.id, PHONE)
        clock.advance(minutes=6)
        assert await delivered_codes(care, capsys) == []

    async def test_what_is_no_mobile_number_is_refused(self, care, shop):
        visit = await shop.visit()
        for phone in ("", "12345", "23800000001", "1380000000", "138000000011", "' OR 1=1", "１３８"):
            with pytest.raises(InvalidInput):
                await identity.request_code(care, visit.id, phone)


class TestOrderAndTail:
    async def order(
        self, care, shop, number: str = "88120231105", phone: str = PHONE, receiver: str = "13711112222"
    ):
        customer = await shop.customer(phone)
        async with care.sessions.write() as session:
            session.add(
                Order(
                    number=number, customer_id=customer.id, state=OrderState.SHIPPED, amount=1299,
                    placed_at=care.clock.now(), receiver_name="张伟", receiver_phone=receiver,
                    receiver_address="浙江省杭州市西湖区文一路 1 号",
                )
            )  # fmt: skip
        return customer

    @pytest.mark.parametrize("tail", ["0001", " ０００１ "])
    async def test_the_buyers_tail_verifies(self, care, shop, tail):
        visit, customer = await shop.visit(), await self.order(care, shop)
        ref = await identity.verify_order_tail(care, visit.id, "881 2023 1105", tail)
        assert ref.public_id == customer.public_id == await verified(care, visit.id)

    async def test_a_wrong_tail_and_an_order_that_does_not_exist_get_the_same_answer(self, care, shop):
        visit = await shop.visit()
        await self.order(care, shop)
        answers = []
        for number, tail in (("88120231105", "9999"), ("88120231105", "2222"), ("88100000000", "0001")):
            with pytest.raises(VerificationFailed) as refused:
                await identity.verify_order_tail(care, visit.id, number, tail)
            answers.append(refused.value.as_wire())
        assert answers[0] == answers[1] == answers[2]
        assert await verified(care, visit.id) is None

    async def test_after_five_failures_in_a_conversation_not_even_the_right_tail_passes_for_an_hour(
        self, care, shop, clock
    ):
        visit = await shop.visit()
        await self.order(care, shop)
        for n in range(5):
            with pytest.raises(VerificationFailed):
                await identity.verify_order_tail(care, visit.id, f"8810000000{n}", "0001")
        with pytest.raises(TooManyRequests):
            await identity.verify_order_tail(care, visit.id, "88120231105", "0001")
        clock.advance(minutes=61)
        await identity.verify_order_tail(care, visit.id, "88120231105", "0001")

    async def test_after_ten_failures_for_an_order_nobody_passes_for_a_day(self, care, shop, clock):
        await self.order(care, shop)
        for n in range(10):
            with pytest.raises(VerificationFailed):
                await identity.verify_order_tail(care, (await shop.visit()).id, "88120231105", f"9{n:03d}")
        with pytest.raises(TooManyRequests):
            await identity.verify_order_tail(care, (await shop.visit()).id, "88120231105", "0001")
        clock.advance(hours=25)
        await identity.verify_order_tail(care, (await shop.visit()).id, "88120231105", "0001")

    async def test_tries_sent_at_once_are_counted_one_by_one(self, care, shop):
        visit = await shop.visit()
        await self.order(care, shop)
        results = await asyncio.gather(
            *(identity.verify_order_tail(care, visit.id, "88120231105", f"9{n:03d}") for n in range(12)),
            return_exceptions=True,
        )
        assert [type(r) for r in results].count(VerificationFailed) == 5
        assert [type(r) for r in results].count(TooManyRequests) == 7

    async def test_success_is_no_failure(self, care, shop):
        await self.order(care, shop)
        visit = await shop.visit()
        for _ in range(7):
            await identity.verify_order_tail(care, visit.id, "88120231105", "0001")

    async def test_half_a_tail_is_asked_again_and_costs_no_try(self, care, shop):
        visit = await shop.visit()
        for number, tail in (("88120231105", "001"), ("88120231105", "00001"), ("", "0001"), ("881", "abcd")):
            with pytest.raises(InvalidInput):
                await identity.verify_order_tail(care, visit.id, number, tail)


class TestToken:
    def token(self, care, **claims: object) -> str:
        payload = {"sub": "shop-42", "aud": "zhike", "exp": int(care.clock.now().timestamp()) + 600, **claims}
        return jwt.encode(
            {k: v for k, v in payload.items() if v is not None},
            care.settings.host_page_secret,
            algorithm="HS256",
        )

    async def test_the_host_pages_token_verifies_by_external_or_public_id(self, care, shop):
        customer = await shop.customer(PHONE, external_id="shop-42")
        for subject in ("shop-42", customer.public_id):
            visit = await shop.visit()
            await identity.verify_token(care, visit.id, self.token(care, sub=subject))
            assert await verified(care, visit.id) == customer.public_id

    async def test_another_ones_public_id_never_wins_over_an_external_id(self, care, shop):
        first = await shop.customer(PHONE)
        second = await shop.customer("13800000002", external_id=first.public_id)
        visit = await shop.visit()
        await identity.verify_token(care, visit.id, self.token(care, sub=first.public_id))
        assert await verified(care, visit.id) == second.public_id

    async def test_anything_wrong_with_a_token_refuses_it(self, care, shop):
        await shop.customer(PHONE, external_id="shop-42")
        visit = await shop.visit()
        now = int(care.clock.now().timestamp())
        good = self.token(care)
        head, body, _ = good.split(".")
        unsigned = jwt.encode({"sub": "shop-42", "aud": "zhike", "exp": now + 60}, "", algorithm="none")
        bad = {
            "expired": self.token(care, exp=now),
            "too long": self.token(care, exp=now + 3700),
            "no end": self.token(care, exp=None),
            "other audience": self.token(care, aud="other"),
            "no audience": self.token(care, aud=None),
            "no subject": self.token(care, sub=None),
            "unknown subject": self.token(care, sub="shop-43"),
            "empty subject": self.token(care, sub=""),
            "strange end": self.token(care, exp="soon"),
            "endless": self.token(care, exp=10**30),
            "other secret": jwt.encode(
                {"sub": "shop-42", "aud": "zhike", "exp": now + 60}, "x" * 40, algorithm="HS256"
            ),
            "no signature": f"{head}.{body}.",
            "unsigned": unsigned,
            "not a token": "abc",
            "empty": "",
        }
        for name, token in bad.items():
            with pytest.raises(VerificationFailed):
                await identity.verify_token(care, visit.id, token)
            assert await verified(care, visit.id) is None, name


class TestIdle:
    async def verify(self, care, shop, visit):
        customer = await shop.customer(PHONE, external_id="shop-42")
        await identity.verify_token(care, visit.id, TestToken().token(care))
        return customer

    async def test_verification_ends_after_thirty_idle_minutes_and_does_not_come_back(
        self, care, shop, clock
    ):
        visit = await shop.visit()
        await self.verify(care, shop, visit)
        clock.advance(minutes=31)
        assert await verified(care, visit.id) is None
        await shop.say(visit.id, "我的订单呢")
        assert await verified(care, visit.id) is None
        assert (await shop.turn(visit.id)).customer_ref is None
        assert (await conversations.get_conversation(care, visit.public_id)).customer_id is None

    async def test_the_customers_words_keep_it_alive(self, care, shop, clock):
        visit = await shop.visit()
        customer = await self.verify(care, shop, visit)
        for _ in range(4):
            clock.advance(minutes=20)
            await shop.say(visit.id, "还在吗")
            assert await verified(care, visit.id) == customer.public_id

    async def test_an_agents_words_do_not(self, care, shop, clock):
        visit, agent = await shop.visit(), await shop.agent()
        await self.verify(care, shop, visit)
        await handoff.take(care, visit.id, agent)
        for _ in range(2):
            clock.advance(minutes=20)
            await handoff.say_as_agent(care, visit.id, agent, "请稍等", str(uuid4()))
        assert await verified(care, visit.id) is None

    async def test_another_visitors_conversation_is_not_verified_with_it(self, care, shop):
        visit, other = await shop.visit(), await shop.visit()
        await self.verify(care, shop, visit)
        assert await verified(care, other.id) is None


async def test_an_unknown_conversation_verifies_nobody(care, shop):
    for attempt in (
        identity.request_code(care, 999, PHONE),
        identity.verify_code(care, 999, "123456"),
        identity.verify_order_tail(care, 999, "88120231105", "0001"),
        identity.customer_of(care, 999),
    ):
        with pytest.raises(NotFound):
            await attempt


def token_for(care, subject: str) -> str:
    claims = {"sub": subject, "aud": "zhike", "exp": int(care.clock.now().timestamp()) + 300}
    return jwt.encode(claims, care.settings.host_page_secret, algorithm="HS256")


async def test_one_tail_tried_on_very_many_orders_from_ever_new_visits_is_stopped(care, shop, clock):
    failed, refusals = 0, set()
    for visit_no in range(25):
        visit = await shop.visit()
        for n in range(5):
            try:
                await identity.verify_order_tail(care, visit.id, str(88120230000 + 5 * visit_no + n), "0001")
            except VerificationFailed:
                failed += 1
            except TooManyRequests as refusal:
                refusals.add(refusal.message)
    assert failed == identity.ORDER_TRIES_IN_ALL_AND_HOUR
    assert len(refusals) == 1
    assert "手机号" in refusals.pop()  # the way that stays open
    clock.advance(minutes=61)
    with pytest.raises(VerificationFailed):
        await identity.verify_order_tail(care, (await shop.visit()).id, "88120230000", "0001")


async def test_a_token_tells_whether_the_browser_has_another_customer_now(care, shop):
    await shop.customer(PHONE, external_id="A")
    await shop.customer("13800000002", name="李四", external_id="B")
    visit = await shop.visit()
    assert not await identity.is_of_another(care, visit.id, token_for(care, "A"))  # nobody was here before
    await identity.verify_token(care, visit.id, token_for(care, "A"))
    assert not await identity.is_of_another(care, visit.id, token_for(care, "A"))
    assert await identity.is_of_another(care, visit.id, token_for(care, "B"))
    assert not await identity.is_of_another(care, visit.id, token_for(care, "nobody"))
    with pytest.raises(VerificationFailed):
        await identity.is_of_another(care, visit.id, "not.a.token")


async def test_the_former_customer_is_remembered_when_the_proof_has_run_out(care, shop, clock):
    await shop.customer(PHONE, external_id="A")
    await shop.customer("13800000002", name="李四", external_id="B")
    visit = await shop.visit()
    await identity.verify_token(care, visit.id, token_for(care, "A"))
    clock.advance(minutes=31)
    await shop.say(visit.id, "在吗")  # idle for too long: the conversation has no customer any more
    assert await identity.customer_of(care, visit.id) is None
    assert await identity.is_of_another(care, visit.id, token_for(care, "B"))


async def test_a_phone_gets_no_more_than_ten_codes_a_day_whoever_asks(care, shop, clock):
    await shop.customer(PHONE)
    sent = 0
    for _ in range(100):
        with contextlib.suppress(TooManyRequests):
            await identity.request_code(care, (await shop.visit()).id, PHONE)
            sent += 1
        clock.advance(minutes=13)
    assert sent == identity.CODES_PER_PHONE_AND_DAY
    clock.advance(hours=24)
    await identity.request_code(care, (await shop.visit()).id, PHONE)


class TestHostTokenIds:
    def token(self, care, **claims: object) -> str:
        return TestToken().token(care, **claims)

    async def test_a_token_with_an_id_serves_the_first_browser_only_and_that_one_again(self, care, shop):
        customer = await shop.customer(PHONE, external_id="shop-42")
        token = self.token(care, jti="one")
        mine, other = await shop.visit(), await shop.visit()
        for _ in range(2):  # a page that is loaded again says hello again
            await identity.verify_token(care, mine.id, token)
        with pytest.raises(VerificationFailed):
            await identity.verify_token(care, other.id, token)
        assert await verified(care, mine.id) == customer.public_id
        assert await verified(care, other.id) is None
        await identity.verify_token(care, other.id, self.token(care, jti="two"))

    async def test_shown_by_two_browsers_at_once_one_is_believed(self, care, shop):
        await shop.customer(PHONE, external_id="shop-42")
        token = self.token(care, jti="one")
        visits = [await shop.visit() for _ in range(4)]
        results = await asyncio.gather(
            *(identity.verify_token(care, visit.id, token) for visit in visits), return_exceptions=True
        )
        assert sum(isinstance(one, identity.CustomerRef) for one in results) == 1
        assert sum(isinstance(one, VerificationFailed) for one in results) == 3

    async def test_a_token_of_the_future_is_not_good_yet(self, care, shop):
        await shop.customer(PHONE, external_id="shop-42")
        visit = await shop.visit()
        now = int(care.clock.now().timestamp())
        await identity.verify_token(care, visit.id, self.token(care, iat=now + 30, nbf=now))
        for claims in ({"nbf": now + 120}, {"iat": now + 120}, {"nbf": "soon"}):
            with pytest.raises(VerificationFailed):
                await identity.verify_token(care, visit.id, self.token(care, **claims))


class TestSignOut:
    async def test_nobody_is_known_afterwards_and_the_next_contact_is_a_new_one(self, care, shop, clock):
        customer = await shop.customer(PHONE, external_id="shop-42")
        visit = await shop.visit()
        await identity.verify_token(care, visit.id, TestToken().token(care))
        await shop.say(visit.id, "查订单")
        assert await identity.sign_out(care, visit.id)
        assert await verified(care, visit.id) is None
        assert not await identity.sign_out(care, visit.id)
        clock.advance(seconds=1)
        await shop.say(visit.id, "别人的话")
        async with care.sessions.read() as session:
            contacts = (await session.scalars(select(CareInteraction).order_by(CareInteraction.id))).all()
        assert [one.customer_id for one in contacts] == [customer.id, None]
        assert contacts[0].ended_at is not None

    async def test_a_host_page_signs_out_only_whom_it_signed_in(self, care, shop, capsys):
        await shop.customer(PHONE)
        visit = await shop.visit()
        await identity.request_code(care, visit.id, PHONE)
        (code,) = await delivered_codes(care, capsys)
        await identity.verify_code(care, visit.id, code)
        assert not await identity.sign_out(care, visit.id, only=VerifiedBy.TOKEN)
        assert await verified(care, visit.id) is not None
        assert await identity.sign_out(care, visit.id)


class TestEarlierContacts:
    async def nameless(self, care, shop, token: str, words: str = "我的破壁机坏了"):
        """A conversation of the browser in which nobody was known, with a complaint that was received."""
        visit = (await conversations.open_visit(care, token)).conversation
        accepted = await shop.say(visit.id, words)
        async with care.sessions.write() as session:
            case = Complaint(
                conversation_id=visit.id,
                source_message_id=accepted.message_id,
                channel="web",
                state="received",
                opened_at=care.clock.now(),
                own_words=words,
                topic="complaint_quality",
                category="defect",
                care_part="product_quality",
                care_stage="post",
                grade="P3",
            )
            session.add(case)
            await session.flush()
            await complaint_log.append(
                session, case, "state", actor="bot", at=care.clock.now(), to_state=ComplaintState.RECEIVED
            )
        await handoff.close(care, visit.id, "customer")
        care.clock.advance(minutes=5)
        return case

    async def owners(self, care) -> tuple[list, list]:
        async with care.sessions.read() as session:
            contacts = await session.scalars(select(CareInteraction.customer_id).order_by(CareInteraction.id))
            cases = await session.scalars(select(Complaint.customer_id).order_by(Complaint.id))
            return list(contacts), list(cases)

    async def test_what_the_same_browser_said_before_is_the_customers(self, care, shop):
        customer = await shop.customer(PHONE, external_id="shop-42")
        token = (await conversations.open_visit(care, None)).visitor_token
        stranger = (await conversations.open_visit(care, None)).visitor_token
        await self.nameless(care, shop, token)
        await self.nameless(care, shop, stranger)
        visit = (await conversations.open_visit(care, token)).conversation
        await identity.verify_token(care, visit.id, TestToken().token(care))
        contacts, cases = await self.owners(care)
        assert contacts == [customer.id, None, customer.id]
        assert cases == [customer.id, None]
        assert await complaint_log.verify(care) == []

    async def test_on_a_browser_of_two_customers_nameless_contacts_stay_nameless(self, care, shop):
        first = await shop.customer(PHONE, external_id="shop-42")
        second = await shop.customer("13800000002", external_id="shop-43")
        token = (await conversations.open_visit(care, None)).visitor_token
        visit = (await conversations.open_visit(care, token)).conversation
        await identity.verify_token(care, visit.id, TestToken().token(care))
        await handoff.close(care, visit.id, "customer")
        await self.nameless(care, shop, token)
        visit = (await conversations.open_visit(care, token)).conversation
        await identity.verify_token(care, visit.id, TestToken().token(care, sub="shop-43"))
        contacts, cases = await self.owners(care)
        assert contacts == [first.id, None, second.id]
        assert cases == [None]

    async def test_an_order_number_is_too_little_for_taking_over_what_was_said(self, care, shop):
        customer = await shop.customer(PHONE)
        await order_of(care, customer, "88120260009")
        token = (await conversations.open_visit(care, None)).visitor_token
        await self.nameless(care, shop, token)
        visit = (await conversations.open_visit(care, token)).conversation
        await identity.verify_order_tail(care, visit.id, "88120260009", "0001")
        assert (await self.owners(care))[1] == [None]

    async def test_what_lies_more_than_a_month_back_is_not_touched(self, care, shop, clock):
        await shop.customer(PHONE, external_id="shop-42")
        token = (await conversations.open_visit(care, None)).visitor_token
        await self.nameless(care, shop, token)
        clock.advance(days=31)
        visit = (await conversations.open_visit(care, token)).conversation
        await identity.verify_token(care, visit.id, TestToken().token(care))
        assert (await self.owners(care))[1] == [None]
