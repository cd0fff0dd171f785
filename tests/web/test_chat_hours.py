"""The button for a person: the queue while somebody is there, otherwise the assistant answers the wish."""

from __future__ import annotations

from typing import Any

from care.rules.vocabulary import Role
from care.services import callbacks, conversations, opening_hours
from care.services.context import Care
from tests.web.people import ScriptedBot, Visitor


async def test_outside_hours_the_button_is_answered_by_the_assistant_and_nobody_waits(
    visitor: Visitor, bot: ScriptedBot, clock: Any
) -> None:
    clock.advance(hours=13)
    await visitor.do("request_human")
    lines = [frame for frame in await visitor.rest(2) if frame["type"] == "message"]
    assert [(line["from"], line["text"]) for line in lines] == [
        ("customer", "转人工"),
        ("bot", "收到:转人工"),
    ]
    assert [turn.text for turn in bot.asked] == ["转人工"]


async def test_within_hours_it_leads_to_the_queue(visitor: Visitor, bot: ScriptedBot) -> None:
    await visitor.do("request_human")
    assert (await visitor.next("owner"))["owner"] == "queued"
    assert bot.asked == []


async def test_the_desk_sees_masks_takes_and_ends_a_call(
    visitor: Visitor, sign_in: Any, care_sqlite: Care, clock: Any
) -> None:
    clock.advance(hours=13)
    await visitor.say("空调不制冷")
    await visitor.next("ack")
    view = await conversations.get_conversation(care_sqlite, visitor.conversation)
    await callbacks.request(
        care_sqlite, view.id, phone="13911112222", note="打 13911112222", source_message_id=None
    )
    agent, other = await sign_in(), await sign_in("agent2", name="赵小红")
    (seen,) = (await (await agent.get("/api/desk/callbacks")).json())["items"]
    assert (seen["phone"], seen["note"], seen["broken"]) == ("139****2222", "打 139****2222", False)
    path = f"/api/desk/callbacks/{seen['id']}"
    assert (await (await agent.post(f"{path}/take")).json())["phone"] == "13911112222"
    assert (await other.post(f"{path}/take")).status == 409
    assert (await (await other.get("/api/desk/callbacks")).json())["items"][0]["phone"] == "139****2222"
    done = await (await agent.post(f"{path}/done", {"result": "reached", "note": "已约"})).json()
    assert (done["state"], done["result_label"]) == ("done", "已联系上")
    assert (await (await agent.get("/api/desk/callbacks")).json())["items"] == []


async def test_administrators_set_the_hours_and_everybody_reads_them(sign_in: Any, care_sqlite: Care) -> None:
    admin, agent = await sign_in("admin", Role.ADMIN), await sign_in()
    body = {"week": {"0": [{"opens": "9:00", "closes": "18:00"}]}}
    assert (await agent.post("/api/staff/hours", body)).status == 403
    shown = await (await admin.post("/api/staff/hours", body)).json()
    assert (shown["words"], shown["open_now"]) == ("周一 9:00–18:00，周二至周日 休息", False)
    wrong = await admin.post("/api/staff/hours", {"week": {"0": [{"opens": "18:00", "closes": "9:00"}]}})
    assert wrong.status == 400
    day = {"day": "2026-11-24", "name": "店庆", "opens": "0:00", "closes": "24:00"}
    assert (await (await admin.post("/api/staff/hours/days", day)).json())["open_now"]
    assert await opening_hours.is_open_now(care_sqlite)
    assert (await (await agent.get("/api/staff/hours")).json())["days"][0]["name"] == "店庆"


async def test_the_context_is_masked_by_role_and_closed_to_strangers(visitor: Visitor, sign_in: Any) -> None:
    await visitor.say("我的电话是 13800000001,请回电")
    await visitor.next("ack")
    await visitor.next("message")
    agent, lead, other = (
        await sign_in(),
        await sign_in("lead1", Role.LEAD),
        await sign_in("agent2", name="赵小红"),
    )
    path = f"/api/desk/conversations/{visitor.conversation}/context"
    for who in (agent, lead):
        found = await (await who.get(path)).json()
        assert found["customer"] is None
        assert "13800000001" not in str(found) or who is lead
    await agent.on(visitor.conversation, "take")
    assert (await agent.get(path)).status == 200
    assert (await other.get(path)).status == 403
