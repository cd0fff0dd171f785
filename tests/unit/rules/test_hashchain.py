import json
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from care.rules.complaint import ComplaintState
from care.rules.hashchain import GENESIS, Link, event_hash, first_broken

PAYLOADS = st.dictionaries(
    st.text(max_size=8),
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers()
        | st.text(max_size=8)
        | st.floats(allow_nan=False, allow_infinity=False),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
        max_leaves=6,
    ),
    max_size=5,
)


def chained(payloads: list[dict[str, Any]]) -> list[Link]:
    links, previous = [], GENESIS
    for payload in payloads:
        links.append(Link(payload, previous, event_hash(previous, payload)))
        previous = links[-1].hash
    return links


@given(st.lists(PAYLOADS, max_size=5))
def test_an_untouched_chain_is_whole(payloads: list[dict[str, Any]]) -> None:
    assert first_broken(chained(payloads)) is None


@given(st.lists(PAYLOADS, min_size=1, max_size=5), st.data())
def test_a_changed_row_is_named(payloads: list[dict[str, Any]], data: st.DataObject) -> None:
    links = chained(payloads)
    at = data.draw(st.integers(0, len(links) - 1))
    links[at] = Link({**links[at].payload, "tampered": "yes"}, links[at].previous_hash, links[at].hash)
    assert first_broken(links) == at


def test_a_removed_first_or_swapped_row_breaks_the_chain() -> None:
    links = chained([{"n": 1}, {"n": 2}, {"n": 3}])
    assert first_broken(links[1:]) == 0
    assert first_broken([links[0], links[2]]) == 1
    assert first_broken([links[1], links[0], links[2]]) == 0


def test_a_row_hashed_anew_breaks_the_next_one() -> None:
    links = chained([{"n": 1}, {"n": 2}])
    forged = {"n": 9}
    links[0] = Link(forged, GENESIS, event_hash(GENESIS, forged))
    assert first_broken(links) == 1


@given(PAYLOADS)
def test_the_hash_is_the_same_after_the_database_and_in_any_order(payload: dict[str, Any]) -> None:
    stored = json.loads(json.dumps(payload))
    turned = dict(reversed(list(stored.items())))
    assert event_hash(GENESIS, payload) == event_hash(GENESIS, stored) == event_hash(GENESIS, turned)


def test_times_enums_and_amounts_have_one_form() -> None:
    utc = datetime(2026, 11, 24, 12, tzinfo=timezone.utc)
    local = utc.astimezone(timezone(timedelta(hours=8)))
    assert event_hash(GENESIS, {"at": utc}) == event_hash(GENESIS, {"at": local})
    assert event_hash(GENESIS, {"to": ComplaintState.DRAFT}) == event_hash(GENESIS, {"to": "draft"})
    assert event_hash(GENESIS, {"yuan": Decimal("5.0")}) == event_hash(GENESIS, {"yuan": Decimal("5.00")})
    assert event_hash(GENESIS, {"a": (1, 2)}) == event_hash(GENESIS, {"a": [1, 2]})


def test_the_hash_is_the_known_one() -> None:
    # printf '%064d\n{"a":"投诉"}' 0 | sha256sum
    assert (
        event_hash(GENESIS, {"a": "投诉"})
        == "31a07c073d3f7644f8a1c65f9954292017510ba44d1a5de3c2c26d8a10687a1f"
    )


@pytest.mark.parametrize("payload", [{"at": datetime(2026, 1, 1)}, {"x": float("nan")}])  # noqa: DTZ001
def test_a_value_without_one_meaning_is_refused(payload: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"time zone|canonical"):
        event_hash(GENESIS, payload)


@pytest.mark.parametrize("payload", [{"x": {1, 2}}, {1: "x"}, {"x": b"y"}])
def test_a_value_without_a_form_is_refused(payload: dict[Any, Any]) -> None:
    with pytest.raises(TypeError):
        event_hash(GENESIS, payload)
