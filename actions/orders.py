"""查订单、查物流、催单: the verified customer's own orders, one as a card with its timeline."""

from __future__ import annotations

from collections.abc import Sequence

from actions import reading, topics
from actions.clerk import Clerk, TopicClerk
from actions.identity import LEAVE, SLOTS, is_another_matter, verify
from actions.turn import HUMAN, Button, Turn
from care.ports import OrderView
from care.rules.errors import NotVerified, Unavailable
from care.rules.times import format_moment, shanghai_day
from care.rules.vocabulary import OrderState, Topic
from care.services import orders

FORM = "order_form"
OPEN_STATES = (OrderState.PAID, OrderState.SHIPPED)


def order_button(order: OrderView, intent: str = "inform") -> Button:
    """One order as a button: its first product and when it was bought."""
    name = order.lines[0].name if order.lines else "订单"
    if len(name) > 16:
        name = f"{name[:15]}…"
    day = shanghai_day(order.placed_at)
    title = f"{name} · {day.month}月{day.day}日 · {order.state.label}"
    return {"title": title, "payload": f'/{intent}{{"order_number": "{order.number}"}}'}


class ValidateOrderForm(Clerk):
    """Takes an answer inside the order form; runs before each question."""

    action_name = "validate_order_form"

    async def serve(self, turn: Turn) -> None:
        turn.set("order_note", None)
        try:
            if not turn.slot("identity") and not await self._identify(turn):
                return
            await self._choose(turn)
        except NotVerified:
            turn.set("identity", None)
        except Unavailable:
            turn.set("identity", turn.slot("identity") or "unavailable")
            turn.set("chosen_order", "unavailable")

    async def _identify(self, turn: Turn) -> bool:
        outcome = await verify(turn, FORM)
        if outcome in ("left", "given_up"):
            turn.set("identity", outcome)
            turn.set("chosen_order", outcome)
        elif outcome == "aside":
            turn.events.clear()
        elif outcome == "asked" and not turn.was_in(FORM):
            # Rasa validates a second time at the start unless the first time sets a slot.
            turn.set("tries", 0)
            turn.set("order_topic", turn.topic.value)
        if outcome == "verified":
            turn.set("identity", "verified")
            if not turn.was_in(FORM):
                turn.set("order_topic", turn.topic.value)
        return outcome == "verified"

    async def _choose(self, turn: Turn) -> None:
        was_asked = turn.was_in(FORM) and turn.slot("requested_slot") == "chosen_order"
        if was_asked and turn.acted(but=FORM):
            return
        text = turn.text if turn.was_in(FORM) else turn.words
        if was_asked and (turn.intent == "stop" or reading.gives_up(turn.text)):
            turn.set("chosen_order", "left")
            return
        wanted = (
            _number_said(turn, text, is_answer=was_asked)
            or turn.slot("order_wanted")
            or _of_events(turn, "order_wanted")
        )
        if wanted:
            turn.set("chosen_order", wanted)
            return
        recent = await orders.recent(turn.care, turn.conversation.id)
        if not recent:
            turn.set("chosen_order", "none")
            return
        chosen = recent[0] if len(recent) == 1 else reading.choose_order(text, recent)
        if chosen is None and not was_asked:
            chosen = _only_one_fits(turn, recent)
        if chosen is not None:
            turn.set("chosen_order", chosen.number)
        elif was_asked:
            self._not_recognised(turn)

    def _not_recognised(self, turn: Turn) -> None:
        if is_another_matter(turn):
            turn.events.clear()
            return
        tries = int(turn.slot("tries") or 0) + 1
        turn.set("tries", tries)
        turn.set("order_note", "again")
        if tries >= 3:
            turn.set("chosen_order", "given_up")


def _of_events(turn: Turn, slot: str) -> str | None:
    """A slot's value as set by this very action."""
    return next((e["value"] for e in reversed(turn.events) if e.get("name") == slot), None)


def _number_said(turn: Turn, text: str, *, is_answer: bool) -> str | None:
    said = turn.entity("order_number") or reading.order_number(text, turn.care.settings.order_number_pattern)
    if said or not is_answer:
        return said or (str(turn.page["order"]) if turn.page.get("order") and not turn.was_in(FORM) else None)
    return reading.any_number(text)


