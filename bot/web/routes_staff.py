"""Addresses of the staff's accounts."""

from __future__ import annotations

from bot.web import accounts_api, oidc_api, schemas, staff_api, staff_schemas
from bot.web.route import Access, Route
from care.rules.permissions import Permission

ANYONE, SIGNED_IN, MANAGE_STAFF = Access.PUBLIC, Access.SIGNED_IN, Permission.MANAGE_STAFF
_ACCOUNT = r"/api/staff/accounts/{id:\d{1,9}}"

# fmt: off
STAFF_ROUTES: tuple[Route, ...] = (
    Route("GET", "/api/staff/sign_in_options", staff_api.sign_in_options, ANYONE, "怎样登录", answer=staff_schemas.SignInOptions),
    Route("POST", "/api/staff/login", staff_api.sign_in, ANYONE, "登录：密码", body=schemas.SignIn, answer=schemas.SignInAnswer),
    Route("POST", "/api/staff/login/code", staff_api.second_step, ANYONE, "登录：动态码", body=staff_schemas.CodeStep, answer=schemas.SignInAnswer),
    Route("GET", "/api/staff/oidc/start", oidc_api.start, ANYONE, "单点登录，转到身份提供方"),
    Route("GET", "/api/staff/oidc/callback", oidc_api.callback, ANYONE, "单点登录，从身份提供方回来"),
    Route("POST", "/api/staff/logout", staff_api.sign_out, SIGNED_IN, "退出登录", answer=schemas.Nothing),
    Route("GET", "/api/staff/me", staff_api.me, SIGNED_IN, "当前登录的人", answer=schemas.SignedIn),
    Route("POST", "/api/staff/password", staff_api.change_password, SIGNED_IN, "修改密码", body=staff_schemas.PasswordChange, answer=schemas.Nothing),
    Route("POST", "/api/staff/totp/begin", staff_api.begin_totp, SIGNED_IN, "绑定动态码", answer=staff_schemas.TotpEnrolment),
    Route("POST", "/api/staff/totp/confirm", staff_api.confirm_totp, SIGNED_IN, "确认动态码", body=staff_schemas.CodeBody, answer=staff_schemas.RecoveryCodes),
    Route("POST", "/api/staff/totp/codes", staff_api.renew_codes, SIGNED_IN, "换新恢复码", body=staff_schemas.CodeBody, answer=staff_schemas.RecoveryCodes),
    Route("POST", "/api/staff/totp/end", staff_api.end_totp, SIGNED_IN, "停用动态码", body=staff_schemas.CodeBody, answer=schemas.Nothing),
    Route("GET", "/api/staff/sessions", staff_api.sessions, SIGNED_IN, "本人的登录", answer=staff_schemas.SessionsShown),
    Route("POST", r"/api/staff/sessions/{id:\d{1,9}}/end", staff_api.end_session, SIGNED_IN, "结束一个登录", answer=schemas.Nothing),
    Route("GET", "/api/staff/accounts", accounts_api.accounts, MANAGE_STAFF, "全部账号", answer=staff_schemas.Accounts),
    Route("POST", "/api/staff/accounts", accounts_api.create, MANAGE_STAFF, "新建账号", body=staff_schemas.NewAccount, answer=staff_schemas.AccountWithPassword),
    Route("POST", _ACCOUNT, accounts_api.change, MANAGE_STAFF, "修改账号", body=staff_schemas.AccountChangeBody, answer=staff_schemas.Account),
    Route("POST", f"{_ACCOUNT}/reset", accounts_api.reset, MANAGE_STAFF, "重设密码", answer=staff_schemas.AccountWithPassword),
    Route("POST", f"{_ACCOUNT}/totp_reset", accounts_api.reset_totp, MANAGE_STAFF, "重设动态码", answer=staff_schemas.Account),
    Route("GET", f"{_ACCOUNT}/history", accounts_api.history, MANAGE_STAFF, "账号的修改记录", answer=staff_schemas.AccountHistory),
)
# fmt: on
