"""What `/api/me/…` takes and gives: the customer's own data, as the page 我的信息 shows them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from msgspec import Meta, Struct

from care.rules.rights import RightsKind, RightsState
from care.rules.vocabulary import ConsentPurpose
from care.services.consents import ConsentView
from care.services.profile import FieldView
from care.services.rights import KeptKind, RightsReceipt


class MyField(Struct, frozen=True):
    name: str
    label: str
    value: str
    source_label: str
    verified_at: datetime | None
    is_stale: bool
    purpose: str
    basis_label: str


class MyKept(Struct, frozen=True):
    """`until` and `why` are words for people."""

    kind: str
    label: str
    count: int
    purpose: str
    basis_label: str
    until: str
    why: str


class MyConsent(Struct, frozen=True):
    purpose: ConsentPurpose
    label: str
    words: str
    is_given: bool
    given_at: datetime | None
    withdrawn_at: datetime | None


class MyRequest(Struct, frozen=True):
    """`download` is the address of the export, told once; it opens once, until `expires_at`."""

    number: str
    kind: RightsKind
    kind_label: str
    state: RightsState
    state_label: str
    requested_at: datetime
    due_at: datetime
    done_at: datetime | None
    waits_for: list[str]
    download: str | None
    expires_at: datetime | None


class Me(Struct, frozen=True):
    """`needs_step_up`: values are masked, and a code to the phone comes before export, deletion and changes."""

    name: str
    needs_step_up: bool
    fields: list[MyField]
    kept: list[MyKept]
    consents: list[MyConsent]
    requests: list[MyRequest]


class ConsentChange(Struct, frozen=True):
    purpose: Annotated[str, Meta(min_length=1, max_length=40)]
    is_given: bool


def my_field(view: FieldView) -> MyField:
    return MyField(
        name=view.name,
        label=view.label,
        value=view.value or "",
        source_label=view.source.label,
        verified_at=view.verified_at,
        is_stale=view.is_stale,
        purpose=view.purpose,
        basis_label=view.legal_basis.label,
    )


def my_kept(kept: KeptKind) -> MyKept:
    return MyKept(
        kind=kept.kind.value,
        label=kept.label,
        count=kept.count,
        purpose=kept.purpose,
        basis_label=kept.legal_basis.label,
        until=kept.until,
        why=kept.why,
    )


def my_consent(view: ConsentView) -> MyConsent:
    return MyConsent(
        purpose=view.purpose,
        label=view.label,
        words=view.words,
        is_given=view.is_given,
        given_at=view.given_at,
        withdrawn_at=view.withdrawn_at,
    )


def my_request(receipt: RightsReceipt) -> MyRequest:
    token = receipt.download_token
    return MyRequest(
        number=receipt.number,
        kind=receipt.kind,
        kind_label=receipt.kind.label,
        state=receipt.state,
        state_label=receipt.state.label,
        requested_at=receipt.requested_at,
        due_at=receipt.due_at,
        done_at=receipt.done_at,
        waits_for=[one.label for one in receipt.waits_for],
        download=f"/api/me/export/{token}" if token else None,
        expires_at=receipt.expires_at,
    )
