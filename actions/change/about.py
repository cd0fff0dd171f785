"""Which order, and which thing in it, a change is about: said, shown before, the only one that fits, or asked."""

from __future__ import annotations

from collections.abc import Sequence

from actions import reading, topics
from actions.change.job import Job, heard
from actions.change.kinds import Change, answer_as
from actions.turn import HUMAN, Button, Turn
from actions.which_order import SHOWN, by_reference, meant, order_buttons, own_orders
from care.ports import OrderLineView, OrderView
from care.services import orders

ORDER, PRODUCT = "order", "product"
_READ = "own_orders_read"


async def own(turn: Turn) -> list[OrderView]:
    """The customer's orders, asked for once an action: a slow order system must not be waited for again and again.

    Raises:
        NotVerified: nobody is known yet.
        Unavailable: the order system cannot be asked now.
    """
    kept: list[OrderView] | None = turn.__dict__.get(_READ)
    if kept is None:
        kept = turn.__dict__[_READ] = await own_orders(turn)
    return kept


async def order_of(turn: Turn, job: Job) -> OrderView | None:
    """The job's order as it is now; `None` when it has none or it is not the customer's."""
    if not job.order:
        return None
    return by_reference(job.order, await own(turn)) or await orders.find(
        turn.care, turn.conversation.id, job.order
    )


async def hear_order(turn: Turn, job: Job, change: Change, *, is_asked: bool) -> bool:
    """Takes the order that the words name. Raises `NotVerified` and `Unavailable`.

    A number that is nobody's or somebody else's is kept as it was said: the answer to both is the same.
    """
    mine = await own(turn)
    corrects = reading.corrects_order(turn.text)
    said = turn.order_said or (turn.digits.number if is_asked and not turn.digits.phone else None)
    if said:
        order = by_reference(said, mine)
        return _take(job, order.number if order else said)
    is_named = bool(turn.entity("product", "model")) or reading.means_order(turn.text)
    if not (is_asked or corrects or is_named):
        return False
    preferred = mine if corrects else _fitting(mine, change)
    order = await meant(turn, turn.text, preferred, current=job.order or turn.slot("order_shown"))
    if order is None and preferred is not mine and (is_asked or is_named):
        order = await meant(turn, turn.text, mine, current=job.order or turn.slot("order_shown"))
    if order is None and corrects:
        job.order, job.sku = None, None
        return True
    if order is None or (order.number == job.order and not corrects):
        return False
    return _take(job, order.number)


async def find_order(turn: Turn, job: Job, change: Change) -> str | None:
    """Fills in the order where only one can be meant. The question that is left, if any.

    Raises:
        NotVerified: nobody is known yet.
        Unavailable: the order system cannot be asked now.
    """
    mine = await own(turn)
    if job.order:
        order = await order_of(turn, job)
        job.order = order.number if order else None
        if order is None:
            job.note = "order_not_found"
    elif not job.note:
        await _guess_order(turn, job, change, mine)
    if not job.order:
        return ORDER
    if change.needs_product and not job.sku:
        return await _find_product(turn, job)
    return None


async def _guess_order(turn: Turn, job: Job, change: Change, mine: Sequence[OrderView]) -> None:
    """What was said before somebody was known, the order just shown, or the only one that fits."""
    told = _told(turn, job)
    for line in told:
        if not job.order:
            await hear_order(line, job, change, is_asked=False)
    candidates = _fitting(mine, change)
    shown = by_reference(turn.slot("order_shown"), candidates)
    if not job.order and shown and job.asked is None:
        job.order = shown.number
    elif not job.order and len(candidates) == 1 and not any(line.entity("product", "model") for line in told):
        job.order = candidates[0].number


def _told(turn: Turn, job: Job) -> list[Turn]:
    """The lines that told of the change, each as a turn of its own."""
    messages = [topics.message_of(turn, message_id) for message_id in job.messages]
    told = [turn.about(message) for message in messages if message is not None]
    for line in told:
        line.__dict__[_READ] = turn.__dict__.get(_READ)
    return told


async def _find_product(turn: Turn, job: Job) -> str | None:
    order = await order_of(turn, job)
    lines = order.lines if order else ()
    named = [line for told in (turn, *_told(turn, job)) if (line := _line_named(told, lines))]
    if not named:
        return PRODUCT
    job.sku = named[0].sku
    return None


def hear_product(turn: Turn, job: Job, order: OrderView | None) -> bool:
    if order is None:
        return False
    code = heard(turn, PRODUCT).answer
    line = next((line for line in order.lines if line.sku == code), None) or _line_named(turn, order.lines)
    if line is None or line.sku == job.sku:
        return False
    job.sku = line.sku
    return True


def line_of(order: OrderView | None, job: Job) -> OrderLineView | None:
    if order is None:
        return None
    return next(
        (line for line in order.lines if line.sku == job.sku), order.lines[0] if order.lines else None
    )


async def ask_order(turn: Turn, job: Job, change: Change) -> None:
    mine = await own(turn)
    offered = _fitting(mine, change)
    if not mine:
        turn.say("order_none", buttons=[HUMAN])
        return
    turn.say("change_which", what=change.label, buttons=[*order_buttons(offered), HUMAN])


def ask_product(turn: Turn, job: Job, order: OrderView | None) -> None:
    lines = order.lines[: SHOWN + 1] if order else ()
    buttons: list[Button] = [answer_as(_short(line.name), line.sku) for line in lines]
    turn.say("change_which_product", buttons=[*buttons, HUMAN])


def described(order: OrderView | None, job: Job) -> str:
    """星禾 12 Pro 智能手机（订单尾号 1234）"""
    line = line_of(order, job)
    name = line.name if line else "商品"
    return f"{name}（订单尾号 {job.order[-4:]}）" if job.order else name


def _fitting(mine: Sequence[OrderView], change: Change) -> list[OrderView]:
    return [order for order in mine if change.fits(order)] or list(mine)


def _line_named(turn: Turn, lines: Sequence[OrderLineView]) -> OrderLineView | None:
    if len(lines) == 1:
        return lines[0]
    said = turn.entity("product", "model")
    named = [line for line in lines if said and said in line.name]
    return named[0] if len(named) == 1 else None


def _short(name: str) -> str:
    return name if len(name) <= 20 else name[-20:]


def _take(job: Job, number: str) -> bool:
    if number != job.order:
        job.order, job.sku, job.record = number, None, None
    return True
