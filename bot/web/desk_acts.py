"""What an agent can do with a conversation: one function for each act, for the socket and for REST alike."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from bot.web import desk_frames as frames
from bot.web import desk_views, texts
from bot.web.desk_schemas import Line, WrapUp
from bot.web.keys import Parts
from care.rules.errors import Forbidden, InvalidInput
from care.rules.permissions import Permission, may
from care.rules.vocabulary import Owner, Speaker
from care.services import (
    access_log,
    board,
    conversations,
    desk_notes,
    handoff,
    notices,
    presence,
    snoozing,
    transcript,
    transfers,
)
from care.services.conversations import ConversationView
from care.services.staff import StaffView
from care.services.wrap_ups import WrapUpValues

Act = Callable[[Parts, StaffView, Any], Awaitable[Line | None]]


async def visible(parts: Parts, reader: StaffView, public_id: str) -> ConversationView:
    """The conversation, if this person may read it.

    Own ones, waiting ones and the bot's are everybody's; a colleague's and ended ones of others need
    the permission to see all.

    Raises:
        NotFound, Forbidden.
    """
    view = await conversations.get_conversation(parts.care, public_id)
    if may(reader.role, Permission.VIEW_ALL_CONVERSATIONS):
        return view
    if view.owner in (Owner.QUEUED, Owner.BOT) or view.agent_id == reader.id:
        return view
    if view.owner is Owner.CLOSED and await board.was_in(parts.care, view.id, reader.id):
        return view
    raise Forbidden(texts.OTHERS_CONVERSATION)


async def note_look(parts: Parts, reader: StaffView, view: ConversationView) -> None:
    customers = await transcript.customers_in(parts.care, view.id)
    await access_log.note_look(parts.care, reader, customers, ["message.text"], purpose=texts.LOOK_TRANSCRIPT)


async def take(parts: Parts, reader: StaffView, frame: frames.Take) -> None:
    await handoff.take(parts.care, await _id(parts, frame), reader.id)


async def send(parts: Parts, reader: StaffView, frame: frames.Send) -> Line:
    said = await handoff.say_as_agent(
        parts.care, await _id(parts, frame), reader.id, frame.text, frame.client_msg_id
    )
    return desk_views.line(said, reader.role)


async def note(parts: Parts, reader: StaffView, frame: frames.Note) -> Line:
    view = await visible(parts, reader, frame.conversation)
    written = await desk_notes.write(parts.care, view.id, reader.id, frame.text, frame.client_msg_id)
    return desk_views.note_line(written, reader.role)


async def typing(parts: Parts, reader: StaffView, frame: frames.Typing) -> None:
    """Shown to the customer by the holder only, and to colleagues who look on."""
    view = await conversations.get_conversation(parts.care, frame.conversation)
    if view.owner is Owner.HUMAN and view.agent_id == reader.id:
        await parts.hub.tell_typing(view.id, Speaker.AGENT.value, staff_id=reader.id, name=reader.name)


async def transfer(parts: Parts, reader: StaffView, frame: frames.Transfer) -> None:
    here = await _id(parts, frame)
    if (frame.to_staff is None) == (frame.to_skill is None):
        raise InvalidInput(fields={"to_staff": texts.ONE_TARGET})
    if frame.to_staff is not None:
        await transfers.to_colleague(parts.care, here, reader.id, frame.to_staff, frame.note)
    else:
        await transfers.to_skill(parts.care, here, reader.id, frame.to_skill or "", frame.note)


async def return_to_bot(parts: Parts, reader: StaffView, frame: frames.ReturnToBot) -> None:
    await handoff.return_to_bot(parts.care, await _id(parts, frame), reader.id, frame.note)


async def ask_lead(parts: Parts, reader: StaffView, frame: frames.AskLead) -> None:
    await transfers.ask_lead(parts.care, await _id(parts, frame), reader.id, frame.note)


async def step_in(parts: Parts, reader: StaffView, frame: frames.StepIn) -> None:
    await transfers.step_in(parts.care, await _id(parts, frame), reader.id)


async def close(parts: Parts, reader: StaffView, frame: frames.Close) -> None:
    by = f"staff:{reader.id}"
    await handoff.close(parts.care, await _id(parts, frame), by, wrap_up_values(frame.wrap_up))


async def snooze(parts: Parts, reader: StaffView, frame: frames.Snooze) -> None:
    await snoozing.snooze(parts.care, await _id(parts, frame), reader.id, frame.until)


async def unsnooze(parts: Parts, reader: StaffView, frame: frames.Unsnooze) -> None:
    await snoozing.unsnooze(parts.care, await _id(parts, frame), reader.id)


async def set_presence(parts: Parts, reader: StaffView, frame: frames.SetPresence) -> None:
    await presence.choose(parts.care, reader.id, frame.presence)


async def read(parts: Parts, reader: StaffView, frame: frames.Read) -> None:
    view = await visible(parts, reader, frame.conversation)
    await desk_notes.mark_read(parts.care, view.id, reader.id, min(frame.seq, view.seq))
    parts.desks.look_again(view.id)


async def draft(parts: Parts, reader: StaffView, frame: frames.Draft) -> None:
    view = await visible(parts, reader, frame.conversation)
    await desk_notes.save_draft(parts.care, view.id, reader.id, frame.text)


async def notice_read(parts: Parts, reader: StaffView, frame: frames.NoticeRead) -> None:
    await notices.mark_read(parts.care, reader.id, frame.notice)


#: Frames that do something; the socket itself answers hello, open, older, shut and join.
ACTS: dict[type[frames.DeskFrame], Act] = {
    frames.Take: take,
    frames.Send: send,
    frames.Note: note,
    frames.Typing: typing,
    frames.Transfer: transfer,
    frames.ReturnToBot: return_to_bot,
    frames.AskLead: ask_lead,
    frames.StepIn: step_in,
    frames.Close: close,
    frames.Snooze: snooze,
    frames.Unsnooze: unsnooze,
    frames.SetPresence: set_presence,
    frames.Read: read,
    frames.Draft: draft,
    frames.NoticeRead: notice_read,
}


def wrap_up_values(given: WrapUp | None) -> WrapUpValues | None:
    if given is None:
        return None
    return WrapUpValues(
        given.topic, given.outcome, given.care_part, given.root_cause_1, given.root_cause_2, given.note
    )


async def _id(parts: Parts, frame: frames.OnConversation) -> int:
    return (await conversations.get_conversation(parts.care, frame.conversation)).id
