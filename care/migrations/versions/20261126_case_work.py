"""working on cases: approvals, causes, links"""

from __future__ import annotations

revision = "b1f0c3a4d507"
down_revision = "b1f0c3a4d506"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
