"""Points and level of the verified customer."""

from __future__ import annotations

from care.ports import LoyaltyView
from care.services import interactions
from care.services.context import Care
from care.services.order_acts import actor_of


async def mine(care: Care, conversation_id: int) -> LoyaltyView | None:
    """None for a customer without a membership.

    Raises:
        NotVerified: nobody is verified.
        Unavailable: the order system cannot be asked now.
    """
    actor = await actor_of(care, conversation_id)
    view = await care.orders.loyalty(actor.ref)
    await interactions.note_data(care, conversation_id, read=("loyalty",))
    return view
