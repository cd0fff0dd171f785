"""个人信息: what is kept, a copy of it, its deletion, and what the customer agrees to."""

from __future__ import annotations

import re
from typing import ClassVar

from actions.change.job import Job
from actions.change.kinds import Change, choices
from actions.change.saying import chinese, moment
from actions.change.words import Heard
from actions.turn import Button, Turn
from care.ports import OrderView
from care.rules.vocabulary import ConsentPurpose, Topic
from care.services import rights
from care.services.rights import ConsentView

_SHOWN = 6
_PURPOSES = (
    (ConsentPurpose.SURVEY, re.compile(r"回访|调查|问卷|评价")),
    (ConsentPurpose.SHARE, re.compile(r"第三方|对外|共享|提供给|合作方")),
    (ConsentPurpose.SENSITIVE, re.compile(r"敏感")),
    (ConsentPurpose.MARKETING, re.compile(r"营销|广告|短信|推销|促销|推广|优惠|活动|推送|推荐")),
    (ConsentPurpose.SERVICE, re.compile(r"服务|通知|进展")),
)


class OnesData(Change):
    topic = Topic.PRIVACY
    needs_order = False


class Kept(OnesData):
    """What is kept, why and how long."""

    name, label = "kept", "查看个人信息"
    is_read_only = True

    async def restate(self, turn: Turn, job: Job, order: OrderView | None) -> str:
        return self.label

    async def do(self, turn: Turn, job: Job) -> None:
        kinds = await rights.what_is_kept(turn.care, turn.conversation.id)
        lines = [
            f"{k.label}：{k.count} 条，用于{k.purpose}，{k.legal_basis.label}，{k.until}"
            for k in kinds[:_SHOWN]
        ]
        turn.say("rights_kept")
        turn.say_text(chinese("\n".join(lines)))
        turn.say("privacy_rights", buttons=rights_buttons())


class Export(OnesData):
    name, label = "export", "导出个人信息"
    verbs = ("导出",)

    def needs_code(self, job: Job) -> bool:
        return True

    async def restate(self, turn: Turn, job: Job, order: OrderView | None) -> str:
        return "导出我们保存的您的全部个人信息，做成一份文件给您下载"

    async def do(self, turn: Turn, job: Job) -> None:
        receipt = await rights.request_export(
            turn.care, turn.conversation.id, source_message_id=turn.message_id
        )
        if receipt.download_token and receipt.expires_at:
            turn.say("rights_export_ready", number=receipt.number, until=moment(turn, receipt.expires_at))
            turn.say_text(f"下载地址：/api/me/export/{receipt.download_token}")
        else:
            turn.say("rights_taken", number=receipt.number, what=self.label, due=moment(turn, receipt.due_at))


class Deletion(OnesData):
    name, label = "deletion", "删除个人信息"
    verbs = ("删除", "删", "注销")

    def needs_code(self, job: Job) -> bool:
        return True

    async def restate(self, turn: Turn, job: Job, order: OrderView | None) -> str:
        return "删除您的个人信息并注销：依法要保存的交易记录会留到期满，未完结的订单和售后办完后执行，删除后不能恢复"

    async def do(self, turn: Turn, job: Job) -> None:
        receipt = await rights.request_deletion(
            turn.care, turn.conversation.id, source_message_id=turn.message_id
        )
        turn.say("rights_taken", number=receipt.number, what=self.label, due=moment(turn, receipt.due_at))
        if receipt.waits_for:
            turn.say("rights_waits", why="、".join(hindrance.label for hindrance in receipt.waits_for))


class Consents(OnesData):
    """How every consent stands."""

    name, label = "consents", "查看同意"
    is_read_only = True

    async def restate(self, turn: Turn, job: Job, order: OrderView | None) -> str:
        return self.label

    async def do(self, turn: Turn, job: Job) -> None:
        views = await rights.consents(turn.care, turn.conversation.id)
        lines = [f"{v.label}（{v.words}）：{'已同意' if v.is_given else '未同意'}" for v in views]
        turn.say("rights_consents")
        turn.say_text(chinese("\n".join(lines)), buttons=[_consent_button(view) for view in views])


class Consent(OnesData):
    gives: ClassVar[bool]

    async def hear(self, turn: Turn, job: Job, heard: Heard) -> bool:
        chosen = heard.answer or next((p.value for p, words in _PURPOSES if words.search(heard.text)), None)
        if chosen not in ConsentPurpose.labels():
            return False
        is_new = chosen != job.value(turn, "purpose")
        job.put("purpose", chosen)
        return is_new

    async def missing(self, turn: Turn, job: Job, order: OrderView | None) -> str | None:
        return None if job.has("purpose") else "purpose"

    async def ask(self, turn: Turn, job: Job, name: str, order: OrderView | None) -> None:
        views = [
            v for v in await rights.consents(turn.care, turn.conversation.id) if v.is_given is not self.gives
        ]
        turn.say("rights_purpose", buttons=choices(*((v.label, v.purpose.value) for v in views)))

    async def _words(self, turn: Turn, job: Job) -> str:
        views = await rights.consents(turn.care, turn.conversation.id)
        view = next(v for v in views if v.purpose.value == job.value(turn, "purpose"))
        return f"{view.label}（{view.words}）"


class GiveConsent(Consent):
    name, label, gives = "consent_yes", "给出同意", True
    verbs = ("同意",)

    async def restate(self, turn: Turn, job: Job, order: OrderView | None) -> str:
        return f"同意{await self._words(turn, job)}，随时可以撤回"

    async def do(self, turn: Turn, job: Job) -> None:
        view = await rights.give_consent(
            turn.care,
            turn.conversation.id,
            job.value(turn, "purpose") or "",
            source_message_id=turn.message_id,
        )
        turn.say("rights_given", what=view.label)


class WithdrawConsent(Consent):
    name, label, gives = "consent_no", "撤回同意", False
    verbs = ("撤回", "取消", "关", "退订")

    async def restate(self, turn: Turn, job: Job, order: OrderView | None) -> str:
        return f"撤回{await self._words(turn, job)}的同意，不影响您的订单和售后"

    async def do(self, turn: Turn, job: Job) -> None:
        view = await rights.withdraw_consent(
            turn.care,
            turn.conversation.id,
            job.value(turn, "purpose") or "",
            source_message_id=turn.message_id,
        )
        turn.say("rights_withdrawn", what=view.label)


def _consent_button(view: ConsentView) -> Button:
    """Withdrawing is as easy as giving."""
    verb, kind = ("撤回", "consent_no") if view.is_given else ("同意", "consent_yes")
    return {"title": f"{verb}{view.label}", "payload": f'/privacy{{"answer": "{kind}:{view.purpose.value}"}}'}


def rights_buttons() -> list[Button]:
    return [
        {"title": "导出", "payload": '/privacy{"answer": "export"}'},
        {"title": "更正", "payload": "/update_profile"},
        {"title": "删除并注销", "payload": '/privacy{"answer": "deletion"}'},
        {"title": "同意情况", "payload": '/privacy{"answer": "consents"}'},
    ]
