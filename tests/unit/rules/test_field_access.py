"""Which role sees which datum: nothing is shown that nobody decided about."""

from __future__ import annotations

import pytest

from care.records import Base
from care.rules.field_access import DATA, Access, access, label, matrix, seen
from care.rules.permissions import Permission, may
from care.rules.profile import ProfileField
from care.rules.vocabulary import Role

ORDER = {Access.HIDDEN: 0, Access.MASKED: 1, Access.WHOLE: 2}


def test_every_column_of_a_customer_and_every_typed_field_is_decided_about():
    columns = {f"customer.{column.name}" for column in Base.metadata.tables["customer"].columns}
    assert {datum for datum in DATA if datum.startswith("customer.")} == columns
    for field in ProfileField:
        assert f"customer_field.{field.value}" in DATA


def test_receivers_and_words_are_decided_about():
    receivers = {
        f"order.{column.name}"
        for column in Base.metadata.tables["order"].columns
        if column.name.startswith("receiver_")
    }
    assert receivers | {"message.text", "complaint.complainant", "complaint.own_words"} <= set(DATA)
    for datum in DATA:
        table, _, column = datum.partition(".")
        if table != "customer_field" and datum != "evidence.file":  # a file, no column
            assert column in Base.metadata.tables[table].columns


def test_a_higher_role_never_sees_less():
    for datum in DATA:
        ranks = [ORDER[access(datum, role)] for role in Role]
        assert ranks == sorted(ranks), datum


def test_who_may_not_see_unmasked_data_sees_no_name_phone_or_address_whole():
    for role in Role:
        if not may(role, Permission.VIEW_UNMASKED):
            for datum in DATA:
                if any(word in datum for word in ("name", "phone", "address", "email", "text", "words")):
                    assert access(datum, role) is not Access.WHOLE, (datum, role)


def test_what_is_masked_has_a_mask():
    for datum in DATA:
        for role in Role:
            shown = seen(datum, role, "13800000001 浙江省杭州市")
            if access(datum, role) is Access.MASKED:
                assert shown is not None
                assert "13800000001" not in shown
            assert (shown is None) == (access(datum, role) is Access.HIDDEN)
            assert seen(datum, role, None) is None


def test_an_unknown_typed_field_is_for_managers_and_an_unknown_column_for_nobody():
    assert access("customer_field.shoe_size", Role.LEAD) is Access.HIDDEN
    assert seen("customer_field.shoe_size", Role.MANAGER, "42") == "42"
    with pytest.raises(KeyError):
        seen("customer.shoe_size", Role.ADMIN, "42")


def test_the_matrix_names_every_datum_in_chinese():
    assert [row[0] for row in matrix()] == list(DATA)
    assert all(label(datum) for datum in DATA)
    assert {len(row[2]) for row in matrix()} == {len(Role)}
