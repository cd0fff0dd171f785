"""Pictures find their case, are counted, kept, taken along and deleted by the rules."""

from __future__ import annotations

import io
import json
import os
import time
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image
from sqlalchemy import select

from care.records.complaint import Complaint, ComplaintEvent
from care.records.customer import AccessLog
from care.records.encryption import CannotDecrypt
from care.records.evidence import Evidence
from care.rules.complaint import ComplaintState
from care.rules.errors import Conflict, ConversationClosed, Forbidden, NotFound
from care.rules.pictures import BadPicture, TooManyPictures
from care.rules.retention import Kept
from care.rules.vocabulary import Role, Topic
from care.services import (
    complaint_log,
    complaints,
    conversations,
    erasure,
    evidence,
    evidence_cleaning,
    evidence_turns,
    handoff,
    retention,
    rights,
    rights_export,
    staff,
)
from care.services.context import Care
from care.services.evidence_files import EvidenceFiles
from tests.conftest import ManualClock
from tests.integration.conftest import PASSWORD, Shop
from tests.integration.customers import PHONE, signed_in
from tests.integration.pictures import photo, sent


async def told(care: Care, shop: Shop, conversation_id: int, text: str = "屏幕碎了，要求换新") -> None:
    """A complaint is being told."""
    line = await shop.say(conversation_id, text)
    await complaints.open_draft(
        care, conversation_id, line.message_id, topic=Topic.COMPLAINT_QUALITY, own_words=text
    )


async def confirmed(care: Care, shop: Shop, conversation_id: int) -> int:
    line = await shop.say(conversation_id, "对")
    return (await complaints.confirm_draft(care, conversation_id, line.message_id)).complaint_id


async def rows(care: Care) -> list[Evidence]:
    async with care.sessions.read() as session:
        return list(await session.scalars(select(Evidence).order_by(Evidence.id)))


async def trail(care: Care, complaint_id: int) -> list[str]:
    async with care.sessions.read() as session:
        return list(
            await session.scalars(
                select(ComplaintEvent.kind)
                .where(ComplaintEvent.complaint_id == complaint_id)
                .order_by(ComplaintEvent.seq)
            )
        )


def files_of(care: Care) -> list[Path]:
    return [one for one in (care.settings.var_dir / "evidence").rglob("*") if one.is_file()]


async def answered(care: Care, shop: Shop, conversation_id: int) -> list[str]:
    """What the bot says to the pictures that wait; words are answered with 好的."""
    said = []
    while (turn := await conversations.next_turn(care, conversation_id)) is not None:
        if evidence_turns.is_about_picture(turn):
            replies = await evidence_turns.answer(care, turn)
        else:
            replies = [conversations.Reply("好的")]
        said += [line.text for line in await conversations.finish_turn(care, turn, replies)]
    return said


class TestItsCase:
    async def test_a_picture_while_a_complaint_is_told_belongs_to_it(self, care, shop):
        visit = await shop.visit()
        await told(care, shop, visit.id)
        await sent(care, visit.id)
        assert (await answered(care, shop, visit.id))[-1] == evidence_turns.WITH_DRAFT.format(which="图片")
        case = await confirmed(care, shop, visit.id)
        (row,) = await rows(care)
        assert row.complaint_id == case
        assert (await trail(care, case)).count("evidence") == 1

    async def test_a_picture_before_the_first_word_is_linked_when_the_case_is_received(self, care, shop):
        visit = await shop.visit()
        await sent(care, visit.id)
        assert await answered(care, shop, visit.id) == [evidence_turns.ASK.format(which="图片")]
        await told(care, shop, visit.id)
        case = await confirmed(care, shop, visit.id)
        assert (await rows(care))[0].complaint_id == case
        assert (await trail(care, case)).count("evidence") == 1
        assert await complaint_log.verify(care) == []

    async def test_pictures_of_a_dropped_draft_go_to_the_next_one(self, care, shop):
        visit = await shop.visit()
        await told(care, shop, visit.id)
        await sent(care, visit.id)
        await shop.say(visit.id, "算了")
        await complaints.drop_draft(care, visit.id)
        await told(care, shop, visit.id, "还是要投诉，快递把手机摔坏了")
        case = await confirmed(care, shop, visit.id)
        assert (await rows(care))[0].complaint_id == case

    async def test_a_picture_for_an_open_case_says_its_number_and_closed_ones_get_none(self, care, shop):
        visit = await shop.visit()
        await told(care, shop, visit.id)
        case_id = await confirmed(care, shop, visit.id)
        await answered(care, shop, visit.id)
        await sent(care, visit.id)
        (case,) = await complaints.cases_of(care, visit.id)
        assert await answered(care, shop, visit.id) == [
            evidence_turns.ADDED.format(which="图片", number=case.case_number)
        ]
        assert (await rows(care))[-1].complaint_id == case_id
        async with care.sessions.write() as session:
            (await session.get(Complaint, case_id)).state = ComplaintState.CLOSED
        await sent(care, visit.id, colour="blue")
        assert (await rows(care))[-1].complaint_id is None

    async def test_with_two_open_cases_of_other_visits_the_customer_chooses(self, care, shop, capsys):
        await shop.customer(PHONE, name="李想")
        numbers = []
        for _ in range(2):
            visit = await signed_in(care, shop, capsys)
            await told(care, shop, visit.id)
            await confirmed(care, shop, visit.id)
            await answered(care, shop, visit.id)
            numbers.append((await complaints.cases_of(care, visit.id))[0].case_number)
            care.clock.advance(minutes=2)
        here = await signed_in(care, shop, capsys)
        await sent(care, here.id)
        assert await answered(care, shop, here.id) == [
            evidence_turns.WHICH_CASE.format(which="图片", count=2)
        ]
        assert (await rows(care))[0].complaint_id is None
        await conversations.accept_button(
            care,
            here.id,
            client_msg_id="0b7c1a52-0f37-4f4e-8f0e-3f6f8b0f1a11",
            payload=f"/picture:{numbers[0]}",
        )
        assert await answered(care, shop, here.id) == [
            evidence_turns.ADDED.format(which="图片", number=numbers[0])
        ]
        async with care.sessions.read() as session:
            case = await session.get(Complaint, (await rows(care))[0].complaint_id)
        assert case.case_number == numbers[0]

    async def test_nobody_elses_case_gets_the_picture(self, care, shop, capsys):
        await shop.customer(PHONE, name="李想")
        theirs = await signed_in(care, shop, capsys)
        await told(care, shop, theirs.id)
        await confirmed(care, shop, theirs.id)
        stranger = await shop.visit()
        await sent(care, stranger.id)
        assert (await rows(care))[0].complaint_id is None


