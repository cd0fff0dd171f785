"""退换、报修、取消、改订单、改资料: which order, 对吗, then a person who may do it, with what was said."""

from __future__ import annotations

from actions import reading, topics
from actions.bearing import SURE, Bearing, bearing
from actions.changes import NOT_NOW, YES, restate
from actions.clerk import Clerk, TopicClerk, offer_person
from actions.handoff import to_person
from actions.turn import HUMAN, Turn
from actions.which_order import full_name, meant, order_buttons, own_orders
from care.ports import OrderView
from care.rules.errors import NotVerified, Unavailable
from care.rules.vocabulary import COMPLAINT_TOPICS, Topic
from care.services import transcript

FORM = "change_form"
SLOTS = ("change_topic", "change_about", "change_messages", "change_confirmed", "change_tries")
_MAX_TRIES = 2
_LONG = 60
#: Nothing but the wish itself: restating the customer's words would add nothing.
_BARE = 6


class OpenChange(TopicClerk):
    """The wish is taken down with the first message; other wishes of the message are answered at once."""

    action_name = "action_open_change"

    async def answer(self, turn: Turn) -> None:
        for slot in SLOTS:
            turn.set(slot, None)
        turn.set("change_topic", turn.topic.value)
        turn.set("change_messages", [turn.message_id])
        if turn.topic is Topic.UPDATE_PROFILE:
            turn.set("change_about", "-")
        else:
            await _find_about(turn, is_asked=False)
        await topics.answer_also(turn)


class ValidateChangeForm(Clerk):
    """Which order, then 对吗. A correction changes the order, more words are added, another matter is let through."""

    action_name = "validate_change_form"

    async def serve(self, turn: Turn) -> None:
        if not turn.was_in(FORM) or turn.acted(but=FORM):
            return
        if reading.gives_up(turn.text) or (turn.intent == "stop" and turn.confidence >= SURE):
            self._end(turn, "left")
            return
        asked = turn.slot("requested_slot")
        found = await _find_about(turn, is_asked=asked == "change_about")
        says = reading.says_yes(turn.text) or reading.says_no(turn.text) or turn.intent in ("affirm", "deny")
        fits = found or (asked == "change_confirmed" and says)
        bears = bearing(turn, fits=fits)
        same = turn.topic.value == turn.slot("change_topic")
        if turn.intent in COMPLAINT_TOPICS:
            # Why somebody returns a thing sounds like a complaint; one that is meant goes first.
            is_meant = reading.says_complaint(turn.text) or turn.is_upset
            bears = Bearing.ASIDE if is_meant else Bearing.STORY
        if bears is Bearing.ASIDE and not same:
            turn.events.clear()
            return
        if asked == "change_confirmed" and says and not found:
            is_yes = reading.says_yes(turn.text) or turn.intent == "affirm"
            self._end(turn, "yes" if is_yes else "left")
            return
        offer_person(turn)
        if found or same or bears is Bearing.STORY:
            turn.set("change_messages", [*(turn.slot("change_messages") or []), turn.message_id])
            turn.set("change_tries", 0)
            return
        self._missed(turn, asked)

    def _missed(self, turn: Turn, asked: str | None) -> None:
        tries = int(turn.slot("change_tries") or 0) + 1
        turn.set("change_tries", tries)
        knows_not = reading.does_not_know(turn.text) or reading.has_none(turn.text) or turn.intent == "deny"
        if asked == "change_about" and (knows_not or tries >= _MAX_TRIES):
            # The person can find the order; asking on would not help.
            turn.set("change_about", "-")
        elif tries >= _MAX_TRIES:
            self._end(turn, "unclear")

    def _end(self, turn: Turn, how: str) -> None:
        turn.set("change_about", turn.slot("change_about") or "-")
        turn.set("change_confirmed", how)


async def _find_about(turn: Turn, *, is_asked: bool) -> bool:
    """Sets what the change is about as soon as the words, or the only order there is, tell."""
    try:
        own = await own_orders(turn)
    except (NotVerified, Unavailable):
        own = []
    number = turn.order_said or (turn.digits.number if is_asked else None)
    order = await meant(turn, turn.text, own, current=turn.slot("order_shown"))
    if order is None and not is_asked and not turn.slot("change_about") and len(own) == 1:
        order = own[0]
    if order is None and not is_asked and turn.slot("order_shown") and reading.means_this(turn.text):
        order = next((o for o in own if o.number == turn.slot("order_shown")), None)
    about = _about(order, number, turn)
    if about is None:
        return False
    turn.set("change_about", about)
    return True


def _about(order: OrderView | None, number: str | None, turn: Turn) -> str | None:
    if order is not None:
        return f"{full_name(order)}（订单 {order.number}）" if order.lines else f"订单 {order.number}"
    return f"订单 {number}" if number else turn.entity("product", "model")


class AskChangeAbout(Clerk):
    """Which order or product; recent orders as buttons for a verified customer."""

    action_name = "action_ask_change_about"

    async def serve(self, turn: Turn) -> None:
        if turn.intent == "goodbye" and turn.acted(but=""):
            return
        try:
            own = await own_orders(turn)
        except (NotVerified, Unavailable):
            own = []
        turn.say(
            "change_which" if own else "change_which_free",
            what=Topic(turn.slot("change_topic")).label,
            buttons=[*order_buttons(own), HUMAN],
        )


class AskChangeConfirmed(Clerk):
    """What is wanted, said back in the customer's words; nothing is done yet and nothing is claimed."""

    action_name = "action_ask_change_confirmed"

    async def serve(self, turn: Turn) -> None:
        if turn.intent == "goodbye" and turn.acted(but=""):
            return
        restate(turn, Topic(turn.slot("change_topic")), turn.slot("change_about"))
        words = "；".join(await _said(turn))
        if len(words) > _BARE and not turn.slot("change_tries"):
            turn.say("change_words", words=words if len(words) <= _LONG else f"{words[: _LONG - 1]}…")
        turn.say("change_right", buttons=[YES, NOT_NOW])


async def _said(turn: Turn) -> list[str]:
    """The customer's own words about the change: slots hold the numbers of the messages only."""
    ids = turn.slot("change_messages") or []
    texts = [(await transcript.customers_words(turn.care, message_id)).typed for message_id in ids]
    return list(dict.fromkeys(texts))


class EndChange(Clerk):
    """The end of the form: to a person with what was said, or left and said so."""

    action_name = "action_end_change"

    async def serve(self, turn: Turn) -> None:
        decision, topic = turn.slot("change_confirmed"), turn.slot("change_topic")
        about = turn.slot("change_about")
        for slot in SLOTS:
            turn.set(slot, None)
        if decision == "yes":
            what = Topic(topic).label + (f"：{about}" if about and about != "-" else "")
            await to_person(turn, reason=topic, about=what)
        elif decision == "left":
            turn.say("change_left")
        else:
            turn.say("clarify_person", buttons=[HUMAN])
            turn.set("offered", "person")
