"""A case leaves the house as PDF or DOCX: whole, labelled, masked for who takes it, and noted."""

from __future__ import annotations

import io
import re
from dataclasses import dataclass

import pytest
from docx import Document as open_docx
from sqlalchemy import select, update

from care.records.complaint import Complaint, ComplaintEvent
from care.records.customer import AccessLog
from care.rules.complaint import ComplaintState, Remedy
from care.rules.errors import Conflict, InvalidInput, NotFound
from care.rules.vocabulary import Role, Topic
from care.services import case_document, complaints, conversations, erasure, handoff, rights
from care.services.case_wording import LABEL, NOTICE
from care.services.complaints import Change
from care.services.context import Care
from tests.integration.conftest import Shop
from tests.integration.customers import PHONE, signed_in
from tests.integration.pictures import sent, text_of_pdf

S = ComplaintState
WORDS = "破壁机用了两天就漏电，打 13900000002 找我😡，我要求退款"


@dataclass(frozen=True)
class Reader:
    login: str
    role: Role


AGENT, LEAD = Reader("agent1", Role.AGENT), Reader("lead1", Role.LEAD)


async def a_case(care: Care, shop: Shop, capsys: pytest.CaptureFixture[str]) -> int:
    """Told, received, investigated, with a proposal and a picture."""
    await shop.customer(PHONE, name="李想")
    visit = await signed_in(care, shop, capsys)
    line = await shop.say(visit.id, WORDS)
    await complaints.open_draft(
        care, visit.id, line.message_id, topic=Topic.COMPLAINT_QUALITY, own_words=WORDS
    )
    await sent(care, visit.id, name="漏电 13900000002.jpg")
    turn = await conversations.next_turn(care, visit.id)
    assert turn is not None
    await conversations.finish_turn(care, turn, [conversations.Reply("抱歉给您添了麻烦。")])
    yes = await shop.say(visit.id, "对")
    case = (await complaints.confirm_draft(care, visit.id, yes.message_id)).complaint_id
    for state in (S.ASSESSED, S.INVESTIGATING):
        await complaints.move(care, case, state, "agent1")
    await complaints.note(care, case, "agent1", "已打 13900000002 核实")
    proposal = Change(
        proposal="全额退款", remedy=Remedy.REFUND, findings="抽检属实", root_cause_1="technology"
    )
    await complaints.move(care, case, S.PROPOSED, "agent1", change=proposal)
    return case


