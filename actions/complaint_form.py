"""The complaint form's ear: is this message the answer, a correction, more of the story, or another matter?"""

from __future__ import annotations

import re
from typing import Any

from actions import complaint_answers, complaint_special, reading, topics
from actions.bearing import SURE, Bearing, bearing
from actions.clerk import Clerk, offer_person, safety_first
from actions.complaint import FORM, NEEDS_IDENTITY, about, complaint_topic, is_known, known
from actions.complaint_answers import UNSAID, Answers
from actions.turn import Turn
from care.rules.vocabulary import Kind, Topic, kind_of_topic
from care.services import complaints
from care.services.complaint_views import says_what_happened
from care.services.complaints import DraftView

QUESTIONS = ("complaint_what", "complaint_about", "complaint_remedy", "complaint_expectation")
#: 不是换货，是退款; 时间改成三天内: what follows is meant instead.
_INSTEAD = re.compile(r"(?:[，,](?:是|要)|[改换]成|改为|应该是|要改)(.+?)[。.!！ ]*$")
_CORRECTS = re.compile(r"[哎唉嗯,， ]*(?:不对|不是|错了|还要|还得|再加|加上|改成|改为)")
_OPENING = re.compile(r"^(?:[哎唉嗯,， ]|不对|不是|错了|还要|还得|再加上?|加上)+")
_ADDS = re.compile(r"还要|还得|再加|加上|另外|也要")
#: The same question at most so often; then it counts as left open.
_MAX_TRIES = 2
#: Longer words than a name or a wish need.
_TELLING, _SHORT_WISH, _TOLD = 12, 20, 8


