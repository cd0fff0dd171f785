"""Leads hear of danger, leaked data and minors with the first word, before anything is confirmed."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncSession

from care.records.complaint import Complaint
from care.rules.notice_terms import NoticeKind
from care.rules.severity import DANGER_CUES
from care.rules.vocabulary import Cue, Role
from care.services import notices
from care.services.context import Care

_LEADS = (Role.LEAD, Role.MANAGER)
#: Cue → what leads are told. What is dangerous comes as a safety notice.
_TOLD = {
    Cue.INJURY: "有人受伤",
    Cue.FIRE: "起火或冒烟",
    Cue.ELECTRICITY: "漏电",
    Cue.SELF_HARM: "客户可能伤害自己",
    Cue.MINOR: "涉及未成年人",
    Cue.DATA_LEAK: "疑似个人信息泄露",
}


async def tell_leads(care: Care, session: AsyncSession, complaint: Complaint) -> None:
    """Once for each cue of the case, in the caller's transaction; the text holds nothing personal."""
    cues = {Cue(cue) for cue in complaint.cues}
    alarming = [cue for cue in _TOLD if cue in cues]
    if not alarming:
        return
    leads = await notices.people_of(session, _LEADS, is_demo=complaint.is_demo)
    what = complaint.case_number or "一件还没有确认的投诉"
    for cue in alarming:
        is_danger = cue in DANGER_CUES or cue is Cue.SELF_HARM
        await notices.tell(
            session, care, staff_ids=leads, kind=NoticeKind.SAFETY if is_danger else NoticeKind.LEAD_WANTED,
            text=f"{_TOLD[cue]}：客户正在反映（{what}），请马上查看。", key=f"alarm:{complaint.id}:{cue.value}",
            complaint_id=complaint.id, conversation_id=complaint.conversation_id,
        )  # fmt: skip
