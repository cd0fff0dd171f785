"""查订单、查物流、催单: the verified customer's own orders, one as a card with its timeline."""

from __future__ import annotations

from collections.abc import Sequence

from rasa_sdk.events import FollowupAction

from actions import reading, topics
from actions.bearing import SURE
from actions.clerk import Clerk, TopicClerk
from actions.identity import LEAVE, SLOTS, is_another_matter, verify
from actions.order_talk import OPEN_STATES, show
from actions.turn import HUMAN, Turn
from actions.which_order import meant, order_buttons, own_orders, several_named
from care.ports import OrderView
from care.rules.errors import NotVerified, Unavailable
from care.rules.vocabulary import Kind, OrderState, Topic, kind_of_topic

FORM = "order_form"
ORDER_TOPICS = (Topic.ORDER_STATUS, Topic.LOGISTICS, Topic.URGE_ORDER)
MAX_TRIES = 3
OWN_SLOTS = ("identity", "chosen_order", "order_wanted", "order_note", "order_topic")


class ValidateOrderForm(Clerk):
    """Takes an answer inside the order form; runs before each question."""

    action_name = "validate_order_form"

    async def serve(self, turn: Turn) -> None:
        turn.set("order_note", None)
        try:
            if not turn.slot("identity") and not await self._identify(turn):
                return
            await self._choose(turn)
            if not turn.was_in(FORM) and not turn.slot("chosen_order") and turn.topic in ORDER_TOPICS:
                topics.keep(turn, turn.also)
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
            _begin(turn)
            if turn.topic in ORDER_TOPICS:
                topics.keep(turn, turn.also)
        if outcome == "verified":
            turn.set("identity", "verified")
            if not turn.was_in(FORM):
                _begin(turn)
        return outcome == "verified"

    async def _choose(self, turn: Turn) -> None:
        was_asked = turn.was_in(FORM) and turn.slot("requested_slot") == "chosen_order"
        if was_asked and turn.acted(but=FORM):
            return
        # 算了,看那单吧 with a number is no leaving.
        wanted = _number_said(turn, is_answer=was_asked)
        if was_asked and not wanted and (turn.intent == "stop" or reading.gives_up(turn.text)):
            turn.set("chosen_order", "left")
            return
        if wanted := wanted or turn.slot("order_wanted"):
            turn.set("chosen_order", wanted)
            return
        own = await own_orders(turn)
        if not own:
            turn.set("chosen_order", "none")
            return
        text = turn.text if was_asked else turn.opening(FORM)
        said = turn if was_asked else turn.opened(FORM)
        if several := await several_named(said, own):
            turn.set("chosen_order", ",".join(order.number for order in several))
            return
        chosen = own[0] if len(own) == 1 else await meant(said, text, own, current=turn.slot("order_shown"))
        if chosen is None and not was_asked:
            chosen = just_shown(turn, text, own)
        if chosen is None and not was_asked:
            chosen = only_one_fits(said, own, Topic(turn.slot("order_topic") or turn.topic))
        if chosen is not None:
            turn.set("chosen_order", chosen.number)
            if was_asked and _wishes_more(turn):
                topics.keep(turn, [turn.topic])
        elif was_asked:
            self._not_recognised(turn)

    def _not_recognised(self, turn: Turn) -> None:
        if is_another_matter(turn):
            turn.events.clear()
            return
        tries = int(turn.slot("tries") or 0) + 1
        turn.set("tries", tries)
        turn.set("order_note", "again")
        if tries >= MAX_TRIES:
            turn.set("chosen_order", "given_up")


def _wishes_more(turn: Turn) -> bool:
    """在路上的那单地址写错了想改: names the order, and what is to be done with it."""
    is_other = turn.topic not in ORDER_TOPICS and kind_of_topic(turn.topic) is not Kind.OTHER
    return is_other and not turn.is_button and turn.intent != "nlu_fallback" and turn.confidence >= SURE


def _begin(turn: Turn) -> None:
    """What of the order is asked; a form that another action starts has been told."""
    turn.set(
        "order_topic",
        turn.topic.value
        if turn.topic in ORDER_TOPICS
        else turn.slot("order_topic") or Topic.ORDER_STATUS.value,
    )


