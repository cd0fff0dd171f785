"""What is said of one order: its state in a sentence, its card, and what can be done when it is late."""

from __future__ import annotations

from actions import reading
from actions.change import opening
from actions.turn import HUMAN, Turn
from actions.which_order import SEARCHED, by_reference, meant, own_orders
from care.ports import OrderView
from care.rules.errors import NotVerified, Unavailable
from care.rules.times import format_moment
from care.rules.vocabulary import OrderState, Topic
from care.services import orders

OPEN_STATES = (OrderState.PAID, OrderState.SHIPPED)
HERE_STATES = (OrderState.DELIVERED, OrderState.COMPLETED)

#: 就是洗衣机啊: no more than the name of what was shown.
_BARE = 8


async def show(turn: Turn, number: str, topic: Topic) -> None:
    """Short text and card; a foreign order is answered as one that does not exist."""
    order = await orders.find(turn.care, turn.conversation.id, number)
    if order is None:
        own = await orders.recent(turn.care, turn.conversation.id, limit=SEARCHED)
        order = by_reference(number, own)
    if order is None:
        turn.say("order_not_found", buttons=[HUMAN])
        return
    turn.set("order_shown", order.number)
    is_shown = _is_on_a_card(turn, order.number)
    if not is_shown:
        _say_state(turn, order)
    now = turn.care.clock.now()
    is_late = order.state in OPEN_STATES and order.promised_at is not None and order.promised_at < now
    complain = {
        "title": "登记投诉",
        "payload": f'/complaint_delivery{{"order_number": "{order.number}"}}',
    }
    if order.state in HERE_STATES and reading.says_missing(turn.words):
        turn.say("order_missing", buttons=[complain, HUMAN])
    if is_late and not is_shown:
        turn.say("order_late", buttons=[HUMAN, complain])
    if topic is Topic.URGE_ORDER and order.state in OPEN_STATES:
        opening.begin(turn, "urge", topic, order=order.number)


def _is_on_a_card(turn: Turn, number: str) -> bool:
    """Whether this very answer has shown the order already, for another wish of the message."""
    cards = [(message.get("custom") or {}).get("card") or {} for message in turn.dispatcher.messages]
    return any(card.get("number") == number for card in cards)


async def show_other_order(turn: Turn) -> bool:
    """After an order was shown, 第二个 or 是上一个 means another one of them; whether one was shown."""
    shown = turn.slot("order_shown")
    if not shown:
        return False
    try:
        own = await own_orders(turn)
    except (NotVerified, Unavailable):
        return False
    order = await meant(turn, turn.text, own, current=shown)
    if order is None and reading.says_missing(turn.text):
        await show(turn, shown, Topic.ORDER_STATUS)
        return True
    is_same = order is not None and order.number == shown
    if order is None or (is_same and len(turn.text) > _BARE and not reading.means_this(turn.text)):
        return False
    await show(turn, order.number, Topic.ORDER_STATUS)
    return True


def _say_state(turn: Turn, order: OrderView) -> None:
    tail, card, now = order.number[-4:], orders.card_of(order), turn.care.clock.now()
    match order.state:
        case OrderState.CREATED:
            turn.say("order_created", tail=tail, card=card)
        case OrderState.PAID:
            due = order.promised_at
            promised = f"，承诺 {format_moment(due, now=now)}前送达" if due and due >= now else ""
            turn.say("order_paid", tail=tail, promised=promised, card=card)
        case OrderState.SHIPPED:
            shipment = order.shipments[-1] if order.shipments else None
            due = shipment.expected_at if shipment else None
            turn.say(
                "order_shipped",
                tail=tail,
                carrier=shipment.carrier if shipment else "快递",
                expected=f"，预计 {format_moment(due, now=now)}前送达" if due and due >= now else "",
                latest=order.events[-1].title if order.events else "已发货",
                card=card,
            )
        case OrderState.DELIVERED | OrderState.COMPLETED:
            missing = {
                "title": "我没收到",
                "payload": f'/complaint_delivery{{"order_number": "{order.number}"}}',
            }
            at = format_moment(order.delivered_at, now=now) if order.delivered_at else "此前"
            turn.say("order_delivered", tail=tail, at=at, card=card, buttons=[missing])
        case OrderState.CANCELLED:
            turn.say("order_cancelled", tail=tail, card=card)
        case OrderState.RETURNED:
            turn.say("order_returned", tail=tail, card=card)
