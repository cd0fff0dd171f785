import pytest
from hypothesis import given
from hypothesis import strategies as st

from care.rules.errors import IllegalMove
from care.rules.ownership import OWNER_MOVES, check_owner_move, may_agent_speak, may_bot_speak
from care.rules.vocabulary import Owner


def test_every_owner_has_its_moves_written_down() -> None:
    assert set(OWNER_MOVES) == set(Owner)


def test_a_closed_conversation_stays_closed() -> None:
    assert OWNER_MOVES[Owner.CLOSED] == frozenset()


@pytest.mark.parametrize(
    ("owner", "to"),
    [
        (Owner.BOT, Owner.QUEUED),
        (Owner.BOT, Owner.HUMAN),
        (Owner.QUEUED, Owner.BOT),
        (Owner.QUEUED, Owner.HUMAN),
        (Owner.HUMAN, Owner.BOT),
        (Owner.HUMAN, Owner.QUEUED),
        (Owner.HUMAN, Owner.CLOSED),
    ],
)
def test_the_ways_of_a_conversation_are_legal(owner: Owner, to: Owner) -> None:
    check_owner_move(owner, to)


@given(st.sampled_from(Owner))
def test_staying_is_no_move(owner: Owner) -> None:
    with pytest.raises(IllegalMove):
        check_owner_move(owner, owner)


@given(st.sampled_from(Owner))
def test_at_most_one_of_bot_and_agent_may_speak(owner: Owner) -> None:
    assert not (may_bot_speak(owner) and may_agent_speak(owner))
    assert may_bot_speak(owner) == (owner is Owner.BOT)


def test_the_refusal_names_both_states_in_chinese() -> None:
    with pytest.raises(IllegalMove, match=r"已结束.*智能客服"):
        check_owner_move(Owner.CLOSED, Owner.BOT)
