from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from care.rules.errors import IllegalMove
from care.rules.severity import URGENT_CUES, Grade, SeverityParts, check_regrade, grade, is_lower, parts_from
from care.rules.vocabulary import COMPLAINT_TOPICS, Cue, Emotion, Topic

ORDER = list(Grade)
PARTS = st.builds(SeverityParts, *[st.integers(0, 3)] * 5)
CUES = st.frozensets(st.sampled_from(Cue))


def test_the_worked_example_is_major() -> None:
    parts = SeverityParts(seriousness=3, safety=0, complexity=2, impact=2, immediacy=1)
    assert parts.total == 8
    assert grade(parts) is Grade.P2


@pytest.mark.parametrize(
    ("total", "expected"),
    [
        (0, Grade.P4),
        (2, Grade.P4),
        (3, Grade.P3),
        (5, Grade.P3),
        (6, Grade.P2),
        (9, Grade.P2),
        (10, Grade.P1),
        (15, Grade.P1),
    ],
)
def test_the_total_decides_where_nothing_else_does(total: int, expected: Grade) -> None:
    parts = [min(3, max(0, total - 3 * i)) for i in range(5)]
    assert grade(SeverityParts(*parts)) is expected


@pytest.mark.parametrize("cue", sorted(URGENT_CUES))
def test_danger_leak_minor_and_self_harm_are_urgent_whatever_the_total(cue: Cue) -> None:
    assert grade(SeverityParts(), cues=frozenset({cue})) is Grade.P1


@pytest.mark.parametrize("cue", [Cue.MEDIA, Cue.AUTHORITY_12315, Cue.LAWYER, Cue.REPEATED])
def test_media_12315_lawyer_and_repetition_are_major(cue: Cue) -> None:
    assert grade(SeverityParts(), cues=frozenset({cue})) is Grade.P2


def test_more_than_5000_yuan_is_major_and_5000_is_not() -> None:
    assert grade(SeverityParts(), amount=Decimal("5000.01")) is Grade.P2
    assert grade(SeverityParts(), amount=Decimal(5000)) is Grade.P4


def test_a_repeated_complaint_is_major() -> None:
    assert grade(SeverityParts(), repeated=True) is Grade.P2


def test_the_fifth_of_one_cause_in_a_day_is_urgent() -> None:
    assert grade(SeverityParts(), same_cause_24h=4) is Grade.P4
    assert grade(SeverityParts(), same_cause_24h=5) is Grade.P1


@pytest.mark.parametrize("value", [-1, 4])
def test_a_part_outside_0_to_3_is_refused(value: int) -> None:
    with pytest.raises(ValueError, match="safety"):
        SeverityParts(safety=value)


@given(PARTS, CUES, st.sampled_from(Cue), st.integers(0, 9))
def test_another_cue_never_lowers_a_grade(
    parts: SeverityParts, cues: frozenset[Cue], cue: Cue, same: int
) -> None:
    before = grade(parts, cues=cues, same_cause_24h=same)
    after = grade(parts, cues=cues | {cue}, same_cause_24h=same + 1)
    assert not is_lower(before, after)


@given(st.sampled_from(Topic), CUES, st.sampled_from(Cue), st.sampled_from(Emotion), st.booleans())
def test_another_cue_never_lowers_an_estimated_part(
    topic: Topic, cues: frozenset[Cue], cue: Cue, emotion: Emotion, repeated: bool
) -> None:
    before = parts_from(topic, cues, emotion, None, repeated).as_dict()
    after = parts_from(topic, cues | {cue}, emotion, Decimal(9000), repeated).as_dict()
    assert all(after[name] >= value for name, value in before.items())


@given(st.sampled_from(COMPLAINT_TOPICS), CUES)
def test_emotion_raises_and_never_lowers(topic: Topic, cues: frozenset[Cue]) -> None:
    totals = [parts_from(topic, cues, emotion).total for emotion in Emotion]
    assert totals == sorted(totals)


def test_an_angry_complaint_about_goods_is_major_and_a_calm_one_ordinary() -> None:
    calm = parts_from(Topic.COMPLAINT_QUALITY)
    angry = parts_from(Topic.COMPLAINT_QUALITY, emotion=Emotion.ANGRY)
    assert grade(calm) is Grade.P3
    assert grade(angry) is Grade.P2


def test_smoke_is_estimated_dangerous_and_immediate() -> None:
    parts = parts_from(Topic.COMPLAINT_QUALITY, frozenset({Cue.FIRE}))
    assert (parts.seriousness, parts.safety, parts.immediacy) == (3, 3, 3)
    assert parts.total >= 10


def test_an_inquiry_without_a_cue_weighs_nothing() -> None:
    assert parts_from(Topic.LOGISTICS).total == 0


@pytest.mark.parametrize(("now", "to"), [(Grade.P3, Grade.P1), (Grade.P4, Grade.P3), (Grade.P2, Grade.P2)])
def test_anyone_may_raise_or_keep_a_grade(now: Grade, to: Grade) -> None:
    check_regrade(now, to, actor="agent1", second_person=None, reason="")


def test_lowering_needs_a_reason_and_somebody_else() -> None:
    check_regrade(Grade.P2, Grade.P3, actor="agent1", second_person="lead1", reason="金额有误")
    for second, reason in ((None, "金额有误"), ("agent1", "金额有误"), ("lead1", " ")):
        with pytest.raises(IllegalMove):
            check_regrade(Grade.P2, Grade.P3, actor="agent1", second_person=second, reason=reason)
