"""Questions of the complaint form that only some complaints need, each asked at most once or twice.

``same``: is it the case that is open already? ``behalf``: for whom? ``minor``: who is the guardian? ``leak``: which
data, where, when? They come before the form's own next question; where they stand is in one slot.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from actions import reading, special_words
from actions.bearing import Bearing, bearing
from actions.complaint_buttons import answer_button
from actions.turn import HUMAN, Turn
from care.rules.complaint import ComplaintCategory, category_of_topic
from care.rules.vocabulary import Cue, Topic
from care.services import case_talk, complaints
from care.services.complaints import DraftView

SLOT = "complaint_special"
_MAX_TRIES = 2
_LONGEST = 60


@dataclass
class Special:
    """What is still to be asked (`wants`, in order), what stands, and the case that it may belong to."""

    wants: list[str] = field(default_factory=list)
    asked: str | None = None
    tries: int = 0
    whom: str | None = None
    case: str | None = None
    is_same_settled: bool = False

    def settle(self) -> None:
        self.is_same_settled = self.is_same_settled or self.asked == "same"
        self.wants = [want for want in self.wants if want != self.asked]
        self.asked, self.tries = None, 0


def special_of(turn: Turn) -> Special:
    return Special(**(turn.slot(SLOT) or {}))


def _keep(turn: Turn, special: Special) -> None:
    turn.set(SLOT, asdict(special))


async def notice(turn: Turn, draft: DraftView) -> None:
    """What the first words call for; the records know of a minor and of the leak at once."""
    special, words = Special(), turn.words
    fields: dict[str, Any] = {}
    if special_words.is_minor(words):
        special.wants.append("minor")
        fields.update(cues=[Cue.MINOR], complainant="未成年人本人")
        turn.say("special_minor_first")
    if (whom := special_words.on_behalf_of(words)) is not None:
        special.wants.append("behalf")
        special.whom = whom
        fields["on_behalf_of"] = whom
    if is_leak(draft) and not special_words.tells_of_leak(words):
        special.wants.append("leak")
    if fields:
        await complaints.update_draft(turn.care, turn.conversation.id, **fields)
    _keep(turn, special)


def is_leak(draft: DraftView) -> bool:
    category = category_of_topic(Topic(draft.topic), frozenset(Cue(cue) for cue in draft.cues))
    return category is ComplaintCategory.PRIVACY


async def ask_first(turn: Turn) -> bool:
    """Whether one of these questions goes before the form's own; then it is said."""
    special = special_of(turn)
    if special.asked is None and not special.is_same_settled:
        same = await case_talk.same_open_case(turn.care, turn.conversation.id)
        if same is not None:
            special.asked, special.case = "same", same.number
    if special.asked is None and special.wants:
        special.asked = special.wants[0]
    if special.asked is None:
        return False
    if special.asked == "same":
        buttons = [answer_button("补充到那件", answer="join"), answer_button("另外登记", answer="anew")]
        turn.say("special_same", number=special.case, buttons=buttons)
    elif special.asked == "behalf":
        turn.say("special_behalf", whom=special.whom, buttons=[answer_button("不方便提供")])
    elif special.asked == "minor":
        turn.say("special_minor", buttons=[HUMAN])
    else:
        turn.say("special_leak")
    _keep(turn, special)
    return True


async def hear(turn: Turn, draft: DraftView) -> str | None:
    """``aside`` for another matter, ``heard`` when the message was the answer, ``joined`` when it belongs to the
    open case; `None` while no such question stands."""
    special = special_of(turn)
    if special.asked is None:
        return None
    code = turn.entity("answer") if turn.is_button else None
    if special.asked == "same":
        return _hear_same(turn, special, code)
    if code is None and bearing(turn, fits=turn.digits.phone is not None, is_open=True) is Bearing.ASIDE:
        return "aside"
    written = await turn.written()
    if special.asked == "leak":
        await complaints.update_draft(turn.care, turn.conversation.id, own_words=written)
    elif code is None and not special_words.is_unwilling(written):
        name, said = _field(special, written)
        await complaints.update_draft(turn.care, turn.conversation.id, **{name: said})
    special.settle()
    _keep(turn, special)
    turn.say("special_noted")
    return "heard"


def _hear_same(turn: Turn, special: Special, code: str | None) -> str:
    joins = {"join": True, "anew": False}.get(code or "", special_words.joins(turn.text))
    if joins is None and (reading.says_yes(turn.text) or turn.intent == "affirm"):
        joins = True
    if joins is None and (reading.says_no(turn.text) or turn.intent == "deny"):
        joins = False
    if joins is None and bearing(turn, fits=False) is Bearing.ASIDE:
        return "aside"
    special.tries += 1
    if joins is None and special.tries < _MAX_TRIES:
        _keep(turn, special)
        return "heard"
    case = special.case
    special.settle()
    _keep(turn, special)
    if joins:
        special.case = case
        return "joined"
    return "heard"


def _field(special: Special, written: str) -> tuple[str, str]:
    said = " ".join(written.split())[:_LONGEST]
    if special.asked == "minor":
        return "complainant", f"未成年人本人；监护人：{said}"
    return "on_behalf_of", f"{special.whom}：{said}"
