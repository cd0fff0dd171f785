"""改资料: the customer's own name, mailbox, address, birthday and phone, the last by a code to the new one."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from actions.change.job import AFTER_YES, Job
from actions.change.kinds import Change, choices
from actions.change.saying import chinese
from actions.change.words import Heard
from actions.turn import HUMAN, Turn
from care.ports import OrderView
from care.rules.errors import InvalidInput
from care.rules.masking import mask_phone
from care.rules.profile import ProfileField
from care.rules.vocabulary import Topic
from care.services import profile

WHAT, CODE = "what", AFTER_YES
CONFIRM, FIXING = "confirm", "fixing"
_FIELDS = ("name", "phone", "email", "address", "birthday")
_MEANT = (
    ("phone", "手机|电话|号码|换号"), ("email", "邮箱|邮件|mail"), ("address", "地址|搬家"), ("birthday", "生日|出生"),
    ("name", "姓名|名字|改名|称呼"),
)  # fmt: skip


class Profile(Change):
    name, topic, label = "profile", Topic.UPDATE_PROFILE, "修改资料"
    verbs = ("改", "换")
    needs_order = False
    fields = _FIELDS

    def needs_code(self, job: Job) -> bool:
        return True

    def fixable(self, job: Job) -> Sequence[tuple[str, str]]:
        return tuple((name, ProfileField(name).label) for name in _FIELDS)

    async def hear(self, turn: Turn, job: Job, heard: Heard) -> bool:
        if heard.asked == CODE:
            if job.hear(heard, "phone"):
                return self._forget_code(job, is_confirmed=False)  # another number after all
            is_again = heard.answer == "again" or re.search(r"没收到|收不到|重新?发|再发", heard.text)
            return job.hear(heard, CODE) or (bool(is_again) and self._forget_code(job, is_confirmed=True))
        meant = next((name for name, words in _MEANT if re.search(words, heard.text, re.I)), None)
        asked = heard.asked if heard.asked in _FIELDS else None
        # Only what is meant is heard: a name beside a new phone is nobody's new name.
        said = self._said(job)
        if asked is None and meant is None and heard.asked in (CONFIRM, FIXING) and len(said) == 1:
            asked, heard = said[0], replace(heard, asked=said[0])  # 不对，是1990年5月20日
        wanted = [meant] if meant else [asked] if asked else [n for n in _FIELDS if n != "name"]
        found = job.hear(heard, *wanted)
        if found or heard.answer not in (*_FIELDS, None):
            return found
        chosen = heard.answer or (meant if heard.asked in (None, WHAT) or meant != asked else None)
        if chosen is not None and chosen != job.value(turn, WHAT):
            job.put(WHAT, chosen)
            return True
        return False

    def _forget_code(self, job: Job, *, is_confirmed: bool) -> bool:
        job.said.pop("code_sent", None)
        job.is_confirmed = is_confirmed
        return True

    async def missing(self, turn: Turn, job: Job, order: OrderView | None) -> str | None:
        for name in self._said(job):
            try:
                profile.check_value(turn.care, ProfileField(name), job.value(turn, name) or "")
            except InvalidInput as error:
                turn.say_text(chinese(error.message))
                job.said.pop(name)
                return name
        return None if self._said(job) else job.value(turn, WHAT) or WHAT

    async def after_yes(self, turn: Turn, job: Job) -> str | None:
        """The new phone has to answer before it opens the record."""
        phone = job.value(turn, "phone")
        if phone is None or job.has(CODE):
            return None
        if not job.has("code_sent"):
            try:
                masked = await profile.request_new_phone_code(
                    turn.care, turn.conversation.id, phone, source_message_id=turn.message_id
                )
            except InvalidInput as error:
                turn.say_text(chinese(error.message))
                job.said.pop("phone")
                job.is_confirmed = False
                job.put(WHAT, "phone")
                return "phone"
            job.put("code_sent", masked)
        return CODE

    async def ask(self, turn: Turn, job: Job, name: str, order: OrderView | None) -> None:
        if name == WHAT:
            turn.say("profile_what", buttons=choices(*((ProfileField(f).label, f) for f in _FIELDS)))
        elif name == CODE:
            turn.say(
                "profile_new_code", phone=job.value(turn, "code_sent"), buttons=choices(("重新获取", "again"))
            )
        else:
            turn.say(f"profile_{name}", buttons=[HUMAN] if job.tries else [])

    async def restate(self, turn: Turn, job: Job, order: OrderView | None) -> str:
        return "，".join(
            f"{ProfileField(name).label}改为{self._shown(turn, job, name)}" for name in self._said(job)
        )

    def _said(self, job: Job) -> list[str]:
        return [name for name in _FIELDS if job.has(name)]

    def _shown(self, turn: Turn, job: Job, name: str) -> str:
        value = job.value(turn, name) or ""
        if name == "phone":
            return f" {mask_phone(value)}"
        return f" {value}" if name in ("email", "birthday") else chinese(value)

    async def do(self, turn: Turn, job: Job) -> None:
        care, conversation = turn.care, turn.conversation.id
        labels = []
        for name in self._said(job):
            if name == "phone":
                view = await profile.confirm_new_phone(
                    care, conversation, job.value(turn, CODE) or "", source_message_id=turn.message_id
                )
            else:
                view = await profile.correct(
                    care, conversation, name, job.value(turn, name) or "", source_message_id=turn.message_id
                )
            labels.append(view.label)
        turn.say("profile_done", what="、".join(labels))