class TestAnswers:
    async def test_several_at_once_get_one_answer(self, care, shop):
        visit = await shop.visit()
        for colour in ("red", "green", "blue"):
            await sent(care, visit.id, colour=colour)
        assert await answered(care, shop, visit.id) == [evidence_turns.ASK.format(which="3 张图片")]
        await sent(care, visit.id)
        assert await answered(care, shop, visit.id) == [evidence_turns.ASK_AGAIN.format(which="图片")]

    async def test_while_a_person_has_the_conversation_the_bot_keeps_silent(self, care, shop):
        visit = await shop.visit()
        agent = await shop.agent()
        await handoff.request_human(care, visit.id, reason="asked")
        await handoff.take(care, visit.id, agent)
        await sent(care, visit.id)
        assert await answered(care, shop, visit.id) == []

    async def test_an_ended_conversation_takes_none(self, care, shop):
        visit = await shop.visit()
        await handoff.close(care, visit.id, "customer")
        with pytest.raises(ConversationClosed):
            await sent(care, visit.id)
        assert files_of(care) == []


class TestLimits:
    async def test_nine_a_day_and_again_tomorrow(self, care: Care, shop: Shop, clock: ManualClock):
        visit = await shop.visit()
        for _ in range(9):
            await sent(care, visit.id)
        with pytest.raises(TooManyPictures):
            await sent(care, visit.id)
        assert len(files_of(care)) == 18
        clock.advance(hours=24, minutes=1)
        await sent(care, visit.id)

    async def test_an_id_of_another_message_is_refused(self, care, shop):
        visit = await shop.visit()
        key = "0b7c1a52-0f37-4f4e-8f0e-3f6f8b0f1a12"
        await conversations.accept_message(care, visit.id, client_msg_id=key, text="你好")
        with pytest.raises(Conflict):
            await evidence.add(care, visit.id, client_msg_id=key, name="a.jpg", data=photo())
        assert files_of(care) == []

    async def test_a_card_number_in_a_name_is_not_kept(self, care, shop):
        visit = await shop.visit()
        taken = await sent(care, visit.id, name="卡号 6222021234567890128.jpg")
        assert "622202123456" not in taken.name


class TestStaff:
    async def test_a_look_is_logged_and_the_owner_of_the_case_may(self, care, shop, capsys):
        customer = await shop.customer(PHONE, name="李想")
        visit = await signed_in(care, shop, capsys)
        await told(care, shop, visit.id)
        taken = await sent(care, visit.id)
        owner = await shop.agent("agent7", "赵七")
        case_id = await confirmed(care, shop, visit.id)
        async with care.sessions.write() as session:
            case = await session.get(Complaint, case_id)
            case.owner_id = owner
        await staff.add_staff(care, login="agent8", name="钱八", role=Role.AGENT, password=PASSWORD)
        await handoff.request_human(care, visit.id, reason="asked")
        await handoff.take(care, visit.id, await shop.agent("agent9", "孙九"))
        members = {one.login: one for one in await staff.list_staff(care)}
        with pytest.raises(Forbidden):
            await evidence.for_staff(care, taken.public_id, members["agent8"])
        found = await evidence.for_staff(care, taken.public_id, members["agent7"])
        assert Image.open(io.BytesIO(found.data)).size == (64, 48)
        async with care.sessions.read() as session:
            looks = list(await session.scalars(select(AccessLog).where(AccessLog.purpose == evidence.LOOK)))
        assert [(one.who, one.customer_id, one.fields) for one in looks] == [
            ("agent7", customer.id, ["evidence.file"])
        ]


