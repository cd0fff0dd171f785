"""A browser opens its own conversation and no other."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import select

from care.records.conversation import Visitor
from care.rules.errors import NotFound
from care.rules.vocabulary import Owner
from care.services import conversations, handoff


async def test_a_first_visit_gets_a_token_and_a_conversation_with_the_bot(care):
    visit = await conversations.open_visit(care, None)
    assert visit.visitor_token
    assert len(visit.visitor_token) >= 40
    assert (visit.conversation.owner, visit.conversation.seq) == (Owner.BOT, 0)
    assert (visit.conversation.position, visit.conversation.customer_id) == (None, None)


async def test_coming_back_opens_the_same_conversation_and_tells_no_token_again(care):
    first = await conversations.open_visit(care, None)
    again = await conversations.open_visit(care, first.visitor_token)
    assert again.visitor_token is None
    assert again.conversation == first.conversation


@pytest.mark.parametrize("token", ["", "short", "x" * 43, "中" * 43, "x" * 5000, None, 7, {"a": 1}])
async def test_a_forged_token_makes_a_new_visitor_and_never_an_error(care, token):
    other = await conversations.open_visit(care, None)
    visit = await conversations.open_visit(care, token)
    assert visit.visitor_token
    assert visit.conversation.id != other.conversation.id


async def test_only_a_hash_of_the_token_is_kept(care):
    visit = await conversations.open_visit(care, None)
    async with care.sessions.read() as session:
        kept = (await session.scalars(select(Visitor))).one()
    assert visit.visitor_token not in repr(vars(kept))


async def test_after_the_end_a_visitor_gets_a_new_conversation_with_new_ids(care):
    first = await conversations.open_visit(care, None)
    await handoff.close(care, first.conversation.id, "customer")
    second = await conversations.open_visit(care, first.visitor_token)
    assert second.visitor_token is None
    assert second.conversation.public_id != first.conversation.public_id
    assert second.conversation.sender_id != first.conversation.sender_id


async def test_two_tabs_at_once_share_one_new_conversation(care):
    first = await conversations.open_visit(care, None)
    await handoff.close(care, first.conversation.id, "customer")
    tabs = await asyncio.gather(*(conversations.open_visit(care, first.visitor_token) for _ in range(6)))
    assert len({tab.conversation.id for tab in tabs}) == 1


async def test_what_the_host_page_says_is_kept_short_and_plain(care):
    page = {
        "product": "净化器" * 200,
        "order": "88120231105",
        "deep": {"a": 1},
        "list": [1],
        "price": 1299.5,
        5: "x",
    }
    visit = await conversations.open_visit(care, None, page={**page, **{f"k{i}": "v" for i in range(50)}})
    await conversations.accept_message(
        care, visit.conversation.id, client_msg_id="7f8f2a9e-0000-4000-8000-000000000001", text="在吗"
    )
    turn = await conversations.next_turn(care, visit.conversation.id)
    assert turn is not None
    assert turn.page is not None
    assert len(turn.page) <= 10
    assert turn.page["order"] == "88120231105"
    assert len(turn.page["product"]) == 200
    assert "deep" not in turn.page


async def test_a_conversation_is_found_by_its_public_and_its_sender_id(care):
    made = (await conversations.open_visit(care, None)).conversation
    assert await conversations.get_conversation(care, made.public_id) == made
    assert await conversations.conversation_of_sender(care, made.sender_id) == made
    assert await conversations.fence(care, made.sender_id) is Owner.BOT


@pytest.mark.parametrize("unknown", ["", "1", "' OR 1=1 --", "00000000-0000-4000-8000-000000000000"])
async def test_an_unknown_id_finds_nothing(care, unknown):
    await conversations.open_visit(care, None)
    for find in (conversations.get_conversation, conversations.conversation_of_sender, conversations.fence):
        with pytest.raises(NotFound):
            await find(care, unknown)
