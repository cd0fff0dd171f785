"""What the routes of staff accounts take and give."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from msgspec import Meta, Struct

from care.rules.account_terms import AccountChange, SignedBy
from care.rules.vocabulary import Role
from care.services.staff_accounts import ChangeView, StaffView
from care.services.staff_sessions import SessionView

_Code = Annotated[str, Meta(min_length=1, max_length=40)]
_Password = Annotated[str, Meta(min_length=1, max_length=400)]
_Skills = Annotated[list[Annotated[str, Meta(max_length=40)]], Meta(max_length=40)]


class CodeStep(Struct, frozen=True):
    """`code`: six digits from the telephone, or a recovery code."""

    half: Annotated[str, Meta(min_length=1, max_length=100)]
    code: _Code


class CodeBody(Struct, frozen=True):
    code: _Code


class PasswordChange(Struct, frozen=True):
    old: _Password
    new: _Password


class SignInOptions(Struct, frozen=True):
    """`sso`: the sign-in page shows a button `sso_label` that leads to `/api/staff/oidc/start`."""

    sso: bool
    sso_label: str


class TotpEnrolment(Struct, frozen=True):
    """`qr` is an SVG document to show as a picture; `secret` is for typing it in by hand. Shown once."""

    secret: str
    uri: str
    qr: str


class RecoveryCodes(Struct, frozen=True):
    """Shown once; each opens the account once."""

    codes: list[str]


class SessionShown(Struct, frozen=True):
    id: int
    is_this: bool
    signed_by: SignedBy
    signed_by_label: str
    address: str
    browser: str
    created_at: datetime
    last_seen_at: datetime
    expires_at: datetime


class SessionsShown(Struct, frozen=True):
    items: list[SessionShown]


class Account(Struct, frozen=True):
    id: int
    login: str
    name: str
    role: Role
    role_label: str
    skills: list[str]
    capacity: int
    presence: str
    active: bool
    is_demo: bool
    locked_until: datetime | None
    must_change_password: bool
    has_totp: bool
    has_sso: bool


class Accounts(Struct, frozen=True):
    items: list[Account]


class NewAccount(Struct, frozen=True):
    """The first password is made here and comes back once."""

    login: Annotated[str, Meta(min_length=1, max_length=60)]
    name: Annotated[str, Meta(min_length=1, max_length=40)]
    role: Role = Role.AGENT
    skills: _Skills = []
    capacity: int = 5


class AccountChangeBody(Struct, frozen=True):
    """What is not given stays as it is."""

    name: Annotated[str, Meta(max_length=40)] | None = None
    role: Role | None = None
    skills: _Skills | None = None
    capacity: int | None = None
    active: bool | None = None


class AccountWithPassword(Struct, frozen=True):
    """`password` is shown this once; it must be changed at the first sign-in."""

    account: Account
    password: str


class ChangeShown(Struct, frozen=True):
    who: str
    what: AccountChange
    what_label: str
    old: str | None
    new: str | None
    at: datetime


class AccountHistory(Struct, frozen=True):
    items: list[ChangeShown]


def account(view: StaffView) -> Account:
    return Account(
        view.id, view.login, view.name, view.role, view.role.label, list(view.skills), view.capacity,
        view.presence, view.active, view.is_demo, view.locked_until, view.must_change_password, view.has_totp,
        view.has_sso,
    )  # fmt: skip


def change(view: ChangeView) -> ChangeShown:
    return ChangeShown(view.who, view.what, view.what.label, view.old, view.new, view.at)


def session_shown(view: SessionView, this: int) -> SessionShown:
    return SessionShown(
        view.id, view.id == this, view.signed_by, view.signed_by.label, view.address, view.browser,
        view.created_at, view.last_seen_at, view.expires_at,
    )  # fmt: skip