class TestFiles:
    async def test_they_are_rotated_with_the_keys(self, care, shop):
        visit = await shop.visit()
        taken = await sent(care, visit.id)
        (row,) = await rows(care)
        before = EvidenceFiles(care.settings).read(row.path)
        renewed = replace(care.settings, data_key="n" * 40)
        assert EvidenceFiles(renewed).rotate() == 2
        assert EvidenceFiles(renewed).rotate() == 0
        assert EvidenceFiles(renewed).read(row.path) == before
        assert all(b"JFIF" not in file.read_bytes() for file in files_of(care))
        assert taken.name == "破损.jpg"

    async def test_a_file_in_anothers_place_does_not_open(self, care, shop):
        visit = await shop.visit()
        await sent(care, visit.id)
        await sent(care, visit.id, colour="blue")
        one, other = await rows(care)
        root = care.settings.var_dir / "evidence"
        (root / one.path).write_bytes((root / other.path).read_bytes())
        with pytest.raises(CannotDecrypt):
            EvidenceFiles(care.settings).read(one.path)

    async def test_a_file_that_lost_its_row_is_cleared_away_later(self, care, shop):
        visit = await shop.visit()
        await sent(care, visit.id)
        files = EvidenceFiles(care.settings)
        lost = files.write(b"half stored", b"preview")
        assert await evidence_cleaning.remove_files(care) == 0  # perhaps it is just being stored
        for file in files_of(care):
            os.utime(file, (time.time() - 7200,) * 2)
        assert await evidence_cleaning.remove_files(care) == 1
        assert len(files_of(care)) == 2
        with pytest.raises(FileNotFoundError):
            files.read(lost)

    async def test_a_refused_picture_leaves_neither_row_nor_file(self, care, shop):
        visit = await shop.visit()
        with pytest.raises(BadPicture):
            await evidence.add(
                care, visit.id, client_msg_id="0b7c1a52-0f37-4f4e-8f0e-3f6f8b0f1a13", name="x", data=b"no"
            )
        assert (await rows(care), files_of(care)) == ([], [])


class TestKeeping:
    async def test_the_sweep_removes_old_ones_but_none_of_an_open_case_or_under_a_hold(
        self, care, shop, capsys, clock
    ):
        customer = await shop.customer(PHONE, name="李想")
        free, open_one = await shop.visit(), await shop.visit()
        await sent(care, free.id)
        await told(care, shop, open_one.id)
        await confirmed(care, shop, open_one.id)
        await sent(care, open_one.id)
        held = await signed_in(care, shop, capsys)
        await sent(care, held.id)
        await retention.hold(care, customer.id, reason="诉讼", by="admin")
        clock.advance(days=3 * 365 + 1)
        swept = {one.kind: one.rows for one in await retention.sweep(care)}
        assert swept[Kept.EVIDENCE] == 1
        gone, of_open, of_held = await rows(care)
        assert (gone.removed_at is None, gone.path, gone.name) == (
            False,
            None,
            evidence_cleaning.REMOVED_NAME,
        )
        assert of_open.removed_at is None
        assert of_held.removed_at is None
        assert len(files_of(care)) == 4
        with pytest.raises(NotFound):
            await evidence.for_visitor(care, gone.public_id, None)

    async def test_the_customer_takes_them_along(self, care, shop, capsys):
        await shop.customer(PHONE, name="李想")
        mine = await signed_in(care, shop, capsys)
        await sent(care, mine.id, name="我的.jpg")
        stranger = await shop.visit()
        await sent(care, stranger.id, name="别人的.jpg")
        receipt = await rights.request_export(care, mine.id, source_message_id=None)
        file = await rights_export.redeem(care, receipt.download_token)
        with zipfile.ZipFile(io.BytesIO(file.data)) as archive:
            assert [name for name in archive.namelist() if name.startswith("图片/")] == ["图片/001-我的.jpg"]
            assert Image.open(io.BytesIO(archive.read("图片/001-我的.jpg"))).size == (64, 48)
            (line,) = json.loads(archive.read("我的信息.json"))["图片"]
        assert (line["名称"], line["文件"]) == ("我的.jpg", "图片/001-我的.jpg")
        kept = {one.kind: one.count for one in await rights.what_is_kept(care, mine.id)}
        assert kept[Kept.EVIDENCE] == 1

    async def test_a_deletion_takes_rows_names_and_files(self, care, shop, capsys, clock):
        await shop.customer(PHONE, name="李想")
        mine, stranger = await signed_in(care, shop, capsys), await shop.visit()
        await sent(care, mine.id, name="我家门牌.jpg")
        await sent(care, stranger.id)
        await rights.request_deletion(care, mine.id, source_message_id=None)
        await handoff.close(care, mine.id, "customer")
        clock.advance(hours=2)
        assert await erasure.carry_out_due(care) == 1
        gone, other = await rows(care)
        assert (gone.path, gone.name) == (None, evidence_cleaning.REMOVED_NAME)
        assert other.path is not None
        assert len(files_of(care)) == 2
