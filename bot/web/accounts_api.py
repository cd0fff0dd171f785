"""`/api/staff/accounts…`: roles, skills and access of the staff, for administrators. Every change leaves its history."""

from __future__ import annotations

import secrets

from aiohttp import web

from bot.web import staff_schemas as schemas
from bot.web.bodies import json_response, read_body
from bot.web.keys import PARTS, SESSION
from care.services import staff_accounts
from care.services.staff_accounts import AccountEdit, StaffView


async def accounts(request: web.Request) -> web.Response:
    found = await staff_accounts.list_staff(request.app[PARTS].care)
    return json_response(schemas.Accounts([schemas.account(one) for one in found]))


async def create(request: web.Request) -> web.Response:
    given = await read_body(request, schemas.NewAccount)
    password = secrets.token_urlsafe(12)
    made = await staff_accounts.add_staff(
        request.app[PARTS].care,
        login=given.login,
        name=given.name,
        role=given.role,
        password=password,
        skills=given.skills,
        capacity=given.capacity,
        must_change=True,
        who=request[SESSION].staff.login,
    )
    return json_response(schemas.AccountWithPassword(schemas.account(made), password))


async def change(request: web.Request) -> web.Response:
    given = await read_body(request, schemas.AccountChangeBody)
    wish = AccountEdit(given.name, given.role, given.skills, given.capacity, given.active)
    changed = await staff_accounts.edit(
        request.app[PARTS].care, int(request.match_info["id"]), wish, who=request[SESSION].staff
    )
    return json_response(schemas.account(changed))


async def reset(request: web.Request) -> web.Response:
    """A new first password, shown once; every browser of the account is signed out."""
    care, who = request.app[PARTS].care, request[SESSION].staff.login
    password = secrets.token_urlsafe(12)
    login = (await _account(request)).login
    done = await staff_accounts.reset_password(care, login, password, who=who)
    return json_response(schemas.AccountWithPassword(schemas.account(done), password))


async def reset_totp(request: web.Request) -> web.Response:
    care, who = request.app[PARTS].care, request[SESSION].staff.login
    done = await staff_accounts.reset_totp(care, (await _account(request)).login, who=who)
    return json_response(schemas.account(done))


async def history(request: web.Request) -> web.Response:
    found = await staff_accounts.history(request.app[PARTS].care, int(request.match_info["id"]))
    return json_response(schemas.AccountHistory([schemas.change(one) for one in found]))


async def _account(request: web.Request) -> StaffView:
    return await staff_accounts.get(request.app[PARTS].care, int(request.match_info["id"]))