class ValidateComplaintForm(Clerk):
    """Runs before each question. No events for a message means: another matter, let the rules answer it."""

    action_name = "validate_complaint_form"

    async def serve(self, turn: Turn) -> None:
        draft = await complaints.draft_of(turn.care, turn.conversation.id)
        if draft is None:
            turn.set("complaint_confirmed", _decision_on_no_draft(turn))
            turn.set("requested_slot", None)
            return
        if not turn.was_in(FORM) or turn.acted(but=FORM):
            turn.set("complaint_note", None)
            return
        whole, turn = turn, turn.main()
        if _leaves(turn):
            self._end(turn, "left")
            return
        if turn.is_button and turn.entity("answer") == "go_on":
            turn.set("complaint_note", None)
            return
        heard = await complaint_special.hear(turn, draft)
        if heard is not None:
            if heard == "aside":
                return
            await self._feelings(turn)
            if heard == "joined":
                self._end(turn, "joined")
            turn.set("complaint_note", None)
            return
        asked = turn.slot("requested_slot")
        if asked in QUESTIONS[1:] and complaint_answers.goes_on(turn.text):
            turn.set("complaint_note", None)
            return
        answers = await complaint_answers.heard(turn, asked, current=draft.order_number)
        bears = bearing(turn, fits=_fits(turn, asked, answers), is_open=asked == "complaint_what")
        if bears is Bearing.ASIDE:
            return
        await self._feelings(turn)
        if not await self._corrected_order(turn, draft, asked, answers):
            if asked == "complaint_confirmed":
                await self._confirm(turn, draft, answers, bears)
            elif asked in QUESTIONS:
                await self._answer(turn, draft, asked, answers, bears)
        await _further_wishes(whole)

    def _end(self, turn: Turn, how: str) -> None:
        turn.set("complaint_confirmed", how)
        for slot in QUESTIONS:
            if not turn.slot(slot):
                turn.set(slot, "-")

    async def _feelings(self, turn: Turn) -> None:
        """A stronger word in the middle of the form counts, and a person is offered at once."""
        if turn.cues or turn.is_upset:
            await self._write(turn, cues=turn.cues, emotion=turn.emotion)
        safety_first(turn)
        offer_person(turn)

    async def _corrected_order(
        self, turn: Turn, draft: DraftView, asked: str | None, answers: Answers
    ) -> bool:
        """不是这个订单，是上一个: changes what was already answered, whatever is being asked."""
        if asked in ("complaint_what", "complaint_about") or not reading.corrects_order(turn.text):
            return False
        if answers.about is None or answers.about.get("order_number") == draft.order_number:
            await self._write(turn, order_number=None, product_said=None)
            turn.set("complaint_about", None)
            turn.set("complaint_note", "order_unclear")
            return True
        told = {} if reading.means_order(turn.text) else {"own_words": await turn.written()}
        self._fill(turn, await self._write(turn, **answers.about, **told))
        turn.set("complaint_note", None)
        turn.say("complaint_fixed")
        return True

    async def _answer(
        self, turn: Turn, draft: DraftView, asked: str, answers: Answers, bears: Bearing
    ) -> None:
        """Takes every answer that the message holds; asks the same again only when it holds none to this one."""
        fields: dict[str, Any] = {}
        for slot in QUESTIONS[1:]:
            found = answers.of(slot)
            if found is None:
                continue
            if slot == asked or not turn.slot(slot) or _names_it_better(turn, slot, draft, found):
                fields.update(found)
            elif slot == "complaint_remedy" and answers.of(asked) is None:
                fields.update(_added_remedy(turn, draft, found))
        if asked == "complaint_what" or bears is Bearing.STORY or _tells_more(turn, asked):
            fields.update(own_words=await turn.written(), **_complaint_topic(turn, draft))
        tries = int(turn.slot("complaint_tries") or 0) + 1
        is_answered = asked == "complaint_what" or answers.of(asked) is not None
        if (
            not is_answered
            and bears is not Bearing.STORY
            and not fields
            and (turn.is_button or _is_short_word(turn, asked))
        ):
            fields.update(await complaint_answers.about_in_own_words(turn))
            is_answered = True
        # Whoever answers the other questions and never this one has no answer to it.
        if not is_answered and tries > _MAX_TRIES - bool(fields):
            fields.update(_left_open(asked))
            is_answered = True
        draft = await self._write(turn, **fields) if fields else draft
        self._fill(turn, draft)
        if is_answered:
            turn.set(asked, turn.slot(asked) or "-")
        elif bears is Bearing.STORY or "remedy_said" in fields:
            turn.say("complaint_more")
        elif answers.about is not None and asked != "complaint_about":
            turn.say("complaint_about_kept", about=about(draft))
        turn.set("complaint_tries", 0 if is_answered else tries)
        turn.set("complaint_note", None)

    async def _confirm(self, turn: Turn, draft: DraftView, answers: Answers, bears: Bearing) -> None:
        if turn.intent == "affirm" or reading.says_yes(turn.text):
            turn.set("complaint_confirmed", "yes")
            return
        field = reading.field_to_fix(turn.text)
        is_name = turn.is_button or (len(turn.text) <= 10 and reading.names_only_a_field(turn.text))
        if field and is_name and answers == Answers():
            turn.set(field, None)
            turn.set("complaint_note", None)
            return
        fields = await self._changes(turn, draft, answers)
        # What fits no answer is still something that the customer said.
        is_told = len(turn.text) >= _TOLD and not (turn.is_button or reading.is_question(turn.text))
        is_story = bears is Bearing.STORY or is_told
        if not fields and (turn.intent == "deny" or reading.says_no(turn.text)) and len(turn.text) < 8:
            turn.set("complaint_note", "fix")
            return
        if not fields and not is_story:
            self._unclear(turn)
            return
        if not fields:
            fields = {"own_words": await turn.written()}
        draft = await self._write(turn, **fields)
        self._fill(turn, draft)
        turn.set("complaint_note", None)
        turn.say("complaint_more" if "own_words" in fields else "complaint_fixed")

    async def _changes(self, turn: Turn, draft: DraftView, answers: Answers) -> dict[str, Any]:
        """Answers that the restatement is corrected by: 不是退款，是维修; 时间改成三天内."""
        if reading.says_no(turn.text):
            return {}
        fields: dict[str, Any] = {}
        tells = says_what_happened(turn.text) and kind_of_topic(turn.topic) is Kind.COMPLAINT
        is_story = (
            tells and not _CORRECTS.match(turn.text) and reading.wish_clause(turn.text) != (0, len(turn.text))
        )
        if reading.names_time(turn.text) and not is_story:
            asked = await complaint_answers.heard(turn, "complaint_expectation")
            fields.update(_cut(asked.expectation, "expectation_said"))
        elif (reading.names_remedy(turn.text) or reading.wants(turn.text)) and not is_story:
            asked = await complaint_answers.heard(turn, "complaint_remedy")
            fields.update(_cut(asked.remedy, "remedy_said"))
            if draft.remedy_said and fields and _ADDS.search(turn.text):
                fields["remedy_said"] = f"{draft.remedy_said}；{fields['remedy_said']}"
        if not fields and not is_story and answers.about and len(turn.text) <= 20:
            fields.update(answers.about)
        return fields

    def _unclear(self, turn: Turn) -> None:
        tries = int(turn.slot("complaint_tries") or 0) + 1
        turn.set("complaint_tries", tries)
        turn.set("complaint_note", "unclear")
        if tries > _MAX_TRIES:
            self._end(turn, "unclear")

    def _fill(self, turn: Turn, draft: DraftView) -> None:
        for slot, value in known(draft).items():
            turn.set(slot, value)

    async def _write(self, turn: Turn, **fields: Any) -> DraftView:
        return await complaints.update_draft(turn.care, turn.conversation.id, **fields)


