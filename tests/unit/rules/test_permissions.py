from itertools import pairwise

import pytest

from care.rules.errors import Forbidden
from care.rules.permissions import ROLE_PERMISSIONS, Permission, check_permission, may
from care.rules.vocabulary import Role


def test_each_role_may_more_than_the_one_below() -> None:
    assert list(ROLE_PERMISSIONS) == list(Role)
    for lower, higher in pairwise(Role):
        assert ROLE_PERMISSIONS[lower] < ROLE_PERMISSIONS[higher]


def test_the_administrator_may_everything_and_nothing_is_unreachable() -> None:
    assert ROLE_PERMISSIONS[Role.ADMIN] == frozenset(Permission)


def test_an_agent_serves_but_neither_exports_nor_sees_unmasked_data() -> None:
    assert may(Role.AGENT, Permission.SERVE)
    assert not may(Role.AGENT, Permission.EXPORT)
    assert not may(Role.AGENT, Permission.VIEW_UNMASKED)


def test_the_second_person_is_a_lead_at_least() -> None:
    with pytest.raises(Forbidden, match="坐席"):
        check_permission(Role.AGENT, Permission.SECOND_PERSON)
    check_permission(Role.LEAD, Permission.SECOND_PERSON)
