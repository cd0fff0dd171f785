"""`/api/staff/…`: signing in and out, and one's own account. The session is a cookie that scripts cannot read.

How a page signs somebody in:

1. `GET /api/staff/sign_in_options` tells whether there is single sign-on (then a link to `/api/staff/oidc/start`).
2. `POST /api/staff/login {login, password}` → `step: "done"` with `staff`, `csrf` and the cookie, or
   `step: "code"` with `half`; then `POST /api/staff/login/code {half, code}` within five minutes → `done`. The code
   is the telephone's or a recovery code. Five wrong ones lock for 15 minutes (`too_many_requests`); after
   `not_signed_in` begin again with the password.
3. `must_change_password`: show the form of `POST /api/staff/password {old, new}` (problems in `fields.new`) before
   anything else. `must_enrol_totp`: `POST /api/staff/totp/begin` → `{secret, uri, qr}`, show the picture, then
   `POST /api/staff/totp/confirm {code}` → `{codes}`, the ten recovery codes, shown once. Until both are done every
   other route refuses with `password_change_needed` or `totp_needed` (403).
4. `GET /api/staff/me` at any time: the same as `done`; 401 `not_signed_in` when the session is over (12 hours, or 4
   without use). `csrf` goes with every write as `X-CSRF-Token`.
5. `/api/staff/sessions`: one's own browsers, `POST /api/staff/sessions/{id}/end` signs one out.
   `POST /api/staff/totp/end {code}` and `/totp/codes {code}`: without a second factor, new recovery codes.
"""

from __future__ import annotations

from aiohttp import web

from bot.web import schemas, staff_schemas
from bot.web.bodies import json_response, read_body
from bot.web.clients import is_https
from bot.web.keys import ADDRESS, PARTS, SESSION
from care.rules.errors import TooManyRequests
from care.services import assignment, staff, staff_sessions, staff_totp

COOKIE = "zhike_staff"


async def sign_in_options(request: web.Request) -> web.Response:
    settings = request.app[PARTS].care.settings
    return json_response(staff_schemas.SignInOptions(settings.oidc_issuer is not None, settings.oidc_label))


async def sign_in(request: web.Request) -> web.Response:
    _slow_down(request)
    given = await read_body(request, schemas.SignIn)
    care = request.app[PARTS].care
    done = await staff.sign_in(care, given.login, given.password, came=came_from(request))
    if isinstance(done, staff.HalfSignedIn):
        return json_response(schemas.SignInAnswer(step="code", half=done.half))
    return await _welcome(request, done)


async def second_step(request: web.Request) -> web.Response:
    _slow_down(request)
    given = await read_body(request, staff_schemas.CodeStep)
    care = request.app[PARTS].care
    return await _welcome(
        request, await staff.second_step(care, given.half, given.code, came=came_from(request))
    )


async def sign_out(request: web.Request) -> web.Response:
    care = request.app[PARTS].care
    await staff.sign_out(care, request.cookies.get(COOKIE))
    # Whoever waits for this person waits for somebody else now, with the same place.
    await assignment.sign_off(care, request[SESSION].staff.id)
    response = json_response(schemas.Nothing())
    response.del_cookie(COOKIE, path="/", httponly=True, samesite="Strict")
    return response


async def me(request: web.Request) -> web.Response:
    care, session = request.app[PARTS].care, request[SESSION]
    state = await staff_totp.state(care, session.staff)
    return json_response(
        schemas.SignedIn(
            staff=schemas.staff_member(session.staff),
            csrf=session.csrf,
            must_change_password=session.must_change_password,
            must_enrol_totp=session.must_enrol_totp,
            totp=schemas.TotpShown(state.enabled, state.required, state.recovery_left),
            signed_by=session.signed_by,
        )
    )


async def change_password(request: web.Request) -> web.Response:
    _slow_down(request)
    given = await read_body(request, staff_schemas.PasswordChange)
    await staff.change_password(request.app[PARTS].care, request[SESSION], given.old, given.new)
    return json_response(schemas.Nothing())


async def begin_totp(request: web.Request) -> web.Response:
    begun = await staff_totp.begin(request.app[PARTS].care, request[SESSION].staff.id)
    return json_response(staff_schemas.TotpEnrolment(begun.secret, begun.uri, begun.qr))


async def confirm_totp(request: web.Request) -> web.Response:
    _slow_down(request)
    given = await read_body(request, staff_schemas.CodeBody)
    session = request[SESSION]
    codes = await staff_totp.confirm(
        request.app[PARTS].care, session.staff.id, given.code, session_id=session.id
    )
    return json_response(staff_schemas.RecoveryCodes(codes))


async def renew_codes(request: web.Request) -> web.Response:
    _slow_down(request)
    given = await read_body(request, staff_schemas.CodeBody)
    codes = await staff_totp.renew_codes(request.app[PARTS].care, request[SESSION].staff.id, given.code)
    return json_response(staff_schemas.RecoveryCodes(codes))


async def end_totp(request: web.Request) -> web.Response:
    _slow_down(request)
    given = await read_body(request, staff_schemas.CodeBody)
    await staff_totp.end(request.app[PARTS].care, request[SESSION].staff.id, given.code)
    return json_response(schemas.Nothing())


async def sessions(request: web.Request) -> web.Response:
    session = request[SESSION]
    found = await staff_sessions.sessions_of(request.app[PARTS].care, session.staff.id)
    return json_response(
        staff_schemas.SessionsShown([staff_schemas.session_shown(one, session.id) for one in found])
    )


async def end_session(request: web.Request) -> web.Response:
    staff_id, session_id = request[SESSION].staff.id, int(request.match_info["id"])
    await staff_sessions.end_session(request.app[PARTS].care, staff_id, session_id)
    return json_response(schemas.Nothing())


def came_from(request: web.Request) -> staff.From:
    return staff.From(request[ADDRESS], request.headers.get("User-Agent", ""))


def set_cookie(request: web.Request, response: web.StreamResponse, token: str) -> None:
    response.set_cookie(
        COOKIE,
        token,
        max_age=int(staff.SESSION_LIVES.total_seconds()),
        path="/",
        httponly=True,
        samesite="Strict",
        secure=is_https(request, request.app[PARTS].care.settings.trusted_proxies),
    )


async def _welcome(request: web.Request, done: staff.SignedIn) -> web.Response:
    care = request.app[PARTS].care
    session = await staff.staff_of_session(care, done.token)
    state = await staff_totp.state(care, session.staff)
    response = json_response(
        schemas.SignInAnswer(
            step="done",
            staff=schemas.staff_member(session.staff),
            csrf=session.csrf,
            must_change_password=session.must_change_password,
            must_enrol_totp=session.must_enrol_totp,
            totp=schemas.TotpShown(state.enabled, state.required, state.recovery_left),
            signed_by=session.signed_by,
        )
    )
    set_cookie(request, response, done.token)
    return response


def _slow_down(request: web.Request) -> None:
    """Guesses of whatever kind share one bucket for each address."""
    if not request.app[PARTS].limiter.sign_ins.take(request[ADDRESS]):
        raise TooManyRequests
