"""An agent puts a field of the customer's record right: checked, the old value kept, written down."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from care.records.customer import AccessLog, CustomerField
from care.rules.vocabulary import FieldSource, Role
from care.services.context import Care
from tests.integration.conftest import Shop
from tests.web.test_customer_api import SignIn, body, li_xiang


@pytest.fixture
def shop(care_sqlite: Care) -> Shop:
    return Shop(care_sqlite)


async def test_the_new_value_stands_the_old_one_is_kept_and_who_did_it_is_known(
    care_sqlite: Care, shop: Shop, sign_in: SignIn
) -> None:
    customer, agent = await li_xiang(care_sqlite, shop), await sign_in()
    given = {"name": "email", "value": "new@example.com"}
    await body(await agent.post(f"/api/desk/customers/{customer.public_id}/fields", given))
    async with care_sqlite.sessions.read() as session:
        row = await session.scalar(select(CustomerField).where(CustomerField.name == "email"))
        assert row is not None
        assert (row.value, row.source) == ("new@example.com", FieldSource.AGENT)
        assert [one["value"] for one in row.old_values] == ["li.xiang@example.com"]
        purposes = list(await session.scalars(select(AccessLog.purpose)))
    assert "更正客户资料" in purposes


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("email", "no mailbox", "email"),
        ("phone", "13900000001", "name"),
        ("birthday", "1990-05-02", "name"),
        ("shoe_size", "42", "name"),
    ],
)
async def test_what_cannot_be_or_is_not_for_this_role_is_refused_with_a_reason(
    care_sqlite: Care, shop: Shop, sign_in: SignIn, name: str, value: str, told: str
) -> None:
    customer, agent = await li_xiang(care_sqlite, shop), await sign_in()
    path = f"/api/desk/customers/{customer.public_id}/fields"
    refused = await body(await agent.post(path, {"name": name, "value": value}), 400)
    assert refused["error"]["fields"].get(told)
    async with care_sqlite.sessions.read() as session:
        assert (
            await session.scalar(select(CustomerField.id).where(CustomerField.source == FieldSource.AGENT))
            is None
        )


async def test_a_manager_corrects_a_birthday_too(care_sqlite: Care, shop: Shop, sign_in: SignIn) -> None:
    customer, manager = await li_xiang(care_sqlite, shop), await sign_in("manager1", Role.MANAGER)
    path = f"/api/desk/customers/{customer.public_id}/fields"
    await body(await manager.post(path, {"name": "birthday", "value": "1990-05-02"}))
