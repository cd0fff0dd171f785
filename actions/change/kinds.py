"""What each kind of change says of itself: what it hears, what it still needs, how it is restated and done."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import ClassVar

from actions.change.job import Job
from actions.change.words import Heard
from actions.complaint import answer_button
from actions.turn import HUMAN, Button, Turn
from care.ports import OrderView
from care.rules.vocabulary import Topic

_ASSENT = r"^(?:嗯+|对的?|好的?|是的?|行|可以|就|那|请|麻烦你?|确认|确定|帮我|给我|赶紧|快点?|直接|[,, ])*"
_TAIL = r"(?:吧|了|掉|它|一下|一催|就行|就好|订单|申请|货|款|票|啊|呀|[。.! ])*"
YES: Button = {"title": "对", "payload": "/affirm"}
FIX: Button = {"title": "要改", "payload": "/deny"}
GO_ON: Button = {"title": "继续办", "payload": '/inform{"answer": "go_on"}'}
NOT_NOW: Button = {"title": "先不办", "payload": "/stop"}


class Blocked(Exception):
    """It cannot be done in this way; the kind has said why, and a person may still do it.

    Args:
        instead: another kind that is possible with the same order, if there is one.
        is_answered: nothing is left to be done, not even by a person.
    """

    def __init__(self, *, instead: str | None = None, is_answered: bool = False) -> None:
        self.instead = instead
        self.is_answered = is_answered
        super().__init__(instead or "")


class Change(ABC):
    """One kind of change. Kinds hold no state: all of it is in the `Job`."""

    name: ClassVar[str]
    topic: ClassVar[Topic]
    #: What is to be done, as it fits into a sentence: 取消订单.
    label: ClassVar[str]
    needs_order: ClassVar[bool] = True
    needs_product: ClassVar[bool] = False
    #: What is only looked up needs no 对吗.
    is_read_only: ClassVar[bool] = False
    fields: ClassVar[tuple[str, ...]] = ()
    #: What is done, in a word: said alone it confirms.
    verbs: ClassVar[tuple[str, ...]] = ()
    #: Questions whose answers tell what happened: kept as reason or fault.
    tells: ClassVar[tuple[str, ...]] = ()

    def needs_code(self, job: Job) -> bool:
        """Whether a code to the phone is needed where order number and phone tail were enough for reading."""
        return False

    async def needs_identity(self, turn: Turn, job: Job) -> bool:
        """Whether it must be known who this is before anything is asked."""
        return True

    def confirms(self, text: str, job: Job) -> bool:
        """Whether the words say yes to the restatement."""
        return self.says_yes(text)

    def answers(self, text: str) -> bool:
        """Whether the words answer the kind's own question, whatever else they may sound like."""
        return False

    def fits(self, order: OrderView) -> bool:
        """Whether this order may be meant at all; others are offered only when none fits."""
        return True

    def says_yes(self, text: str) -> bool:
        """那就取消吧: the verb of the change, and nothing else, confirms it."""
        return bool(self.verbs) and bool(
            re.match(f"{_ASSENT}(?:{'|'.join(self.verbs)}){_TAIL}$", text.strip())
        )

    async def hear(self, turn: Turn, job: Job, heard: Heard) -> bool:
        """Takes what the words say; whether there was anything."""
        return job.hear(heard, *self.fields)

    async def check(self, turn: Turn, job: Job, order: OrderView | None) -> None:
        """Stops what the state does not allow before anything more is asked. Raises `Blocked`."""
        return

    async def missing(self, turn: Turn, job: Job, order: OrderView | None) -> str | None:
        """The next thing to ask, beside the order; `None` when it can be restated."""
        return None

    async def after_yes(self, turn: Turn, job: Job) -> str | None:
        """What has to be asked after the confirmation (a code to a new phone)."""
        return None

    async def ask(self, turn: Turn, job: Job, name: str, order: OrderView | None) -> None:
        """Says the question `name` that `missing` gave."""
        raise NotImplementedError(name)

    @abstractmethod
    async def restate(self, turn: Turn, job: Job, order: OrderView | None) -> str:
        """The one sentence that is confirmed, without 对吗."""

    @abstractmethod
    async def do(self, turn: Turn, job: Job) -> None:
        """Writes once, and says what was written, with number and time."""

    def field_of(self, name: str) -> str | None:
        """The field of the job that a service's error about `name` means."""
        return name if name in self.fields else None

    def fixable(self, job: Job) -> Sequence[tuple[str, str]]:
        """(field, its name for people): what may be corrected after 不对."""
        return ()


def choices(*pairs: tuple[str, str]) -> list[Button]:
    """(title, code) as buttons, and a person."""
    return [*(answer_as(title, code) for title, code in pairs), HUMAN]


def answer_as(title: str, code: str) -> Button:
    button = answer_button(title)
    return {**button, "payload": button["payload"].replace(f'"{title}"', f'"{code}"')}


def tail(number: str | None) -> str:
    return (number or "")[-4:]
