"""What was not understood: an answer if the records hold one, else two readings as buttons, then a person."""

from __future__ import annotations

from rasa_sdk.events import FollowupAction

from actions import callbacks, orders, reading
from actions.cases import say_cases
from actions.clerk import TopicClerk
from actions.knowledge import say_known
from actions.order_talk import show, show_other_order
from actions.products import about_product, named_product, say_chosen_product, say_compared, say_product
from actions.turn import HUMAN, Button, Turn
from actions.which_order import named_order
from care.rules.errors import NotVerified
from care.rules.vocabulary import COMPLAINT_TOPICS, Topic, topic_of_intent
from care.services import complaints

_NO_READING = frozenset(
    {"nlu_fallback", "affirm", "deny", "stop", "inform", "greet", "goodbye", "thanks", "chitchat", "out_of_scope",
     "bot_challenge", "request_human"}
)  # fmt: skip
_ASK_BACK = ("action_clarify", "action_inform")
#: Set by answers that an unclear message got all the same.
_HELPED = ("order_shown", "product_shown")
#: Questions that knowledge may answer although it is not sure what kind of question it is.
_MAY_BE_KNOWN = 0.6
#: Of the best score: from here on somebody is content.
_CONTENT = 0.6
#: Readings that are about an order, and how many of the likeliest count.
_OF_ORDERS = frozenset({*(topic.value for topic in orders.ORDER_TOPICS), Topic.COMPLAINT_DELIVERY.value})
_LIKELY = 3


COMPLAIN: Button = {"title": "我要投诉", "payload": "/complaint_other"}
QUICK: tuple[Button, ...] = (
    {"title": "查订单", "payload": "/order_status"},
    {"title": "退换货", "payload": "/request_return"},
    COMPLAIN,
    HUMAN,
)


class Clarify(TopicClerk):
    action_name = "action_clarify"

    async def answer(self, turn: Turn) -> None:
        if await callbacks.hear_cancel(turn) or await callbacks.hear_number(turn):
            return
        if (score := reading.score_given(turn.text)) is not None:
            _thank_for_score(turn, score)
            return
        if await _found_in_records(turn):
            return
        if was_lost_before(turn):
            give_up(turn)
            return
        readings = _readings(turn)
        turn.say("clarify_two", buttons=[*readings, HUMAN] if readings else list(QUICK))
        turn.set("offered", "person" if turn.is_upset else None)


class Inform(TopicClerk):
    """A fact without a question: a word about an order shows that order, anything else asks for the wish."""

    action_name = "action_inform"

    async def answer(self, turn: Turn) -> None:
        if (
            await callbacks.hear_cancel(turn)
            or await callbacks.hear_number(turn)
            or await show_other_order(turn)
            or await say_chosen_product(turn)
        ):
            return
        if reading.means_order(turn.text):
            await orders.beside(turn, Topic.ORDER_STATUS)
        elif turn.entity("product", "model") or await named_product(turn):
            await about_product(turn, Topic.PRODUCT_INFO)
        elif (score := reading.score_given(turn.text)) is not None:
            _thank_for_score(turn, score)
        elif was_lost_before(turn):
            give_up(turn)
        else:
            turn.say("inform_open", buttons=QUICK)


def _thank_for_score(turn: Turn, share: float) -> None:
    """给你打5分, said without having been asked: thanks, or what went wrong."""
    if share >= _CONTENT:
        turn.say("praise_thanks")
    else:
        turn.say("praise_or_complaint", buttons=[COMPLAIN, HUMAN])


def give_up(turn: Turn) -> None:
    """The second time in a row: a person, and no loop."""
    turn.say("clarify_person", buttons=[HUMAN])
    turn.set("offered", "person")


def was_lost_before(turn: Turn) -> bool:
    """The answer before asked back too."""
    users = [i for i, e in enumerate(turn.tracker.events) if e.get("event") == "user"]
    if len(users) < 2:
        return False
    before = turn.tracker.events[users[-2] : users[-1]]
    asked = any(e.get("event") == "action" and e.get("name") in _ASK_BACK for e in before)
    return asked and not any(e.get("event") == "slot" and e.get("name") in _HELPED for e in before)


async def _found_in_records(turn: Turn) -> bool:
    """A number, a product or a question that is known needs no guess at the topic."""
    if turn.order_said:
        try:
            await show(turn, turn.order_said, Topic.ORDER_STATUS)
        except NotVerified:
            turn.events.append(FollowupAction(orders.FORM))
        return True
    if await show_other_order(turn) or await say_compared(turn) or await say_chosen_product(turn):
        return True
    if reading.asks_number(turn.text) and await complaints.cases_of(turn.care, turn.conversation.id, limit=1):
        await say_cases(turn)
        return True
    likely = [entry["name"] for entry in (turn.message.get("intent_ranking") or [])[:_LIKELY]]
    if any(name in _OF_ORDERS for name in likely) and (order := await named_order(turn)) is not None:
        await show(turn, order.number, Topic.ORDER_STATUS)
        return True
    product = await named_product(turn)
    if product is not None:
        await say_product(turn, Topic.PRODUCT_INFO, product)
        return True
    return await say_known(turn, None, least=_MAY_BE_KNOWN)


def _readings(turn: Turn) -> list[Button]:
    """The two likeliest, in words that the customer would use; which complaint it is matters later."""
    names = [r["name"] for r in turn.message.get("intent_ranking") or [] if r["name"] not in _NO_READING]
    topics = dict.fromkeys(
        Topic.COMPLAINT_OTHER if name in COMPLAINT_TOPICS else topic_of_intent(name) for name in names
    )
    return [
        COMPLAIN if topic is Topic.COMPLAINT_OTHER else {"title": topic.label, "payload": f"/{topic.value}"}
        for topic in topics
    ][:2]