def _leaves(turn: Turn) -> bool:
    if reading.gives_up(turn.text) or reading.drops_complaint(turn.text):
        return True
    return turn.intent == "stop" and turn.confidence >= SURE


def _fits(turn: Turn, asked: str | None, answers: Answers) -> bool:
    """Whether the words hold what was asked for, or at least a correction of what was said before."""
    if reading.corrects_order(turn.text) or reading.has_none(turn.text):
        return True
    if asked == "complaint_confirmed":
        return (
            reading.says_yes(turn.text)
            or reading.says_no(turn.text)
            or reading.names_remedy(turn.text)
            or reading.wants(turn.text)
            or reading.names_time(turn.text)
            or reading.field_to_fix(turn.text) is not None
        )
    return any(found is not None for found in (answers.of(asked or ""), answers.remedy, answers.expectation))


def _tells_more(turn: Turn, asked: str) -> bool:
    """吸尘器充了一晚上电用五分钟就没了 names the product and tells what happened."""
    if turn.is_button or reading.has_none(turn.text) or reading.corrects_order(turn.text):
        return False
    is_complaint = kind_of_topic(turn.topic) is Kind.COMPLAINT and turn.intent != "nlu_fallback"
    return len(turn.text) >= _TELLING and (is_complaint or asked == "complaint_about")


def _is_short_word(turn: Turn, asked: str) -> bool:
    """A few words where order or product was asked for are its name."""
    is_word = not (
        reading.says_yes(turn.text) or reading.says_no(turn.text) or reading.is_question(turn.text)
    )
    return asked == "complaint_about" and 2 <= len(turn.text) <= 12 and is_word


def _names_it_better(turn: Turn, slot: str, draft: DraftView, found: dict[str, Any]) -> bool:
    """没有订单号，就是10公斤滚筒那台: said of what had no order; 洗烘一体那单: another order than the one on record."""
    if slot != "complaint_about":
        return False
    order = found.get("order_number")
    if draft.order_number is None:
        return bool(reading.has_none(turn.text) or reading.means_order(turn.text) or order)
    is_said = (reading.means_order(turn.text) or reading.points_at_one(turn.text)) and len(
        turn.text
    ) <= _SHORT_WISH
    return is_said and order is not None and order != draft.order_number


def _added_remedy(turn: Turn, draft: DraftView, found: dict[str, Any]) -> dict[str, Any]:
    """赔我医药费, said when something else was asked: wished for beside what is on record."""
    before, wish = draft.remedy_said or UNSAID, str(found["remedy_said"])
    if len(turn.text) > _SHORT_WISH or reading.is_question(turn.text) or wish in before:
        return {}
    return {"remedy_said": wish if before == UNSAID else f"{before}；{wish}"}


async def _further_wishes(turn: Turn) -> None:
    """对,另外手机那单到哪了: answered before the next question; what needs to know who asks waits."""
    parts = [Topic(part["topic"]) for part in turn.message.get("parts") or []]
    if any(topic in NEEDS_IDENTITY for topic in parts) and not await is_known(turn):
        topics.keep(turn, [topic for topic in parts if topic in NEEDS_IDENTITY])
        parts = [topic for topic in parts if topic not in NEEDS_IDENTITY]
    await topics.answer_also(turn, without=[topic for topic in turn.also if topic not in parts])


def _left_open(asked: str) -> dict[str, Any]:
    field = {
        "complaint_about": "product_said",
        "complaint_remedy": "remedy_said",
        "complaint_expectation": "expectation_said",
    }[asked]
    return {field: UNSAID}


def _decision_on_no_draft(turn: Turn) -> str:
    """There is nothing left to ask: received by silence, handed over, or decided by this very message.

    The last is a turn that broke off after the records were written and before the dialogue was: the same
    message comes again, and its yes or no is still the answer.
    """
    if not turn.was_in(FORM) or turn.acted(but=FORM):
        return "gone"
    if _leaves(turn):
        return "left"
    is_yes = turn.intent == "affirm" or reading.says_yes(turn.text)
    return "yes" if is_yes and turn.slot("requested_slot") == "complaint_confirmed" else "gone"


def _complaint_topic(turn: Turn, draft: DraftView) -> dict[str, Any]:
    """A bare 我要投诉 becomes the complaint that the next message tells; one that is told stays what it is."""
    if draft.topic != Topic.COMPLAINT_OTHER.value:
        return {}
    topic = complaint_topic(turn)
    return {} if topic is Topic.COMPLAINT_OTHER else {"topic": topic}


def _cut(fields: dict[str, Any] | None, name: str) -> dict[str, Any]:
    """不是换货，是退款 → 退款."""
    if fields is None:
        return {}
    text = str(fields[name])
    found = _INSTEAD.search(text)
    if found and found[1].strip():
        return {**fields, name: found[1].strip()}
    return {**fields, name: _OPENING.sub("", text) or text}
