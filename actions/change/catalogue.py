"""Every kind of change by its name."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from actions.case_talk.answering import CaseAnswer, CaseContent
from actions.case_talk.ending import CaseReopen, CaseWithdraw
from actions.case_talk.telling import CaseMore
from actions.change.by_person import ByPerson
from actions.change.cancelling import Cancel
from actions.change.delivery import Delivery
from actions.change.invoicing import FixInvoice, Invoice
from actions.change.kinds import Change
from actions.change.points import Points
from actions.change.record import Profile
from actions.change.returning import CancelReturn, Return
from actions.change.rights import Consents, Deletion, Export, GiveConsent, Kept, WithdrawConsent
from actions.change.urging import Urge
from actions.change.visits import CancelVisit, Installation, MoveVisit, Repair

CHANGES: Mapping[str, Change] = MappingProxyType(
    {
        change.name: change
        for change in (
            Cancel(), Urge(), Delivery(), ByPerson(), Return(), CancelReturn(), Repair(), Installation(), MoveVisit(),
            CancelVisit(), Invoice(), FixInvoice(), Points(), Profile(), Kept(), Export(), Deletion(), Consents(),
            GiveConsent(), WithdrawConsent(), CaseAnswer(), CaseContent(), CaseMore(), CaseReopen(), CaseWithdraw(),
        )
    }
)  # fmt: skip
