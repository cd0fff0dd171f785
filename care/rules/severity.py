"""How serious a complaint is (criteria: GB/T 19012 §7.5; scale: care.md §2.11)."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from decimal import Decimal

from care.rules.errors import IllegalMove
from care.rules.labelled import Labelled
from care.rules.vocabulary import Cue, Emotion, Topic


class Grade(Labelled):
    P1 = "P1", "紧急"
    P2 = "P2", "重大"
    P3 = "P3", "一般"
    P4 = "P4", "轻微"


#: Injury or danger: safety advice comes first, then everything else.
DANGER_CUES: frozenset[Cue] = frozenset({Cue.INJURY, Cue.FIRE, Cue.ELECTRICITY})
#: Any one of these makes a case urgent, whatever the parts add up to.
URGENT_CUES: frozenset[Cue] = DANGER_CUES | {Cue.DATA_LEAK, Cue.MINOR, Cue.SELF_HARM}
#: Any one of these makes a case at least major.
MAJOR_CUES: frozenset[Cue] = frozenset({Cue.MEDIA, Cue.AUTHORITY_12315, Cue.LAWYER, Cue.REPEATED})

MAJOR_AMOUNT = Decimal(5000)  # yuan; "more than"
SAME_CAUSE_URGENT = 5  # cases of one cause within 24 hours, this one included
URGENT_TOTAL, MAJOR_TOTAL, ORDINARY_TOTAL = 10, 6, 3


@dataclass(frozen=True)
class SeverityParts:
    """The five criteria of GB/T 19012 §7.5, each 0–3."""

    seriousness: int = 0
    safety: int = 0
    complexity: int = 0
    impact: int = 0
    immediacy: int = 0

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if not 0 <= value <= 3:
                raise ValueError(f"{field.name} is {value}, not 0–3")

    @property
    def total(self) -> int:
        """0–15."""
        return self.seriousness + self.safety + self.complexity + self.impact + self.immediacy

    def as_dict(self) -> dict[str, int]:
        return asdict(self)


def grade(
    parts: SeverityParts,
    *,
    cues: frozenset[Cue] = frozenset(),
    amount: Decimal | None = None,
    repeated: bool = False,
    same_cause_24h: int = 0,
) -> Grade:
    """The grade of care.md §2.11: the parts' total, raised by what alone is enough.

    Args:
        cues: severity cues found in the customer's words.
        amount: money in dispute in yuan, `None` when unknown.
        repeated: the customer has complained about the same before.
        same_cause_24h: cases with the same cause within 24 hours, this one included.
    """
    if parts.total >= URGENT_TOTAL or cues & URGENT_CUES or same_cause_24h >= SAME_CAUSE_URGENT:
        return Grade.P1
    dear = amount is not None and amount > MAJOR_AMOUNT
    if parts.total >= MAJOR_TOTAL or cues & MAJOR_CUES or dear or repeated:
        return Grade.P2
    return Grade.P3 if parts.total >= ORDINARY_TOTAL else Grade.P4


#: First estimate of (seriousness, complexity, impact) by what is complained of; a person corrects it.
_TOPIC_PARTS: dict[Topic, tuple[int, int, int]] = {
    Topic.COMPLAINT_QUALITY: (2, 1, 1),
    Topic.COMPLAINT_DELIVERY: (1, 1, 1),
    Topic.COMPLAINT_ATTITUDE: (1, 1, 1),
    Topic.COMPLAINT_BILLING: (2, 1, 1),
    Topic.COMPLAINT_AFTER_SALES: (2, 2, 1),
    Topic.COMPLAINT_FALSE_PROMISE: (1, 1, 1),
    Topic.COMPLAINT_PRIVACY: (3, 1, 2),
    Topic.COMPLAINT_OTHER: (1, 1, 0),
}
_EMOTION_IMPACT = {Emotion.ANGRY: 1, Emotion.DISTRESSED: 2}
_EMOTION_IMMEDIACY = {Emotion.ANGRY: 1, Emotion.DISTRESSED: 2}


def parts_from(
    topic: Topic,
    cues: frozenset[Cue] = frozenset(),
    emotion: Emotion = Emotion.CALM,
    amount: Decimal | None = None,
    repeated: bool = False,
) -> SeverityParts:
    """A first estimate of the five parts from what was understood of the customer's words.

    More cues, a stronger emotion, a repeated complaint or an amount above ¥5,000 never lower a part.
    The weights are our own choice; a person may correct each part on the case.
    """
    seriousness, complexity, impact = _TOPIC_PARTS.get(topic, (0, 0, 0))
    repeated = repeated or Cue.REPEATED in cues
    if cues & URGENT_CUES:
        seriousness = 3
    elif amount is not None and amount > MAJOR_AMOUNT:
        seriousness += 1
    complexity += int(repeated) + int(bool(cues & {Cue.LAWYER, Cue.AUTHORITY_12315}))
    impact += _EMOTION_IMPACT.get(emotion, 0) + 2 * int(Cue.MEDIA in cues)
    is_dangerous = bool(cues & (DANGER_CUES | {Cue.SELF_HARM}))
    safety = 3 if is_dangerous else 2 if Cue.MINOR in cues else 0
    immediacy = max(
        3 if is_dangerous else 0,
        2 if cues & {Cue.DATA_LEAK, Cue.MINOR, Cue.MEDIA, Cue.AUTHORITY_12315} else 0,
        1 if Cue.LAWYER in cues or repeated else 0,
        _EMOTION_IMMEDIACY.get(emotion, 0),
    )
    return SeverityParts(min(3, seriousness), safety, min(3, complexity), min(3, impact), immediacy)


_ORDER = tuple(Grade)


def is_lower(grade_now: Grade, to: Grade) -> bool:
    """Whether `to` is less serious than `grade_now`."""
    return _ORDER.index(to) > _ORDER.index(grade_now)


def check_regrade(grade_now: Grade, to: Grade, *, actor: str, second_person: str | None, reason: str) -> None:
    """Anyone may raise a grade; lowering needs a reason and a second person.

    Raises:
        IllegalMove: a lowering without a reason, or not agreed to by somebody else than `actor`.
    """
    if not is_lower(grade_now, to):
        return
    if not reason.strip():
        raise IllegalMove(f"将{grade_now.value}降为{to.value}须写明理由。")
    if not second_person or second_person == actor:
        raise IllegalMove(f"将{grade_now.value}降为{to.value}须由另一人复核同意。")