def _only_one_fits(turn: Turn, recent: Sequence[OrderView]) -> OrderView | None:
    """快递到哪了 means the one on the road; 催单 the one that is not here yet."""
    wanted = {Topic.LOGISTICS: (OrderState.SHIPPED,), Topic.URGE_ORDER: OPEN_STATES}
    topic = Topic(_of_events(turn, "order_topic") or turn.slot("order_topic") or turn.topic.value)
    fits = [order for order in recent if order.state in wanted.get(topic, ())]
    return fits[0] if len(fits) == 1 else None


class AskChosenOrder(Clerk):
    """Which order? Recent ones as buttons."""

    action_name = "action_ask_chosen_order"

    async def serve(self, turn: Turn) -> None:
        recent = await orders.recent(turn.care, turn.conversation.id)
        key = "order_which_again" if turn.slot("order_note") == "again" else "order_which"
        turn.say(key, buttons=[*(order_button(order) for order in recent), LEAVE])


class ShowOrder(TopicClerk):
    """The end of the order form: the order, or why there is none to show."""

    action_name = "action_order"

    async def answer(self, turn: Turn) -> None:
        chosen = turn.slot("chosen_order") or ""
        topic = Topic(turn.slot("order_topic") or Topic.ORDER_STATUS.value)
        for slot in (*SLOTS, "identity", "chosen_order", "order_wanted", "order_note", "order_topic"):
            turn.set(slot, None)
        match chosen:
            case "left":
                turn.say("verify_left")
            case "given_up":
                turn.say("verify_given_up", buttons=[HUMAN])
            case "none":
                turn.say("order_none", buttons=[HUMAN])
            case "unavailable" | "":
                turn.say("unavailable", buttons=[HUMAN])
            case number:
                await show(turn, number, topic)
        await topics.answer_also(turn)


class OrderAside(TopicClerk):
    """An order asked about in the middle of another form: shown when it is clear which, else put off."""

    action_name = "action_order_aside"

    async def answer(self, turn: Turn) -> None:
        await answer_aside(turn)


@topics.answers(Topic.ORDER_STATUS, Topic.LOGISTICS, Topic.URGE_ORDER)
async def beside(turn: Turn, topic: Topic) -> None:
    """An order asked about beside something else."""
    await answer_aside(turn)


async def answer_aside(turn: Turn) -> None:
    try:
        recent = await orders.recent(turn.care, turn.conversation.id)
    except NotVerified:
        turn.say("order_needs_person_aside")
        return
    number = turn.entity("order_number") or reading.order_number(
        turn.words, turn.care.settings.order_number_pattern
    )
    chosen = reading.choose_order(turn.words, recent) or _only_one_fits(turn, recent)
    if number is None and chosen is None and len(recent) == 1:
        chosen = recent[0]
    if number is None and chosen is None:
        turn.say("order_needs_person_aside")
        return
    await show(turn, number or chosen.number, turn.topic)  # type: ignore[union-attr]


async def show(turn: Turn, number: str, topic: Topic) -> None:
    """Short text and card; a foreign order is answered as one that does not exist."""
    order = await orders.find(turn.care, turn.conversation.id, number)
    if order is None:
        turn.say("order_not_found", buttons=[HUMAN])
        return
    _say_state(turn, order)
    now = turn.care.clock.now()
    is_late = order.state in OPEN_STATES and order.promised_at is not None and order.promised_at < now
    if is_late:
        complain = {
            "title": "登记投诉",
            "payload": f'/complaint_delivery{{"order_number": "{order.number}"}}',
        }
        turn.say("order_late", buttons=[HUMAN, complain])
    elif topic is Topic.URGE_ORDER and order.state in OPEN_STATES:
        turn.say("order_urge", buttons=[HUMAN])
        turn.set("offered", "person")


def _say_state(turn: Turn, order: OrderView) -> None:
    tail, card, now = order.number[-4:], orders.card_of(order), turn.care.clock.now()
    match order.state:
        case OrderState.CREATED:
            turn.say("order_created", tail=tail, card=card)
        case OrderState.PAID:
            due = order.promised_at
            promised = f",承诺 {format_moment(due, now=now)}前送达" if due and due >= now else ""
            turn.say("order_paid", tail=tail, promised=promised, card=card)
        case OrderState.SHIPPED:
            shipment = order.shipments[-1] if order.shipments else None
            due = shipment.expected_at if shipment else None
            turn.say(
                "order_shipped",
                tail=tail,
                carrier=shipment.carrier if shipment else "快递",
                expected=f",预计 {format_moment(due, now=now)}前送达" if due and due >= now else "",
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
