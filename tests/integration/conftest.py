"""Short ways to a conversation, a customer and an agent."""

from __future__ import annotations

from uuid import uuid4

import pytest

from care.records.customer import Customer
from care.rules.vocabulary import Role
from care.services import conversations, staff
from care.services.context import Care
from care.services.conversations import ConversationView, Reply, Turn

PASSWORD = "correct horse battery"


class Shop:
    """What a test does over and over, in a customer's, an agent's and the bot's words."""

    def __init__(self, care: Care) -> None:
        self.care = care

    async def visit(self, token: str | None = None) -> ConversationView:
        return (await conversations.open_visit(self.care, token)).conversation

    async def say(
        self, conversation_id: int, text: str, client_msg_id: str | None = None
    ) -> conversations.Accepted:
        return await conversations.accept_message(
            self.care, conversation_id, client_msg_id=client_msg_id or str(uuid4()), text=text
        )

    async def turn(self, conversation_id: int) -> Turn:
        turn = await conversations.next_turn(self.care, conversation_id)
        assert turn is not None
        return turn

    async def answer(self, conversation_id: int, *texts: str, **understood: object) -> None:
        turn = await self.turn(conversation_id)
        await conversations.finish_turn(self.care, turn, [Reply(text) for text in texts], understood or None)

    async def agent(self, login: str = "agent1", name: str = "王小美") -> int:
        added = await staff.add_staff(self.care, login=login, name=name, role=Role.AGENT, password=PASSWORD)
        return added.id

    async def customer(self, phone: str = "13800000001", name: str = "张伟", **columns: object) -> Customer:
        customer = Customer(
            public_id=str(uuid4()), name=name, phone=phone, created_at=self.care.clock.now(), **columns
        )
        async with self.care.sessions.write() as session:
            session.add(customer)
        return customer


@pytest.fixture
def shop(care: Care) -> Shop:
    return Shop(care)
