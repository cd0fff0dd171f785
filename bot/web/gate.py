"""Whether a signed-in colleague may go further than the own account yet: one check for every way in."""

from __future__ import annotations

from aiohttp import web

from bot.web.keys import PARTS
from bot.web.staff_api import COOKIE
from care.rules.errors import Forbidden
from care.services import staff
from care.services.staff import StaffOfSession


class PasswordChangeNeeded(Forbidden):
    code, default = "password_change_needed", "请先修改初始密码。"


class TotpNeeded(Forbidden):
    code, default = "totp_needed", "您的角色需要动态码，请先绑定。"


def check_ready(session: StaffOfSession) -> None:
    """Whoever has still to choose a password or to bind the second factor gets no further than the own account."""
    if session.must_change_password:
        raise PasswordChangeNeeded
    if session.must_enrol_totp:
        raise TotpNeeded


async def ready_session(request: web.Request) -> StaffOfSession:
    """The session of the request's cookie, for routes that visitors use too and that look for staff themselves.

    Raises:
        NotSignedIn: nobody is signed in.
        PasswordChangeNeeded, TotpNeeded: as `check_ready`.
    """
    session = await staff.staff_of_session(request.app[PARTS].care, request.cookies.get(COOKIE))
    check_ready(session)
    return session
