"""The fields of two records made one, within the caller's transaction; `care.rules.merging` says which value wins."""

from __future__ import annotations

from datetime import datetime

from care.records.customer import Customer, CustomerField
from care.rules.merging import Version, higher_tier, loser_name_wins, loser_wins
from care.rules.profile import ProfileField
from care.services.profile_rows import OLD_VALUES, last_confirmed

#: Taken from the record that goes where the survivor has none.
_FILLED = ("segment", "preferred_channel", "quiet_hours", "account_manager_id", "group_id", "phone")
_TIER = ("tier", "tier_reason", "key_account_scores", "key_account_signed_by")
_VERSION = ("value", "source", "verified_at", "confirmed_by_customer_at", "changed_by", "source_message_id")


def merge_fields(
    winner: Customer,
    goner: Customer,
    mine: dict[str, CustomerField],
    theirs: dict[str, CustomerField],
    now: datetime,
) -> None:
    """Of each field the better value holds in the survivor's row, the other one is remembered there.

    Args:
        mine, theirs: the typed fields of the survivor and of the record that goes, by name.
    """
    for name in sorted({*mine, *theirs, ProfileField.NAME.value, ProfileField.PHONE.value}):
        own, other = mine.get(name), theirs.get(name)
        kept, lost = _version(winner, name, own), _version(goner, name, other)
        wins = loser_name_wins if name == ProfileField.NAME.value else loser_wins
        takes_theirs = wins(kept, lost)
        if own is not None and other is not None:
            if takes_theirs:
                _remember(own, kept, own.changed_by, now)
                for column in _VERSION:
                    setattr(own, column, getattr(other, column))
            else:
                _remember(own, lost, other.changed_by, now)
        elif other is not None:
            # The only row of its kind goes over; where the survivor's column is better, with that value.
            other.customer_id = winner.id
            if kept.value and not takes_theirs:
                _remember(other, lost, other.changed_by, now)
                other.value, other.source = kept.value, kept.source
                other.verified_at = other.confirmed_by_customer_at = None
            else:
                _remember(other, kept, None, now)
        elif own is not None and takes_theirs:
            _remember(own, kept, own.changed_by, now)
            own.value, own.source = lost.value, lost.source
            own.verified_at = own.confirmed_by_customer_at = None
        elif own is not None:
            _remember(own, lost, None, now)
        value = lost.value if takes_theirs else kept.value
        if name == ProfileField.NAME.value and value:
            winner.name = value
        elif name == ProfileField.PHONE.value:
            winner.phone = value


def _version(customer: Customer, name: str, row: CustomerField | None) -> Version:
    if row is not None:
        return Version(row.value, row.source, last_confirmed(row))
    column = {ProfileField.NAME.value: customer.name, ProfileField.PHONE.value: customer.phone}
    return Version(column.get(name))


def _remember(row: CustomerField, lost: Version, changed_by: str | None, now: datetime) -> None:
    """Keeps the value that is not in force, unless it says the same."""
    if not lost.value or any(old.get("value") == lost.value for old in row.old_values):
        return
    old = {
        "value": lost.value,
        "source": lost.source.value,
        "until": now.isoformat(),
        "changed_by": changed_by,
        "message": None,
    }
    row.old_values = [*row.old_values, old][-OLD_VALUES:]


def fill(winner: Customer, goner: Customer) -> None:
    """What the survivor lacks comes from the record that goes; so does a higher tier, with its reason."""
    for name in _FILLED:
        if getattr(winner, name) is None:
            setattr(winner, name, getattr(goner, name))
    if higher_tier(winner.tier, goner.tier):
        for name in _TIER:
            setattr(winner, name, getattr(goner, name))
    winner.created_at = min(winner.created_at, goner.created_at)