def _number_said(turn: Turn, *, is_answer: bool) -> str | None:
    if said := turn.order_said:
        return said
    if is_answer:
        return turn.digits.number
    return str(turn.page["order"]) if turn.page.get("order") and not turn.was_in(FORM) else None


def just_shown(turn: Turn, text: str, own: Sequence[OrderView]) -> OrderView | None:
    """那个订单, or more about the order that was just shown: 大概什么时候到, 我没看见有人送来."""
    at_hand = turn.slot("order_shown") if reading.means_this(text) else None
    is_more = reading.is_question(text) or reading.says_missing(text)
    if at_hand is None and is_more and not turn.entity("product", "model"):
        at_hand = turn.set_before("order_shown")
    return next((order for order in own if order.number == at_hand), None)


def only_one_fits(turn: Turn, own: Sequence[OrderView], topic: Topic) -> OrderView | None:
    """快递到哪了 means the one on the road; 催单 the one that is not here yet. Not when a product was named."""
    if turn.entity("product", "model"):
        return None
    wanted = {Topic.LOGISTICS: (OrderState.SHIPPED,), Topic.URGE_ORDER: OPEN_STATES}
    fits = [order for order in own if order.state in wanted.get(topic, ())]
    return fits[0] if len(fits) == 1 else None


class AskChosenOrder(Clerk):
    """Which order? Recent ones as buttons."""

    action_name = "action_ask_chosen_order"

    async def serve(self, turn: Turn) -> None:
        if turn.intent == "goodbye" and turn.acted(but=""):
            return
        key = "order_which_again" if turn.slot("order_note") == "again" else "order_which"
        turn.say(key, buttons=[*order_buttons(await own_orders(turn)), LEAVE])


class ShowOrder(TopicClerk):
    """The end of the order form: the order, or why there is none to show."""

    action_name = "action_order"

    async def answer(self, turn: Turn) -> None:
        chosen = turn.slot("chosen_order") or ""
        topic = Topic(turn.slot("order_topic") or Topic.ORDER_STATUS.value)
        for slot in (*SLOTS, *OWN_SLOTS):
            turn.set(slot, None)
        match chosen:
            case "left":
                turn.say("verify_left")
            case "given_up":
                turn.say("verify_given_up", buttons=[HUMAN])
                turn.set("offered", "person")
            case "none":
                turn.say("order_none", buttons=[HUMAN])
            case "unavailable" | "":
                turn.say("unavailable", buttons=[HUMAN])
            case numbers:
                for number in numbers.split(","):
                    await show(turn, number, topic)
        if turn.topic in ORDER_TOPICS:
            await topics.answer_also(turn)
        await topics.answer_kept(turn)


class OrderAside(TopicClerk):
    """An order asked about in the middle of another form: shown when it is clear which, else put off."""

    action_name = "action_order_aside"

    async def answer(self, turn: Turn) -> None:
        try:
            if not await answer_aside(turn, turn.topic):
                turn.say("order_which", buttons=order_buttons(await own_orders(turn), turn.topic.value))
        except NotVerified:
            topics.keep(turn, [turn.topic])
            turn.say("order_after_this")


@topics.answers(*ORDER_TOPICS)
async def beside(turn: Turn, topic: Topic) -> None:
    """An order asked about beside something else, or before a form that has now ended."""
    try:
        if not await answer_aside(turn, topic):
            turn.say("order_which", buttons=order_buttons(await own_orders(turn), topic.value))
    except NotVerified:
        turn.set("order_topic", topic.value)
        turn.set("order_wanted", turn.order_said)
        turn.events.append(FollowupAction(FORM))


async def answer_aside(turn: Turn, topic: Topic) -> bool:
    """Shows the order that is meant; `False` when it is not clear which.

    Raises:
        NotVerified: there is nobody yet whose orders could be shown.
    """
    own = await own_orders(turn)
    if turn.order_said:
        await show(turn, turn.order_said, topic)
        return True
    chosen = own[0] if len(own) == 1 else await meant(turn, turn.words, own, current=turn.slot("order_shown"))
    chosen = chosen or just_shown(turn, turn.words, own) or only_one_fits(turn, own, topic)
    if chosen is None and own:
        return False
    if chosen is None:
        turn.say("order_none", buttons=[HUMAN])
    else:
        await show(turn, chosen.number, topic)
    return True
