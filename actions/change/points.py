"""积分和等级: read, never changed here."""

from __future__ import annotations

from actions.change.job import Job
from actions.change.kinds import Change
from actions.change.saying import day
from actions.turn import HUMAN, Turn
from care.ports import OrderView
from care.rules.vocabulary import Topic
from care.services import loyalty


class Points(Change):
    name, topic, label = "points", Topic.MEMBERSHIP, "查积分和等级"
    needs_order = False
    is_read_only = True

    async def restate(self, turn: Turn, job: Job, order: OrderView | None) -> str:
        return self.label

    async def do(self, turn: Turn, job: Job) -> None:
        mine = await loyalty.mine(turn.care, turn.conversation.id)
        if mine is None:
            turn.say("points_none", buttons=[HUMAN])
            return
        turn.say("points_now", points=mine.points, level=mine.level)
        if mine.expiring_points and mine.expiring_on:
            turn.say("points_expiring", points=mine.expiring_points, on=day(turn, mine.expiring_on))