def text_of_docx(data: bytes) -> str:
    document = open_docx(io.BytesIO(data))
    section = document.sections[0]
    parts = [
        one.text for one in (*section.header.paragraphs, *section.footer.paragraphs, *document.paragraphs)
    ]
    parts += [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    return "\n".join(parts)


async def text_of(care: Care, case: int, reader: Reader, form: str) -> str:
    made = await case_document.render(care, case, reader=reader, format=form)
    return text_of_pdf(made.bytes) if form == "pdf" else text_of_docx(made.bytes)


@pytest.mark.parametrize("form", case_document.FORMATS)
async def test_everything_about_the_case_stands_in_it_in_chinese(care, shop, capsys, form):
    case = await a_case(care, shop, capsys)
    (shown,) = [one.case_number for one in await complaints.cases_of(care, await conversation_of(care, case))]
    text = re.sub(r"\s", "", await text_of(care, case, LEAD, form))
    for words in (
        f"投诉档案{shown}", LABEL, NOTICE, "lead1（组长）", "2026-11-24", "基本情况", "质量缺陷", "客户原话",
        "破壁机用了两天就漏电", "对话记录", "智能客服", "抱歉给您添了麻烦。", "处理经过", "状态变更", "调查中→方案待确认",
        "校验结果：记录完整", "承诺", "告知受理", "已兑现", "调查与补救", "抽检属实", "技术", "全额退款", "补救1退款", "证据清单", "SHA-256",
        "图1", "客户",
    ):  # fmt: skip
        assert re.sub(r"\s", "", words) in text, words


@pytest.mark.parametrize("form", case_document.FORMATS)
async def test_an_agent_takes_it_masked_and_a_lead_whole(care, shop, capsys, form):
    case = await a_case(care, shop, capsys)
    masked = re.sub(r"\s", "", await text_of(care, case, AGENT, form))
    whole = re.sub(r"\s", "", await text_of(care, case, LEAD, form))
    for secret, mask in (("李想", "李*"), (PHONE, "138****0001"), ("13900000002", "139****0002")):
        assert secret in whole
        assert secret not in masked
        assert mask in masked


async def test_the_access_log_says_who_took_it(care, shop, capsys):
    case = await a_case(care, shop, capsys)
    await case_document.render(care, case, reader=AGENT, format="pdf")
    async with care.sessions.read() as session:
        taken = [
            one for one in await session.scalars(select(AccessLog)) if one.purpose.startswith("导出投诉 TS-")
        ]
    assert [(one.who, one.role, "message.text" in one.fields) for one in taken] == [("agent1", "agent", True)]


async def test_the_digest_is_that_of_the_content_whenever_and_by_whomever_it_is_taken(
    care, shop, capsys, clock
):
    def digest(text: str) -> str:
        found = re.search(r"[0-9a-f]{64}", text.replace("\n", ""))
        assert found is not None
        return found[0]

    case = await a_case(care, shop, capsys)
    first = digest(await text_of(care, case, LEAD, "docx"))
    clock.advance(hours=1)
    assert digest(await text_of(care, case, Reader("lead2", Role.LEAD), "docx")) == first
    await complaints.note(care, case, "agent1", "又打了一次")
    assert digest(await text_of(care, case, LEAD, "docx")) != first


async def test_a_trail_that_was_touched_says_so(care, shop, capsys):
    case = await a_case(care, shop, capsys)
    async with care.sessions.write() as session:
        await session.execute(
            update(ComplaintEvent)
            .where(ComplaintEvent.complaint_id == case, ComplaintEvent.kind == "note")
            .values(data={"text": "没有打过"})
        )
    text = await text_of(care, case, LEAD, "docx")
    assert "校验结果：记录有问题" in text
    assert "内容与校验值不符" in text


async def test_markup_and_control_signs_in_words_are_only_words(care, shop, capsys):
    case = await a_case(care, shop, capsys)
    async with care.sessions.write() as session:
        row = await session.get(Complaint, case)
        row.own_words = "<b>&nbsp;</para><font size=99>\x0b\x01不满意"
        row.findings = "长" * 6000
        row.legal_flags = ["fraud3x", "a-shop's-own"]
    for form in case_document.FORMATS:
        text = await text_of(care, case, LEAD, form)
        assert "<b>&nbsp;</para><font size=99>不满意" in text.replace("\n", "")
        assert text.count("长") >= 6000
        assert "欺诈三倍赔偿、a-shop's-own" in text


async def test_a_copy_carries_its_label_for_machines_too(care, shop, capsys):
    case = await a_case(care, shop, capsys)
    made = await case_document.render(care, case, reader=LEAD, format="docx")
    assert '"AIGC": {"Label": "1"' in open_docx(io.BytesIO(made.bytes)).core_properties.keywords
    assert re.fullmatch(r"投诉档案-TS-\d{8}-\d{4}-\d{8}-\d{6}\.docx", made.name)
    pdf = await case_document.render(care, case, reader=LEAD, format="pdf")
    assert pdf.bytes.startswith(b"%PDF-")
    assert b"STSong-Light" in pdf.bytes


async def test_what_cannot_be_taken(care, shop, capsys, clock):
    case = await a_case(care, shop, capsys)
    with pytest.raises(InvalidInput):
        await case_document.render(care, case, reader=LEAD, format="html")
    with pytest.raises(NotFound):
        await case_document.render(care, 999, reader=LEAD, format="pdf")
    draft = await shop.visit()
    line = await shop.say(draft.id, WORDS)
    told = await complaints.open_draft(
        care, draft.id, line.message_id, topic=Topic.COMPLAINT_QUALITY, own_words=WORDS
    )
    with pytest.raises(NotFound):
        await case_document.render(care, told.id, reader=LEAD, format="pdf")


async def test_the_case_of_a_deleted_customer_stays_shut(care, shop, capsys, clock):
    case = await a_case(care, shop, capsys)
    here = await conversation_of(care, case)
    async with care.sessions.write() as session:
        (await session.get(Complaint, case)).state = S.CLOSED
    await rights.request_deletion(care, here, source_message_id=None)
    await handoff.close(care, here, "customer")
    clock.advance(hours=2)
    assert await erasure.carry_out_due(care) == 1
    with pytest.raises(Conflict):
        await case_document.render(care, case, reader=LEAD, format="pdf")


async def conversation_of(care: Care, case: int) -> int:
    async with care.sessions.read() as session:
        found = await session.scalar(select(Complaint.conversation_id).where(Complaint.id == case))
    assert found is not None
    return int(found)
